"""What a Spark worker does with one bucket of items: compute it, write its part of every table, and its state.

A bucket's part of a table is a few Parquet files in the table's folder: `<bucket>-today.parquet` holds what the next day replaces (the
snapshot of the day, the proofs), the others what stays. Continuing, files that stay are linked, not written. A task that runs twice, as
one of a lost worker does, writes the same files again; each appears by one rename.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as parquet

from assets.ledger import buckets, state_store, warehouse
from assets.ledger.calendar import is_close
from assets.ledger.incremental import advance
from assets.ledger.plan import Plan
from assets.ledger.settings import LedgerSettings
from assets.ledger.stage import compute_with_state
from assets.ledger.state import LedgerState, is_in
from assets.ledger.state_store import StateHead
from assets.ledger.tables import LedgerTables
from assets.whole_files import link_or_copy, take_place

SNAPSHOTS = ("open_layers", "transit_layers")
PROOFS = ("conservation", "transit_conservation")
FILES_KEPT = 32
"""Files of a bucket's table from which they are written together as one: a day adds one, and each costs its reader a few milliseconds."""


@dataclass(frozen=True)
class Before:
    """The run that is continued."""

    folder: Path
    """Of its state."""
    head: StateHead
    tables: Mapping[str, Path]
    """Folder of each table."""
    plan: Plan
    wanted: pa.Table
    """`buckets.WANTED`: the items that the day concerns."""
    moves: buckets.Moves


@dataclass(frozen=True)
class Task:
    """What the buckets of a run are computed with; sent to the workers as it is."""

    run: str
    as_of: date
    settings: LedgerSettings
    standards: pa.Table | None
    targets: Mapping[str, Path]
    """New folder of each table."""
    state: Path
    """New folder of the state."""
    before: Before | None = None
    files_kept: int = FILES_KEPT

    def compute(self, bucket: int, movements: pa.Table) -> pa.Table:
        """Compute a bucket and write all of it.

        Args:
            movements: of the bucket, with the columns of `prepare.REQUIRED`; of continued items those after the state's day.

        Returns:
            One row of `DONE`.
        """
        begun = time.perf_counter()
        ordered = movements.sort_by("movement_sequence")
        tables, state, restated = self._computed(bucket, ordered)
        computed = time.perf_counter()
        self._write(bucket, tables, restated)
        digests = state_store.write_bucket(self.state / str(bucket), state)
        written = time.perf_counter()
        row = (bucket, movements.num_rows, computed - begun, written - computed, list(digests.items()))
        return pa.table([[value] for value in row], schema=DONE)

    def _computed(self, bucket: int, movements: pa.Table) -> tuple[LedgerTables, LedgerState, pa.Array]:
        """Tables (of a continued run, the new rows), state, and the items all of whose rows are void."""
        before = self.before
        if before is None:
            tables, state = compute_with_state(
                movements, as_of=self.as_of, settings=self.settings, standard_costs=self.standards, threads=1
            )
            return tables, state, pa.array([], pa.string())
        plan = before.plan.among(buckets.of_bucket(before.wanted, bucket))
        delta = advance(
            movements,
            state=state_store.load_after(before.folder, before.head, bucket, before.moves),
            plan=plan,
            as_of=self.as_of,
            settings=self.settings,
            standard_costs=self.standards,
            threads=1,
        )
        return delta.tables, delta.state, plan.restated

    def _write(self, bucket: int, tables: LedgerTables, restated: pa.Array) -> None:
        for name, table in tables.items():
            stored = warehouse.as_stored(table)
            today, stays = stored, stored.slice(0, 0)
            if name in SNAPSHOTS:
                is_today = pc.equal(stored["snapshot_date"], pa.scalar(self.as_of, pa.date32()))
                today, stays = stored.filter(is_today), stored.filter(pc.invert(is_today))
            elif name not in PROOFS:
                today, stays = stays, today
            if self.before is not None and name not in PROOFS:
                stays = self._with_old(bucket, name, stays, restated)
            self._put(name, f"{bucket:06d}-today", today)
            if len(stays):
                self._put(name, f"{bucket:06d}-{self.as_of}-{self.run}", stays)

    def _with_old(self, bucket: int, name: str, new: pa.Table, restated: pa.Array) -> pa.Table:
        """The new rows that stay, with the old ones that must be written again; files that stay as they are, are linked."""
        assert self.before is not None
        folder, moves = self.before.tables[name], self.before.moves
        void = pa.concat_arrays([restated, buckets.leaving(moves, bucket)])
        parts = [new, _without(self._closed(folder, name, bucket), void)]
        closed = _files(folder, bucket)
        if len(void) or len(closed) >= self.files_kept:
            parts += [_without(parquet.read_table(path), void) for path in closed]
        else:
            for path in closed:
                link_or_copy(path, self.targets[name] / path.name)
        for source, items in buckets.arrivals(moves, bucket):
            arriving = items.filter(pc.invert(pc.is_in(items, value_set=restated)))
            there = [self._closed(folder, name, source), *map(parquet.read_table, _files(folder, source))]
            parts += [part.filter(pa.array(is_in(part["item_id"], arriving))) for part in there]
        return pa.concat_tables([part.cast(new.schema) for part in parts])

    def _closed(self, folder: Path, name: str, bucket: int) -> pa.Table:
        """Rows of the last snapshot that stay when its day is over: those of companies that close a period on it."""
        assert self.before is not None
        shown = parquet.read_table(folder / f"{bucket:06d}-today.parquet")
        if name not in SNAPSHOTS or self.as_of == self.before.head.as_of:
            return shown.slice(0, 0)
        return shown.filter(pa.array(is_close(self.settings.calendars, shown)))

    def _put(self, name: str, file: str, table: pa.Table) -> None:
        partial = self.targets[name] / f".{file}.{uuid.uuid4().hex}"
        parquet.write_table(table, partial)
        take_place(partial, self.targets[name] / f"{file}.parquet")


DONE = pa.schema(
    [
        ("bucket", pa.int32()),
        ("movements", pa.int64()),
        ("kernel_seconds", pa.float64()),
        ("writing_seconds", pa.float64()),
        ("digests", pa.map_(pa.string(), pa.string())),
    ]
)
"""What a bucket's task gives back; the digests are those of its state's files."""


def _files(folder: Path, bucket: int) -> list[Path]:
    """Files of a bucket whose rows stay."""
    return [path for path in sorted(folder.glob(f"{bucket:06d}-*.parquet")) if not path.name.endswith("-today.parquet")]


def _without(table: pa.Table, items: pa.Array) -> pa.Table:
    return table.filter(pa.array(np.invert(is_in(table["item_id"], items)))) if len(items) else table
