"""Days to periods and back, as integers, so that a hundred thousand series are cut without a loop.

A period is numbered from the Unix epoch: days; weeks that start on Monday; calendar months.
"""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd
from numpy.typing import NDArray

#: 1970-01-01 was a Thursday: three days after the Monday that starts week 0.
_THURSDAY = 3


def to_day_numbers(dates: pd.Series | pd.DatetimeIndex | NDArray) -> NDArray[np.int64]:
    """Days since 1970-01-01 of dates, datetimes or date texts; a missing date raises ValueError."""
    stamps = pd.to_datetime(pd.Series(np.asarray(dates)))
    if stamps.isna().any():
        raise ValueError("a date is missing")
    return stamps.to_numpy().astype("datetime64[D]").astype(np.int64)


def period_of_day(days: NDArray[np.int64], frequency: str) -> NDArray[np.int64]:
    """Period numbers of day numbers."""
    if frequency == "D":
        return days.astype(np.int64)
    if frequency == "W":
        return (days + _THURSDAY) // 7
    if frequency == "M":
        return days.astype("datetime64[D]").astype("datetime64[M]").astype(np.int64)
    raise ValueError(f"frequency {frequency!r} is not one of D, W, M")


def period_start_day(periods: NDArray[np.int64], frequency: str) -> NDArray[np.int64]:
    """Day number of the first day of each period; the last day is the start of the next period less one."""
    periods = np.asarray(periods, dtype=np.int64)
    if frequency == "D":
        return periods
    if frequency == "W":
        return periods * 7 - _THURSDAY
    if frequency == "M":
        return periods.astype("datetime64[M]").astype("datetime64[D]").astype(np.int64)
    raise ValueError(f"frequency {frequency!r} is not one of D, W, M")


def last_complete_period(as_of: date, frequency: str) -> int:
    """Number of the newest period whose last day is not after `as_of`."""
    day = np.array([np.datetime64(as_of, "D").astype(np.int64) + 1])
    return int(period_of_day(day, frequency)[0]) - 1


def to_dates(days: NDArray[np.int64]) -> NDArray[np.datetime64]:
    """Day numbers as datetime64[ns], the type that pandas keeps."""
    return np.asarray(days, dtype="datetime64[D]").astype("datetime64[ns]")


def mean_period_days(frequency: str) -> float:
    """Mean length of a period in days (a month has 365.25 / 12)."""
    return {"D": 1.0, "W": 7.0, "M": 365.25 / 12}[frequency]
