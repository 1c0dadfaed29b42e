"""The ledger's part of a run: it goes on from the saved state where that fits, and computes everything where it does not.

The answer is the same either way (tests/unit/ledger/test_ledger_daily.py); only the time differs. A state fits when it was made by
this code under these settings, for the tables that stand in this warehouse, of a day not later than the one asked for.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path

import duckdb

from assets.ledger import state_store, warehouse
from assets.ledger.incremental import compute_incremental
from assets.ledger.scale import LedgerInputError
from assets.ledger.settings import LedgerSettings
from assets.ledger.source_stamp import package_stamp
from assets.ledger.stage import compute_with_state
from assets.ledger.state import LedgerState

FULL_SHARE = 0.3
"""Share of changed movements from which a full run is the quicker one (2026-11, benchmarks/ledger: a day of 1 % costs a tenth of it)."""


@dataclass(frozen=True)
class LedgerRun:
    """How the ledger was brought to the day."""

    is_incremental: bool
    reason: str
    """Why everything was computed, or what the state did not know."""
    changed_movements: int
    restated_items: int


def run_ledger(
    connection: duckdb.DuckDBPyConnection, folder: Path, *, as_of: date, settings: LedgerSettings, threads: int = 2
) -> LedgerRun:
    """Bring schema `ledger` of the open warehouse to `as_of`; the state for the next run is kept in `folder`.

    Tables, what was seen and the tie to the state change in one transaction: a run that dies leaves a warehouse whose tie names no
    state, and the next one computes everything.
    """
    stamp = f"{package_stamp()}-{duckdb.__version__}-{settings.fingerprint}"
    state, reason = _fitting_state(connection, folder, stamp, as_of)
    connection.execute("create schema if not exists ledger")
    if state is not None:
        seen = warehouse.changes(connection)
        count = seen.changed.num_rows + seen.removed.num_rows
        total = connection.execute(f"select count(*) from {warehouse.MOVEMENTS}").fetchone()
        if count <= FULL_SHARE * (total[0] if total else 0):
            delta = compute_incremental(
                seen.changed,
                state=state,
                history=lambda items: warehouse.movements_of(connection, items),
                as_of=as_of,
                settings=settings,
                removed=seen.removed,
                touched_items=seen.touched_items,
                threads=threads,
            )
            with _transaction(connection):
                warehouse.write_delta(connection, delta)
                warehouse.remember(connection, stamp, state_store.save(delta.state, folder))
            return LedgerRun(True, f"continued from {state.as_of}", count, len(delta.restated_items))
        reason = f"{count} of the movements are new or other than before"
    movements = warehouse.all_movements(connection)
    tables, whole = compute_with_state(movements, as_of=as_of, settings=settings, threads=threads)
    with _transaction(connection):
        warehouse.write_whole(connection, tables)
        warehouse.remember(connection, stamp, state_store.save(whole, folder))
    return LedgerRun(False, reason, movements.num_rows, len(whole.items))


def _fitting_state(
    connection: duckdb.DuckDBPyConnection, folder: Path, stamp: str, as_of: date
) -> tuple[LedgerState | None, str]:
    """The saved state, or None and why it does not fit."""
    linked = warehouse.linked_state(connection)
    if linked is None:
        return None, "the warehouse is new"
    if linked[0] != stamp:
        return None, "the code or the settings of the ledger have changed"
    if state_store.saved_name(folder) != linked[1]:
        return None, "there is no saved state for the tables of this warehouse"
    try:
        state = state_store.load(folder)
    except (OSError, LedgerInputError) as error:
        return None, str(error)
    if state.as_of > as_of:
        return None, f"the saved state is of {state.as_of}, later than {as_of}"
    return state, ""


class _transaction:
    """All of it or nothing."""

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self.connection = connection

    def __enter__(self) -> None:
        self.connection.begin()

    def __exit__(self, kind: object, *_: object) -> None:
        if kind is None:
            self.connection.commit()
        else:
            self.connection.rollback()
