"""Forecast by one linear autoregression that all series share, bent towards each series as far as its own past insists.

Assumptions: series of one panel move alike after what they have just done, on their own scale. Stages: (1) every window of
every series, less its last value and over its own spread, is a row: `window` values explain the `horizon` after it; (2) least
squares over all rows give the common coefficients; (3) those of a series are least squares over its own rows, held to the common
ones by as much as `_POOL_ROWS` rows weigh. Only values before the end of each series are read.

Montero-Manso & Hyndman 2021, doi:10.1016/j.ijforecast.2021.03.004: with long windows one linear model for all series can be
any number of local ones. Drawback: it needs many windows for each coefficient, and cost grows with the square of the window.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

#: Rows of its own that a series must set against the common coefficients: 300, 1,000, 3,000 and 10,000 were tried on M4 weekly at
#: two origins a year before the newest; 1,000 was best for one season, all alike for two (2026-11-30).
_POOL_ROWS = 1000.0
#: Rows for each coefficient below which there is no common answer, and the penalty that keeps it finite.
_ROWS_PER_COEFFICIENT, _PENALTY = 20, 10.0
#: Spreads beyond which what followed a window says nothing of the next time.
_FARTHEST = 8.0


def pooled_points(series: Sequence[NDArray[np.float64]], horizon: int, window: int) -> NDArray[np.float64]:
    """Forecasts (n, horizon); NaN for series shorter than `window` or flat in it, and for all where there are too few rows."""
    out = np.full((len(series), horizon), np.nan)
    square, product, rows = np.zeros((window, window)), np.zeros((window, horizon)), 0
    for values in series:
        mine = _normal(values, horizon, window)
        if mine is not None:
            square, product, rows = square + mine[0], product + mine[1], rows + mine[2]
    if rows < _ROWS_PER_COEFFICIENT * window:
        return out
    common = np.linalg.solve(square + _PENALTY * np.eye(window), product)
    # the common rows, as many as _POOL_ROWS of the average scale
    held = _POOL_ROWS * square * (window / np.trace(square)) + 1e-3 * np.eye(window)
    for i, values in enumerate(series):
        if len(values) < window:
            continue
        last, spread = values[-1], values[-window:].std()
        if spread <= _flat(last):
            continue
        row = (values[-window:] - last) / spread
        row[-1] = 1.0
        mine = _normal(values, horizon, window)  # again: kept for all series they would take a gigabyte
        bent = common if mine is None else np.linalg.solve(mine[0] + held, mine[1] + held @ common)
        out[i] = np.maximum(last + spread * (row @ bent), 0.0)
    return out


def _flat(last: NDArray[np.float64] | float) -> NDArray[np.float64]:
    """Spread up to which a window counts as flat."""
    return 1e-9 * np.abs(np.asarray(last, dtype=float)) + 1e-12


def _normal(
    values: NDArray[np.float64], horizon: int, window: int
) -> tuple[NDArray[np.float64], NDArray[np.float64], int] | None:
    """X'X and X'Y of the rows of one series and their number; None where it has none. The constant takes the last value's place."""
    if len(values) < window + horizon:
        return None
    windows = sliding_window_view(np.asarray(values, dtype=float), window + horizon)
    last, spread = windows[:, window - 1 : window], windows[:, :window].std(axis=1, keepdims=True)
    use = (spread > _flat(last))[:, 0]
    if not use.any():
        return None
    x = (windows[use, :window] - last[use]) / spread[use]
    x[:, -1] = 1.0
    y = np.clip((windows[use, window:] - last[use]) / spread[use], -_FARTHEST, _FARTHEST)
    return x.T @ x, x.T @ y, len(x)
