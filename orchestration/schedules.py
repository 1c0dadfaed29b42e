"""When the daily run and the monthly review start by themselves, unless `schedule.is_started` says that they wait."""

from datetime import timedelta

import dagster as dg

from orchestration.as_of import resolve_as_of
from orchestration.jobs import AssetJob
from orchestration.settings import Settings


def daily_schedule(settings: Settings, job: AssetJob) -> dg.ScheduleDefinition:
    """The daily run at the configured time of the company's zone, for the day that `as_of` of the configuration means."""

    @dg.schedule(
        name="daily_schedule",
        cron_schedule=settings.schedule.cron,
        execution_timezone=settings.company.timezone,
        job=job,
        default_status=schedule_status(settings),
        tags={"stockturn/started_by": "schedule"},
    )
    def at_dawn(context: dg.ScheduleEvaluationContext) -> dg.RunRequest:
        day = resolve_as_of(settings, None, context.scheduled_execution_time.date()).isoformat()
        return dg.RunRequest(run_key=f"{context.scheduled_execution_time:%Y-%m-%d}|{day}", partition_key=day)

    return at_dawn


def schedule_status(settings: Settings) -> dg.DefaultScheduleStatus:
    """Started as soon as the code location is loaded, unless the configuration says otherwise."""
    return dg.DefaultScheduleStatus.RUNNING if settings.schedule.is_started else dg.DefaultScheduleStatus.STOPPED


REVIEW_CRON = "0 9 2 * *"  # the second day: the daily run of the first has brought the month's last documents


def review_schedule(settings: Settings, job: AssetJob) -> dg.ScheduleDefinition:
    """The review of the month that has just ended."""

    @dg.schedule(
        name="review_schedule",
        cron_schedule=REVIEW_CRON,
        execution_timezone=settings.company.timezone,
        job=job,
        default_status=schedule_status(settings),
    )
    def after_month_end(context: dg.ScheduleEvaluationContext) -> dg.RunRequest:
        first = context.scheduled_execution_time.date().replace(day=1)
        month = (first - timedelta(days=1)).replace(day=1).isoformat()
        return dg.RunRequest(run_key=month, partition_key=month)

    return after_month_end
