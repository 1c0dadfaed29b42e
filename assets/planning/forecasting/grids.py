"""Quantile grids: the common currency of the stage.

Every model answers with the quantiles of one fixed list of levels, for single periods and for sums from the origin to
a horizon. A grid is an array whose last axis runs over `LEVELS`. Averages of grids are averages of quantile
functions (Vincent averaging), which keep the shape where averages of densities would widen it.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

LEVELS: NDArray[np.float64] = np.array(
    [
        0.005,
        0.01,
        0.025,
        0.05,
        0.1,
        0.15,
        0.2,
        0.25,
        0.3,
        0.4,
        0.5,
        0.6,
        0.7,
        0.75,
        0.8,
        0.85,
        0.9,
        0.925,
        0.95,
        0.965,
        0.98,
        0.99,
        0.995,
        0.998,
    ]
)
Z_LEVELS: NDArray[np.float64] = ndtri(LEVELS)

#: Horizons at which sums are modelled; between them quantiles are interpolated.
_KNOTS = (1, 2, 3, 4, 6, 8, 10, 13, 17, 22, 28, 39, 52, 65, 91, 120, 180, 270, 365)


def sum_knots(horizon: int) -> NDArray[np.int64]:
    """Horizons (periods) at which sums are modelled, the last one being `horizon` itself."""
    return np.array([k for k in _KNOTS if k < horizon] + [horizon], dtype=np.int64)


def at_levels(grid: NDArray[np.float64], levels: NDArray[np.float64]) -> NDArray[np.float64]:
    """Quantiles at other levels, interpolated on the normal-score scale, on which tails are close to straight.

    `grid` is (..., len(LEVELS)); `levels` is (Q,), the same for all. Beyond the grid the outermost slope continues, and
    demand never falls below zero.
    """
    z = ndtri(np.clip(levels, 1e-6, 1 - 1e-6))
    right = np.clip(np.searchsorted(Z_LEVELS, z), 1, len(LEVELS) - 1)
    weight = (z - Z_LEVELS[right - 1]) / (Z_LEVELS[right] - Z_LEVELS[right - 1])
    return np.maximum(grid[..., right - 1] * (1 - weight) + grid[..., right] * weight, 0.0)


def to_units(values: NDArray[np.float64], unit: NDArray[np.float64]) -> NDArray[np.float64]:
    """Quantiles rounded to the nearest multiple of `unit` (broadcast; 0 is a measure), below sixty of them.

    Reading a grid between its levels gives fractions of a piece, which no count can take.
    """
    whole = np.where(unit > 0, unit, 1.0)
    rounded = np.floor(values / whole + 0.5) * whole
    return np.where((unit > 0) & (values < 60.0 * whole), rounded, values)


def level_of(grid: NDArray[np.float64], actual: NDArray[np.float64], uniform: NDArray[np.float64]) -> NDArray:
    """Level at which `actual` is in its grid (the probability integral transform), in (0, 1).

    grid (..., K), actual (...), uniform (...) in (0, 1) breaks ties: a value that several quantiles share lies at a
    random level between them, which is what makes counts comparable with measures.
    """
    below = (grid < actual[..., None]).sum(axis=-1)
    not_above = (grid <= actual[..., None]).sum(axis=-1)
    padded = np.concatenate([[0.0], LEVELS, [1.0]])
    tied = not_above > below
    low, high = padded[below], padded[np.minimum(not_above + 1, len(LEVELS) + 1)]
    tie_level = low + uniform * (high - low)
    left = np.clip(below - 1, 0, len(LEVELS) - 1)
    right = np.clip(below, 0, len(LEVELS) - 1)
    q_left = np.take_along_axis(grid, left[..., None], axis=-1)[..., 0]
    q_right = np.take_along_axis(grid, right[..., None], axis=-1)[..., 0]
    gap = q_right - q_left
    share = np.divide(actual - q_left, gap, out=np.array(uniform, dtype=float, copy=True), where=gap > 0)
    outside = (below == 0) | (below == len(LEVELS))
    between = padded[below] + np.where(outside, uniform, np.clip(share, 0, 1)) * (padded[below + 1] - padded[below])
    return np.where(tied, tie_level, between)


def grid_mean_sd(grid: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Mean and standard deviation of the distributions that grids describe, by 400 equal-probability points."""
    points = at_levels(grid, (np.arange(400) + 0.5) / 400)
    return points.mean(axis=-1), points.std(axis=-1)
