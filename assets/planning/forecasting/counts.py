"""Quantiles of demand from its mean and variance: negative binomial for counts, its gamma limit for measures.

Belongs here: the step from two moments to a quantile grid. How the moments are found is the levels' business.

Assumptions: demand comes in multiples of `unit` (1 for pieces, the common divisor for packs, 0 for a measure). Over-
dispersed demand is negative binomial (Snyder, Ord & Beaumont 2012, doi:10.1016/j.ijforecast.2011.03.009), demand
without over-dispersion Poisson, clearly under-dispersed demand gamma with the Wilson-Hilferty quantile. Large means
are rescaled to `_CAP` units first, because the sum over the mass function is as long as the mean.
"""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

from assets.planning.forecasting.grids import LEVELS, Z_LEVELS

#: Units to which a large mean is scaled: its quantiles are then exact to half a part in 60, less than the error of
#: any variance estimate (set 2026-11-21).
_CAP = 60.0


@njit(cache=True, nogil=True)
def _fill(mean, var, unit, levels, z, out):  # type: ignore[no-untyped-def]  # pragma: no cover - compiled
    if not (mean > 0.0):
        out[:] = 0.0
        return
    is_count = unit > 0.0 and mean / unit <= _CAP
    step = unit if is_count else mean / _CAP
    m = mean / step
    v = var / (step * step)
    if v < m * 0.8 or (not is_count and v <= m * 1.0001):
        shape = m * m / max(v, 1e-9)
        if shape > 3.0:
            for k in range(len(levels)):
                root = 1.0 - 1.0 / (9.0 * shape) + z[k] / (3.0 * np.sqrt(shape))
                q = m * max(root, 0.0) ** 3
                out[k] = np.floor(q + 0.5) * step if is_count else q * step
            return
    if v <= m * 1.0001:
        tail, pmf, size = 0.0, np.exp(-m), 0.0
    else:
        size = m * m / (v - m)
        tail = m / (size + m)
        pmf = np.exp(size * np.log1p(-tail))
    cdf = pmf
    before = 0.0
    value = 0
    for k in range(len(levels)):
        while cdf < levels[k] and value < 2000000:
            if size > 0.0:
                pmf *= (value + size) / (value + 1.0) * tail
            else:
                pmf *= m / (value + 1.0)
            value += 1
            before = cdf
            cdf += pmf
            if pmf < 1e-300 and value > m:
                break
        if is_count:
            out[k] = value * step
        else:
            inside = (levels[k] - before) / max(cdf - before, 1e-300)
            out[k] = max(value - 0.5 + min(inside, 1.0), 0.0) * step


@njit(cache=True, nogil=True)
def _fill_all(mean, var, unit, levels, z, out):  # type: ignore[no-untyped-def]  # pragma: no cover - compiled
    for i in range(mean.shape[0]):
        for h in range(mean.shape[1]):
            _fill(mean[i, h], var[i, h], unit[i], levels, z, out[i, h])


def moment_grid(mean: NDArray[np.float64], var: NDArray[np.float64], unit: NDArray[np.float64]) -> NDArray[np.float64]:
    """Quantile grids (n, H, K) of demand with `mean` and `var` (n, H), in multiples of `unit` (n,); 0 is a measure."""
    out = np.empty((*mean.shape, len(LEVELS)))
    _fill_all(np.ascontiguousarray(mean), np.ascontiguousarray(var), unit, LEVELS, Z_LEVELS, out)
    return out
