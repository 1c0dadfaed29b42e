"""Daily partitions, one per as-of date in the company's time zone, and the pool of the steps that use its warehouse."""

from __future__ import annotations

import re

import dagster as dg

from orchestration.settings import Settings


def daily_partitions(settings: Settings) -> dg.DailyPartitionsDefinition:
    """A partition per day from the schedule's first day; today included, as extracts arrive during the day."""
    return dg.DailyPartitionsDefinition(
        start_date=settings.schedule.first_date.isoformat(), timezone=settings.company.timezone, end_offset=1
    )


def warehouse_pool(settings: Settings) -> str:
    """The pool of one company's warehouse: one run at a time in it, while other companies' runs continue beside."""
    return f"warehouse_{re.sub(r'[^A-Za-z0-9_]', '_', settings.company.code)}"
