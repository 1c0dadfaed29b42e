"""The real stock ledger of 156 health sites: no costs, no orders, no suppliers, and still a whole release."""

from __future__ import annotations

from datetime import date

import duckdb
import pytest
from companies import SHARED, Company, configure

DATA = SHARED / "data" / "usaid_contraceptive"
pytestmark = pytest.mark.skipif(not DATA.is_dir(), reason="the third-party data folder is not beside the repository")


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory) -> Company:
    company = configure(tmp_path_factory.mktemp("lmis"), "usaid_lmis")
    for source in company.settings.sources:
        object.__setattr__(source, "path", DATA)
    company.run(date(2019, 9, 30))
    return company


def _one(company: Company, sql: str) -> tuple:
    with duckdb.connect(str(company.release.database), read_only=True) as connection:
        row = connection.execute(sql).fetchone()
    assert row is not None
    return row


def test_it_releases_and_accounts_for_every_row(company: Company) -> None:
    assert company.outcomes[0].errors == ()
    rows = company.release.manifest["accounting"]
    # 38,842 ledger lines are read three times (movements, counts, book), with 156 sites and 11 products
    assert rows["rows_in"] == 3 * 38_842 + 156 + 11
    parts = ("rows_loaded", "rows_quarantined", "rows_duplicate", "rows_excluded")
    assert rows["rows_in"] == sum(rows[part] for part in parts)


def test_value_is_not_available_and_never_zero(company: Company) -> None:
    rows, valued, stated = _one(
        company,
        """select count(*), count(inventory_value), count(*) filter (value_status like 'not_available: %')
           from marts.fct_inventory_health where on_hand_units <> 0""",
    )
    assert rows == 792 and valued == 0 and stated == rows
    # nothing on hand is worth nothing, whatever a unit costs
    assert _one(
        company, "select count(*) from marts.fct_inventory_health where on_hand_units = 0 and inventory_value <> 0"
    ) == (0,)


def test_conservation_holds_on_the_real_ledger(company: Company) -> None:
    rows, broken = _one(company, "select count(*), count(*) filter (not is_closed) from marts.fct_conservation")
    # 332 of the 1,357 site-products reported nothing but zeros and never moved
    assert rows == 1025 and broken == 0


def test_the_breaks_between_months_are_found(company: Company) -> None:
    """142 of the adjacent month pairs and 71 over months that were not reported (counted from the file itself)."""
    (breaks,) = _one(company, "select count(*) from marts.fct_findings where rule_id = 'continuity_break'")
    assert breaks == 142 + 71


def test_a_break_is_reported_once_and_by_its_name(company: Company) -> None:
    """Without the cause each break would come again every month, as a mismatch, a shrink or a negative book."""
    with duckdb.connect(str(company.release.database), read_only=True) as connection:
        rules = dict(connection.execute("select rule_id, count(*) from marts.fct_findings group by rule_id").fetchall())
        causes = connection.execute("select distinct variance_cause from reconciliation.rec_differences").fetchall()
    assert set(rules) == {"continuity_break", "stale_snapshot"} and causes == [("continuity_break",)]


def test_a_sum_of_unknown_values_is_no_zero(company: Company) -> None:
    kpis = _one(
        company,
        """select count(*), count(kpi_value) filter (kpi_value <> 0) from marts.fct_kpi_summary
           where kpi in ('inventory_capital', 'inventory_turnover', 'dead_stock_rate')""",
    )
    assert kpis[0] > 3 and kpis[1] == 0
