"""Level, trend and error variance of every series at one origin, by exponential weights that skip missing periods.

Belongs here: recursions over time. Weights are normalised (a weight per observation, divided by their sum), so a
series needs no starting value and a missing period simply adds no weight. `decay` is the weight lost per period.
"""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray


@njit(cache=True, nogil=True)
def _moments(y, ok, end, decay, var_decay, out):  # type: ignore[no-untyped-def]  # pragma: no cover - compiled
    for i in range(y.shape[0]):
        top, bottom, v_top, v_bottom, seen = 0.0, 0.0, 0.0, 0.0, 0
        for t in range(end):
            top *= 1.0 - decay
            bottom *= 1.0 - decay
            v_top *= 1.0 - var_decay
            v_bottom *= 1.0 - var_decay
            if not ok[i, t]:
                continue
            if seen >= 2:
                error = y[i, t] - top / bottom
                v_top += error * error
                v_bottom += 1.0
            top += y[i, t]
            bottom += 1.0
            seen += 1
        out[i, 0] = top / bottom if seen > 0 else 0.0
        out[i, 1] = v_top / v_bottom if v_bottom > 0 else np.nan
        out[i, 2] = bottom
        out[i, 3] = v_bottom
        out[i, 4] = seen


def weighted_moments(
    y: NDArray[np.float64], ok: NDArray[np.bool_], end: int, decay: float, var_decay: float
) -> NDArray[np.float64]:
    """Level, one-step error variance, their effective numbers of observations, and observations seen: (n, 5).

    Only columns before `end` are read. The variance is NaN with fewer than three observations.
    """
    out = np.empty((y.shape[0], 5))
    _moments(y, ok, end, decay, var_decay, out)
    return out


@njit(cache=True, nogil=True)
def _trend(y, ok, end, grid_level, grid_slope, damping, out):  # type: ignore[no-untyped-def]  # pragma: no cover
    for i in range(y.shape[0]):
        best = np.inf
        first = -1
        for t in range(end):
            if ok[i, t]:
                first = t
                break
        if first < 0:
            out[i, :] = 0.0
            continue
        count = 0
        start = 0.0
        for t in range(first, end):
            if ok[i, t] and count < 8:
                start += y[i, t]
                count += 1
        start /= count
        for a in grid_level:
            for b in grid_slope:
                level, slope, loss, seen, late = start, 0.0, 0.0, 0, 0.0
                for t in range(first, end):
                    expected = level + damping * slope
                    if ok[i, t]:
                        error = y[i, t] - expected
                        if t - first >= 3:
                            loss += error * error
                            late = 0.95 * late + 0.05 * error * error if seen > 0 else error * error
                            seen += 1
                        level = expected + a * error
                        slope = damping * slope + a * b * error
                    else:
                        level = expected
                        slope = damping * slope
                if seen > 0 and loss / seen < best:
                    best = loss / seen
                    out[i, 0], out[i, 1], out[i, 2], out[i, 3], out[i, 4] = level, slope, loss / seen, a, b
        if best == np.inf:
            out[i, 0], out[i, 1], out[i, 2], out[i, 3], out[i, 4] = start, 0.0, np.nan, 0.3, 0.0


def damped_trend(y: NDArray[np.float64], ok: NDArray[np.bool_], end: int, damping: float = 0.9) -> NDArray[np.float64]:
    """Level, slope, one-step error variance and the two smoothing rates of a damped trend (n, 5).

    Rates are chosen per series by one-step squared error on a small grid: between grid points the loss is flat within
    its own noise for histories of some hundred periods.
    """
    out = np.empty((y.shape[0], 5))
    _trend(y, ok, end, np.array([0.05, 0.15, 0.3, 0.5, 0.8]), np.array([0.0, 0.05, 0.2]), damping, out)
    return out
