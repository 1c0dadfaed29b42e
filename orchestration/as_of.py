"""Which day a run is for."""

from __future__ import annotations

from datetime import date, timedelta

from assets.ingest.stage import latest_extract_date
from orchestration.settings import Settings


def resolve_as_of(settings: Settings, asked: date | None, today: date) -> date:
    """The day that was asked for; else by configuration the day of the newest extract, or yesterday.

    Raises:
        ValueError: the day is in the future or before the first day of the schedule.
    """
    day = asked or _default(settings, today)
    if day > today:
        raise ValueError(f"--as-of {day} is in the future (today is {today} in {settings.company.timezone})")
    if day < settings.schedule.first_date:
        raise ValueError(f"--as-of {day} is before schedule.first_date {settings.schedule.first_date}")
    return day


def _default(settings: Settings, today: date) -> date:
    yesterday = today - timedelta(days=1)
    if settings.as_of == "yesterday":
        return yesterday
    newest = latest_extract_date(settings.workspace().root, settings.sources)
    if any(source.kind != "file" for source in settings.sources):
        # a live source has no newest extract: it always has something to say about yesterday
        newest = max(newest or yesterday, yesterday)
    return min(newest, today) if newest else yesterday
