"""Templates for BI tools: every table and column in them is public, KPIs mean the same, nothing is cut short."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import duckdb
import pytest
import sqlglot
import yaml
from openpyxl import load_workbook
from sqlglot import exp

from assets.publish.bi.excel import PIVOTS, write_workbook
from assets.publish.bi.export import archive
from assets.publish.bi.expressions import UntranslatedError, dax_measure, sql_columns, sql_measure, tableau_measure
from assets.publish.bi.fine_bi import fine_bi_notes
from assets.publish.bi.model import BiModel, Measure, bi_model
from assets.publish.bi.power_bi import power_bi_files
from assets.publish.bi.semantic import cube_files, osi_document
from assets.publish.bi.superset import CHARTS, superset_files
from assets.publish.bi.tableau import tableau_files
from assets.publish.bi.target import Target
from assets.publish.dictionary import build_dictionary
from assets.publish.kpis import kpi_catalogue
from assets.publish.public import public_model
from orchestration.dbt_runner import SHIPPED

TARGET = Target("db.example.org", 5433, "inventory", "mine")


@pytest.fixture(scope="module")
def dictionary() -> dict[str, dict[str, Any]]:
    manifest = json.loads(SHIPPED.prepared().read_text(encoding="utf-8"))
    return {mart["name"]: mart for mart in build_dictionary(manifest)}


@pytest.fixture(scope="module", params=["en", "zh"])
def model(request: pytest.FixtureRequest, dictionary: dict[str, dict[str, Any]]) -> BiModel:
    """The model of a release that has every public mart, as the dictionary describes it."""
    marts = [
        {"name": name, "columns": [*mart["columns"], *mart["added_columns"]], "references": mart["references"]}
        for name, mart in dictionary.items()
        if mart["is_public"]
    ]
    return bi_model(marts, dictionary, 1, request.param, kpi_catalogue())


def columns_of(model: BiModel) -> set[tuple[str, str]]:
    return {(table.name, column.name) for table in model.tables for column in table.columns}


def test_every_public_mart_and_kpi_of_one_is_in_the_model(model: BiModel) -> None:
    assert {table.name for table in model.tables} == set(public_model().marts)
    public_bases = {name for name, base in kpi_catalogue().bases.items() if base.model in public_model().marts}
    wanted = {
        f"kpi_{name}" for name, kpi in kpi_catalogue().kpis.items() if kpi.base in public_bases and not kpi.distinct
    }
    assert {measure.name for measure in model.measures} == wanted and len(wanted) > 10
    for table in model.tables:
        labels = [column.label for column in table.columns] + [measure.label for measure in model.of_table(table.name)]
        assert len(set(labels)) == len(labels), f"{table.name}: Power BI takes no two of one name"
        assert all(column.description for column in table.columns), table.name


def test_power_bi_reads_public_columns_only_and_its_measures_name_columns_that_exist(model: BiModel) -> None:
    files = power_bi_files(model, TARGET)
    found, labels = set(), set()
    for table in model.tables:
        text = files[f"stockturn.SemanticModel/definition/tables/{table.name}.tmdl"]
        assert re.findall(r'Item="([^"]+)"', text) == [table.name]
        found |= {(table.name, name) for name in re.findall(r"sourceColumn: (\S+)", text)}
        labels |= {(table.label, column.label) for column in table.columns}
    assert found == columns_of(model)
    measures = [dax_measure(measure, model) for measure in model.measures]
    used = {pair for text in measures for pair in re.findall(r"'([^']+)'\[([^\]]+)\]", text)}
    assert used and used <= labels
    ends = re.findall(
        r"(?:from|to)Column: '([^']+)'\.'([^']+)'", files["stockturn.SemanticModel/definition/relationships.tmdl"]
    )
    assert set(ends) <= labels and len(ends) == 2 * len(model.relations) > 60
    parameters = files["stockturn.SemanticModel/definition/expressions.tmdl"]
    assert '"db.example.org:5433"' in parameters and '"inventory"' in parameters and '"mine"' in parameters
    project = json.loads(files["stockturn.pbip"])
    report = project["artifacts"][0]["report"]["path"]
    assert (
        json.loads(files[f"{report}/definition.pbir"])["datasetReference"]["byPath"]["path"]
        == "../stockturn.SemanticModel"
    )


def test_no_fact_reaches_a_dimension_by_two_ways(model: BiModel) -> None:
    """Power BI refuses a model with ambiguous paths."""
    active = [relation for relation in model.relations if relation.is_active]
    assert len({(one.table, one.to_table) for one in active}) == len(active)
    assert all(not one.table.startswith("dim_") for one in active)
    shipped = next(one for one in model.relations if (one.table, one.column) == ("fct_transfers", "ship_date"))
    assert shipped.is_active, "the first date of public.yml is the fact's own"


def test_tableau_joins_and_fields_are_public(model: BiModel) -> None:
    known = columns_of(model)
    files = tableau_files(model, TARGET)
    assert set(files) == {f"{table.name}.tds" for table in model.tables if not table.name.startswith("dim_")}
    for name, text in files.items():
        source = ET.fromstring(text)
        tables = {relation.get("table") for relation in source.iter("relation") if relation.get("type") == "table"}
        assert f"[mine].[{name[:-4]}]" in tables
        mapped = [tuple(re.findall(r"\[([^\]]+)\]", str(one.get("value")))) for one in source.iter("map")]
        assert mapped and set(mapped) <= known and len(set(mapped)) == len(mapped)
        clauses = [one.get("op") for one in source.iter("expression") if one.get("op") != "="]
        assert {tuple(re.findall(r"\[([^\]]+)\]", str(clause))) for clause in clauses} <= known
        fields = [str(one.get("name")) for one in source.findall("column")]
        captions = [str(one.get("caption")) for one in source.findall("column")]
        assert len(set(fields)) == len(fields) and len(set(captions)) == len(captions), name
        for calculation in source.iter("calculation"):
            assert set(re.findall(r"\[[^\]]+\]", str(calculation.get("formula")))) <= set(fields)


def test_superset_charts_read_public_columns_and_their_sql_too(model: BiModel) -> None:
    files = {name: yaml.safe_load(text) for name, text in superset_files(model, TARGET).items()}
    known = columns_of(model)
    datasets = {one["uuid"]: one for name, one in files.items() if "/datasets/" in name}
    charts = [one for name, one in files.items() if "/charts/" in name]
    assert len(charts) == len(CHARTS) >= 5
    for dataset in datasets.values():
        assert {(dataset["table_name"], one["column_name"]) for one in dataset["columns"]} <= known and dataset[
            "schema"
        ] == "mine"
    for chart in charts:
        dataset = datasets[chart["dataset_uuid"]]
        [query] = json.loads(chart["query_context"])["queries"]
        used = {*query["columns"], *(one["col"] for one in query["filters"])}
        for metric in query.get("metrics", ()):
            if isinstance(metric, str):
                assert metric in {one["metric_name"] for one in dataset["metrics"]}
            else:
                used |= {column.name for column in sqlglot.parse_one(metric["sqlExpression"]).find_all(exp.Column)}
        assert {(dataset["table_name"], name) for name in used} <= known, chart["slice_name"]
    dashboard = files["stockturn_superset/dashboards/stockturn.yaml"]
    placed = {
        one["meta"]["uuid"]
        for one in dashboard["position"].values()
        if isinstance(one, dict) and one["type"] == "CHART"
    }
    assert placed == {chart["uuid"] for chart in charts}
    assert files["stockturn_superset/databases/stockturn.yaml"]["sqlalchemy_uri"].endswith(
        "@db.example.org:5433/inventory"
    )


def test_osi_and_cube_hold_the_same_public_model(model: BiModel) -> None:
    known = columns_of(model)
    [semantic] = yaml.safe_load(osi_document(model, TARGET))["semantic_model"]
    assert {(one["name"], column["name"]) for one in semantic["datasets"] for column in one["fields"]} == known
    for one in semantic["relationships"]:
        assert {(one["from"], one["from_columns"][0]), (one["to"], one["to_columns"][0])} <= known
    metrics = {metric["name"] for one in semantic["datasets"] for metric in one.get("metrics", ())}
    assert metrics == {measure.name for measure in model.measures}
    cubes = [cube for text in cube_files(model, TARGET).values() for cube in yaml.safe_load(text)["cubes"]]
    assert {(cube["name"], one["name"]) for cube in cubes for one in cube["dimensions"]} == known
    for cube in cubes:
        names = [one["name"] for one in (*cube["dimensions"], *cube["measures"])]
        assert len(set(names)) == len(names), cube["name"]
        for join in cube["joins"]:
            near, far = re.fullmatch(r"\{CUBE\}\.(\w+) = \{(\w+)\}\.\w+", join["sql"]).groups()  # type: ignore[union-attr]
            assert (cube["name"], near) in known and far == join["name"]


def test_a_kpi_is_the_same_number_in_sql_as_in_the_product(model: BiModel) -> None:
    """Rows that are not stocked or not known are in no sum, and a denominator of zero is no figure."""
    dead = next(measure for measure in model.measures if measure.name == "kpi_dead_stock_rate")
    assert sql_columns(dead) == {"is_stocked", "value_status", "dead_stock_value", "inventory_value"}
    rows = "(true, 'ok', 30, 100), (true, 'ok', 0, -20), (false, 'ok', 9, 9), (true, 'not_available: no cost in any source', 5, 5)"
    with duckdb.connect() as connection:
        connection.execute(
            f"create table t as select * from (values {rows}) v(is_stocked, value_status, dead_stock_value, inventory_value)"
        )
        assert connection.execute(f"select {sql_measure(dead)} from t").fetchone() == (0.3,)
        assert connection.execute(f"select {sql_measure(dead)} from t where inventory_value < 0").fetchone() == (None,)


def test_expressions_of_the_tools() -> None:
    measure = Measure("k", "K", "", "rate", "t", "a and (s in ('x', 'y') or b is null)", "greatest(v, 0) * 2.0 / d", "")
    assert tableau_measure(measure, lambda name: f"[{name}]") == (
        "SUM(IF [a] AND ((([s] = 'x' OR [s] = 'y') OR ISNULL([b]))) THEN MAX([v], 0) * 2.0 / [d] END)"
    )
    strange = Measure("k", "K", "", "rate", "t", "true", "regexp_extract(v, 'x')", "")
    with pytest.raises(UntranslatedError, match="REGEXP_EXTRACT"):
        tableau_measure(strange, lambda name: name)


def test_fine_bi_notes_name_every_view(model: BiModel) -> None:
    text = fine_bi_notes(model, TARGET)
    assert "currentSchema=mine_zh" in text
    assert all(f"| {table.label} |" in text for table in model.tables)


def test_the_same_model_gives_the_same_archive(model: BiModel) -> None:
    assert archive(superset_files(model, TARGET)) == archive(superset_files(model, TARGET))


def test_the_workbook_has_pivots_over_tables_and_no_formula(model: BiModel, tmp_path: Path) -> None:
    database = tmp_path / "release.duckdb"
    with duckdb.connect(str(database)) as connection:
        for pivot in PIVOTS:
            table = model.table(pivot.mart)
            kinds = {"date": "date '2026-06-30'", "text": "'=1+1'", "whole": "3", "boolean": "true"}
            columns = ", ".join(f"{kinds.get(column.kind, '12.5')} as {column.name}" for column in table.columns)
            connection.execute(f"create table {pivot.mart} as select {columns} from range(3)")
    book = load_workbook(write_workbook(model, database, tmp_path / "book.xlsx"))
    assert len(book.sheetnames) == 2 * len(PIVOTS)
    for number, pivot in enumerate(PIVOTS):
        view, data = book.worksheets[2 * number], book.worksheets[2 * number + 1]
        [made] = view._pivots
        source = made.cache.cacheSource.worksheetSource
        assert (source.sheet, source.ref) == (data.title, data.dimensions) and made.cache.refreshOnLoad
        assert [one.name for one in made.cache.cacheFields] == [cell.value for cell in data[1]]
        assert [pivot.columns[one.fld] for one in made.dataFields] == list(pivot.values)
        assert len(data.tables) == 1
        assert not [cell for row in data.iter_rows() for cell in row if cell.data_type == "f"]
