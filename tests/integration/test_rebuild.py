"""Landing is the only truth: whatever ran before, and whatever was lost beside landing, a day's marts are the same.

That the same day again without the warehouse gives the same release is shown in test_command.py as well, with a run that is there anyway.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from companies import Company, configure

from assets.publish.releases import HISTORY_MARTS
from assets.workspace import Workspace, WorkspaceBusyError
from demo.settings import DemoSettings
from demo.simulate import write_demo
from orchestration.run import run_daily

END = DemoSettings().end_date

# These tell how rows arrived: one that waited in quarantine for its master is landed by the batch that released it, and a
# resent row is a duplicate of another batch. Every figure about stock, demand, plan and money must be the same.
TELLS_OF_DELIVERIES = {
    "fct_data_quality",
    "fct_findings",
    "fct_stock_movements",
    "rec_delivery_history",
    "rec_findings_deliveries",
}


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory) -> Company:
    folder = tmp_path_factory.mktemp("rebuild")
    write_demo(folder, seed=5, items=32, days=250)
    company = configure(folder, "demo", folder / "inbox")
    company.run(END)
    return company


@pytest.mark.slow
def test_daily_runs_end_where_one_run_ends(company: Company, tmp_path_factory: pytest.TempPathFactory) -> None:
    """The extracts of the last two days read day by day, or all at once, are the same landing."""
    folder = tmp_path_factory.mktemp("daily")
    daily = configure(folder, "demo", company.folder / "inbox")
    for day in (END - timedelta(days=1), END):
        daily.run(day)
    at_once = company.outcomes[0].release
    assert at_once is not None
    day_by_day, together = daily.release.hashes(), at_once.hashes()
    differing = {name for name, digest in together.items() if day_by_day[name] != digest}
    assert differing <= TELLS_OF_DELIVERIES | HISTORY_MARTS
    rows = [{mart["name"]: mart["rows"] for mart in release.manifest["marts"]} for release in (daily.release, at_once)]
    assert rows[0]["fct_stock_movements"] == rows[1]["fct_stock_movements"]


def test_a_second_run_at_the_same_time_is_refused(tmp_path: Path) -> None:
    company = configure(tmp_path, "demo", tmp_path / "inbox")
    with company.settings.workspace().exclusive(), pytest.raises(WorkspaceBusyError, match="another run is writing"):
        company.run(END)


DAY, LATER = END - timedelta(days=1), END


def _without_vintages(company: Company, workspace: Workspace) -> None:
    shutil.rmtree(workspace.forecast_vintages)


def _without_warehouse(company: Company, workspace: Workspace) -> None:
    workspace.warehouse.unlink()


def _without_ledger_state(company: Company, workspace: Workspace) -> None:
    shutil.rmtree(workspace.ledger_state)


def _after_a_failed_run(company: Company, workspace: Workspace) -> None:
    aside = workspace.forecast_vintages.rename(workspace.root / "aside")
    workspace.forecast_vintages.write_text("in the way")
    assert company.run(DAY).exit_status == 3
    workspace.forecast_vintages.unlink()
    aside.rename(workspace.forecast_vintages)


def _after_a_part(company: Company, workspace: Workspace) -> None:
    run_daily(company.settings, DAY, select=["ledger/open_layers"])


def _after(*days: int) -> Callable[[Company, Workspace], None]:
    def run(company: Company, workspace: Workspace) -> None:
        for back in days:
            company.run(END - timedelta(days=back))

    return run


ROUTES: dict[str, Callable[[Company, Workspace], None]] = {
    "again": lambda company, workspace: None,
    "after a later day": _after(0),
    "day by day": _after(4, 3, 2),
    "after an earlier day": _after(9),
    "without vintages": _without_vintages,
    "without ledger state": _without_ledger_state,
    "without warehouse": _without_warehouse,
    "after a failed run": _after_a_failed_run,
    "after a part of it": _after_a_part,
}


@pytest.fixture(scope="module")
def direct(tmp_path_factory: pytest.TempPathFactory) -> Company:
    """The day reached by one run in a workspace of its own."""
    folder = tmp_path_factory.mktemp("direct")
    write_demo(folder, seed=5, items=16, days=200, defects=False)
    company = configure(folder, "demo", folder / "inbox")
    company.run(DAY)
    return company


@pytest.mark.slow
@pytest.mark.parametrize("names", [list(ROUTES)[:4], list(ROUTES)[4:]], ids=["days", "losses"])
def test_every_route_leads_to_the_direct_release(
    direct: Company, names: list[str], tmp_path_factory: pytest.TempPathFactory
) -> None:
    """The routes follow each other in one workspace; with the direct one they are ten."""
    company = configure(tmp_path_factory.mktemp("routes"), "demo", direct.folder / "inbox")
    company.run(DAY - timedelta(days=7))
    for name in names:
        ROUTES[name](company, company.settings.workspace())
        company.run(DAY)
        assert company.release.content_hash == direct.release.content_hash, name
