"""Runs, check results, failing rows, incidents and their history."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from expectations.incidents import schema as types

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Make the tables; triggers keep check results and history from being changed."""
    op.create_table(
        "store_facts",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("name"),
    )
    op.create_table(
        "runs",
        sa.Column("run_seq", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("run_id", sa.Text(), nullable=False),
        sa.Column("release_id", sa.Text(), nullable=False),
        sa.Column("as_of_date", sa.Date(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("started_at", types.UtcTime(), nullable=True),
        sa.Column("finished_at", types.UtcTime(), nullable=True),
        sa.Column("recorded_at", types.UtcTime(), nullable=False),
        sa.Column("is_backfill", sa.Boolean(), nullable=False),
        sa.Column("content_hash", sa.Text(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("message", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("run_seq"),
        sa.UniqueConstraint("run_id"),
    )
    op.create_table(
        "check_results",
        sa.Column(
            "result_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False
        ),
        sa.Column("run_seq", sa.Integer(), nullable=False),
        sa.Column("check_id", sa.Text(), nullable=False),
        sa.Column("engine", sa.Text(), nullable=False),
        sa.Column("contract_or_model", sa.Text(), nullable=False),
        sa.Column("rule_id", sa.Text(), nullable=False),
        sa.Column("severity", sa.Text(), nullable=False),
        sa.Column("is_blocking", sa.Boolean(), nullable=False),
        sa.Column("is_passed", sa.Boolean(), nullable=False),
        sa.Column("rows_failed", sa.BigInteger(), nullable=False),
        sa.Column("rows_checked", sa.BigInteger(), nullable=True),
        sa.Column("variance_value", types.Money(precision=24, scale=4), nullable=True),
        sa.Column("duration_ms", sa.BigInteger(), nullable=True),
        sa.Column("message", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["run_seq"],
            ["runs.run_seq"],
        ),
        sa.PrimaryKeyConstraint("result_id"),
        sa.UniqueConstraint("run_seq", "check_id"),
    )
    op.create_table(
        "incidents",
        sa.Column("incident_no", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("cause_key", sa.Text(), nullable=False),
        sa.Column("rule_id", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("title_zh", sa.Text(), nullable=False),
        sa.Column("severity", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("owner_name", sa.Text(), nullable=False),
        sa.Column("item_id", sa.Text(), nullable=False),
        sa.Column("warehouse_id", sa.Text(), nullable=False),
        sa.Column("doc_no", sa.Text(), nullable=False),
        sa.Column("source_name", sa.Text(), nullable=False),
        sa.Column("first_business_date", sa.Date(), nullable=True),
        sa.Column("cause", sa.Text(), nullable=False),
        sa.Column("explanation", sa.Text(), nullable=False),
        sa.Column("task", sa.Text(), nullable=False),
        sa.Column("rows_failed", sa.Integer(), nullable=False),
        sa.Column("variance_net_value", types.Money(precision=24, scale=4), nullable=True),
        sa.Column("variance_gross_value", types.Money(precision=24, scale=4), nullable=True),
        sa.Column("stock_value_touched", types.Money(precision=24, scale=4), nullable=True),
        sa.Column("value_status", sa.Text(), nullable=False),
        sa.Column("metrics", sa.Text(), nullable=False),
        sa.Column("opened_at", types.UtcTime(), nullable=False),
        sa.Column("opened_as_of_date", sa.Date(), nullable=False),
        sa.Column("opened_run_seq", sa.Integer(), nullable=False),
        sa.Column("last_failed_run_seq", sa.Integer(), nullable=False),
        sa.Column("last_looked_run_seq", sa.Integer(), nullable=False),
        sa.Column("due_date", sa.Date(), nullable=False),
        sa.Column("acknowledged_at", types.UtcTime(), nullable=True),
        sa.Column("acknowledged_by", sa.Text(), nullable=False),
        sa.Column("snoozed_until_date", sa.Date(), nullable=True),
        sa.Column("accepted_until_date", sa.Date(), nullable=True),
        sa.Column("accepted_gross_value", types.Money(precision=24, scale=4), nullable=True),
        sa.Column("escalation_level", sa.Integer(), nullable=False),
        sa.Column("reopened_count", sa.Integer(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("reason_by", sa.Text(), nullable=False),
        sa.Column("closed_at", types.UtcTime(), nullable=True),
        sa.Column("closed_as_of_date", sa.Date(), nullable=True),
        sa.Column("closed_run_seq", sa.Integer(), nullable=True),
        sa.Column("previous_incident_no", sa.Integer(), nullable=True),
        sa.PrimaryKeyConstraint("incident_no"),
    )
    op.create_index("incidents_by_state", "incidents", ["state", "severity"], unique=False)
    op.create_index(
        "one_live_incident_per_cause",
        "incidents",
        ["cause_key"],
        unique=True,
        sqlite_where=sa.text("state <> 'closed'"),
        postgresql_where=sa.text("state <> 'closed'"),
    )
    op.create_table(
        "incident_subjects",
        sa.Column("incident_no", sa.Integer(), nullable=False),
        sa.Column("item_id", sa.Text(), nullable=False),
        sa.Column("warehouse_id", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["incident_no"],
            ["incidents.incident_no"],
        ),
        sa.PrimaryKeyConstraint("incident_no", "item_id", "warehouse_id"),
    )
    op.create_table(
        "failing_rows",
        sa.Column("row_no", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("finding_id", sa.Text(), nullable=False),
        sa.Column("content_hash", sa.Text(), nullable=False),
        sa.Column("rule_id", sa.Text(), nullable=False),
        sa.Column("severity", sa.Text(), nullable=False),
        sa.Column("incident_no", sa.Integer(), nullable=True),
        sa.Column("item_id", sa.Text(), nullable=False),
        sa.Column("warehouse_id", sa.Text(), nullable=False),
        sa.Column("doc_no", sa.Text(), nullable=False),
        sa.Column("business_date", sa.Date(), nullable=True),
        sa.Column("variance_units", sa.Float(), nullable=True),
        sa.Column("variance_value", types.Money(precision=24, scale=4), nullable=True),
        sa.Column("cause", sa.Text(), nullable=False),
        sa.Column("explanation", sa.Text(), nullable=False),
        sa.Column("task", sa.Text(), nullable=False),
        sa.Column("source_instance", sa.Text(), nullable=False),
        sa.Column("source_file", sa.Text(), nullable=False),
        sa.Column("source_row", sa.BigInteger(), nullable=True),
        sa.Column("first_run_seq", sa.Integer(), nullable=False),
        sa.Column("last_run_seq", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["incident_no"],
            ["incidents.incident_no"],
        ),
        sa.PrimaryKeyConstraint("row_no"),
        sa.UniqueConstraint("finding_id", "content_hash"),
    )
    op.create_index("failing_rows_by_incident", "failing_rows", ["incident_no", "last_run_seq"], unique=False)
    op.create_table(
        "incident_history",
        sa.Column(
            "history_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False
        ),
        sa.Column("incident_no", sa.Integer(), nullable=False),
        sa.Column("at", types.UtcTime(), nullable=False),
        sa.Column("clock_at", types.UtcTime(), nullable=False),
        sa.Column("user_name", sa.Text(), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("field", sa.Text(), nullable=False),
        sa.Column("old_value", sa.Text(), nullable=False),
        sa.Column("new_value", sa.Text(), nullable=False),
        sa.Column("comment", sa.Text(), nullable=False),
        sa.Column("run_seq", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(
            ["incident_no"],
            ["incidents.incident_no"],
        ),
        sa.PrimaryKeyConstraint("history_id"),
    )
    op.create_index(op.f("ix_incident_history_incident_no"), "incident_history", ["incident_no"], unique=False)
    for table in ("check_results", "incident_history"):
        for statement in _append_only(op.get_bind().dialect.name, table):
            op.execute(sa.text(statement))


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
