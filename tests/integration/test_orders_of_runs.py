"""Whatever the order in which people start runs on Dagster's page: a release holds the day that its name says, or is none.

1. Re-execution from failure after a run of another day.     7. A backfill of the release alone, of two days.
2. Re-execution from failure with nothing between.           8. The release alone, of another day, by the command.
3. The release alone, of another day.                        9. Two days at once.
4. The release alone, of the same day.                      10. The command beside the daemon.
5. Some assets and the release.                             11. The command killed in mid-run, then a run.
6. One asset alone of another day, then the release.        12. The whole service killed in mid-run, then started again.

Ten ways to one release by the command are in test_rebuild.py.
"""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from companies import Company, configure
from dagster_page import DagsterPage, dagster_page
from dagster_runs import fail_in_planning, releases_by_day

from demo.settings import DemoSettings
from demo.simulate import write_demo
from orchestration.last_run import is_held

pytestmark = pytest.mark.slow  # a dozen whole runs under Dagster's daemon
END = DemoSettings().end_date
DAY, BEFORE = END.isoformat(), (END - timedelta(days=1)).isoformat()
RELEASE, MART = ["publish", "release"], ["marts", "fct_inventory_health"]


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory) -> Company:
    folder = tmp_path_factory.mktemp("orders")
    write_demo(folder, seed=3, items=16, days=60, defects=False)
    return configure(folder, "demo", folder / "inbox", is_started=False)  # no run but those of the tests


@pytest.fixture(scope="module")
def page(company: Company) -> Iterator[DagsterPage]:
    with dagster_page(company.folder / "company.yml") as page:
        yield page


def _command(company: Company, *arguments: str) -> subprocess.Popen[bytes]:
    program = str(Path(sys.executable).with_name("stockturn"))
    return subprocess.Popen([program, "run", "--config", str(company.folder / "company.yml"), *arguments])


def _until_it_writes(company: Company, process: subprocess.Popen[bytes]) -> None:
    """Wait until a run of the process is at work in the warehouse."""
    warehouse, since = company.settings.workspace().warehouse, time.time()
    for _ in range(3000):
        assert process.poll() is None, "it ended before it could be killed"
        if warehouse.exists() and warehouse.stat().st_mtime > since:
            break
        time.sleep(0.1)
    time.sleep(10)
    assert is_held(company.settings.workspace())


def _released(company: Company, page: DagsterPage, day: str) -> None:
    assert page.wait(page.launch(day)) == "SUCCESS"
    assert day in releases_by_day(company.settings)


def test_reexecution_from_failure_after_a_run_of_another_day(company: Company, page: DagsterPage) -> None:
    failed = fail_in_planning(company.settings, page, BEFORE)
    _released(company, page, DAY)
    before = releases_by_day(company.settings)
    assert page.wait(page.again(failed)) == "FAILURE"  # the warehouse holds the other day
    assert releases_by_day(company.settings) == before


def test_reexecution_from_failure_with_nothing_between(company: Company, page: DagsterPage) -> None:
    failed = fail_in_planning(company.settings, page, DAY)
    assert page.wait(page.again(failed)) == "SUCCESS"
    assert DAY in releases_by_day(company.settings)


def test_parts_of_a_run_release_nothing(company: Company, page: DagsterPage) -> None:
    _released(company, page, DAY)
    before = releases_by_day(company.settings)
    assert page.wait(page.launch(BEFORE, [RELEASE])) == "FAILURE"  # the release alone, of another day
    assert page.wait(page.launch(DAY, [RELEASE])) == "FAILURE"  # the release alone, of the same day
    assert page.wait(page.launch(DAY, [*page.group("ledger"), RELEASE])) == "FAILURE"  # some assets and the release
    page.wait(page.launch(BEFORE, [MART]))  # one asset alone of another day, whatever becomes of it
    assert page.wait(page.launch(DAY, [RELEASE])) == "FAILURE"
    for run in page.backfill([BEFORE, DAY], [RELEASE]):  # a backfill of the release alone
        assert page.wait(run) == "FAILURE"
    assert _command(company, "--as-of", BEFORE, "--select", "publish/release").wait(900) == 2  # by the command
    assert releases_by_day(company.settings) == before


def test_two_days_at_once(company: Company, page: DagsterPage) -> None:
    both = [page.launch(DAY), page.launch(BEFORE)]  # the pool lets one go after the other
    assert {page.wait(run) for run in both} == {"SUCCESS"}
    assert {DAY, BEFORE} <= set(releases_by_day(company.settings))


def test_the_command_beside_the_daemon(company: Company, page: DagsterPage) -> None:
    started = page.launch(DAY)
    command = _command(company, "--as-of", BEFORE)
    assert page.wait(started) == "SUCCESS"  # it waits for the command, where that came first
    assert command.wait(900) in (0, 1, 2)  # the command does not wait: 2 where it came second
    assert DAY in releases_by_day(company.settings)


def test_a_killed_command_leaves_nothing_and_the_next_run_is_whole(company: Company, page: DagsterPage) -> None:
    before = releases_by_day(company.settings)
    command = _command(company, "--as-of", DAY)
    _until_it_writes(company, command)
    command.kill()
    command.wait(60)
    assert releases_by_day(company.settings) == before
    _released(company, page, DAY)


def test_a_killed_daemon_leaves_nothing_and_the_next_one_goes_on(company: Company) -> None:
    """The whole service is killed in mid-run, its processes with it; the next start finds the run and nothing is lost."""
    before = releases_by_day(company.settings)
    with dagster_page(company.folder / "company.yml") as page:
        page.start_sensor("interrupted_runs")
        run = page.launch(DAY)
        _until_it_writes(company, page.process)
        page.kill()
    assert releases_by_day(company.settings) == before
    with dagster_page(company.folder / "company.yml") as page:
        assert page.wait(run) == "FAILURE"  # found dead at the sensor's second look
        assert page.wait(page.retry_of(run)) == "SUCCESS"  # Dagster's own retry, which nobody started
        assert DAY in releases_by_day(company.settings)
