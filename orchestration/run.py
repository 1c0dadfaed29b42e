"""Runs the daily job in this process: progress while it goes, a verdict when it ends.

Exit status: 0 good; 1 released, with failing checks that do not block; 2 not released, for a reason that its user can correct;
3 the run crashed: a fault of the machine or of the program (the summary says whether a release is live).
"""

from __future__ import annotations

import logging
import os
import shutil
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import dagster as dg
from dagster import DagsterError, DagsterEventType

from assets.publish.releases import Release, current_id, read_release
from assets.spark.session import check_lake, start_session, stop_session
from assets.workspace import Workspace
from expectations.assets import record_failed_run
from orchestration import last_run
from orchestration.build import build_definitions
from orchestration.event_files import kept_open
from orchestration.faults import (
    CRASHED,
    GOOD,
    NOT_RELEASED,
    RELEASED_WITH_FAILURES,
    RunCrashedError,
    is_refusal,
    own_error_names,
)
from orchestration.jobs import COMPANY_TAG, DAILY_JOB
from orchestration.rule_book import load_company_rules
from orchestration.settings import Settings
from orchestration.upkeep.environment import log_formatter
from orchestration.upkeep.traces import TRACED_TAG, export_trace

RETIRED_STORAGE = (
    "orchestration.event_log"  # named by the dagster.yaml of releases up to 0.1; the files are Dagster's own
)
INSTANCE_CONFIG = Path(__file__).resolve().parent / "dagster.yaml"


class SelectionError(ValueError):
    """`--select` names what is no asset."""


@dataclass(frozen=True)
class CheckOutcome:
    """One evaluated asset check."""

    asset: str
    name: str
    is_passed: bool
    is_blocking: bool
    severity: str
    details: str


@dataclass(frozen=True)
class RunOutcome:
    """What a run came to."""

    run_id: str
    as_of: date
    release: Release | None
    checks: tuple[CheckOutcome, ...]
    errors: tuple[str, ...]
    refusals: tuple[str, ...] = ()
    step_seconds: dict[str, float] = field(default_factory=dict)
    seconds: float = 0.0
    is_partial: bool = False
    is_crash: bool = False
    """Some step ended with a fault, not with a refusal."""

    @property
    def failing(self) -> list[CheckOutcome]:
        return [check for check in self.checks if not check.is_passed]

    @property
    def exit_status(self) -> int:
        if self.is_crash or (self.errors and self.release):
            return CRASHED
        if self.errors or (self.release is None and not self.is_partial):
            return NOT_RELEASED
        return RELEASED_WITH_FAILURES if self.failing else GOOD


Listener = Callable[[str, str], None]


def run_daily(
    settings: Settings, as_of: date, *, select: Sequence[str] = (), on_step: Listener | None = None
) -> RunOutcome:
    """Execute the daily job for one day (or the selected assets of it).

    `on_step(event, step)` is called for `start`, `success`, `failure` and `skipped` of every step.

    Raises:
        assets.workspace.WorkspaceBusyError: another run holds the workspace.
        RunCrashedError: it could not even begin, or could not be ended: the machine refused, or the program is wrong.
    """
    try:
        if spark := settings.workspace().spark:
            # before anything is read: a cluster or a folder that is not there is known at once
            check_lake(start_session(spark), settings.workspace().lake)
        with settings.workspace().exclusive(), last_run.kept(settings.workspace(), as_of) as kept:
            outcome = _run(settings, as_of, select, on_step)
            kept.end(outcome.exit_status, outcome.errors, outcome.release.release_id if outcome.release else None)
            return outcome
    except Exception as error:
        if is_refusal(error):
            raise
        raise RunCrashedError(f"the run crashed: {type(error).__name__}: {' '.join(str(error).split())}") from error
    finally:
        stop_session()


