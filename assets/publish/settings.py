"""Settings of publication."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

SqlName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,18}$")]


class PostgresSettings(BaseModel):
    """How a release is shown in PostgreSQL. The address is a secret: environment, `STOCKTURN_POSTGRES_URL`.

    `wait_seconds`: how long the switch waits for readers' transactions; set 2026-11-21 to twice the statement time
    limit that docs/bi.md asks of the reader's role, to be changed by the database's administrator.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    schema_name: SqlName = "stockturn"
    schema_name_zh: SqlName = "stockturn_zh"
    reader_role: SqlName = "stockturn_reader"
    keep_releases: Annotated[int, Field(ge=1)] = 3
    wait_seconds: Annotated[float, Field(gt=0)] = 120.0


class PublishSettings(BaseModel):
    """Where releases go and how many are kept (the newest always is)."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    keep_releases: Annotated[int, Field(ge=1)] = 30
    write_csv: bool = False
    postgres: PostgresSettings = PostgresSettings()
