"""Rows of totals at the foot of a file and between its parts: checked against the rows they add up, and not loaded."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from decimal import ROUND_HALF_UP, Context, Decimal
from pathlib import Path
from typing import Any

import duckdb

from assets.ingest.errors import IngestError
from assets.ingest.reading.raw_table import RAW_TABLE, SOURCE_ROW, RawFile
from assets.ingest.sqltext import literal

_LABEL = r"(?:.*[合小总總]|累|本?[页頁期][合小累])\s*[计計][数數]?[:：]?"
# A total of these means nothing, and what is there is an average at best.
_NOT_ADDED = re.compile(r"价|率|折扣|比例|日期|单号|编码|编号|代码|名称|行号|序号|price|rate|no$", re.IGNORECASE)
_ADDED = re.compile(r"数|數|量|额|額|成本|结存|結存|库存|庫存|qty|quantity|units|amount|value", re.IGNORECASE)

_STARTS = tuple(f"{first}{gap}" for first in "合总總小累" for gap in ("", " ", "\u3000", "  "))
# The last letter of the words and what may come before it, as bytes.
_WORDS = {
    last.encode(encoding): tuple(start.encode(encoding) for start in _STARTS)
    for last in "计計"
    for encoding in ("utf-8", "gb18030", "utf-16-le")
}
_MOST_BYTES = 64 << 20


def may_hold_totals(path: Path) -> bool:
    """True where a text file has one of the words; very large extracts come from interfaces, which add no totals."""
    if path.stat().st_size > _MOST_BYTES:
        return False
    data = path.read_bytes()
    return any(_holds(data, last, starts) for last, starts in _WORDS.items())


def _holds(data: bytes, last: bytes, starts: tuple[bytes, ...]) -> bool:
    place = data.find(last)
    while place >= 0:
        if data.endswith(starts, 0, place):
            return True
        place = data.find(last, place + 1)
    return False


def settle_totals(connection: duckdb.DuckDBPyConnection, raw: RawFile, name: str) -> RawFile:
    """Take the rows of totals out of `raw`; raises IngestError where one differs from the sum of its rows.

    A row of totals is one whose first filled cell says so. It adds up the rows since some total before it, or all of them: which,
    its numbers tell. It is compared at the decimals that it shows, as it has been rounded to them.
    """
    label = f"COALESCE({', '.join(f'sk_text({column})' for column in raw.columns)}, NULL)"
    where = f"regexp_full_match({label}, {literal(_LABEL)})"
    if not connection.execute(f"SELECT 1 FROM {RAW_TABLE} WHERE {where} LIMIT 1").fetchone():
        return raw
    found = _read(connection, raw, f"WHERE {where} ORDER BY {SOURCE_ROW}")
    _leave_out(connection, [row[0] for row in found])
    before = [0]
    for row, *cells in found:
        totals = _totals(raw, cells)
        doubts = [_first_doubt(connection, totals, since, row) for since in reversed(before)]
        if all(doubts):
            doubt = doubts[-1] if doubts[-1] is not None else doubts[0]
            title, text, sum_of_rows = doubt or ("", "", "")
            raise IngestError(
                f"says {text}, but the rows that it adds up give {sum_of_rows}",
                file=name,
                row=row,
                column=title,
                fix="Rows are missing or were changed after the export; export the file again.",
            )
        before.append(row)
    return replace(raw, rows=raw.rows - len(found), notes=(*raw.notes, f"{len(found)} rows of totals agree"))


def settle_bare_total(connection: duckdb.DuckDBPyConnection, raw: RawFile) -> RawFile:
    """Take out a last row that has numbers alone and adds up the rows above: a total that does not call itself one.

    Where its numbers do not agree it is a row like the others, which lacks what a row must have.
    """
    if raw.rows <= _FEWEST_ADDED or not raw.columns:
        return raw
    # Looked at in Python first: planning the reading of numbers for every column costs more than reading a small file.
    columns = ", ".join(raw.columns)
    texts = connection.execute(f"SELECT {columns} FROM {RAW_TABLE} ORDER BY {SOURCE_ROW} DESC LIMIT 1").fetchone()
    filled = [text for text in texts or () if text and text.strip()]
    if not filled or len(filled) * 2 > len(raw.columns) or not all(re.search(r"\d", text) for text in filled):
        return raw
    (row, *cells), *_ = _read(connection, raw, f"ORDER BY {SOURCE_ROW} DESC LIMIT 1")
    totals = _totals(raw, cells)
    if len(filled) != len(totals) or not all(_ADDED.search(title) for title, *_ in totals):
        return raw
    counts = connection.execute(
        f"SELECT {', '.join(f'count({column})' for column in raw.columns)} FROM {RAW_TABLE} WHERE {SOURCE_ROW} < {row}"
    ).fetchone()
    # A row of goods has its key; the total is the one row that lacks it.
    if not any(number == raw.rows - 1 and not text for number, text in zip(counts or (), texts or (), strict=True)):
        return raw
    if all(Decimal(total) == 0 for _, _, total, _ in totals) or _first_doubt(connection, totals, 0, row) is not None:
        return raw
    _leave_out(connection, [row])
    return replace(raw, rows=raw.rows - 1, notes=(*raw.notes, "the last row adds up the others and is left out"))


_EXACT = Context(prec=60, rounding=ROUND_HALF_UP)
_FEWEST_ADDED = 2
"""A last row that equals the one above it is no proof of a sum."""
_Total = tuple[str, str, str, str]


def _read(connection: duckdb.DuckDBPyConnection, raw: RawFile, which: str) -> list[tuple[Any, ...]]:
    """Some rows of `raw`: the row number, then number and text of each column."""
    columns = ", ".join(f"CAST(sk_number({column}) AS VARCHAR), sk_text({column})" for column in raw.columns)
    chosen = f"SELECT * FROM {RAW_TABLE} {which}"
    return connection.execute(f"SELECT {SOURCE_ROW}, {columns} FROM ({chosen}) ORDER BY {SOURCE_ROW}").fetchall()


def _totals(raw: RawFile, cells: Sequence[str | None]) -> list[_Total]:
    """Title, column, number and text of what a row of totals adds up."""
    return [
        (title, f"c{at}", value, text)
        for at, title in enumerate(raw.header)
        if (value := cells[2 * at]) is not None
        and (text := cells[2 * at + 1]) is not None
        and not _NOT_ADDED.search(title)
    ]


def _leave_out(connection: duckdb.DuckDBPyConnection, rows: Sequence[int]) -> None:
    listed = ", ".join(map(str, rows))
    connection.execute(
        f"CREATE OR REPLACE TEMP TABLE raw_settled AS SELECT * FROM {RAW_TABLE} WHERE {SOURCE_ROW} NOT IN ({listed})"
    )
    connection.execute(f"CREATE OR REPLACE TEMP VIEW {RAW_TABLE} AS SELECT * FROM raw_settled")


def _first_doubt(
    connection: duckdb.DuckDBPyConnection, totals: Sequence[_Total], since: int, row: int
) -> tuple[str, str, str] | None:
    """Title, text and true sum of the first number that does not agree with the rows between `since` and `row`.

    A column with texts among its numbers says nothing; a running balance is carried to the total from the last row.
    """
    if not totals:
        return None
    # Of more digits than any quantity has, so that no sum can overflow.
    numbers = [(column, f"TRY_CAST(sk_number({column}) AS DECIMAL(28,10))") for _, column, _, _ in totals]
    sums = ", ".join(
        f"CAST(sum({number}) AS VARCHAR), count(*) FILTER ({number} IS NULL AND NOT sk_number_is_blank({column})), "
        f"CAST(arg_max({number}, {SOURCE_ROW}) AS VARCHAR)"
        for column, number in numbers
    )
    found = connection.execute(
        f"SELECT {sums} FROM {RAW_TABLE} WHERE {SOURCE_ROW} > {since} AND {SOURCE_ROW} < {row}"
    ).fetchone()
    for at, (title, _, value, text) in enumerate(totals):
        total, unread, last = found[3 * at : 3 * at + 3] if found is not None else (None, 0, None)
        if unread:
            continue
        decimals = len(text.rpartition(".")[2].rstrip(")-%")) if "." in text else 0
        step = Decimal(1).scaleb(-decimals)
        shown, *candidates = (_EXACT.quantize(Decimal(number or 0), step) for number in (value, total, last))
        if shown not in candidates:
            return title, text, f"{Decimal(total or 0).normalize():f}"
    return None
