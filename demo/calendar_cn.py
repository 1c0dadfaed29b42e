"""Working calendar of the company: Sundays, Chinese New Year and National Day are closed. Pure date functions."""

from __future__ import annotations

from datetime import date, timedelta
from functools import cache

SPRING_FESTIVALS = {
    year: date(year, month, day)
    for year, month, day in (
        (2021, 2, 12),
        (2022, 2, 1),
        (2023, 1, 22),
        (2024, 2, 10),
        (2025, 1, 29),
        (2026, 2, 17),
        (2027, 2, 6),
        (2028, 1, 26),
        (2029, 2, 13),
        (2030, 2, 3),
    )
}
"""First day of the lunar year (Hong Kong Observatory's tables)."""


@cache
def is_working(day: date) -> bool:
    """True where warehouses receive, ship and count. Orders arrive on every day."""
    if day.weekday() == 6 or (day.month == 10 and day.day <= 3):
        return False
    festival = SPRING_FESTIVALS.get(day.year)
    return festival is None or not festival - timedelta(days=1) <= day <= festival + timedelta(days=6)


def closures_between(first: date, last: date) -> list[tuple[date, date]]:
    """First and last day of the Spring Festival and National Day closures that begin in between, ascending."""
    spans = [(day - timedelta(days=1), day + timedelta(days=6)) for day in SPRING_FESTIVALS.values()]
    spans += [(date(year, 10, 1), date(year, 10, 3)) for year in range(first.year, last.year + 1)]
    return sorted(span for span in spans if first <= span[0] <= last)


@cache
def working_on_or_after(day: date) -> date:
    """The first working day at or after `day`."""
    while not is_working(day):
        day += timedelta(days=1)
    return day


@cache
def next_working(day: date) -> date:
    """The first working day after `day`."""
    return working_on_or_after(day + timedelta(days=1))


@cache
def days_to_festival(day: date) -> int:
    """Days until the nearest Spring Festival; negative after it."""
    return min(((festival - day).days for festival in SPRING_FESTIVALS.values()), key=abs)


@cache
def is_month_end(day: date) -> bool:
    """True on the last calendar day of a month."""
    return (day + timedelta(days=1)).month != day.month


def export_windows(start: date, end: date, daily_from: date, months: int) -> list[date]:
    """Last day of each export window from `start` to `end`, ascending.

    Windows end at every `months`-th calendar month end before `daily_from`, then the day before `daily_from`, then on
    every day. A later `end` only adds windows (or completes the last one where it ended before `daily_from`).
    """
    windows = []
    for offset in range((end - start).days + 1):
        day = start + timedelta(days=offset)
        is_period_end = is_month_end(day) and day.month % months == 0
        if day >= daily_from - timedelta(days=1) or is_period_end or day == end:
            windows.append(day)
    return windows
