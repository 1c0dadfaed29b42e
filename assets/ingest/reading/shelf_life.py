"""The header 保质期 alone: the last usable day, or how long goods keep. What is in the column tells which."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection
from dataclasses import replace

import duckdb

from assets.ingest.reading.raw_table import RAW_TABLE, SOURCE_ROW, RawFile, normal_header

EXPIRY, DAYS = "保质期至", "保质期天数"
_TITLE = re.compile(r"保质期(?:[(/](天|日|月|个月|年)\)?)?")
_LENGTH = r"'^(\d+(?:\.\d+)?)\s*(天|日|个?月|年|d|D)?$'"
_DAY = r"'^\d{4}\D?\d{1,2}\D?\d{1,2}.*$'"
# A year of shelf life ends on the day before its anniversary; a month is a twelfth of it.
_DAYS_OF = "CASE {unit} WHEN '年' THEN 365 WHEN '月' THEN 365 / 12.0 WHEN '个月' THEN 365 / 12.0 ELSE 1 END"


def tell_shelf_life(connection: duckdb.DuckDBPyConnection, raw: RawFile, wanted: Collection[str]) -> RawFile:
    """Name a column 保质期 by what it holds: 保质期至 for days, 保质期天数 (brought to days) for lengths.

    A mapping that asks for the header as it is gets it as it is; a mixed column keeps its name and is noted.
    """
    for at, title in enumerate(raw.header):
        found = _TITLE.fullmatch(re.sub(r"[\s*:]", "", unicodedata.normalize("NFKC", title)))
        if found is None or normal_header(title) in wanted:
            continue
        if not {normal_header(EXPIRY), normal_header(DAYS)} & set(wanted):
            continue
        raw = _settle(connection, raw, at, found[1] or "")
    return raw


def _settle(connection: duckdb.DuckDBPyConnection, raw: RawFile, at: int, unit: str) -> RawFile:
    title, column = raw.header[at], raw.columns[at]
    row = connection.execute(
        f"SELECT count(v), count(*) FILTER (regexp_matches(v, {_DAY})), count(*) FILTER (regexp_matches(v, {_LENGTH})) "
        f"FROM (SELECT sk_half(sk_text({column})) AS v FROM {RAW_TABLE})"
    ).fetchone()
    filled, days, lengths = row or (0, 0, 0)
    if not filled or (days < filled and lengths < filled):
        note = f"{title} holds dates and lengths of time; it is not read" if filled else ""
        return replace(raw, notes=(*raw.notes, note)) if note else raw
    header = list(raw.header)
    # Eight digits are a date and a number of days alike; nothing keeps for 27,000 years.
    header[at] = EXPIRY if days == filled else DAYS
    if normal_header(header[at]) in {normal_header(other) for other in raw.header}:
        return raw
    if days < filled:
        text = f"sk_half(sk_text({column}))"
        own = f"COALESCE(NULLIF(regexp_extract({text}, {_LENGTH}, 2), ''), '{unit}')"
        value = f"CAST(round(CAST(regexp_extract({text}, {_LENGTH}, 1) AS DOUBLE) * {_DAYS_OF.format(unit=own)}) AS VARCHAR)"
        chosen = ", ".join(
            f"CASE WHEN {text} IS NOT NULL THEN {value} END AS {name}" if name == column else name
            for name in raw.columns
        )
        connection.execute(f"CREATE OR REPLACE TEMP TABLE raw_kept AS SELECT {SOURCE_ROW}, {chosen} FROM {RAW_TABLE}")
        connection.execute(f"CREATE OR REPLACE TEMP VIEW {RAW_TABLE} AS SELECT * FROM raw_kept")
    return replace(raw, header=tuple(header), notes=(*raw.notes, f"{title} is read as {header[at]}"))
