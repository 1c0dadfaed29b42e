"""Codes that a spreadsheet has damaged, restored where it is certain what they were: `123.0`, `1.0E+12`, zeros lost in front.

Certain is what the item master says: one code there, and only one, is the damaged one restored. Without a master a `.0`
is taken off where the whole column has it, and a power of ten is written out where it has lost no digit; where digits
are gone the row is kept aside, for another code would take its place.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import duckdb

from assets.ingest.contracts import Contract
from assets.ingest.mapping.language import Dataset
from assets.ingest.reading.raw_table import RAW_TABLE, SOURCE_ROW, MalformedRow, RawFile, normal_header
from assets.ingest.sqltext import literal, literal_list

_SHOWN = 3
_FLOAT = r"'^[0-9]+\.0+$'"
_POWER = r"'^[0-9](\.[0-9]+)?[eE]\+[0-9]{2,}$'"
_SUSPECT = r"regexp_matches({}, '[.．][0０]+\s*$|[eEｅＥ][+＋]')"


@dataclass(frozen=True)
class _Restored:
    damaged: str
    code: str | None
    how: str


def restore_codes(
    connection: duckdb.DuckDBPyConnection,
    raw: RawFile,
    dataset: Dataset,
    contract: Contract,
    known: str | None,
    *,
    landed: str | None = None,
    by_cell: bool = False,
) -> RawFile:
    """Fix the item codes in `raw`; `known` is SQL of the company's codes (one column `code`), None without a master.

    `landed` is SQL of the rows of the file that need no mending. A text file has lost its zeros as a whole or not at all:
    where one code still has them, a shorter one is another code. `by_cell` is true of a workbook, whose cells are typed one
    by one.
    """
    column = _item_column(raw, dataset)
    if column is None:
        return raw
    has_master = known is not None and contract.name != "item"
    # Without the macros, whose planning would cost every small file more than the rest of its reading.
    suspect = (
        f"regexp_matches({column}, '[0-9０-９]') AND {column} NOT IN ({known})"
        if has_master
        else _SUSPECT.format(column)
    )
    if not connection.execute(f"SELECT 1 FROM {RAW_TABLE} WHERE {suspect} LIMIT 1").fetchone():
        return raw
    values = f"SELECT DISTINCT sk_code({column}) AS v FROM {RAW_TABLE} WHERE {column} IS NOT NULL"
    if known is not None and has_master:
        restored = _by_master(connection, values, known, by_cell or not _has_zeros(connection, values, landed))
    else:
        restored = _by_shape(connection, values)
    if not restored:
        return raw
    raw = _keep_aside(connection, raw, column, [found.damaged for found in restored if found.code is None])
    certain = [found for found in restored if found.code is not None]
    if not certain:
        return raw
    branches = " ".join(f"WHEN {literal(found.damaged)} THEN {literal(found.code)}" for found in certain)
    chosen = ", ".join(
        f"CASE sk_code({name}) {branches} ELSE {name} END AS {name}" if name == column else name for name in raw.columns
    )
    connection.execute(f"CREATE OR REPLACE TEMP TABLE raw_restored AS SELECT {SOURCE_ROW}, {chosen} FROM {RAW_TABLE}")
    connection.execute(f"CREATE OR REPLACE TEMP VIEW {RAW_TABLE} AS SELECT * FROM raw_restored")
    return replace(raw, notes=(*raw.notes, *_notes(certain)))


def _has_zeros(connection: duckdb.DuckDBPyConnection, values: str, landed: str | None) -> bool:
    """True where a number in the column begins with a zero."""
    every = f"{values} UNION ALL SELECT item_code FROM {landed}" if landed is not None else values
    return (
        connection.execute(f"SELECT 1 FROM ({every}) WHERE regexp_matches(v, '^0[0-9]+$') LIMIT 1").fetchone()
        is not None
    )


def _by_master(
    connection: duckdb.DuckDBPyConnection, values: str, known: str, may_have_lost_zeros: bool
) -> list[_Restored]:
    """Codes without a master record, with the one code there that each must have been."""
    rows = connection.execute(
        f"WITH known AS ({known}), damaged AS (SELECT v, CASE WHEN regexp_full_match(v, {_FLOAT}) THEN "
        f"regexp_extract(v, '^[0-9]+') WHEN regexp_full_match(v, {_POWER}) THEN CAST(TRY_CAST(TRY_CAST(v AS DOUBLE) AS "
        "DECIMAL(38,0)) AS VARCHAR) ELSE v END AS plain FROM "
        f"({values}) WHERE v NOT IN (SELECT code FROM known) AND "
        f"(regexp_full_match(v, '[0-9]+') OR regexp_full_match(v, {_FLOAT}) OR regexp_full_match(v, {_POWER}))) "
        "SELECT v, plain, list(DISTINCT code ORDER BY code), bool_or(code = plain) FROM damaged LEFT JOIN known ON "
        "ltrim(code, '0') = ltrim(plain, '0') AND regexp_full_match(code, '[0-9]+') GROUP BY ALL ORDER BY v"
    ).fetchall()
    restored = []
    for damaged, plain, codes, is_exact in rows:
        found = [code for code in codes if code is not None and len(code) > len(plain) and plain[0] != "0"]
        if is_exact:
            restored.append(_Restored(damaged, plain, "written as a number"))
        elif len(found) == 1 and may_have_lost_zeros:
            restored.append(_Restored(damaged, found[0], "zeros in front were lost"))
        elif "E" in damaged.upper():
            restored.append(_Restored(damaged, None, ""))
    return restored


def _by_shape(connection: duckdb.DuckDBPyConnection, values: str) -> list[_Restored]:
    """Without a master: a `.0` on every number of the column, and powers of ten."""
    rows = connection.execute(
        f"SELECT v, regexp_full_match(v, {_FLOAT}) FROM ({values}) WHERE regexp_full_match(v, {_FLOAT}) OR "
        f"regexp_full_match(v, {_POWER}) ORDER BY v"
    ).fetchall()
    if not rows:
        return []
    others = connection.execute(
        f"SELECT count(*) FROM ({values}) WHERE NOT regexp_full_match(v, {_FLOAT}) AND NOT regexp_full_match(v, {_POWER})"
    ).fetchone()
    restored = []
    for damaged, is_float in rows:
        if is_float:
            if others is not None and not others[0]:
                restored.append(_Restored(damaged, damaged.partition(".")[0], "written as a number"))
            continue
        digits, _, power = damaged.upper().partition("E+")
        fraction = digits.partition(".")[2]
        is_whole = len(fraction.rstrip("0")) <= int(power) and len(fraction) >= int(power)
        code = digits.replace(".", "")[: int(power) + 1] if is_whole else None
        restored.append(_Restored(damaged, code, "written as a power of ten"))
    return restored


def _keep_aside(connection: duckdb.DuckDBPyConnection, raw: RawFile, column: str, damaged: Sequence[str]) -> RawFile:
    """Take the rows out whose code has lost digits; each says so."""
    if not damaged:
        return raw
    lost = f"sk_code({column}) IN (SELECT unnest({literal_list(damaged)}))"
    rows = connection.execute(
        f"SELECT {SOURCE_ROW}, sk_code({column}), concat_ws(',', {', '.join(raw.columns)}) FROM {RAW_TABLE} "
        f"WHERE {lost} ORDER BY {SOURCE_ROW}"
    ).fetchall()
    connection.execute(
        f"CREATE OR REPLACE TEMP TABLE raw_kept_codes AS FROM {RAW_TABLE} WHERE NOT COALESCE({lost}, false)"
    )
    connection.execute(f"CREATE OR REPLACE TEMP VIEW {RAW_TABLE} AS SELECT * FROM raw_kept_codes")
    reason = "the spreadsheet has cut the code to {}; format the column as text and export it again"
    aside = tuple(MalformedRow(row, text, reason.format(code)) for row, code, text in rows)
    return replace(raw, rows=raw.rows - len(rows), malformed=(*raw.malformed, *aside))


def _item_column(raw: RawFile, dataset: Dataset) -> str | None:
    rules = [branch.columns.get("item_code") for branch in dataset.branches]
    headers = {rule.from_ for rule in rules if rule is not None and rule.from_ is not None}
    if len(headers) != 1:
        return None
    names = [normal_header(name) for name in dataset.spellings(headers.pop())]
    places = {normal_header(title): column for title, column in zip(raw.header, raw.columns, strict=True)}
    return next((places[name] for name in names if name in places), None)


def _notes(certain: Sequence[_Restored]) -> tuple[str, ...]:
    notes = []
    for how in dict.fromkeys(found.how for found in certain):
        pairs = [f"{found.damaged} is {found.code}" for found in certain if found.how == how]
        notes.append(
            f"warning: {len(pairs)} codes fixed, {how}: {', '.join(pairs[:_SHOWN])}{' ...' if len(pairs) > _SHOWN else ''}"
        )
    return tuple(notes)
