"""Going on from a saved state: a day's new movements, and back-dated ones that re-compute only the items they touch.

Each item that is touched goes one of three ways, together with the items that conversions tie to it:
- *restated*: a document of a day already closed came, changed or vanished, or a further leg of an old conversion. The item is computed
  again from its first movement, and all its rows are given out again.
- *replayed*: a return names an order, whose issue may lie before the state. Computed again, but only new rows are given out: the old ones
  cannot have changed.
- *continued*: everything else starts from the saved layers.
Items without new movements are not computed at all; their layers are copied. Pure; no I/O.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from assets.ledger.calendar import day_number, month_ends
from assets.ledger.carry import join_states, layers_at, part_of, place_sums_of, proofs, transit_sums_of, whole_clusters
from assets.ledger.engine import run
from assets.ledger.fields import EGRAIN, ESNAP
from assets.ledger.kinds import BACK_TYPES, CONVERSION_TYPES
from assets.ledger.prepare import REQUIRED, Ints, Movements, prepare, require_columns
from assets.ledger.scale import LedgerInputError
from assets.ledger.settings import LedgerSettings
from assets.ledger.stage import transit_sums, until
from assets.ledger.state import LedgerState, is_in, load_state, saved_labels, take_state
from assets.ledger.tables import LedgerTables, movement_costs, open_layers, place_sums, transit_layers, value_entries

History = Callable[[list[str]], pa.Table]
"""All effective movements up to the day of these items, with the columns of int_stock_movements."""


@dataclass(frozen=True)
class LedgerDelta:
    """What a day changes. `conservation` and `transit_conservation` are whole; of the others, rows to put in place of void ones."""

    tables: LedgerTables
    state: LedgerState
    since: date
    """As-of date of the state that this goes on from: rows of that snapshot are void unless it is a month end before the new one."""
    restated_items: pa.Array
    """Items all of whose rows are void and given out again."""
    gone_keys: pa.Array
    """Movements that exist no more."""


@dataclass(frozen=True)
class _Plan:
    restated: pa.Array
    recomputed: pa.Array
    """Restated and replayed."""
    continued: pa.Array


def compute_incremental(
    changed: pa.Table,
    *,
    state: LedgerState,
    history: History,
    as_of: date,
    settings: LedgerSettings,
    removed: pa.Table | None = None,
    touched_items: Iterable[str] = (),
    standard_costs: pa.Table | None = None,
    threads: int = 2,
) -> LedgerDelta:
    """Bring the ledger from `state.as_of` to `as_of`.

    `changed` holds the movements (columns of int_stock_movements) that are new or differ from what the state has seen; `removed` the
    movement_key and item_id of those that are void; `touched_items` what else is to be computed again (a standard cost changed backwards).
    `history` is asked once, and only for what must be. The result, merged (`merge.merge`), equals `compute` over all movements.
    Raises LedgerInputError when `as_of` lies before the state, or the state was made under other settings.
    """
    state.check(settings)
    if as_of < state.as_of:
        raise LedgerInputError(f"the state is of {state.as_of}, later than {as_of}: run the ledger in full")
    require_columns(changed)
    changed = until(changed, as_of).select(list(REQUIRED))
    plan = _plan(changed, removed, touched_items, state, as_of, settings, standard_costs)
    movements = changed.filter(pa.array(is_in(changed["item_id"], plan.continued)))
    if len(plan.recomputed):
        past = until(history(plan.recomputed.to_pylist()), as_of).select(list(REQUIRED))
        movements = pa.concat_tables([past.cast(movements.schema), movements])
    begun = part_of(state, plan.continued, inside=True)
    kept = part_of(state, pa.concat_arrays([plan.recomputed, plan.continued]), inside=False)
    data = prepare(movements, settings, standard_costs, saved_labels(begun))
    saved, keys = load_state(begun, data, movements["movement_key"], settings)
    days, new_from = _snapshots(data, state.as_of, as_of)
    again = np.asarray(pc.is_in(data.grains.labels["item_id"], value_set=plan.restated), dtype=np.bool_)
    result = run(data, settings, days, saved, threads, _emit_from(data, again, new_from))
    # An item that goes on beside a restated one (a conversion of today ties them) has shown its older snapshots already.
    rows = result.emitted
    emitted = rows[:, (rows[ESNAP] >= new_from) | again[data.grains.codes["item_id"][rows[EGRAIN]]]]
    last = len(days) - 1
    sums = place_sums(data, result) + place_sums_of(begun, data.grains)
    transit = transit_sums(data, result) + transit_sums_of(begun, data.grains)
    moved = take_state(data, result, keys, sums, transit, last, as_of, settings)
    after = join_states(state, kept, moved)
    is_new = (data.date > day_number(state.as_of)) | again[data.grains.codes["item_id"][data.grain]]
    new_days = [date(1970, 1, 1) + timedelta(days=day) for day in days[new_from:]]
    proof, transit_proof = proofs(after)
    tables = LedgerTables(
        pa.concat_tables([open_layers(emitted, days, data.grains, keys), layers_at(kept, new_days, under_way=False)]),
        movement_costs(data, result, movements["movement_key"]).filter(pa.array(is_new[: data.count])),
        value_entries(data, result, is_new),
        proof,
        pa.concat_tables(
            [
                transit_layers(emitted, days, data.grains, keys, data.group_labels),
                layers_at(kept, new_days, under_way=True),
            ]
        ),
        transit_proof,
    )
    gone = pa.array([], pa.string()) if removed is None else removed["movement_key"].cast(pa.string()).combine_chunks()
    return LedgerDelta(tables, after, state.as_of, plan.restated, gone)


def _items_where(table: pa.Table, mask: pa.ChunkedArray | pa.Array) -> pa.Array:
    return pc.unique(table.filter(mask)["item_id"].cast(pa.string()))


def _plan(
    changed: pa.Table,
    removed: pa.Table | None,
    touched_items: Iterable[str],
    state: LedgerState,
    as_of: date,
    settings: LedgerSettings,
    standard_costs: pa.Table | None,
) -> _Plan:
    """Which items go which way."""
    kind = changed["movement_type"].cast(pa.string())
    since = pa.scalar(state.as_of, pa.date32())
    late = pc.less_equal(changed["business_date"], since)
    group = changed["transfer_group_id"].cast(pa.string())
    is_conversion = pc.is_in(kind, value_set=pa.array(CONVERSION_TYPES))
    old_conversion = pc.and_(
        is_conversion, pc.is_in(group, value_set=state.conversions["transfer_group_id"].combine_chunks())
    )
    # Whoever shares a conversion with a late leg is touched by it, in whichever table its own leg is.
    late_groups = pc.unique(group.filter(pc.and_(is_conversion, late)))
    late_conversion = pc.and_(is_conversion, pc.is_in(group, value_set=late_groups))
    restated = [_items_where(changed, mask) for mask in (late, old_conversion, late_conversion)]
    restated.append(pa.array(list(touched_items), pa.string()))
    if removed is not None:
        restated.append(pc.unique(removed["item_id"].cast(pa.string())).cast(pa.string()))
    all_changed = _items_where(changed, pc.is_valid(changed["item_id"]))
    if not settings.can_continue:
        restated.append(all_changed)
        if standard_costs is not None:
            day = standard_costs["effective_date"].cast(pa.date32())
            new = pc.and_(pc.greater(day, since), pc.less_equal(day, pa.scalar(as_of, pa.date32())))
            known = pc.is_in(
                standard_costs["item_id"].cast(pa.string()),
                value_set=state.items["item_id"].cast(pa.string()).combine_chunks(),
            )
            restated.append(_items_where(standard_costs, pc.and_(new, known)))
    all_restated = whole_clusters(state, pc.unique(pa.concat_arrays([_flat(part) for part in restated])))
    returns = pc.and_(
        pc.and_(
            pc.is_in(kind, value_set=pa.array(BACK_TYPES)),
            pc.greater(changed["quantity_units"].cast(pa.float64()), 0.0),
        ),
        pc.is_valid(changed["ref_doc_no"]),
    )
    replayed = whole_clusters(state, _flat(_items_where(changed, returns)))
    recomputed = pc.unique(pa.concat_arrays([all_restated, replayed]))
    continued = all_changed.filter(pc.invert(pc.is_in(all_changed, value_set=recomputed)))
    return _Plan(all_restated, recomputed, continued)


def _flat(column: pa.Array | pa.ChunkedArray) -> pa.Array:
    return column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column


def _snapshots(data: Movements, since: date, as_of: date) -> tuple[list[int], int]:
    """Month ends from the first movement at hand on and the day itself; and the number of the first that the state has not shown."""
    before, last = day_number(since), day_number(as_of)
    first = min(int(data.date.min()) if len(data.date) else last, before + 1, last)
    days = sorted({*month_ends(first, last), last})
    return days, min(int(np.searchsorted(days, before, side="right")), len(days) - 1)


def _emit_from(data: Movements, again: NDArray[np.bool_], new_from: int) -> Ints:
    """Clusters with a restated item show all snapshots, the others the new ones."""
    emit_from = np.full(len(data.bounds) - 1, new_from, dtype=np.int64)
    emit_from[data.cluster_of_item[again]] = 0
    return emit_from
