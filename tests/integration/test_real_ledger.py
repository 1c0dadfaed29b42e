"""The real stock ledger of 156 health sites: no costs, no orders, no suppliers, and still a whole release."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from companies import SHARED, Company, configure

from benchmarks import examination

DATA = SHARED / "data" / "usaid_contraceptive"
pytestmark = pytest.mark.skipif(not DATA.is_dir(), reason="the third-party data folder is not beside the repository")


DAY = date(2019, 9, 30)
# 38,842 ledger lines are read three times (movements, counts, book), with 156 sites and 11 products
ROWS_IN = 3 * 38_842 + 156 + 11
PARTS = ("rows_loaded", "rows_quarantined", "rows_duplicate", "rows_excluded")
MODELS = (examination.FINDINGS, "fct_conservation", "fct_inventory_health", "fct_kpi_summary")


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory) -> Company:
    company = configure(tmp_path_factory.mktemp("lmis"), "usaid_lmis")
    for source in company.settings.sources:
        object.__setattr__(source, "path", DATA)
    return company


@pytest.fixture(scope="module")
def examined(company: Company) -> Company:
    """Everything but planning and publication: what is asserted here is decided before them."""
    examination.examine(company.settings, DAY, MODELS)
    return company


def _rows(company: Company, sql: str) -> list[tuple[Any, ...]]:
    with company.settings.workspace().connect() as connection:
        return connection.execute(sql).fetchall()


def _one(company: Company, sql: str) -> tuple[Any, ...]:
    [row] = _rows(company, sql)
    return row


@pytest.mark.slow
def test_it_releases(company: Company) -> None:
    """The whole run, forecasts and policies for every series without a cost included."""
    company.run(DAY)
    assert company.outcomes[0].errors == ()
    rows = company.release.manifest["accounting"]
    assert rows["rows_in"] == ROWS_IN and rows["rows_in"] == sum(rows[part] for part in PARTS)


def test_every_row_is_accounted_for(examined: Company) -> None:
    sums = ", ".join(f"sum({part})::bigint" for part in ("rows_in", *PARTS))
    rows_in, *parts = _one(examined, f"select {sums} from quality.landing_batches")
    assert rows_in == ROWS_IN and rows_in == sum(parts)


def test_value_is_not_available_and_never_zero(examined: Company) -> None:
    rows, valued, stated = _one(
        examined,
        """select count(*), count(inventory_value), count(*) filter (value_status like 'not_available: %')
           from marts.fct_inventory_health where on_hand_units <> 0""",
    )
    assert rows == 792 and valued == 0 and stated == rows
    # nothing on hand is worth nothing, whatever a unit costs
    assert _one(
        examined, "select count(*) from marts.fct_inventory_health where on_hand_units = 0 and inventory_value <> 0"
    ) == (0,)


def test_conservation_holds_on_the_real_ledger(examined: Company) -> None:
    rows, broken = _one(examined, "select count(*), count(*) filter (not is_closed) from marts.fct_conservation")
    # 332 of the 1,357 site-products reported nothing but zeros and never moved
    assert rows == 1025 and broken == 0


def test_the_breaks_between_months_are_found(examined: Company) -> None:
    """142 of the adjacent month pairs and 71 over months that were not reported (counted from the file itself)."""
    (breaks,) = _one(examined, "select count(*) from marts.fct_findings where rule_id = 'continuity_break'")
    assert breaks == 142 + 71


def test_a_break_is_reported_once_and_by_its_name(examined: Company) -> None:
    """Without the cause each break would come again every month, as a mismatch, a shrink or a negative book."""
    rules = dict(_rows(examined, "select rule_id, count(*) from marts.fct_findings group by rule_id"))
    causes = _rows(examined, "select distinct variance_cause from reconciliation.rec_differences")
    assert set(rules) == {"continuity_break", "stale_snapshot"} and causes == [("continuity_break",)]


def test_a_sum_of_unknown_values_is_no_zero(examined: Company) -> None:
    kpis = _one(
        examined,
        """select count(*), count(kpi_value) filter (kpi_value <> 0) from marts.fct_kpi_summary
           where kpi in ('inventory_capital', 'inventory_turnover', 'dead_stock_rate')""",
    )
    assert kpis[0] > 3 and kpis[1] == 0
