"""What the network says of each row of a plan, and a shortage of a feeding warehouse divided among what it feeds."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numba import njit

from assets.planning.network.network import Network
from assets.planning.network.ration import divide
from assets.planning.network.stages import heads


@dataclass(frozen=True)
class RowSources:
    """Per row of a plan: above (row that feeds it, -1: bought or made), is_head (feeds others), kind and the feeding warehouse."""

    above: np.ndarray
    is_head: np.ndarray
    kind: np.ndarray
    from_warehouse_id: np.ndarray

    @property
    def is_moved(self) -> np.ndarray:
        """(n,) True where goods come from another warehouse."""
        return self.above >= 0


def row_sources(spine: pd.DataFrame, network: Network | None) -> RowSources:
    """Sources of the rows; without a network each is supplied by itself."""
    n = len(spine)
    if network is None:
        nothing = np.full(n, None, object)
        return RowSources(np.full(n, -1), np.zeros(n, bool), np.full(n, "supplier", object), nothing)
    table = network.table
    return RowSources(
        network.above, heads(network.above), table["source_kind"].to_numpy(object),
        table["from_warehouse_id"].astype(object).where(table["from_warehouse_id"].notna(), None).to_numpy(object),
    )  # fmt: skip


def shared_out(
    above: np.ndarray, stock: np.ndarray, keep: np.ndarray, position: np.ndarray, request: np.ndarray, step: float
) -> np.ndarray:
    """(n,) units that each row gets of what it asks for from the row that feeds it.

    Args:
        stock: (n,) units that a row can send away now. keep: (n,) units that it wants for its own customers. position,
            request: (n,) of the row that asks. Where all together is too much, everyone is lifted to the same share of
            its target (position + request).
    """
    asks = np.flatnonzero((above >= 0) & (request > 0))
    given = np.zeros(len(above))
    if not len(asks):
        return given
    asks = asks[np.argsort(above[asks], kind="stable")]
    starts = np.flatnonzero(np.diff(above[asks], prepend=-1))
    ends = np.append(starts[1:], len(asks))
    _share(asks, starts, ends, above, stock, keep, position, request, float(step), given)
    return given


@njit(cache=True, nogil=True)
def _share(asks, starts, ends, above, stock, keep, position, request, step, given):  # type: ignore[no-untyped-def]  # pragma: no cover
    for s in range(len(starts)):
        count = ends[s] - starts[s] + 1
        feeder = above[asks[starts[s]]]
        held, target, parts = np.zeros(count), np.zeros(count), np.zeros(count)
        for c in range(1, count):
            row = asks[starts[s] + c - 1]
            held[c] = position[row]
            target[c] = position[row] + request[row]
        divide(max(stock[feeder], 0.0), keep[feeder], held, target, parts, step)
        for c in range(1, count):
            given[asks[starts[s] + c - 1]] = parts[c]
