"""The dictionary of this repository's own models: complete, true to what a release holds, and stable for readers."""

from __future__ import annotations

import csv
import io
import json
import os
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from assets.publish.assets import RULES_CHECK, build_publish_assets
from assets.publish.dictionary import (
    build_dictionary,
    dictionary_documents,
    english,
    gaps,
    with_types,
    with_warehouse_types,
)
from assets.publish.postgres_ddl import MAX_IDENTIFIER_BYTES, chinese, table_texts
from assets.publish.release_rules import column_rules
from assets.publish.schema_changes import breaking_changes, published_schema, renewed, undeclared
from orchestration.dbt_runner import SHIPPED

ROOT = Path(__file__).resolve().parents[3]
BASELINE = Path(__file__).parent / "published_schema.json"


@pytest.fixture(scope="module")
def dictionary() -> list[dict[str, Any]]:
    return build_dictionary(json.loads(SHIPPED.prepared().read_text(encoding="utf-8")))


def test_every_column_of_every_mart_is_described(dictionary: list[dict[str, Any]]) -> None:
    """A column without type, unit, formula, source, test or label is one that a BI developer must guess."""
    marts = [mart for mart in dictionary if mart["schema"] == "marts"]
    assert len(marts) >= 15 and sum(len(mart["columns"]) for mart in marts) > 300
    assert gaps(marts) == []


def test_every_reconciliation_column_is_described(dictionary: list[dict[str, Any]]) -> None:
    """Types of these come from the release itself; the pieces of fct_findings have no grain of their own."""
    rest = [mart for mart in dictionary if mart["schema"] == "reconciliation"]
    assert len(rest) >= 5
    needed = ("unit", "description", "formula", "source", "tests", "label_en", "label_zh")
    assert [gap for gap in gaps(rest, needed) if not gap.endswith(": grain")] == []


def test_chinese_names_are_unique_and_fit_into_postgres(dictionary: list[dict[str, Any]]) -> None:
    """Two views, or two columns of a view, with one Chinese name would hide one of them."""
    tables = [chinese(table) for table in table_texts(dictionary, {mart["name"]: mart for mart in dictionary})]
    assert len({table.name for table in tables}) == len(tables)
    for table in tables:
        names = [column.name for column in table.columns]
        assert len(set(names)) == len(names), table.name
        assert all(len(name.encode()) <= MAX_IDENTIFIER_BYTES for name in [table.name, *names])


def test_a_gap_is_named() -> None:
    column = {"name": "c", "type": "DATE", "unit": "", "description": "d", "formula": "f"}
    column |= {"source": [], "tests": ["t"], "label_en": "C", "label_zh": "丙"}
    mart = {
        "schema": "marts",
        "name": "m",
        "description": "d",
        "grain": ["c"],
        "label_en": "M",
        "label_zh": "",
        "is_public": False,
    }
    assert gaps([{**mart, "columns": [column]}]) == ["marts.m: label_zh", "marts.m.c: unit, source"]
    public = {**mart, "is_public": True, "description_zh": "", "columns": [{**column, "description_zh": "丁"}]}
    assert gaps([public]) == ["marts.m: label_zh, description_zh", "marts.m.c: unit, source"]


def test_formula_and_source_come_from_the_sql(dictionary: list[dict[str, Any]]) -> None:
    [mart] = [mart for mart in dictionary if mart["name"] == "fct_turnover_monthly"]
    [column] = [column for column in mart["columns"] if column["name"] == "inventory_turnover_annualised"]
    assert mart["grain"] == ["item_id", "warehouse_id", "month_start_date"]
    assert "cogs_value * 365" in column["formula"] and "average_inventory_value * period_days" in column["formula"]
    assert "fct_value_entries.entry_value" in column["source"]


def test_documents_hold_every_column_and_excel_reads_the_chinese(dictionary: list[dict[str, Any]]) -> None:
    documents = dictionary_documents(dictionary)
    assert documents["dictionary.csv"].startswith("\ufeff")
    rows = list(csv.DictReader(io.StringIO(documents["dictionary.csv"][1:])))
    assert len(rows) == sum(len(mart["columns"]) for mart in dictionary)
    assert json.loads(documents["dictionary.json"])["marts"] == dictionary


def test_types_are_those_of_the_release(dictionary: list[dict[str, Any]]) -> None:
    marts = [
        {"name": "fct_findings", "columns": [{"name": "finding_id", "type": "BLOB"}]},
        {"name": "x", "columns": []},
    ]
    [mart] = with_types(dictionary, marts)
    assert [(column["name"], column["type"]) for column in mart["columns"]] == [("finding_id", "BLOB")]


