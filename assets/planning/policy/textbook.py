"""The normal formula that most ERP systems compute, kept as a yardstick and for companies that must reproduce it.

Its assumption (normal, independent days) is wrong for slow movers: `levels` uses quantiles instead. z is the normal
quantile of the cycle service level. The OCA form rounds mean and deviation to 2 decimals before use.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import sqrt

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats


def safety_stock_normal(
    service_level_rate: ArrayLike,
    lead_time: ArrayLike,
    demand_sd: ArrayLike,
    demand_mean: ArrayLike = 0.0,
    lead_time_sd: ArrayLike = 0.0,
) -> np.ndarray:
    """z sqrt(L sd_D^2 + mean_D^2 sd_L^2), units; demand per time unit of the lead time.

    Raises:
        ValueError: a service level that is not strictly between 0 and 1, or a negative time or deviation.
    """
    level = np.asarray(service_level_rate, float)
    length, spread, late = (np.asarray(each, float) for each in (lead_time, demand_sd, lead_time_sd))
    if ((level <= 0) | (level >= 1)).any():
        raise ValueError("a service level lies strictly between 0 and 1")
    if (length < 0).any() or (spread < 0).any() or (late < 0).any():
        raise ValueError("lead time and deviations must not be negative")
    deviation = np.sqrt(length * spread**2 + np.asarray(demand_mean, float) ** 2 * late**2)
    return np.asarray(stats.norm.ppf(level) * deviation)


@dataclass(frozen=True)
class MinMaxLevels:
    """average and deviation per day, safety stock, least (reorder point) and most, units."""

    average: float
    deviation: float
    safety_stock: float
    least: float
    most: float


def min_max_oca(
    daily_units: ArrayLike, lead_days: float, z: float, *, cycle_days: float = 0.0, growth_rate: float = 0.0
) -> MinMaxLevels:
    """OCA `stock_orderpoint_safety_stock`: from zero-filled daily demand of the last full days, today left out.

    safety = sd sqrt(L) z (1 + g); least = safety + mean L (1 + g); most = least + mean cycle (1 + g); sample deviation.
    """
    units = np.asarray(daily_units, float)
    average = round(float(units.mean()), 2)
    deviation = round(float(units.std(ddof=1)), 2) if len(units) > 1 else 0.0
    grown = 1 + growth_rate
    safety = deviation * sqrt(lead_days) * z * grown
    least = safety + average * lead_days * grown
    return MinMaxLevels(average, deviation, safety, least, least + average * cycle_days * grown)


def daily_series(moves: Mapping[int, float] | list[tuple[int, float]], history_days: int) -> np.ndarray:
    """Zero-filled daily demand, oldest first, from (days ago, units); day 0 is today and left out, older ones too."""
    series = np.zeros(history_days)
    pairs = moves.items() if isinstance(moves, Mapping) else moves
    for days_ago, units in pairs:
        if 1 <= days_ago <= history_days:
            series[history_days - days_ago] += units
    return series


def reorder_level_erpnext(total_outgoing: float, window_days: int, lead_days: float, safety_stock: float) -> float:
    """ERPNext: average daily outgoing over the inclusive window x lead time + safety stock."""
    if window_days <= 0:
        raise ValueError("the window needs at least one day")
    return total_outgoing / window_days * lead_days + safety_stock
