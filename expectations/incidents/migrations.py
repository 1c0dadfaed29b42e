"""Versions of the incident store's schema and the way from one to the next.

A new store is made in one go at the newest version; an old one takes each step after its own. Add a step, never edit
one: some store out there has run it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from expectations.incidents import schema
from expectations.incidents.model import TRANSLATED, IncidentError


@dataclass(frozen=True, slots=True)
class Migration:
    """One step: what it does to a store of the version before it."""

    version: int
    description: str
    apply: Callable[[sa.Connection], None]


def _base(connection: sa.Connection) -> None:
    later = {schema.notices.name, schema.notice_subjects.name}
    tables = [t for t in schema.metadata.sorted_tables if t.name not in later]
    schema.metadata.create_all(connection, tables=tables, checkfirst=True)
    for table in schema.APPEND_ONLY:
        for statement in _append_only(connection.dialect.name, table):
            connection.execute(sa.text(statement))


def _notice_ledger(connection: sa.Connection) -> None:
    schema.metadata.create_all(connection, tables=[schema.notices, schema.notice_subjects], checkfirst=True)


def _sentences_in_chinese(connection: sa.Connection) -> None:
    """Empty until the next run tells them; a store made at this version or later has the columns from its first step."""
    inspector = sa.inspect(connection)
    for table in (schema.incidents, schema.failing_rows):
        known = {column["name"] for column in inspector.get_columns(table.name)}
        for name in TRANSLATED:
            if name not in known:
                connection.execute(sa.text(f"alter table {table.name} add column {name} text not null default ''"))


def _append_only(dialect: str, table: str) -> list[str]:
    if dialect == "sqlite":
        return [
            f"create trigger {table}_no_{verb} before {verb} on {table} "
            f"begin select raise(abort, '{table} only grows'); end"
            for verb in ("update", "delete")
        ]
    return [
        f"create or replace function {table}_only_grows() returns trigger language plpgsql as "
        f"$$ begin raise exception '{table} only grows'; end $$",
        f"create trigger {table}_only_grows before update or delete or truncate on {table} "
        f"for each statement execute function {table}_only_grows()",
    ]


MIGRATIONS = (
    Migration(1, "runs, check results, failing rows, incidents and their history", _base),
    Migration(2, "the ledger of sent notices", _notice_ledger),
    Migration(3, "explanations and tasks in Chinese", _sentences_in_chinese),
)
NEWEST = MIGRATIONS[-1].version


def version_of(connection: sa.Connection) -> int:
    """The version of the store, 0 for an empty database."""
    if not sa.inspect(connection).has_table(schema.schema_versions.name):
        return 0
    return connection.execute(sa.select(sa.func.max(schema.schema_versions.c.version))).scalar() or 0


def migrate(connection: sa.Connection, now: datetime) -> int:
    """Bring the store to the newest version inside the caller's transaction; gives the version it had.

    Raises IncidentError where the store is newer than this program.
    """
    had = version_of(connection)
    if had > NEWEST:
        raise IncidentError(f"the incident store has schema version {had}, this program knows {NEWEST}: update it")
    for step in MIGRATIONS:
        if step.version > had:
            step.apply(connection)
            connection.execute(
                schema.schema_versions.insert().values(
                    version=step.version, description=step.description, applied_at=now
                )
            )
    return had
