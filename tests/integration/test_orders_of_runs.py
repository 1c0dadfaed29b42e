"""Whatever the order in which people start runs on Dagster's page: a release holds the day that its name says, or is none."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import duckdb
import pytest
from companies import Company, configure
from dagster_page import DagsterPage, dagster_page

from assets.publish.releases import list_releases
from demo.settings import DemoSettings
from demo.simulate import write_demo

pytestmark = pytest.mark.slow  # a dozen whole runs under Dagster's daemon
END = DemoSettings().end_date
DAY, BEFORE = END.isoformat(), (END - timedelta(days=1)).isoformat()
RELEASE, LEDGER = ["publish", "release"], ["ledger", "open_layers"]


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory) -> Company:
    folder = tmp_path_factory.mktemp("orders")
    write_demo(folder, seed=3, items=16, days=60, defects=False)
    return configure(folder, "demo", folder / "inbox")


@pytest.fixture(scope="module")
def page(company: Company) -> Iterator[DagsterPage]:
    with dagster_page(company.folder / "company.yml") as page:
        yield page


def _every_release_holds_its_day(company: Company) -> dict[str, str]:
    hashes = {}
    for release in list_releases(company.settings.workspace().releases):
        with duckdb.connect(str(release.database), read_only=True) as connection:
            row = connection.execute(
                """select (select as_of_date from marts.dim_run_parameters), (select max(snapshot_date) from marts.fct_stock_layers),
                          (select max(origin_date) from marts.fct_forecasts)"""
            ).fetchone()
        assert row is not None and row[0] == release.as_of and row[1] <= release.as_of
        assert f"asof{release.as_of:%Y%m%d}" in release.release_id
        assert hashes.setdefault(str(release.as_of), release.content_hash) == release.content_hash, release.release_id
    return hashes


def _command(company: Company, *arguments: str) -> subprocess.Popen[bytes]:
    program = str(Path(sys.executable).with_name("stockturn"))
    return subprocess.Popen([program, "run", "--config", str(company.folder / "company.yml"), *arguments])


def _fail_in_planning(company: Company, page: DagsterPage, day: str) -> str:
    """A run that fails half-way: its forecast vintages cannot be written."""
    folder = company.settings.workspace().forecast_vintages
    aside = folder.with_name("aside")
    if folder.exists():
        folder.rename(aside)
    folder.write_text("in the way")
    run = page.launch(day)
    assert page.wait(run) == "FAILURE"
    folder.unlink()
    if aside.exists():
        aside.rename(folder)
    return run


def test_ten_orders(company: Company, page: DagsterPage) -> None:
    """One after the other in one workspace, so that each finds what the one before left."""
    failed = _fail_in_planning(company, page, BEFORE)
    assert page.wait(page.launch(DAY)) == "SUCCESS"  # 1 another day between a failure and its re-execution
    assert page.wait(page.again(failed)) == "FAILURE"  # 2 re-executed from failure: the warehouse holds the other day
    assert page.wait(page.launch(BEFORE, [RELEASE])) == "FAILURE"  # 3 the release alone, of another day
    assert page.wait(page.launch(DAY, [RELEASE])) == "FAILURE"  # 4 the release alone, of the same day
    assert page.wait(page.launch(DAY, [LEDGER, RELEASE])) == "FAILURE"  # 5 some assets and the release
    failed = _fail_in_planning(company, page, DAY)
    assert page.wait(page.again(failed)) == "SUCCESS"  # 6 re-executed with nothing between: published
    both = [page.launch(DAY), page.launch(BEFORE)]  # 7 two at once: one after the other
    assert {page.wait(run) for run in both} == {"SUCCESS"}
    started = page.launch(DAY)
    command = _command(company, "--as-of", BEFORE)  # 8 the command beside the daemon
    assert page.wait(started) == "SUCCESS" and command.wait(900) in (0, 1, 2)
    for run in page.backfill([BEFORE, DAY], [RELEASE]):  # 9 a backfill of the release alone
        assert page.wait(run) == "FAILURE"
    assert _command(company, "--as-of", BEFORE, "--select", "publish/release").wait(900) == 2  # 10 by the command
    assert set(_every_release_holds_its_day(company)) == {BEFORE, DAY}


def test_a_killed_run_leaves_nothing_and_the_next_one_is_whole(company: Company, page: DagsterPage) -> None:
    before = _every_release_holds_its_day(company)
    command = _command(company, "--as-of", DAY)
    lock = company.settings.workspace().root / ".lock"
    while not lock.exists() or command.poll() is not None:
        time.sleep(0.1)
    time.sleep(20)
    os.kill(command.pid, signal.SIGKILL)
    command.wait(60)
    assert _every_release_holds_its_day(company) == before
    assert page.wait(page.launch(DAY)) == "SUCCESS"
    assert _every_release_holds_its_day(company) == before
