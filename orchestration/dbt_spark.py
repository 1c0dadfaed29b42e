"""dbt on Spark: dbt-duckdb's own environment, whose cursor hands the statements that build or read tables to Spark.

dbt keeps everything else: the graph, its order, contracts, tests, hooks, Python models. The warehouse file answers what asks for the
catalogue (names, columns, types); no row of a model or a test is computed there. Why so: docs/adr/0020-spark.md.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlglot import exp

from assets.spark.dialect import DialectError, parse
from assets.spark.faults import explained
from assets.spark.lake import Lake

_COMMENT = re.compile(r"\A(\s|/\*.*?\*/|--[^\n]*\n)*", re.S)
# A view becomes a table too: in Spark every reader of a view plans and computes all of it again.
_RELATION = re.compile(r"create or replace (table|view)\b", re.I)
_READ = re.compile(r"(select|with)\b", re.I)
_WRITE = re.compile(r"(create|insert|drop|copy|alter|truncate|delete|update|merge)\b", re.I)
_NAMED = re.compile(r'"?\bwarehouse"?\."?(\w+)"?\."?(\w+)"?')


class SparkCursor:
    """DuckDB's cursor on the warehouse file; see the module."""

    def __init__(self, cursor: Any, lake: Lake) -> None:
        self._cursor = cursor
        self._lake = lake

    def __getattr__(self, name: str) -> Any:
        return getattr(self._cursor, name)

    def execute(self, sql: str, bindings: Any = None) -> Any:
        """Run one text of statements, wherever it belongs."""
        text = sql[_COMMENT.match(sql).end() :]  # type: ignore[union-attr]
        named = _NAMED.search(text)
        if bindings is None and named and _RELATION.match(text):
            return self._table(text)
        if bindings is None and named and _READ.match(text) and "(describe" not in text:
            return self._rows(text)
        result = self._cursor.execute(sql) if bindings is None else self._cursor.execute(sql, bindings)
        if named and _WRITE.match(text):
            self._lake.forget(named[1], named[2])
        return result

    def _table(self, text: str) -> Any:
        first, *rest = parse(text)
        columns = None
        if isinstance(first.this, exp.Schema):  # a contract: the columns, then `insert into ... (names) (query)`
            place, [insert] = first.this.this, rest
            columns = [(one.name, _duckdb_type(self._cursor, one)) for one in first.this.expressions]
            names = [one.name for one in insert.this.expressions]
            query, columns = insert.expression, sorted(columns, key=lambda column: names.index(column[0]))
        else:
            place, query = first.this, first.expression
        self._lake.build(self._cursor, place.db, place.name, query, columns)
        return self._cursor.execute("select 'OK'")

    def _rows(self, text: str) -> Any:
        [query] = parse(text)
        with explained(self._lake.spark, "a query"):
            found = self._lake.query(self._cursor, query).toArrow()
        self._cursor.register("_spark_rows", found)
        return self._cursor.execute("select * from _spark_rows")


def _duckdb_type(cursor: Any, column: exp.ColumnDef) -> str:
    """A type as the catalogue spells it."""
    kind = column.args["kind"].sql(dialect="duckdb")
    return str(cursor.execute(f"select typeof(cast(null as {kind}))").fetchone()[0])


@contextmanager
def spark_environment(lake: Lake) -> Iterator[None]:
    """dbt-duckdb's environments are those of the lake in this block.

    dbt-duckdb has a class per place where its SQL runs (file, MotherDuck, a remote server) and no way to name another: the function
    that chooses it is exchanged for the time of the block.
    """
    from dbt.adapters.duckdb import environments
    from dbt.adapters.duckdb.environments.local import LocalEnvironment

    class SparkEnvironment(LocalEnvironment):
        def handle(self) -> Any:
            wrapper = super().handle()
            wrapper._cursor = SparkCursor(wrapper._cursor, lake)
            return wrapper

    before = environments.create
    environments.create = SparkEnvironment  # type: ignore[assignment]
    try:
        yield
    finally:
        environments.create = before


__all__ = ["DialectError", "SparkCursor", "spark_environment"]
