"""Explanations and tasks in Chinese."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Add the columns, empty until the next run fills them."""
    for table in ("incidents", "failing_rows"):
        for name in ("explanation_zh", "task_zh"):
            op.add_column(table, sa.Column(name, sa.Text(), nullable=False, server_default=""))
