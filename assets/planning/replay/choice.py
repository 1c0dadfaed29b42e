"""Which policy the company's own history prefers: per cell, then per item where there is enough of it.

A change is taken only where it was better in both halves of the window: closer to the wanted service, or cheaper by
`min_gain_rate` and no further from it. What won one half by chance loses the other.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from assets.planning.replay.compare import Yardstick

CONFIGURED, CELL, ITEM = "configured", "replay_cell", "replay_item"


@dataclass(frozen=True)
class Candidate:
    """One way to run all rows. first, second: figures of each half (`kernel.OUTPUTS`). is_stocked: rows without stock keep some.

    scale: of the safety stock, (n,) or one for all.
    """

    scale: float | np.ndarray
    is_stocked: bool
    first: pd.DataFrame
    second: pd.DataFrame


@dataclass(frozen=True)
class Choice:
    """Per row: scale of the safety stock, whether a row without stock is to keep some, and who chose (`CONFIGURED`, ...)."""

    scale: np.ndarray
    is_stocked: np.ndarray
    source: np.ndarray


def choose(
    candidates: list[Candidate],
    cell: np.ndarray,
    together: np.ndarray,
    wanted: np.ndarray,
    unit_cost: np.ndarray,
    yardstick: Yardstick,
    *,
    min_item_events: int,
    min_gain_rate: float,
) -> Choice:
    """The best candidate of each row; the first candidate is the configured one.

    Args:
        cell: (n,) ABC-XYZ cell. together: (n,) codes of rows that one item's goods flow through. wanted: (n,) fill rate
            that is aimed at. min_item_events: days with demand in each half that an item needs to be judged alone.
    """
    halves = [[each.first for each in candidates], [each.second for each in candidates]]
    cells = pd.factorize(cell)[0]
    groups = pd.factorize(together)[0]
    picked = np.zeros(len(cell), int)
    source = np.full(len(cell), CONFIGURED, object)
    by_cell = _best(halves, cells, wanted, unit_cost, yardstick, np.zeros(len(cell), int), min_gain_rate)
    source[by_cell[cells] >= 0] = CELL
    picked = np.maximum(by_cell[cells], 0)
    by_item = _best(halves, groups, wanted, unit_cost, yardstick, picked, min_gain_rate)
    events = [
        np.bincount(groups, half[0]["demand_days"].to_numpy(float)) >= min_item_events for half in halves
    ]  # fmt: skip
    own = (events[0] & events[1] & (by_item >= 0))[groups]
    source[own] = ITEM
    picked = np.where(own, by_item[groups], picked)
    scales = np.array([np.broadcast_to(np.asarray(each.scale, float), len(cell)) for each in candidates])
    stocked = np.array([each.is_stocked for each in candidates])
    return Choice(scales[picked, np.arange(len(cell))], stocked[picked], source)


def _best(
    halves: list[list[pd.DataFrame]], codes: np.ndarray, wanted: np.ndarray, unit_cost: np.ndarray,
    yardstick: Yardstick, base: np.ndarray, min_gain: float,
) -> np.ndarray:  # fmt: skip
    """(groups,) candidate that beats the base in both halves, by shortfall and then by cost; -1 where none does."""
    count = int(codes.max()) + 1 if len(codes) else 0
    rows = np.arange(len(codes))
    tolerance = yardstick.tolerance_fill_rate
    good = np.ones((len(halves[0]), count), bool)
    short_sum, cost_sum = np.zeros((len(halves[0]), count)), np.zeros((len(halves[0]), count))
    for half in halves:
        cost = np.array([_cost(each, unit_cost, yardstick) for each in half])
        filled = np.array([each["filled_units"].to_numpy(float) for each in half])
        asked = np.bincount(codes, half[0]["demand_units"].to_numpy(float), count)
        aim = np.bincount(codes, half[0]["demand_units"].to_numpy(float) * wanted, count)
        costs = np.array([np.bincount(codes, each, count) for each in cost])
        missed = np.array([np.clip(aim - np.bincount(codes, each, count), 0, None) for each in filled])
        base_cost = np.bincount(codes, cost[base, rows], count)
        base_missed = np.clip(aim - np.bincount(codes, filled[base, rows], count), 0, None)
        slack = tolerance * asked
        better = (costs < base_cost * (1 - min_gain)) | (missed < base_missed - slack)
        good &= better & (missed <= base_missed + slack) & (asked > 0)
        short_sum += np.floor(missed / np.maximum(slack, 1e-9))
        cost_sum += costs
    order = np.where(good, short_sum * 1e12 + cost_sum, np.inf)
    best = np.argmin(order, axis=0)
    return np.where(good.any(axis=0), best, -1)


def _cost(figures: pd.DataFrame, unit_cost: np.ndarray, yardstick: Yardstick) -> np.ndarray:
    """Holding, shortage, orders and write-off of each row; a row without a cost counts a unit as 1."""
    cost = np.where(np.isfinite(unit_cost), unit_cost, 1.0)
    short = np.clip((figures["demand_units"] - figures["filled_units"]).to_numpy(float), 0, None)
    stock = figures["stock_unit_days"].to_numpy(float) / 365
    orders, lost = figures["orders"].to_numpy(float), figures["written_off_units"].to_numpy(float)
    held = stock * cost * yardstick.holding_rate
    return np.asarray(held + (short * yardstick.shortage_cost_rate + lost) * cost + orders * yardstick.order_cost_value)
