"""Rows that a mapping asks to be reshaped: cross-tabs taken apart into a row for each cell, equal rows dropped, rows numbered
within their document (`unpivot`, `repeated_rows`, `position_by` of the mapping language)."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import replace

import duckdb

from assets.ingest.errors import IngestError
from assets.ingest.mapping.language import Dataset
from assets.ingest.mapping.row_keys import POSITION, ROW_NUMBER, Unpivot
from assets.ingest.reading.raw_table import RAW_TABLE, SOURCE_ROW, RawFile, normal_header
from assets.ingest.sqltext import literal

CELLS_A_ROW = 1000
"""The cell in row 12, column 3 of a cross-tab is row 12003: the unit that is landed or kept back is the cell."""


def reshape_rows(
    connection: duckdb.DuckDBPyConnection, raw: RawFile, dataset: Dataset, name: str, asked: Collection[str]
) -> RawFile:
    """`raw` as the mapping wants its rows; as it was where the mapping asks for nothing of the kind."""
    if dataset.unpivot is not None:
        raw = _unpivot(connection, raw, dataset.unpivot, name)
    is_numbered = ROW_NUMBER in asked or POSITION in asked
    if dataset.repeated_rows == "drop" or is_numbered:
        raw = _without_repeated(connection, raw, is_dropped=dataset.repeated_rows == "drop")
    return _numbered(connection, raw, dataset, name) if is_numbered else raw


def _unpivot(connection: duckdb.DuckDBPyConnection, raw: RawFile, rule: Unpivot, name: str) -> RawFile:
    pattern = re.compile(rule.columns)
    found = [
        (at, match) for at, title in enumerate(raw.header) if (match := pattern.fullmatch(title.strip())) is not None
    ]
    if not found:
        raise IngestError(
            f"has no column that `unpivot` takes apart ({rule.columns}); it has {', '.join(raw.header)}",
            file=name,
            fix="Correct `unpivot.columns` in the mapping, or export the file with these columns.",
        )
    if len(raw.header) >= CELLS_A_ROW:
        raise IngestError(
            f"has {len(raw.header)} columns; up to {CELLS_A_ROW} are taken apart", file=name, fix="Split it."
        )
    taken = {at for at, _ in found}
    kept = [at for at in range(len(raw.header)) if at not in taken]
    groups = list(pattern.groupindex)
    cells = " UNION ALL ".join(
        f"SELECT {SOURCE_ROW} * {CELLS_A_ROW} + {at + 1} AS {SOURCE_ROW}, "
        + "".join(f"c{old} AS c{new}, " for new, old in enumerate(kept))
        + "".join(
            f"{literal(text or '')} AS c{len(kept) + new}, "
            for new, text in enumerate([match[0], *(match[group] for group in groups)])
        )
        + f"c{at} AS c{len(kept) + 1 + len(groups)} FROM {RAW_TABLE} WHERE sk_text(c{at}) IS NOT NULL"
        for at, match in found
    )
    connection.execute(f"CREATE OR REPLACE TEMP TABLE raw_cells AS SELECT * FROM ({cells}) ORDER BY {SOURCE_ROW}")
    connection.execute(f"CREATE OR REPLACE TEMP VIEW {RAW_TABLE} AS SELECT * FROM raw_cells")
    count = connection.execute("SELECT count(*) FROM raw_cells").fetchone()
    return replace(
        raw,
        header=(*(raw.header[at] for at in kept), rule.name, *groups, rule.value),
        rows=count[0] if count else 0,
        notes=(
            *raw.notes,
            f"{len(found)} columns ({found[0][1][0]} ...) were taken apart: row 12, column 3 is row 12003",
        ),
        added=(*raw.added, rule.name, *groups, rule.value),
    )


def _without_repeated(connection: duckdb.DuckDBPyConnection, raw: RawFile, *, is_dropped: bool) -> RawFile:
    """Rows that are equal in every column, counted and said; left out where the mapping says so."""
    names = ", ".join(raw.columns)
    row = connection.execute(
        f"SELECT count(*) - count(DISTINCT row({names})), min({SOURCE_ROW}) FILTER (nth = 2) FROM (SELECT *, row_number() "
        f"OVER (PARTITION BY {names} ORDER BY {SOURCE_ROW}) AS nth FROM {RAW_TABLE})"
    ).fetchone()
    count, first = row if row is not None else (0, None)
    if not count:
        return raw
    said = "are left out" if is_dropped else "are kept; `repeated_rows: drop` leaves them out"
    raw = replace(
        raw, notes=(*raw.notes, f"warning: {count} rows equal one above them (the first is row {first}) and {said}")
    )
    if not is_dropped:
        return raw
    connection.execute(
        f"CREATE OR REPLACE TEMP TABLE raw_once AS SELECT * FROM {RAW_TABLE} QUALIFY row_number() OVER "
        f"(PARTITION BY {names} ORDER BY {SOURCE_ROW}) = 1 ORDER BY {SOURCE_ROW}"
    )
    connection.execute(f"CREATE OR REPLACE TEMP VIEW {RAW_TABLE} AS SELECT * FROM raw_once")
    return replace(raw, rows=raw.rows - count)


def _numbered(connection: duckdb.DuckDBPyConnection, raw: RawFile, dataset: Dataset, name: str) -> RawFile:
    places = {normal_header(title): column for title, column in zip(raw.header, raw.columns, strict=True)}
    by = []
    for header in dataset.position_by:
        column = next(
            (places[found] for spelt in dataset.spellings(header) if (found := normal_header(spelt)) in places), None
        )
        if column is None:
            raise IngestError(
                f"lacks {header}, within which `position_by` numbers its rows; it has {', '.join(raw.header)}",
                file=name,
                fix="Correct `position_by` in the mapping.",
            )
        by.append(f"sk_code({column})")
    window = f"PARTITION BY {', '.join(by)} " if by else ""
    position = f"CAST(row_number() OVER ({window}ORDER BY {SOURCE_ROW}) AS VARCHAR)"
    width = len(raw.header)
    connection.execute(
        f"CREATE OR REPLACE TEMP TABLE raw_placed AS SELECT *, CAST({SOURCE_ROW} AS VARCHAR) AS c{width}, "
        f"{position} AS c{width + 1} FROM {RAW_TABLE} ORDER BY {SOURCE_ROW}"
    )
    connection.execute(f"CREATE OR REPLACE TEMP VIEW {RAW_TABLE} AS SELECT * FROM raw_placed")
    return replace(raw, header=(*raw.header, ROW_NUMBER, POSITION), added=(*raw.added, ROW_NUMBER, POSITION))
