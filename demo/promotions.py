"""Promotion calendar: festivals that recur and category offers, keyed by month so that it never depends on the
end date.
"""

from __future__ import annotations

from datetime import date, timedelta
from functools import cache

import numpy as np

from demo.catalogue import Catalogue, FloatArray
from demo.records import Promotion
from demo.settings import DemoSettings

FESTIVALS = {6: ("618", 1, 20, 0.15, 0.8), 11: ("D11", 1, 12, 0.2, 1.0), 1: ("NY", 8, 20, 0.1, 0.5)}
"""month -> code, first day, last day, discount, uplift."""


class PromotionCalendar:
    """Promotions of the world by month and their uplift by day."""

    def __init__(self, settings: DemoSettings, catalogue: Catalogue) -> None:
        self._settings = settings
        self._categories = np.array([int(item.category.code) for item in catalogue.items])
        self.of_month = cache(self._of_month)

    def _of_month(self, year: int, month: int) -> tuple[Promotion, ...]:
        rng = np.random.default_rng([self._settings.seed, 3, year * 12 + month])
        promotions = []
        if month in FESTIVALS:
            name, first, last, discount, uplift = FESTIVALS[month]
            items = rng.choice(len(self._categories), size=max(2, len(self._categories) // 12), replace=False)
            span = date(year, month, first), date(year, month, last)
            promotions.append(_promotion(f"{name}-{year}", items, span, "festival", discount, uplift))
        for number in range(2):
            members = np.flatnonzero(self._categories == rng.integers(1, 9))
            items = rng.choice(members, size=min(len(members), int(rng.integers(3, 9))), replace=False)
            start = date(year, month, int(rng.integers(2, 16)))
            span = start, start + timedelta(days=int(rng.integers(6, 13)))
            kind = str(rng.choice(["discount", "gift", "bundle"]))
            discount = 0.0 if kind == "gift" else round(float(rng.uniform(0.08, 0.25)), 2)
            uplift = round(float(rng.uniform(0.4, 1.3)), 2)
            promotions.append(
                _promotion(f"P{year % 100:02d}{month:02d}-{number + 1}", items, span, kind, discount, uplift)
            )
        return tuple(promotions)

    def active_on(self, day: date) -> list[Promotion]:
        """Promotions that run on a day (none spans more than two months)."""
        before = day.replace(day=1) - timedelta(days=1)
        months = (self.of_month(before.year, before.month), self.of_month(day.year, day.month))
        return [
            promotion for month in months for promotion in month if promotion.start_date <= day <= promotion.end_date
        ]

    def uplift_on(self, day: date) -> FloatArray:
        """(items,): multiplier of the demand; overlapping promotions take the larger one."""
        uplift = np.ones(len(self._categories))
        for promotion in self.active_on(day):
            members = list(promotion.items)
            uplift[members] = np.maximum(uplift[members], 1 + promotion.uplift_rate)
        return uplift


def _promotion(
    code: str, items: np.ndarray, span: tuple[date, date], kind: str, discount: float, uplift: float
) -> Promotion:
    return Promotion(code, tuple(sorted(int(i) for i in items)), span[0], span[1], kind, discount, uplift)
