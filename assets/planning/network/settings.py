"""What a company may decide about its supply network. No calculation belongs here."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field


class NetworkSettings(BaseModel):
    """How the source of an item x warehouse is found where the company does not state it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    min_share_rate: float = Field(
        default=0.5,
        gt=0,
        le=1,
        description="A way counts as the source where it brought at least this share of the year",
    )
    branch_premium_rate: float = Field(
        default=0.0,
        ge=0,
        description="How much dearer a unit is held where it is sent than where it comes from, as a share",
    )
    min_lane_moves: int = Field(default=3, ge=1, description="Fewer moves do not measure the time of a lane")
    default_interval_days: float = Field(
        default=7.0, gt=0, description="Days between two deliveries on a lane that was never used"
    )
