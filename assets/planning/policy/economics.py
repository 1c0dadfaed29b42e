"""What a plan costs to hold, and what is too much or too little."""

from __future__ import annotations

import numpy as np


def holding_cost_year(
    on_hand: np.ndarray, safety: np.ndarray, lot: np.ndarray, year_units: np.ndarray, unit_cost: np.ndarray, rate: float
) -> np.ndarray:
    """Holding cost of the next year, currency: of the stock that the policy keeps and of what is above it now.

    The policy keeps safety stock + half a lot on average; stock above safety + lot is sold down at the mean rate.
    NaN where the cost is not known.
    """
    extra = np.clip(on_hand - safety - lot, 0, None)
    years = np.divide(extra, year_units, out=np.full_like(extra, np.inf), where=year_units > 0)
    extra_mean = np.where(years <= 1, extra * np.minimum(years, 1) / 2, np.clip(extra - year_units / 2, 0, None))
    return np.where(np.isfinite(unit_cost), (safety + lot / 2 + extra_mean) * rate * unit_cost, np.nan)


def excess_units(
    on_hand: np.ndarray,
    on_order: np.ndarray,
    order_up_to: np.ndarray,
    day_units: np.ndarray,
    max_cover_days: np.ndarray,
) -> np.ndarray:
    """On hand above both the order-up-to level and the most cover that the cell allows; never more than is there."""
    most = np.maximum(order_up_to, day_units * max_cover_days)
    return np.clip(np.minimum(on_hand + on_order - most, on_hand), 0, None)


def shortage_units(
    on_hand: np.ndarray, backorder: np.ndarray, position: np.ndarray, safety: np.ndarray, lead_mean: np.ndarray
) -> np.ndarray:
    """Units below safety stock, now or one lead time ahead with all that is on order received, whichever is more."""
    now = safety - (on_hand - backorder)
    ahead = safety - (position - lead_mean)
    return np.clip(np.maximum(now, ahead), 0, None)
