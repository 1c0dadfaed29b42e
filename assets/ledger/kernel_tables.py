"""The tables that the kernel works on, by name: what every step of one chunk shares, and how a run is divided into chunks.

Named tuples, because numba compiles them like loose arguments; what it costs is in docs/adr/0026-named-tables.md.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from assets.ledger.fields import NODE_FIELDS, OUT_FIELDS, RECORD_FIELDS, SCALARS

Ints = NDArray[np.int64]


class Tables(NamedTuple):
    """Integer tables; their columns are named in `fields.py`."""

    moves: Ints
    """(movements, MOVE_FIELDS): the movements of the chunk."""
    rows: Ints
    """(movements,): identity of each, kept as a layer's origin document."""
    layers: Ints
    """(nodes, NODE_FIELDS): layers of the cluster at hand."""
    pools: Ints
    """(pools, POOL_FIELDS): ends of each pool's queues."""
    costs: Ints
    """(cost pools, COST_FIELDS)."""
    items: Ints
    """(items, ITEM_FIELDS)."""
    records: Ints
    """(nodes, RECORD_FIELDS): what issues took, for returns."""
    heads: Ints
    """(order lines,): newest record of each."""
    grains: Ints
    """(grains, 4): lot, warehouse, is valued, item."""
    waits: Ints
    """(movements of the run, WAIT_FIELDS): units that wait for a cost."""
    transit: Ints
    """(items, 4): units in, units out, value in, value out of goods under way."""
    deferred: Ints
    """(movements,): units whose value waits for the close of the month."""
    out: Ints
    """(movements, OUT_FIELDS): the answers."""
    run: Ints
    """(SCALARS,): scalars of the run."""
    cfg: Ints
    """(4,): the modes."""
    done: NDArray[np.bool_]
    """(movements,): which movements of a run of legs have been taken."""


class Chunk(NamedTuple):
    """Where each cluster has its movements, pools, groups and saved layers; the same for all chunks of a run."""

    bounds: Ints
    """(clusters + 1,): first movement of each cluster."""
    member_at: Ints
    members: Ints
    """Pools of each cluster, from `member_at[cluster]` on."""
    group_at: Ints
    groups: Ints
    """Groups of moves of each cluster."""
    saved_at: Ints
    saved: Ints
    """(layers, NODE_FIELDS): saved layers of each cluster."""
    saved_pool: Ints
    first_group: int
    """Pool of the first group: goods under way count on from the last pool."""
    cost_pool: Ints
    """(grains,): cost pool of each grain."""
    snapshots: Ints
    """Days on which layers are emitted, ascending."""
    emit_from: Ints
    """(clusters,): first snapshot that is emitted."""


def tables_of_chunk(capacity: int, moves: Ints, rows: Ints, shared: dict[str, Ints]) -> Tables:
    """The tables of one chunk: `shared` are those of the whole run, by name; the rest is made empty.

    Args:
        capacity: most layers that a cluster of the chunk can have at a time.
        moves: movements of the chunk.
        rows: identity of each.
        shared: pools, costs, items, heads, grains, waits, transit, cfg.
    """
    count = len(moves)
    return Tables(
        moves=moves,
        rows=rows,
        layers=np.empty((capacity, NODE_FIELDS), dtype=np.int64),
        records=np.empty((capacity, RECORD_FIELDS), dtype=np.int64),
        deferred=np.zeros(count, dtype=np.int64),
        out=np.zeros((count, OUT_FIELDS), dtype=np.int64),
        run=np.zeros(SCALARS, dtype=np.int64),
        done=np.zeros(count, dtype=np.bool_),
        **shared,
    )
