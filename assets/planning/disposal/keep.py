"""What a unit is worth if it is kept and sold at its own pace: the yardstick that every way out must beat.

A queue of S units that sells d a day sells its unit at place x after x / d days. Kept until day t a unit brings

    keep(t) = p exp(-(r + w) t) - g c (1 - exp(-r t)) / r        t in years, up to the horizon T

with price p, cost c, discount rate r, obsolescence rate w and g the part of the holding rate that is paid for storing.
What would sell after T is worth what scrapping brings then. A unit that is let go is a sale lost: that it could be
bought again is not counted, so the comparison errs towards keeping.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

YEAR = 365.0


@dataclass(frozen=True)
class Keeping:
    """Rows (n,): price and cost per unit, day_units, scrap_value per unit, last_days (T); rates a year."""

    price: np.ndarray
    cost: np.ndarray
    day_units: np.ndarray
    scrap_value: np.ndarray
    last_days: np.ndarray
    discount_rate: float
    obsolescence_rate: float
    storage_rate: float

    def take(self, rows: np.ndarray) -> Keeping:
        """The same for some rows, repeated where they are."""
        return Keeping(
            self.price[rows], self.cost[rows], self.day_units[rows], self.scrap_value[rows], self.last_days[rows],
            self.discount_rate, self.obsolescence_rate, self.storage_rate,
        )  # fmt: skip

    @property
    def never(self) -> np.ndarray:
        """Worth of a unit that does not sell within the horizon, never more than that of the last one that does."""
        years = self.last_days / YEAR
        dead = self.scrap_value * np.exp(-self.discount_rate * years) - self._stored(years)
        return np.minimum(dead, self._sold(years))

    def at(self, days: np.ndarray) -> np.ndarray:
        """Worth of the unit that sells after so many days; infinite days: never."""
        years = np.minimum(days, self.last_days) / YEAR
        return np.where(days <= self.last_days, self._sold(years), self.never)

    def mean(self, first: np.ndarray, last: np.ndarray) -> np.ndarray:
        """Mean worth of the units at the places first..last of the queue (units before them)."""
        pace = np.maximum(self.day_units, 1e-12)
        start, end = np.minimum(first / pace, self.last_days), np.minimum(last / pace, self.last_days)
        sells = np.where(self.day_units > 0, (end - start) * pace, 0.0)
        units = np.maximum(last - first, 1e-12)
        width = np.maximum((end - start) / YEAR, 1e-12)
        fade, rate = self.discount_rate + self.obsolescence_rate, self.discount_rate
        sold = self.price * (np.exp(-fade * start / YEAR) - np.exp(-fade * end / YEAR)) / fade / width
        decay = (np.exp(-rate * start / YEAR) - np.exp(-rate * end / YEAR)) / rate / width
        stored = self.storage_rate * self.cost * (1 - decay) / rate
        share = np.clip(sells / units, 0, 1)
        return np.where(share > 0, share * (sold - stored), 0.0) + (1 - share) * self.never

    def days_worth(self, value: np.ndarray) -> np.ndarray:
        """Day from which on a kept unit is worth less than `value`; infinite where it always is worth more."""
        low, high = np.zeros_like(self.last_days), self.last_days.copy()
        for _ in range(50):
            middle = (low + high) / 2
            above = self._sold(middle / YEAR) > value
            low, high = np.where(above, middle, low), np.where(above, high, middle)
        return np.where(self.never < value, high, np.inf)

    def _sold(self, years: np.ndarray) -> np.ndarray:
        fade = np.exp(-(self.discount_rate + self.obsolescence_rate) * years)
        return self.price * fade - self._stored(years)

    def _stored(self, years: np.ndarray) -> np.ndarray:
        return self.storage_rate * self.cost * (1 - np.exp(-self.discount_rate * years)) / self.discount_rate
