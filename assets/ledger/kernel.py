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
    NTAIL,
    OCSET,
    OKNW,
    ORG,
    OSET,
    OTSET,
    OUNK,
    OVAL,
    PENDING,
    POOL,
    PRODUCED,
    QTY,
    RFREE,
    RTOP,
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
def _step(k, first_group, tables):  # type: ignore[no-untyped-def]
    """One movement: dispatch by kind and sign, note value and settlements."""
    moves, pools, costs, deferred = tables.moves, tables.pools, tables.costs, tables.deferred
    out, run, cfg = tables.out, tables.run, tables.cfg
    kind, qty, value = moves[k, KIND], moves[k, MQTY], 0
    run[SETTLED], run[CSETTLED], run[TSETTLED], run[ALLKNOWN], run[UNCOSTED] = 0, 0, 0, 1, 0
    under_way = first_group + moves[k, GROUP]
    waiting = costs[moves[k, CPOOL], CDEF]
    if kind in (K_MOVE, K_CONVERT):
        if qty < 0:
            value = ship(k, under_way, tables)
        elif kind == K_MOVE:
            value = accept(k, under_way, tables)
        else:
            value = turn_into(k, under_way, pools[under_way, PRODUCED], tables)
            pools[under_way, PRODUCED] += qty
    elif qty < 0:
        value = issue(k, tables)
    elif kind in (K_RETURN, K_ISSUE):
        value = give_back(k, tables)
    elif kind == K_FOUND:
        value = find(k, tables)
    elif kind == K_RECEIPT:
        if qty > 0:
            value = receive(k, tables)
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
def _together(first, after, first_group, tables):  # type: ignore[no-untyped-def]
    """One movement, or a run of legs of moves of one day; see the order within a day above."""
    moves, pools, out, done = tables.moves, tables.pools, tables.out, tables.done
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
            _step(k, first_group, tables)
            done[k] = True
            left -= 1
            moved = True
            if is_run and moves[k, MQTY] < 0:
                pools[first_group + moves[k, GROUP], PENDING] -= 1
            if force:
                break
        force = not moved


@part
def _load(start, stop, chunk, tables):  # type: ignore[no-untyped-def]
    """Put saved layers back into their pools, in the order in which they were saved."""
    layers, pools, saved = tables.layers, tables.pools, chunk.saved
    for row in range(start, stop):
        pool = chunk.saved_pool[row]
        node = make_layer(
            tables, saved[row, QTY], saved[row, VAL], saved[row, ORG], saved[row, ARR], saved[row, SRC], saved[row, UC],
            saved[row, EXP], saved[row, GRN], saved[row, KNW],
        )  # fmt: skip
        layers[node, DEM] = saved[row, DEM]
        pools[pool, NET] += saved[row, QTY]
        if saved[row, QTY] > 0:
            link_after(layers, pools, pool, node, pools[pool, TAIL], HEAD, TAIL)
        else:
            link_after(layers, pools, pool, node, pools[pool, NTAIL], NHEAD, NTAIL)


@part
def run_clusters(first_cluster, last_cluster, chunk, tables, emit_size):  # type: ignore[no-untyped-def]
    """Clusters first_cluster..last_cluster-1, one after another; see `run_chunk`."""
    moves, out, run, cfg = tables.moves, tables.out, tables.run, tables.cfg
    bounds, snapshots, first_group = chunk.bounds, chunk.snapshots, chunk.first_group
    base = bounds[first_cluster]
    emitted = np.empty((EMIT_FIELDS, emit_size), dtype=np.int64)
    run[ERROR] = -1
    for cluster in range(first_cluster, last_cluster):
        run[FREE], run[TOP], run[RFREE], run[RTOP] = -1, 0, -1, 0
        _load(chunk.saved_at[cluster], chunk.saved_at[cluster + 1], chunk, tables)
        mine = chunk.members[chunk.member_at[cluster] : chunk.member_at[cluster + 1]]
        my_groups = chunk.groups[chunk.group_at[cluster] : chunk.group_at[cluster + 1]]
        k, stop = bounds[cluster] - base, bounds[cluster + 1] - base
        month_start, snapshot = k, 0
        while k < stop or snapshot < len(snapshots):
            at_end = k >= stop
            new_month = at_end or moves[k, MONTH] != moves[month_start, MONTH]
            if month_start < stop and new_month and cfg[C_FAMILY] == FAMILY_MONTHLY:
                close_month(month_start, k, moves, tables.rows, tables.deferred, tables.costs, tables.waits, out)
                month_start = k
            while snapshot < len(snapshots) and (at_end or moves[k, DATE] > snapshots[snapshot]):
                if snapshot >= chunk.emit_from[cluster]:
                    if run[EMITTED] + run[TOP] > emitted.shape[1]:
                        larger = np.empty((EMIT_FIELDS, 2 * emitted.shape[1] + run[TOP]), dtype=np.int64)
                        larger[:, : run[EMITTED]] = emitted[:, : run[EMITTED]]
                        emitted = larger
                    emit_layers(tables, snapshot, mine, my_groups, first_group, chunk.cost_pool, emitted)
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
            _together(k, after, first_group, tables)
            k = after
    return emitted[:, : run[EMITTED]].copy(), run[ERROR]


def _make_run_chunk(stamp: int) -> Callable[..., Any]:
    @nb.njit(nogil=True, cache=True, error_model="numpy")
    def run_chunk(first_cluster, last_cluster, chunk, tables, emit_size):  # type: ignore[no-untyped-def]
        tables.run[STAMP] = stamp
        return run_clusters(first_cluster, last_cluster, chunk, tables, emit_size)

    return run_chunk


run_chunk = _make_run_chunk(source_stamp())
"""Run clusters first_cluster..last_cluster-1 of `chunk` (kernel_tables.Chunk) over `tables` (kernel_tables.Tables), whose `out` has the
answer per movement afterwards; `emit_size`: layers that are expected to be emitted. Returns (emitted layers, row in error or -1)."""
