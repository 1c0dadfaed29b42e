"""Rows of checks that failed in a run that released nothing: as findings, each with the file and line that it comes from."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import duckdb

from expectations.incidents.model import CheckResult, Finding, as_date, as_row_number, as_text
from expectations.incidents.texts import word

# The metadata of a check under which its first failing rows are kept.
EXAMPLES = "failing_examples"
MOVEMENTS = "intermediate.int_stock_movements"
# From the closest to the widest: the movement itself, the line of its document, the newest movement of the item there.
LOCATORS = (
    ("movement_key",),
    ("doc_no", "item_id", "warehouse_id"),
    ("doc_no", "item_id"),
    ("item_id", "warehouse_id"),
    ("item_id",),
)


def plain_rows(rows: Sequence[Mapping[str, Any]]) -> list[dict[str, str | None]]:
    """Rows as text, so that an event log can keep them."""
    return [{name: None if value is None else str(value) for name, value in row.items()} for row in rows]


def findings_of(result: CheckResult, rows: Sequence[Mapping[str, Any]], warehouse: Path | None) -> Iterator[Finding]:
    """The failing rows of a check as findings of its own.

    Args:
        result: The check; its id is the rule of the findings.
        rows: Column -> value of each row, as `plain_rows` gives them.
        warehouse: File of the warehouse in which rows without lineage are looked up; None or absent: they stay without.
    """
    located = list(_located(rows, warehouse))
    for number, row in enumerate(located):
        content = ", ".join(f"{name} {value}" for name, value in rows[number].items() if value is not None)
        file, line = as_text(row.get("source_file")), as_row_number(row.get("source_row"))
        words = {"file": file, "line": line or "-", "what": result.contract_or_model}
        key = "failing_row_task" if file else "failing_row_task_unknown"
        yield Finding(
            finding_id=hashlib.sha256(f"{result.check_id}\x1f{content}".encode()).hexdigest()[:24],
            rule_id=result.check_id,
            severity=result.severity,
            item_id=as_text(row.get("item_id")),
            warehouse_id=as_text(row.get("warehouse_id")),
            doc_no=as_text(row.get("doc_no")),
            business_date=as_date(row.get("business_date")),
            source_instance=as_text(row.get("source_instance")),
            source_file=file,
            source_row=line,
            cause=result.message if not number else "",
            explanation=content,
            explanation_zh=content,
            task=word(key, "en", **words),
            task_zh=word(key, "zh", **words),
        )


def _located(rows: Sequence[Mapping[str, Any]], warehouse: Path | None) -> Iterator[dict[str, Any]]:
    """The rows, those that name no file with the file and line of the movement that they are about."""
    if warehouse is None or not warehouse.is_file() or all(row.get("source_file") for row in rows):
        yield from map(dict, rows)
        return
    with duckdb.connect(str(warehouse), read_only=True) as connection:
        schema, _, table = MOVEMENTS.partition(".")
        known = {
            name
            for (name,) in connection.execute(
                "select column_name from information_schema.columns where table_schema = ? and table_name = ?",
                [schema, table],
            ).fetchall()
        }
        for row in rows:
            yield dict(row) if row.get("source_file") else {**row, **_movement(connection, row, known)}


def _movement(connection: duckdb.DuckDBPyConnection, row: Mapping[str, Any], known: set[str]) -> dict[str, Any]:
    for keys in LOCATORS:
        if known.issuperset(keys) and all(row.get(key) for key in keys):
            wanted = " and ".join(f"{key} = ?" for key in keys)
            found = connection.execute(
                f"select source_file, source_row, source_instance, doc_no, business_date from {MOVEMENTS} where {wanted} "
                "order by movement_sequence desc limit 1",
                [row[key] for key in keys],
            ).fetchone()
            if found is not None:
                names = ("source_file", "source_row", "source_instance", "doc_no", "business_date")
                return dict(zip(names, found, strict=True))
    return {}
