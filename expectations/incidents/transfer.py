"""A whole incident store copied to another one, also from SQLite to PostgreSQL and back."""

from __future__ import annotations

import sqlalchemy as sa

from expectations.incidents import schema
from expectations.incidents.model import IncidentError
from expectations.incidents.sentences import say
from expectations.incidents.store import IncidentStore

_BATCH = 5_000


def copy_store(source: IncidentStore, target: IncidentStore) -> int:
    """Copy every row of a store into an empty one; gives the number of rows.

    Raises:
        IncidentError: the target holds runs or incidents already.
    """
    rows = 0
    with source.reading() as old, target.writing() as unit:
        new = unit.connection
        if new.execute(sa.select(sa.func.count()).select_from(schema.runs)).scalar():
            raise IncidentError(say("store_not_empty"))
        new.execute(schema.store_facts.delete())  # what opening it left
        for table in schema.metadata.sorted_tables:
            result = old.execute(sa.select(table)).mappings()
            while batch := result.fetchmany(_BATCH):
                new.execute(table.insert(), [dict(row) for row in batch])
                rows += len(batch)
            _set_counter(new, table)
    return rows


def _set_counter(connection: sa.Connection, table: sa.Table) -> None:
    """PostgreSQL counts serial numbers beside the table: the next one follows the highest that was copied."""
    column = table.autoincrement_column
    if connection.dialect.name != "postgresql" or column is None:
        return
    highest = connection.execute(sa.select(sa.func.max(column))).scalar()
    if highest:
        connection.execute(
            sa.select(sa.func.setval(sa.func.pg_get_serial_sequence(table.name, column.name), int(highest)))
        )
