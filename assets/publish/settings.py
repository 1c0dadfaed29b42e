"""Settings of publication."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field


class PublishSettings(BaseModel):
    """Where releases go and how many are kept (the newest always is)."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    keep_releases: Annotated[int, Field(ge=1)] = 30
