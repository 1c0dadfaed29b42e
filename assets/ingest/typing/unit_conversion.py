"""Quantities whose header names a unit (`数量(吨)`): brought to the base unit of each item where both measure the same.

What an item is kept in is in its master. A unit of another kind (a box of an item kept in bottles) has no factor
here, so the row is kept aside; an item without a master is judged by the rules of the contract.
"""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import duckdb

from assets.ingest.contracts import ColumnType, Contract
from assets.ingest.mapping.language import Dataset
from assets.ingest.reading.raw_table import RAW_TABLE, SOURCE_ROW, MalformedRow, RawFile, normal_header
from assets.ingest.sqltext import literal

# How many of the smallest unit of its kind one of a unit is; units of one kind have a factor between them.
_SIZES: dict[str, dict[str, str]] = {
    "mass": {"mg": "0.001", "克": "1", "g": "1", "斤": "500", "公斤": "1000", "千克": "1000", "kg": "1000"}
    | {"吨": "1000000", "t": "1000000"},
    "volume": {"毫升": "1", "ml": "1", "升": "1000", "l": "1000"},
    "length": {"米": "1", "m": "1"},
    "pieces": {"个": "1", "pcs": "1", "pc": "1", "ea": "1"},
}  # fmt: skip


def factor_between(unit: str, base: str) -> Decimal | None:
    """How many base units one of `unit` is; None where they do not measure the same.

    >>> factor_between("吨", "kg"), factor_between("箱", "箱"), factor_between("箱", "瓶")
    (Decimal('1000'), Decimal('1'), None)
    """
    one, other = unit.strip().casefold(), base.strip().casefold()
    if one == other:
        return Decimal(1)
    for sizes in _SIZES.values():
        if one in sizes and other in sizes:
            return Decimal(sizes[one]) / Decimal(sizes[other])
    return None


def bring_to_base(
    connection: duckdb.DuckDBPyConnection, raw: RawFile, dataset: Dataset, contract: Contract, item_units: str | None
) -> RawFile:
    """Multiply the quantities in `raw` by the factors of their items; `item_units` is SQL of (code, base_uom)."""
    places = {normal_header(title): column for title, column in zip(raw.header, raw.columns, strict=True)}

    def columns_of(names: set[str]) -> set[str]:
        rules = [branch.columns[name] for branch in dataset.branches for name in names if name in branch.columns]
        spelled = (
            normal_header(name) for rule in rules for header in rule.headers for name in dataset.spellings(header)
        )
        return {places[name] for name in spelled if name in places}

    quantities = columns_of({name for name, column in contract.columns.items() if column.type is ColumnType.QUANTITY})
    items = columns_of({"item_code"})
    hints = {column: unit for column, unit in raw.units if column in quantities}
    if item_units is None or contract.name == "item" or len(items) != 1 or not hints:
        return raw
    item = items.pop()
    connection.execute(
        f"CREATE OR REPLACE TEMP TABLE raw_units AS SELECT r.*, u.base_uom FROM {RAW_TABLE} AS r LEFT JOIN ({item_units}) "
        f"AS u ON u.code = sk_code(r.{item})"
    )
    bases = [row[0] for row in connection.execute("SELECT DISTINCT base_uom FROM raw_units ORDER BY 1").fetchall()]
    values, foreign = {}, {}
    for column, unit in hints.items():
        factors = {base: factor_between(unit, base) for base in bases if base is not None}
        foreign[column] = [base for base, factor in factors.items() if factor is None]
        branches = " ".join(
            f"WHEN {literal(base)} THEN CASE WHEN sk_number({column}) IS NULL THEN {column} ELSE sk_number_as_text("
            f"TRY(TRY_CAST(sk_number({column}) AS DECIMAL(24,10)) * CAST({literal(str(factor))} AS DECIMAL(18,6)))) END"
            for base, factor in factors.items()
            if factor not in (None, 1)
        )
        if branches:
            values[column] = f"CASE base_uom {branches} ELSE {column} END"
    raw = _keep_aside(connection, raw, hints, foreign, item)
    chosen = ", ".join(f"{values[name]} AS {name}" if name in values else name for name in raw.columns)
    connection.execute(f"CREATE OR REPLACE TEMP TABLE raw_based AS SELECT {SOURCE_ROW}, {chosen} FROM raw_units")
    connection.execute(f"CREATE OR REPLACE TEMP VIEW {RAW_TABLE} AS SELECT * FROM raw_based")
    brought = [raw.header[raw.columns.index(column)] for column in values]
    notes = [f"{title} was brought to the base unit of each item" for title in brought]
    return replace(raw, notes=(*raw.notes, *notes), units=())


def _keep_aside(
    connection: duckdb.DuckDBPyConnection,
    raw: RawFile,
    hints: dict[str, str],
    foreign: dict[str, list[str]],
    item: str,
) -> RawFile:
    """Take out of `raw_units` the rows of items that are kept in a unit of another kind."""
    for column, bases in foreign.items():
        if not bases:
            continue
        listed = ", ".join(map(literal, bases))
        condition = f"base_uom IN ({listed}) AND NOT sk_number_is_blank({column})"
        rows = connection.execute(
            f"SELECT {SOURCE_ROW}, sk_code({item}), base_uom, concat_ws(',', {', '.join(raw.columns)}) FROM raw_units "
            f"WHERE {condition} ORDER BY {SOURCE_ROW}"
        ).fetchall()
        connection.execute(f"DELETE FROM raw_units WHERE {condition}")
        title = raw.header[raw.columns.index(column)]
        aside = tuple(
            MalformedRow(
                row, text, f"{title} is in {hints[column]}, but item {code} is kept in {base}; export its base quantity"
            )
            for row, code, base, text in rows
        )
        raw = replace(raw, rows=raw.rows - len(rows), malformed=(*raw.malformed, *aside))
    return raw
