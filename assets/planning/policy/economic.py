"""Economic order quantities under steady demand, with back orders, production rates and price breaks.

Costs in currency, demand in units per time, holding cost in currency per unit and time, all in one time unit.
Snyder and Shen, Fundamentals of Supply Chain Theory, 2nd ed., chapter 3. Invalid inputs raise ValueError.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt

import numpy as np


def _positive(**figures: float) -> None:
    for name, value in figures.items():
        if not np.isfinite(value) or value <= 0:
            raise ValueError(f"{name} must be a positive number, not {value}")


def eoq(fixed_cost: float, holding_cost: float, demand_rate: float) -> tuple[float, float]:
    """Quantity and cost per time (3.4): sqrt(2 K D / h), sqrt(2 K D h)."""
    _positive(fixed_cost=fixed_cost, holding_cost=holding_cost, demand_rate=demand_rate)
    quantity = sqrt(2 * fixed_cost * demand_rate / holding_cost)
    return quantity, eoq_cost(quantity, fixed_cost, holding_cost, demand_rate)


def eoq_cost(quantity: float, fixed_cost: float, holding_cost: float, demand_rate: float) -> float:
    """Cost per time of any quantity (3.3)."""
    return fixed_cost * demand_rate / quantity + holding_cost * quantity / 2


def eoq_backorders(
    fixed_cost: float, holding_cost: float, stockout_cost: float, demand_rate: float
) -> tuple[float, float, float]:
    """Quantity, share of demand that waits, and cost per time, where back orders cost `stockout_cost` (3.28, 3.29)."""
    _positive(fixed_cost=fixed_cost, holding_cost=holding_cost, stockout_cost=stockout_cost, demand_rate=demand_rate)
    both = holding_cost + stockout_cost
    quantity = sqrt(2 * fixed_cost * demand_rate * both / (holding_cost * stockout_cost))
    waiting = holding_cost / both
    cost = sqrt(2 * fixed_cost * demand_rate * holding_cost * stockout_cost / both)
    return quantity, waiting, cost


def epq(fixed_cost: float, holding_cost: float, demand_rate: float, production_rate: float) -> tuple[float, float]:
    """Quantity and cost per time where the lot arrives at `production_rate` > demand_rate (3.32)."""
    _positive(fixed_cost=fixed_cost, holding_cost=holding_cost, demand_rate=demand_rate)
    if production_rate <= demand_rate:
        raise ValueError("production_rate must exceed demand_rate")
    return eoq(fixed_cost, holding_cost * (1 - demand_rate / production_rate), demand_rate)


@dataclass(frozen=True)
class DiscountedLot:
    """quantity in units, region: index of the price break it falls in, cost: purchases included, per time."""

    quantity: float
    region: int
    cost: float


def _breaks(breakpoints: list[float], unit_costs: list[float]) -> None:
    if len(breakpoints) != len(unit_costs) or not breakpoints or breakpoints[0] != 0:
        raise ValueError("as many unit costs as breakpoints, the first of them 0")
    if list(breakpoints) != sorted(set(breakpoints)):
        raise ValueError("breakpoints must rise")


def eoq_all_units_discount(
    fixed_cost: float, holding_cost_rate: float, demand_rate: float, breakpoints: list[float], unit_costs: list[float]
) -> DiscountedLot:
    """Best lot where the whole lot gets the price of its size (3.3.3): each region's EOQ, lifted to its break."""
    _breaks(breakpoints, unit_costs)
    _positive(fixed_cost=fixed_cost, holding_cost_rate=holding_cost_rate, demand_rate=demand_rate)
    lots = []
    for region, (start, price) in enumerate(zip(breakpoints, unit_costs, strict=True)):
        end = breakpoints[region + 1] if region + 1 < len(breakpoints) else np.inf
        quantity = max(eoq(fixed_cost, holding_cost_rate * price, demand_rate)[0], start)
        if quantity < end:
            cost = price * demand_rate + eoq_cost(quantity, fixed_cost, holding_cost_rate * price, demand_rate)
            lots.append(DiscountedLot(quantity, region, cost))
    return min(lots, key=lambda lot: (lot.cost, lot.quantity))


def eoq_incremental_discount(
    fixed_cost: float, holding_cost_rate: float, demand_rate: float, breakpoints: list[float], unit_costs: list[float]
) -> DiscountedLot:
    """Best lot where each price holds only for the units beyond its break (3.3.4)."""
    _breaks(breakpoints, unit_costs)
    _positive(fixed_cost=fixed_cost, holding_cost_rate=holding_cost_rate, demand_rate=demand_rate)
    lots = []
    paid = 0.0
    for region, (start, price) in enumerate(zip(breakpoints, unit_costs, strict=True)):
        if region:
            paid += unit_costs[region - 1] * (start - breakpoints[region - 1])
        end = breakpoints[region + 1] if region + 1 < len(breakpoints) else np.inf
        surcharge = paid - price * start
        holding = holding_cost_rate * price
        quantity = sqrt(2 * (fixed_cost + surcharge) * demand_rate / holding)
        if start <= quantity < end:
            cost = price * demand_rate + holding_cost_rate * surcharge / 2
            cost += (fixed_cost + surcharge) * demand_rate / quantity + holding * quantity / 2
            lots.append(DiscountedLot(quantity, region, cost))
    return min(lots, key=lambda lot: (lot.cost, lot.quantity))
