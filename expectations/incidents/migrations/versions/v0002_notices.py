"""The ledger of sent notices."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from expectations.incidents import schema as types

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Make its two tables."""
    op.create_table(
        "notices",
        sa.Column(
            "notice_no", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False
        ),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("recipient", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("incident_nos", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("created_at", types.UtcTime(), nullable=False),
        sa.Column("next_attempt_at", types.UtcTime(), nullable=False),
        sa.Column("lease_until_at", types.UtcTime(), nullable=True),
        sa.Column("sent_at", types.UtcTime(), nullable=True),
        sa.Column("last_error", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("notice_no"),
    )
    op.create_index("notices_due", "notices", ["state", "next_attempt_at"], unique=False)
    op.create_table(
        "notice_subjects",
        sa.Column("subject_key", sa.Text(), nullable=False),
        sa.Column("notice_no", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["notice_no"],
            ["notices.notice_no"],
        ),
        sa.PrimaryKeyConstraint("subject_key"),
    )
