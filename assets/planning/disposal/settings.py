"""What a company may decide about letting stock go. No calculation belongs here."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

WayName = Literal[
    "transfer", "return_to_supplier", "bundle", "markdown", "other_channel", "rework", "donate", "scrap"
]  # fmt: skip


class Way(BaseModel):
    """Economics of one way out, as shares of unit cost unless said otherwise.

    recovery_rate: what a unit brings (of the price for bundle and markdown where one is known, else of the cost);
    cost_rate: what it costs to do; chance_rate: how often it succeeds; days: until the money is there.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    is_open: bool = True
    recovery_rate: float = Field(ge=0)
    cost_rate: float = Field(default=0.0, ge=0)
    chance_rate: float = Field(default=1.0, ge=0, le=1)
    days: float = Field(default=30.0, ge=0)


def _ways() -> dict[WayName, Way]:
    """Starting values, to be replaced by what the company's own recoveries show (`track`)."""
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
    """Which stock must go, and by which ways."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    ways: dict[WayName, Way] = Field(default_factory=_ways)
    min_idle_days: float = Field(default=180.0, ge=0, description="No demand for so long, or")
    min_cover_days: float = Field(default=365.0, gt=0, description="... cover above this, makes excess a candidate")
    return_window_days: float = Field(default=180.0, ge=0, description="A supplier takes back what came this recently")
    horizon_days: float = Field(default=180.0, gt=0, description="A way must be done by then")
    markdown_uplift_rate: float = Field(default=2.0, ge=1, description="Demand under markdown against before")
    bundle_attach_rate: float = Field(default=0.2, ge=0, le=1, description="Sales of the partner that take it along")
    rework_categories: tuple[str, ...] = ()
