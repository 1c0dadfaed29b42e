"""Two companies in one release: what people read is one of them, in its own currency."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from assets.publish.companies import Company, companies_of, company_catalog
from assets.publish.content import quoted

MADE = """
create schema marts;
create table marts.dim_companies as select * from (values ('E', 'East', 'CNY', true), ('W', 'West', 'USD', false))
    t(company_code, company_name, currency_code, is_main);
create table marts.fct_kpi_summary as select * from (values ('', 'group', 800), ('E', 'company', 100), ('W', 'company', 100))
    t(company_code, scope, kpi_value);
create table marts.fct_inventory_health as select * from (values ('E/A', 'E/M', 60), ('E/B', 'E/M', 40), ('W/A', 'W/M', 100))
    t(item_id, warehouse_id, inventory_value);
create table marts.fct_findings as select * from (values ('E/A', null), (null, 'W/M'), (null, null)) t(item_id, warehouse_id);
create table marts.dim_dates as select 1 as date_day;
"""


@pytest.fixture
def release(tmp_path: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    path = tmp_path / "release.duckdb"
    with duckdb.connect(str(path)) as connection:
        connection.execute(MADE)
    with duckdb.connect(str(path), read_only=True) as connection:
        yield connection


def test_rows_of_one_company_are_never_added_to_anothers(release: duckdb.DuckDBPyConnection) -> None:
    assert companies_of(release) == [Company("E", "East", "CNY"), Company("W", "West", "USD")]
    found = {}
    for code in ("E", "W", "E"):
        release.execute(f"use {quoted(company_catalog(release, code))}")
        queries = ("select sum(inventory_value) from marts.fct_inventory_health", "select sum(kpi_value) from marts.fct_kpi_summary",
                   "select count(*) from marts.fct_findings", "select count(*) from marts.dim_dates")  # fmt: skip
        found[code] = [(release.execute(sql).fetchone() or (None,))[0] for sql in queries]
    assert found["E"] == [100, 100, 2, 1] and found["W"] == [100, 100, 2, 1], "a row of nobody is everybody's"


def test_a_release_without_a_list_of_companies_has_none(tmp_path: Path) -> None:
    with duckdb.connect() as connection:
        assert companies_of(connection) == []
