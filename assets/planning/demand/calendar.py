"""Calendar effects: what a period holds of holidays and of trading days, known for the future as for the past.

Belongs here: features of periods, the same for every item. How strongly an item answers to them is estimated in
`forecasting.effects`. Features are shares of the period's days, so that one definition serves days, weeks and months.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from assets.planning.demand.lunar_new_year import LUNAR_NEW_YEAR
from assets.planning.demand.periods import mean_period_days, period_start_day
from assets.planning.demand.settings import Calendar

#: Days off at the Spring Festival (State Council notices 2010-2025: seven or eight days), the run-up in which shops
#: and plants stock up, and the weeks in which plants restart (factories pause for two to four weeks).
_FESTIVAL_DAYS, _RUN_UP_DAYS, _RESTART_DAYS = 8, 14, 14


def _day_number(text: str) -> int:
    return int(np.datetime64(text, "D").astype(np.int64))


def _windows(calendar: Calendar) -> dict[str, list[tuple[int, int]]]:
    """Named windows of days (first, last) of a calendar, 2010-2035."""
    years = sorted(LUNAR_NEW_YEAR)
    if calendar == "chinese":
        starts = [_day_number(LUNAR_NEW_YEAR[y]) - 1 for y in years]
        autumn = [_day_number(f"{y}-10-01") for y in years]
        return {
            "lunar_new_year_run_up_rate": [(s - _RUN_UP_DAYS, s - 1) for s in starts],
            "lunar_new_year_rate": [(s, s + _FESTIVAL_DAYS - 1) for s in starts],
            "lunar_new_year_restart_rate": [
                (s + _FESTIVAL_DAYS, s + _FESTIVAL_DAYS + _RESTART_DAYS - 1) for s in starts
            ],
            "national_day_rate": [(s, s + 6) for s in autumn],
        }
    return {
        "christmas_run_up_rate": [(_day_number(f"{y}-12-01"), _day_number(f"{y}-12-23")) for y in years],
        "year_end_rate": [(_day_number(f"{y}-12-24"), _day_number(f"{y}-12-31") + 1) for y in years],
        "easter_rate": [(easter_day(y) - 2, easter_day(y) + 1) for y in years],
    }


def easter_day(year: int) -> int:
    """Day number of Easter Sunday (Gregorian; Meeus, Astronomical Algorithms, ch. 8)."""
    a, b, c = year % 19, year // 100, year % 100
    d, e, f = b // 4, b % 4, (b + 8) // 25
    g = (b - f + 1) // 3
    h = (19 * a + b - d - g + 15) % 30
    i, k = c // 4, c % 4
    last = (32 + 2 * e + 2 * i - h - k) % 7
    m = (a + 11 * h + 22 * last) // 451
    month, day = divmod(h + last - 7 * m + 114, 31)
    return _day_number(f"{year}-{month:02d}-{day + 1:02d}")


def calendar_features(
    periods: NDArray[np.int64], frequency: str, calendars: tuple[Calendar, ...] = ("chinese",)
) -> pd.DataFrame:
    """Features of periods (rows as given): share of days in each window, and working days over their mean.

    `trading_day_rate` counts Monday to Friday over 5/7 of the mean period length less one: it is 0 for a common period
    and matters for months. Days themselves have the weekday as season, so it is left out there.
    """
    opens = period_start_day(periods, frequency)
    closes = period_start_day(np.asarray(periods) + 1, frequency)
    length = (closes - opens).astype(float)
    columns: dict[str, NDArray[np.float64]] = {}
    for calendar in calendars:
        for name, windows in _windows(calendar).items():
            days = np.zeros(len(opens))
            for first, last in windows:
                days += np.clip(np.minimum(closes, last + 1) - np.maximum(opens, first), 0, None)
            columns[name] = days / length
    if frequency == "M":
        working = np.busday_count(opens.astype("datetime64[D]"), closes.astype("datetime64[D]"))
        columns["trading_day_rate"] = working / (mean_period_days("M") * 5 / 7) - 1.0
    return pd.DataFrame(columns, index=range(len(opens)))
