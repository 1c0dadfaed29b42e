"""When the daily run starts by itself."""

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
