"""A company whose clerks hand over: from a day on its orders come from a planner. What such a company then serves and holds.

The customers, their wishes and the suppliers stay the same, as every draw of theirs is keyed by seed and date: two runs
differ by the planner alone. This is how a replay's promise is checked against what would really have happened.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Protocol

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from demo.world import History

IntArray = npt.NDArray[np.int64]


class Planner(Protocol):
    """Decides in the evening of every working day from `first_day` on: first what the centre sends, then what is bought."""

    first_day: date

    def moves(self, day: date, shelf: IntArray, position: IntArray) -> IntArray:
        """Units that the centre sends to each place (items, warehouses); they are there in the morning.

        shelf: what is in each place. position: on the shelf + on order - waiting customers.
        """

    def orders(self, day: date, position: IntArray) -> IntArray:
        """Units to order from suppliers (items, warehouses), each delivered to the warehouse that it is for."""


@dataclass(frozen=True)
class Served:
    """Per item and warehouse over some days: units wanted, shipped by the requested day, and mean units on the shelf."""

    wanted: IntArray
    on_time: IntArray
    mean_stock: npt.NDArray[np.float64]


def served(history: History, first: date, last: date) -> Served:
    """What customers really wanted and got from `first` to `last`; those who walked away unrecorded count as wanted."""
    shape = history.physical_totals[0].shape
    wanted, on_time = np.zeros(shape, dtype=np.int64), np.zeros(shape, dtype=np.int64)
    shipped: dict[tuple[str, int], list[tuple[date, int]]] = defaultdict(list)
    for shipment in history.books.shipments:
        if shipment.line_kind == "shipment":
            shipped[shipment.so_no, shipment.so_line_id].append((shipment.shipment_date, shipment.units))
    latest = {(line.so_no, line.line_id): line for lines in history.orders.values() for line in lines}
    for key, line in latest.items():
        if first <= line.requested_date <= last:
            wanted[line.item, line.warehouse] += line.ordered_units
            got = sum(units for day, units in shipped[key] if day <= line.requested_date)
            on_time[line.item, line.warehouse] += min(got, line.ordered_units)
    for day, item, warehouse, units, ordered in history.true_demand:
        if not ordered and first <= day <= last:
            wanted[item, warehouse] += units
    days = [
        totals
        for day, totals in zip(history.settings.dates, history.physical_totals, strict=True)
        if first <= day <= last
    ]
    return Served(wanted, on_time, np.mean(days, axis=0))
