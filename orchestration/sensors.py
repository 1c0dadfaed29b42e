"""What starts a run when new extract files arrive, what keeps a run that failed, and the timer of reminders."""

import hashlib
from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import dagster as dg

from expectations.after_run import open_store, tell
from expectations.assets import record_failed_run
from expectations.rules import RuleBook
from orchestration.as_of import resolve_as_of
from orchestration.jobs import COMPANY_TAG, REVIEW_JOB, AssetJob
from orchestration.last_run import is_held
from orchestration.partitions import warehouse_pool
from orchestration.settings import Settings


def inbox_fingerprint(folders: list[Path]) -> str:
    """One text for the state of the source folders: names, sizes and times of the files in them."""
    lines = []
    for folder in folders:
        for path in sorted(folder.rglob("*")) if folder.is_dir() else []:
            if path.is_file() and not path.name.startswith("."):
                state = path.stat()
                lines.append(f"{path}|{state.st_size}|{state.st_mtime_ns}")
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def extract_sensor(settings: Settings, job: AssetJob) -> dg.SensorDefinition:
    """Asks for a run when the files of a source folder have changed and have been still for one look."""
    folders = [source.path for source in settings.sources if source.kind == "file"]

    @dg.sensor(
        name="new_extract_files",
        job=job,
        minimum_interval_seconds=60,
        default_status=sensor_status(settings),
        description="A run when the files of a source folder have changed and been still for one look",
    )
    def new_extract_files(context: dg.SensorEvaluationContext) -> Iterator[dg.RunRequest | dg.SkipReason]:
        now = inbox_fingerprint(folders)
        handled, _, seen = (context.cursor or "|").partition("|")
        if now == handled:
            yield dg.SkipReason("no new extract files")
        elif now != seen:
            # a file may still be growing; it is taken when two looks agree
            context.update_cursor(f"{handled}|{now}")
            yield dg.SkipReason("extract files are arriving")
        else:
            context.update_cursor(f"{now}|")
            today = datetime.now(ZoneInfo(settings.company.timezone)).date()
            day = resolve_as_of(settings, None, today).isoformat()
            tags = {"stockturn/started_by": "new extract files"}
            yield dg.RunRequest(run_key=now, partition_key=day, tags=tags)

    return new_extract_files


def sensor_status(settings: Settings) -> dg.DefaultSensorStatus:
    """Started as soon as the code location is loaded, unless the configuration says otherwise."""
    return dg.DefaultSensorStatus.RUNNING if settings.schedule.is_started else dg.DefaultSensorStatus.STOPPED


def failure_sensor(settings: Settings, book: RuleBook) -> dg.SensorDefinition:
    """Keeps every run of a day that failed under Dagster (the command keeps its own), so that operators hear of it."""

    @dg.run_failure_sensor(
        name="failed_run",
        default_status=sensor_status(settings),
        description="Keeps every run of a day that failed and tells the operators",
    )
    def failed_run(context: dg.RunFailureSensorContext) -> None:
        run = context.dagster_run
        day = run.tags.get("dagster/partition")
        if run.job_name == REVIEW_JOB or not day:  # the month's review and the night's upkeep are about no day
            return
        as_of = date.fromisoformat(day)
        message = context.failure_event.message or "the run failed"
        record_failed_run(context.instance, run.run_id, as_of, message, settings.workspace(), book)

    return failed_run


def interrupted_run_sensor(settings: Settings) -> dg.SensorDefinition:
    """Fails the run whose process ended with its machine, so that the pool of the warehouse is free and Dagster's retry begins.

    Dagster's launcher for one machine does not look after its processes: after a power cut such a run stays "started" and every
    later one waits for it. (Launchers that do, of Kubernetes for instance, are left to it.) A run that is at work holds the
    workspace, or waits for the one that does; a started run at two looks, a minute apart, while nobody holds it has no process.
    """
    workspace, pool = settings.workspace(), warehouse_pool(settings)

    @dg.sensor(
        name="interrupted_runs",
        minimum_interval_seconds=60,
        default_status=sensor_status(settings),
        description="Fails a run whose process is gone, so that the next one need not wait for it",
    )
    def interrupted_runs(context: dg.SensorEvaluationContext) -> dg.SkipReason:
        if context.instance.run_launcher.supports_check_run_worker_health:
            return dg.SkipReason("Dagster looks after the processes of its runs")
        started = {} if is_held(workspace) else _started_runs(context.instance, settings.company.code, pool)
        seen_before = set((context.cursor or "").split())
        dead = sorted(started.keys() & seen_before)
        for run_id in dead:
            context.instance.report_run_failed(
                started[run_id], "the process of the run is gone (the machine stopped, or it was killed)"
            )
        context.update_cursor(" ".join(sorted(started.keys() - set(dead))))
        return dg.SkipReason(f"failed {', '.join(dead)}" if dead else "no run without a process")

    return interrupted_runs


def _started_runs(instance: dg.DagsterInstance, company_code: str, pool: str) -> dict[str, dg.DagsterRun]:
    """Runs of the company's warehouse that count as started: those in its pool, and those of the command."""
    runs = instance.get_runs(dg.RunsFilter(statuses=[dg.DagsterRunStatus.STARTED]))
    return {
        run.run_id: run
        for run in runs
        if run.tags.get(COMPANY_TAG) == company_code
        or (run.run_op_concurrency is not None and pool in (run.run_op_concurrency.all_pools or ()))
    }


def reminder_sensor(settings: Settings, book: RuleBook) -> dg.SensorDefinition:
    """Reminders, escalations, and the run that did not come: nothing that happened asks for them, only the time."""

    @dg.sensor(
        name="reminders",
        minimum_interval_seconds=900,
        default_status=sensor_status(settings),
        description="Reminders and escalations that are due, and the run that did not come",
    )
    def reminders(context: dg.SensorEvaluationContext) -> dg.SkipReason:
        store = open_store(settings.workspace().incident_store, book)
        try:
            return dg.SkipReason(f"{tell(store, book)} notices sent")
        finally:
            store.close()

    return reminders
