"""The suites find planted breaches of every kind of rule, pass on clean rows, and leave the file free for the next
step."""

from __future__ import annotations

import datetime as dt

import duckdb
import pytest

from assets.ingest.batches.register import register_landing
from assets.ingest.contracts import load_contracts
from assets.ingest.settings import SourceSettings
from expectations.data_docs import write_data_docs
from expectations.results import SCHEMA, results_table
from expectations.runner import run_suites

COLUMNS = "item_code, item_name, base_uom, item_type, shelf_life_days, source_instance, source_key"
ROWS = [
    ("A", "a", "pc", "trading", 10, "b1", "A"),
    ("B", "b", "pc", "trading", None, "b1", "B"),
]


def warehouse(tmp_path, rows):
    path = tmp_path / "warehouse.duckdb"
    connection = duckdb.connect(str(path))
    register_landing(connection, tmp_path, dt.date(2024, 1, 1))
    if rows:
        connection.executemany(f"insert into landing.item ({COLUMNS}) values (?, ?, ?, ?, ?, ?, ?)", rows)
        connection.execute(
            "update landing.item set is_stocked = true, is_active = true, source_system = 's', company_code "
            "= 'b1', is_deleted = false, "
            "extract_date = date '2024-01-01', batch_id = 'x', source_file = 'f', source_row = 2"
        )
    connection.close()
    return path


def failures(path, sources=()):
    results = run_suites(path, {"item": load_contracts()["item"]}, sources)
    assert len(results) == 6
    assert results_table(results).schema == SCHEMA
    return {
        result.rule_id: (result.rows_failed, result.rows_checked, result.message)
        for result in results
        if not result.is_passed
    }


def test_clean_rows_pass_and_the_file_is_free_afterwards(tmp_path):
    path = warehouse(tmp_path, ROWS)
    assert failures(path) == {}
    connection = duckdb.connect(str(path))
    connection.execute("create table proof (a int)")
    connection.close()


@pytest.mark.parametrize(
    ("row", "rule"),
    [
        (("C", None, "pc", "trading", 1, "b1", "C"), "contract_required"),
        (("C", "c", "pc", "toy", 1, "b1", "C"), "contract_enum"),
        (("C", "c", "pc", "trading", -1, "b1", "C"), "contract_range"),
        (("A", "a", "pc", "trading", 1, "b1", "A"), "contract_key"),
    ],
)
def test_a_planted_breach_is_found_and_counted(tmp_path, row, rule):
    found = failures(warehouse(tmp_path, [*ROWS, row]))
    assert set(found) == {rule}
    assert found[rule][:2] == (1, 3)
    assert found[rule][2].startswith("item: 1 rows of 3: ")


def test_an_empty_table_fails_only_where_a_source_must_deliver(tmp_path):
    path = warehouse(tmp_path, [])
    assert failures(path) == {}
    mapping = tmp_path / "m.yml"
    mapping.write_text(
        "mapping: m\nversion: 1\nsource_system: s\ndatasets:\n  - {name: i, contract: item, files: i.csv, "
        "scope: full, required: true, "
        "columns: {item_code: a, item_name: b, base_uom: c}}\n"
    )
    source = SourceSettings(name="s", kind="file", mapping=str(mapping), path=tmp_path, instance="b1")
    assert set(failures(path, [source])) == {"contract_not_empty"}


def test_a_wrong_column_order_is_found(tmp_path):
    path = warehouse(tmp_path, [])
    connection = duckdb.connect(str(path))
    connection.execute("alter table landing.item drop column ext")
    connection.close()
    assert set(failures(path)) == {"contract_columns"}


def test_data_docs_name_the_contract_and_its_failure(tmp_path):
    """An auditor reads pages, not tables; they are on disk and need no server."""
    contracts = load_contracts()
    path = warehouse(tmp_path, ROWS)
    with duckdb.connect(str(path)) as connection:
        connection.execute("update landing.item set item_name = null where item_code = 'B'")
    index = write_data_docs(path, {name: contracts[name] for name in ("item", "warehouse")}, (), tmp_path / "docs")
    assert "item" in index.read_text("utf-8")
    pages = [
        page for page in (tmp_path / "docs").rglob("*.html") if "validations" in page.parts and "item" in page.parts
    ]
    assert len(pages) == 1 and "Failed" in pages[0].read_text("utf-8")
    duckdb.connect(str(path)).close()
