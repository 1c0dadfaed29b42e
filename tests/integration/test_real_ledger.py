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
        """select count(*), count(stock_value), count(*) filter (value_status like 'not_available: %')
           from marts.fct_inventory_health""",
    )
    assert rows == 1357 and valued == 0 and stated == rows


def test_conservation_holds_on_the_real_ledger(company: Company) -> None:
    rows, broken = _one(company, "select count(*), count(*) filter (not is_closed) from marts.fct_conservation")
    assert rows >= 1357 and broken == 0


def test_the_breaks_between_months_are_found(company: Company) -> None:
    """142 of the adjacent month pairs open at another figure than they closed at (counted from the file itself)."""
    (breaks,) = _one(company, "select count(*) from marts.fct_findings where rule_id = 'continuity_break'")
    assert breaks >= 142
