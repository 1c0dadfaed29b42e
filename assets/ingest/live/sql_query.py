"""The query of a dataset over a database: from the mapping and the tables as reflected, without touching a connection.

Names of tables and columns are taken from what the database itself reported, values are bound: nothing of a mapping is
pasted into SQL.
"""

from __future__ import annotations

import difflib
import hashlib
import operator
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from assets.ingest.errors import IngestError
from assets.ingest.live.sql_where import alike, as_type, sql_condition
from assets.ingest.live.watermark import Request, Value
from assets.ingest.mapping.column_rules import Scalar
from assets.ingest.mapping.expressions import ExpressionError, bind, parse_expression
from assets.ingest.mapping.language import Dataset
from assets.ingest.mapping.row_keys import COMBINED
from assets.ingest.mapping.source_keys import RESERVED, SqlSource
from assets.ingest.mapping.table_keys import Join
from assets.ingest.reading.header_match import dataset_headers
from assets.ingest.reading.raw_table import normal_header


@dataclass(frozen=True)
class TableInfo:
    """A table as the database describes it: columns in order with their types, and its primary key."""

    name: str
    columns: Mapping[str, sa.types.TypeEngine[Any]]
    primary_key: tuple[str, ...] = ()
    schema: str | None = None


@dataclass(frozen=True)
class SqlQuery:
    """What is selected: a value per header, the key, what moves on, and where it all comes from."""

    headers: tuple[str, ...]
    values: tuple[sa.ColumnElement[Any], ...]
    key: tuple[sa.ColumnElement[Any], ...]
    watermarks: tuple[sa.ColumnElement[Any], ...]
    reprocess: sa.ColumnElement[Any] | None
    origin: sa.FromClause

    def rows(self, request: Request, after: Sequence[Value] | None = None) -> sa.Select[Any]:
        """Keys and values in the order of the key; only what is asked for, and only beyond the key `after`."""
        columns = [column.label(f"k{at}") for at, column in enumerate(self.key)]
        columns += [column.label(f"c{at}") for at, column in enumerate(self.values)]
        query = sa.select(*columns).select_from(self.origin).order_by(*self.key)
        if request.since is not None:
            query = query.where(self._moved(request))
        if after is not None:
            query = query.where(_beyond(self.key, after))
        return query

    def keys(self) -> sa.Select[Any]:
        """The key of every row."""
        return sa.select(*(column.label(f"k{at}") for at, column in enumerate(self.key))).select_from(self.origin)

    def ceiling(self) -> sa.Select[Any]:
        """The highest value of each watermark."""
        columns = [sa.func.max(column).label(f"w{at}") for at, column in enumerate(self.watermarks)]
        return sa.select(*columns).select_from(self.origin)

    def count(self) -> sa.Select[Any]:
        """How many rows there are."""
        return sa.select(sa.func.count()).select_from(self.origin)

    def _moved(self, request: Request) -> sa.ColumnElement[bool]:
        since = request.since or ()
        ways = [
            sa.true() if value is None else column > value if isinstance(value, (int, bytes)) else column >= value
            for column, value in zip(self.watermarks, since, strict=True)
        ]
        # A row that has no watermark at all cannot say that it has not changed.
        ways.append(sa.and_(*(column.is_(None) for column in self.watermarks)))
        if request.reprocess_from is not None and self.reprocess is not None:
            ways.append(self.reprocess >= as_type(request.reprocess_from.isoformat(), self.reprocess.type))
        return sa.or_(*ways)

    @property
    def fingerprint(self) -> str:
        """Changes when other columns, tables or conditions are read."""
        text = str(self.rows(Request()).compile(compile_kwargs={"literal_binds": False}))
        parts = (text, *self.headers, repr(sorted(map(repr, self.rows(Request()).compile().params.items()))))
        return hashlib.sha256("\x1f".join(parts).encode()).hexdigest()


def _beyond(key: Sequence[sa.ColumnElement[Any]], after: Sequence[Value]) -> sa.ColumnElement[bool]:
    """Keys after one, part by part: row values are not compared alike by all databases."""
    ways = [
        sa.and_(*(key[before] == after[before] for before in range(at)), key[at] > after[at]) for at in range(len(key))
    ]
    return sa.or_(*ways)


def tables_of(dataset: Dataset) -> tuple[str, ...]:
    """Tables that a dataset names, the driving one first."""
    return (dataset.table or "", *dict.fromkeys(join.table for join in dataset.join))


def build_query(dataset: Dataset, tables: Mapping[str, TableInfo | None], parameters: Mapping[str, Scalar]) -> SqlQuery:
    """The query of a dataset. `tables` holds what was found for each name of `tables_of`, None for a missing table.

    Raises IngestError that names every unknown column.
    """
    must, may = dataset_headers(dataset)
    optional = {normal_header(header) for header in may} - set(map(normal_header, must))
    optional |= {normal_header(header) for header in dataset.optional_columns}
    builder = _Builder(dataset, tables, parameters, optional)
    source = dataset.source if isinstance(dataset.source, SqlSource) else SqlSource(kind="sql")
    main = tables[dataset.table or ""]
    assert main is not None
    key = source.key or main.primary_key
    if not key:
        raise IngestError(
            f"table {main.name} has no primary key",
            file=dataset.table,
            fix=f"Name the columns that tell its rows apart: `source: {{kind: sql, key: [...]}}` of {dataset.name!r}.",
        )
    added = (*dataset.combine.by, *dataset.combine.sum) if dataset.combine is not None else ()
    headers = [header for header in dict.fromkeys((*must, *may, *added)) if header not in (*RESERVED, COMBINED)]
    values = [builder.column(header) for header in headers]
    mark = dataset.watermark
    query = SqlQuery(
        tuple(headers),
        tuple(values),
        tuple(builder.column(name) for name in key),
        tuple(builder.column(name) for name in mark.column),
        builder.column(mark.reprocess_column) if mark.reprocess_column is not None else None,
        builder.origin,
    )
    if builder.problems:
        raise IngestError(
            "; ".join(dict.fromkeys(builder.problems)),
            file=dataset.table,
            fix=f"Correct dataset {dataset.name!r} of the mapping, or list what may be absent in `optional_columns`.",
        )
    return query


