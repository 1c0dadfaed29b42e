"""Runs the kernel over chunks of clusters on as many threads as asked for, and gathers what it answers.

Chunks bound the memory beyond the input and the results; the kernel releases the GIL. The result does not depend on threads or chunk size.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from assets.ledger.codes import counting_order
from assets.ledger.fields import (
    C_FAMILY,
    C_FLOW,
    C_MATCH,
    C_RESET,
    CKNW,
    CLAST,
    COPEN,
    COST_FIELDS,
    CPOOL,
    CWAIT,
    DATE,
    E_COGS,
    EMIT_FIELDS,
    FAMILY_LAYER,
    FAMILY_MONTHLY,
    FAMILY_MOVING,
    FAMILY_STANDARD,
    FLOW_FEFO,
    FLOW_FIFO,
    FLOW_LIFO,
    GRAIN,
    GROUP,
    ILAST,
    ISDEM,
    ISRC,
    ITEM,
    ITEM_FIELDS,
    IUC,
    KIND,
    MCOST,
    MEXP,
    MONTH,
    MOVE_FIELDS,
    MQTY,
    MTOTAL,
    MVAL,
    NET,
    NODE_FIELDS,
    OCSET,
    OKNW,
    OSET,
    OTSET,
    OUNK,
    OVAL,
    PENDING,
    POOL,
    POOL_FIELDS,
    PRODUCED,
    REF,
    STD,
    WANT,
    WHOLE,
)  # fmt: skip
from assets.ledger.kernel import run_chunk
from assets.ledger.kernel_tables import Chunk, tables_of_chunk
from assets.ledger.kernel_waiting import WAIT_FIELDS, WBACK, WUNITS
from assets.ledger.prepare import Ints, Movements
from assets.ledger.results import Result
from assets.ledger.scale import NULL_COST, LedgerOverflowError
from assets.ledger.settings import LedgerSettings

CHUNK_ROWS = 200_000
"""Movements per chunk: 25 MB of working tables, small beside the caches' refill and large beside the call (set 2026-11, 2 cores)."""

_FLOWS = {"fifo": FLOW_FIFO, "fefo": FLOW_FEFO, "lifo": FLOW_LIFO}
_FAMILIES = {
    "fifo": FAMILY_LAYER,
    "specific": FAMILY_LAYER,
    "moving_average": FAMILY_MOVING,
    "monthly_average": FAMILY_MONTHLY,
    "standard": FAMILY_STANDARD,
}


@dataclass(frozen=True)
class Saved:
    """What a state brings into a run: open layers (node fields) with their pool, cost pools, items. Empty for a run from the start."""

    layers: Ints = field(default_factory=lambda: np.empty((0, NODE_FIELDS), dtype=np.int64))
    pool: Ints = field(default_factory=lambda: np.empty(0, dtype=np.int64))
    """Pool of each layer; goods under way count on from the last pool."""
    cluster: NDArray[np.int32] = field(default_factory=lambda: np.empty(0, dtype=np.int32))
    costs: Ints | None = None
    items: Ints | None = None


def configuration(settings: LedgerSettings) -> Ints:
    """The modes as the kernel reads them."""
    cfg = np.zeros(4, dtype=np.int64)
    cfg[C_RESET] = settings.ageing == "resetting"
    cfg[C_FLOW] = _FLOWS[settings.flow]
    cfg[C_FAMILY] = _FAMILIES[settings.cost]
    cfg[C_MATCH] = settings.lots == "named_else_any"
    return cfg


def fresh_costs(count: int) -> Ints:
    """Cost pools that have seen nothing."""
    costs = np.zeros((count, COST_FIELDS), dtype=np.int64)
    costs[:, CLAST] = costs[:, COPEN] = NULL_COST
    costs[:, CKNW] = WHOLE
    costs[:, CWAIT] = -1
    return costs


def fresh_items(count: int) -> Ints:
    """Items that have seen nothing."""
    items = np.zeros((count, ITEM_FIELDS), dtype=np.int64)
    items[:, ILAST] = items[:, IUC] = NULL_COST
    items[:, ISRC] = -1
    return items


def _gather(data: Movements, rows: Ints, settings: LedgerSettings) -> Ints:
    """The movement table of a chunk."""
    grains, grain = data.grains, data.grain[rows]
    moves = np.empty((len(rows), MOVE_FIELDS), dtype=np.int64)
    group = data.group[rows]
    moves[:, KIND] = data.kind[rows]
    moves[:, GRAIN] = grain
    moves[:, POOL] = grains.pool[grain]
    lot = grains.codes["lot_no"][grain]
    moves[:, WANT] = np.where(lot > 0, lot, -1) if settings.lots == "named_else_any" else -1
    moves[:, CPOOL] = grains.cost_pool[grain]
    moves[:, ITEM] = grains.codes["item_id"][grain]
    moves[:, GROUP] = group
    moves[:, MQTY] = data.quantity[rows]
    moves[:, MCOST] = data.cost[rows]
    moves[:, MVAL] = data.amount[rows]
    moves[:, DATE] = data.date[rows]
    moves[:, MONTH] = data.month[rows]
    moves[:, MEXP] = data.expiry[rows]
    moves[:, REF] = data.ref[rows]
    moves[:, STD] = (
        NULL_COST if data.standard is None else np.where(grains.valued[grain], data.standard[rows], NULL_COST)
    )
    moves[:, MTOTAL] = data.group_total[group] if len(data.group_total) else 0
    moves[:, ISDEM] = data.entry[rows] == E_COGS
    return moves


