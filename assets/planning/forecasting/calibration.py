"""Quantiles that hold what they say: levels are re-read so that past actuals lay below them as often as claimed.

A distributional form of conformal prediction (Chernozhukov, Wuthrich & Zhu 2021, doi:10.1073/pnas.2107794118): the
levels (PIT) at which the actuals of the rolling origins fell, pooled over a segment and a range of horizons, tell which
level of the model's grid has to be read for a claimed one. Monotone in the level, so quantiles never cross.

Origins weigh by what was known there: a level estimated from t periods errs by a variance that falls as 1 / t, so an
origin with a third of today's history says more about short histories than about today's quantiles.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri

from assets.planning.forecasting.grids import LEVELS, at_levels

#: Actuals that the claim "the model is right" counts for, against the actuals seen. The 1 % tail of 300 actuals is
#: three of them, which is where the data begin to say more than the claim (set 2026-11-21).
_PRIOR_ACTUALS = 300.0

#: Periods in exp(-c (1 / t - 1 / now)), the weight of an origin with t periods of history. 30 to 250 were tried on carparts,
#: raf_spares and vn2 at origins before the measured ones (set 2026-11-22): the loss of sums is flat from 100 on.
_LEARNING_PERIODS = 150.0


def origin_weights(origins: Sequence[int]) -> NDArray[np.float64]:
    """Weights (O,) in (0, 1] of origins with so many periods of history; the newest, which knows most, counts in full."""
    known = np.maximum(np.asarray(origins, dtype=float), 1.0)
    return np.exp(-_LEARNING_PERIODS * (1.0 / known - 1.0 / known.max())) if len(known) else known


def _weighted_quantiles(values: NDArray, weights: NDArray) -> NDArray[np.float64]:
    """Quantiles at `LEVELS` of weighted values, linear between the middles of their weights."""
    order = values.argsort(kind="stable")
    share = weights[order]
    middle = (np.cumsum(share) - 0.5 * share) / share.sum()
    return np.interp(LEVELS, middle, values[order])


def level_map(
    levels_seen: NDArray[np.float32],
    prior: NDArray[np.float64] = LEVELS,
    weights: NDArray[np.float64] | None = None,
) -> NDArray[np.float64]:
    """Level to read for each of `LEVELS`, from the levels at which actuals fell (NaN ignored).

    `prior` are the levels that are read where nothing was seen: the claimed ones, or those of a larger group. `weights`
    broadcast against `levels_seen`; unequal ones count for as many actuals as equal ones of the same variance would.
    """
    known = np.isfinite(levels_seen)
    if not known.any():
        return prior.copy()
    each = np.broadcast_to(np.ones(1) if weights is None else weights, levels_seen.shape)[known]
    count = each.sum() ** 2 / (each**2).sum()
    trust = count / (count + _PRIOR_ACTUALS)
    raw = _weighted_quantiles(levels_seen[known].astype(float), each)
    z = trust * ndtri(np.clip(raw, 1e-4, 1 - 1e-4)) + (1 - trust) * ndtri(prior)
    return np.maximum.accumulate(ndtr(z))


def level_maps(
    levels_seen: NDArray[np.float32],
    segments: NDArray[np.int64],
    count: int,
    weights: NDArray[np.float64] | None = None,
) -> NDArray[np.float64]:
    """Levels to read (count, W, K) per segment, from the levels (n, O, W) at which the actuals of W targets fell.

    A segment with few actuals leans on all series together, and these on the claim. `weights` (O,) of the origins;
    equal without.
    """
    width = levels_seen.shape[2]
    maps = np.empty((count, width, len(LEVELS)))
    for h in range(width):
        maps[:, h] = common = level_map(levels_seen[:, :, h], weights=weights)
        for code in np.unique(segments):
            maps[code, h] = level_map(levels_seen[segments == code, :, h], common, weights)
    return maps


def calibrated(grid: NDArray[np.float64], maps: NDArray[np.float64], which: NDArray[np.int64]) -> NDArray[np.float64]:
    """Grids (n, H, K) read at the levels of `maps` (G, H, K), `which` (n,) naming the group of each series."""
    out = np.empty_like(grid)
    for code in np.unique(which):
        member = which == code
        for h in range(grid.shape[1]):
            out[member, h] = at_levels(grid[member, h], maps[code, h])
    return np.maximum.accumulate(out, axis=-1)
