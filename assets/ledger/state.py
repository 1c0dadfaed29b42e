"""What the ledger keeps to continue later: open layers at a date, cost pools, sums so far. Tables only; no I/O, no arithmetic.

A state is bound to the settings that made it (fingerprint) and to the version of this layout.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import date

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from assets.ledger.engine import Saved, fresh_costs, fresh_items
from assets.ledger.fields import (
    ARR,
    CDEF,
    CKNW,
    CLAST,
    COPEN,
    CQTY,
    CRES,
    CSOLD,
    CUNK,
    CVAL,
    DEM,
    EARR,
    EDEM,
    EEXP,
    EGRAIN,
    EGROUP,
    EKNW,
    EORG,
    EQTY,
    ESNAP,
    ESRC,
    EUC,
    EVAL,
    EXP,
    GRN,
    IEXP,
    ILAST,
    IORG,
    ISRC,
    IUC,
    KNW,
    NODE_FIELDS,
    ORG,
    QTY,
    SRC,
    UC,
    VAL,
)  # fmt: skip
from assets.ledger.prepare import GRAIN_COLUMNS, Ints, Movements
from assets.ledger.results import Result
from assets.ledger.scale import LedgerInputError
from assets.ledger.settings import LedgerSettings
from assets.ledger.tables import layer_numbers, origin_keys

STATE_VERSION = 3

_LAYER_FIELDS = {
    "origin": (EORG, ORG), "arrived": (EARR, ARR), "quantity": (EQTY, QTY), "unit_cost": (EUC, UC), "value": (EVAL, VAL),
    "known": (EKNW, KNW), "expiry": (EEXP, EXP), "demand": (EDEM, DEM),
}  # fmt: skip
_COST_COLUMNS = {
    "quantity": CQTY, "value": CVAL, "last_cost": CLAST, "opening_cost": COPEN, "deferred": CDEF, "known": CKNW, "sold": CSOLD,
    "residue": CRES, "uncosted": CUNK,
}  # fmt: skip
_ITEM_FIELDS = {"last_cost": ILAST, "left_origin": IORG, "left_cost": IUC, "left_expiry": IEXP}
TRANSIT_COLUMNS = ("shipped_units", "arrived_units", "shipped_value", "arrived_value", "settled_value")
SUM_COLUMNS = ("opening_units", "in_units", "out_units", "value_in", "value_out", "known_movements")


@dataclass(frozen=True)
class LedgerState:
    """The ledger at the end of `as_of`. All figures are scaled integers (`scale.py`), all days numbers since 1970-01-01."""

    as_of: date
    fingerprint: str
    layers: pa.Table
    """Open layers and goods under way in flow order: the grain, is_valued, transfer_group_id, is_conversion, source key, node fields."""
    costs: pa.Table
    """Per item x warehouse x valued: one of its grains, and the cost pool."""
    items: pa.Table
    """Per item: cluster, what left last, sums of goods under way."""
    places: pa.Table
    """Per item x warehouse: the sums of its movements."""
    conversions: pa.Table
    """Groups of every conversion so far: a further leg of one re-computes its items."""

    def tables(self) -> dict[str, pa.Table]:
        """The tables by name."""
        return {
            field.name: getattr(self, field.name)
            for field in fields(self)
            if field.name not in ("as_of", "fingerprint")
        }

    def check(self, settings: LedgerSettings) -> None:
        """Raises LedgerInputError when the state was made under other settings."""
        if self.fingerprint != settings.fingerprint:
            raise LedgerInputError("the saved state was made under other ledger settings: run the ledger in full")


def waiting_items(state: LedgerState) -> pa.Array:
    """Items of which units left without a cost and are still not there, or under way: what comes next must know their past."""
    layers = state.layers
    waits = (layers["quantity"].to_numpy() < 0) & np.asarray(layers["is_valued"], dtype=np.bool_)
    waits |= np.asarray(layers["transfer_group_id"].is_valid())
    waits &= layers["known"].to_numpy() == 0
    return pc.unique(pc.cast(layers["item_id"].filter(pa.array(waits)), pa.string()))


def is_in(column: pa.ChunkedArray | pa.Array, labels: pa.Array) -> np.ndarray:
    """Which rows of a (dictionary-coded) text column are among the labels."""
    return np.asarray(pc.is_in(pc.cast(column, pa.string()), value_set=labels), dtype=np.bool_)


def joined(parts: list[pa.Table]) -> pa.Table:
    """Tables end to end with one dictionary per column."""
    return pa.concat_tables(parts).unify_dictionaries().combine_chunks()


def take_state(
    data: Movements,
    result: Result,
    keys: pa.ChunkedArray,
    sums: Ints,
    transit: Ints,
    snapshot: int,
    as_of: date,
    settings: LedgerSettings,
) -> LedgerState:
    """The state after a run, from its last snapshot. `sums` per place and `transit` per item (four sums, and what settling changed)."""
    grains = data.grains
    rows = result.emitted[:, result.emitted[ESNAP] == snapshot]
    grain, group = rows[EGRAIN], rows[EGROUP]
    under_way = group >= 0
    layers = {name: grains.column(name, grain) for name in GRAIN_COLUMNS}
    layers["is_valued"] = pa.array(grains.valued[grain])
    labels = data.group_labels.take(pa.array(np.where(under_way, group, 0), mask=~under_way))
    layers["transfer_group_id"] = labels.dictionary_encode()
    layers["is_conversion"] = pa.array(np.append(data.is_conversion, False)[group])
    layers["source_key"] = origin_keys(keys, rows[ESRC])
    layers["layer_no"] = pa.array(layer_numbers(rows, grains))
    for name, (emitted_field, _) in _LAYER_FIELDS.items():
        layers[name] = pa.array(rows[emitted_field])
    pools, first = np.unique(grains.cost_pool, return_index=True)
    costs = {name: grains.column(name, first) for name in GRAIN_COLUMNS}
    costs["is_valued"] = pa.array(grains.valued[first])
    for name, at in _COST_COLUMNS.items():
        costs[name] = pa.array(result.costs[pools, at])
    used = np.unique(grains.place_item)
    left = result.items[used, ISRC]
    cluster_first = np.full(len(data.bounds), -1, dtype=np.int64)
    cluster_first[data.cluster_of_item[used][::-1]] = used[::-1]
    items = {"item_id": pa.DictionaryArray.from_arrays(pa.array(used), grains.labels["item_id"])}
    items["cluster"] = pa.DictionaryArray.from_arrays(
        pa.array(cluster_first[data.cluster_of_item[used]].astype(np.int32)), grains.labels["item_id"]
    )
    left_key = origin_keys(keys, np.maximum(left, 0)).cast(pa.string())
    items["left_key"] = pc.if_else(pa.array(left >= 0), left_key, pa.scalar(None, pa.string())).dictionary_encode()
    for name, at in _ITEM_FIELDS.items():
        items[name] = pa.array(result.items[used, at])
    for at, name in enumerate(TRANSIT_COLUMNS):
        items[name] = pa.array(transit[used, at])
    places = {
        "item_id": pa.DictionaryArray.from_arrays(pa.array(grains.place_item), grains.labels["item_id"]),
        "warehouse_id": pa.DictionaryArray.from_arrays(pa.array(grains.place_warehouse), grains.labels["warehouse_id"]),
    }
    for at, name in enumerate(SUM_COLUMNS):
        places[name] = pa.array(sums[:, at])
    conversions = data.group_labels.take(pa.array(np.flatnonzero(data.is_conversion)))
    return LedgerState(
        as_of, settings.fingerprint, pa.table(layers), pa.table(costs), pa.table(items), pa.table(places),
        pa.table({"transfer_group_id": conversions}),
    )  # fmt: skip


def saved_labels(state: LedgerState) -> pa.Table:
    """The rows whose labels must be coded together with new movements: layers, then cost pools."""
    names = [*GRAIN_COLUMNS, "is_valued", "transfer_group_id", "is_conversion"]
    costs = state.costs.select([*GRAIN_COLUMNS, "is_valued"])
    nothing = pa.nulls(len(costs), pa.dictionary(pa.int32(), pa.string()))
    costs = costs.append_column("transfer_group_id", nothing)
    costs = costs.append_column("is_conversion", pa.array(np.zeros(len(costs), dtype=np.bool_)))
    return pa.concat_tables([state.layers.select(names), costs.select(names)])


def load_state(
    state: LedgerState, data: Movements, keys: pa.ChunkedArray, settings: LedgerSettings
) -> tuple[Saved, pa.ChunkedArray]:
    """The state as the engine takes it, `data` being prepared with `saved_labels(state)`; and the keys extended by the state's own."""
    count = len(state.layers)
    grain, group = data.saved_grain[:count], data.saved_group[:count]
    layers = np.zeros((count, NODE_FIELDS), dtype=np.int64)
    for name, (_, node_field) in _LAYER_FIELDS.items():
        layers[:, node_field] = state.layers[name].to_numpy()
    layers[:, GRN] = grain
    source = state.layers["source_key"].cast(pa.string())
    layers[:, SRC] = len(keys) + np.arange(count)
    pool = np.where(group >= 0, data.grains.pool_count + group.astype(np.int64), data.grains.pool[grain])
    cluster = data.cluster_of_item[data.grains.codes["item_id"][grain]]
    if not settings.layers_carry_value:
        layers[:, VAL] = np.where(group >= 0, layers[:, VAL], 0)
    costs = fresh_costs(data.grains.cost_pool_count)
    at = data.grains.cost_pool[data.saved_grain[count:]]
    for name, column in _COST_COLUMNS.items():
        costs[at, column] = state.costs[name].to_numpy()
    items = fresh_items(len(data.grains.labels["item_id"]))
    code = np.asarray(
        pc.index_in(state.items["item_id"].cast(pa.string()), value_set=data.grains.labels["item_id"]), dtype=np.int64
    )
    for name, column in _ITEM_FIELDS.items():
        items[code, column] = state.items[name].to_numpy()
    left = state.items["left_key"].cast(pa.string())
    has_left = np.asarray(left.is_valid())
    items[code, ISRC] = np.where(has_left, len(keys) + count + np.arange(len(code)), -1)
    own = keys.cast(pa.string())
    extended = pa.chunked_array([*own.chunks, *source.chunks, *pc.fill_null(left, "").chunks], type=pa.string())
    return Saved(layers, pool, cluster, costs, items), extended
