"""Settings of one source of extracts, as the configuration states them. Unknown keys raise."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import BaseModel, ConfigDict, field_validator

_SAFE_NAME = re.compile(r"\w[\w.-]*")


class SourceSettings(BaseModel):
    """A folder of extracts and the mapping that reads it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    kind: Literal["file"]
    mapping: str
    path: Path
    instance: str
    required: bool = True
    company_code: str | None = None
    timezone: str = "Asia/Shanghai"

    @property
    def company(self) -> str:
        """Namespace of item and warehouse codes; the instance where the system knows no organisation."""
        return self.company_code or self.instance

    @field_validator("instance", "company_code", "name")
    @classmethod
    def _safe(cls, value: str | None) -> str | None:
        """These become folder and key parts: letters of any script, digits, `_`, `-`, `.`."""
        if value is not None and not _SAFE_NAME.fullmatch(value):
            raise ValueError(
                f"{value!r} may hold only letters, digits, '_', '-' and '.', and starts with a letter or digit"
            )
        return value

    @field_validator("timezone")
    @classmethod
    def _known_zone(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (ZoneInfoNotFoundError, ValueError) as error:
            raise ValueError(f"{value!r} is no IANA time zone") from error
        return value
