"""Codes of a file in traditional characters (採購入庫單), brought to the simplified ones in which enums are written.

Only the columns that a mapping looks up in an enum are converted, and only in a file whose headers are traditional;
names and remarks stay as people wrote them.
"""

from __future__ import annotations

from dataclasses import replace

import duckdb

from assets.ingest.mapping.language import Dataset
from assets.ingest.reading.chinese import is_traditional, simplified
from assets.ingest.reading.raw_table import RAW_TABLE, SOURCE_ROW, RawFile, normal_header
from assets.ingest.sqltext import literal

_MOST_CODES = 500
"""A column with more values than that is no code."""


def simplify_codes(connection: duckdb.DuckDBPyConnection, raw: RawFile, dataset: Dataset) -> RawFile:
    """Convert the codes in table `raw`; does nothing for a file in simplified characters."""
    if not is_traditional(raw.header):
        return raw
    rules = [rule for branch in dataset.branches for rule in branch.columns.values() if rule.enum is not None]
    headers = dict.fromkeys(header for rule in rules for header in rule.headers)
    wanted = {normal_header(name) for header in headers for name in dataset.spellings(header)}
    chosen, converted = [], 0
    for title, column in zip(raw.header, raw.columns, strict=True):
        codes = _traditional_codes(connection, column) if normal_header(title) in wanted else {}
        converted += len(codes)
        branches = " ".join(f"WHEN {literal(code)} THEN {literal(plain)}" for code, plain in codes.items())
        chosen.append(f"CASE {column} {branches} ELSE {column} END AS {column}" if branches else column)
    if not converted:
        return raw
    connection.execute(
        f"CREATE OR REPLACE TEMP TABLE raw_simplified AS SELECT {SOURCE_ROW}, {', '.join(chosen)} FROM {RAW_TABLE}"
    )
    connection.execute(f"CREATE OR REPLACE TEMP VIEW {RAW_TABLE} AS SELECT * FROM raw_simplified")
    return replace(raw, notes=(*raw.notes, f"{converted} codes in traditional characters were read as simplified ones"))


def _traditional_codes(connection: duckdb.DuckDBPyConnection, column: str) -> dict[str, str]:
    rows = connection.execute(
        f"SELECT DISTINCT {column} FROM {RAW_TABLE} WHERE {column} IS NOT NULL ORDER BY 1 LIMIT {_MOST_CODES + 1}"
    ).fetchall()
    codes = [row[0] for row in rows] if len(rows) <= _MOST_CODES else []
    return {code: simplified(code) for code in codes if simplified(code) != code}
