"""Which bucket an item belongs to: by the hash of its name, or, where conversions tie items together, of the first of them.

Items in different buckets never meet in one computation; those that a conversion ties must be in one. Pure; no I/O.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator

import pyarrow as pa
import pyarrow.compute as pc

from assets.ledger.carry import tied_items

Moves = dict[str, tuple[int, int]]
"""Items that leave a bucket for another."""

WANTED = pa.schema([("item_id", pa.string()), ("bucket", pa.int32()), ("is_whole", pa.bool_())])


def bucket_of(name: str, count: int) -> int:
    """Bucket of a name; the same on every machine."""
    return zlib.crc32(name.encode()) % count


def ties_of(legs: pa.Table) -> pa.Table:
    """(item_id, cluster) of the legs of conversions (item_id, transfer_group_id): all items of a group under its first."""
    plain = legs.select(["item_id", "transfer_group_id"]).cast(
        pa.schema([("item_id", pa.string()), ("transfer_group_id", pa.string())])
    )
    first = plain.group_by("transfer_group_id").aggregate([("item_id", "min")])
    tied = plain.join(first, "transfer_group_id")
    return pa.table({"item_id": tied["item_id"], "cluster": tied["item_id_min"]})


def deal(items: pa.ChunkedArray, legs: pa.Table, count: int) -> pa.Table:
    """WANTED, everything of every item, in `count` buckets; tied items in one."""
    names = items.to_pylist()
    roots = tied_items([ties_of(legs)]) if count > 1 else {}
    home = [bucket_of(roots.get(name, name), count) for name in names] if count > 1 else [0] * len(names)
    return pa.table([names, home, [True] * len(names)], schema=WANTED)


def deal_again(
    homes: pa.Table, legs: pa.Table, moved_items: pa.Array, recomputed: pa.Array, count: int
) -> tuple[pa.Table, Moves]:
    """WANTED of the items that a day concerns, and which items must move from one bucket to another for it.

    `homes` (item_id, cluster, bucket) is where the state has its items; `legs` are the day's legs of conversions.
    """
    at = dict(zip(homes["item_id"].to_pylist(), homes["bucket"].to_pylist(), strict=True))
    moves: Moves = {}
    roots = tied_items([homes.select(["item_id", "cluster"]), ties_of(legs)]) if count > 1 else {}
    for name, root in sorted(roots.items()):
        target = at.get(root, bucket_of(root, count))
        if at.setdefault(name, target) != target:
            moves[name] = (at[name], target)
            at[name] = target
    whole = set(recomputed.to_pylist())
    names = sorted(whole.union(moved_items.to_pylist()))
    home = [at[name] if name in at else bucket_of(name, count) for name in names]
    return pa.table([names, home, [name in whole for name in names]], schema=WANTED), moves


def of_bucket(wanted: pa.Table, bucket: int) -> pa.Array:
    """Items of a bucket."""
    mine = wanted.filter(pc.equal(wanted["bucket"], bucket))["item_id"]
    return mine.combine_chunks()


def arrivals(moves: Moves, target: int) -> Iterator[tuple[int, pa.Array]]:
    """(bucket they come from, items) of those that move to a bucket."""
    for source in sorted({here for here, there in moves.values() if there == target}):
        yield source, pa.array(sorted(name for name, move in moves.items() if move == (source, target)), pa.string())


def leaving(moves: Moves, source: int) -> pa.Array:
    """Items that move away from a bucket."""
    return pa.array(sorted(name for name, (here, _) in moves.items() if here == source), pa.string())


def is_moved(moves: Moves, bucket: int) -> bool:
    """Does anything leave or enter a bucket?"""
    return any(bucket in move for move in moves.values())
