"""Daily partitions: one per as-of date, in the company's time zone."""

from __future__ import annotations

import dagster as dg

from orchestration.settings import Settings


def daily_partitions(settings: Settings) -> dg.DailyPartitionsDefinition:
    """A partition per day from the schedule's first day; today included, as extracts arrive during the day."""
    return dg.DailyPartitionsDefinition(
        start_date=settings.schedule.first_date.isoformat(), timezone=settings.company.timezone, end_offset=1
    )
