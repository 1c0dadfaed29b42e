"""When the shelf runs empty and when the position reaches its reorder point, from dated demand and supply."""

from __future__ import annotations

import numpy as np
import pandas as pd

KEYS = ["item_id", "warehouse_id"]
#: A forecast of less than one unit in twenty years is no demand; a cover in millions of days helps nobody.
NO_DEMAND_YEAR_UNITS = 0.05


def daily_demand(keys: pd.DataFrame, forecasts: pd.DataFrame, period_days: float, days: int) -> np.ndarray:
    """(n, periods) mean demand of the coming periods of `period_days`, the last known one repeated to cover `days`.

    Args:
        forecasts: planning.forecasts (item_id, warehouse_id, horizon_periods, mean_units). A row without any is 0.
    """
    periods = max(int(np.ceil(days / period_days)), 1)
    if forecasts.empty:
        return np.zeros((len(keys), periods))
    at = pd.MultiIndex.from_frame(keys[KEYS]).get_indexer(pd.MultiIndex.from_frame(forecasts[KEYS]))
    step = forecasts["horizon_periods"].to_numpy(int) - 1
    known = min(int(step.max()) + 1, periods)
    matrix = np.full((len(keys), periods), np.nan)
    use = (at >= 0) & (step < periods) & (step >= 0)
    matrix[at[use], step[use]] = forecasts["mean_units"].to_numpy(float)[use]
    window = np.isfinite(matrix[:, :known])
    given = np.where(window, matrix[:, :known], 0.0)
    typical = given.sum(axis=1, keepdims=True) / np.maximum(window.sum(axis=1, keepdims=True), 1)
    head = np.where(window, given, typical)
    matrix[:, :known] = head
    # Beyond the forecast its mean continues: the last period alone may be a season's peak.
    matrix[:, known:] = head.mean(axis=1, keepdims=True)
    matrix = np.clip(np.nan_to_num(matrix), 0, None)
    yearly = matrix.sum(axis=1, keepdims=True) * 365 / (periods * period_days)
    return np.where(yearly < NO_DEMAND_YEAR_UNITS, 0.0, matrix)


def days_until(stock: np.ndarray, demand: np.ndarray, supply: np.ndarray | None, period_days: float) -> np.ndarray:
    """Days until the stock is used up; NaN where it lasts beyond the periods given.

    Args:
        stock: (n,) units now. demand, supply: (n, periods); supply of a period is there at its start.
    """
    used = np.cumsum(demand, axis=1)
    have = stock[:, None] + (np.cumsum(supply, axis=1) if supply is not None else 0.0)
    short = used > have + 1e-9
    first = np.argmax(short, axis=1)
    rows = np.arange(len(stock))
    reached = short[rows, first]
    have_then = have[rows, first] if supply is not None else stock
    before = used[rows, first] - demand[rows, first]
    rate = demand[rows, first]
    part = np.divide(have_then - before, rate, out=np.zeros_like(rate), where=rate > 0)
    days = (first + np.clip(part, 0, 1)) * period_days
    return np.where(stock < 0, 0.0, np.where(reached, days, np.nan))
