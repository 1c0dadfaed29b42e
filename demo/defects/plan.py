"""Chooses victims for defects: items not yet used, balances with room for the change, days that nothing else
touches.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from datetime import date, timedelta
from itertools import accumulate
from typing import TypeVar

import numpy as np

from demo.calendar_cn import is_working
from demo.findings import AnswerSheet
from demo.records import Grain, Movement
from demo.stock import AVAILABLE
from demo.storekeeping import TRANSFER_WEEKDAYS
from demo.world import History

T = TypeVar("T")


class Plan:
    """Seeded choice of victims over one history, and the answer sheet that they fill."""

    def __init__(self, history: History) -> None:
        self.history = history
        self.end = history.settings.end_date
        self.sheet = AnswerSheet()
        self.rng = np.random.default_rng([history.settings.seed, 90])
        self.used_items: set[int] = set()
        self._flows: dict[Grain, dict[date, int]] = defaultdict(lambda: defaultdict(int))
        for movement in history.books.movements:
            if movement.doc_status == "已审核":
                self._flows[movement.grain][movement.business_date] += movement.units
        for transfer in history.books.transfers:
            self._flows[transfer.source][transfer.business_date] -= transfer.units
            self._flows[transfer.target][transfer.business_date] += transfer.units
        self._counted: dict[tuple[int, int], list[date]] = defaultdict(list)
        for line in history.books.counts:
            self._counted[line.grain.item, line.grain.warehouse].append(line.count_date)
        self.missing_day = self._choose_missing_day()
        self.missing_positions = {grain[:2] for grain, flows in self._flows.items() if self.missing_day in flows}

    def back(self, days: int) -> date:
        """The day `days` before the end."""
        return self.end - timedelta(days=days)

    def _choose_missing_day(self) -> date | None:
        """A working day of the daily window without transfers, away from both ends; None where there is none."""
        days = [self.back(n) for n in range(3, 8)]
        fit = [
            day
            for day in days
            if day >= self.history.settings.daily_from and is_working(day) and day.weekday() not in TRANSFER_WEEKDAYS
        ]
        return fit[int(self.rng.integers(len(fit)))] if fit else None

    def moved_on(self, day: date) -> dict[Grain, int]:
        """Net movement of every grain that moved on a day."""
        return {grain: flows[day] for grain, flows in sorted(self._flows.items()) if day in flows}

    def flows(self, grain: Grain) -> dict[date, int]:
        """Net movement of a grain by day."""
        return dict(self._flows[grain])

    def balances(self, grain: Grain) -> list[tuple[date, int]]:
        """Closing balance of a grain on every day it moved, ascending."""
        flows = sorted(self._flows[grain].items())
        return list(zip((day for day, _ in flows), accumulate(units for _, units in flows), strict=True))

    def balance_before(self, grain: Grain, day: date) -> int:
        """Closing balance of the day before `day`."""
        return sum(units for moved, units in self._flows[grain].items() if moved < day)

    def has_room(self, grain: Grain, since: date, change: int) -> bool:
        """True where the balance stays at or above zero from `since` on when `change` is added to it."""
        later = [units for day, units in self.balances(grain) if day >= since]
        return min(later, default=self.balance_before(grain, since)) + change >= 0

    def is_quiet(self, item: int, warehouse: int, since: date) -> bool:
        """True where the item is unused, nobody counts it there from `since` on, and the missing day does not
        touch it.
        """
        if item in self.used_items or any(day >= since for day in self._counted[item, warehouse]):
            return False
        return (item, warehouse) not in self.missing_positions

    def movements(self, doc_type: str, first: date, last: date) -> list[Movement]:
        """Effective movements of a type on available stock without lots, first to last day."""
        return [
            movement
            for movement in self.history.books.movements
            if first <= movement.business_date <= last
            and movement.doc_type == doc_type
            and movement.doc_status == "已审核"
            and movement.grain.lot_no == ""
            and movement.grain.status == AVAILABLE
        ]

    def choose(self, candidates: Sequence[T], item_of: Callable[[T], int], fits: Callable[[T], bool]) -> T | None:
        """A random candidate that fits and whose item is unused; the item is used from then on."""
        for index in self.rng.permutation(len(candidates)).tolist():
            candidate = candidates[index]
            if item_of(candidate) not in self.used_items and fits(candidate):
                self.used_items.add(item_of(candidate))
                return candidate
        return None
