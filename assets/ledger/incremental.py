"""Continuing from a saved state: a day's new movements, and back-dated ones that re-compute only the items they touch.

Which item goes which way is `plan`'s to say; here each goes it. Items without new movements are not computed at all; their layers are
copied. Pure; no I/O.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from assets.ledger.calendar import Calendars, day_number, of_own_periods, period_ends
from assets.ledger.carry import join_states, layers_at, part_of, place_sums_of, proofs, transit_sums_of
from assets.ledger.corrections import run_corrected
from assets.ledger.fields import EGRAIN, ESNAP
from assets.ledger.plan import Plan, make_plan
from assets.ledger.prepare import REQUIRED, Ints, Movements, prepare, require_columns
from assets.ledger.scale import LedgerInputError
from assets.ledger.settings import LedgerSettings
from assets.ledger.stage import costs_until, transit_sums, until
from assets.ledger.state import LedgerState, is_in, load_state, saved_labels, take_state, waiting_items
from assets.ledger.tables import LedgerTables, movement_costs, open_layers, place_sums, transit_layers, value_entries

History = Callable[[list[str]], pa.Table]
"""All effective movements up to the day of these items, with the columns of int_ledger_movements."""


@dataclass(frozen=True)
class LedgerDelta:
    """What a day changes. `conservation` and `transit_conservation` are whole; of the others, rows to put in place of void ones."""

    tables: LedgerTables
    state: LedgerState
    since: date
    """As-of date of the state that this continues from: rows of that snapshot are void unless it ends a period before the new one."""
    restated_items: pa.Array
    """Items all of whose rows are void and given out again."""
    calendars: Calendars
    """Whose periods end when."""


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

    `changed` holds the movements (columns of int_ledger_movements) that are new or differ from what the state has seen; `removed` the
    item_id of those that are void; `touched_items` what else is to be computed again (a standard cost changed backwards).
    `history` is asked once, and only for what must be. The result, merged (`merge.merge`), equals `compute` over all movements.
    Raises LedgerInputError when `as_of` lies before the state, or the state was made under other settings.
    """
    require_columns(changed)
    changed = until(changed, as_of).select(list(REQUIRED))
    gone = [] if removed is None else removed["item_id"].cast(pa.string()).to_pylist()
    moved = pc.unique(changed["item_id"].cast(pa.string()))
    waiting = [item for item in waiting_items(state).to_pylist() if item in set(moved.to_pylist())]
    plan = make_plan(
        changed,
        moved_items=moved,
        touched_items=[*touched_items, *gone, *waiting],
        ties=state.items,
        old_conversions=state.conversions["transfer_group_id"],
        since=state.as_of,
        as_of=as_of,
        settings=settings,
        standard_costs=standard_costs,
    )
    movements = changed.filter(pa.array(is_in(changed["item_id"], plan.continued)))
    if len(plan.recomputed):
        past = history(plan.recomputed.to_pylist()).select(list(REQUIRED))
        movements = pa.concat_tables([past.cast(movements.schema), movements])
    return advance(
        movements,
        state=state,
        plan=plan,
        as_of=as_of,
        settings=settings,
        standard_costs=standard_costs,
        threads=threads,
    )


def advance(
    movements: pa.Table,
    *,
    state: LedgerState,
    plan: Plan,
    as_of: date,
    settings: LedgerSettings,
    standard_costs: pa.Table | None = None,
    threads: int = 2,
) -> LedgerDelta:
    """Bring the items of a state to `as_of` as planned.

    `movements` are all of the items to be recomputed, and of the continued ones those after the state's day; in any order.
    Raises LedgerInputError when `as_of` lies before the state, or the state was made under other settings.
    """
    state.check(settings)
    if as_of < state.as_of:
        raise LedgerInputError(f"the state is of {state.as_of}, later than {as_of}: run the ledger in full")
    require_columns(movements)
    movements = until(movements, as_of)
    begun = part_of(state, plan.continued, inside=True)
    kept = part_of(state, pa.concat_arrays([plan.recomputed, plan.continued]), inside=False)
    data = prepare(movements, settings, costs_until(standard_costs, as_of), saved_labels(begun))
    saved, keys = load_state(begun, data, movements["movement_key"], settings)
    days, new_from = _snapshots(data, state.as_of, as_of, settings)
    again = np.asarray(pc.is_in(data.grains.labels["item_id"], value_set=plan.restated), dtype=np.bool_)
    result = run_corrected(data, settings, days, saved, threads, _emit_from(data, again, new_from))
    # An item that continues beside a restated one (a conversion of today ties them) has shown its older snapshots already.
    rows = result.emitted
    shown = rows[ESNAP] >= new_from
    if again.any():
        shown |= again[data.grains.codes["item_id"][rows[EGRAIN]]]
    emitted = rows if shown.all() else rows[:, shown]
    last = len(days) - 1
    sums = place_sums(data, result) + place_sums_of(begun, data.grains)
    transit = transit_sums(data, result) + transit_sums_of(begun, data.grains)
    moved = take_state(data, result, keys, sums, transit, last, as_of, settings)
    after = join_states(state, kept, moved)
    is_new = (data.date > day_number(state.as_of)) | again[data.grains.codes["item_id"][data.grain]]
    new_days = [date(1970, 1, 1) + timedelta(days=day) for day in days[new_from:]]
    proof, transit_proof = proofs(after)
    costs = movement_costs(data, result, movements["movement_key"])
    entries = result.corrections
    booked = entries.chosen((entries.day > day_number(state.as_of)) | again[data.grains.place_item[entries.place]])
    tables = LedgerTables(
        of_own_periods(
            settings.calendars,
            pa.concat_tables(
                [open_layers(emitted, days, data.grains, keys), layers_at(kept, new_days, under_way=False)]
            ),
            as_of,
        ),
        costs if is_new.all() else costs.filter(pa.array(is_new[: data.count])),
        value_entries(data, result, is_new, booked),
        proof,
        of_own_periods(
            settings.calendars,
            pa.concat_tables(
                [
                    transit_layers(emitted, days, data.grains, keys, data.group_labels),
                    layers_at(kept, new_days, under_way=True),
                ]
            ),
            as_of,
        ),
        transit_proof,
    )
    return LedgerDelta(tables, after, state.as_of, plan.restated, settings.calendars)


def _snapshots(data: Movements, since: date, as_of: date, settings: LedgerSettings) -> tuple[list[int], int]:
    """Period ends from the first movement at hand on and the day itself; and the number of the first that the state has not shown."""
    before, last = day_number(since), day_number(as_of)
    first = min(int(data.date.min()) if len(data.date) else last, before + 1, last)
    days = sorted({*period_ends(settings.calendars, first, last), last})
    return days, min(int(np.searchsorted(days, before, side="right")), len(days) - 1)


def _emit_from(data: Movements, again: NDArray[np.bool_], new_from: int) -> Ints:
    """Clusters with a restated item show all snapshots, the others the new ones."""
    emit_from = np.full(len(data.bounds) - 1, new_from, dtype=np.int64)
    emit_from[data.cluster_of_item[again]] = 0
    return emit_from
