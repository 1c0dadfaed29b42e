"""Promotions as landed, cut into periods: the expected uplift of each day, averaged over the days of a period.

Belongs here: intensities of series and periods. What a promotion really sells is learned in `forecasting.promotions`.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from assets.planning.demand.periods import period_start_day, to_day_numbers

#: Uplift of a promotion without an expectation where no promotion has one.
UNSAID_UPLIFT = 0.5


def promotion_intensity(
    promotions: pd.DataFrame, keys: pd.DataFrame, first_period: int, count: int, frequency: str
) -> NDArray[np.float64] | None:
    """Intensity (n, count) of the periods from `first_period` on for the series of `keys`; None where none is promoted.

    Args:
        promotions: item_id, warehouse_id (null: all warehouses), start_date, end_date, uplift_expected_rate (0.5 is
            +50 %; null takes the median of the others).
        keys: item_id, warehouse_id, a row per series.

    Promotions that overlap do not add up: a day has the largest uplift of those that run on it.
    """
    if promotions.empty or keys.empty:
        return None
    opens = period_start_day(first_period + np.arange(count + 1), frequency)
    first, last = to_day_numbers(promotions["start_date"]), to_day_numbers(promotions["end_date"])
    said = promotions["uplift_expected_rate"].to_numpy(dtype=float)
    usual = float(np.nanmedian(said)) if np.isfinite(said).any() else UNSAID_UPLIFT
    uplift = np.where(np.isfinite(said), np.clip(said, 0.0, None), usual)
    out = np.zeros((len(keys), count))
    rows_of = keys.reset_index(drop=True).groupby("item_id").indices
    house = keys["warehouse_id"].to_numpy(dtype=object)
    at = promotions.reset_index(drop=True).groupby("item_id").indices
    where = promotions["warehouse_id"].to_numpy(dtype=object)
    length = np.diff(opens).astype(float)
    for item in [name for name in at if name in rows_of]:
        for row in rows_of[item]:
            mine = [p for p in at[item] if pd.isna(where[p]) or where[p] == house[row]]
            mine = [p for p in mine if last[p] >= opens[0] and first[p] < opens[-1]]
            if not mine:
                continue
            from_day, to_day = max(min(first[mine]), opens[0]), min(max(last[mine]) + 1, opens[-1])
            days = np.zeros(to_day - from_day)
            for p in mine:
                part = slice(max(first[p] - from_day, 0), max(last[p] + 1 - from_day, 0))
                days[part] = np.maximum(days[part], uplift[p])
            period = np.searchsorted(opens, np.arange(from_day, to_day), side="right") - 1
            out[row] = np.bincount(period, weights=days, minlength=count)[:count] / length
    return out if out.any() else None
