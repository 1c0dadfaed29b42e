"""Why a class moves, and why it often should not: inertia at the cuts and the refresh calendar."""

from __future__ import annotations

import datetime as dt

import numpy as np


def settle(previous: np.ndarray, generous: np.ndarray, strict: np.ndarray) -> np.ndarray:
    """Class index after hysteresis: the former one, moved no further than the shifted cuts demand.

    Args:
        previous: (n,) former index, -1 where there is none (then the middle of generous and strict decides elsewhere).
        generous: index with every cut shifted in the row's favour; strict: shifted against it. generous <= strict.
    """
    return np.clip(previous, generous, strict)


def period_start(day: dt.date, refresh: str) -> dt.date:
    """First day of the period in which classes do not change: the day itself, its month or its quarter."""
    if refresh == "run":
        return day
    month = day.month if refresh == "monthly" else 3 * ((day.month - 1) // 3) + 1
    return day.replace(month=month, day=1)


def may_move(previous_from: np.ndarray, as_of: dt.date, refresh: str) -> np.ndarray:
    """True where the last look at the class was before the present refresh period (NaT counts as before)."""
    start = np.datetime64(period_start(as_of, refresh), "D")
    dates = previous_from.astype("datetime64[D]")
    if refresh == "run":
        return np.ones(len(dates), bool)
    return np.isnat(dates) | (dates < start)
