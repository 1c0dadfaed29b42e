"""Rows of totals at the foot of a file and between its parts: checked against the rows they add up, and not loaded."""

from __future__ import annotations

import re
from dataclasses import replace
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path

import duckdb

from assets.ingest.errors import IngestError
from assets.ingest.readers.raw import RAW_TABLE, SOURCE_ROW, RawFile
from assets.ingest.sqltext import literal

WORDS = ("合计", "总计", "小计", "累计")
_GRAND = r"(?:合\s*计|总\s*计|累\s*计)[:：]?"
_PART = r".*小\s*计[:：]?"
_LOOKED_AT = 4
# A total of these means nothing, and what stands there is an average at best.
_NOT_ADDED = re.compile(r"价|率|折扣|比例|日期|单号|编码|编号|代码|名称|行号|序号|price|rate|no$", re.IGNORECASE)


_WORD_BYTES = tuple(word.encode(encoding) for word in WORDS for encoding in ("utf-8", "gb18030", "utf-16-le"))
_MOST_BYTES = 64 << 20


def may_hold_totals(path: Path) -> bool:
    """True where a text file has one of the words; very large extracts come from interfaces, which add no totals."""
    return path.stat().st_size <= _MOST_BYTES and any(word in path.read_bytes() for word in _WORD_BYTES)


def settle_totals(connection: duckdb.DuckDBPyConnection, raw: RawFile, name: str) -> RawFile:
    """Take the rows of totals out of `raw`; raises IngestError where one differs from the sum of its rows.

    A grand total adds up all rows above it, a subtotal those since the last one. It is compared at the decimals that
    it shows, as it has been rounded to them.
    """
    label = f"COALESCE({', '.join(f'sk_text({column})' for column in raw.columns[:_LOOKED_AT])}, NULL)"
    columns = ", ".join(f"CAST(sk_number({column}) AS VARCHAR), sk_text({column})" for column in raw.columns)
    found = connection.execute(
        f"SELECT {SOURCE_ROW}, {label}, {columns} FROM {RAW_TABLE} "
        f"WHERE regexp_full_match({label}, {literal(f'{_GRAND}|{_PART}')}) ORDER BY {SOURCE_ROW}"
    ).fetchall()
    if not found:
        return raw
    totals = ", ".join(str(row[0]) for row in found)
    connection.execute(
        f"CREATE OR REPLACE TEMP TABLE raw_settled AS SELECT * FROM {RAW_TABLE} WHERE {SOURCE_ROW} NOT IN ({totals})"
    )
    connection.execute(f"CREATE OR REPLACE TEMP VIEW {RAW_TABLE} AS SELECT * FROM raw_settled")
    since = 0
    for row, word, *cells in found:
        is_part = re.fullmatch(_PART, word) is not None
        for number, title in enumerate(raw.header):
            value, text = cells[2 * number : 2 * number + 2]
            if value is not None and not _NOT_ADDED.search(title):
                _compare(connection, name, row, title, f"c{number}", Decimal(value), text, since if is_part else 0)
        since = row if is_part else since
    return replace(raw, rows=raw.rows - len(found), notes=(*raw.notes, f"{len(found)} rows of totals agree"))


def _compare(
    connection: duckdb.DuckDBPyConnection,
    name: str,
    row: int,
    title: str,
    column: str,
    total: Decimal,
    text: str,
    since: int,
) -> None:
    result = connection.execute(
        f"SELECT CAST(sum(sk_number({column})) AS VARCHAR), count(*) FILTER (sk_number({column}) IS NULL AND NOT "
        f"sk_number_is_blank({column})) FROM {RAW_TABLE} WHERE {SOURCE_ROW} > {since} AND {SOURCE_ROW} < {row}"
    ).fetchone()
    if result is None or result[1]:
        return
    found = Decimal(result[0] or 0)
    decimals = len(text.rpartition(".")[2].rstrip(")-%")) if "." in text else 0
    if found.quantize(Decimal(1).scaleb(-decimals), rounding=ROUND_HALF_UP) != total.quantize(
        Decimal(1).scaleb(-decimals), rounding=ROUND_HALF_UP
    ):
        raise IngestError(
            f"says {text}, but the rows that it adds up give {found.normalize():f}",
            file=name,
            row=row,
            column=title,
            fix="Rows are missing or were changed after the export; export the file again.",
        )
