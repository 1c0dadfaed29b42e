"""Quantiles that hold what they say: levels are re-read so that past actuals lay below them as often as claimed.

A distributional form of conformal prediction (Chernozhukov, Wuthrich & Zhu 2021, doi:10.1073/pnas.2107794118): the
levels (PIT) at which the actuals of the rolling origins fell, pooled over a segment and a range of horizons, tell which
level of the model's grid has to be read for a claimed one. Monotone in the level, so quantiles never cross.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri

from assets.planning.forecasting.grids import LEVELS, at_levels

#: Actuals that the claim "the model is right" counts for, against the actuals seen. The 1 % tail of 300 actuals is
#: three of them, which is where the data begin to say more than the claim (set 2026-11-21).
_PRIOR_ACTUALS = 300.0


def level_map(levels_seen: NDArray[np.float32], prior: NDArray[np.float64] = LEVELS) -> NDArray[np.float64]:
    """Level to read for each of `LEVELS`, from the levels at which actuals fell (NaN ignored).

    `prior` are the levels that are read where nothing was seen: the claimed ones, or those of a larger group.
    """
    seen = levels_seen[np.isfinite(levels_seen)].astype(float)
    if len(seen) == 0:
        return prior.copy()
    weight = len(seen) / (len(seen) + _PRIOR_ACTUALS)
    raw = np.quantile(seen, LEVELS)
    z = weight * ndtri(np.clip(raw, 1e-4, 1 - 1e-4)) + (1 - weight) * ndtri(prior)
    return np.maximum.accumulate(ndtr(z))


def level_maps(levels_seen: NDArray[np.float32], segments: NDArray[np.int64], count: int) -> NDArray[np.float64]:
    """Levels to read (count, W, K) per segment, from the levels (n, O, W) at which the actuals of W targets fell.

    A segment with few actuals leans on all series together, and these on the claim.
    """
    width = levels_seen.shape[2]
    maps = np.empty((count, width, len(LEVELS)))
    for h in range(width):
        maps[:, h] = common = level_map(levels_seen[:, :, h])
        for code in np.unique(segments):
            maps[code, h] = level_map(levels_seen[segments == code, :, h], common)
    return maps


def calibrated(grid: NDArray[np.float64], maps: NDArray[np.float64], which: NDArray[np.int64]) -> NDArray[np.float64]:
    """Grids (n, H, K) read at the levels of `maps` (G, H, K), `which` (n,) naming the group of each series."""
    out = np.empty_like(grid)
    for code in np.unique(which):
        member = which == code
        for h in range(grid.shape[1]):
            out[member, h] = at_levels(grid[member, h], maps[code, h])
    return np.maximum.accumulate(out, axis=-1)
