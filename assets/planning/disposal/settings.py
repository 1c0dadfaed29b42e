"""What a company may decide about letting stock go. No calculation belongs here."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

WayName = Literal[
    "transfer", "return_to_supplier", "bundle", "markdown", "other_channel", "rework", "donate", "scrap"
]  # fmt: skip


class Way(BaseModel):
    """Economics of one way out, as shares of unit cost unless said otherwise.

    recovery_rate: what a unit brings (of the price for transfer, bundle and markdown where one is known, else of the
    cost); cost_rate: what it costs to do; chance_rate: how often it succeeds, a unit that fails is still there; days:
    until the money is there; destination: outlet, charity or recycler where the way has one name.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    is_open: bool = True
    recovery_rate: float = Field(ge=0)
    cost_rate: float = Field(default=0.0, ge=0)
    chance_rate: float = Field(default=1.0, gt=0, le=1)
    days: float = Field(default=30.0, ge=0)
    destination: str = ""


def _ways() -> dict[WayName, Way]:
    """Starting values, to be replaced by what the company's own recoveries show (`recoveries`)."""
    return {
        "transfer": Way(recovery_rate=1.0, cost_rate=0.03, chance_rate=0.9, days=60),
        "return_to_supplier": Way(recovery_rate=0.85, cost_rate=0.05, chance_rate=0.5, days=45),
        "bundle": Way(recovery_rate=0.7, cost_rate=0.05, chance_rate=0.6, days=90),
        "markdown": Way(recovery_rate=0.6, cost_rate=0.03, chance_rate=0.7, days=60),
        "other_channel": Way(recovery_rate=0.35, cost_rate=0.05, chance_rate=0.8, days=45),
        "rework": Way(is_open=False, recovery_rate=0.8, cost_rate=0.4, chance_rate=0.7, days=60),
        "donate": Way(recovery_rate=0.1, cost_rate=0.02, days=20),
        "scrap": Way(recovery_rate=0.02, cost_rate=0.03, days=7),
    }


class DisposalSettings(BaseModel):
    """Which stock may go, what keeping it is worth, and by which ways it goes."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    ways: dict[WayName, Way] = Field(default_factory=_ways)
    min_idle_days: float = Field(default=180.0, ge=0, description="No demand for so long, or")
    min_cover_days: float = Field(default=365.0, gt=0, description="... cover above this, makes excess a candidate")
    min_age_days: float = Field(default=90.0, ge=0, description="An item stocked for less is no candidate")
    return_window_days: float = Field(default=180.0, ge=0, description="A supplier takes back what came this recently")
    horizon_days: float = Field(default=180.0, gt=0, description="A way must be done by then")
    markdown_uplift_rate: float = Field(default=2.0, gt=1, description="Demand under markdown against before")
    bundle_attach_rate: float = Field(default=0.2, ge=0, le=1, description="Sales of the partner that take it along")
    rework_categories: tuple[str, ...] = ()
    discount_rate: float = Field(
        default=0.1, gt=0, le=1, description="Cost of capital a year; the rest of the holding rate is paid for storing"
    )
    obsolescence_rate: float = Field(
        default=0.1, ge=0, le=2, description="Share of kept stock that becomes unsaleable in a year"
    )
    keep_horizon_days: float = Field(default=730.0, gt=0, description="What would sell later than this never sells")
    min_gain_rate: float = Field(
        default=0.02, ge=0, le=1, description="A way must beat keeping by this share of the unit cost"
    )
    cancel_cost_rate: float = Field(default=0.05, ge=0, description="Fee for cancelling an order, share of its value")
    put_off_cost_rate: float = Field(default=0.0, ge=0, description="Fee for putting an order off")
    max_put_off_days: float = Field(default=180.0, ge=0, description="A supplier does not wait longer")
    learning_prior_value: float = Field(
        default=20_000.0,
        gt=0,
        description="Book value at which a way's own record weighs as much as its starting value",
    )
    markdown_price_rate: float = Field(
        default=0.9, gt=0, lt=1, description="A sale of idle stock below this share of the usual price is a markdown"
    )
