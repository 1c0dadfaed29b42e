"""Distributions as quantile grids, many rows at once: mixing them, and standing a lead time on a few points."""

from __future__ import annotations

import numpy as np
from scipy import stats

# Dense where orders are decided. 0.001 .. 0.999 leaves 0.1 % of the mass beyond the last point, which is put on it.
LEVELS = np.array(
    [0.001, 0.01, 0.05, 0.10, 0.20, 0.30, 0.40, 0.50, 0.60, 0.70, 0.75, 0.80, 0.85, 0.90, 0.925, 0.95, 0.965, 0.98,
     0.99, 0.995, 0.999]
)  # fmt: skip


def level_weights(levels: np.ndarray = LEVELS) -> np.ndarray:
    """Mass that each point of a grid represents: half-way to its neighbours, ends included; sums to 1."""
    edges = np.concatenate([[0.0], (levels[1:] + levels[:-1]) / 2, [1.0]])
    return np.diff(edges)


def lead_time_support(mean_days: np.ndarray, sd_days: np.ndarray, points: int) -> np.ndarray:
    """(n, points) equally likely lead times with the given mean and deviation, shaped like a gamma, never negative.

    The mid-point quantiles of the gamma are rescaled to the exact deviation, because few points understate it; where
    that would fall below 0 they are cut there, which raises the mean a little: late is the side that costs.
    """
    mean, sd = np.asarray(mean_days, float), np.asarray(sd_days, float)
    if points == 1:
        return mean[:, None]
    probability = (np.arange(points) + 0.5) / points
    # A table over the coefficient of variation: the standardised shape depends on nothing else.
    table_cv = np.concatenate([[1e-3], np.linspace(0.02, 2.0, 100)])
    raw = stats.gamma.ppf(probability[None, :], 1 / table_cv[:, None] ** 2)
    standard = (raw - raw.mean(axis=1, keepdims=True)) / raw.std(axis=1, keepdims=True)
    cv = np.clip(np.divide(sd, mean, out=np.zeros_like(sd), where=mean > 0), table_cv[0], table_cv[-1])
    at = np.searchsorted(table_cv, cv, side="right").clip(1, len(table_cv) - 1)
    share = (cv - table_cv[at - 1]) / (table_cv[at] - table_cv[at - 1])
    shape = standard[at - 1] * (1 - share)[:, None] + standard[at] * share[:, None]
    return np.clip(mean[:, None] + sd[:, None] * shape, 0, None)


def mix(grids: np.ndarray, levels: np.ndarray = LEVELS, chunk: int = 20_000) -> np.ndarray:
    """Quantile grid of an equal mixture.

    Args:
        grids: (n, components, levels) quantiles of each component.

    Returns:
        (n, levels) quantiles of the mixture, by inverting the pooled, weighted points with linear interpolation.
    """
    n, components, size = grids.shape
    if components == 1:
        return grids[:, 0, :]
    weight = np.tile(level_weights(levels) / components, components)
    result = np.empty((n, size))
    for start in range(0, n, chunk):
        block = grids[start : start + chunk].reshape(-1, components * size)
        order = np.argsort(block, axis=1, kind="stable")
        value = np.take_along_axis(block, order, axis=1)
        reached = np.cumsum(weight[order], axis=1)
        middle = reached - weight[order] / 2
        for column, level in enumerate(levels):
            right = (middle < level).sum(axis=1).clip(1, components * size - 1)[:, None]
            low, high = np.take_along_axis(middle, right - 1, 1), np.take_along_axis(middle, right, 1)
            share = np.clip((level - low) / np.maximum(high - low, 1e-12), 0, 1)
            values = (1 - share) * np.take_along_axis(value, right - 1, 1) + share * np.take_along_axis(value, right, 1)
            result[start : start + chunk, column] = values[:, 0]
    return np.maximum.accumulate(result, axis=1)
