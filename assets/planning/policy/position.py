"""The stock position of each item x warehouse: what is there, what is coming, what is already promised."""

from __future__ import annotations

import numpy as np
import pandas as pd

KEYS = ["item_id", "warehouse_id"]


def stock_position(
    keys: pd.DataFrame, balances: pd.DataFrame, supply: pd.DataFrame, open_demand: pd.DataFrame | None
) -> pd.DataFrame:
    """Position = on hand + on order - reserved - back orders, per row of `keys`, in its order.

    Args:
        balances: item_id, warehouse_id, on_hand_units (all), available_units (nettable) as of the day.
        supply: intermediate.int_open_supply: due_date, on_order_units (purchase orders and transfers under way).
        open_demand: item_id, warehouse_id, reserved_units, backorder_units; None where no system keeps them.

    Returns:
        on_hand_units (nettable, a negative book counts as 0), book_units (as it stands), on_order_units,
        reserved_units, backorder_units, position_units, is_negative_book. Finite everywhere.
    """
    result = keys[KEYS].reset_index(drop=True)
    stock = _summed(balances, ["on_hand_units", "available_units"])
    result = result.merge(stock, on=KEYS, how="left").merge(_summed(supply, ["on_order_units"]), on=KEYS, how="left")
    promised = open_demand if open_demand is not None else pd.DataFrame(columns=KEYS)
    result = result.merge(_summed(promised, ["reserved_units", "backorder_units"]), on=KEYS, how="left")
    figures = result.drop(columns=KEYS).astype(float).replace([np.inf, -np.inf], np.nan).fillna(0.0)
    book = figures["available_units"].to_numpy()
    usable = np.clip(book, 0, None)
    ordered = np.clip(figures["on_order_units"].to_numpy(), 0, None)
    promised_units = figures["reserved_units"].clip(lower=0) + figures["backorder_units"].clip(lower=0)
    return pd.DataFrame(
        {
            "item_id": result["item_id"],
            "warehouse_id": result["warehouse_id"],
            "book_units": figures["on_hand_units"],
            "on_hand_units": usable,
            "on_order_units": ordered,
            "reserved_units": figures["reserved_units"].clip(lower=0),
            "backorder_units": figures["backorder_units"].clip(lower=0),
            "position_units": usable + ordered - promised_units.to_numpy(),
            "is_negative_book": book < 0,
        }
    )


def _summed(frame: pd.DataFrame, names: list[str]) -> pd.DataFrame:
    """Sums of the columns per item x warehouse; a column that is not there is 0."""
    if frame.empty:
        return pd.DataFrame(columns=[*KEYS, *names])
    numbers = frame[KEYS].assign(**{name: frame[name].astype(float) if name in frame else 0.0 for name in names})
    return numbers.groupby(KEYS, sort=True, as_index=False)[names].sum()
