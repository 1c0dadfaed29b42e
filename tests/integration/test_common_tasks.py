"""What is often added takes at most five files: a column, a KPI and a vendor are really added to a copy of the product, and run.

It prevents that the way grows: a place that repeats what the contract, the catalogue or the mapping says would have to be changed
too, or the addition is lost.
"""

from __future__ import annotations

import csv
from contextlib import closing
from pathlib import Path

import duckdb
import pytest
from product_copy import ProductCopy

from assets.publish.releases import Release, current_release
from dashboard.queries import item
from dashboard.release_reader import ReleaseReader

pytestmark = pytest.mark.slow

COLUMN = {  # file -> (what is in it, what is there now)
    "product/assets/ingest/contracts/item.yml": (
        "  barcode: {type",
        "  brand: {type: text, nullable: true, label_zh: 品牌, meaning: Brand of the item., meaning_zh: 存货的品牌。}\n"
        "  barcode: {type",
    ),
    "mine/mappings/erp.yml": (
        "{item_code: item, item_name: name, ",
        "{item_code: item, item_name: name, brand: brand, ",
    ),
    "product/dbt_project/models/marts/dim_items.sql": (
        "        stocked.first_movement_date,\n",
        "        coalesce(items.brand, base_items.brand) as brand,\n        stocked.first_movement_date,\n",
    ),
    "product/dbt_project/models/marts/dim_items.yml": (
        "      - name: first_movement_date\n",
        "      - name: brand\n        data_type: varchar\n      - name: first_movement_date\n",
    ),
}
CONTRACTS_IN_DBT = "product/dbt_project/models/staging/_contracts.yml"

KPI = {
    "product/assets/publish/kpis/catalogue.yml": (
        "  long_dead_stock_rate:\n",
        "  a_item_value_rate:\n"
        "    label: {en: Value of A items, zh: A类占比}\n"
        "    meaning: Value of items of class A / value on hand.\n"
        "    kind: rate\n"
        "    direction: higher\n"
        "    window: at the date\n"
        "    base: item_warehouses\n"
        "    known: value_status = 'ok'\n"
        "    numerator: case when abc_class = 'A' then greatest(inventory_value, 0) else 0 end\n"
        "    denominator: greatest(inventory_value, 0)\n"
        "    missing: no cost in any source\n"
        "  long_dead_stock_rate:\n",
    ),
}
FROM_CATALOGUE = {"product/dbt_project/macros/kpi_catalogue.sql", "product/dbt_project/models/semantic/_kpis.yml"}
KPI_PAGE = "product/docs/kpis.md"

MAPPING = """mapping: lagerfix
title: Lagerfix
version: 1
source_system: lagerfix
capabilities: {has_ledger: true}
entities:
  item: {verified: "no"}
  warehouse: {verified: "no"}
  stock_movement: {verified: "no"}
  stock_on_hand: {verified: "no"}
enums:
  types: {ZU: purchase_receipt, AB: sales_issue, _default: fail}
datasets:
  - name: items
    contract: item
    table: ARTIKEL
    scope: full
    columns: {item_code: NR, item_name: NAME, base_uom: EINHEIT}
  - name: warehouses
    contract: warehouse
    table: LAGER
    scope: full
    columns: {warehouse_code: NR, warehouse_name: NAME}
  - name: movements
    contract: stock_movement
    table: BUCHUNG
    scope: key
    columns:
      source_doc_type: ART
      doc_no: BELEG
      source_doc_id: BELEG
      source_line_id: POS
      movement_type: {from: ART, enum: types}
      business_date: TAG
      item_code: ARTIKEL
      warehouse_code: LAGER
      quantity_units: {expr: "case when ART = 'AB' then -MENGE else MENGE end"}
      doc_status: {const: approved}
  - name: stock
    contract: stock_on_hand
    table: BESTAND
    scope: full
    columns: {as_of_date: TAG, item_code: ARTIKEL, warehouse_code: LAGER, on_hand_units: MENGE}
"""
FIXTURE = '''"""Lagerfix: quantities without a sign."""

import datetime as dt

MAPPING = "lagerfix"
AS_OF = dt.date(2024, 3, 31)
ENCODING = "utf-8"
TABLES = {
    "ARTIKEL": "NR|NAME|EINHEIT\\nT1|Tee|kg\\n",
    "LAGER": "NR|NAME\\nH|Haupt\\n",
    "BUCHUNG": "ART|BELEG|POS|TAG|ARTIKEL|LAGER|MENGE\\nZU|Z1|1|2024-01-03|T1|H|20\\nAB|A1|1|2024-01-05|T1|H|8\\n",
    "BESTAND": "TAG|ARTIKEL|LAGER|MENGE\\n2024-03-31|T1|H|12\\n",
}
LEDGER = """
ZU|Z1|purchase_receipt|2024-01-03|T1|H||available|own||20|approved
AB|A1|sales_issue|2024-01-05|T1|H||available|own||-8|approved
"""
ON_HAND = "T1|H||available|own||12"
COUNTS: dict[str, tuple[int, int]] = {}
QUERIES = {"select item_code, item_name, base_uom from landing.item": "T1|Tee|kg"}
'''
VENDOR = {
    "product/assets/ingest/mappings/lagerfix.yml": MAPPING,
    "product/tests/fixtures/vendors/lagerfix.py": FIXTURE,
}
SOURCES_PAGE = "product/docs/sources.md"


