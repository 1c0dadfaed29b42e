"""What the rows of a file say that its headers do not: codes, keys, how days are written, the newest day."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass

import duckdb

from assets.ingest.describe.roles import Column, Reading
from assets.ingest.reading.raw_table import RAW_TABLE, SOURCE_ROW, RawFile
from assets.ingest.typing.text_macros import date_macros

_SAMPLES = 8
_MOST_CODES = 200
_SHOWN_ROWS = 3
_DAYS = ("business_date", "shipment_date", "count_date", "order_date")
_DOCUMENTS = ("shipment_no", "doc_no", "po_no", "count_no")


@dataclass(frozen=True)
class FileFacts:
    """Facts of the rows under one reading.

    `codes` are the different movement types; `has_lines` is True where document and line number tell every row from the
    others; `formats` are the formats of date columns whose year comes last, with "open" where no value tells day from month;
    `notes` is the text of the title rows.
    """

    codes: tuple[str, ...]
    has_lines: bool
    formats: Mapping[str, tuple[str, str]]
    last_day: dt.date | None
    notes: str


def columns_of(connection: duckdb.DuckDBPyConnection, raw: RawFile) -> list[Column]:
    """The columns of table `raw`, each with its first different texts."""
    return [Column(title, _samples(connection, column)) for title, column in zip(raw.header, raw.columns, strict=True)]


def first_rows(connection: duckdb.DuckDBPyConnection, raw: RawFile) -> tuple[dict[str, str], ...]:
    """The first rows of table `raw` as header: text, empty cells left out."""
    rows = connection.execute(
        f"SELECT {', '.join(raw.columns)} FROM {RAW_TABLE} ORDER BY {SOURCE_ROW} LIMIT {_SHOWN_ROWS}"
    ).fetchall()
    return tuple({title: text for title, text in zip(raw.header, row, strict=True) if text} for row in rows)


def gather_facts(connection: duckdb.DuckDBPyConnection, raw: RawFile, reading: Reading) -> FileFacts:
    """Facts of table `raw` under a reading of its columns."""
    places = dict(zip(raw.header, raw.columns, strict=True))
    codes: tuple[str, ...] = ()
    if "movement_type" in reading.columns:
        codes = _distinct(connection, places[reading.columns["movement_type"]])
    formats = _formats(connection, places, reading)
    return FileFacts(
        codes,
        _is_key(connection, places, reading),
        formats,
        _last_day(connection, places, reading, formats),
        " ".join(cell for _, cells in raw.above for cell in cells),
    )


def _samples(connection: duckdb.DuckDBPyConnection, column: str) -> tuple[str, ...]:
    rows = connection.execute(
        f"SELECT DISTINCT {column} FROM (SELECT {column} FROM {RAW_TABLE} WHERE sk_text({column}) IS NOT NULL LIMIT 500) LIMIT {_SAMPLES}"
    ).fetchall()
    return tuple(sorted(row[0] for row in rows))


def _distinct(connection: duckdb.DuckDBPyConnection, column: str) -> tuple[str, ...]:
    query = f"SELECT DISTINCT sk_code({column}) AS code FROM {RAW_TABLE} WHERE sk_text({column}) IS NOT NULL ORDER BY 1 LIMIT {_MOST_CODES}"
    return tuple(row[0] for row in connection.execute(query).fetchall())


def _is_key(connection: duckdb.DuckDBPyConnection, places: Mapping[str, str], reading: Reading) -> bool:
    document = next((reading.columns[name] for name in _DOCUMENTS if name in reading.columns), None)
    line = next((reading.columns[name] for name in reading.columns if name.endswith("line_id")), None)
    if document is None or line is None:
        return False
    a, b = places[document], places[line]
    row = connection.execute(
        f"SELECT count(*), count(DISTINCT (sk_code({a}), sk_code({b}))) FROM {RAW_TABLE}"
    ).fetchone()
    return row is not None and row[0] == row[1]


def _formats(
    connection: duckdb.DuckDBPyConnection, places: Mapping[str, str], reading: Reading
) -> dict[str, tuple[str, str]]:
    """Formats of date columns whose year comes last: which part is the day, all of their values tell."""
    found = {}
    for name, title in reading.columns.items():
        if not name.endswith("_date"):
            continue
        column = places[title]
        row = connection.execute(
            rf"SELECT count(*) FILTER (regexp_matches(t, '^\d{{1,2}}[/.-]\d{{1,2}}[/.-]\d{{4}}')), "
            rf"max(TRY_CAST(regexp_extract(t, '^(\d{{1,2}})', 1) AS INTEGER)), "
            rf"max(TRY_CAST(regexp_extract(t, '^\d{{1,2}}[/.-](\d{{1,2}})', 1) AS INTEGER)), "
            rf"any_value(regexp_extract(t, '^\d{{1,2}}([/.-])', 1)) FILTER (regexp_matches(t, '^\d{{1,2}}[/.-]')), "
            rf"count(*) FILTER (regexp_matches(t, '^\d{{1,2}}-[A-Za-z]{{3}}-\d{{2}}$')), "
            rf"count(*) FILTER (regexp_matches(t, '^\d{{1,2}}/\d{{1,2}}/\d{{2}}$')) "
            f"FROM (SELECT sk_text({column}) AS t FROM {RAW_TABLE}) WHERE t IS NOT NULL"
        ).fetchone()
        if row is not None and (row[0] or row[5]):
            mark, year = row[3], "%Y" if row[0] else "%y"
            day_first = (row[1] or 0) > 12
            month_first = (row[2] or 0) > 12
            order = ("%d", "%m") if day_first or not month_first else ("%m", "%d")
            found[name] = (f"{order[0]}{mark}{order[1]}{mark}{year}", "" if day_first or month_first else "open")
        elif row is not None and row[4]:
            found[name] = ("%d-%b-%y", "")
    return found


def _last_day(
    connection: duckdb.DuckDBPyConnection,
    places: Mapping[str, str],
    reading: Reading,
    formats: Mapping[str, tuple[str, str]],
) -> dt.date | None:
    """The newest day of the file: what it was exported on, as far as it tells."""
    name = next((name for name in _DAYS if name in reading.columns), None)
    if name is None:
        return None
    connection.execute(";".join(date_macros("", list(formats.get(name, ())[:1]), "UTC")))
    row = connection.execute(f"SELECT max(sk_date({places[reading.columns[name]]})) FROM {RAW_TABLE}").fetchone()
    return row[0] if row is not None else None
