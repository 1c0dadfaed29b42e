"""The ledger's part of a run: it continues from the saved state where that fits, and computes everything where it does not.

The answer is the same either way (tests/unit/ledger/test_ledger_daily.py); only the time differs. A state fits when it was made by
this code under these settings, for the tables that are in this warehouse, of a day not later than the one asked for.

Items are dealt into buckets by the hash of their name (`buckets`); a run has the movements and tables of one bucket in memory at a time,
and the state on disk is kept by bucket.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Protocol

import duckdb
import pyarrow as pa

from assets.ledger import buckets, state_store, warehouse
from assets.ledger.incremental import advance
from assets.ledger.plan import Plan, make_plan
from assets.ledger.scale import LedgerInputError
from assets.ledger.settings import LedgerSettings
from assets.ledger.source_stamp import package_stamp
from assets.ledger.spool import Spool
from assets.ledger.stage import compute_with_state
from assets.ledger.state_store import DamagedStateError, StateHead, StateWriter
from assets.ledger.table_writer import TableWriter
from assets.ledger.warehouse import Movements

ROWS_PER_BUCKET = 1_000_000
"""Movements whose input, answers and tables are in memory together: about 1 GiB (2026-11, benchmarks/ledger)."""

FULL_SHARE = 0.3
"""Share of movements to be computed from which a full run is the quicker one (2026-11, benchmarks/ledger: a tenth of the items computed
again costs a quarter of a full run, as their rows lie scattered among those that stay)."""


@dataclass(frozen=True)
class LedgerRun:
    """How the ledger was brought to the day."""

    is_incremental: bool
    reason: str
    """Why everything was computed, or what it was continued from."""
    computed_movements: int
    restated_items: int
    seconds: dict[str, float]
    """What each step took."""


@dataclass
class Run:
    """What every step needs, and how long each took."""

    connection: duckdb.DuckDBPyConnection
    folder: Path
    as_of: date
    settings: LedgerSettings
    threads: int
    rows_per_bucket: int
    standards: pa.Table | None = None
    seconds: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def timed(self, step: str) -> Iterator[None]:
        begun = time.perf_counter()
        try:
            yield
        finally:
            self.seconds[step] = round(self.seconds.get(step, 0.0) + time.perf_counter() - begun, 3)

    @contextmanager
    def transaction(self) -> Iterator[StateWriter]:
        """All of it or nothing: the tables, and the state that belongs to them."""
        self.connection.begin()
        try:
            yield StateWriter(self.folder, self.as_of, self.settings.fingerprint)
        except BaseException:
            self.connection.rollback()
            raise
        with self.timed("commit"):
            self.connection.commit()


class Engine(Protocol):
    """Where the movements are read and the buckets are computed. What is computed, and when everything is, is `run_ledger`'s to say."""

    name: str
    """A state of another engine is not continued."""

    def movements(self, run: Run) -> Movements:
        """Where the movements are asked."""

    def from_start(self, run: Run, stamp: str, movements: Movements) -> tuple[int, int]:
        """Compute everything; returns the movements and the items."""

    def go_on(
        self, run: Run, stamp: str, head: StateHead, seen: warehouse.Survey, homes: pa.Table, plan: Plan, rows: int
    ) -> None:
        """Bring every bucket of the state to the day. `rows` are the movements to compute."""


def run_ledger(
    connection: duckdb.DuckDBPyConnection,
    folder: Path,
    *,
    as_of: date,
    settings: LedgerSettings,
    threads: int = 2,
    rows_per_bucket: int = ROWS_PER_BUCKET,
    engine: Engine | None = None,
) -> LedgerRun:
    """Bring schema `ledger` of the open warehouse to `as_of`; the state for the next run is kept in `folder`.

    Without an engine the buckets are computed in this process. Tables, what was seen and the tie to the state change in one
    transaction: a run that is killed leaves a warehouse whose tie names no state, and the next one computes everything.
    """
    settings = settings.model_copy(update={"calendars": warehouse.calendars(connection)})
    run = Run(connection, Path(folder), as_of, settings, threads, rows_per_bucket)
    engine = engine or InProcess()
    stamp = f"{package_stamp()}-{duckdb.__version__}-{settings.fingerprint}{engine.name}"
    head, homes, reason = _fitting_state(connection, run.folder, stamp, as_of)
    connection.execute("create schema if not exists ledger")
    with run.timed("survey"):
        run.standards = warehouse.standard_costs(connection, as_of) if settings.cost == "standard" else None
        movements = engine.movements(run)
        warehouse.take_stock(connection, movements, None if head is None else head.as_of, run.standards)
    if head is not None:
        with run.timed("survey"):
            seen = warehouse.survey(connection, movements, head.as_of)
            plan = _plan(run, head, seen, homes)
            count = warehouse.work(connection, plan.recomputed)
        if count <= FULL_SHARE * seen.total:
            try:
                engine.go_on(run, stamp, head, seen, homes, plan, count)
            except DamagedStateError as error:
                reason = str(error)
            else:
                return LedgerRun(True, f"continued from {head.as_of}", count, len(plan.restated), run.seconds)
        else:
            reason = f"{count} of the movements are new or of items that must be computed again"
    count, items = engine.from_start(run, stamp, movements)
    return LedgerRun(False, reason, count, items, run.seconds)


