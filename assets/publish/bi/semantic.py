"""The public model for semantic layers: Open Semantic Interchange (core specification 0.2) and Cube. Pure."""

from __future__ import annotations

import json
from typing import Any

import yaml

from assets.publish.bi.expressions import sql_columns, sql_measure
from assets.publish.bi.model import BiColumn, BiModel, BiTable, Measure
from assets.publish.bi.target import Target

OSI_VERSION = "0.2.0.dev0"
_OSI_TYPES = {
    "text": "String", "whole": "Integer", "decimal": "Decimal", "double": "Float", "boolean": "Boolean", "date": "Date",
    "timestamp": "DateTimeTz",
}  # fmt: skip
_CUBE_TYPES = {
    "whole": "number",
    "decimal": "number",
    "double": "number",
    "boolean": "boolean",
    "date": "time",
    "timestamp": "time",
}
_CUBE_FORMATS = {"rate": "percent", "money": "currency"}


def osi_document(model: BiModel, target: Target) -> str:
    """The model as one OSI document: datasets, relationships, metrics."""
    semantic = {
        "name": "stockturn",
        "description": "Inventory health: turnover, ageing, service, plan, accuracy of the books.",
        "ai_context": {"instructions": "Never average a ratio: use the metrics, or sum numerator and denominator and divide."},
        "datasets": [_osi_dataset(table, model.of_table(table.name), target) for table in model.tables],
        "relationships": [
            {
                "name": f"{one.table}_{one.column}", "from": one.table, "to": one.to_table, "from_columns": [one.column],
                "to_columns": [one.to_column],
            }
            for one in model.relations
        ],
        "custom_extensions": [
            {"vendor_name": "COMMON", "data": json.dumps({"contract_version": model.contract_version})}
        ],
    }  # fmt: skip
    return _yaml({"version": OSI_VERSION, "semantic_model": [semantic]})


def _osi_dataset(table: BiTable, measures: tuple[Measure, ...], target: Target) -> dict[str, Any]:
    found: dict[str, Any] = {
        "name": table.name,
        "source": f"{target.database}.{target.schema}.{table.name}",
        "description": table.description,
        "ai_context": {"synonyms": [table.label]},
        "fields": [_osi_field(column) for column in table.columns],
    }
    if table.key:
        found["primary_key"] = list(table.key)
    if measures:
        found["metrics"] = [
            {
                "name": measure.name,
                "description": measure.description,
                "expression": _osi_expression(sql_measure(measure)),
                "ai_context": {"synonyms": [measure.label]},
            }
            for measure in measures
        ]
    return found


def _osi_field(column: BiColumn) -> dict[str, Any]:
    words = {"unit": column.unit, **({"values": dict(column.values)} if column.values else {})}
    return {
        "name": column.name,
        "expression": _osi_expression(column.name),
        "label": column.label,
        "description": column.description,
        "datatype": _OSI_TYPES[column.kind],
        "dimension": {"is_time": column.kind in ("date", "timestamp")},
        "custom_extensions": [{"vendor_name": "COMMON", "data": json.dumps(words, ensure_ascii=False)}],
    }


def _osi_expression(text: str) -> dict[str, Any]:
    return {"dialects": [{"dialect": "ANSI_SQL", "expression": text}]}


def cube_files(model: BiModel, target: Target) -> dict[str, str]:
    """A data model file of Cube for each mart, by its file name."""
    return {f"{table.name}.yml": _yaml({"cubes": [_cube(model, table, target)]}) for table in model.tables}


def _cube(model: BiModel, table: BiTable, target: Target) -> dict[str, Any]:
    joins = [
        {
            "name": one.to_table,
            "relationship": "many_to_one",
            "sql": f"{{CUBE}}.{one.column} = {{{one.to_table}}}.{one.to_column}",
        }
        for one in model.relations
        if one.table == table.name and one.is_active
    ]
    measures: list[dict[str, Any]] = [{"name": "count", "type": "count"}]
    measures += [
        {
            "name": f"total_{column.name}",
            "title": column.label,
            "description": column.description,
            "sql": f"{{CUBE}}.{column.name}",
            "type": "sum",
        }
        for column in table.columns
        if column.is_added_up
    ]
    measures += [
        {
            "name": measure.name,
            "title": measure.label,
            "description": measure.description,
            "sql": sql_measure(measure, "{CUBE}."),
            "type": "number",
            **({"format": _CUBE_FORMATS[measure.kind]} if measure.kind in _CUBE_FORMATS else {}),
            "meta": {"columns": sorted(sql_columns(measure))},
        }
        for measure in model.of_table(table.name)
    ]
    return {
        "name": table.name,
        "title": table.label,
        "description": table.description,
        "sql_table": f"{target.schema}.{table.name}",
        "meta": {"contract_version": model.contract_version},
        "joins": joins,
        "dimensions": [
            {
                "name": column.name,
                "title": column.label,
                "description": column.description,
                "sql": _cube_sql(column),
                "type": _CUBE_TYPES.get(column.kind, "string"),
                **({"primary_key": True} if column.name in table.key else {}),
                "meta": {"unit": column.unit, **({"values": dict(column.values)} if column.values else {})},
            }
            for column in table.columns
        ],
        "measures": measures,
    }


def _cube_sql(column: BiColumn) -> str:
    """Cube's times are timestamps."""
    return f"cast({{CUBE}}.{column.name} as timestamp)" if column.kind == "date" else f"{{CUBE}}.{column.name}"


def _yaml(document: object) -> str:
    return str(yaml.safe_dump(document, allow_unicode=True, sort_keys=False, width=160))
