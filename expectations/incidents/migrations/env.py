"""Alembic's entry: runs the revisions on the connection, and in the transaction, of `migrate`."""

from __future__ import annotations

from alembic import context

from expectations.incidents import schema
from expectations.incidents.migrations import VERSION_TABLE

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=schema.metadata,
    version_table=VERSION_TABLE,
)
with context.begin_transaction():
    context.run_migrations()
