"""Runs the kernel over all rows, in blocks of whole items on threads: the plan by week, planned orders, first days without stock."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import pandas as pd

from assets.planning.replay.ragged import Ragged
from assets.planning.replay.run import blocks
from assets.planning.schedule import kernel
from assets.planning.schedule.curves import Curves

KEYS = ["item_id", "warehouse_id"]
SUPPLY_COLUMNS = [
    *KEYS, "week_start_date", "opening_units", "demand_units", "receipts_units", "planned_receipts_units", "sent_units",
    "released_units", "closing_units", "short_units", "safety_stock_units", "net_requirement_units",
]  # fmt: skip
ORDER_COLUMNS = [
    *KEYS, "source_kind", "supplier_id", "from_warehouse_id", "release_date", "arrival_date", "planned_units", "is_due_now",
]  # fmt: skip
BLOCK_ROWS = 4_000


@dataclass(frozen=True)
class Scene:
    """What the walk reads, per row in the order of the spine (rows of an item together).

    stock: units that can be sold less back orders. receipts: what is to come, by day; inside: which of it comes from
    another warehouse. own, scope: demand of the row and of its echelon. safety, gap (order-up-to less reorder point), lot:
    of the echelon, units. lead, review: whole days. calendar, takes_orders, next_delivery: `calendar.open_and_next`.
    first_units, first_day: what is ordered today and when it arrives.
    """

    above: np.ndarray
    group: np.ndarray
    stock: np.ndarray
    receipts: Ragged
    inside: np.ndarray
    own: Curves
    scope: Curves
    safety: np.ndarray
    gap: np.ndarray
    lot: np.ndarray
    kind: np.ndarray
    lead: np.ndarray
    review: np.ndarray
    minimum: np.ndarray
    multiple: np.ndarray
    calendar: np.ndarray
    takes_orders: np.ndarray
    next_delivery: np.ndarray
    may_order: np.ndarray
    first_units: np.ndarray
    first_day: np.ndarray


@dataclass(frozen=True)
class Walked:
    """weekly: (n, weeks, 8) in the order of `kernel.WEEKLY`; short_day: first day with unmet demand, -1: none.

    orders: row, release_day, arrival_day, units of every planned order, by row and day.
    """

    weekly: np.ndarray
    short_day: np.ndarray
    orders: pd.DataFrame


def walked(scene: Scene, weeks: int, *, is_ordering: bool, workers: int = 2) -> Walked:
    """Walk `weeks` weeks ahead; without ordering nothing comes but what is on its way already."""
    rows, days = len(scene.stock), weeks * 7
    weekly = np.zeros((rows, weeks, len(kernel.WEEKLY)))
    short = np.full(rows, -1, np.int64)
    count = np.zeros(rows, np.int64)
    nothing = np.zeros(0)

    row = kernel.Rows(
        scene.above, scene.stock, scene.safety, scene.gap, scene.lot, scene.kind, scene.lead, scene.review, scene.minimum,
        scene.multiple, scene.calendar, scene.may_order, scene.first_units, scene.first_day,
    )  # fmt: skip
    demand = kernel.Demand(scene.own.total, scene.scope.total, scene.own.period_days)
    suppliers = kernel.Suppliers(scene.takes_orders, scene.next_delivery)

    def run(result: kernel.Result) -> Callable[[tuple[int, int]], None]:
        def part(cut: tuple[int, int]) -> None:
            group = scene.group[cut[0] : cut[1] + 1]
            kernel.walk(group, row, scene.receipts, scene.inside, demand, suppliers, days, is_ordering, result)

        return part

    parts = blocks(scene.group, BLOCK_ROWS)
    empty = np.zeros(0, np.int64)
    with ThreadPoolExecutor(workers) as pool:
        list(pool.map(run(kernel.Result(weekly, short, np.zeros(rows, np.int64), empty, empty, nothing, count)), parts))
        starts = np.concatenate([[0], np.cumsum(count)]).astype(np.int64)
        total = int(starts[-1])
        release, arrival, units = np.zeros(total, np.int64), np.zeros(total, np.int64), np.zeros(total)
        if total:
            again, counted = np.zeros_like(weekly), np.zeros(rows, np.int64)
            list(pool.map(run(kernel.Result(again, short, starts, release, arrival, units, counted)), parts))
    orders = pd.DataFrame(
        {"row": np.repeat(np.arange(rows), count), "release_day": release, "arrival_day": arrival, "units": units}
    )
    return Walked(weekly, short, orders)


def supply_table(keys: pd.DataFrame, plan: Walked, safety: np.ndarray, as_of: pd.Timestamp, weeks: int) -> pd.DataFrame:
    """SUPPLY_COLUMNS: a row per item x warehouse and week in which anything is there, wanted, due or planned."""
    shown = plan.weekly[:, :weeks]
    row, week = np.nonzero(np.abs(shown).sum(axis=2) > 1e-9)
    values = shown[row, week]
    result = keys[KEYS].iloc[row].reset_index(drop=True)
    result["week_start_date"] = as_of + pd.to_timedelta(1 + 7 * week, unit="D")
    for place, name in enumerate(kernel.WEEKLY):
        result[f"{name}_units"] = values[:, place]
    result["opening_units"] = values[:, 0]
    result["safety_stock_units"] = safety[row]
    before = values[:, 0] + values[:, 2]
    result["net_requirement_units"] = np.clip(values[:, 1] + values[:, 4] + safety[row] - before, 0, None)
    return result[SUPPLY_COLUMNS]


def order_table(
    keys: pd.DataFrame, plan: Walked, network: pd.DataFrame, as_of: pd.Timestamp, days: int
) -> pd.DataFrame:
    """ORDER_COLUMNS: every planned order that is released within `days`.

    network: source_kind, supplier_id, from_warehouse_id of each row of `keys`.
    """
    orders = plan.orders[plan.orders["release_day"] <= days]
    row = orders["row"].to_numpy(int)
    result = keys[KEYS].iloc[row].reset_index(drop=True)
    for name in ("source_kind", "supplier_id", "from_warehouse_id"):
        result[name] = network[name].to_numpy(object)[row]
    result["release_date"] = as_of + pd.to_timedelta(orders["release_day"].to_numpy(int), unit="D")
    result["arrival_date"] = as_of + pd.to_timedelta(orders["arrival_day"].to_numpy(int), unit="D")
    result["planned_units"] = orders["units"].to_numpy(float)
    result["is_due_now"] = orders["release_day"].to_numpy(int) == 0
    return result[ORDER_COLUMNS]
