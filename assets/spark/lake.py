"""The tables that Spark builds: Parquet folders, a view of each in the warehouse file, a name for each in Spark's session.

The warehouse file stays the catalogue of a run, whichever engine builds the tables: what Python reads, it reads through the views. A
table is written to a new folder and shown by one `create or replace view`; a run that is killed leaves the table as it was.
"""

from __future__ import annotations

import re
import shutil
import threading
import uuid
from pathlib import Path
from typing import Any

import duckdb

from assets.spark.cuts import cut
from assets.spark.dialect import Columns, bare, parse, relations, to_spark, unions_by_position, view_name, with_types
from assets.spark.faults import explained

_LANDED = re.compile(r"read_parquet\((?:main\.)?list_value\((.*?)\), \(hive_partitioning", re.S)
_TEXT = re.compile(r"'((?:[^']|'')*)'")
# The catalogue spells functions out, main.trim(x), and gives some names of its own.
_CATALOGUE = ((re.compile(r"\bmain\.(?=\"?\w+\"?\()"), ""), (re.compile(r"\bcount_star\(\)"), "count(*)"))
_SUPERSEDED = "superseded_rows"
KEPT = "state"
"""Folder in the lake that is no schema: what later runs continue from."""


class Lake:
    """Parquet tables in a folder that the driver and every worker see at the same path."""

    def __init__(self, spark: Any, folder: Path) -> None:
        self.spark = spark
        self.folder = folder.resolve()
        self._known: set[str] = set()
        self._lock = threading.RLock()

    def forget(self, schema: str, name: str) -> None:
        """What Spark has cached of a relation is out of date."""
        with self._lock:
            self._known.discard(view_name(schema, name))

    def query(self, connection: duckdb.DuckDBPyConnection, tree: Any) -> Any:
        """The rows of a parsed query of DuckDB's dialect, as Spark's DataFrame."""
        for schema, name in sorted(relations(tree)):
            self.show(connection, schema, name)
        named = unions_by_position(bare(tree), lambda query: columns_of(connection, f"({query})"))
        return self.spark.sql(to_spark(cut(named, self._kept)))

    def _kept(self, query: Any) -> str:
        """Compute a part of a query; the view of its rows, which outlast the worker that computed them."""
        self.spark.sparkContext.setCheckpointDir(str(self.folder / "scratch" / "parts"))  # until the next `sweep`
        name = f"part_{uuid.uuid4().hex}"
        self.spark.sql(to_spark(query)).checkpoint().createOrReplaceTempView(name)
        return name

    def show(self, connection: duckdb.DuckDBPyConnection, schema: str, name: str) -> str:
        """Make a relation of the warehouse known to Spark's session; returns its name there.

        What Spark built is read where it is; so are landed files; views are written in Spark's dialect; all else (small tables that Python
        wrote) is copied to the lake.
        """
        known = view_name(schema, name)
        with self._lock:
            if known in self._known:
                return known
            view = _view_sql(connection, schema, name)
            columns = columns_of(connection, f"{_quoted(schema)}.{_quoted(name)}")
            if view is None:
                frame = self._copied(connection, schema, name, columns)
            elif (built := _folder_in(view, self.folder)) is not None:
                frame = self.spark.read.parquet(str(built))
            elif schema == "landing":
                frame = self._landed(connection, name, view, columns)
            else:
                frame = self.query(connection, parse(_as_written(view))[0].expression)
            frame.selectExpr(*with_types(columns, dict(frame.dtypes))).createOrReplaceTempView(known)
            self._known.add(known)
            return known

    def build(
        self, connection: duckdb.DuckDBPyConnection, schema: str, name: str, query: Any, columns: Columns | None = None
    ) -> None:
        """Build a table from a parsed query; its columns have the types that DuckDB gives them, or those said."""
        columns = columns or columns_of(connection, f"({query.sql(dialect='duckdb')})")
        target = self.folder / schema / name / uuid.uuid4().hex
        with explained(self.spark, f"{schema}.{name}"):
            rows = self.query(connection, query)
            rows.selectExpr(*with_types(columns, dict(rows.dtypes))).write.parquet(str(target))
        self.publish(connection, schema, name, target, columns)

    def publish(
        self, connection: duckdb.DuckDBPyConnection, schema: str, name: str, target: Path, columns: Columns
    ) -> None:
        """Show a folder of Parquet files as a relation of the warehouse, in place of what was there."""
        relation = f"{_quoted(schema)}.{_quoted(name)}"
        chosen = ", ".join(f"cast({_quoted(column)} as {kind}) as {_quoted(column)}" for column, kind in columns)
        connection.execute(f"create schema if not exists {_quoted(schema)}")
        if _is_table(connection, schema, name):
            connection.execute(f"drop table {relation}")
        connection.execute(
            f"create or replace view {relation} as select {chosen} from read_parquet('{target}/*.parquet')"
        )
        self.forget(schema, name)

    def folder_of(self, connection: duckdb.DuckDBPyConnection, schema: str, name: str) -> Path:
        """The folder of Parquet files that a relation reads.

        Raises:
            ValueError: Spark did not build it.
        """
        folder = _folder_in(_view_sql(connection, schema, name) or "", self.folder)
        if folder is None:
            raise ValueError(f"{schema}.{name} is no table of the lake {self.folder}")
        return folder

    def sweep(self, connection: duckdb.DuckDBPyConnection) -> None:
        """Delete the folders that no relation of the warehouse reads: what was replaced, or left by a run that was killed."""
        views = connection.execute("select sql from duckdb_views() where database_name = current_database()").fetchall()
        read = {_folder_in(str(view), self.folder) for (view,) in views}
        for folder in self.folder.glob("*/*/*"):
            if folder not in read and folder.parent.parent.name != KEPT:
                shutil.rmtree(folder, ignore_errors=True)

    def _copied(self, connection: duckdb.DuckDBPyConnection, schema: str, name: str, columns: Columns) -> Any:
        target = self.folder / schema / name / uuid.uuid4().hex
        target.mkdir(parents=True)
        # Spark reads no nanoseconds, and no integers of 128 bits
        kept = {"TIMESTAMP_NS": "timestamp", "HUGEINT": "decimal(38, 0)", "UBIGINT": "decimal(20, 0)"}
        chosen = ", ".join(f"cast({_quoted(one)} as {kept.get(kind, kind)}) as {_quoted(one)}" for one, kind in columns)
        relation = f"{_quoted(schema)}.{_quoted(name)}"
        connection.execute(f"copy (select {chosen} from {relation}) to '{target}/part-0.parquet' (format parquet)")
        return self.spark.read.parquet(str(target))

    def _landed(self, connection: duckdb.DuckDBPyConnection, name: str, view: str, columns: Columns) -> Any:
        """The landed files of a contract, less the rows that later ones replace."""
        found = _LANDED.search(view)
        if found is None:
            raise ValueError(f"landing.{name}: its view names no files")
        paths = [path.replace("''", "'") for path in _TEXT.findall(found[1])]
        frame = self.spark.read.parquet(*paths).select(*[column for column, _ in columns])
        if _SUPERSEDED not in view:
            return frame
        gone = self.spark.table(self.show(connection, "quality", _SUPERSEDED)).where(f"contract = '{name}'")
        return frame.join(gone.select("batch_id", "source_key").distinct(), ["batch_id", "source_key"], "left_anti")


def columns_of(connection: duckdb.DuckDBPyConnection, relation: str) -> Columns:
    """(name, type) of the columns of a relation, or of a query in parentheses."""
    return [(str(row[0]), str(row[1])) for row in connection.execute(f"describe select * from {relation}").fetchall()]


def _view_sql(connection: duckdb.DuckDBPyConnection, schema: str, name: str) -> str | None:
    row = connection.execute(
        "select sql from duckdb_views() where schema_name = ? and view_name = ? and database_name = current_database()",
        [schema, name],
    ).fetchone()
    return None if row is None else str(row[0])


def _as_written(view: str) -> str:
    for pattern, text in _CATALOGUE:
        view = pattern.sub(text, view)
    return view


def _is_table(connection: duckdb.DuckDBPyConnection, schema: str, name: str) -> bool:
    found = connection.execute(
        "select 1 from duckdb_tables() where schema_name = ? and table_name = ? and database_name = current_database()",
        [schema, name],
    ).fetchone()
    return found is not None


def _folder_in(view: str, lake: Path) -> Path | None:
    """The folder that a view of `publish` reads, None of another view."""
    found = re.search(rf"'({re.escape(str(lake))}/[^']*)/\*\.parquet'", view)
    return Path(found[1]) if found else None


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
