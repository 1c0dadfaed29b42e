"""The demand history: one row per item x warehouse and complete period since its first movement.

Stages: (1) the grid of series and periods; (2) demand summed into it; (3) days with a filled shelf; (4) censoring and
imputation; (5) the frame of `planning.demand_history`. Everything is array work on integer codes.
"""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from assets.planning.demand.censoring import impute_hidden_demand, order_survival_rate
from assets.planning.demand.periods import last_complete_period, period_of_day, period_start_day, to_dates
from assets.planning.demand.settings import DemandSettings
from assets.planning.demand.stock_cover import days_by_period, empty_spells, sort_intervals

KEYS = ["item_id", "warehouse_id"]
HISTORY_COLUMNS = [
    *KEYS,
    "period_start_date",
    "demand_units",
    "shipped_units",
    "returned_units",
    "in_stock_rate",
    "is_censored",
    "is_promotion",
    "demand_units_imputed",
]


class _Grid:
    """Rows of the history: series by series, period by period; `locate` finds the row of a series and period."""

    def __init__(self, first_day: NDArray[np.int64], last_period: int, frequency: str, kept: int) -> None:
        self.frequency = frequency
        self.first_day = first_day
        self.first_period = np.maximum(period_of_day(first_day, frequency), last_period - kept + 1)
        self.counts = np.maximum(last_period - self.first_period + 1, 0)
        self.starts = np.concatenate([[0], np.cumsum(self.counts)])
        self.series = np.repeat(np.arange(len(first_day)), self.counts)
        self.period = self.first_period[self.series] + np.arange(len(self.series)) - self.starts[self.series]

    def locate(self, series: NDArray[np.int64], period: NDArray[np.int64]) -> NDArray[np.int64]:
        """Row numbers, -1 for a pair outside the grid."""
        safe = np.maximum(series, 0)
        offset = period - self.first_period[safe]
        inside = (series >= 0) & (offset >= 0) & (offset < self.counts[safe])
        return np.where(inside, self.starts[safe] + offset, -1)

    def total(self, rows: NDArray[np.int64], values: NDArray[np.float64]) -> NDArray[np.float64]:
        """Sum of `values` by row of the grid."""
        keep = rows >= 0
        return np.bincount(rows[keep], weights=values[keep], minlength=len(self.series)).astype(float)


def _codes(spine: pd.DataFrame, frame: pd.DataFrame) -> NDArray[np.int64]:
    """Position in the spine of each row of `frame`, -1 where it is not in the spine."""
    index = pd.MultiIndex.from_frame(spine[KEYS])
    if not index.is_unique:
        raise ValueError("the spine names an item x warehouse twice")
    return index.get_indexer(pd.MultiIndex.from_frame(frame[KEYS])).astype(np.int64)


def _days(column: pd.Series) -> NDArray[np.int64]:
    return pd.to_datetime(column).to_numpy().astype("datetime64[D]").astype(np.int64)


def _in_stock_rate(grid: _Grid, balances: pd.DataFrame, spine: pd.DataFrame) -> NDArray[np.float64]:
    """Share of days with a filled shelf; NaN for series without any balance.

    The days before the first movement count as empty: the item was not on sale yet, so the period shows only a part.
    """
    opens = period_start_day(grid.period, grid.frequency)
    length = period_start_day(grid.period + 1, grid.frequency) - opens
    waiting = np.clip(grid.first_day[grid.series] - opens, 0, length)
    codes = _codes(spine, balances)
    series, first, last, units = sort_intervals(balances, codes)
    start = empty_spells(series, first, last, units)
    spell = start >= 0
    by_series, by_period, days = days_by_period(series[spell], start[spell], last[spell], grid.frequency)
    empty = grid.total(grid.locate(by_series, by_period), days.astype(float))
    known = np.zeros(len(spine), dtype=bool)
    known[series] = True
    rate = 1.0 - np.clip((empty + waiting) / length, 0.0, 1.0)
    return np.where(known[grid.series], rate, np.nan)


