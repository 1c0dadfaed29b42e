"""How much is ordered at a time: EOQ where a cost is known, else days of demand; held within bounds."""

from __future__ import annotations

import numpy as np
import pandas as pd


def lot_sizes(
    assigned: pd.DataFrame,
    year_units: np.ndarray,
    unit_cost: np.ndarray,
    *,
    order_cost_value: float,
    holding_rate: float,
    max_lot_cover_days: float,
) -> tuple[np.ndarray, np.ndarray]:
    """Lot of each row before rounding, units, and whether cover replaces an EOQ because no cost is known.

    EOQ = sqrt(2 K D / (h c)) (Harris 1913); between the demand of one review period and of max_lot_cover_days.
    A lot is at least the demand of a review period: a smaller one could not keep up.
    """
    day = year_units / 365
    rule = assigned["lot_rule"].to_numpy(object)
    cover = day * assigned["lot_cover_days"].to_numpy(float)
    costed = np.isfinite(unit_cost) & (unit_cost > 0)
    holding = holding_rate * np.where(costed, unit_cost, 1.0)
    economic = np.sqrt(2 * order_cost_value * year_units / holding)
    is_fallback = (rule == "eoq") & ~costed
    lot = np.select([rule == "lot_for_lot", (rule == "eoq") & costed], [np.zeros_like(day), economic], cover)
    review = day * assigned["review_period_days"].to_numpy(float)
    return np.clip(lot, review, np.maximum(day * max_lot_cover_days, review)), is_fallback
