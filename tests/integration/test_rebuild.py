"""Landing is the only truth: the same day again, or a warehouse built anew, gives the same marts."""

from __future__ import annotations

from datetime import timedelta

import pytest
from companies import Company, configure

from assets.workspace import WorkspaceBusyError
from demo.settings import DemoSettings
from demo.simulate import write_demo

END = DemoSettings().end_date

# These tell how rows arrived, or what was published before: one that waited in quarantine for its master is landed by
# the batch that released it, a resent row is a duplicate of another batch, and a forecast vintage keeps what was known
# on the day it was made. Every figure about stock, demand and money must be the same.
TELLS_OF_DELIVERIES = {
    "fct_data_quality",
    "fct_findings",
    "fct_forecast_accuracy",
    "fct_forecast_review",
    "fct_restatement_documents",
    "fct_restatements",
    "fct_stock_movements",
    "rec_delivery_history",
    "rec_findings_deliveries",
}


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory) -> Company:
    folder = tmp_path_factory.mktemp("rebuild")
    write_demo(folder, seed=5, items=64, days=400)
    company = configure(folder, "demo", folder / "inbox")
    company.run(END)
    return company


def test_the_same_day_twice_gives_identical_marts(company: Company) -> None:
    before = company.release.hashes()
    company.run(END)
    assert company.release.hashes() == before
    assert len(before) >= 20


def test_a_deleted_warehouse_is_rebuilt_identical(company: Company) -> None:
    before = company.release.hashes()
    company.settings.workspace().warehouse.unlink()
    company.run(END)
    assert company.release.hashes() == before


def test_daily_runs_end_where_one_run_ends(company: Company, tmp_path_factory: pytest.TempPathFactory) -> None:
    """The extracts of the last days read day by day, or all at once, are the same landing."""
    folder = tmp_path_factory.mktemp("daily")
    daily = configure(folder, "demo", company.folder / "inbox")
    for day in (END - timedelta(days=2), END - timedelta(days=1), END):
        daily.run(day)
    at_once = company.outcomes[0].release
    assert at_once is not None
    day_by_day, together = daily.release.hashes(), at_once.hashes()
    assert {name for name, digest in together.items() if day_by_day[name] != digest} <= TELLS_OF_DELIVERIES
    rows = [{mart["name"]: mart["rows"] for mart in release.manifest["marts"]} for release in (daily.release, at_once)]
    assert rows[0]["fct_stock_movements"] == rows[1]["fct_stock_movements"]


def test_a_second_run_at_the_same_time_is_refused(company: Company) -> None:
    with company.settings.workspace().exclusive(), pytest.raises(WorkspaceBusyError, match="another run is writing"):
        company.run(END)
