"""Arithmetic of the planner again, by a plain program: levels, position, promise, shares, costs. Shares no code with the product.

Each function takes what is published (or what the documents say) and gives a figure that is published beside it.
"""

from __future__ import annotations

from fractions import Fraction
from math import ceil
from typing import Any

Row = dict[str, Any]
Place = tuple[str, str]
ZERO = Fraction(0)
STOCKLESS = ("order_on_demand", "none")
UP_TO_LEVEL = ("r_s", "base_stock")


def place_of(row: Row) -> Place:
    """Item and warehouse of a row."""
    return row["item_id"], row["warehouse_id"]


def whole(value: Any) -> int:
    """Next whole number above, what is one up to rounding taken as it is."""
    return ceil(Fraction(value) - Fraction(1, 10**9))


def levels(row: Row) -> dict[str, Fraction]:
    """Safety stock, reorder point and order-up-to level of a row of the plan, from the demand quantiles beside them.

    The level is read between the two published quantiles and rounded up to whole units; the safety stock is what it has
    above mean demand, times the scale that the replay found.
    """
    names = (
        "quantile_rate",
        "quantile_below_rate",
        "quantile_below_units",
        "quantile_above_rate",
        "quantile_above_units",
    )
    rate, low, low_units, high, high_units = (Fraction(row[name]) for name in names)
    share = (rate - low) / (high - low) if high > low else ZERO
    level = low_units + min(max(share, ZERO), Fraction(1)) * (high_units - low_units)
    is_stockless, quantity = row["policy"] in STOCKLESS, Fraction(row["order_quantity_units"])
    if is_stockless:
        level = ZERO
    if row["level_step_units"]:
        level = Fraction(max(whole(level), 0))
    safety = ZERO if is_stockless else max(level - Fraction(row["protection_demand_units"]), ZERO)
    up_to = ZERO if is_stockless else level if row["policy"] in UP_TO_LEVEL else level + quantity
    change = (Fraction(row["safety_scale_rate"]) - 1) * safety
    if row["level_step_units"] and change:
        change = Fraction(whole(change))
    reorder = max(level + change, ZERO)
    return {
        "safety_stock_units": max(safety + change, ZERO),
        "reorder_point_units": reorder,
        "order_up_to_units": max(up_to + change, reorder) if up_to > 0 else ZERO,
    }


def promises(
    stock: Fraction, supply: list[tuple[Any, Fraction]], wanted: list[tuple[Any, Fraction]], today: Any
) -> dict[Any, list[Fraction]]:
    """Supply, commitments and promise of each day on which one of them changes; no promise takes what a later day needs."""
    days = sorted({today, *(max(day, today) for day, _ in supply), *(max(day, today) for day, _ in wanted)})
    came = [max(stock, ZERO) + sum((units for on, units in supply if max(on, today) <= day), ZERO) for day in days]
    gone = [sum((units for on, units in wanted if max(on, today) <= day), ZERO) for day in days]
    left = [a - b for a, b in zip(came, gone, strict=True)]
    return {day: [came[at], gone[at], max(min(left[at:]), ZERO)] for at, day in enumerate(days)}


def median(values: list[Fraction]) -> Fraction:
    """The middle one, or the mean of the two in the middle."""
    ordered, half = sorted(values), len(values) // 2
    return ordered[half] if len(values) % 2 else (ordered[half - 1] + ordered[half]) / 2


def shares(values: dict[Any, Fraction]) -> dict[Any, tuple[Fraction, Fraction]]:
    """Share of each in the total, and the share of all that are as large or larger; equal ones in the order of their names."""
    total, so_far, found = sum(values.values(), ZERO), ZERO, {}
    for key in sorted(values, key=lambda one: (-values[one], one)):
        so_far += values[key]
        found[key] = (values[key] / total, so_far / total) if total else (ZERO, ZERO)
    return found


def policy_cost(
    stock: Any, missed: Any, orders: Any, written_off: Any, unit_cost: Any, days: int, order_cost: Any
) -> float:
    """Holding 22 % a year, a unit short half its cost, an order its price, what is written off its cost."""
    held = float(stock) * float(unit_cost) * 0.22 * days / 365
    return (
        held
        + max(float(missed), 0.0) * float(unit_cost) * 0.5
        + float(orders) * float(order_cost)
        + float(written_off) * float(unit_cost)
    )


def held_share(lasts_days: float) -> float:
    """Mean share of an order that is in stock over a year, sold down at the mean rate."""
    return lasts_days / 730 if lasts_days < 365 else 1 - 182.5 / lasts_days
