"""One word per item x warehouse, by urgency: what a planner looks at first."""

from __future__ import annotations

import numpy as np

#: Most urgent first; a row has the first that applies (Netstock's order of priority).
STATUSES = ("stocked_out", "potential_stockout", "surplus_orders", "excess", "ok")


def stock_status(
    available: np.ndarray,
    day_units: np.ndarray,
    days_to_empty: np.ndarray,
    lead_days: np.ndarray,
    on_order: np.ndarray,
    order_without_supply: np.ndarray,
    excess: np.ndarray,
) -> np.ndarray:
    """Status of each row; all arrays (n,).

    stocked_out: nothing available and there is demand. potential_stockout: projected to run out, supply under way
    included, before an order placed today could arrive. surplus_orders: more on order than would be ordered today if
    nothing were. excess: above the cell's most cover. A row that is both short and in excess counts as short.

    Args:
        days_to_empty: NaN where the stock lasts beyond the horizon. order_without_supply: order that today's levels
            would ask for if nothing were on order, units.
    """
    sells = day_units > 0
    empty = sells & (available <= 0)
    soon = sells & np.isfinite(days_to_empty) & (np.nan_to_num(days_to_empty, nan=np.inf) < lead_days)
    surplus = (on_order > 0) & (on_order > order_without_supply + 1e-9)
    return np.select([empty, soon, surplus, excess > 0], list(STATUSES[:4]), STATUSES[4])
