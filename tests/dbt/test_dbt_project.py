"""The shape of the dbt project: documentation, layers, unit tests, the cut between its two invocations."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import duckdb
import pytest
from warehouse_builder import CONTRACTS, DBT_PROJECT

from assets.documents import shipped_document
from assets.publish.releases import HISTORY_MARTS

MODELS = sorted((DBT_PROJECT / "models").rglob("*.sql"))
STAGING = DBT_PROJECT / "models" / "staging"


@cache
def _of_contracts() -> dict[str, dict[str, Any]]:
    """The staging models that the contracts describe (assets/ingest/dbt_staging.py)."""
    return {model["name"]: model for model in shipped_document(STAGING / "_contracts.yml")["models"]}


@cache
def _properties(sql: Path) -> dict[str, Any]:
    """What is documented of a model; of one that passes another on (`columns_of`) with the columns of that one."""
    if not sql.with_suffix(".yml").exists():
        return _of_contracts()[sql.stem]
    document = shipped_document(sql.with_suffix(".yml"))
    assert len(document["models"]) == 1, "one yml says one model"
    model = document["models"][0]
    passed_on = model.get("config", {}).get("meta", {}).get("columns_of")
    before = _properties(STAGING / f"{passed_on}.sql")["columns"] if passed_on else []
    return {**model, "columns": [*before, *model.get("columns", [])]}


@pytest.mark.parametrize("sql", MODELS, ids=lambda path: path.stem)
def test_every_model_has_a_yml_with_units_and_chinese_labels(sql: Path) -> None:
    """A column without unit or label cannot be published. One that a mart passes on is described by its contract: that
    the dictionary finds it there is held by tests/unit/publish/test_dictionary.py."""
    properties = _properties(sql)
    assert properties["name"] == sql.stem and properties["description"]
    is_mart = sql.parent.name == "marts"
    for column in properties["columns"]:
        if is_mart and set(column) == {"name", "data_type"}:
            continue
        assert column["description"], column["name"]
        meta = column["config"]["meta"]
        assert meta["unit"] and re.search(r"[\u4e00-\u9fff]", meta["label_zh"]), column["name"]


def test_every_built_column_is_described_and_nothing_else(built: Path) -> None:
    """A column that the SQL adds and nobody describes would reach readers unexplained."""
    with duckdb.connect(str(built)) as connection:
        for sql in MODELS:
            schema = sql.relative_to(DBT_PROJECT / "models").parts[0]
            found = connection.execute(
                "select column_name from information_schema.columns where table_schema = ? and table_name = ?"
                " order by ordinal_position", [schema, sql.stem],
            ).fetchall()  # fmt: skip
            assert [name for (name,) in found] == [column["name"] for column in _properties(sql)["columns"]], sql.stem


def test_only_staging_reads_landing_and_the_cut_is_clean() -> None:
    """Staging and intermediate run before the ledger and planning exist."""
    for sql in MODELS:
        folder = sql.relative_to(DBT_PROJECT / "models").parts[0]
        sources = set(re.findall(r"source\('(\w+)'", sql.read_text(encoding="utf-8")))
        references = set(re.findall(r"ref\('(\w+)'", sql.read_text(encoding="utf-8")))
        if folder == "staging":
            # the currency of the company and its rates: an amount becomes company currency here (macros/currencies.sql)
            assert sources | {"control"} == {"landing", "control"} and references <= {"stg_exchange_rates"}, sql.stem
        else:
            assert "landing" not in sources, sql.stem
        if folder == "intermediate":
            assert sources <= {"control"}, sql.stem
            assert not any(name.startswith(("dim_", "fct_", "rec_")) for name in references), sql.stem


# landed and checked, for the comparisons of a source with itself (assets/ingest/reconcile); no mart reads them yet
NOT_STAGED = {
    "customer", "location", "sales_revenue_line", "stock_reservation",
}  # fmt: skip


def test_staging_carries_every_contract_column() -> None:
    """A column added to a contract must not be lost on the way."""
    described = {}
    for sql in MODELS:
        if sql.parent.name == "staging":
            contract = re.findall(r"source\('landing', '(\w+)'\)", sql.read_text(encoding="utf-8"))[0]
            described[contract] = {column["name"] for column in _properties(sql)["columns"]}
    contracts = {path.stem: path for path in CONTRACTS.glob("*.yml") if not path.stem.startswith("_")}
    assert set(contracts) - set(described) == NOT_STAGED
    for name in described:
        columns = shipped_document(contracts[name])["columns"]
        assert set(columns) <= described[name], name


def test_nothing_is_built_on_what_earlier_runs_published() -> None:
    """Else the same landing would give another release, depending on what ran before (HISTORY_MARTS)."""
    for sql in MODELS:
        assert not HISTORY_MARTS & set(re.findall(r"ref\('(\w+)'", sql.read_text(encoding="utf-8"))), sql.stem


def test_every_rule_has_a_home_that_is_collected() -> None:
    """A rule that no model evaluates finds nothing for ever."""
    lines = (DBT_PROJECT / "seeds" / "rules.csv").read_text(encoding="utf-8").splitlines()[1:]
    collected = (DBT_PROJECT / "models" / "marts" / "fct_findings.sql").read_text(encoding="utf-8")
    sources = {sql.stem: sql.read_text(encoding="utf-8") for sql in MODELS if sql.parent.name == "reconciliation"}
    causes = "".join(
        path.read_text(encoding="utf-8") for path in (DBT_PROJECT.parent / "assets" / "reconciliation").glob("*.py")
    )
    for rule, _, home, *_ in (line.split(",") for line in lines):
        model = f"rec_findings_{home}"
        assert f"ref('{model}')" in collected
        known = sources[model] + sources["rec_document_errors"] if home == "documents" else sources[model]
        # what is wrong with a whole list or file is decided in Python, and its cause is the rule
        assert f"'{rule}'" in known or f'"{rule}"' in causes, rule


def test_unit_tests_of_the_arithmetic_pass(dbt: Callable[..., Any], built: Path, tmp_path: Path) -> None:
    """The SQL of the arithmetic, each on rows just around its bounds."""
    copy = Path(shutil.copy(built, tmp_path / built.name))  # other tests hold the file open to read
    result = dbt(copy, "test", "--select", "test_type:unit")
    assert result.success, [row.message for row in result.result if str(row.status) != "pass"]
    assert len(result.result) >= 10
