"""The workspace: where one company's landing, warehouse and releases are on disk.

Only paths and connections belong here. What is written there is the business of the stages.
"""

from __future__ import annotations

import fcntl
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import duckdb
import pyarrow as pa

from assets.spark.settings import SparkSettings
from assets.stages import begin_stage, finish_stage


class WorkspaceBusyError(RuntimeError):
    """Another run is writing to this workspace."""


@dataclass(frozen=True)
class Workspace:
    """The folders of one company (see docs/interfaces.md, "Folders of a workspace")."""

    root: Path
    threads: int = 2
    memory_limit: str = "4GB"
    spark: SparkSettings | None = None
    """Of a company whose engine is Spark."""

    @property
    def warehouse(self) -> Path:
        return self.root / "warehouse.duckdb"

    @property
    def lake(self) -> Path:
        """Where the tables are that Spark builds."""
        named = self.spark.warehouse if self.spark else None
        return named or self.root / "lake"

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
    def dbt_artifacts(self) -> Path:
        return self.root / "dbt"

    @property
    def dagster_home(self) -> Path:
        return self.root / "dagster"

    @property
    def incident_store(self) -> Path:
        return self.root / "quality" / "incidents.db"

    @property
    def order_store(self) -> Path:
        return self.root / "quality" / "orders.db"

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
    def stage(self, name: str, day: date, run_id: str, *, is_whole: bool = True) -> Iterator[None]:
        """Build one stage of the warehouse for a day; it counts as built when the block ends well.

        Args:
            name: a stage of `assets.stages.READS`.
            day: the day of the run.
            run_id: the first run of the chain of re-executions.
            is_whole: False where only some tables of the stage are built; no release is made of such a stage.

        Raises:
            assets.stages.StageError: what the stage builds on is of another day.
        """
        with self.connect() as connection:
            begin_stage(connection, name, day)
        yield
        if is_whole:
            with self.connect() as connection:
                finish_stage(connection, name, day, run_id)

    @contextmanager
    def exclusive(self, wait_seconds: float = 0.0) -> Iterator[None]:
        """Hold the workspace for one run, waiting for another one as long as said.

        Raises:
            WorkspaceBusyError: another run holds it. A killed run leaves no lock behind, the kernel drops it.
        """
        self.root.mkdir(parents=True, exist_ok=True)
        deadline = time.monotonic() + wait_seconds
        with (self.root / ".lock").open("w") as handle:
            while True:
                try:
                    fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    break
                except BlockingIOError as error:
                    if time.monotonic() >= deadline:
                        message = f"another run is writing to {self.root}; wait until it ends (see `stockturn status`)"
                        raise WorkspaceBusyError(message) from error
                    time.sleep(1.0)
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
