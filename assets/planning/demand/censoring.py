"""Which periods hide demand, and what they would have shown.

A period in which the shelf was empty on a share of its days shows only the demand of the other days, and of those
customers who order all the same. The hidden part is estimated as that share of the item's level around it. Masked and
imputed series are both kept: models that handle missing values use the mask, the others the imputed value.

Drawback: demand during an empty spell is taken to be like demand around it; where shelves empty *because* demand
jumped, the estimate is too low.
"""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray


@njit(cache=True)
def _impute(starts, units, rate, censored, smoothing):  # type: ignore[no-untyped-def]  # pragma: no cover - compiled
    out = units.copy()
    for s in range(len(starts) - 1):
        lo, hi = starts[s], starts[s + 1]
        before = np.full(hi - lo, np.nan)
        level = np.nan
        for t in range(lo, hi):
            before[t - lo] = level
            if not censored[t]:
                level = units[t] if np.isnan(level) else level + smoothing * (units[t] - level)
        after = np.nan
        for t in range(hi - 1, lo - 1, -1):
            if censored[t]:
                b = before[t - lo]
                if np.isnan(b) and np.isnan(after):
                    continue
                mid = after if np.isnan(b) else (b if np.isnan(after) else 0.5 * (b + after))
                out[t] = units[t] + (1.0 - rate[t]) * mid
            else:
                after = units[t] if np.isnan(after) else after + smoothing * (units[t] - after)
    return out


def impute_hidden_demand(
    starts: NDArray[np.int64],
    units: NDArray[np.float64],
    visible_rate: NDArray[np.float64],
    is_censored: NDArray[np.bool_],
    smoothing: float = 0.2,
) -> NDArray[np.float64]:
    """Demand in units per period with the hidden part of censored periods added.

    `starts` are the row offsets of the series (one more than series) in the other arrays, which lie series by series
    in time order; `visible_rate` is the share of a period's demand that could be seen. The level is the mean of two
    exponential averages of the uncensored periods, one from the past and one from the future; a series without an
    uncensored period is left as it is.
    """
    return _impute(starts, units, visible_rate, is_censored, smoothing)


def order_survival_rate(
    units: NDArray[np.float64], in_stock_rate: NDArray[np.float64], series: NDArray[np.int64]
) -> float:
    """Share of orders (0 to 1) that still come while the shelf is empty, judged over all series together.

    Demand in wholly empty periods over what the same series show in wholly filled ones. Customers who wait leave it
    near 1, a web shop that hides what it has not near 0. Without an empty period the answer is 1: nothing is hidden.
    """
    size = int(series.max()) + 1 if len(series) else 0
    full, empty = in_stock_rate >= 1.0, in_stock_rate <= 0.0
    filled_periods = np.bincount(series[full], minlength=size)
    filled_units = np.bincount(series[full], weights=units[full], minlength=size)
    level = np.divide(filled_units, filled_periods, out=np.zeros(size), where=filled_periods > 0)
    expected = float(level[series[empty]].sum())
    if expected <= 0:
        return 1.0
    return min(float(units[empty & (filled_periods[series] > 0)].sum()) / expected, 1.0)
