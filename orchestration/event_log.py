"""Where Dagster keeps runs and events: its own SQLite files, written over connections that stay open.

Dagster opens a new engine for every event (two to four for an asset's); a daily run stores about a thousand events and
spent more time on opening files than on any stage but dbt. Tables, files and queries are Dagster's own, so that
`dagster dev` and an older home read the same log. `dagster.yaml` names this class.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import sqlalchemy as sa
from dagster import StringSource
from dagster._core.storage.event_log.sqlite.sqlite_event_log import SqliteEventLogStorage
from dagster._core.storage.sqlite import SQLITE_BUSY_TIMEOUT_SECONDS
from dagster._core.storage.sqlite_storage import DagsterSqliteStorage
from dagster._serdes import ConfigurableClassData
from sqlalchemy.engine import Connection, Engine


class OpenEventLog(SqliteEventLogStorage):
    """Dagster's event log, one engine a file for as long as the instance lives."""

    def __init__(self, base_dir: str, inst_data: ConfigurableClassData | None = None) -> None:
        self._engines: dict[str, Engine] = {}
        self._known: set[str] = set()
        super().__init__(base_dir, inst_data)

    @contextmanager
    def _connect(self, shard: str) -> Iterator[Connection]:
        with self._db_lock, self._engine(shard).begin() as connection:
            yield connection

    def _engine(self, shard: str) -> Engine:
        if shard not in self._engines:
            engine = sa.create_engine(
                self.conn_string_for_shard(shard), connect_args={"timeout": SQLITE_BUSY_TIMEOUT_SECONDS}
            )
            sa.event.listen(engine, "connect", _without_sync)
            self._initdb(engine)
            self._engines[shard] = engine
        return self._engines[shard]

    # What the schema had once it keeps; Dagster asks for each of these at every event.

    def has_table(self, table_name: str) -> bool:
        """Whether the table is there."""
        return self._keeps(f"table {table_name}", lambda: super(OpenEventLog, self).has_table(table_name))

    def has_secondary_index(self, name: str) -> bool:
        """Whether a migration of the log is complete."""
        return self._keeps(f"index {name}", lambda: super(OpenEventLog, self).has_secondary_index(name))

    def _has_asset_key_col_on_connection(self, conn: Connection, column_name: str) -> bool:
        return self._keeps(
            f"column {column_name}",
            lambda: super(OpenEventLog, self)._has_asset_key_col_on_connection(conn, column_name),
        )

    def _keeps(self, fact: str, look: Callable[[], bool]) -> bool:
        if fact not in self._known and look():
            self._known.add(fact)
        return fact in self._known

    def dispose(self) -> None:
        """Close the files."""
        while self._engines:
            self._engines.popitem()[1].dispose()
        super().dispose()


def _without_sync(connection: Any, _record: Any) -> None:
    """A commit need not reach the disk: after a power cut the log of the cut run may lack its end, and is whole."""
    connection.execute("PRAGMA synchronous=NORMAL")


class WorkspaceStorage(DagsterSqliteStorage):
    """Dagster's SQLite storage of a home folder with the event log above."""

    def __init__(self, base_dir: str, inst_data: ConfigurableClassData | None = None) -> None:
        super().__init__(base_dir, inst_data)
        self._event_log_storage = OpenEventLog(self._event_log_storage._base_dir)

    @classmethod
    def config_type(cls) -> dict[str, Any]:
        """The folder."""
        return {"base_dir": StringSource}

    @classmethod
    def from_config_value(cls, inst_data: ConfigurableClassData | None, config_value: Any) -> WorkspaceStorage:
        """Made by Dagster from `dagster.yaml`."""
        return cls.from_local(inst_data=inst_data, **config_value)
