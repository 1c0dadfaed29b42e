"""Lots under all-units price breaks, for many rows at once."""

from __future__ import annotations

import numpy as np
import pandas as pd

KEYS = ["item_id", "warehouse_id"]


def lots_with_breaks(
    keys: pd.DataFrame,
    lot: np.ndarray,
    year_units: np.ndarray,
    unit_cost: np.ndarray,
    breaks: pd.DataFrame,
    *,
    order_cost_value: float,
    holding_rate: float,
    max_lot_units: np.ndarray,
) -> tuple[np.ndarray, np.ndarray]:
    """Lot of each row that minimises purchases + orders + holding over a year, and the unit cost it brings.

    Args:
        lot: (n,) lot at the usual cost. breaks: item_id, from_units, unit_cost: the price of the whole lot from that
            size on. max_lot_units: (n,) a lot above this is not considered, whatever it saves.

    Returns:
        lot and unit cost, (n,); rows without breaks, cost or demand are as they came.
    """
    best_lot, best_cost = lot.astype(float).copy(), unit_cost.astype(float).copy()
    if breaks.empty:
        return best_lot, best_cost
    rows = keys[KEYS].assign(row=np.arange(len(keys))).merge(breaks, on="item_id", how="inner")
    at = rows["row"].to_numpy(int)
    price, start = rows["unit_cost"].to_numpy(float), np.clip(rows["from_units"].to_numpy(float), 0, None)
    year, usual = year_units[at], unit_cost[at]
    valid = np.isfinite(usual) & (year > 0) & (price > 0) & (start <= max_lot_units[at])
    economic = np.sqrt(2 * order_cost_value * year / (holding_rate * np.where(price > 0, price, 1.0)))
    size = np.minimum(np.maximum(economic, start), max_lot_units[at])
    size = np.where(valid, np.maximum(size, 1e-9), 1.0)
    total = price * year + order_cost_value * year / size + holding_rate * price * size / 2
    base_lot = np.maximum(lot, 1e-9)
    base = unit_cost * year_units + order_cost_value * year_units / base_lot + holding_rate * unit_cost * base_lot / 2
    options = pd.DataFrame({"row": at, "size": size, "price": price, "total": total})[valid]
    options = options.sort_values(["row", "total", "size"]).drop_duplicates("row")
    row = options["row"].to_numpy(int)
    better = options["total"].to_numpy(float) < base[row]
    best_lot[row[better]] = options["size"].to_numpy(float)[better]
    best_cost[row[better]] = options["price"].to_numpy(float)[better]
    return best_lot, best_cost
