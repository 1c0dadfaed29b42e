"""What is deleted when it is old: evidence, copies and history that no run needs. `None` keeps for ever.

Landing is never deleted: every figure is rebuilt from it, and a back-dated document can touch any day of it. What grows
beside it has a limit here; releases are limited by number (`publish.keep_releases`).
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import dagster as dg

from assets.publish.releases import prune_releases
from assets.workspace import Workspace
from orchestration.upkeep.settings import RetentionSettings


@dataclass(frozen=True)
class Removed:
    """What one kind of retention deleted, or would delete."""

    kind: str
    number: int
    bytes: int


def apply_retention(
    workspace: Workspace,
    settings: RetentionSettings,
    keep_releases: int,
    today: date,
    instance: dg.DagsterInstance | None,
    *,
    is_trial: bool = False,
    now: datetime | None = None,
) -> list[Removed]:
    """Delete what is older than its limit.

    Args:
        workspace: of the company; the caller holds it (`Workspace.exclusive`).
        settings: limits in days. keep_releases: releases that stay, the current one among them.
        today: day of the company from which age is counted.
        instance: Dagster's storage, None to leave runs alone.
        is_trial: count only, delete nothing. now: time from which the age of runs is counted; the clock's by default.
    """
    root = workspace.root
    removed = [
        _dated_folders(
            "quarantined batches", root / "quarantine", "*/extract_date=*", settings.quarantine_days, today, is_trial
        ),
        _dated_folders(
            "batches of duplicates", root / "duplicates", "*/extract_date=*", settings.duplicate_days, today, is_trial
        ),
        _dated_folders(
            "forecast vintages", workspace.forecast_vintages, "origin_date=*", settings.vintage_days, today, is_trial
        ),
        _extracts(root / "extracts", settings.extract_days, today, is_trial),
    ]
    if not is_trial:
        removed.append(Removed("releases", len(prune_releases(workspace.releases, keep_releases)), 0))
    if instance is not None and settings.dagster_run_days:
        removed.append(
            _runs(instance, (now or datetime.now(UTC)) - timedelta(days=settings.dagster_run_days), is_trial)
        )
    return removed


def _dated_folders(kind: str, root: Path, pattern: str, days: int | None, today: date, is_trial: bool) -> Removed:
    """Folders `<name>=YYYY-MM-DD` before the limit."""
    return _delete(
        kind, (path for path in root.glob(pattern) if _is_old(path.name.partition("=")[2], days, today)), is_trial
    )


def _extracts(root: Path, days: int | None, today: date, is_trial: bool) -> Removed:
    """Files `YYYYMMDD_...` before the limit."""
    files = (path for path in root.glob("*/*/*.parquet") if path.is_file())
    return _delete("extract files", (path for path in files if _is_old(_iso(path.name[:8]), days, today)), is_trial)


def _iso(digits: str) -> str:
    return f"{digits[:4]}-{digits[4:6]}-{digits[6:8]}"


def _is_old(day: str, days: int | None, today: date) -> bool:
    if days is None:
        return False
    try:
        return date.fromisoformat(day) < today - timedelta(days=days)
    except ValueError:
        return False  # not a dated one: not ours


def _delete(kind: str, paths: Iterator[Path], is_trial: bool) -> Removed:
    number = size = 0
    for path in sorted(paths):
        files = [path] if path.is_file() else [file for file in path.rglob("*") if file.is_file()]
        number, size = number + 1, size + sum(file.stat().st_size for file in files)
        if not is_trial and path.is_dir():
            shutil.rmtree(path)
        elif not is_trial:
            path.unlink()
    return Removed(kind, number, size)


def _runs(instance: dg.DagsterInstance, before: datetime, is_trial: bool) -> Removed:
    """Dagster's finished runs and their events; runs that are under way stay, however old."""
    ended = [dg.DagsterRunStatus.SUCCESS, dg.DagsterRunStatus.FAILURE, dg.DagsterRunStatus.CANCELED]
    records = instance.get_run_records(filters=dg.RunsFilter(statuses=ended, created_before=before))
    for record in [] if is_trial else records:
        instance.delete_run(record.dagster_run.run_id)
    return Removed("Dagster runs", len(records), 0)
