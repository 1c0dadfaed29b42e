"""What a company may decide about its plan over time. No calculation belongs here."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field


class ScheduleSettings(BaseModel):
    """Horizon of the plan, and when an open order is worth a message."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    horizon_weeks: int = Field(default=52, ge=1, le=104, description="Weeks that are planned")
    published_weeks: int = Field(default=26, ge=1, le=104, description="Weeks of the plan that are published")
    overdue_assumed_days: int = Field(
        default=7, ge=1, description="An overdue order without a new date is expected in this many days"
    )
    tolerance_days: int = Field(default=7, ge=0, description="An order that is off by no more than this is left alone")
    min_change_rate: float = Field(
        default=0.1, ge=0, le=1, description="A quantity that would change by less than this share is left alone"
    )
