"""Reading a database: tables looked up, queries streamed in batches of texts."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import sqlalchemy as sa

from assets.ingest.errors import IngestError, MissingTableError
from assets.ingest.live.reader import Batch, key_text, texts
from assets.ingest.live.secrets import Secrets
from assets.ingest.live.sql_connection import open_database, reported
from assets.ingest.live.sql_query import SqlQuery, TableInfo, build_query, tables_of
from assets.ingest.live.watermark import Encoded, Request, Value, encode
from assets.ingest.mapping.column_rules import Scalar
from assets.ingest.mapping.language import Dataset
from assets.ingest.mapping.source_keys import SqlSource

BATCH_ROWS = 20_000
_DUCKDB_KEY = sa.text(
    "SELECT constraint_column_names FROM duckdb_constraints() WHERE constraint_type = 'PRIMARY KEY' AND table_name = :name "
    "AND schema_name = :schema"
)
_READ_FIX = "Run again; if it stays, give the account the right to read these tables."


class SqlReader:
    """An open database: one transaction, one state of the data for everything that a run reads."""

    def __init__(self, connection: sa.Connection, secrets: Secrets, parameters: Mapping[str, Scalar]) -> None:
        self.connection, self.secrets, self.parameters = connection, secrets, parameters
        self._names: dict[str | None, dict[str, str]] = {}
        self._tables: dict[tuple[str | None, str], TableInfo | None] = {}

    def prepare(self, dataset: Dataset) -> PreparedSql:
        """Check the names of a dataset against the database. Raises IngestError for a missing table or column."""
        if dataset.table is None:
            raise IngestError(
                f"dataset {dataset.name!r} names no table", fix="A source of kind sql needs `table` in each dataset."
            )
        schema = dataset.source.schema_ if isinstance(dataset.source, SqlSource) else None
        with reported(self.secrets, "could not be described", _READ_FIX):
            tables = {name: self.table(name, schema) for name in tables_of(dataset)}
        optional = {join.table for join in dataset.join if join.optional}
        missing = [name for name, info in tables.items() if info is None and name not in optional]
        if missing:
            known = self.names(schema)
            close = difflib.get_close_matches(missing[0].casefold(), list(known), n=1)
            hint = f" Is {known[close[0]]!r} meant?" if close else ""
            raise MissingTableError(
                f"the database has no table {', '.join(missing)}",
                file=dataset.table,
                fix=f"Correct dataset {dataset.name!r} of the mapping, or give the account the right to see it.{hint}",
            )
        size = dataset.paging.size or BATCH_ROWS
        return PreparedSql(self, dataset, build_query(dataset, tables, self.parameters), size)

    def names(self, schema: str | None = None) -> dict[str, str]:
        """Tables and views of a schema: name without case -> name."""
        if schema not in self._names:
            inspector = sa.inspect(self.connection)
            found = [*inspector.get_table_names(schema), *inspector.get_view_names(schema)]
            self._names[schema] = {name.casefold(): name for name in sorted(found)}
        return self._names[schema]

    def table(self, name: str, schema: str | None = None) -> TableInfo | None:
        """A table or view by a name in any case (`schema.table` too); None where there is none."""
        owner, dot, bare = name.rpartition(".")
        if dot and name.casefold() not in self.names(schema):
            schema, name = owner, bare
        if (schema, name) not in self._tables:
            real = self.names(schema).get(name.casefold())
            self._tables[schema, name] = self._describe(real, schema) if real is not None else None
        return self._tables[schema, name]

    def _describe(self, name: str, schema: str | None) -> TableInfo:
        inspector = sa.inspect(self.connection)
        columns = {column["name"]: column["type"] for column in inspector.get_columns(name, schema)}
        if self.connection.dialect.name == "duckdb":  # its dialect asks for a type that DuckDB has not
            found = self.connection.execute(_DUCKDB_KEY, {"name": name, "schema": schema or "main"}).scalar()
            return TableInfo(name, columns, tuple(found or ()), schema)
        key = inspector.get_pk_constraint(name, schema).get("constrained_columns") or []
        return TableInfo(name, columns, tuple(key), schema)


class PreparedSql:
    """One dataset of an open database."""

    has_snapshot = True
    is_keyed = True

    def __init__(self, reader: SqlReader, dataset: Dataset, query: SqlQuery, size: int) -> None:
        self.reader, self.dataset, self.query, self.size = reader, dataset, query, size
        self.headers, self.place, self.fingerprint = query.headers, dataset.table or "", query.fingerprint

    def ceiling(self) -> tuple[Encoded | None, ...]:
        """Watermarks of the state that is being read."""
        if not self.query.watermarks:
            return ()
        with self._reported():
            row = self.reader.connection.execute(self.query.ceiling()).one()
        return tuple(encode(value) if value is not None else None for value in row)

    def read(self, request: Request, after: tuple[Value, ...] | None) -> Iterator[Batch]:
        """Rows in the order of the key."""
        width = len(self.query.key)
        for rows in self._stream(self.query.rows(request, after)):
            columns = list(zip(*rows, strict=True))
            keys = [key_text(key) for key in zip(*columns[:width], strict=True)]
            yield Batch([texts(column) for column in columns[width:]], keys, tuple(map(encode, rows[-1][:width])))

    def all_keys(self) -> Iterator[Sequence[str]]:
        """The keys of all rows, by batches."""
        for rows in self._stream(self.query.keys()):
            yield [key_text(row) for row in rows]

    def count(self) -> int:
        """Rows of the dataset in the source."""
        with self._reported():
            return int(self.reader.connection.execute(self.query.count()).scalar_one())

    def _stream(self, query: sa.Select[Any]) -> Iterator[Sequence[sa.Row[Any]]]:
        with self._reported():
            result = self.reader.connection.execute(query, execution_options={"yield_per": self.size})
            try:
                for rows in result.partitions():
                    if rows:
                        yield rows
            finally:
                result.close()

    def _reported(self) -> Any:
        return reported(self.reader.secrets, f"failed while {self.place} was read", _READ_FIX)


@contextmanager
def open_sql(secrets: Secrets, parameters: Mapping[str, Scalar]) -> Iterator[SqlReader]:
    """The database of a source, open for reading."""
    with open_database(secrets) as connection:
        yield SqlReader(connection, secrets, parameters)
