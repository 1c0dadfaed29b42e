"""Demand sums of items that are asked for now and then: event rate and event size, each leaning on all items together.

Where an item has four events in six years its own mean says little; this is the plain estimate that a forecast tournament
is measured against, and what long lead times of spares are planned on. Stages: (1) events per period, shrunk to the rate
of all items; (2) mean size of an event; (3) variance to mean ratio, half its own and half what size and rate predict over
all items; (4) sums over a horizon as negative binomials, with the uncertainty of the mean itself.

Known drawback: no trend and no season; a dying item keeps its old rate until events fail to come.
"""

from __future__ import annotations

import numpy as np

from assets.planning.forecasting.counts import moment_grid
from assets.planning.forecasting.grids import at_levels


class SparseSums:
    """`LeadTimeDemand` of n sparse series.

    Args:
        units: (n, periods) demand history, units. forget_rate: weight lost per period of age. prior_periods: periods of
            history that the common event rate is worth. variance_scale: factor on the variance, set by a replay.
    """

    def __init__(
        self,
        units: np.ndarray,
        *,
        forget_rate: float = 0.01,
        prior_periods: float = 6.0,
        variance_scale: float = 1.0,
    ) -> None:
        periods = units.shape[1]
        weight = (1 - forget_rate) ** np.arange(periods - 1, -1, -1)
        self._length = float(weight.sum())
        event = units > 0
        events = event.sum(axis=1)
        common = float((event * weight).sum() / (len(units) * self._length))
        rate = ((event * weight).sum(axis=1) + prior_periods * common) / (self._length + prior_periods)
        typical = float(np.median(units.sum(axis=1)[events > 0] / events[events > 0])) if (events > 0).any() else 0.0
        size = np.where(events > 0, units.sum(axis=1) / np.maximum(events, 1), typical)
        self._mean = rate * size
        variance = ((units - self._mean[:, None]) ** 2 * weight).sum(axis=1) / self._length
        self._variance = self._mean * _pooled_ratio(variance, self._mean, size, rate) * variance_scale

    def sum_mean(self, horizon_periods: np.ndarray) -> np.ndarray:
        """(n,) see `LeadTimeDemand`."""
        return self._mean * np.asarray(horizon_periods, float)

    def sum_sd(self, horizon_periods: np.ndarray) -> np.ndarray:
        """(n,) see `LeadTimeDemand`."""
        horizon = np.asarray(horizon_periods, float)
        return np.sqrt(horizon * self._variance + horizon**2 * self._variance / self._length)

    def sum_quantiles(self, horizon_periods: np.ndarray, quantiles: np.ndarray) -> np.ndarray:
        """(n, q) see `LeadTimeDemand`."""
        mean, sd = self.sum_mean(horizon_periods), self.sum_sd(horizon_periods)
        grid = moment_grid(mean[:, None], sd[:, None] ** 2, np.ones(len(mean)))[:, 0, :]
        return at_levels(grid, np.asarray(quantiles, float))


def _pooled_ratio(variance: np.ndarray, mean: np.ndarray, size: np.ndarray, rate: np.ndarray) -> np.ndarray:
    """Variance to mean ratio of each series, half-way (in logs) to its regression on size and rate over all."""
    known = (mean > 0) & (size > 0) & (rate > 0)
    ratio = np.ones(len(mean))
    if known.sum() < 4:
        return ratio
    own = np.log(np.maximum(variance[known] / mean[known], 1.0))
    design = np.column_stack([np.ones(int(known.sum())), np.log(size[known]), np.log(rate[known])])
    fitted = design @ np.linalg.lstsq(design, own, rcond=None)[0]
    ratio[known] = np.exp((own + fitted) / 2)
    return ratio
