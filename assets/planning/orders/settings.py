"""What a company may decide about its draft orders. No calculation belongs here."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field


class OrderSettings(BaseModel):
    """How orders are put together and how long one that was handed over counts before it is acknowledged."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    payment_term_days: float = Field(
        default=30.0, ge=0, description="Credit of a supplier whose master data say nothing, from arrival on"
    )
    is_topped_up: bool = Field(
        default=True, description="An order below the supplier's minimum or load is filled up within the cover limits"
    )
    storage_horizon_days: int = Field(
        default=182, gt=0, le=730, description="How far stock of a warehouse is projected"
    )
