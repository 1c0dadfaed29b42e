"""The distribution of demand summed from the origin over any horizon, for every series.

Belongs here: what the policies read. Compact: quantile grids of sums at a few horizons; what lies between is
interpolated, what lies beyond grows from the last two.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from assets.planning.forecasting.grids import at_levels, grid_mean_sd, to_units


@dataclass(frozen=True)
class DemandDistribution:
    """Sums of demand over horizons, series by series, in the order of `keys`.

    Attributes:
        keys: identity of the n series.
        period_days: mean days of a period, to turn days into periods.
        knots: horizons in periods at which `grid` (n, S, K) holds the quantiles of sums over `grids.LEVELS`.
        mean: mean of those sums (n, S), the sum of the published period means.
        unit: units in which demand of a series comes (n,), 0 for a measure.
    """

    keys: pd.DataFrame
    period_days: float
    knots: NDArray[np.int64]
    grid: NDArray[np.float64]
    mean: NDArray[np.float64]
    unit: NDArray[np.float64]

    def _horizons(self, horizon_periods: ArrayLike) -> NDArray[np.float64]:
        horizon = np.broadcast_to(np.asarray(horizon_periods, dtype=float), (len(self.keys),)).copy()
        if not np.all(np.isfinite(horizon)) or np.any(horizon < 0):
            raise ValueError("a horizon is negative or not a number")
        return horizon

    def _read(self, values: NDArray[np.float64], horizon: NDArray[np.float64]) -> NDArray[np.float64]:
        """`values` (n, S, ...) at fractional horizons within [first knot, last knot], linear between knots."""
        inside = np.clip(horizon, self.knots[0], self.knots[-1])
        right = np.clip(np.searchsorted(self.knots, inside), 1, max(len(self.knots) - 1, 1))
        right = np.minimum(right, len(self.knots) - 1)
        left = np.maximum(right - 1, 0)
        gap = np.maximum(self.knots[right] - self.knots[left], 1)
        share = ((inside - self.knots[left]) / gap).reshape((-1,) + (1,) * (values.ndim - 2))
        rows = np.arange(len(horizon))
        return values[rows, left] * (1 - share) + values[rows, right] * share

    def sum_mean(self, horizon_periods: ArrayLike) -> NDArray[np.float64]:
        """Mean demand (units) over `horizon_periods`, one number or one per series: (n,)."""
        horizon = self._horizons(horizon_periods)
        mean = self._read(self.mean, horizon)
        beyond = np.maximum(horizon - self.knots[-1], 0) * self.mean[:, -1] / self.knots[-1]
        return np.where(horizon < self.knots[0], mean * horizon / self.knots[0], mean + beyond)

    def _grid_at(self, horizon: NDArray[np.float64]) -> NDArray[np.float64]:
        """Quantile grid (n, K) of the sum over each series' horizon.

        Within a period and beyond the last knot the deviation from the mean scales with a power of the horizon: one
        half within (days are taken as independent), and beyond what the last two knots show, between one half (no
        memory) and one (a level that is wrong stays wrong).
        """
        grid, centre = self._read(self.grid, horizon), self._read(self.mean, horizon)[:, None]
        target = self.sum_mean(horizon)[:, None]
        power = np.full((len(horizon), 1), 0.5)
        if len(self.knots) > 1:
            spread = np.maximum(self.grid[:, -2:, -4] - self.grid[:, -2:, 10], 1e-12)
            seen = np.log(spread[:, 1] / spread[:, 0]) / np.log(self.knots[-1] / self.knots[-2])
            power = np.where(horizon > self.knots[-1], np.clip(seen, 0.5, 1.0), 0.5)[:, None]
        at = np.clip(horizon, self.knots[0], self.knots[-1])[:, None]
        factor = (horizon[:, None] / at) ** power
        moved = np.maximum(target + (grid - centre) * factor, 0.0)
        return np.where(horizon[:, None] == at, grid, moved)

    def sum_quantiles(self, horizon_periods: ArrayLike, quantiles: ArrayLike) -> NDArray[np.float64]:
        """Quantiles (n, Q) in units of demand over `horizon_periods`; non-decreasing in the quantile."""
        levels = np.asarray(quantiles, dtype=float)
        if np.any((levels <= 0) | (levels >= 1)):
            raise ValueError("quantiles lie strictly between 0 and 1")
        return to_units(at_levels(self._grid_at(self._horizons(horizon_periods)), levels), self.unit[:, None])

    def sum_sd(self, horizon_periods: ArrayLike) -> NDArray[np.float64]:
        """Standard deviation (units) of demand over `horizon_periods`: (n,)."""
        return grid_mean_sd(self._grid_at(self._horizons(horizon_periods)))[1]

    def periods_of_days(self, days: ArrayLike) -> NDArray[np.float64]:
        """Days as periods, for lead times that are kept in days."""
        return np.asarray(days, dtype=float) / self.period_days