def _run(settings: Settings, as_of: date, select: Sequence[str], on_step: Listener | None) -> RunOutcome:
    workspace = settings.workspace()
    started = time.perf_counter()
    with _log_file(workspace.root / "logs"):
        definitions = build_definitions(settings, resource_overrides={"workspace": workspace})
        job = definitions.resolve_job_def(DAILY_JOB)
        with open_instance(workspace) as instance:
            before = current_id(workspace.releases)
            seen = _Watcher(on_step)
            run_id = str(uuid.uuid4())
            instance.add_event_listener(run_id, seen)
            chosen = selected_assets(definitions, select)
            with kept_open(instance, run_id):
                result = job.execute_in_process(
                    instance=instance,
                    run_id=run_id,
                    partition_key=as_of.isoformat(),
                    run_config={"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}},
                    asset_selection=chosen,
                    raise_on_error=False,
                    tags={TRACED_TAG: "command", COMPANY_TAG: settings.company.code},
                )
            if not select and seen.errors:
                _keep_failure(settings, instance, run_id, as_of, seen.errors)
            export_trace(instance, run_id, settings.company.code)
    after = current_id(workspace.releases)
    fresh = read_release(workspace.releases / after) if after and after != before else None
    return RunOutcome(
        run_id=result.run_id,
        as_of=as_of,
        release=fresh,
        checks=tuple(seen.checks),
        errors=tuple(seen.errors),
        refusals=tuple(seen.refusals),
        step_seconds=seen.step_seconds,
        seconds=time.perf_counter() - started,
        is_partial=bool(select),
        is_crash=seen.is_crash,
    )


def _keep_failure(
    settings: Settings, instance: dg.DagsterInstance, run_id: str, as_of: date, errors: list[str]
) -> None:
    """The run in the incident store; a store that cannot be reached must not hide why the run failed."""
    try:
        book = load_company_rules(settings)
        record_failed_run(instance, run_id, as_of, "; ".join(errors), settings.workspace(), book)
    except Exception:
        logging.getLogger(__name__).exception("the failed run %s could not be recorded", run_id)


@contextmanager
def _log_file(folder: Path) -> Iterator[None]:
    """Warnings of a run (a notice that could not be sent, a library's complaint) go to a file, not between the steps."""
    folder.mkdir(parents=True, exist_ok=True)
    handler = logging.FileHandler(folder / "run.log", encoding="utf-8")
    handler.setFormatter(log_formatter())
    handler.setLevel(logging.WARNING)
    logging.getLogger().addHandler(handler)
    try:
        yield
    finally:
        logging.getLogger().removeHandler(handler)
        handler.close()


def open_instance(workspace: Workspace) -> dg.DagsterInstance:
    """The Dagster instance of the workspace, which `dg dev` shows too (DAGSTER_HOME wins where it is set)."""
    return dg.DagsterInstance.from_config(str(instance_home(workspace)))


def instance_home(workspace: Workspace) -> Path:
    """The folder of the instance, with the project's `dagster.yaml` in it from the first start."""
    home = Path(os.environ.get("DAGSTER_HOME") or workspace.dagster_home)
    home.mkdir(parents=True, exist_ok=True)
    config = home / "dagster.yaml"
    if not config.exists() or RETIRED_STORAGE in config.read_text(encoding="utf-8"):
        shutil.copyfile(INSTANCE_CONFIG, config)
    return home


def selected_assets(definitions: dg.Definitions, select: Sequence[str]) -> list[dg.AssetKey] | None:
    """Asset keys of `--select` texts: `marts/fct_findings`, `fct_findings`, or Dagster's selection syntax."""
    if not select:
        return None
    graph = definitions.resolve_asset_graph()
    keys: set[dg.AssetKey] = set()
    for text in select:
        named = [key for key in graph.materializable_asset_keys if text in (key.to_user_string(), key.path[-1])]
        found = set(named) or _resolved(text, graph)
        if not found:
            raise SelectionError(f"--select {text}: no such asset; `stockturn status --assets` lists them")
        keys |= found
    # what one step makes together is made together: the tables of the ledger
    return sorted(dg.AssetSelection.assets(*keys).required_multi_asset_neighbors().resolve(graph))


def _resolved(text: str, graph: Any) -> set[dg.AssetKey]:
    """The assets of a text in Dagster's selection syntax; none where it names none."""
    try:
        return set(dg.AssetSelection.from_string(text).resolve(graph))
    except DagsterError:
        return set()


class _Watcher:
    """Collects what the summary needs from the events of a run."""

    def __init__(self, on_step: Listener | None) -> None:
        self.on_step = on_step
        self.checks: list[CheckOutcome] = []
        self.errors: list[str] = []
        self.refusals: list[str] = []
        self.step_seconds: dict[str, float] = {}
        self.is_crash = False
        self._started: dict[str, float] = {}

    def __call__(self, entry: dg.EventLogEntry) -> None:
        event = entry.dagster_event
        if event is None:
            return
        kind, step = event.event_type, event.step_key or ""
        if kind == DagsterEventType.STEP_START:
            self._started[step] = entry.timestamp
            self._tell("start", step)
        elif kind in (DagsterEventType.STEP_SUCCESS, DagsterEventType.STEP_FAILURE):
            self.step_seconds[step] = round(entry.timestamp - self._started.get(step, entry.timestamp), 3)
            self._tell("success" if kind == DagsterEventType.STEP_SUCCESS else "failure", step)
            if kind == DagsterEventType.STEP_FAILURE:
                self.errors.append(f"{step}: {_failure_text(event)}")
                self.is_crash = self.is_crash or _is_fault(event)
        elif kind == DagsterEventType.STEP_SKIPPED:
            self._tell("skipped", step)
        elif kind == DagsterEventType.ASSET_MATERIALIZATION:
            refused = event.step_materialization_data.materialization.metadata.get("refusals")
            self.refusals += str(refused.value).splitlines() if refused else []
        elif kind == DagsterEventType.ASSET_CHECK_EVALUATION:
            self.checks.append(_check_outcome(event))
        elif kind == DagsterEventType.RUN_FAILURE and not self.errors:
            self.errors.append(event.message or "the run failed")
            self.is_crash = True

    def _tell(self, event: str, step: str) -> None:
        if self.on_step:
            self.on_step(event, step)


def _is_fault(event: dg.DagsterEvent) -> bool:
    """Whether a step ended with what nobody foresaw: no blocking check, no refusal, no error class of the product."""
    data = event.step_failure_data
    error = data.error
    while error and error.cause:
        error = error.cause
    if data.user_failure_data or error is None:
        return False
    return error.cls_name not in {"DagsterAssetCheckFailedError", *own_error_names()}


def _failure_text(event: dg.DagsterEvent) -> str:
    data = event.step_failure_data
    if data.user_failure_data and data.user_failure_data.description:
        return data.user_failure_data.description
    error = data.error
    while error and error.cause:
        error = error.cause
    return f"{error.message.strip()}" if error else "failed"


def _check_outcome(event: dg.DagsterEvent) -> CheckOutcome:
    data = event.asset_check_evaluation_data
    details = {name: value.value for name, value in data.metadata.items()}
    return CheckOutcome(
        asset=data.asset_key.to_user_string(),
        name=data.check_name,
        is_passed=data.passed,
        is_blocking=bool(getattr(data, "blocking", False)),
        severity=data.severity.value,
        details=", ".join(f"{name}: {value}" for name, value in details.items()),
    )