def deliver_brands(inbox: Path) -> int:
    """The source's item files with a column that they did not have."""
    files = sorted(inbox.rglob("items_*.csv"))
    for path in files:
        with path.open(encoding="utf-8", newline="") as handle:
            rows = list(csv.DictReader(handle))
        with path.open("w", encoding="utf-8", newline="") as handle:
            writer = csv.DictWriter(handle, [*rows[0], "brand"])
            writer.writeheader()
            writer.writerows({**row, "brand": f"Brand of {row['item']}"} for row in rows)
    return len(files)


@pytest.fixture(scope="module")
def with_both(tmp_path_factory: pytest.TempPathFactory) -> ProductCopy:
    """A company of a copy that has gained a column and a KPI, and has been run once."""
    copy = ProductCopy.make(tmp_path_factory.mktemp("copy"))
    copy.stockturn("init", "mine", "--name", "My company", "--code", "MINE", at=".")
    assert deliver_brands(copy.folder / "mine" / "inbox")
    with copy.counting():
        copy.replace(COLUMN)
        copy.python("-m", "assets.ingest.dbt_staging")
    assert copy.changed == {*COLUMN, CONTRACTS_IN_DBT} and len(copy.changed) <= 5
    with copy.counting():
        copy.replace(KPI)
        copy.python("-m", "assets.publish.kpis")
    assert copy.changed == {*KPI, *FROM_CATALOGUE}
    with copy.counting():
        copy.stockturn("run", at="mine")
    assert copy.changed == set()
    return copy


@pytest.fixture
def release(with_both: ProductCopy) -> Release:
    found = current_release(with_both.folder / "mine" / "var" / "releases")
    assert found is not None
    return found


def test_a_column_from_source_to_page_is_five_files(release: Release) -> None:
    with closing(ReleaseReader(release)) as reader:
        records = reader.frame("select item_id, item_code from dim_items where has_master_record")
        assert len(records) > 1
        for item_id, code in records.itertuples(index=False):
            assert item.record(reader, item_id)["brand"] == f"Brand of {code}"
        told = reader.words(item.RECORD)["brand"]
        assert (told["label_zh"], told["description"]) == ("品牌", "Brand of the item.")
        assert (told["description_zh"], told["unit"]) == ("存货的品牌。", "text")


def test_a_kpi_in_all_its_places_is_four_files(with_both: ProductCopy, release: Release) -> None:
    """Mart, MetricFlow, dashboard, pack and MCP show one figure, the right one; the page is written by the test that compares them."""
    with duckdb.connect(str(release.database), read_only=True) as connection:
        values = connection.execute(
            "select coalesce(sum(inventory_value) filter (where abc_class = 'A'), 0), sum(inventory_value)"
            " from marts.fct_inventory_health where is_stocked and value_status = 'ok' and inventory_value > 0"
        ).fetchone()
        shown = connection.execute(
            "select kpi_value from marts.fct_kpi_summary where kpi = 'a_item_value_rate' and scope = 'company'"
        ).fetchall()
    assert values is not None and values[1] > values[0] > 0
    assert shown == [(pytest.approx(float(values[0] / values[1]), abs=1e-6),)]
    config = str(with_both.folder / "mine" / "config" / "company.yml")
    with with_both.counting():
        with_both.pytest(
            "tests/integration/test_kpi_places.py", "-k", "a_item_value_rate or test_the_page_lists_every_kpi",
            STOCKTURN_RENEW_DOCS="1", STOCKTURN_TEST_DEMO=config,
        )  # fmt: skip
    assert with_both.changed == {KPI_PAGE}
    assert len({*KPI, *FROM_CATALOGUE, KPI_PAGE}) == 4


def test_a_vendor_with_its_tests_and_its_page_is_three_files(tmp_path: Path) -> None:
    """Its tests are those of all vendors: row accounting, ledger, stock and reconciliations of its fixture."""
    copy = ProductCopy.make(tmp_path)
    with copy.counting():
        for name, text in VENDOR.items():
            (copy.folder / name).write_text(text, encoding="utf-8")
        copy.python("-m", "assets.ingest.mapping.source_matrix")
        tests = ("tests/unit/ingest/test_vendor_ledgers.py", "tests/unit/ingest/test_vendor_matrix.py")
        copy.pytest(*tests, "-k", "lagerfix or matrix")
    assert copy.changed == {*VENDOR, SOURCES_PAGE} and len(copy.changed) <= 5
