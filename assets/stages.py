"""Which day each stage of the warehouse holds, and which run left it there.

The warehouse is one file for all days: a stage may only build on stages of its own day, and a release only on stages of
one run. The stamps are in `control.stage_days`. A stage that begins removes its own stamp and those of everything
below it, so that a stage which was cut short, or built in part, leaves nothing that a release would accept.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any

import duckdb

STAMPS = "control.stage_days"

READS: dict[str, tuple[str, ...]] = {
    "control": (),
    "landing": (),
    "contract_checks": ("control", "landing"),
    "dbt_foundation": ("contract_checks",),
    "ledger": ("dbt_foundation",),
    "demand": ("dbt_foundation",),
    "planning": ("ledger", "demand"),
    "dbt_marts": ("planning",),
}
"""Stage -> the stages directly above it. A release reads them all."""


class StageError(RuntimeError):
    """The warehouse holds another day, or parts of several runs; the message says what to do."""


def above(stage: str) -> tuple[str, ...]:
    """Every stage that `stage` builds on, in order."""
    found: set[str] = set()
    left = list(READS[stage])
    while left:
        name = left.pop()
        found.add(name)
        left += READS[name]
    return tuple(name for name in READS if name in found)


def below(stage: str) -> tuple[str, ...]:
    """Every stage that builds on `stage`, in order."""
    return tuple(name for name in READS if stage in above(name))


def begin_stage(connection: duckdb.DuckDBPyConnection, stage: str, day: date) -> None:
    """Refuse a stage whose inputs are of another day; from here on the warehouse holds no finished `stage`.

    Raises:
        StageError: a stage above is not there, or holds another day.
    """
    require_day(connection, above(stage), day, wanted_by=stage)
    outdated = [stage, *below(stage)]
    connection.execute(f"delete from {STAMPS} where list_contains($names, stage)", {"names": outdated})


def finish_stage(connection: duckdb.DuckDBPyConnection, stage: str, day: date, run_id: str) -> None:
    """Stamp a stage that is complete."""
    connection.execute(f"insert into {STAMPS} values ($1, $2, $3, current_timestamp)", [stage, day, run_id])


def require_day(connection: duckdb.DuckDBPyConnection, stages: Iterable[str], day: date, *, wanted_by: str) -> None:
    """Refuse to continue where one of `stages` is not of the day `day`.

    Raises:
        StageError: names the stage and what it holds.
    """
    held = _stamps(connection)
    for name in stages:
        if name not in held:
            raise StageError(
                f"{wanted_by} of {day}: {name} is missing or incomplete in the warehouse; run the whole day {day}"
            )
        if held[name][0] != day:
            raise StageError(
                f"{wanted_by} of {day}: the warehouse holds {name} of {held[name][0]}; run the whole day {day}"
            )


def require_whole_run(connection: duckdb.DuckDBPyConnection, day: date, run_id: str) -> None:
    """Refuse a release whose tables are not all of the day `day` and of the run `run_id`.

    Args:
        connection: the open warehouse.
        day: the day that the release will be named after.
        run_id: the first run of the chain of re-executions that this one belongs to.

    Raises:
        StageError: names the stage that another run left, or that is of another day.
    """
    require_day(connection, READS, day, wanted_by="a release")
    others = [name for name, (_, owner) in _stamps(connection).items() if owner != run_id]
    if others:
        raise StageError(
            f"a release of {day} is published by a run of every stage; {', '.join(others)} was built by another run; "
            f"run the whole day {day}"
        )


def first_run(run: Any) -> str:
    """The id of the run that a chain of re-executions began with; `run` is Dagster's."""
    return str(run.root_run_id or run.run_id)


def day_of(run: Any) -> date:
    """The day of a run that is asked for by its partition; `run` is Dagster's.

    Raises:
        StageError: the run was started without a day.
    """
    day = run.tags.get("dagster/partition")
    if not day:
        raise StageError("a run needs a day: start it with a partition")
    return date.fromisoformat(day)


def _stamps(connection: duckdb.DuckDBPyConnection) -> dict[str, tuple[date, str]]:
    connection.execute("create schema if not exists control")
    connection.execute(
        f"""create table if not exists {STAMPS}
            (stage varchar primary key, as_of_date date, root_run_id varchar, finished_at timestamptz)"""
    )
    rows = connection.execute(f"select stage, as_of_date, root_run_id from {STAMPS}").fetchall()
    return {str(name): (day, str(run_id)) for name, day, run_id in rows}
