"""Reorder point and order-up-to of each row, by its policy and its measure of service."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from assets.planning.parameters.lead_time_demand import LeadTimeDemandResult
from assets.planning.policy.distribution import Bracket, bracket, cycle_service_of, level_for_fill, quantile
from assets.planning.policy.rounding import round_up

STOCKLESS = ("order_on_demand", "none")
TO_LEVEL = ("r_s", "base_stock")


@dataclass(frozen=True)
class Levels:
    """Per row, units: an order is placed when position <= reorder_point; up to order_up_to, or in lots of quantity."""

    safety_stock: np.ndarray
    reorder_point: np.ndarray
    order_up_to: np.ndarray
    quantity: np.ndarray
    read: Bracket
    """Where the level is read in the demand of the protection interval: before rounding, and before the replay's scale."""


def service_probability(
    assigned: pd.DataFrame, lot: np.ndarray, year_units: np.ndarray, *, holding_rate: float, shortage_cost_rate: float,
    cap_rate: float,
) -> np.ndarray:  # fmt: skip
    """Probability of no stock-out in a cycle that each row aims at, where its measure is `cycle` or `cost`.

    `cost`: 1 - Q h / (b D), what an (r, Q) policy's marginal condition asks (Snyder and Shen, 2nd ed., 5.3), with h the
    holding and b the shortage cost of a unit, both as shares of its cost, so that the cost itself cancels.
    """
    measure, wanted = assigned["service_measure"].to_numpy(object), assigned["service_level_rate"].to_numpy(float)
    turns = np.divide(lot, year_units, out=np.ones_like(lot), where=year_units > 0)
    fractile = 1 - turns * holding_rate / shortage_cost_rate
    return np.clip(np.where(measure == "cost", fractile, wanted), 0.0, cap_rate)


def levels(
    assigned: pd.DataFrame,
    demand: LeadTimeDemandResult,
    lot: np.ndarray,
    probability: np.ndarray,
    fill_rate: np.ndarray,
    minimum: np.ndarray,
    multiple: np.ndarray,
    is_whole_units: bool,
) -> Levels:
    """Levels of each row; every array (n,), demand in the same order.

    The level covers demand over lead time + review period. Base stock, (R, S): order-up-to is that level. (s, S) and
    min-max: reorder at the level, up to a lot above it. (r, Q): lots of Q. Two-bin: both bins hold the level and are
    ordered a bin at a time. On demand and none: no stock, ordered when something is owed.
    """
    policy = assigned["policy"].to_numpy(object)
    is_fill = assigned["service_measure"].to_numpy(object) == "fill"
    grid, lead = demand.protection.quantiles, demand.lead.quantiles
    to_level = np.isin(policy, TO_LEVEL)
    lots = round_up(lot, minimum, multiple)
    review = np.clip(demand.protection.mean - demand.lead.mean, 0, None)
    sold, credit = np.maximum(np.where(to_level, review, lots), 1e-9), np.where(to_level, 0.0, lots)
    level = quantile(grid, probability)
    if is_fill.any():
        level[is_fill] = level_for_fill(
            grid[is_fill], lead[is_fill], sold[is_fill], credit[is_fill], fill_rate[is_fill]
        )
    read = _read(grid, probability, level, is_fill)
    level = np.where(np.isin(policy, STOCKLESS), 0.0, level)
    if is_whole_units:
        level = np.clip(np.ceil(level - 1e-9), 0, None) + 0.0  # no negative zero
    safety = np.where(np.isin(policy, STOCKLESS), 0.0, np.clip(level - demand.protection.mean, 0, None))
    quantity = round_up(_quantity(policy, lot, level), minimum, multiple)
    up_to = np.where(to_level, level, level + quantity)
    up_to = np.where(np.isin(policy, STOCKLESS), 0.0, up_to)
    return Levels(safety, level, up_to, quantity, read)


def _read(grid: np.ndarray, probability: np.ndarray, level: np.ndarray, is_fill: np.ndarray) -> Bracket:
    """A level for a fill rate is read where the cycle service that it happens to give is; outside the grid it is itself."""
    served = np.where(is_fill, cycle_service_of(grid, level), probability)
    found = bracket(grid, served)
    is_outside = is_fill & ((level < grid[:, 0]) | (level > grid[:, -1]))
    return replace(
        found,
        below_units=np.where(is_outside, level, found.below_units),
        above_units=np.where(is_outside, level, found.above_units),
    )


def _quantity(policy: np.ndarray, lot: np.ndarray, level: np.ndarray) -> np.ndarray:
    return np.where(np.isin(policy, STOCKLESS), 0.0, np.where(policy == "two_bin", np.maximum(level, lot), lot))