class InProcess:
    """Buckets one after another, in this process."""

    name = ""

    def movements(self, run: Run) -> Movements:
        return warehouse.InWarehouse(run.connection, run.as_of)

    def from_start(self, run: Run, stamp: str, movements: Movements) -> tuple[int, int]:
        warehouse.drop_views(run.connection)
        items = warehouse.item_counts(run.connection)
        total = sum(items["movements"].to_pylist())
        count = max(1, -(-total // run.rows_per_bucket))
        wanted = buckets.deal(items["item_id"], warehouse.conversion_legs(movements), count)
        with (
            run.transaction() as states,
            _spool(run, wanted, total, None) as spool,
            TableWriter(run.connection, run.timed, replace=True) as writer,
        ):
            for bucket in range(count):
                with run.timed("read"):
                    table = spool.read(bucket)
                with run.timed("compute"):
                    tables, state = compute_with_state(
                        table, as_of=run.as_of, settings=run.settings, standard_costs=run.standards, threads=run.threads
                    )
                del table
                writer.put(tables)
                with run.timed("state"):
                    states.put(state)
                del tables, state
            writer.finish()
            warehouse.remember(run.connection, stamp, states.commit())
        return total, len(items)

    def go_on(
        self, run: Run, stamp: str, head: StateHead, seen: warehouse.Survey, homes: pa.Table, plan: Plan, rows: int
    ) -> None:
        wanted, moves = buckets.deal_again(homes, seen.documents, seen.moved_items, plan.recomputed, head.buckets)
        with run.transaction() as states:
            with run.timed("void"):
                warehouse.void(run.connection, plan.restated, head.as_of, run.as_of, run.settings.calendars)
            with (
                _spool(run, wanted, rows, head.as_of) as spool,
                TableWriter(run.connection, run.timed, replace=False) as writer,
            ):
                for bucket in range(head.buckets):
                    mine = buckets.of_bucket(wanted, bucket)
                    with run.timed("read"):
                        table = spool.read(bucket)
                    with run.timed("compute"):
                        delta = advance(
                            table,
                            state=state_store.load_after(run.folder, head, bucket, moves),
                            plan=plan.among(mine),
                            as_of=run.as_of,
                            settings=run.settings,
                            standard_costs=run.standards,
                            threads=run.threads,
                        )
                    writer.put(delta.tables)
                    with run.timed("state"):
                        if len(mine) or buckets.is_moved(moves, bucket):
                            states.put(delta.state)
                        else:
                            states.keep(head, bucket)
                    del table, delta
                writer.finish()
            warehouse.remember(run.connection, stamp, states.commit())


def _plan(run: Run, head: StateHead, seen: warehouse.Survey, homes: pa.Table) -> Plan:
    return make_plan(
        seen.documents,
        moved_items=seen.moved_items,
        touched_items=seen.stale_items,
        ties=homes,
        # The documents hold the old legs of every conversion that the day concerns.
        old_conversions=pa.array([], pa.string()),
        since=head.as_of,
        as_of=run.as_of,
        settings=run.settings,
        standard_costs=run.standards,
    )


def _spool(run: Run, wanted: pa.Table, rows: int, since: date | None) -> Spool:
    with run.timed("read"):
        return Spool(run.connection, warehouse.EFFECTIVE, wanted, rows, since, run.folder / "spool")


def _fitting_state(
    connection: duckdb.DuckDBPyConnection, folder: Path, stamp: str, as_of: date
) -> tuple[StateHead | None, pa.Table, str]:
    """The saved state and where its items are, or None and why it does not fit."""
    nowhere = pa.table({})
    linked = warehouse.linked_state(connection)
    if linked is None:
        return None, nowhere, "the warehouse is new"
    if linked[0] != stamp:
        return None, nowhere, "the code or the settings of the ledger have changed"
    try:
        head = state_store.saved(folder)
        if head is None or head.name != linked[1]:
            return None, nowhere, "there is no saved state for the tables of this warehouse"
        head.check_version()
        homes = state_store.homes(folder, head)
    except (OSError, LedgerInputError) as error:
        return None, nowhere, str(error)
    if head.as_of > as_of:
        return None, nowhere, f"the saved state is of {head.as_of}, later than {as_of}"
    return head, homes, ""
