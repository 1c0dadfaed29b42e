"""On how many days of a period the shelf was filled, from balance intervals and never from zeros of demand."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from assets.planning.demand.periods import period_of_day, period_start_day


def empty_spells(series: NDArray, first: NDArray, last: NDArray, units: NDArray) -> NDArray[np.int64]:
    """First wholly empty day of each interval that is empty, -1 elsewhere.

    Balances are at the close of day. On the day on which the last unit left, the shelf still served: that day is
    taken as filled, so a spell that follows a filled interval starts one day after its `valid_from_date`.
    Inputs are sorted by series and first day.
    """
    is_empty = units <= 0
    was_filled = np.zeros(len(series), dtype=bool)
    was_filled[1:] = (series[1:] == series[:-1]) & ~is_empty[:-1]
    start = first + was_filled
    return np.where(is_empty & (start <= last), start, -1)


def days_by_period(
    series: NDArray[np.int64], first: NDArray[np.int64], last: NDArray[np.int64], frequency: str
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Spread day intervals over the periods that they touch: series, period number, days inside it."""
    if frequency == "D" and len(series) and int((last - first).max()) == 0:
        return series, first, np.ones(len(series), dtype=np.int64)
    from_period, to_period = period_of_day(first, frequency), period_of_day(last, frequency)
    spans = to_period - from_period + 1
    rows = np.repeat(np.arange(len(series)), spans)
    offsets = np.arange(len(rows)) - np.repeat(np.cumsum(spans) - spans, spans)
    period = from_period[rows] + offsets
    opens, closes = period_start_day(period, frequency), period_start_day(period + 1, frequency) - 1
    days = np.minimum(last[rows], closes) - np.maximum(first[rows], opens) + 1
    return series[rows], period, days


def sort_intervals(balances: pd.DataFrame, codes: NDArray[np.int64]) -> tuple[NDArray, ...]:
    """Series code, first day, last day and available units, sorted; rows of unknown series (-1) dropped."""
    keep = codes >= 0
    frame = balances.loc[keep]
    first = frame["valid_from_date"].to_numpy().astype("datetime64[D]").astype(np.int64)
    last = frame["valid_to_date"].to_numpy().astype("datetime64[D]").astype(np.int64)
    units = pd.to_numeric(frame["available_units"]).to_numpy(dtype=float)
    order = np.lexsort((first, codes[keep]))
    return codes[keep][order], first[order], last[order], units[order]
