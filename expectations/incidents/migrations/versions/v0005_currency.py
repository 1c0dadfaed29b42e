"""The currency that the amounts of an incident are in."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Add the column, empty until the next run fills it."""
    op.add_column("incidents", sa.Column("currency_code", sa.Text(), nullable=False, server_default=""))
