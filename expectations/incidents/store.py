"""The incident store as a place: engine, transactions, time. What is written there is decided elsewhere.

One writer at a time: SQLite begins immediate, PostgreSQL takes an advisory lock for the transaction. Everything a
run changes is one transaction, so a killed writer leaves nothing and a second one waits, then sees the first.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from expectations.incidents import schema
from expectations.incidents.clock import Clock, ClockView, judge, system_clock
from expectations.incidents.migrations import NEWEST, migrate, revision_of
from expectations.incidents.policy import Policy, load_policy

LOCK_NUMBER = 7_305_917_204  # names our lock among the advisory locks of the database; any fixed number serves
WAIT_SECONDS = 60  # recording 100,000 findings takes seconds; a writer that waits longer than this has met a fault


@dataclass(frozen=True, slots=True)
class WriteUnit:
    """An open write transaction with the time that is in force in it."""

    connection: sa.Connection
    view: ClockView
    reading: datetime
    zone: ZoneInfo

    @property
    def now(self) -> datetime:
        """The believed time."""
        return self.view.now

    @property
    def today(self) -> date:
        """The believed day where the company is."""
        return self.now.astimezone(self.zone).date()


class IncidentStore:
    """A database that holds incidents, the policy they follow and the clock they go by."""

    def __init__(self, url: str | sa.URL, policy: Policy | None = None, clock: Clock = system_clock) -> None:
        """`url` is a SQLAlchemy URL (`sqlite:///...`, `postgresql+psycopg://...`). The schema is made or brought up."""
        self.policy = policy or load_policy()
        self.clock = clock
        self.zone = ZoneInfo(self.policy.timezone)
        self.engine = _engine(sa.make_url(url))
        with self.engine.connect() as connection:
            is_current = revision_of(connection) == NEWEST
        if not is_current:
            with self._locked() as connection:
                migrate(connection)

    @classmethod
    def at(cls, path: Path, policy: Policy | None = None, clock: Clock = system_clock) -> IncidentStore:
        """A SQLite store in a file (its folder is made)."""
        path.parent.mkdir(parents=True, exist_ok=True)
        return cls(sa.URL.create("sqlite", database=str(path)), policy, clock)

    def close(self) -> None:
        """Give back every connection."""
        self.engine.dispose()

    @contextmanager
    def reading(self) -> Iterator[sa.Connection]:
        """A connection to read with; sees one consistent state."""
        with self.engine.connect() as connection, connection.begin():
            yield connection

    @contextmanager
    def writing(self, *, confirm_clock: bool = False) -> Iterator[WriteUnit]:
        """One write transaction, alone; commits at the end, leaves nothing behind when anything raises."""
        with self._locked() as connection:
            reading = self.clock()
            view = judge(reading, *_clock_facts(connection), confirm=confirm_clock)
            _remember(connection, "clock_last_seen", view.last_seen.isoformat())
            _remember(connection, "clock_candidate", view.candidate.isoformat() if view.candidate else "")
            yield WriteUnit(connection, view, reading, self.zone)

    def today(self) -> date:
        """The believed date, for filters like `overdue`."""
        with self.reading() as connection:
            return judge(self.clock(), *_clock_facts(connection), confirm=False).now.astimezone(self.zone).date()

    @contextmanager
    def _locked(self) -> Iterator[sa.Connection]:
        with self.engine.connect().execution_options(stockturn_writes=True) as connection, connection.begin():
            if connection.dialect.name == "postgresql":
                connection.execute(sa.text(f"set local lock_timeout = '{WAIT_SECONDS}s'"))
                connection.execute(sa.select(sa.func.pg_advisory_xact_lock(LOCK_NUMBER)))
            yield connection


def _engine(url: sa.URL) -> sa.Engine:
    if url.get_backend_name() != "sqlite":
        return sa.create_engine(url, pool_pre_ping=True)
    engine = sa.create_engine(url, connect_args={"timeout": WAIT_SECONDS})

    @sa.event.listens_for(engine, "connect")
    def _open(connection: Any, _record: Any) -> None:
        connection.isolation_level = None  # the driver must not begin on its own: `_begin` does
        connection.execute(f"pragma busy_timeout = {WAIT_SECONDS * 1000}")
        _write_ahead(connection)
        connection.execute("pragma synchronous = full")  # an incident that was answered for must survive a power cut
        connection.execute("pragma foreign_keys = on")

    @sa.event.listens_for(engine, "begin")
    def _begin(connection: sa.Connection) -> None:
        writes = connection.get_execution_options().get("stockturn_writes", False)
        connection.exec_driver_sql("begin immediate" if writes else "begin")

    return engine


def _write_ahead(connection: Any) -> None:
    """Switch to a write-ahead log. SQLite does not wait for this lock as for others: two that open a new file at once collide."""
    until = time.monotonic() + WAIT_SECONDS
    while True:
        try:
            connection.execute("pragma journal_mode = wal")
        except sqlite3.OperationalError as error:
            if "locked" not in str(error) or time.monotonic() > until:
                raise
            time.sleep(0.02)
        else:
            return


def _clock_facts(connection: sa.Connection) -> tuple[datetime | None, datetime | None]:
    rows = connection.execute(
        sa.select(schema.store_facts.c.name, schema.store_facts.c.value).where(
            schema.store_facts.c.name.in_(["clock_last_seen", "clock_candidate"])
        )
    )
    facts = {name: datetime.fromisoformat(value) for name, value in rows if value}
    return facts.get("clock_last_seen"), facts.get("clock_candidate")


def _remember(connection: sa.Connection, name: str, value: str) -> None:
    table = schema.store_facts
    changed = connection.execute(table.update().where(table.c.name == name).values(value=value))
    if changed.rowcount == 0:
        connection.execute(table.insert().values(name=name, value=value))
