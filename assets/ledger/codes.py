"""Labels to dense integers and back, sorts that cost one pass, and the clusters that conversions tie together.

Codes follow the order of their labels, so that a table sorted by code is sorted by label. No knowledge of stock.
"""

from __future__ import annotations

from collections.abc import Sequence

import numba as nb
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray


def encode(
    columns: Sequence[pa.ChunkedArray | pa.Array], *, keep_null: bool = False
) -> tuple[NDArray[np.int32], pa.Array]:
    """Codes of several text columns laid end to end, and the sorted labels. '' is always label 0; null is '' or, with `keep_null`, -1."""
    chunks = [pa.array([""], pa.string())]
    for column in columns:
        for chunk in column.chunks if isinstance(column, pa.ChunkedArray) else [column]:
            if pa.types.is_dictionary(chunk.type):
                chunk = pa.DictionaryArray.from_arrays(
                    chunk.indices.cast(pa.int32()), chunk.dictionary.cast(pa.string())
                )
            elif chunk.type != pa.string():
                chunk = chunk.cast(pa.string())
            chunks.append(chunk if pa.types.is_dictionary(chunk.type) else pc.dictionary_encode(chunk))
    chunks[0] = pc.dictionary_encode(chunks[0])
    joined = pa.chunked_array(chunks).unify_dictionaries()
    labels = joined.chunk(0).dictionary
    order = pc.array_sort_indices(labels).to_numpy()
    rank = np.empty(len(order) + 1, dtype=np.int32)
    rank[order] = np.arange(len(order), dtype=np.int32)
    rank[-1] = -1 if keep_null else rank[labels.index("").as_py()]
    parts = [
        np.asarray(pc.fill_null(chunk.indices, len(order)).to_numpy(zero_copy_only=False), dtype=np.int64)
        for chunk in joined.chunks[1:]
    ]
    indices = np.concatenate(parts) if parts else np.empty(0, dtype=np.int64)
    return rank[indices], labels.take(pa.array(order))


@nb.njit(cache=True)
def _dense(keys: NDArray[np.int64]) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
    size = 1024
    table = np.full(size, -1, dtype=np.int64)
    first = np.empty(256, dtype=np.int64)
    codes = np.empty(len(keys), dtype=np.int32)
    count = 0
    for row in range(len(keys)):
        key = keys[row]
        slot = ((np.uint64(key) * np.uint64(0x9E3779B97F4A7C15)) >> np.uint64(20)) & np.uint64(size - 1)
        while table[slot] >= 0 and keys[first[table[slot]]] != key:
            slot = (slot + np.uint64(1)) & np.uint64(size - 1)
        if table[slot] < 0:
            if count == len(first):
                larger = np.empty(2 * count, dtype=np.int64)
                larger[:count] = first
                first = larger
            first[count] = row
            table[slot] = count
            count += 1
            codes[row] = count - 1
            if 2 * count > size:
                size *= 4
                table = np.full(size, -1, dtype=np.int64)
                for code in range(count):
                    spot = (
                        (np.uint64(keys[first[code]]) * np.uint64(0x9E3779B97F4A7C15)) >> np.uint64(20)
                    ) & np.uint64(size - 1)
                    while table[spot] >= 0:
                        spot = (spot + np.uint64(1)) & np.uint64(size - 1)
                    table[spot] = code
        else:
            codes[row] = table[slot]
    return codes, first[:count].copy()


def combine(parts: Sequence[NDArray[np.int32]]) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
    """One dense code per distinct combination of codes, in the order of the parts; and the first row that has it."""
    if len(parts[0]) == 0:
        return np.empty(0, dtype=np.int32), np.empty(0, dtype=np.int64)
    keys = parts[0].astype(np.int64)
    span = int(keys.max()) + 1
    for part in parts[1:]:
        width = int(part.max()) + 1
        if width == 1:
            continue
        if span * width >= 2**62:
            keys = _dense(keys)[0].astype(np.int64)
            span = int(keys.max()) + 1
        keys = keys * width + part
        span *= width
    codes, first = _dense(keys)
    order = np.lexsort([part[first] for part in reversed(parts)])
    rank = np.empty(len(order), dtype=np.int32)
    rank[order] = np.arange(len(order), dtype=np.int32)
    return rank[codes], first[order]


@nb.njit(cache=True)
def counting_order(codes: NDArray[np.int32], count: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Stable order of rows by code, and where each code starts in it (count + 1 entries)."""
    start = np.zeros(count + 1, dtype=np.int64)
    for code in codes:
        start[code + 1] += 1
    for code in range(count):
        start[code + 1] += start[code]
    place = start[:-1].copy()
    order = np.empty(len(codes), dtype=np.int64)
    for row in range(len(codes)):
        order[place[codes[row]]] = row
        place[codes[row]] += 1
    return order, start


def clusters(item_count: int, items: NDArray[np.int32], groups: NDArray[np.int32]) -> NDArray[np.int32]:
    """Cluster of each item: items that share a group belong together; numbered by their lowest item."""
    parent = np.arange(item_count, dtype=np.int32)

    def root(item: int) -> int:
        while parent[item] != item:
            parent[item] = parent[parent[item]]
            item = int(parent[item])
        return item

    anchor: dict[int, int] = {}
    for item, group in sorted(set(zip(items.tolist(), groups.tolist(), strict=True))):
        a, b = root(anchor.setdefault(group, item)), root(item)
        parent[max(a, b)] = min(a, b)
    roots = np.fromiter((root(item) for item in range(item_count)), dtype=np.int32, count=item_count)
    return np.unique(roots, return_inverse=True)[1].astype(np.int32)
