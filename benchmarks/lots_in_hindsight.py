"""Lots for demand that is known period by period: Wagner-Whitin and lot-for-lot.

Wagner and Whitin 1958, doi:10.1287/mnsc.5.1.89; Snyder and Shen, 2nd ed., 3.7.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class LotPlan:
    """order_quantities: units in each period; cost: fixed, holding and (varying) purchase cost in currency."""

    order_quantities: np.ndarray
    cost: float


def wagner_whitin(
    demand: Sequence[float] | np.ndarray,
    fixed_cost: float | Sequence[float],
    holding_cost: float | Sequence[float],
    purchase_cost: float | Sequence[float] = 0.0,
) -> LotPlan:
    """Cheapest lots without back orders; stock is charged at the end of each period.

    Args:
        demand: units of each period. fixed_cost, holding_cost (per unit and period), purchase_cost (per unit): one
            figure or one a period. Lots are placed as late as the cost allows where two plans cost the same.

    Raises:
        ValueError: negative demand or cost.
    """
    need = np.asarray(demand, float)
    periods = len(need)
    fixed, holding, price = (
        np.broadcast_to(np.asarray(each, float), (periods,)) for each in (fixed_cost, holding_cost, purchase_cost)
    )
    if (need < 0).any() or (fixed < 0).any() or (holding < 0).any() or (price < 0).any():
        raise ValueError("demand and costs must not be negative")
    best = np.full(periods + 1, np.inf)
    best[periods] = 0.0
    until = np.zeros(periods, int)
    held = np.concatenate([[0.0], np.cumsum(holding)])
    for start in range(periods - 1, -1, -1):
        # a lot at `start` that covers start .. end - 1: each unit is held from start to the period that needs it
        carry = np.cumsum(need[start:] * (held[start:periods] - held[start]))
        buy = price[start] * np.cumsum(need[start:])
        setup = np.where(np.cumsum(need[start:]) > 0, fixed[start], 0.0)
        total = setup + buy + carry + best[start + 1 :]
        until[start] = start + 1 + int(np.argmin(total))
        best[start] = total.min()
    quantities = np.zeros(periods)
    start = 0
    while start < periods:
        quantities[start] = need[start : until[start]].sum()
        start = int(until[start])
    return LotPlan(quantities, float(best[0]))


def lot_for_lot(demand: Sequence[float] | np.ndarray, on_hand: float = 0.0) -> np.ndarray:
    """Order in each period exactly what it lacks, the stock at hand used first."""
    cumulative = np.clip(np.cumsum(np.asarray(demand, float)) - on_hand, 0, None)
    return np.diff(cumulative, prepend=0.0)
