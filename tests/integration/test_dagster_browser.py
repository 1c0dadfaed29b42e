"""Dagster's page in a real browser, as a data engineer uses it: lineage, an asset with its columns and checks, a backfill of past
days, a re-execution from failure, a schedule and a sensor that tick. Pictures of each step are kept in `build/screenshots`."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from browser import running_browser
from companies import configure
from dagster_page import DagsterPage, dagster_page
from dagster_runs import fail_in_planning, releases_by_day
from dashboard_pages import SHOTS

from demo.settings import DemoSettings
from demo.simulate import write_demo
from orchestration.settings import Settings

pytestmark = pytest.mark.slow  # five whole runs under Dagster's daemon
END = DemoSettings().end_date
LOCATION = "/locations/orchestration.definitions"
TICKS = """query($n: InstigationSelector!) { instigationStateOrError(instigationSelector: $n) {
  ... on InstigationState { ticks(limit: 20) { status runIds } } } }"""
LAST_RUNS = "query { runsOrError(limit: 20) { ... on Runs { results { runId status tags { key value } } } } }"


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """A company whose schedule would run every minute, were it started."""
    folder = tmp_path_factory.mktemp("page")
    write_demo(folder, seed=3, items=16, days=60, defects=False)
    return configure(folder, "demo", folder / "inbox", cron="* * * * *", is_started=False).settings


@pytest.fixture(scope="module")
def page(settings: Settings) -> Iterator[DagsterPage]:
    with dagster_page(settings.data_dir.parent / "company.yml") as page:
        yield page


@pytest.fixture
def tab(page: DagsterPage) -> Iterator[Any]:
    with running_browser() as browser:
        tab = browser.new_page(viewport={"width": 1600, "height": 1000}, base_url=page.url)
        tab.set_default_timeout(60_000)
        yield tab


def _picture(tab: Any, name: str) -> None:
    tab.get_by_text("Loading run logs").first.wait_for(state="hidden")
    tab.wait_for_timeout(2000)  # until what moves has come to rest
    SHOTS.mkdir(parents=True, exist_ok=True)
    tab.screenshot(path=str(SHOTS / f"dagster_{name}.png"))


def _until(found: Callable[[], Any], what: str, seconds: int = 240) -> Any:
    for _ in range(seconds):
        if answer := found():
            return answer
        time.sleep(1)
    raise AssertionError(f"{what} within {seconds} s")


def _days(page: DagsterPage) -> dict[str, str]:
    """Day -> status of the newest run of it."""
    found: dict[str, str] = {}
    for run in page.ask(LAST_RUNS)["results"]:
        day = next((tag["value"] for tag in run["tags"] if tag["key"] == "dagster/partition"), "")
        found.setdefault(day, run["status"])
    return found


def test_three_past_days_are_backfilled(settings: Settings, page: DagsterPage, tab: Any) -> None:
    days = [(END - timedelta(days=back)).isoformat() for back in (3, 2, 1)]
    tab.goto(f"{LOCATION}/jobs/daily")
    tab.get_by_role("button", name="Materialize all").first.click()
    tab.get_by_text("Show all partitions").click()  # the page begins with the last 90 days
    field = tab.locator("input[type=text]").last
    field.fill(f"[{days[0]}...{days[-1]}]")
    field.press("Enter")
    tab.get_by_text("3 partitions").wait_for()
    _picture(tab, "backfill_dialog")
    tab.get_by_role("button", name="Launch backfill").click()
    _until(lambda: set(days) <= set(_days(page)), "the runs of the three days", 600)
    _until(lambda: all(_days(page)[day] == "SUCCESS" for day in days), "their success", 1500)
    assert set(releases_by_day(settings)) >= set(days)
    tab.goto("/runs")
    tab.get_by_text("daily").first.wait_for()
    _picture(tab, "backfill_runs")


def _the_pages_say_what_there_is(tab: Any) -> None:
    asset = "/assets/marts/fct_inventory_health"
    for view, words in {
        "overview": ("One wide row per item and warehouse", "Columns", "days_inventory_outstanding"),
        "lineage": ("fct_inventory_health", "fct_kpi_summary"),
        "checks": ("fct_inventory_health_grain",),
    }.items():
        tab.goto(f"{asset}?view={view}")
        for word in words:
            tab.get_by_text(word).first.wait_for()
        _picture(tab, f"asset_{view}")
    tab.goto("/asset-groups")
    tab.get_by_text("marts").first.wait_for()
    _picture(tab, "lineage_of_all")


def test_a_failed_run_is_re_executed_from_its_failure(settings: Settings, page: DagsterPage, tab: Any) -> None:
    run = fail_in_planning(settings, page, END.isoformat())
    tab.goto(f"/runs/{run}")
    tab.get_by_text("Failure").first.wait_for()
    _picture(tab, "failed_run")
    tab.get_by_role("button", name="Re-execute all (*)").locator("xpath=following::button[1]").click()  # its menu
    tab.get_by_text("From failure", exact=True).click()
    again = _until(lambda: next(iter(page.children_of(run)), None), "the re-execution")
    tab.goto("about:blank")  # an open page asks all the time
    assert page.wait(again) == "SUCCESS"
    assert END.isoformat() in releases_by_day(settings)
    tab.goto(f"/runs/{again}")
    tab.get_by_text("Success").first.wait_for()
    _picture(tab, "re_executed_run")
    _the_pages_say_what_there_is(tab)


def _ticks(page: DagsterPage, name: str) -> list[dict[str, Any]]:
    selector = {"repositoryLocationName": "orchestration.definitions", "repositoryName": "__repository__", "name": name}
    return list(page.ask(TICKS, n=selector)["ticks"])


def _runs_of_ticks(page: DagsterPage, name: str) -> list[str]:
    return [run for tick in _ticks(page, name) for run in tick["runIds"] or ()]


def _switch(tab: Any, kind: str, name: str) -> None:
    tab.goto(f"{LOCATION}/{kind}/{name}")
    tab.get_by_text(name).first.wait_for()
    tab.locator("tr", has_text="Running").locator("label").first.click()
    _picture(tab, f"switch_{name}")


def test_schedule_and_sensor_tick(page: DagsterPage, tab: Any) -> None:
    _switch(tab, "schedules", "daily_schedule")
    [run] = _until(lambda: _runs_of_ticks(page, "daily_schedule"), "a run of the schedule")
    _picture(tab, "schedule")
    _switch(tab, "schedules", "daily_schedule")
    assert END.isoformat() in _days(page), "the day that as_of of the configuration means"
    page.terminate(run)

    _switch(tab, "sensors", "new_extract_files")
    [asked] = _until(lambda: _runs_of_ticks(page, "new_extract_files"), "a run of the sensor")
    assert {tick["status"] for tick in _ticks(page, "new_extract_files")} == {"SKIPPED", "SUCCESS"}, "two looks"
    _picture(tab, "sensor")
    _switch(tab, "sensors", "new_extract_files")
    page.terminate(asked)