def build_demand_history(
    demand_daily: pd.DataFrame,
    balances: pd.DataFrame,
    spine: pd.DataFrame,
    *,
    as_of: date,
    settings: DemandSettings,
) -> pd.DataFrame:
    """Build `planning.demand_history` (docs/interfaces.md) from demand by day, balance intervals and the spine.

    Args:
        demand_daily: `int_demand_daily`: item_id, warehouse_id, business_date, demand_units, shipped_units,
            returned_units, demand_source, is_promotion.
        balances: `int_item_warehouse_balances`: item_id, warehouse_id, valid_from_date, valid_to_date (inclusive),
            available_units.
        spine: `int_item_warehouses`: item_id, warehouse_id, first_movement_date (null: the first demand day counts).
        as_of: the run's day; only periods that ended on or before it are kept.
        settings: frequency, history length and the censoring rule.

    Returns:
        One row per series and period in `HISTORY_COLUMNS`, sorted by item, warehouse, period. `in_stock_rate` is null
        where the series has no balances. A series that never moved or was asked for has no rows.

    Raises:
        ValueError: when the spine holds a key twice.
    """
    spine = spine.sort_values(KEYS, kind="stable").reset_index(drop=True)
    codes = _codes(spine, demand_daily)
    day = _days(demand_daily["business_date"])
    known = codes >= 0
    never = np.iinfo(np.int64).max
    first_day = np.full(len(spine), never)
    np.minimum.at(first_day, codes[known], day[known])
    moved = pd.to_datetime(spine["first_movement_date"])
    has_moved = moved.notna().to_numpy()
    first_day[has_moved] = np.minimum(first_day[has_moved], _days(moved[has_moved]))
    last_period = last_complete_period(as_of, settings.frequency)
    after_end = period_start_day(np.array([last_period + 1]), settings.frequency)[0]
    grid = _Grid(np.minimum(first_day, after_end), last_period, settings.frequency, settings.periods_kept)

    rows = grid.locate(codes, period_of_day(day, settings.frequency))
    sums = {
        name: grid.total(rows, pd.to_numeric(demand_daily[name]).fillna(0.0).to_numpy(dtype=float))
        for name in ("demand_units", "shipped_units", "returned_units")
    }
    promoted = grid.total(rows, demand_daily["is_promotion"].fillna(False).to_numpy(dtype=float)) > 0
    rate = _in_stock_rate(grid, balances, spine)
    visible = _visible_rate(grid, rate, sums["demand_units"], demand_daily, codes, settings)
    is_censored = visible < settings.min_in_stock_rate
    imputed = impute_hidden_demand(grid.starts, sums["demand_units"], visible, is_censored)
    items, houses = spine["item_id"].to_numpy(dtype=object), spine["warehouse_id"].to_numpy(dtype=object)
    return pd.DataFrame(
        {
            "item_id": items[grid.series],
            "warehouse_id": houses[grid.series],
            "period_start_date": to_dates(period_start_day(grid.period, settings.frequency)),
            **sums,
            "in_stock_rate": rate,
            "is_censored": is_censored,
            "is_promotion": promoted,
            "demand_units_imputed": imputed,
        },
        columns=HISTORY_COLUMNS,
    )


def _visible_rate(
    grid: _Grid,
    rate: NDArray[np.float64],
    units: NDArray[np.float64],
    demand_daily: pd.DataFrame,
    codes: NDArray[np.int64],
    settings: DemandSettings,
) -> NDArray[np.float64]:
    """Share of each period's demand that could be seen: days with a filled shelf, and orders that came regardless.

    The days before an item's first movement show nothing whatever the source.
    """
    filled = np.where(np.isnan(rate), 1.0, rate)
    from_orders = np.zeros(len(grid.counts), dtype=bool)
    from_orders[codes[(codes >= 0) & (demand_daily["demand_source"] == "orders").to_numpy(dtype=bool)]] = True
    taken = from_orders[grid.series]
    survival = {True: 0.0, False: 1.0, None: None}[settings.are_orders_censored]
    if survival is None:
        survival = order_survival_rate(units[taken], filled[taken], grid.series[taken])
    begins = grid.first_day[grid.series] > period_start_day(grid.period, grid.frequency)
    return np.where(taken & ~begins, 1.0 - (1.0 - filled) * (1.0 - survival), filled)
