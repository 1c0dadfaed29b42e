"""Versions are kept by Alembic; the table that kept them before goes."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Drop it where there is one."""
    if sa.inspect(op.get_bind()).has_table("schema_versions"):
        op.drop_table("schema_versions")
