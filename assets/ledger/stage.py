"""The ledger as one function: movements in, layers, costs and the proof of conservation out. Pure; no I/O."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from assets.ledger.calendar import day_number, of_own_periods, period_ends
from assets.ledger.corrections import run_corrected
from assets.ledger.fields import EGRAIN, EGROUP, EQTY, ESNAP, EVAL
from assets.ledger.prepare import Grains, Ints, Movements, days_of, prepare, require_columns
from assets.ledger.results import Result
from assets.ledger.settings import LedgerSettings
from assets.ledger.state import LedgerState, take_state
from assets.ledger.tables import (
    LedgerTables,
    closing_sums,
    conservation,
    movement_costs,
    open_layers,
    place_sums,
    transit_conservation,
    transit_layers,
    value_entries,
)  # fmt: skip


def compute(
    movements: pa.Table,
    *,
    as_of: date,
    settings: LedgerSettings,
    snapshot_dates: Sequence[date] | None = None,
    standard_costs: pa.Table | None = None,
    threads: int = 2,
) -> LedgerTables:
    """Run the whole ledger.

    `movements` has the columns of int_ledger_movements (docs/interfaces.md), in any order of rows; those after `as_of` are left out.
    `snapshot_dates` default to every end of a period of the company from the first movement on, and `as_of`, which is always among them.
    `standard_costs` (item_id, effective_date, unit_cost) is needed by cost `standard`.
    Raises LedgerInputError for missing columns or unknown types, LedgerOverflowError for figures beyond exact 64-bit arithmetic.
    """
    return compute_with_state(
        movements,
        as_of=as_of,
        settings=settings,
        snapshot_dates=snapshot_dates,
        standard_costs=standard_costs,
        threads=threads,
    )[0]


def compute_with_state(
    movements: pa.Table,
    *,
    as_of: date,
    settings: LedgerSettings,
    snapshot_dates: Sequence[date] | None = None,
    standard_costs: pa.Table | None = None,
    threads: int = 2,
) -> tuple[LedgerTables, LedgerState]:
    """Like `compute`; also the state from which `incremental.compute_incremental` continues."""
    require_columns(movements)
    movements = until(movements, as_of)
    data = prepare(movements, settings, costs_until(standard_costs, as_of))
    days = snapshot_days(data, as_of, snapshot_dates, settings)
    result = run_corrected(data, settings, days, threads=threads)
    grains, keys = data.grains, movements["movement_key"]
    last = len(days) - 1
    sums, closing = place_sums(data, result), closing_sums(result.emitted, last, grains)
    transit, under_way = transit_sums(data, result), under_way_sums(data, result.emitted, last)
    state = take_state(data, result, keys, sums, transit, last, as_of, settings)
    moved = np.flatnonzero(transit.any(axis=1))

    def shown(layers: pa.Table) -> pa.Table:
        return layers if snapshot_dates is not None else of_own_periods(settings.calendars, layers, as_of)

    tables = LedgerTables(
        shown(open_layers(result.emitted, days, grains, keys)),
        movement_costs(data, result, keys),
        value_entries(data, result),
        conservation(sums, closing, *place_labels(grains)),
        shown(transit_layers(result.emitted, days, grains, keys, data.group_labels)),
        transit_conservation(
            transit[moved],
            under_way[moved],
            pa.DictionaryArray.from_arrays(pa.array(moved.astype(np.int32)), grains.labels["item_id"]),
        ),
    )
    return tables, state


def place_labels(grains: Grains) -> tuple[pa.Array, pa.Array]:
    """item_id and warehouse_id of each item x warehouse."""
    return (
        pa.DictionaryArray.from_arrays(pa.array(grains.place_item), grains.labels["item_id"]),
        pa.DictionaryArray.from_arrays(pa.array(grains.place_warehouse), grains.labels["warehouse_id"]),
    )


def until(movements: pa.Table, as_of: date) -> pa.Table:
    """Movements up to and including a date."""
    early = days_of(movements["business_date"], 0) <= day_number(as_of)
    return movements if early.all() else movements.filter(pa.array(early))


def costs_until(standard_costs: pa.Table | None, as_of: date) -> pa.Table | None:
    """Standard costs that hold by a date: one of the future has not revalued anything yet."""
    if standard_costs is None:
        return None
    day = pc.cast(standard_costs["effective_date"], pa.date32())
    return standard_costs.filter(pc.less_equal(day, pa.scalar(as_of, pa.date32())))


def snapshot_days(
    data: Movements, as_of: date, snapshot_dates: Sequence[date] | None, settings: LedgerSettings
) -> list[int]:
    """Ascending day numbers of the snapshots; `as_of` is the last."""
    last = day_number(as_of)
    if snapshot_dates is None:
        days = period_ends(settings.calendars, int(data.date.min()), last) if len(data.date) else []
    else:
        days = [day_number(day) for day in snapshot_dates]
    return sorted({day for day in days if day < last} | {last})


def transit_sums(data: Movements, result: Result) -> Ints:
    """Per item: units shipped, arrived, value shipped, arrived, and what settling under way has changed."""
    settled = np.zeros((len(result.transit), 1), dtype=np.int64)
    hit = np.flatnonzero(result.transit_settlement)
    np.add.at(settled[:, 0], data.grains.codes["item_id"][data.grain[hit]], result.transit_settlement[hit])
    return np.concatenate([result.transit, settled], axis=1)


def under_way_sums(data: Movements, emitted: Ints, snapshot: int) -> Ints:
    """Per item: units and value under way at a snapshot."""
    sums = np.zeros((len(data.grains.labels["item_id"]), 2), dtype=np.int64)
    rows = emitted[:, (emitted[ESNAP] == snapshot) & (emitted[EGROUP] >= 0)]
    np.add.at(sums, data.grains.codes["item_id"][rows[EGRAIN]], rows[[EQTY, EVAL]].T)
    return sums
