"""Settings of the demand history, typed and refused when unknown."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

Frequency = Literal["D", "W", "M"]
Calendar = Literal["chinese", "western"]
DemandSource = Literal["orders", "shipments", "movements"]

#: Periods kept per frequency: three years of days, four of weeks, ten of months. More history than that
#: describes a company that no longer exists, and the cost of every model grows with it.
DEFAULT_MAX_PERIODS: dict[str, int] = {"D": 1096, "W": 208, "M": 120}


class DemandSettings(BaseModel):
    """How demand is cut into periods and when a period counts as censored."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    frequency: Frequency = "W"
    #: Newest complete periods kept; None takes `DEFAULT_MAX_PERIODS`.
    max_periods: int | None = Field(default=None, ge=1)
    #: A period is censored when less than this share of its demand could be seen (days with a filled shelf). One day of seven is
    #: 0.143, so 0.85 lets no whole empty day of a week pass (set 2026-11-21; the demo's bias is the measure).
    min_in_stock_rate: float = Field(default=0.85, ge=0.0, le=1.0)
    #: Whether orders disappear when the shelf is empty; shipments and issues do by nature. True: all do, False: none,
    #: None: the data say which share (see `censoring.order_survival_rate`).
    are_orders_censored: bool | None = None

    @property
    def periods_kept(self) -> int:
        """Newest complete periods that the history keeps."""
        return self.max_periods or DEFAULT_MAX_PERIODS[self.frequency]


class LifeCycleSettings(BaseModel):
    """Thresholds of the stages of a life cycle, in periods and probabilities."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    #: Younger than this many periods since the first one: new.
    new_periods: int = Field(default=13, ge=1)
    #: A silence that the rhythm explains with less than this probability: dying.
    dying_probability: float = Field(default=0.05, gt=0, lt=1)
    #: The same for dead; and silence of at least `dead_periods`.
    dead_probability: float = Field(default=0.001, gt=0, lt=1)
    dead_periods: int = Field(default=26, ge=1)
