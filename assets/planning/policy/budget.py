"""Capital against service over all items: the exchange curve, and the best service that a budget buys.

For every item the safety stock is chosen so that the last unit of currency invested buys the same reduction of
shortage everywhere (one Lagrange multiplier): P(D > s) = multiplier x c Q / (w Y), with c unit cost, Q units sold in a
cycle, Y units a year and w the weight of a unit short. No other allocation of the same capital has a higher fill rate.
Silver, Pyke and Thomas, 4th ed., 6.11 and 7.A.2; here on quantile grids instead of normals.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from assets.planning.policy.distribution import expected_shortage, fill_rate_of, quantile


@dataclass(frozen=True)
class BudgetItems:
    """Per item x warehouse: protection and lead (n, levels) demand grids; everything else (n,).

    sold: units sold in a cycle (the lot; the demand of a review period for order-up-to policies). credit: see
    `distribution.cycle_shortage`. mean: of the protection demand. weight: value of a unit short; the unit cost gives a
    fill rate by value, 1 by units. Rows without cost or demand take no part; the caller leaves them out.
    """

    protection: np.ndarray
    lead: np.ndarray
    mean: np.ndarray
    sold: np.ndarray
    credit: np.ndarray
    year_units: np.ndarray
    unit_cost: np.ndarray
    weight: np.ndarray
    is_whole_units: bool = True


@dataclass(frozen=True)
class Allocation:
    """level: reorder point of each row; invested_value: mean stock at cost; fill_rate: weighted, over all rows."""

    level: np.ndarray
    multiplier: float
    invested_value: float
    fill_rate: float


def allocate(items: BudgetItems, multiplier: float) -> Allocation:
    """Levels at one multiplier, never below the smallest demand that the grid knows."""
    sold = np.maximum(items.sold, 1e-9)
    tail = multiplier * items.unit_cost * sold / (items.weight * items.year_units)
    level = np.where(tail >= 1, items.protection[:, 0], quantile(items.protection, 1 - np.clip(tail, 0, 1)))
    level = np.ceil(level - 1e-9) if items.is_whole_units else level
    return Allocation(level, multiplier, *_figures(items, level))


def _figures(items: BudgetItems, level: np.ndarray) -> tuple[float, float]:
    """Mean stock at cost (leftover at the end of a cycle + half of what is sold in it) and weighted fill rate."""
    stock = np.clip(level - items.mean + expected_shortage(items.protection, level), 0, None) + items.sold / 2
    fill = fill_rate_of(items.protection, items.lead, items.sold, items.credit, level)
    asked = items.year_units * items.weight
    total = float(asked.sum())
    return float((stock * items.unit_cost).sum()), float((fill * asked).sum()) / total if total > 0 else 1.0


def allocation_at(items: BudgetItems, level: np.ndarray) -> Allocation:
    """What given reorder points invest and serve."""
    return Allocation(level, float("nan"), *_figures(items, level))


def exchange_curve(items: BudgetItems, points: int = 40) -> pd.DataFrame:
    """invested_value, fill_rate, multiplier over the whole range from hardly any to nearly perfect service, rising."""
    rows = [allocate(items, float(each)) for each in np.logspace(2, -3, points)]
    table = pd.DataFrame(
        {
            "invested_value": [row.invested_value for row in rows],
            "fill_rate": [row.fill_rate for row in rows],
            "multiplier": [row.multiplier for row in rows],
        }
    )
    return table.drop_duplicates("invested_value").sort_values("invested_value", ignore_index=True)


def best_for_budget(items: BudgetItems, budget_value: float, steps: int = 60) -> Allocation:
    """The allocation that spends at most the budget; where even the least stock costs more, that least stock.

    The caller compares invested_value with the budget: above it, the budget does not carry the lots alone.
    """
    low, high = np.log(1e-4), np.log(1e4)
    least = allocate(items, float(np.exp(high)))
    if least.invested_value > budget_value:
        return least
    best = least
    for _ in range(steps):
        middle = (low + high) / 2
        answer = allocate(items, float(np.exp(middle)))
        if answer.invested_value <= budget_value:
            best, high = answer, middle
        else:
            low = middle
    return best


def best_for_fill(items: BudgetItems, fill_rate: float, steps: int = 60) -> Allocation:
    """The cheapest allocation whose fill rate over all rows reaches the target; the best there is where none does."""
    low, high = np.log(1e-6), np.log(1e4)
    best = allocate(items, float(np.exp(low)))
    for _ in range(steps):
        middle = (low + high) / 2
        answer = allocate(items, float(np.exp(middle)))
        if answer.fill_rate >= fill_rate:
            best, low = answer, middle
        else:
            high = middle
    return best


def evenly(items: BudgetItems, service_rate: float) -> Allocation:
    """The usual alternative: one cycle service level for all; what the allocation is to be compared with."""
    level = quantile(items.protection, np.full(len(items.sold), service_rate))
    return allocation_at(items, level)
