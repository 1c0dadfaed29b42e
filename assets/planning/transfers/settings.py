"""What a company may decide about moving stock. No calculation belongs here."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field


class Lane(BaseModel):
    """One way between two warehouses, where it differs from the default."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    from_warehouse_id: str
    to_warehouse_id: str
    is_open: bool = True
    lead_time_days: float | None = Field(default=None, ge=0)
    cost_value_per_move: float | None = Field(default=None, ge=0)
    cost_rate: float | None = Field(default=None, ge=0, description="Share of the value moved")


class TransferSettings(BaseModel):
    """Cost and time of a move, and when one is worth it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    lead_time_days: float = Field(default=3.0, ge=0)
    cost_value_per_move: float = Field(default=15.0, ge=0)
    cost_rate: float = Field(default=0.02, ge=0, description="Share of the value moved")
    min_move_units: float = Field(default=1.0, ge=0)
    donor_horizon_days: float = Field(default=730.0, gt=0, description="Holding saved at the donor counts this long")
    max_receiver_idle_days: float = Field(
        default=180.0, gt=0, description="Nothing is sent to where the item has not sold for so long"
    )
    lanes: tuple[Lane, ...] = ()
