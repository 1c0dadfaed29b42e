"""What a company may decide about the replay. No calculation belongs here."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field


class ReplaySettings(BaseModel):
    """Window, rules and yardsticks of a replay."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    days: int = Field(default=365, gt=0, description="Measured days, ending the day before the as-of date")
    warm_up_days: int = Field(default=60, ge=0, description="Days before them that the policy runs unmeasured")
    refit_days: int = Field(default=28, gt=0, description="Levels are computed again this often, from the past only")
    is_backordered: bool = Field(default=True, description="Unmet demand waits; false: it is lost")
    min_own_lead_times: int = Field(default=5, ge=1, description="Fewer receipts: drawn from all of the supplier's")
    safety_scales: tuple[float, ...] = Field(
        default=(0.0, 0.25, 0.5, 0.75, 1.0, 1.5, 2.0, 3.0), description="Points of the trade-off curve"
    )
    staged_scales: tuple[tuple[float, float], ...] = Field(
        default=((0.0, 1.0), (0.25, 1.0), (0.5, 1.0), (0.75, 1.0), (0.5, 1.5), (1.0, 1.5), (1.5, 1.0)),
        description="Safety stocks of who buys and of who is fed that are tried beside equal ones along a network",
    )
    stocked_scales: tuple[float, ...] = Field(
        default=(0.5, 1.0), description="Safety stocks that are tried for what the policy keeps no stock of"
    )
    min_item_events: int = Field(
        default=20,
        ge=1,
        description="Days with demand in each half of the window that an item needs to be judged alone",
    )
    min_gain_rate: float = Field(default=0.03, ge=0, lt=1, description="A change must save this share of the cost")
    is_choosing: bool = Field(
        default=True, description="The policy is chosen on history; false: as configured, which a what-if compares"
    )
    tolerance_fill_rate: float = Field(
        default=0.005, ge=0, le=0.2, description="Fill may be this much lower and still count as equal (half a point)"
    )
    seed: int = 20261121
    workers: int = Field(default=2, ge=1)
