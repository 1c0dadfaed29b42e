"""Scores of points and quantiles. `error = forecast - actual`; a scale makes series of different size comparable."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def pinball(actual: NDArray, quantiles: NDArray, levels: NDArray) -> NDArray[np.float64]:
    """Pinball loss averaged over the last axis: actual (...), quantiles (..., Q), levels (Q,).

    Twice the loss is the usual check function's expectation of an absolute error, so that the value at the median is
    half the absolute error; kept in the plain form of Koenker & Bassett 1978, doi:10.2307/1913643.
    """
    gap = actual[..., None] - quantiles
    return np.maximum(levels * gap, (levels - 1.0) * gap).mean(axis=-1)


def difference_scale(y: NDArray, ok: NDArray, lag: int = 1) -> NDArray[np.float64]:
    """Mean absolute `lag`-step difference of known periods per series (n,): the scale of MASE and of scaled pinball.

    Hyndman & Koehler 2006, doi:10.1016/j.ijforecast.2006.03.001. A series that never changes takes its mean demand,
    and one in units where that is zero too.
    """
    if y.shape[1] <= lag:
        lag = 1
    both = ok[:, lag:] & ok[:, :-lag]
    gaps = np.where(both, np.abs(y[:, lag:] - y[:, :-lag]), 0.0).sum(axis=1)
    scale = gaps / np.maximum(both.sum(axis=1), 1)
    mean = np.where(ok, np.abs(y), 0.0).sum(axis=1) / np.maximum(ok.sum(axis=1), 1)
    return np.where(scale > 0, scale, np.where(mean > 0, mean, 1.0))


def squared_difference_scale(y: NDArray, ok: NDArray) -> NDArray[np.float64]:
    """Mean squared one-step difference per series (n,), the scale of RMSSE (M5 guide); 1 where it is zero."""
    both = ok[:, 1:] & ok[:, :-1]
    gaps = np.where(both, (y[:, 1:] - y[:, :-1]) ** 2, 0.0).sum(axis=1) / np.maximum(both.sum(axis=1), 1)
    return np.where(gaps > 0, gaps, 1.0)
