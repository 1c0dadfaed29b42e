"""The rules that a sheet or a small text file goes through after it was read and before a mapping sees it, in their order."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import duckdb

from assets.ingest.mapping.language import Dataset
from assets.ingest.reading.fill_down import fill_down
from assets.ingest.reading.implied_columns import add_told
from assets.ingest.reading.other_tables import set_aside_other_tables
from assets.ingest.reading.raw_table import RAW_TABLE, SOURCE_ROW, RawFile
from assets.ingest.reading.shelf_life import tell_shelf_life
from assets.ingest.reading.short_years import tell_short_years
from assets.ingest.reading.titles import take_titles
from assets.ingest.reading.totals import settle_bare_total, settle_totals
from assets.ingest.reading.traditional import simplify_codes
from assets.ingest.reading.units import scale_units

_SAMPLE_ROWS = 50


def apply_rules(
    connection: duckdb.DuckDBPyConnection,
    raw: RawFile,
    name: str,
    dataset: Dataset,
    expected: Sequence[str],
    wanted: Collection[str],
    *,
    may_hold_totals: bool,
) -> RawFile:
    """Table `raw` as a person reads it: totals checked and left out, units of money applied, titles and heads carried.

    `expected` are the headers of the dataset, `wanted` all their spellings, normalised. Raises IngestError where a total
    does not agree.
    """
    raw = set_aside_other_tables(connection, raw, wanted)
    raw = scale_units(connection, raw, wanted)
    if may_hold_totals:
        raw = settle_totals(connection, raw, name)
    raw = settle_bare_total(connection, raw)
    raw = simplify_codes(connection, raw, dataset)
    raw = fill_down(connection, raw, dataset)
    raw = add_told(connection, raw, dataset)
    raw = tell_shelf_life(connection, raw, wanted)
    raw = take_titles(connection, raw, dataset, expected)
    return tell_short_years(connection, raw, dataset, _sample(connection, raw))


def _sample(connection: duckdb.DuckDBPyConnection, raw: RawFile) -> list[tuple[str | None, ...]]:
    columns = ", ".join(raw.columns)
    if not columns:
        return []
    return connection.execute(
        f"SELECT {columns} FROM {RAW_TABLE} ORDER BY {SOURCE_ROW} LIMIT {_SAMPLE_ROWS}"
    ).fetchall()
