"""Weighted empirical distributions: what the series itself did, newest periods first.

Belongs here: quantiles of observed periods and of observed sums over windows. For lumpy demand no parametric family
beats them in the middle of the distribution; their upper tail ends at the largest value seen, which is why they are
averaged with a parametric grid (see `blends`). Weighted bootstrap of lead-time sums without the noise of drawing:
Willemain, Smart & Schwarz 2004, doi:10.1016/S0169-2070(03)00013-X; Boylan & Babai 2016 for overlapping windows,
doi:10.1016/j.ijpe.2016.07.013.
"""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

from assets.planning.forecasting.grids import LEVELS


@njit(cache=True, nogil=True)
def _grids(y, ok, end, span, stride, decays, cap, min_windows, levels, out):  # type: ignore[no-untyped-def]  # pragma: no cover
    begin = max(0, end - cap)
    values = np.empty(end - begin)
    ages = np.empty(end - begin)
    for i in range(y.shape[0]):
        count, total, seen = 0, 0.0, 0
        for t in range(begin, end):
            if ok[i, t]:
                total += y[i, t]
                seen += 1
            drop = t - span
            if drop >= begin and ok[i, drop]:
                total -= y[i, drop]
                seen -= 1
            if (end - 1 - t) % stride == 0 and t - begin + 1 >= span and 2 * seen > span:
                values[count] = total if seen == span else total * span / seen
                ages[count] = end - 1 - t
                count += 1
        if count < min_windows:
            out[i] = np.nan
            continue
        order = np.argsort(values[:count])
        for d in range(len(decays)):
            weights = (1.0 - decays[d]) ** ages[:count]
            mass = weights.sum()
            k, running = 0, 0.0
            for j in order:
                running += weights[j]
                while k < len(levels) and running >= levels[k] * mass * (1.0 - 1e-12):
                    out[i, d, k] = max(values[j], 0.0)
                    k += 1
            while k < len(levels):
                out[i, d, k] = max(values[order[count - 1]], 0.0)
                k += 1


def window_grids(
    y: NDArray[np.float64],
    ok: NDArray[np.bool_],
    end: int,
    span: int,
    decays: NDArray[np.float64],
    cap: int = 400,
) -> NDArray[np.float64]:
    """Quantile grids (n, D, K) of sums over windows of `span` periods that end before `end`.

    Weights fall by each of `decays` (D,) per period. At most the last `cap` periods are read. Windows of eight periods
    and more are taken every quarter of their span: those between them say nearly the same. NaN where fewer than six
    windows are known.
    """
    out = np.empty((y.shape[0], len(decays), len(LEVELS)))
    _grids(y, ok, end, span, max(1, span // 4) if span >= 8 else 1, decays, cap, 6, LEVELS, out)
    return out
