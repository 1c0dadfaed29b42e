"""Demand-driven buffers (DDMRP): zones, net flow position, order and colours, as OCA `ddmrp` and Dynamics compute them.

A method of its own beside the quantile levels, for companies that run on buffers; nothing in the plan depends on it.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil
from typing import Literal

Colour = Literal["green", "yellow", "red"]


@dataclass(frozen=True)
class Buffer:
    """Zones in units: red = base + safety, yellow, green, and the tops of red, yellow and green."""

    red_base: float
    red_safety: float
    yellow: float
    green: float

    @property
    def red(self) -> float:
        """Red zone and its top."""
        return self.red_base + self.red_safety

    @property
    def top_of_yellow(self) -> float:
        """Below it an order is due."""
        return self.red + self.yellow

    @property
    def top_of_green(self) -> float:
        """Up to it an order is placed."""
        return self.top_of_yellow + self.green


def buffer(
    average_daily_usage: float,
    lead_days: float,
    lead_time_factor: float,
    variability_factor: float,
    *,
    order_cycle_days: float = 0.0,
    minimum_units: float = 0.0,
) -> Buffer:
    """Zones of one item; usage in units per day, decoupled lead time in days."""
    yellow = average_daily_usage * lead_days
    base = yellow * lead_time_factor
    green = max(minimum_units, average_daily_usage * order_cycle_days, base)
    return Buffer(base, base * variability_factor, yellow, green)


def net_flow(on_hand: float, incoming: float, qualified_demand: float) -> float:
    """On hand + what arrives within the lead time - demand that counts (due, or a spike within the horizon)."""
    return on_hand + incoming - qualified_demand


def order_quantity(zones: Buffer, position: float, *, multiple: float = 0.0, tolerance_rate: float = 0.0) -> float:
    """Units to order: up to the top of green when the position is below the top of yellow, in whole multiples.

    Rounded down instead of up where that misses what is needed by no more than tolerance_rate of a multiple.
    """
    if position >= zones.top_of_yellow:
        return 0.0
    needed = zones.top_of_green - position
    if multiple <= 0:
        return needed
    over = needed % multiple
    if 0 < over <= tolerance_rate * multiple:
        return needed - over
    return ceil(needed / multiple - 1e-9) * multiple


def planning_colour(zones: Buffer, position: float) -> Colour:
    """By the net flow position: green from the top of yellow, yellow from the top of red."""
    if position >= zones.top_of_yellow:
        return "green"
    return "yellow" if position >= zones.red else "red"


def execution_colour(zones: Buffer, on_hand: float) -> Colour:
    """By the stock on hand: green from the top of red, yellow from half of it."""
    if on_hand >= zones.red:
        return "green"
    return "yellow" if on_hand >= 0.5 * zones.red else "red"


def average_daily_usage(moves: list[tuple[int, float]], horizon_days: int) -> float:
    """Units per day over the last full days, today left out; moves are (days ago, units)."""
    if horizon_days <= 0:
        raise ValueError("the horizon needs at least one day")
    return sum(units for days_ago, units in moves if 1 <= days_ago <= horizon_days) / horizon_days


def blended_usage(past: float, future: float, past_weight: float = 0.5) -> float:
    """Past and forward usage in one figure."""
    return past_weight * past + (1 - past_weight) * future
