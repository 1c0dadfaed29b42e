"""A Power BI project (.pbip): semantic model in TMDL over PostgreSQL, and an empty report on it. Pure.

Names are the labels of the model; `sourceColumn` has the name in the database. Server, database and schema are parameters of
the model; credentials are asked for by Power BI and are in no file.
"""

from __future__ import annotations

import json
from collections.abc import Iterator

from assets.publish.bi.expressions import dax_measure, dax_name
from assets.publish.bi.model import BiColumn, BiModel, BiTable, Relation, stable_id
from assets.publish.bi.target import Target

_TYPES = {
    "text": "string", "whole": "int64", "decimal": "decimal", "double": "double", "boolean": "boolean", "date": "dateTime",
    "timestamp": "dateTime",
}  # fmt: skip
_FORMATS = {"rate": "0.0%;-0.0%;0.0%", "money": "#,0", "turns": "0.00", "days": "#,0.0"}
_COLUMN_FORMATS = {"date": "yyyy-mm-dd", "timestamp": "yyyy-mm-dd hh:nn:ss"}
_DATES = "dim_dates"
_CULTURES = {"en": "en-US", "zh": "zh-CN"}
MODEL = "stockturn.SemanticModel"
REPORT = "stockturn.Report"


def power_bi_files(model: BiModel, target: Target) -> dict[str, str]:
    """Text of each file by its path in the project."""
    definition = f"{MODEL}/definition"
    files = {
        "stockturn.pbip": _json(
            {"version": "1.0", "artifacts": [{"report": {"path": REPORT}}], "settings": {"enableAutoRecovery": True}}
        ),
        f"{REPORT}/definition.pbir": _json({"version": "4.0", "datasetReference": {"byPath": {"path": f"../{MODEL}"}}}),
        f"{REPORT}/report.json": _json(_report()),
        f"{REPORT}/.platform": _platform("Report"),
        f"{MODEL}/definition.pbism": _json({"version": "4.0", "settings": {}}),
        f"{MODEL}/.platform": _platform("SemanticModel"),
        f"{definition}/database.tmdl": "database\n\tcompatibilityLevel: 1567\n",
        f"{definition}/model.tmdl": _model(model),
        f"{definition}/expressions.tmdl": _parameters(target),
        f"{definition}/relationships.tmdl": "\n".join(_relations(model)),
    }
    for table in model.tables:
        files[f"{definition}/tables/{table.name}.tmdl"] = "\n".join(_table(model, table)) + "\n"
    return files


def _json(document: object) -> str:
    return json.dumps(document, ensure_ascii=False, indent=2) + "\n"


def _platform(kind: str) -> str:
    return _json(
        {
            "metadata": {"type": kind, "displayName": "stockturn"},
            "config": {"version": "2.0", "logicalId": stable_id("power_bi", kind)},
        }
    )


def _report() -> dict[str, object]:
    """One empty page: the model is what is delivered, visuals are drawn on it."""
    page = {
        "name": "page1", "displayName": "Stockturn", "displayOption": 1, "width": 1280, "height": 720, "filters": "[]",
        "config": "{}", "visualContainers": [],
    }  # fmt: skip
    return {"config": '{"version":"5.50"}', "layoutOptimization": 0, "sections": [page]}


def _model(model: BiModel) -> str:
    culture = _CULTURES[model.language]
    lines = [
        "model Model",
        f"\tculture: {culture}",
        "\tdefaultPowerBIDataSourceVersion: powerBI_V3",
        f"\tsourceQueryCulture: {culture}",
        "\tdiscourageImplicitMeasures: false",
        "",
        f"annotation stockturn_contract_version = {model.contract_version}",
        "",
        *(f"ref table {_name(table.label)}" for table in model.tables),
    ]
    return "\n".join(lines) + "\n"


def _parameters(target: Target) -> str:
    meta = 'meta [IsParameterQuery=true, Type="Text", IsParameterQueryRequired=true]'
    values = (("Server", f"{target.host}:{target.port}"), ("Database", target.database), ("Schema", target.schema))
    return "\n".join(
        f"expression {name} = {_m_text(value)} {meta}\n\tlineageTag: {stable_id('parameter', name)}\n"
        for name, value in values
    )


def _relations(model: BiModel) -> Iterator[str]:
    for relation in model.relations:
        yield f"relationship {stable_id('relation', relation.table, relation.column)}"
        if not relation.is_active:
            yield "\tisActive: false"
        yield f"\tfromColumn: {_end(model, relation, is_from=True)}"
        yield f"\ttoColumn: {_end(model, relation, is_from=False)}"
        yield ""


def _end(model: BiModel, relation: Relation, *, is_from: bool) -> str:
    table, column = (relation.table, relation.column) if is_from else (relation.to_table, relation.to_column)
    known = model.table(table)
    return f"{_name(known.label)}.{_name(known.column(column).label)}"


def _table(model: BiModel, table: BiTable) -> Iterator[str]:
    yield from _described(table.description, "")
    yield f"table {_name(table.label)}"
    yield f"\tlineageTag: {stable_id('table', table.name)}"
    if table.name == _DATES:
        yield "\tdataCategory: Time"
    yield ""
    for measure in model.of_table(table.name):
        yield from _described(measure.description, "\t")
        yield f"\tmeasure {_name(measure.label)} = {dax_measure(measure, model)}"
        yield f"\t\tformatString: {_FORMATS[measure.kind]}"
        yield "\t\tdisplayFolder: KPI"
        yield f"\t\tlineageTag: {stable_id('measure', measure.name)}"
        yield ""
    for column in table.columns:
        yield from _column(table, column)
    source = f'Source{{[Schema=Schema,Item="{table.name}"]}}[Data]'
    yield f"\tpartition {_name(table.label)} = m"
    yield "\t\tmode: import"
    yield "\t\tsource ="
    yield "\t\t\t\tlet"
    yield "\t\t\t\t\tSource = PostgreSQL.Database(Server, Database),"
    yield f"\t\t\t\t\tRows = {source}"
    yield "\t\t\t\tin"
    yield "\t\t\t\t\tRows"


def _column(table: BiTable, column: BiColumn) -> Iterator[str]:
    told = column.description
    if column.values:
        told += " (" + "; ".join(f"{code} = {name}" for code, name in column.values.items()) + ")"
    yield from _described(told, "\t")
    yield f"\tcolumn {_name(column.label)}"
    yield f"\t\tdataType: {_TYPES[column.kind]}"
    if table.name == _DATES and column.name == "date_day":
        yield "\t\tisKey"
    if column.kind in _COLUMN_FORMATS:
        yield f"\t\tformatString: {_COLUMN_FORMATS[column.kind]}"
    elif column.unit == "share":
        yield f"\t\tformatString: {_FORMATS['rate']}"
    yield f"\t\tlineageTag: {stable_id('column', table.name, column.name)}"
    yield f"\t\tsummarizeBy: {'sum' if column.is_added_up else 'none'}"
    yield f"\t\tsourceColumn: {column.name}"
    yield ""


def _described(text: str, indent: str) -> Iterator[str]:
    if text:
        yield f"{indent}/// {' '.join(text.split())}"


def _name(label: str) -> str:
    return dax_name(label)


def _m_text(text: str) -> str:
    return '"' + text.replace('"', '""') + '"'
