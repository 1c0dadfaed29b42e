"""Versions of the incident store's schema, kept by Alembic: `versions/` holds a revision for each change.

A new store takes every revision in turn, as an old one takes those that it lacks. Add a revision, never edit one: some
store has run it. Stores made before Alembic kept a number in `schema_versions`; number n is revision `000n`.
"""

from __future__ import annotations

import threading
from pathlib import Path

import sqlalchemy as sa

from expectations.incidents.model import IncidentError
from expectations.incidents.sentences import say

NEWEST = "0005"
VERSION_TABLE = "incident_schema_version"  # a database may hold other programs' tables with Alembic's usual name
_LEGACY_TABLE = "schema_versions"
_one_at_a_time = threading.Lock()  # Alembic's `context` and `op` are globals of the process


def revision_of(connection: sa.Connection) -> str:
    """The revision of the store; empty for an empty database."""
    inspector = sa.inspect(connection)
    if inspector.has_table(VERSION_TABLE):
        found = connection.execute(sa.text(f"select max(version_num) from {VERSION_TABLE}")).scalar()
        if found:
            return str(found)
    if inspector.has_table(_LEGACY_TABLE):
        number = connection.execute(sa.text(f"select max(version) from {_LEGACY_TABLE}")).scalar()
        return f"{number:04d}" if number else ""
    return ""


def migrate(connection: sa.Connection) -> None:
    """Bring the store to the newest revision inside the caller's transaction.

    Raises:
        IncidentError: the store is newer than this program.
    """
    had = revision_of(connection)
    if had > NEWEST:
        raise IncidentError(say("newer_store", had, NEWEST))
    from alembic import command  # needed once in the life of a store
    from alembic.config import Config

    config = Config(attributes={"connection": connection})
    config.set_main_option("script_location", str(Path(__file__).parent))
    with _one_at_a_time:
        if had and not sa.inspect(connection).has_table(VERSION_TABLE):
            command.stamp(config, had)
        command.upgrade(config, "head")
