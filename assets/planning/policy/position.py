"""The stock position of each item x warehouse: what is there, what is coming, what is already promised."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from assets.planning.network.stages import echelon_sum, heads
from assets.planning.policy.rounding import round_up
from assets.planning.replay.ragged import row_codes
from assets.planning.schedule.availability import Availability
from assets.planning.schedule.curves import Curves

KEYS = ["item_id", "warehouse_id"]


def stock_position(
    keys: pd.DataFrame,
    balances: pd.DataFrame,
    supply: pd.DataFrame,
    open_demand: pd.DataFrame | None,
    sellable: Availability,
) -> pd.DataFrame:
    """Position = on hand + on order - reserved - back orders, per row of `keys`, in its order.

    Args:
        balances: item_id, warehouse_id, on_hand_units (all), available_units (nettable) as of the day.
        supply: intermediate.int_open_supply: due_date, on_order_units (purchase orders and transfers under way).
        open_demand: item_id, warehouse_id, reserved_units, backorder_units; None where no system keeps them.
        sellable: what of it has expired or will before it can be sold.

    Returns:
        on_hand_units (nettable and sellable, a negative book counts as 0), book_units (as it is), on_order_units,
        reserved_units, backorder_units, position_units, is_negative_book. Finite everywhere.
    """
    result = keys[KEYS].reset_index(drop=True)
    stock = _summed(balances, ["on_hand_units", "available_units"])
    result = result.merge(stock, on=KEYS, how="left").merge(_summed(supply, ["on_order_units"]), on=KEYS, how="left")
    promised = open_demand if open_demand is not None else pd.DataFrame(columns=KEYS)
    result = result.merge(_summed(promised, ["reserved_units", "backorder_units"]), on=KEYS, how="left")
    figures = result.drop(columns=KEYS).astype(float).replace([np.inf, -np.inf], np.nan).fillna(0.0)
    book = figures["available_units"].to_numpy()
    usable = np.clip(book - sellable.expired - sellable.short_dated, 0, None)
    ordered = np.clip(figures["on_order_units"].to_numpy() - sellable.inbound_short_dated, 0, None)
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


@dataclass(frozen=True)
class TimedSupply:
    """Per row, units: in_time (before an order of today could be followed by another), late, and the day of the first late one.

    Of a row that feeds others: of its whole echelon, without what only moves within it.
    """

    in_time: np.ndarray
    late: np.ndarray
    first_late_day: np.ndarray


def timed_supply(
    keys: pd.DataFrame, receipts: pd.DataFrame, reach: np.ndarray, above: np.ndarray, lost: np.ndarray
) -> TimedSupply:
    """Receipts by whether they arrive within `reach` days.

    Args:
        receipts: `expected_receipts`. reach: (n,) protection interval. above: (n,) row that feeds each. lost: (n,) units
            on order that will not sell before they expire; they are taken off the latest.
    """
    n = len(keys)
    at, day = row_codes(keys, receipts), receipts["day"].to_numpy(float)
    units = receipts["units"].to_numpy(float)
    is_head = heads(above)
    inner = (receipts["source"] == "transfer").to_numpy(bool) & (at >= 0)
    inner[inner] = above[at[inner]] >= 0
    soon, late, first = np.zeros(n), np.zeros(n), np.full(n, np.inf)
    row = at.copy()
    while (row >= 0).any():
        use = row >= 0
        early = use & (day <= np.where(use, reach[row], 0))
        # what moves within an echelon is part of its stock whenever it arrives
        early |= use & inner & is_head[row]
        np.add.at(soon, row[early], units[early])
        after = use & ~early
        np.add.at(late, row[after], units[after])
        np.minimum.at(first, row[after], day[after])
        row = np.where(use, above[row], -1)
    lost = np.where(is_head, echelon_sum(lost, above), lost)
    return TimedSupply(np.clip(soon - np.clip(lost - late, 0, None), 0, None), np.clip(late - lost, 0, None), first)


def before_late_receipts(
    position: np.ndarray, safety: np.ndarray, first_late_day: np.ndarray, scope: Curves, minimum: np.ndarray,
    multiple: np.ndarray,
) -> np.ndarray:  # fmt: skip
    """(n,) most units that are worth ordering before the first late receipt arrives; infinite where none is under way."""
    known = np.isfinite(first_late_day)
    lacks = scope.up_to(np.where(known, first_late_day, 0)) + safety - position
    return np.where(known, round_up(np.clip(lacks, 0, None), minimum, multiple), np.inf)


def _summed(frame: pd.DataFrame, names: list[str]) -> pd.DataFrame:
    """Sums of the columns per item x warehouse; a column that is not there is 0."""
    if frame.empty:
        return pd.DataFrame(columns=[*KEYS, *names])
    if "open_units" in frame:
        frame = frame.rename(columns={"open_units": "on_order_units"})
    numbers = frame[KEYS].assign(**{name: frame[name].astype(float) if name in frame else 0.0 for name in names})
    return numbers.groupby(KEYS, sort=True, as_index=False)[names].sum()
