"""Settings of publication."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

URL_VARIABLE = "STOCKTURN_POSTGRES_URL"
CATALOG_VARIABLE = "STOCKTURN_ICEBERG_CATALOG"
SqlName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,18}$")]


class PostgresSettings(BaseModel):
    """How a release is shown in PostgreSQL. The address is a secret: environment, `STOCKTURN_POSTGRES_URL`.

    Companies that share a database have a `schema_name` each; `schema_name_zh` is `<schema_name>_zh` where it is not set.

    Roles in `reader_role` see every row, roles in `limited_role` those that the administrator allows them (postgres_limits.py).

    `wait_seconds`: how long the switch waits for readers' transactions; set 2026-11-21 to twice the statement time
    limit that docs/bi.md asks of the reader's role, to be changed by the database's administrator.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    schema_name: SqlName = "stockturn"
    schema_name_zh: Annotated[str, Field(pattern=r"^([a-z][a-z0-9_]{0,21})?$")] = ""
    reader_role: SqlName = "stockturn_reader"
    limited_role: SqlName = "stockturn_limited"
    keep_releases: Annotated[int, Field(ge=1)] = 3
    wait_seconds: Annotated[float, Field(gt=0)] = 120.0

    @property
    def public_schemas(self) -> tuple[str, str]:
        """The schemas that readers see: English names, Chinese names."""
        return self.schema_name, self.schema_name_zh or f"{self.schema_name}_zh"


class IcebergSettings(BaseModel):
    """Where releases are tables of Iceberg as well (iceberg.py).

    `warehouse` is a folder that readers see at the same path. The catalog is a SQLite file in it, unless `STOCKTURN_ICEBERG_CATALOG`
    in the environment names a database of SQLAlchemy (it holds a password). Companies that share a catalog have a `namespace` each.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    warehouse: Path
    namespace: SqlName = "stockturn"
    keep_releases: Annotated[int, Field(ge=1)] = 10


class PublishSettings(BaseModel):
    """Where releases go and how many are kept (the newest always is)."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    keep_releases: Annotated[int, Field(ge=1)] = 30
    write_csv: bool = False
    postgres: PostgresSettings = PostgresSettings()
    iceberg: IcebergSettings | None = None


def postgres_url() -> str | None:
    """Where to publish, or None: the environment is the only place for it, because it holds a password."""
    return os.environ.get(URL_VARIABLE) or None
