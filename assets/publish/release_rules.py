"""What every release is held to, column by column, by the dictionary: type, key and the bounds that a unit implies.

These are the rules that hold for any company's data because of what the unit means; what a value should be for this
company is the matter of the dbt tests and the expectations.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

import duckdb

from assets.publish.content import quoted
from assets.publish.public import SCHEMA as PUBLIC_SCHEMA
from assets.publish.summaries import SCHEMA as SUMMARY_SCHEMA

_COUNTED = {"count", "lines", "rows", "files", "periods", "days", "row"}  # a count of things is never below zero
_SIGNED = ("_gap", "remaining_days", "shift_days")  # a difference; days to a date that may be past
_STATUS = r"^(ok|no_sales|not_available: .+)$"


def release_violations(connection: duckdb.DuckDBPyConnection, dictionary: Sequence[Mapping[str, Any]]) -> list[str]:
    """What a release's database breaks, one line each; empty is good. Marts outside the dictionary are named too."""
    known = {(mart["schema"], mart["name"]) for mart in dictionary}
    found = [
        f"{schema}.{name}: not in the dictionary"
        for schema, name in connection.execute(
            """select table_schema, table_name from information_schema.tables
               where table_schema not in ($summaries, $public) order by all""",
            {"summaries": SUMMARY_SCHEMA, "public": PUBLIC_SCHEMA},
        ).fetchall()
        if (schema, name) not in known
    ]
    for mart in dictionary:
        found.extend(_mart_violations(connection, mart))
    return found


def _mart_violations(connection: duckdb.DuckDBPyConnection, mart: Mapping[str, Any]) -> Iterator[str]:
    relation = f"{quoted(mart['schema'])}.{quoted(mart['name'])}"
    name = f"{mart['schema']}.{mart['name']}"
    try:
        described = connection.execute(f"describe {relation}").fetchall()
    except duckdb.CatalogException:
        yield f"{name}: in the dictionary, not in the release"
        return
    actual = {str(row[0]): str(row[1]) for row in described}
    documented = {column["name"]: column["type"] for column in mart["columns"]}
    for column in sorted(actual.keys() ^ documented.keys()):
        yield f"{name}.{column}: {'not in the dictionary' if column in actual else 'not in the release'}"
    for column in sorted(actual.keys() & documented.keys()):
        if documented[column] and documented[column] != actual[column]:
            yield f"{name}.{column}: {actual[column]}, the dictionary says {documented[column]}"
    for rule, condition in _conditions(mart, actual):
        row = connection.execute(f"select count(*) from {relation} where {condition}").fetchone()
        if row and row[0]:
            yield f"{name}: {row[0]} rows break `{rule}`"
    yield from _key_violations(connection, mart, relation, name)


def column_rules(name: str, kind: str, unit: str, grain: Sequence[str], values: Collection[str] = ()) -> dict[str, str]:
    """Rules that a column of this name, type and unit is held to, each with the condition of a row that breaks it.

    Args:
        values: the codes that the column may hold (values.yml); none where it is no column of codes.
    """
    field = quoted(name)
    rules = {}
    if kind in {"DOUBLE", "FLOAT"}:
        rules["is a number or null"] = f"isnan({field}) or isinf({field})"
    if unit in _COUNTED and kind not in {"VARCHAR", "DATE"} and not name.endswith(_SIGNED):
        rules["is not below zero"] = f"{field} < 0"
    if name.endswith("_status") and unit == "text":
        rules["says ok, no_sales or why not"] = f"not regexp_matches({field}, '{_STATUS}')"
    if values:
        known = ", ".join("'" + code.replace("'", "''") + "'" for code in sorted(values))
        rules["is a known code"] = f"{field} not in ({known})"
    if name in grain:
        rules["is part of the key"] = f"{field} is null"
    return rules


def _conditions(mart: Mapping[str, Any], actual: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Rule and the condition of a row that breaks it."""
    for column in mart["columns"]:
        name = column["name"]
        if name in actual:
            for rule, condition in column_rules(
                name, actual[name], column["unit"], mart["grain"], column.get("values", {})
            ).items():
                yield f"{name} {rule}", condition


def _key_violations(
    connection: duckdb.DuckDBPyConnection, mart: Mapping[str, Any], relation: str, name: str
) -> Iterator[str]:
    if mart["grain"]:
        key = ", ".join(quoted(part) for part in mart["grain"])
        row = connection.execute(
            f"select count(*) from (select 1 from {relation} group by {key} having count(*) > 1)"
        ).fetchone()
        if row and row[0]:
            yield f"{name}: {row[0]} keys ({', '.join(mart['grain'])}) appear twice"
