"""When the daily run and the monthly review start by themselves."""

from datetime import timedelta

import dagster as dg

from orchestration.jobs import AssetJob
from orchestration.settings import Settings


def daily_schedule(settings: Settings, job: AssetJob) -> dg.ScheduleDefinition:
    """The daily run for the day that has just ended, at the configured time of the company's zone."""

    @dg.schedule(
        name="daily_schedule",
        cron_schedule=settings.schedule.cron,
        execution_timezone=settings.company.timezone,
        job=job,
    )
    def at_dawn(context: dg.ScheduleEvaluationContext) -> dg.RunRequest:
        day = (context.scheduled_execution_time - timedelta(days=1)).date().isoformat()
        return dg.RunRequest(run_key=day, partition_key=day)

    return at_dawn


REVIEW_CRON = "0 9 2 * *"  # the second day: the daily run of the first has brought the month's last documents


def review_schedule(settings: Settings, job: AssetJob) -> dg.ScheduleDefinition:
    """The review of the month that has just ended."""

    @dg.schedule(
        name="review_schedule", cron_schedule=REVIEW_CRON, execution_timezone=settings.company.timezone, job=job
    )
    def after_month_end(context: dg.ScheduleEvaluationContext) -> dg.RunRequest:
        first = context.scheduled_execution_time.date().replace(day=1)
        month = (first - timedelta(days=1)).replace(day=1).isoformat()
        return dg.RunRequest(run_key=month, partition_key=month)

    return after_month_end
