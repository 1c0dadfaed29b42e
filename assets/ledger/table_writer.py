"""Writes the tables of a run's buckets while the next bucket is computed. Only when to write; how is `warehouse`'s."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager

import duckdb

from assets.ledger import warehouse
from assets.ledger.tables import LedgerTables

ROWS_PER_WRITE = 1_000_000
"""Rows of all tables that are gathered before they are written: whole row groups go to the disk at once, parts of them twice."""

Timed = Callable[[str], AbstractContextManager[None]]


class TableWriter:
    """Writes the tables of buckets while the next are computed; few rows at a time are gathered first.

    Nothing else uses the connection meanwhile; movements come from the spool.
    """

    def __init__(self, connection: duckdb.DuckDBPyConnection, timed: Timed, *, replace: bool) -> None:
        """`timed("write")` notes how long the computation waited. With `replace` the first tables take the place of what is there."""
        self._connection, self._timed, self._replace = connection, timed, replace
        self._pool = ThreadPoolExecutor(1)
        self._running: Future[None] | None = None
        self._gathered: list[LedgerTables] = []
        self._rows = 0

    def put(self, tables: LedgerTables) -> None:
        """Take the tables of a bucket; may wait for the ones before."""
        self._gathered.append(tables)
        self._rows += sum(len(table) for _, table in tables.items())
        if self._rows >= ROWS_PER_WRITE:
            self._start()

    def finish(self) -> None:
        """Until everything is written. Raises what writing raised."""
        if self._gathered:
            self._start()
        self._wait()

    def _start(self) -> None:
        self._wait()
        gathered, replace = self._gathered, self._replace
        self._gathered, self._rows, self._replace = [], 0, False
        self._running = self._pool.submit(warehouse.write, self._connection, gathered, replace=replace)

    def _wait(self) -> None:
        with self._timed("write"):
            running, self._running = self._running, None
            if running is not None:
                running.result()

    def __enter__(self) -> TableWriter:
        return self

    def __exit__(self, *_: object) -> None:
        self._pool.shutdown(wait=True)
