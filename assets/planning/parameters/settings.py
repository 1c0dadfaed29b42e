"""What a company may decide about lead times. No calculation belongs here."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field


class ParameterSettings(BaseModel):
    """How lead times are measured and what replaces them where they cannot be."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    lead_time_window_days: int = Field(
        default=730, gt=0, description="Receipts of orders placed this long ago still count"
    )
    max_lead_time_days: float = Field(
        default=540.0, gt=0, description="A longer one is an administrative leftover and is cut"
    )
    default_lead_time_days: float = Field(
        default=14.0, ge=0, description="Where neither a receipt nor master data says"
    )
    assumed_lead_time_cv_rate: float = Field(
        default=0.3, ge=0, le=2, description="Spread of a lead time nobody measured"
    )
    prior_receipts: float = Field(default=5.0, gt=0, description="Weight of the prior where it cannot be estimated")
    min_supplier_receipts: int = Field(default=3, ge=1, description="Fewer say less than the item's master data")
    lead_time_points: int = Field(default=5, ge=1, le=25, description="Points that represent a lead-time distribution")
