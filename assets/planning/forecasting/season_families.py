"""Families from the data, where nobody names them: series whose seasons have the same shape lend it to each other.

Stages: (1) on a sample of series, k curves are fitted and every series is put to the curve that is nearest to its own periods,
in turn until nothing moves; (2) k is the one whose curves, learned without the newest season, tell that season best; one
family for all stays where no k is clearly better; (3) all series are put to the nearest of the curves of the whole window.

Only columns before the origin are read. A sparse series is put by few periods, so its place is doubtful; what it borrows is
shrunk like that of any family.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

#: Curves tried, series that learn them, and rounds: on 24 to 300 series nothing moved after the eighth (2026-11-30).
_COUNTS, _SAMPLE, _ROUNDS = (2, 3, 4, 6), 1500, 12
#: Series that a family needs, and standard errors by which its curves must be better than one curve for all.
_LEAST_SERIES, _CLEAR = 6, 2.0

#: Curves (k, columns) of the mean ratios (k, window): the season that a family's mean shows, shrunk.
Curves = Callable[[NDArray[np.float64]], NDArray[np.float64]]


def season_families(
    ratio: NDArray[np.float64],
    known: NDArray[np.bool_],
    usable: NDArray[np.bool_],
    season: int,
    curves_of: Callable[[int], Curves],
) -> NDArray[np.int64]:
    """Family of each series (n,) by the shape of its season; 0 for all where one curve does as well.

    Args:
        ratio: demand over the mean of its series in each column of the window (n, window). known: columns that show demand.
        usable: series with enough history to learn from.
        season: periods of a season.
        curves_of: for a number of first columns, the function that makes curves of them that reach over the whole window.
    """
    n, window = ratio.shape
    one = np.zeros(n, dtype=np.int64)
    rows = np.flatnonzero(usable)
    if len(rows) < 2 * _LEAST_SERIES or window < 3 * season:
        return one
    rows = rows[:: -(-len(rows) // _SAMPLE)]
    values, seen = np.minimum(ratio[rows], 20.0), known[rows]
    cut = window - season
    early, later = curves_of(cut), slice(cut, window)
    plain = _misses(values, seen, early(_means(values, seen, np.zeros(len(rows), dtype=np.int64), 1, cut)), later)[:, 0]
    best, gain = 1, 0.0
    for k in _COUNTS:
        if k * _LEAST_SERIES > len(rows):
            break
        curves, place = _fitted(values, seen, k, cut, early)
        saved = plain - _misses(values, seen, curves, later)[np.arange(len(rows)), place]
        mean, error = float(saved.mean()), float(saved.std()) / np.sqrt(len(saved))
        if mean > max(gain, _CLEAR * error):
            best, gain = k, mean
    if best == 1:
        return one
    curves, _ = _fitted(values, seen, best, window, curves_of(window))
    return _misses(np.minimum(ratio, 20.0), known, curves, slice(0, window)).argmin(axis=1)


def _means(values: NDArray, seen: NDArray, place: NDArray[np.int64], k: int, width: int) -> NDArray[np.float64]:
    """Mean ratio (k, width) of each family's series in the first `width` columns; 1 where none shows demand."""
    total, number = np.zeros((k, width)), np.zeros((k, width))
    np.add.at(total, place, np.where(seen[:, :width], values[:, :width], 0.0))
    np.add.at(number, place, seen[:, :width].astype(float))
    return np.divide(total, number, out=np.ones((k, width)), where=number > 0)


def _misses(values: NDArray, seen: NDArray, curves: NDArray[np.float64], part: slice) -> NDArray[np.float64]:
    """Mean squared distance (n, k) of each series' known columns in `part` from each curve."""
    y, ok, f = values[:, part], seen[:, part].astype(float), curves[:, part]
    square = (ok * y * y).sum(axis=1)[:, None] - 2.0 * (ok * y) @ f.T + ok @ (f * f).T
    return square / np.maximum(ok.sum(axis=1), 1.0)[:, None]


def _fitted(
    values: NDArray, seen: NDArray, k: int, width: int, curves_of: Curves
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Curves (k, window) of the first `width` columns and the place of each series; the same data, the same answer."""
    part = slice(0, width)
    own = curves_of(np.where(seen[:, part], values[:, part], 1.0))
    # begin with equal parts along the direction in which the own curves differ most: no single odd series opens a family
    about = own[:, part] - own[:, part].mean(axis=0)
    along = about @ np.linalg.eigh(about.T @ about)[1][:, -1]
    place = np.argsort(np.argsort(along, kind="stable"), kind="stable") * k // len(along)
    for _ in range(_ROUNDS):
        curves = curves_of(_means(values, seen, place, k, width))
        nearest = _misses(values, seen, curves, part).argmin(axis=1)
        if (nearest == place).all():
            break
        place = nearest
    return curves, place
