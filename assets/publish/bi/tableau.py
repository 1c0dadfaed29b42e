"""Data sources of Tableau (.tds): each fact joined to its dimensions, with labels, descriptions, roles and KPIs. Pure.

One file a fact. The joins are of a key to the dimension's own key, so no row is counted twice.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from xml.etree import ElementTree as ET

from assets.publish.bi.expressions import tableau_measure
from assets.publish.bi.model import BiColumn, BiModel, BiTable, Relation
from assets.publish.bi.target import Target

_TYPES = {
    "text": "string", "whole": "integer", "decimal": "real", "double": "real", "boolean": "boolean", "date": "date",
    "timestamp": "datetime",
}  # fmt: skip
_FORMATS = {"rate": "p0.0%", "money": "n#,##0;-#,##0", "turns": "n0.00;-0.00", "days": "n#,##0.0;-#,##0.0"}
_CONNECTION = "postgres.stockturn"


@dataclass(frozen=True)
class _Field:
    """A field of the source: `name` in it, what people see, the table and column that it is."""

    name: str
    caption: str
    table: BiTable
    column: BiColumn


def tableau_files(model: BiModel, target: Target) -> dict[str, str]:
    """Text of each data source by its file name."""
    facts = [table for table in model.tables if not table.name.startswith("dim_")]
    return {f"{table.name}.tds": _source(model, table, target) for table in facts}


def _source(model: BiModel, fact: BiTable, target: Target) -> str:
    relations = [relation for relation in model.relations if relation.table == fact.name and relation.is_active]
    fields = list(_fields(model, fact, relations))
    root = ET.Element(
        "datasource",
        {"formatted-name": f"federated.{fact.name}", "inline": "true", "version": "18.1", "caption": fact.label},
    )
    connection = ET.SubElement(root, "connection", {"class": "federated"})
    named = ET.SubElement(ET.SubElement(connection, "named-connections"), "named-connection")
    named.attrib.update({"caption": target.host, "name": _CONNECTION})
    details = {
        "class": "postgres", "server": target.host, "port": str(target.port), "dbname": target.database, "schema": target.schema,
        "authentication": "username-password", "username": target.user,
    }  # fmt: skip
    ET.SubElement(named, "connection", details)
    connection.append(_joined(model, fact, relations, target))
    columns = ET.SubElement(connection, "cols")
    for field in fields:
        ET.SubElement(
            columns, "map", {"key": f"[{field.name}]", "value": f"[{field.table.name}].[{field.column.name}]"}
        )
    ET.SubElement(root, "aliases", {"enabled": "yes"})
    for field in fields:
        root.append(_column(field))
    names = {field.column.name: f"[{field.name}]" for field in fields if field.table is fact}
    for measure in model.of_table(fact.name):
        element = ET.SubElement(
            root,
            "column",
            {
                "caption": measure.label, "datatype": "real", "name": f"[{measure.name}]", "role": "measure", "type": "quantitative",
                "default-format": _FORMATS[measure.kind],
            },
        )  # fmt: skip
        ET.SubElement(
            element, "calculation", {"class": "tableau", "formula": tableau_measure(measure, names.__getitem__)}
        )
        _described(element, measure.description)
    ET.indent(root)
    return '<?xml version="1.0" encoding="utf-8"?>\n' + ET.tostring(root, encoding="unicode") + "\n"


def _fields(model: BiModel, fact: BiTable, relations: list[Relation]) -> Iterator[_Field]:
    taken: set[str] = set()
    seen = {measure.label for measure in model.of_table(fact.name)}
    for table in (fact, *(model.table(relation.to_table) for relation in relations)):
        for column in table.columns:
            name = f"{column.name} ({table.name})" if column.name in taken else column.name
            taken.add(name)
            caption = f"{column.label} ({table.label})" if column.label in seen else column.label
            seen.add(caption)
            yield _Field(name, caption, table, column)


def _joined(model: BiModel, fact: BiTable, relations: list[Relation], target: Target) -> ET.Element:
    joined = _relation(fact.name, target)
    for relation in relations:
        outer = ET.Element("relation", {"join": "left", "type": "join"})
        equal = ET.SubElement(ET.SubElement(outer, "clause", {"type": "join"}), "expression", {"op": "="})
        ET.SubElement(equal, "expression", {"op": f"[{fact.name}].[{relation.column}]"})
        ET.SubElement(equal, "expression", {"op": f"[{relation.to_table}].[{relation.to_column}]"})
        outer.append(joined)
        outer.append(_relation(relation.to_table, target))
        joined = outer
    return joined


def _relation(table: str, target: Target) -> ET.Element:
    attributes = {"connection": _CONNECTION, "name": table, "table": f"[{target.schema}].[{table}]", "type": "table"}
    return ET.Element("relation", attributes)


def _column(field: _Field) -> ET.Element:
    is_measure = field.column.is_added_up and not field.table.name.startswith("dim_")
    attributes = {
        "caption": field.caption, "datatype": _TYPES[field.column.kind], "name": f"[{field.name}]",
        "role": "measure" if is_measure else "dimension", "type": "quantitative" if is_measure else "nominal",
    }  # fmt: skip
    if field.column.kind in ("date", "timestamp"):
        attributes["type"] = "ordinal"
    if field.column.unit == "share":
        attributes["default-format"] = _FORMATS["rate"]
    element = ET.Element("column", attributes)
    _described(element, field.column.description)
    if field.column.values:
        aliases = ET.SubElement(element, "aliases")
        for code, name in field.column.values.items():
            ET.SubElement(aliases, "alias", {"key": f'"{code}"', "value": name})
    return element


def _described(element: ET.Element, text: str) -> None:
    if text:
        run = ET.SubElement(ET.SubElement(ET.SubElement(element, "desc"), "formatted-text"), "run")
        run.text = text
