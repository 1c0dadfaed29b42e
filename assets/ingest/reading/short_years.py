"""Dates with two digits for the year (`24-1-5`): read as year, month, day where the file itself shows that they are.

Year first or day first cannot be determined from one such date. Over a file the days of the month spread further than the
years do, so the part that spreads is the day. Where nothing spreads, nothing is guessed: the rows go to quarantine and
the mapping is to name the format.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

import duckdb

from assets.ingest.mapping.language import Dataset
from assets.ingest.reading.raw_table import RAW_TABLE, RawFile

YEAR_FIRST = ("%y-%m-%d", "%y/%m/%d", "%y.%m.%d")
_SHORT = re.compile(r"\s*\d{2}([-/.])\d{1,2}\1\d{1,2}(\s.*)?")
_PARTS = r"'^\s*(\d{2})[-/.](\d{1,2})[-/.](\d{1,2})(\s.*)?$'"


def tell_short_years(
    connection: duckdb.DuckDBPyConnection, raw: RawFile, dataset: Dataset, sample: Sequence[Sequence[str | None]]
) -> RawFile:
    """The file with the formats of two-digit years that it shows; `sample` are its first rows."""
    columns = [
        column
        for at, column in enumerate(raw.columns)
        if any(row[at] is not None and _SHORT.fullmatch(row[at] or "") for row in sample)
    ]
    rules = [rule for branch in dataset.branches for rule in branch.columns.values()]
    declared = [*dataset.date_formats, *(text for rule in rules for text in rule.formats)]
    if not columns or any("%y" in text for text in declared):
        return raw
    parts = " UNION ALL ".join(
        f"SELECT {', '.join(f'TRY_CAST(regexp_extract({column}, {_PARTS}, {part}) AS INTEGER) AS p{part}' for part in (1, 2, 3))} "
        f"FROM {RAW_TABLE}"
        for column in columns
    )
    row = connection.execute(
        "SELECT max(p1) - min(p1), max(p3) - min(p3), bool_and(p2 BETWEEN 1 AND 12 AND p3 BETWEEN 1 AND 31) "
        f"FROM ({parts}) WHERE p1 IS NOT NULL"
    ).fetchone()
    if row is None or not row[2] or row[1] <= row[0]:
        return raw
    note = "two-digit years are read as year, month, day: the last part spreads further than the first"
    return replace(raw, date_formats=(*raw.date_formats, *YEAR_FIRST), notes=(*raw.notes, note))