class _Builder:
    """Finds columns by the headers of the mapping and joins table to table; collects what is not there."""

    def __init__(
        self,
        dataset: Dataset,
        tables: Mapping[str, TableInfo | None],
        parameters: Mapping[str, Scalar],
        optional: Collection[str],
    ) -> None:
        self.problems: list[str] = []
        self.parameters, self.optional = parameters, optional
        self.owners: dict[str, tuple[str, sa.FromClause | None]] = {}
        info = tables[dataset.table or ""]
        assert info is not None
        main = _clause(info, "main")
        self.main = (info.name, main)
        self.tenant = dataset.tenant.column if dataset.tenant is not None else None
        self.origin: sa.FromClause = main
        for join in dataset.join:
            self._join(join, tables.get(join.table))

    def column(self, header: str) -> sa.ColumnElement[Any]:
        """The column of a header: `alias.column` of a joined table, else one of the driving table; NULL for an optional
        one that is not there."""
        is_optional = normal_header(header) in self.optional
        alias, dot, name = header.partition(".")
        if dot and alias in self.owners:
            table, clause = self.owners[alias]
        else:
            (table, clause), name = self.main, header
        if clause is None:
            return sa.null()
        return self._find(table, clause, name, is_optional)

    def _find(self, table: str, clause: sa.FromClause, name: str, is_optional: bool) -> sa.ColumnElement[Any]:
        exact = clause.c.get(name)
        if exact is not None:
            return exact
        wanted = normal_header(name)
        found = next((column for column in clause.c if normal_header(str(column.name)) == wanted), None)
        if found is not None:
            return found
        if not is_optional:
            close = difflib.get_close_matches(name.casefold(), [str(c.name).casefold() for c in clause.c], n=1)
            hint = f" (is {close[0]!r} meant?)" if close else ""
            self.problems.append(f"table {table} has no column {name!r}{hint}")
        return sa.null()

    @staticmethod
    def _has(clause: sa.FromClause | None, name: str) -> bool:
        return clause is not None and any(normal_header(str(column.name)) == normal_header(name) for column in clause.c)

    def _join(self, join: Join, info: TableInfo | None) -> None:
        if info is None:
            self.owners[join.alias] = (join.table, None)
            return
        clause = _clause(info, join.alias)
        if self.tenant is not None and self._has(clause, self.tenant) and self._has(self.main[1], self.tenant):
            join = join.model_copy(update={"on": {**join.on, self.tenant: self.tenant}})
        names = list(join.on)
        if join.combined:
            clause = self._combined(join, info)
        self.owners[join.alias] = (info.name, clause)
        matches = []
        for name, target in zip(names, join.on.values(), strict=True):
            left, right = self._find(info.name, clause, name, False), self.column(target)
            # What is looked up by a column that is not there is not found.
            sides = tuple(sa.func.lower(sa.cast(side, sa.String(255))) for side in (left, right))
            pair = sides if join.ignore_case else alike(left, right)
            matches.append(sa.false() if isinstance(right, sa.Null) else operator.eq(*pair))
        if join.where is not None and not join.combined:
            matches.append(self._condition(join, info, clause))
        self.origin = sa.outerjoin(self.origin, clause, sa.and_(*matches))

    def _combined(self, join: Join, info: TableInfo) -> sa.FromClause:
        """A joined table with one row a key: its named columns summed up, or their least or greatest."""
        inner = _clause(info, f"{join.alias}_rows")
        keys = [self._find(info.name, inner, name, False) for name in join.on]
        values = [
            getattr(sa.func, way)(self._find(info.name, inner, name, False)).label(name)
            for way in ("sum", "min", "max")
            for name in getattr(join, way)
        ]
        query = sa.select(*(key.label(name) for key, name in zip(keys, join.on, strict=True)), *values)
        if join.where is not None:
            query = query.where(self._condition(join, info, inner))
        return query.group_by(*keys).subquery(join.alias)

    def _condition(self, join: Join, info: TableInfo, clause: sa.FromClause) -> sa.ColumnElement[bool]:
        try:
            tree = bind(parse_expression(join.where or ""), self.parameters)
            return sql_condition(tree, lambda name: self._find(info.name, clause, name, False))
        except ExpressionError as error:
            self.problems.append(f"`where` of join {join.alias}: {error}")
            return sa.true()


def _clause(info: TableInfo, alias: str) -> sa.FromClause:
    columns: list[sa.ColumnClause[Any]] = [sa.column(name, kind) for name, kind in info.columns.items()]
    return sa.table(info.name, *columns, schema=info.schema).alias(alias)
