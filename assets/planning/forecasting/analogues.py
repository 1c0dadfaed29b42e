"""Forecast by analogues: what happened next when this or another series last looked like this one now.

Assumptions: series of one panel share patterns (the same goods, shops, seasons), often displaced in time. Stages:
(1) the newest `window` values of a series, centred and scaled, are compared with every earlier window of every series by
correlation; (2) the continuations of the best `matches` are rescaled and set on the last value; (3) their median is the
forecast. Only values before the origin `ends` of each series are read, of the series itself and of all others.

Drawback: cost grows with (number of values) x (number of series) x window; meant for some thousand series.
Nearest-neighbour forecasting: Martinez et al. 2019, doi:10.1007/s10462-017-9593-z.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numba import njit
from numpy.typing import NDArray

#: Matches of one series nearer to each other than this many periods are one match counted twice.
_APART = 4


@njit(cache=True, nogil=True)
def _keep(score, where, when, c, j, t, apart):  # type: ignore[no-untyped-def]  # pragma: no cover - compiled
    last = len(score) - 1
    if c <= score[last]:
        return
    twin = -1
    for q in range(last + 1):
        if score[q] > -2.0 and where[q] == j and abs(when[q] - t) < apart:
            twin = q
    if twin >= 0:
        if c <= score[twin]:
            return
        for q in range(twin, last):
            score[q], where[q], when[q] = score[q + 1], where[q + 1], when[q + 1]
        score[last] = -2.0
    pos = last
    while pos > 0 and score[pos - 1] < c:
        score[pos], where[pos], when[pos] = score[pos - 1], where[pos - 1], when[pos - 1]
        pos -= 1
    score[pos], where[pos], when[pos] = c, j, t


@njit(cache=True, nogil=True)
def _match(flat, starts, ends, window, horizon, score, where, when):  # type: ignore[no-untyped-def]  # pragma: no cover
    for i in range(len(ends)):
        if ends[i] < window:
            continue
        target = flat[starts[i] + ends[i] - window : starts[i] + ends[i]]
        spread = target.std()
        if spread == 0.0:
            continue
        z = (target - target.mean()) / spread
        for j in range(len(ends)):
            base = starts[j]
            total, square = 0.0, 0.0
            for t in range(min(window, ends[j])):
                total += flat[base + t]
                square += flat[base + t] ** 2
            for t in range(window, ends[j] - horizon + 1):
                if t > window:
                    new, old = flat[base + t - 1], flat[base + t - 1 - window]
                    total += new - old
                    square += new * new - old * old
                mean = total / window
                var = square / window - mean * mean
                if var <= 1e-12 * mean * mean:
                    continue
                product = 0.0
                for q in range(window):
                    product += z[q] * flat[base + t - window + q]
                _keep(score[i], where[i], when[i], product / (window * np.sqrt(var)), j, t, _APART)


def analogue_points(
    series: Sequence[NDArray[np.float64]], horizon: int, window: int, matches: int = 40
) -> NDArray[np.float64]:
    """Forecasts (n, horizon) of every series; the last value where a series is shorter than `window` or constant.

    The continuation of a match needs `horizon` values before the end of its own series, so nothing that follows an
    origin is read as long as `series` end at it.
    """
    ends = np.array([len(values) for values in series], dtype=np.int64)
    starts = np.cumsum(ends) - ends
    flat = np.concatenate([np.asarray(values, dtype=float) for values in series])
    n = len(series)
    score = np.full((n, matches), -2.0)
    where, when = np.zeros((n, matches), dtype=np.int64), np.zeros((n, matches), dtype=np.int64)
    _match(flat, starts, ends, window, horizon, score, where, when)
    out = np.empty((n, horizon))
    for i in range(n):
        last = flat[starts[i] + ends[i] - 1]
        paths = []
        for q in np.flatnonzero(score[i] > -2.0):
            at = starts[where[i, q]] + when[i, q]
            past = flat[at - window : at]
            ratio = flat[starts[i] + ends[i] - window : starts[i] + ends[i]].std() / past.std()
            paths.append(last + ratio * (flat[at : at + horizon] - past[-1]))
        out[i] = np.maximum(np.median(paths, axis=0), 0.0) if paths else last
    return out
