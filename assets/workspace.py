"""The workspace: where one company's landing, warehouse and releases stand on disk.

Only paths and connections belong here. What is written there is the business of the stages.
"""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pyarrow as pa


class WorkspaceBusyError(RuntimeError):
    """Another run is writing to this workspace."""


@dataclass(frozen=True)
class Workspace:
    """The folders of one company (see docs/interfaces.md, "Folders of a workspace")."""

    root: Path
    threads: int = 2
    memory_limit: str = "4GB"

    @property
    def warehouse(self) -> Path:
        return self.root / "warehouse.duckdb"

    @property
    def releases(self) -> Path:
        return self.root / "releases"

    @property
    def forecast_vintages(self) -> Path:
        return self.root / "forecast_vintages"

    @property
    def ledger_state(self) -> Path:
        return self.root / "ledger"

    @property
    def dagster_home(self) -> Path:
        return self.root / "dagster"

    @property
    def incident_store(self) -> Path:
        return self.root / "quality" / "incidents.db"

    @contextmanager
    def connect(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """Open the warehouse for writing; one process at a time."""
        self.root.mkdir(parents=True, exist_ok=True)
        connection = duckdb.connect(
            str(self.warehouse), config={"threads": self.threads, "memory_limit": self.memory_limit}
        )
        try:
            connection.execute("set TimeZone = 'UTC'")
            yield connection
        finally:
            connection.close()

    @contextmanager
    def exclusive(self) -> Iterator[None]:
        """Hold the workspace for one run.

        Raises:
            WorkspaceBusyError: another run holds it. A killed run leaves no lock behind, the kernel drops it.
        """
        self.root.mkdir(parents=True, exist_ok=True)
        with (self.root / ".lock").open("w") as handle:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                message = f"another run is writing to {self.root}; wait until it ends (see `stockturn status`)"
                raise WorkspaceBusyError(message) from error
            yield


def write_table(connection: duckdb.DuckDBPyConnection, name: str, table: pa.Table) -> int:
    """Replace `schema.table` of the warehouse by an Arrow table; returns the number of rows."""
    schema, _, bare = name.partition(".")
    connection.execute(f'create schema if not exists "{schema}"')
    connection.register("_incoming", table)
    try:
        connection.execute(f'create or replace table "{schema}"."{bare}" as select * from _incoming')
    finally:
        connection.unregister("_incoming")
    return int(table.num_rows)