def test_warehouse_gives_what_the_models_leave_out(dictionary: list[dict[str, Any]]) -> None:
    declared = {"name": "a_units", "type": "", "unit": "units", "label_zh": "甲"}
    mart = {"schema": "marts", "name": "own", "model": "models/own.sql", "columns": [declared]}
    other = {
        "schema": "marts",
        "name": "not_built",
        "model": "models/x.sql",
        "columns": [{"name": "b", "type": "DATE"}],
    }
    types = {("marts", "own"): {"a_units": "DECIMAL(24,4)", "note": "VARCHAR"}}
    found, same = with_warehouse_types([mart, other], types)
    assert [(column["name"], column["type"]) for column in found["columns"]] == [
        ("a_units", "DECIMAL(24,4)"),
        ("note", "VARCHAR"),
    ]
    assert found["columns"][0]["unit"] == "units" and found["columns"][1]["formula"] == "see models/own.sql"
    assert set(found["columns"][1]) == set(dictionary[0]["columns"][0]), "a column that no yml names is written out too"
    assert same == other


def test_english_labels() -> None:
    assert english("cogs_value") == "COGS value" and english("item_id") == "Item ID"


def test_breaking_changes_are_declared(dictionary: list[dict[str, Any]]) -> None:
    """A reader's report breaks when a column goes or changes type: CHANGELOG.md names it in backquotes.

    After a declared change, or an addition, renew the baseline:
    STOCKTURN_RENEW_SCHEMA=1 python -m pytest tests/unit/publish/test_dictionary.py
    """
    now = published_schema([mart for mart in dictionary if mart["schema"] == "marts"])
    baseline = json.loads(BASELINE.read_text(encoding="utf-8"))
    path = ROOT / "CHANGELOG.md"
    changelog = path.read_text(encoding="utf-8") if path.is_file() else ""
    broken = [*baseline["broken"], *breaking_changes(baseline["schema"], now)]
    assert undeclared(broken, changelog) == [], "declare them in CHANGELOG.md, or keep them"
    fresh = renewed(baseline, now)
    if os.environ.get("STOCKTURN_RENEW_SCHEMA"):
        BASELINE.write_text(json.dumps(fresh, indent=1) + "\n", encoding="utf-8")
    assert json.loads(BASELINE.read_text(encoding="utf-8")) == fresh, "columns came: renew the baseline (see above)"


def test_what_counts_as_breaking() -> None:
    before = {"marts.a": {"x": "DATE", "y": "DOUBLE", "u": ""}, "marts.b": {"z": "DATE"}}
    after = {"marts.a": {"x": "DATE", "y": "BIGINT", "u": "DATE", "new": "DATE"}}
    broken = breaking_changes(before, after)
    assert broken == ["marts.a.y type", "marts.b"]
    assert undeclared(broken, "- `marts.a.y` is a count now") == ["marts.b"]
    assert renewed({"schema": before, "broken": ["marts.old"]}, after)["broken"] == [
        "marts.a.y type",
        "marts.b",
        "marts.old",
    ]


def test_the_checks_of_a_column_are_those_that_run(dictionary: list[dict[str, Any]]) -> None:
    """The dictionary once named a release check that nothing called.

    dbt's tests are those of the project, which every run builds whole; a release's rules are those of its asset check; unit
    tests say that CI runs them.
    """
    manifest = json.loads(SHIPPED.prepared().read_text(encoding="utf-8"))
    tests = [
        node for node in manifest["nodes"].values() if node["resource_type"] == "test" and node["config"]["enabled"]
    ]
    kinds = {(node.get("test_metadata") or {}).get("name", node["name"]) for node in tests}
    units = {test["name"] for test in manifest["unit_tests"].values()}
    unknown = set()
    for mart in dictionary:
        for column in mart["columns"]:
            rules = {
                "has the type of the dictionary",
                *column_rules(column["name"], column["type"], column["unit"], mart["grain"], column["values"]),
            }
            for label in column["tests"]:
                origin, _, name = label.partition(": ")
                if name not in {"dbt": kinds, "CI, dbt unit": units, "release": rules}[origin]:
                    unknown.add(f"{mart['name']}.{column['name']}: {label}")
    assert unknown == set()
    release = build_publish_assets(dg.DailyPartitionsDefinition("2026-01-01"), [], "pool")
    assert [key.name for key in release.check_keys] == [RULES_CHECK], "the rules of a release are checked by nothing"
