"""What really happened in the window, measured like a replay, so that the two can be shown side by side."""

from __future__ import annotations

import numpy as np
import pandas as pd

from assets.planning.replay.ragged import days_from, row_codes
from assets.planning.shape import timestamps


def actual_figures(
    keys: pd.DataFrame,
    demand: pd.DataFrame,
    balances: pd.DataFrame,
    receipts: pd.DataFrame,
    written_off: pd.DataFrame | None = None,
    *,
    first: pd.Timestamp,
    days: int,
) -> pd.DataFrame:
    """Figures of each row of `keys` over `days` days from `first`.

    Args:
        demand: result of `restored_demand`. balances: int_item_warehouse_balances intervals. receipts:
            int_supplier_lead_times (order_date, po_no) for the number of orders; may be empty. written_off: business_date, units that
            expired, None where none are known.

    Returns:
        demand_units, filled_units (shipped, at most what was asked for that day), stock_unit_days, stockout_days,
        orders, written_off_units, in the order of `keys`. A negative book counts as no stock.
    """
    rows = len(keys)
    codes, day = row_codes(keys, demand), days_from(demand["business_date"], first)
    use = (codes >= 0) & (day >= 0) & (day < days)
    asked = demand["demand_units"].to_numpy(float)[use]
    shipped = np.minimum(demand["shipped_units"].to_numpy(float)[use], asked)
    held = row_codes(keys, balances)
    begin = np.clip(days_from(balances["valid_from_date"], first), 0, days)
    end = np.clip(days_from(balances["valid_to_date"], first) + 1, 0, days)
    length = np.where(held >= 0, np.clip(end - begin, 0, None), 0)
    units = np.clip(np.nan_to_num(balances["available_units"].to_numpy(float)), 0, None)
    known = held >= 0
    placed = np.zeros(rows)
    if not receipts.empty:
        orders = receipts.drop_duplicates(["item_id", "warehouse_id", "po_no"])
        at, when = row_codes(keys, orders), days_from(orders["order_date"], first)
        counted = (at >= 0) & (when >= 0) & (when < days)
        placed = np.bincount(at[counted], minlength=rows).astype(float)
    expired = np.zeros(rows)
    if written_off is not None and not written_off.empty:
        at, when = row_codes(keys, written_off), days_from(written_off["business_date"], first)
        counted = (at >= 0) & (when >= 0) & (when < days)
        expired = np.bincount(at[counted], written_off["units"].to_numpy(float)[counted], rows).astype(float)
    covered = np.bincount(held[known], length[known], rows)
    return pd.DataFrame(
        {
            "demand_units": np.bincount(codes[use], asked, rows),
            "filled_units": np.bincount(codes[use], shipped, rows),
            "stock_unit_days": np.bincount(held[known], (length * units)[known], rows),
            "stockout_days": np.bincount(held[known], (length * (units <= 0))[known], rows) + (days - covered),
            "orders": placed,
            "written_off_units": expired,
        }
    )


def stock_on(keys: pd.DataFrame, balances: pd.DataFrame, day: pd.Timestamp) -> np.ndarray:
    """(rows,) available units at the end of a day, 0 where there is no interval, never negative."""
    begin, end = timestamps(balances["valid_from_date"]), timestamps(balances["valid_to_date"])
    now = balances[(begin <= day) & (end >= day)]
    codes = row_codes(keys, now)
    units = np.clip(np.nan_to_num(now["available_units"].to_numpy(float)), 0, None)
    return np.bincount(codes[codes >= 0], units[codes >= 0], len(keys))
