"""The codes that a database really holds against the enums of a mapping: unknown ones, and ones that never occur."""

from __future__ import annotations

from collections.abc import Iterator

import sqlalchemy as sa

from assets.ingest.describe.findings import Finding
from assets.ingest.live.reader import text_of
from assets.ingest.live.sql_connection import reported
from assets.ingest.live.sql_reader import PreparedSql
from assets.ingest.mapping.language import Dataset, Mapping

MOST_CODES = 200
"""A column with more values than that is no code."""


def code_findings(prepared: PreparedSql, dataset: Dataset, mapping: Mapping) -> Iterator[Finding]:
    """Codes of columns that are looked up in an enum, over all rows of the source."""
    seen: set[tuple[str, str]] = set()
    for branch in dataset.branches:
        for rule in branch.columns.values():
            if rule.enum is None or rule.from_ is None or (rule.from_, rule.enum) in seen:
                continue
            seen.add((rule.from_, rule.enum))
            yield from _of_column(prepared, dataset, rule.from_, rule.enum, mapping)


def _of_column(prepared: PreparedSql, dataset: Dataset, header: str, enum: str, mapping: Mapping) -> Iterator[Finding]:
    query = prepared.query
    column = query.values[query.headers.index(header)]
    statement = (
        sa.select(column.label("code"), sa.func.count().label("rows"))
        .select_from(query.origin)
        .group_by(column)
        .order_by(sa.desc("rows"))
        .limit(MOST_CODES)
    )
    with reported(prepared.reader.secrets, "could not be asked for its codes", "Check the account's rights."):
        counted = prepared.reader.connection.execute(statement).fetchall()
    there = {(text_of(code) or "").strip(): rows for code, rows in counted if code is not None}
    known = {code for code in mapping.enums[enum] if code != "_default"}
    default = mapping.enums[enum]["_default"]
    unknown = {code: rows for code, rows in there.items() if code and code not in known}
    if unknown:
        listed = ", ".join(f"{code} ({rows} rows)" for code, rows in list(unknown.items())[:10])
        fate = "their rows go to quarantine" if default == "fail" else f"they are read as {default}"
        yield Finding(
            "error" if default == "fail" else "warning",
            dataset.name,
            f"{header}: enum {enum} does not have {listed}; {fate}",
        )
    never = sorted(known - set(there))
    if never and len(counted) < MOST_CODES:
        yield Finding("info", dataset.name, f"{header}: no row has {', '.join(never[:20])} of enum {enum}")
