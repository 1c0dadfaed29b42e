"""The one thing that planning asks of a forecast: the distribution of demand summed over the coming periods.

`assets.planning.forecasting` provides it from forecast paths; `AnalyticSums` builds it from means and deviations where
there is nothing else (a table read back, a test, a benchmark).
"""

from __future__ import annotations

from typing import Protocol

import numpy as np
from scipy import stats


class LeadTimeDemand(Protocol):
    """Demand sums of n series, in a fixed order; horizons are whole periods from 1."""

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
        cumulative = np.concatenate([np.zeros((len(values), 1)), np.cumsum(values, axis=1)], axis=1)
        last = values.shape[1]
        inside = np.minimum(horizon, last).astype(int)
        total = np.take_along_axis(cumulative, inside[:, None], 1)[:, 0]
        return total + np.maximum(horizon - last, 0) * values[:, -1]

    def sum_mean(self, horizon_periods: np.ndarray) -> np.ndarray:
        """(n,) see `LeadTimeDemand`."""
        return self._total(self._mean, np.asarray(horizon_periods))

    def sum_sd(self, horizon_periods: np.ndarray) -> np.ndarray:
        """(n,) see `LeadTimeDemand`."""
        horizon = np.asarray(horizon_periods)
        own, together = self._total(self._sd**2, horizon), self._total(self._sd, horizon) ** 2
        return np.sqrt((1 - self._correlation) * own + self._correlation * together)

    def sum_quantiles(self, horizon_periods: np.ndarray, quantiles: np.ndarray) -> np.ndarray:
        """(n, q) see `LeadTimeDemand`: a gamma with the mean and deviation of the sum."""
        mean, sd = self.sum_mean(horizon_periods), self.sum_sd(horizon_periods)
        certain = (sd <= 0) | (mean <= 0)
        shape = np.where(certain, 1.0, np.divide(mean**2, sd**2, out=np.ones_like(mean), where=sd > 0))
        grid = stats.gamma.ppf(np.asarray(quantiles)[None, :], shape[:, None]) * (mean / shape)[:, None]
        return np.where(certain[:, None], mean[:, None], grid)


class Extended:
    """Demand sums beyond the last forecast period, for lead times longer than the forecast.

    The mean goes on at its average rate. The deviation goes on growing with the power of the length that it shows over
    the second half of the forecast, held between 0.5 (independent periods) and 1 (one wrong level for ever).
    """

    def __init__(self, sums: LeadTimeDemand, max_periods: int, series: int) -> None:
        self._sums, self._most = sums, max_periods
        end, half = np.full(series, max_periods), np.full(series, max(max_periods // 2, 1))
        ratio = np.divide(sums.sum_sd(end), sums.sum_sd(half), out=np.ones(series), where=sums.sum_sd(half) > 0)
        length = max(max_periods / half[0], 1 + 1e-9)
        self._power = np.clip(np.log(np.maximum(ratio, 1e-9)) / np.log(length), 0.5, 1.0)

    def _stretch(self, horizon: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        inside = np.minimum(horizon, self._most)
        return inside, np.maximum(horizon / self._most, 1.0)

    def sum_mean(self, horizon_periods: np.ndarray) -> np.ndarray:
        """(n,) see `LeadTimeDemand`."""
        inside, stretch = self._stretch(horizon_periods)
        return self._sums.sum_mean(inside) * stretch

    def sum_sd(self, horizon_periods: np.ndarray) -> np.ndarray:
        """(n,) see `LeadTimeDemand`."""
        inside, stretch = self._stretch(horizon_periods)
        return self._sums.sum_sd(inside) * stretch**self._power

    def sum_quantiles(self, horizon_periods: np.ndarray, quantiles: np.ndarray) -> np.ndarray:
        """(n, q) see `LeadTimeDemand`: the shape of the longest sum known, moved and widened."""
        inside, stretch = self._stretch(horizon_periods)
        known, mean = self._sums.sum_quantiles(inside, quantiles), self._sums.sum_mean(inside)
        around = (known - mean[:, None]) * (stretch**self._power)[:, None]
        return np.where(stretch[:, None] > 1, np.clip((mean * stretch)[:, None] + around, 0, None), known)
