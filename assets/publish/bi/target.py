"""Where the marts are read from by a tool."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Target:
    """PostgreSQL as a BI tool sees it. No password: each tool asks for it."""

    host: str = "localhost"
    port: int = 5432
    database: str = "stockturn"
    schema: str = "stockturn"
    user: str = "bi"
