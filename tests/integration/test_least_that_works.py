"""The least that works: a stock list alone, sales alone, openings alone. What is delivered becomes stock; what is not delivered makes
a metric not available, never 0 and never a number."""

from __future__ import annotations

import datetime as dt
from typing import Any

import duckdb
import pytest

from orchestration.run import run_daily
from orchestration.settings import load_settings

pytestmark = pytest.mark.slow
AS_OF = dt.date(2024, 6, 30)
HEAD = "mapping: {name}\nversion: 1\nsource_system: excel\ncapabilities: {{has_ledger: {ledger}}}\ndatasets:\n"
LIST = """  - name: stock
    contract: stock_on_hand
    files: "stock*.csv"
    scope: full
    columns:
      {as_of_date: date, item_code: item, warehouse_code: wh, on_hand_units: qty, unit_cost: cost,
       last_receipt_date: {from: received, optional: true}}
"""
SALES = """  - name: sales
    contract: sales_shipment_line
    files: "sales*.csv"
    scope: full
    columns: {shipment_no: doc, shipment_line_id: line, shipment_date: date, item_code: item, warehouse_code: wh, shipped_units: qty}
"""
OPENINGS = """  - name: openings
    contract: stock_movement
    files: "open*.csv"
    scope: full
    columns:
      {source_doc_type: {const: opening}, doc_no: doc, source_doc_id: doc, source_line_id: {const: "1"}, movement_type: {const: opening},
       business_date: date, item_code: item, warehouse_code: wh, quantity_units: qty, unit_cost: cost}
"""
STOCK = "date,item,wh,qty,cost{more}\n2024-06-30,A,W,70,24{a}\n2024-06-30,B,W,803,2.5{b}\n2024-06-30,C,W,25,100{c}\n"
SALES_ROWS = "doc,line,date,item,wh,qty\n" + "".join(
    f"S{week},1,{dt.date(2023, 7, 3) + dt.timedelta(weeks=week)},A,W,{10 + week % 3}\n" for week in range(51)
)
OPENING_ROWS = "doc,date,item,wh,qty,cost\nO1,2024-01-01,A,W,40,24\n"
COMPANIES: dict[str, tuple[str, bool, dict[str, str]]] = {
    "list": (LIST, False, {"stock.csv": STOCK.format(more="", a="", b="", c="")}),
    "dated": (
        LIST,
        False,
        {"stock.csv": STOCK.format(more=",received", a=",2024-06-20", b=",2023-01-01", c=",2024-03-01")},
    ),
    "sales": (SALES, False, {"sales.csv": SALES_ROWS}),
    "both": (LIST + SALES, False, {"stock.csv": STOCK.format(more="", a="", b="", c=""), "sales.csv": SALES_ROWS}),
    "openings": (OPENINGS, False, {"open.csv": OPENING_ROWS}),
    "quiet": (OPENINGS, True, {"open.csv": OPENING_ROWS}),
}


@pytest.fixture(scope="module")
def release(tmp_path_factory: pytest.TempPathFactory) -> duckdb.DuckDBPyConnection:
    """One run over six companies, each with next to nothing."""
    folder = tmp_path_factory.mktemp("least")
    sources = []
    for name, (datasets, has_ledger, files) in COMPANIES.items():
        (folder / name).mkdir()
        for file, text in files.items():
            (folder / name / file).write_text(text)
        mapping = folder / f"{name}.yml"
        mapping.write_text(HEAD.format(name=name, ledger=str(has_ledger).lower()) + datasets)
        sources.append(f"  - {{name: {name}, kind: file, mapping: '{mapping}', path: {name}, instance: {name}}}")
    config = folder / "company.yml"
    members = ", ".join(f"{name}: {{currency: CNY}}" for name in COMPANIES)
    config.write_text(
        "company: {code: least, name: least, currency: CNY, timezone: Asia/Shanghai}\ndata_dir: var\n"
        f"companies: {{{members}}}\n"
        "schedule: {first_date: 2023-01-01}\nsources:\n" + "\n".join(sources) + "\n"
    )
    outcome = run_daily(load_settings(config), AS_OF)
    assert outcome.exit_status in (0, 1), outcome
    return duckdb.connect(str(folder / "var" / "releases" / "current" / "stockturn.duckdb"), read_only=True)


def health(release: duckdb.DuckDBPyConnection, company: str, columns: str) -> list[tuple[Any, ...]]:
    return release.execute(
        f"SELECT {columns} FROM fct_inventory_health WHERE item_id LIKE '{company}/%' ORDER BY item_id"
    ).fetchall()


def test_a_stock_list_alone_is_the_stock(release):
    found = health(release, "list", "on_hand_units::double, inventory_value::double, value_status")
    assert found == [(70.0, 1680.0, "ok"), (803.0, 2007.5, "ok"), (25.0, 2500.0, "ok")]
    statuses = health(
        release, "list", "turnover_status, inventory_turnover_annualised, average_age_days, dead_stock_value"
    )
    assert statuses == [("not_available: one stock list shows no issues", None, None, None)] * 3
    mismatches = release.execute(
        "SELECT count(*) FROM fct_findings WHERE item_id LIKE 'list/%' AND severity = 'critical'"
    )
    assert mismatches.fetchone() == (0,)
    stocked_out = release.execute(
        "SELECT item_id, suggested_order_units FROM fct_replenishment WHERE item_id LIKE 'list/%' "
        "AND (suggested_order_units > 0 OR stock_status = 'stocked_out')"
    ).fetchall()
    assert stocked_out == []


def test_goods_of_a_list_with_receipt_dates_age_from_them(release):
    found = health(release, "dated", "oldest_age_days, is_dead, dead_stock_value::double")
    assert found == [(10, False, 0.0), (546, True, 2007.5), (121, False, 0.0)]


def test_sales_alone_say_nothing_of_stock_and_something_of_demand(release):
    found = health(
        release,
        "sales",
        "on_hand_units, inventory_value, value_status, turnover_status, suggested_order_units, abc_class",
    )
    reason = "not_available: no stock list and no receipts from any source"
    assert found == [(None, None, reason, reason, None, "A")]
    (rows,) = release.execute("SELECT count(*) FROM fct_forecasts WHERE item_id LIKE 'sales/%'").fetchone()
    assert rows > 0


def test_a_stock_list_with_sales_has_stock_and_a_plan(release):
    ((units, policy, reorder),) = health(release, "both", "on_hand_units::double, policy, reorder_point_units::double")[
        :1
    ]
    assert units == 70.0 and policy and reorder > 0


def test_issues_that_are_not_delivered_are_not_zero_issues(release):
    ((status, turnover),) = health(release, "openings", "turnover_status, inventory_turnover_annualised")
    assert (status, turnover) == ("not_available: no issues from any source", None)
    ((status, turnover),) = health(release, "quiet", "turnover_status, inventory_turnover_annualised")
    assert (status, turnover) == ("ok", 0.0)
