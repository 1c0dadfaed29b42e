"""Settings of the forecasting stage, typed and refused when unknown."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from assets.planning.demand.settings import Calendar, Frequency

#: Quantiles that `planning.forecasts` publishes; a fixed set, because they are columns.
PUBLISHED_QUANTILES: tuple[float, ...] = (0.05, 0.1, 0.25, 0.5, 0.75, 0.8, 0.9, 0.95, 0.98, 0.99)

#: Quantiles that the tournament scores: the two tails that decide on stock, and the middle.
SCORED_QUANTILES: tuple[float, ...] = (0.1, 0.25, 0.5, 0.75, 0.8, 0.9, 0.95, 0.99)

SEASON_PERIODS: dict[str, int] = {"D": 7, "W": 52, "M": 12}
DEFAULT_HORIZON: dict[str, int] = {"D": 28, "W": 13, "M": 6}

Effort = Literal["fast", "standard"]


class ForecastSettings(BaseModel):
    """What is forecast, how far, with which models, and how much time that may take."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    frequency: Frequency = "W"
    #: Periods ahead; None takes `DEFAULT_HORIZON`.
    horizon: int | None = Field(default=None, ge=1, le=400)
    #: Periods of one season; None takes `SEASON_PERIODS`, 1 switches the season off.
    season_periods: int | None = Field(default=None, ge=1)
    #: Calendars whose holidays may move demand; an effect is applied only as far as its standard error lets it.
    calendars: tuple[Calendar, ...] = ("chinese",)
    #: Names of the landed regressors (contract `demand_regressor`) that the forecast may use; each is used in a family only
    #: where it brought demand nearer at earlier cuts.
    regressors: tuple[str, ...] = ()
    #: Rolling origins of the tournament and the periods between them (None: as far apart as history allows).
    origins: int = Field(default=6, ge=1, le=60)
    origin_step: int | None = Field(default=None, ge=1)
    #: Periods of history that a series needs before an origin counts for it.
    min_train_periods: int = Field(default=8, ge=2)
    #: fast: the compiled kernels. standard: also statsforecast's families on series where they pay.
    effort: Effort = "fast"
    #: Seconds that statsforecast's families may take, planned with measured unit costs and never by the clock, so
    #: that two runs of the same data choose the same models.
    time_budget_seconds: float = Field(default=1800.0, gt=0)
    #: Least number of origins that the segment's evidence weighs in a series' choice; more where series differ little.
    segment_weight_origins: float = Field(default=6.0, ge=0)
    #: A former model stays unless the new one is better by more than this share of the loss.
    hysteresis_rate: float = Field(default=0.02, ge=0, le=1)
    #: Months of the review of the worst misses, and rows per month.
    review_months: int = Field(default=6, ge=0)
    review_rows: int = Field(default=20, ge=1)
    #: Periods after the last one of a vintage in which late documents may still change its accuracy.
    settle_periods: int = Field(default=4, ge=0)
    #: Earlier origins at which a company without kept forecasts has its first vintages made, a horizon apart.
    reconstructed_vintages: int = Field(default=2, ge=0, le=12)
    #: Threads; the kernels release the interpreter lock.
    workers: int = Field(default=2, ge=1)
    seed: int = 20240229

    @model_validator(mode="after")
    def _check(self) -> ForecastSettings:
        if self.origin_step is not None and self.origin_step > 4 * self.horizon_periods:
            raise ValueError("origin_step is more than four horizons: the origins would not describe the present")
        return self

    @property
    def horizon_periods(self) -> int:
        """Periods ahead."""
        return self.horizon or DEFAULT_HORIZON[self.frequency]

    @property
    def season(self) -> int:
        """Periods of one season."""
        return self.season_periods or SEASON_PERIODS[self.frequency]
