"""Upkeep inside Dagster: the nightly deletion of what is old, and the trace of each run that the daemon started."""

from collections.abc import Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

import dagster as dg

from orchestration.jobs import AssetJob
from orchestration.settings import Settings
from orchestration.upkeep.retention import apply_retention
from orchestration.upkeep.traces import TRACED_TAG, export_trace, is_tracing

UPKEEP_JOB = "upkeep"
UPKEEP_CRON = "0 4 * * *"  # before the daily run's usual time: it deletes nothing that a run under way reads


def upkeep_job(settings: Settings) -> dg.JobDefinition:
    """Delete what is older than the limits of `retention`."""

    @dg.op(description="Old quarantine, duplicates, extracts, vintages, releases and Dagster runs.")
    def delete_old(context: dg.OpExecutionContext) -> None:
        workspace = settings.workspace()
        today = datetime.now(ZoneInfo(settings.company.timezone)).date()
        with workspace.exclusive():
            removed = apply_retention(
                workspace, settings.retention, settings.publish.keep_releases, today, context.instance
            )
        for one in removed:
            context.log.info(f"{one.kind}: {one.number} deleted, {one.bytes} bytes")

    @dg.job(
        name=UPKEEP_JOB,
        executor_def=dg.in_process_executor,
        description="Deletes what is older than the limits of `retention` in the configuration.",
    )
    def upkeep() -> None:
        delete_old()

    return upkeep


def upkeep_schedule(settings: Settings, job: dg.JobDefinition) -> dg.ScheduleDefinition:
    """Every night in the company's time zone."""
    return dg.ScheduleDefinition(
        name="upkeep_schedule",
        job=job,
        cron_schedule=UPKEEP_CRON,
        execution_timezone=settings.company.timezone,
        default_status=dg.DefaultScheduleStatus.RUNNING,
    )


def trace_sensors(settings: Settings, jobs: Sequence[AssetJob]) -> list[dg.SensorDefinition]:
    """Send the trace of every run that ended, good or not; none where no collector is named."""
    if not is_tracing():
        return []

    def of(status: dg.DagsterRunStatus) -> dg.SensorDefinition:
        @dg.run_status_sensor(
            name=f"trace_of_{status.value.lower()}",
            run_status=status,
            monitored_jobs=list(jobs),
            default_status=dg.DefaultSensorStatus.RUNNING,
            description="Sends the finished run to the OpenTelemetry collector.",
        )
        def trace(context: dg.RunStatusSensorContext) -> None:
            if TRACED_TAG not in context.dagster_run.tags:
                export_trace(context.instance, context.dagster_run.run_id, settings.company.code)

        return trace

    return [of(status) for status in (dg.DagsterRunStatus.SUCCESS, dg.DagsterRunStatus.FAILURE)]
