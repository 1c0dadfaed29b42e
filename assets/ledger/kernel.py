"""The layer kernel: one pass per cluster of items over its movements in time order. Compiled.

A cluster is one item, or the items that conversions tie together. What belongs here: the order in which a day's movements are taken, the
snapshots between them, the loop over clusters. `run_chunk` releases the GIL, so that chunks run on as many threads as there are cores.

Order within a day: as `movement_sequence` says, save for one rule. In a run of consecutive legs of moves, an out leg that is short waits
for the legs of the run that bring goods into its pool, and an in leg waits for the out legs of its group; what still waits when nothing
moves any more is taken in sequence. So goods that pass through two warehouses in one day keep their dates, however the documents
were numbered.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numba as nb
import numpy as np

from assets.ledger.emit import emit_layers
from assets.ledger.fields import (
    ALLKNOWN,
    ARR,
    C_FAMILY,
    CDEF,
    CPOOL,
    CSETTLED,
    DATE,
    DEM,
    EMIT_FIELDS,
    EMITTED,
    ERROR,
    EXP,
    FAMILY_LAYER,
    FAMILY_MONTHLY,
    FREE,
    GRN,
    GROUP,
    HEAD,
    K_CONVERT,
    K_FOUND,
    K_ISSUE,
    K_MOVE,
    K_RECEIPT,
    K_RETURN,
    K_REVALUE,
    KIND,
    KNW,
    MONTH,
    MQTY,
    NET,
    NHEAD,
    NODE_FIELDS,
    NTAIL,
    OCSET,
    OKNW,
    ORG,
    OSET,
    OTSET,
    OUNK,
    OUT_FIELDS,
    OVAL,
    PENDING,
    POOL,
    PRODUCED,
    QTY,
    RECORD_FIELDS,
    RFREE,
    RTOP,
    SCALARS,
    SETTLED,
    SRC,
    STAMP,
    STD,
    TAIL,
    TOP,
    TSETTLED,
    UC,
    UNCOSTED,
    VAL,
)  # fmt: skip
from assets.ledger.jit import part
from assets.ledger.kernel_convert import turn_into
from assets.ledger.kernel_cost import close_month, report_uncosted, revalue
from assets.ledger.kernel_nodes import link_after, make_layer
from assets.ledger.kernel_steps import accept, find, give_back, issue, receive, ship
from assets.ledger.source_stamp import source_stamp

BIG = 9_000_000_000_000_000_000


@part
def _step(  # type: ignore[no-untyped-def]
    k,
    first_group,
    moves,
    rows,
    layers,
    pools,
    costs,
    items,
    records,
    heads,
    grains,
    waits,
    transit,
    deferred,
    out,
    run,
    cfg,
):
    """One movement: dispatch by kind and sign, note value and settlements."""
    kind, qty, value = moves[k, KIND], moves[k, MQTY], 0
    run[SETTLED], run[CSETTLED], run[TSETTLED], run[ALLKNOWN], run[UNCOSTED] = 0, 0, 0, 1, 0
    under_way = first_group + moves[k, GROUP]
    waiting = costs[moves[k, CPOOL], CDEF]
    if kind in (K_MOVE, K_CONVERT):
        if qty < 0:
            value = ship(k, under_way, moves, rows, layers, pools, costs, items, grains, waits, transit, run, cfg)
        elif kind == K_MOVE:
            value = accept(k, under_way, moves, rows, layers, pools, costs, items, grains, waits, transit, run, cfg)
        else:
            value = turn_into(
                k,
                under_way,
                pools[under_way, PRODUCED],
                moves,
                rows,
                layers,
                pools,
                costs,
                items,
                grains,
                waits,
                transit,
                run,
                cfg,
            )
            pools[under_way, PRODUCED] += qty
    elif qty < 0:
        value = issue(k, moves, rows, layers, pools, costs, items, records, heads, grains, waits, run, cfg)
    elif kind in (K_RETURN, K_ISSUE):
        value = give_back(k, moves, rows, layers, pools, costs, items, records, heads, grains, waits, run, cfg)
    elif kind == K_FOUND:
        value = find(k, moves, rows, layers, pools, costs, items, grains, waits, run, cfg)
    elif kind == K_RECEIPT:
        if qty > 0:
            value = receive(k, moves, rows, layers, pools, costs, items, grains, waits, run, cfg)
    else:
        value = revalue(costs, moves[k, CPOOL], moves[k, STD])
    deferred[k] = costs[moves[k, CPOOL], CDEF] - waiting
    out[k, OVAL] = value
    out[k, OSET] = run[SETTLED]
    out[k, OCSET] = run[CSETTLED]
    out[k, OTSET] = run[TSETTLED]
    out[k, OKNW] = run[ALLKNOWN]
    out[k, OUNK] = run[UNCOSTED]
    if cfg[C_FAMILY] != FAMILY_LAYER:
        report_uncosted(k, costs, moves[k, CPOOL], out)
    if value > BIG or value < -BIG or run[SETTLED] > BIG or run[SETTLED] < -BIG:
        run[ERROR] = k


@part
def _is_leg(kind):  # type: ignore[no-untyped-def]
    return kind in (K_MOVE, K_CONVERT)


@part
def _must_wait(k, first, after, moves, pools, first_group, done):  # type: ignore[no-untyped-def]
    if moves[k, MQTY] > 0:
        return pools[first_group + moves[k, GROUP], PENDING] > 0
    pool = moves[k, POOL]
    if pools[pool, NET] >= -moves[k, MQTY]:
        return False
    for other in range(first, after):  # noqa: SIM110 - generators do not compile
        if not done[other] and moves[other, MQTY] > 0 and moves[other, POOL] == pool:
            return True
    return False


@part
def _together(  # type: ignore[no-untyped-def]
    first, after, first_group, moves, rows, layers, pools, costs, items, records, heads, grains, waits, transit, deferred, out, run, cfg,
    done,
):  # fmt: skip
    """One movement, or a run of legs of moves of one day; see the order within a day above."""
    is_run = after > first + 1
    left = after - first
    for k in range(first, after):
        done[k] = is_run and moves[k, MQTY] == 0
        if done[k]:
            out[k, OKNW] = 1
            left -= 1
        if is_run and moves[k, MQTY] < 0:
            pools[first_group + moves[k, GROUP], PENDING] += 1
    force = not is_run
    while left > 0:
        moved = False
        for k in range(first, after):
            if done[k] or (not force and _must_wait(k, first, after, moves, pools, first_group, done)):
                continue
            _step(
                k, first_group, moves, rows, layers, pools, costs, items, records, heads, grains, waits, transit, deferred, out, run, cfg
            )  # fmt: skip
            done[k] = True
            left -= 1
            moved = True
            if is_run and moves[k, MQTY] < 0:
                pools[first_group + moves[k, GROUP], PENDING] -= 1
            if force:
                break
        force = not moved


@part
def _load(start, stop, saved, saved_pool, layers, pools, run):  # type: ignore[no-untyped-def]
    """Put saved layers back into their pools, in the order in which they were saved."""
    for row in range(start, stop):
        pool = saved_pool[row]
        node = make_layer(
            layers, run, saved[row, QTY], saved[row, VAL], saved[row, ORG], saved[row, ARR], saved[row, SRC], saved[row, UC],
            saved[row, EXP], saved[row, GRN], saved[row, KNW],
        )  # fmt: skip
        layers[node, DEM] = saved[row, DEM]
        pools[pool, NET] += saved[row, QTY]
        if saved[row, QTY] > 0:
            link_after(layers, pools, pool, node, pools[pool, TAIL], HEAD, TAIL)
        else:
            link_after(layers, pools, pool, node, pools[pool, NTAIL], NHEAD, NTAIL)


def _make_run_chunk(stamp: int) -> Callable[..., Any]:
    @nb.njit(nogil=True, cache=True, error_model="numpy")
    def run_chunk(  # type: ignore[no-untyped-def]
        first_cluster, last_cluster, base, bounds, capacity, moves, rows, member_at, members, group_at, groups, saved_at, saved, saved_pool,
        first_group, pools, costs, items, heads, grains, waits, cost_pool, transit, snapshots, emit_from, emit_size, cfg,
    ):  # fmt: skip
        count_moves = len(moves)
        layers = np.empty((capacity, NODE_FIELDS), dtype=np.int64)
        records = np.empty((capacity, RECORD_FIELDS), dtype=np.int64)
        out = np.zeros((count_moves, OUT_FIELDS), dtype=np.int64)
        deferred = np.zeros(count_moves, dtype=np.int64)
        done = np.zeros(count_moves, dtype=np.bool_)
        run = np.zeros(SCALARS, dtype=np.int64)
        emitted = np.empty((EMIT_FIELDS, emit_size), dtype=np.int64)
        run[ERROR], run[STAMP] = -1, stamp
        for cluster in range(first_cluster, last_cluster):
            run[FREE], run[TOP], run[RFREE], run[RTOP] = -1, 0, -1, 0
            _load(saved_at[cluster], saved_at[cluster + 1], saved, saved_pool, layers, pools, run)
            mine = members[member_at[cluster] : member_at[cluster + 1]]
            my_groups = groups[group_at[cluster] : group_at[cluster + 1]]
            k, stop = bounds[cluster] - base, bounds[cluster + 1] - base
            month_start, snapshot = k, 0
            while k < stop or snapshot < len(snapshots):
                at_end = k >= stop
                new_month = at_end or moves[k, MONTH] != moves[month_start, MONTH]
                if month_start < stop and new_month and cfg[C_FAMILY] == FAMILY_MONTHLY:
                    close_month(month_start, k, moves, rows, deferred, costs, waits, out)
                    month_start = k
                while snapshot < len(snapshots) and (at_end or moves[k, DATE] > snapshots[snapshot]):
                    if snapshot >= emit_from[cluster]:
                        if run[EMITTED] + run[TOP] > emitted.shape[1]:
                            larger = np.empty((EMIT_FIELDS, 2 * emitted.shape[1] + run[TOP]), dtype=np.int64)
                            larger[:, : run[EMITTED]] = emitted[:, : run[EMITTED]]
                            emitted = larger
                        emit_layers(
                            snapshot, mine, my_groups, first_group, layers, pools, costs, cost_pool, emitted, run, cfg
                        )
                    snapshot += 1
                if at_end:
                    break
                if moves[k, MQTY] == 0 and moves[k, KIND] != K_REVALUE:
                    out[k, OKNW] = 1
                    k += 1
                    continue
                after = k
                while after < stop and _is_leg(moves[after, KIND]) and moves[after, DATE] == moves[k, DATE]:
                    after += 1
                after = max(after, k + 1)
                _together(
                    k, after, first_group, moves, rows, layers, pools, costs, items, records, heads, grains, waits, transit, deferred, out,
                    run, cfg, done,
                )  # fmt: skip
                k = after
        return out, emitted[:, : run[EMITTED]].copy(), run[ERROR]

    return run_chunk


run_chunk = _make_run_chunk(source_stamp())
"""Run clusters first_cluster..last_cluster-1. Returns (answers per movement, emitted layers, row in error or -1)."""
