"""What a forecast run hands over."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from assets.planning.forecasting.distribution import DemandDistribution
from assets.planning.forecasting.effect_table import no_effects


@dataclass(frozen=True)
class ForecastResult:
    """Frames to publish and the distribution that policies read.

    Attributes:
        forecasts: one row per series and horizon period (`planning.forecasts`).
        accuracy: one row per series and model (`planning.forecast_accuracy`).
        effects: what moves demand apart from its level, as learned and applied (`planning.forecast_effects`).
        demand: sums over any horizon; its `keys` give the order of the series in every array below.
    """

    forecasts: pd.DataFrame
    accuracy: pd.DataFrame
    demand: DemandDistribution
    effects: pd.DataFrame = field(default_factory=no_effects)

    @property
    def keys(self) -> pd.DataFrame:
        """Identity of the series, in the order of the arrays that the methods return."""
        return self.demand.keys

    def sum_quantiles(self, horizon_periods: ArrayLike, quantiles: ArrayLike) -> NDArray[np.float64]:
        """Quantiles (n, Q) in units of demand summed over a horizon per series, in (fractional) periods."""
        return self.demand.sum_quantiles(horizon_periods, quantiles)

    def sum_mean(self, horizon_periods: ArrayLike) -> NDArray[np.float64]:
        """Mean (n,) in units of demand summed over a horizon per series, in periods."""
        return self.demand.sum_mean(horizon_periods)

    def sum_sd(self, horizon_periods: ArrayLike) -> NDArray[np.float64]:
        """Standard deviation (n,) in units of demand summed over a horizon per series, in periods."""
        return self.demand.sum_sd(horizon_periods)

    def scaled(self, factor: ArrayLike) -> ForecastResult:
        """The forecast with so many times the demand, (n,) by series in the order of `keys`; accuracy stays as measured."""
        by = np.asarray(factor, dtype=float)
        names = list(self.keys.columns)
        at = pd.MultiIndex.from_frame(self.keys).get_indexer(pd.MultiIndex.from_frame(self.forecasts[names]))
        rows = self.forecasts.copy()
        for name in [name for name in rows.columns if str(name).endswith("_units")]:
            rows[name] = rows[name].to_numpy(float) * by[at]
        demand = replace(self.demand, grid=self.demand.grid * by[:, None, None], mean=self.demand.mean * by[:, None])
        return replace(self, forecasts=rows, demand=demand)
