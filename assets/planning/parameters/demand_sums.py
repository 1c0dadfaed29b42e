"""The one thing that planning asks of a forecast: the distribution of demand summed over the coming periods.

`assets.planning.forecasting` provides it from forecast paths; `AnalyticSums` builds it from means and deviations where
there is nothing else (a table read back, a test, a benchmark).
"""

from __future__ import annotations

from typing import Protocol

import numpy as np
from scipy import stats


class LeadTimeDemand(Protocol):
    """Demand sums of n series, in a fixed order; horizons in periods, >= 0, fractions and any length allowed."""

    def sum_quantiles(self, horizon_periods: np.ndarray, quantiles: np.ndarray) -> np.ndarray:
        """(n, q) quantiles of the demand of periods 1..horizon, horizon (n,) by series."""

    def sum_mean(self, horizon_periods: np.ndarray) -> np.ndarray:
        """(n,) mean of the same sum."""

    def sum_sd(self, horizon_periods: np.ndarray) -> np.ndarray:
        """(n,) standard deviation of the same sum."""


class AnalyticSums:
    """Sums of independent or equally correlated periods, gamma-shaped with an atom at zero where demand is rare.

    Args:
        mean_units: (n, horizon) mean of each period; beyond the last one the last repeats.
        sd_units: (n, horizon) standard deviation of each period.
        correlation_rate: correlation between the errors of any two periods (a level missed today is missed tomorrow).
    """

    def __init__(self, mean_units: np.ndarray, sd_units: np.ndarray, correlation_rate: float = 0.0) -> None:
        self._mean = np.clip(np.nan_to_num(mean_units), 0, None).astype(float)
        self._sd = np.clip(np.nan_to_num(sd_units), 0, None).astype(float)
        self._correlation = correlation_rate

    def _total(self, values: np.ndarray, horizon: np.ndarray) -> np.ndarray:
        """Sum of the values of periods 1..horizon; a part of a period counts in proportion."""
        cumulative = np.concatenate([np.zeros((len(values), 1)), np.cumsum(values, axis=1)], axis=1)
        last = values.shape[1]
        whole = np.minimum(np.floor(horizon), last).astype(int)
        rows = np.arange(len(values))
        part = values[rows, np.minimum(whole, last - 1)] * (horizon - whole)
        return cumulative[rows, whole] + part

    def sum_mean(self, horizon_periods: np.ndarray) -> np.ndarray:
        """(n,) see `LeadTimeDemand`."""
        return self._total(self._mean, np.asarray(horizon_periods, float))

    def sum_sd(self, horizon_periods: np.ndarray) -> np.ndarray:
        """(n,) see `LeadTimeDemand`."""
        horizon = np.asarray(horizon_periods, float)
        own = self._total(self._sd**2, horizon)
        together = self._total(self._sd, horizon) ** 2
        return np.sqrt((1 - self._correlation) * own + self._correlation * together)

    def sum_quantiles(self, horizon_periods: np.ndarray, quantiles: np.ndarray) -> np.ndarray:
        """(n, q) see `LeadTimeDemand`: a gamma with the mean and deviation of the sum."""
        mean, sd = self.sum_mean(horizon_periods), self.sum_sd(horizon_periods)
        certain = (sd <= 0) | (mean <= 0)
        shape = np.where(certain, 1.0, np.minimum(mean / np.where(sd > 0, sd, 1.0), 1e5) ** 2)
        shape = np.clip(shape, 1e-3, 1e9)  # beyond, the gamma's quantiles underflow; neither end decides an order
        grid = stats.gamma.ppf(np.asarray(quantiles)[None, :], shape[:, None]) * (mean / shape)[:, None]
        return np.where(certain[:, None], mean[:, None], grid)
