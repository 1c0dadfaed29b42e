"""From level and error variance to the mean and variance of each future period and of sums over them.

Belongs here: how uncertainty grows. With additive errors a level that moves by `decay` per unit of error gives
Var(sum over h) = s2 * sum_i (1 + decay (h - i))^2 (Hyndman et al. 2008, Forecasting with Exponential Smoothing, 6.6);
the variance of a period scales with its mean to the power 1.5, between Poisson (1) and constant variation (2).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

#: Observations that the family's law of variance over mean counts for, against the series' own variance.
_PRIOR_WEIGHT = 4.0


def pooled_variance(level: NDArray, variance: NDArray, weight: NDArray, family: NDArray) -> NDArray[np.float64]:
    """Error variance (n,) shrunk to `log variance = a + b log level`, fitted over each family of series.

    Series whose own variance is unknown (NaN) or zero take more, or all, of the family's.
    """
    out = np.where(np.isfinite(variance), variance, np.nan)
    log_level = np.log(np.maximum(level, 1e-12))
    for code in np.unique(family):
        member = family == code
        good = member & (level > 0) & (out > 0)
        if good.sum() >= 8:
            slope, offset = np.polyfit(log_level[good], np.log(out[good]), 1, w=np.sqrt(weight[good] + 1e-9))
            slope = float(np.clip(slope, 1.0, 2.0))
            offset = float(np.average(np.log(out[good]) - slope * log_level[good], weights=weight[good] + 1e-9))
        else:
            slope, offset = 1.0, np.log(1.5)
        prior = np.exp(offset + slope * log_level)
        own_weight = np.where(np.isfinite(out), weight, 0.0)
        pooled = (own_weight * np.nan_to_num(out) + _PRIOR_WEIGHT * prior) / (own_weight + _PRIOR_WEIGHT)
        out = np.where(member, np.where(level > 0, pooled, 0.0), out)
    return np.nan_to_num(out)


def future_moments(
    level: NDArray,
    slope: NDArray,
    damping: float,
    variance: NDArray,
    doubt: NDArray,
    decay: NDArray,
    factors: NDArray,
    knots: NDArray,
) -> tuple[NDArray, NDArray, NDArray, NDArray]:
    """Means and variances of periods (n, H) and of sums to each of `knots` (n, S).

    level, slope, variance, doubt (variance of the level itself) and decay are (n,); factors (n, H) are the seasonal
    factors of the H periods ahead.
    """
    horizon = factors.shape[1]
    steps = np.arange(1, horizon + 1)
    run = np.cumsum(damping**steps)
    flat = np.maximum(level[:, None] + slope[:, None] * run, 0.0)
    mean = flat * factors
    relative = np.where(level[:, None] > 0, mean / np.where(level > 0, level, 1.0)[:, None], 1.0)
    base = variance[:, None] * np.minimum(relative, 50.0) ** 1.5
    var = base * (1.0 + decay[:, None] ** 2 * (steps - 1)) + doubt[:, None] * factors**2
    sum_mean = np.cumsum(mean, axis=1)[:, knots - 1]
    mean_base = np.cumsum(base, axis=1) / steps
    growth = np.empty((len(level), len(knots)))
    for j, span in enumerate(knots):
        growth[:, j] = ((1.0 + decay[:, None] * np.arange(span)) ** 2).sum(axis=1)
    common = doubt[:, None] * np.cumsum(factors, axis=1)[:, knots - 1] ** 2
    return mean, var, sum_mean, mean_base[:, knots - 1] * growth + common