def run(
    data: Movements,
    settings: LedgerSettings,
    snapshot_days: Sequence[int],
    saved: Saved | None = None,
    threads: int = 2,
    emit_from: Ints | None = None,
) -> Result:
    """Run every cluster. `snapshot_days` ascending, days since 1970; a cluster's layers are emitted from the
    snapshot numbered `emit_from[cluster]` on.

    Raises LedgerOverflowError when a value leaves 64 bits.
    """
    saved = saved or Saved()
    grains = data.grains
    cluster_count = len(data.bounds) - 1
    group_count = len(data.group_item)
    pools = np.full((grains.pool_count + group_count, POOL_FIELDS), -1, dtype=np.int64)
    pools[:, [NET, PRODUCED, PENDING]] = 0
    costs = fresh_costs(grains.cost_pool_count) if saved.costs is None else saved.costs
    items = fresh_items(len(grains.labels["item_id"])) if saved.items is None else saved.items
    transit = np.zeros((len(items), 4), dtype=np.int64)
    heads = np.full(data.ref_count, -1, dtype=np.int64)
    facts = np.stack(
        [grains.codes["lot_no"], grains.codes["warehouse_id"], grains.valued.astype(np.int32), grains.codes["item_id"]],
        axis=1,
    ).astype(np.int64)
    pool_item = np.zeros(grains.pool_count, dtype=np.int32)
    pool_item[grains.pool] = grains.codes["item_id"]
    members, member_at = counting_order(data.cluster_of_item[pool_item], cluster_count)
    groups, group_at = counting_order(data.cluster_of_item[data.group_item], cluster_count)
    saved_order, saved_at = counting_order(saved.cluster, cluster_count)
    saved_layers, saved_pool = saved.layers[saved_order], saved.pool[saved_order]
    snapshots = np.asarray(snapshot_days, dtype=np.int64)
    cost_pool = grains.cost_pool.astype(np.int64)
    emit_from = np.zeros(cluster_count, dtype=np.int64) if emit_from is None else emit_from
    cfg = configuration(settings)
    total = len(data.quantity)
    value, settlement, sold, under_way, uncosted_stock = (np.zeros(total, dtype=np.int64) for _ in range(5))
    waits = np.zeros((total, WAIT_FIELDS), dtype=np.int64)
    known = np.zeros(total, dtype=np.bool_)
    sizes = 3 * np.diff(data.bounds) + np.diff(saved_at) + 8
    shared = {
        "pools": pools, "costs": costs, "items": items, "heads": heads, "grains": facts, "waits": waits, "transit": transit, "cfg": cfg,
    }  # fmt: skip
    chunk = Chunk(
        bounds=data.bounds, member_at=member_at, members=members, group_at=group_at, groups=groups, saved_at=saved_at, saved=saved_layers,
        saved_pool=saved_pool, first_group=grains.pool_count, cost_pool=cost_pool, snapshots=snapshots, emit_from=emit_from,
    )  # fmt: skip

    def one(first: int, last: int) -> Ints:
        rows = data.order[data.bounds[first] : data.bounds[last]]
        moves = _gather(data, rows, settings)
        tables = tables_of_chunk(int(sizes[first:last].max(initial=8)), moves, rows, shared)
        emitted, error = run_chunk(first, last, chunk, tables, 1024 + len(rows))
        out = tables.out
        if error >= 0:
            name = grains.labels["item_id"][int(moves[error, ITEM])]
            raise LedgerOverflowError(
                f"item {name}: a value exceeds what 64 bits count exactly; check its quantities and costs"
            )
        value[rows], settlement[rows], under_way[rows] = out[:, OVAL], out[:, OSET], out[:, OTSET]
        sold[rows], uncosted_stock[rows] = out[:, OCSET], out[:, OUNK]
        known[rows] = out[:, OKNW] == 1
        return emitted

    edges = _chunk_edges(data.bounds)
    with ThreadPoolExecutor(max(1, threads)) as pool:
        parts = list(pool.map(one, edges[:-1], edges[1:]))
    emitted = np.concatenate(parts, axis=1) if parts else np.empty((EMIT_FIELDS, 0), dtype=np.int64)
    waiting = waits[:, WUNITS]
    uncosted = np.where(known, waiting, np.abs(data.quantity))
    # Units that have got their cost since have never made a value unknown, as far as is known today.
    uncosted_stock += waiting if settings.layers_carry_value else -waits[:, WBACK]
    return Result(
        value, settlement, sold, under_way, known & (waiting == 0), uncosted, uncosted_stock, emitted, costs, items, transit
    )  # fmt: skip


def _chunk_edges(bounds: Ints) -> list[int]:
    """Clusters at which chunks begin and end: whole clusters, about CHUNK_ROWS movements each."""
    if len(bounds) < 2:
        return [0]
    marks = np.arange(0, bounds[-1], CHUNK_ROWS)
    starts = np.searchsorted(bounds, marks, side="left")
    edges = np.unique(np.concatenate([[0], starts, [len(bounds) - 1]]))
    return [int(edge) for edge in edges]
