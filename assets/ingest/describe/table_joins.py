"""What a table of lines refers to: the head of its document, and the masters whose codes its surrogate keys mean."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from assets.ingest.describe.roles import Column, read_role
from assets.ingest.live.sql_query import TableInfo
from assets.ingest.live.sql_reader import SqlReader

_CODES = {"item": "item_code", "warehouse": "warehouse_code", "supplier": "supplier_code"}
_REFERENCE = re.compile(r"(?P<table>.+?)_?id", re.IGNORECASE)


@dataclass(frozen=True)
class Reference:
    """A column whose values are keys of another table."""

    column: str
    table: str
    target: str


@dataclass(frozen=True)
class WideTable:
    """A table with what it refers to: its columns, those of joined tables as `alias.column`, and the joins."""

    columns: tuple[Column, ...]
    joins: tuple[Mapping[str, Any], ...] = ()

    def own_column(self, name: str) -> str:
        """The column of the table itself by which one of its columns, or of a joined table's, is there."""
        by = {join["as"]: next(iter(join["by"].values())) for join in self.joins}
        while (alias := name.partition(".")[0]) in by and "." in name:
            name = by[alias]
        return name


def widen(reader: SqlReader, info: TableInfo) -> WideTable:
    """The columns that a row has by itself and by its references, one document head deep."""
    joins: list[Mapping[str, Any]] = []
    columns: list[Column] = []
    found = list(references(reader, info))
    for reference in found:
        columns += _of_master(reader, reference, reference.column, joins)
    translated = {reference.column for reference in found if _code_of(reader, reference.table) is not None}
    columns[:0] = [Column(name) for name in info.columns if name not in translated]
    for reference in found:
        head = reader.table(reference.table)
        if head is None or reference.column in translated or not _is_head(head):
            continue
        alias = _join(joins, reference, reference.column)
        inner = {one.column: one for one in references(reader, head)}
        for name in head.columns:
            own = f"{alias}.{name}"
            masters = _of_master(reader, inner[name], own, joins) if name in inner else []
            if masters:
                columns += masters
            elif name not in head.primary_key and name not in info.columns:
                columns.append(Column(own, called=name))
    return WideTable(tuple(columns), tuple(joins))


def references(reader: SqlReader, info: TableInfo) -> Iterator[Reference]:
    """Foreign keys of one column, declared or by name: `order_id` where there is a table `order` or `orders` with one key."""
    declared: set[str] = set()
    if reader.connection.dialect.name != "duckdb":  # its dialect cannot read constraints
        for key in sa.inspect(reader.connection).get_foreign_keys(info.name, info.schema):
            if len(key["constrained_columns"]) == 1 and key["referred_columns"]:
                declared.add(key["constrained_columns"][0])
                yield Reference(key["constrained_columns"][0], key["referred_table"], key["referred_columns"][0])
    for name in info.columns:
        match = _REFERENCE.fullmatch(name)
        if match is None or name in declared:
            continue
        for table in (match["table"], f"{match['table']}s", f"{match['table']}es"):
            target = reader.table(table)
            if target is not None and target.name != info.name and len(target.primary_key) == 1:
                yield Reference(name, target.name, target.primary_key[0])
                break


def _code_of(reader: SqlReader, table: str) -> tuple[str, str] | None:
    """Contract column and column of the codes of a master; None for a table that is none."""
    info = reader.table(table)
    reading = read_role([Column(name) for name in info.columns]) if info is not None else None
    field = _CODES.get(reading.role.name) if reading is not None else None
    return (field, reading.columns[field]) if reading is not None and field is not None else None


def _of_master(reader: SqlReader, reference: Reference, own: str, joins: list[Mapping[str, Any]]) -> list[Column]:
    """The code that a reference to a master means; nothing for a reference to anything else."""
    found = _code_of(reader, reference.table)
    if found is None:
        return []
    field, code = found
    if code == reference.target:
        return [Column(own, called=field)]
    return [Column(f"{_join(joins, reference, own)}.{code}", called=field)]


def _join(joins: list[Mapping[str, Any]], reference: Reference, own: str) -> str:
    """Add the join and give its alias."""
    alias = f"{re.sub(r'[^A-Za-z0-9_]', '_', reference.table)}_{len(joins) + 1}"
    alias = alias if alias[0].isalpha() else f"t{alias}"
    joins.append({"table": reference.table, "as": alias, "by": {reference.target: own}})
    return alias


def _is_head(info: TableInfo) -> bool:
    """True for a table with a day: what is a document, and no list of names."""
    return any(
        isinstance(kind, (sa.Date, sa.DateTime)) or re.search(r"date|日期", name, re.IGNORECASE)
        for name, kind in info.columns.items()
    )


def select_rows(reader: SqlReader, info: TableInfo, wide: WideTable) -> sa.Select[Any]:
    """The query of the columns of a wide table, in their order."""

    def clause_of(found: TableInfo, alias: str) -> sa.FromClause:
        columns: list[sa.ColumnClause[Any]] = [sa.column(name, kind) for name, kind in found.columns.items()]
        return sa.table(found.name, *columns, schema=found.schema).alias(alias)

    clauses = {"": clause_of(info, "main")}

    def column_of(name: str) -> sa.ColumnElement[Any]:
        alias, dot, column = name.partition(".")
        return clauses[alias].c[column] if dot and alias in clauses else clauses[""].c[name]

    origin: sa.FromClause = clauses[""]
    for join in wide.joins:
        target = reader.table(join["table"])
        assert target is not None
        clauses[join["as"]] = clause_of(target, join["as"])
        origin = sa.outerjoin(
            origin,
            clauses[join["as"]],
            sa.and_(*(clauses[join["as"]].c[left] == column_of(right) for left, right in join["by"].items())),
        )
    return sa.select(*(column_of(column.name) for column in wide.columns)).select_from(origin)


def used_joins(joins: Sequence[Mapping[str, Any]], names: Sequence[str]) -> list[Mapping[str, Any]]:
    """The joins that these columns need, those that they are joined by included."""
    needed = {name.partition(".")[0] for name in names if "." in name}
    for join in reversed(joins):
        if join["as"] in needed:
            needed |= {right.partition(".")[0] for right in join["by"].values() if "." in right}
    return [join for join in joins if join["as"] in needed]
