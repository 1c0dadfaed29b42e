"""What customers want on a day: expected order-line rates and the lines drawn from them. Knows nothing of stock."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np
import numpy.typing as npt

from demo.calendar_cn import days_to_festival, is_working
from demo.catalogue import Catalogue, FloatArray, IntArray
from demo.settings import DemoSettings

WEEKDAY_FACTOR = (1.12, 1.08, 1.05, 1.05, 1.1, 0.95, 0.55)
CHANNEL_SHARES = (0.45, 0.35, 0.2)


@dataclass(frozen=True)
class DemandDraw:
    """Wanted lines of one day, arrays of equal length; `channel` indexes vocabulary.CHANNELS; `lead_days` until
    requested.
    """

    item: IntArray
    warehouse: IntArray
    units: IntArray
    channel: IntArray
    lead_days: IntArray
    promise_days: IntArray
    customer: IntArray
    patience: FloatArray
    walks_away: npt.NDArray[np.bool_]


class DemandModel:
    """Expected rates by date, with everything that does not change precomputed."""

    def __init__(self, settings: DemoSettings, catalogue: Catalogue) -> None:
        self._settings = settings
        self._catalogue = catalogue
        items = catalogue.items
        self._season = {
            name: np.array([item.season == name for item in items])
            for name in ("festival", "summer", "winter", "autumn")
        }
        self._trend_from = np.array([item.trend_from for item in items])
        self._trend_to = np.array([item.trend_to for item in items])
        self._life_day = np.array([item.life_day for item in items], dtype=float)
        self._is_new = np.array([item.pattern == "new" for item in items])
        self._is_dying = np.array([item.pattern == "dying" for item in items])

    def item_factor(self, day: date) -> FloatArray:
        """(items,): season x trend x life of each item on a day; 1 is its base rate. Weekday and promotions
        are kept apart.
        """
        elapsed = (day - self._settings.start_date).days
        progress = min(elapsed / self._settings.days, 1.3)
        factor = self._trend_from + (self._trend_to - self._trend_from) * progress
        for season, members in self._season.items():
            factor = np.where(members, factor * season_factor(season, day), factor)
        age = elapsed - self._life_day
        factor = np.where(self._is_new, factor / (1 + np.exp(-(age - 30) / 12)) * (age >= 0), factor)
        return np.where(self._is_dying, factor * 0.5 ** (np.maximum(age, 0) / 40), factor)

    def daily_units(self, day: date) -> FloatArray:
        """(items, warehouses): expected units wanted on an average weekday of that time, promotions apart."""
        mean = self._catalogue.line_rates * self.item_factor(day)[:, None]
        return mean * self._catalogue.size_means[:, None]

    def draw(self, day: date, uplift: FloatArray) -> DemandDraw:
        """Lines wanted on `day`; `uplift` (items,) multiplies the rates. The draw depends on the seed and the
        day alone.
        """
        rng = np.random.default_rng([self._settings.seed, 2, day.toordinal()])
        rates = self._catalogue.line_rates * (self.item_factor(day) * uplift)[:, None]
        rates = rates * WEEKDAY_FACTOR[day.weekday()] * (1.0 if is_working(day) or day.weekday() == 6 else 0.35)
        counts = rng.poisson(rates)
        item, warehouse = np.nonzero(counts)
        repeats = counts[item, warehouse]
        item, warehouse = np.repeat(item, repeats), np.repeat(warehouse, repeats)
        order = rng.permutation(len(item))
        item, warehouse = item[order], warehouse[order]
        sigma = self._catalogue.size_sigmas[item]
        size = self._catalogue.size_means[item] * rng.lognormal(-(sigma**2) / 2, sigma)
        count = len(item)
        channel = rng.choice(3, size=count, p=CHANNEL_SHARES)
        return DemandDraw(
            item=item,
            warehouse=warehouse,
            units=np.maximum(1, np.rint(size)).astype(np.int64),
            channel=channel,
            lead_days=rng.choice(4, size=count, p=(0.35, 0.35, 0.2, 0.1)),
            promise_days=rng.choice(3, size=count, p=(0.7, 0.2, 0.1)),
            customer=np.where(channel == 0, rng.integers(200, 1000, count), rng.integers(1, 120, count)),
            patience=rng.random(count),
            walks_away=(channel == 0) & (rng.random(count) < 0.5),
        )


def season_factor(season: str, day: date) -> float:
    """Multiplier of a season on a day; the yearly mean is near 1."""
    if season == "festival":
        ahead = days_to_festival(day)
        peak = 2.6 * float(np.exp(-(((ahead - 16) / 11) ** 2)))
        return 0.85 + peak - (0.35 if -20 <= ahead < 0 else 0.0)
    peak_day = {"summer": 200, "winter": 15, "autumn": 240}[season]
    return 1 + 0.75 * float(np.cos(2 * np.pi * (day.timetuple().tm_yday - peak_day) / 365))
