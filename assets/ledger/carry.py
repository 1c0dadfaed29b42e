"""States as tables: the part of one that concerns some items, two of them joined, and the output rows of items that did not move."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from assets.ledger.codes import combine, encode
from assets.ledger.fields import NO_DATE
from assets.ledger.prepare import GRAIN_COLUMNS, Grains, Ints
from assets.ledger.scale import COST_TYPE, NULL_COST, UNITS_TYPE, VALUE_TYPE, to_decimal
from assets.ledger.state import SUM_COLUMNS, TRANSIT_COLUMNS, LedgerState, is_in, joined
from assets.ledger.tables import conservation, days_to_dates, transit_conservation


def part_of(state: LedgerState, items: pa.Array, *, inside: bool) -> LedgerState:
    """The state of these items, or (inside=False) of all others."""

    def chosen(table: pa.Table) -> pa.Table:
        mask = is_in(table["item_id"], items)
        return table.filter(pa.array(mask if inside else ~mask))

    return LedgerState(
        state.as_of, state.fingerprint, chosen(state.layers), chosen(state.costs), chosen(state.items), chosen(state.places),
        state.conversions,
    )  # fmt: skip


def join_states(before: LedgerState, kept: LedgerState, moved: LedgerState) -> LedgerState:
    """The whole state after a run: what was not touched, and what was. Items once tied by a conversion stay tied."""
    items = joined([kept.items, moved.items])
    conversions = pa.concat_arrays([_text(state.conversions["transfer_group_id"]) for state in (before, moved)])
    tied = tied_items([before.items, items])
    if tied:
        own, cluster = (_text(items[name]).to_pylist() for name in ("item_id", "cluster"))
        labels = [tied.get(name, one) for name, one in zip(own, cluster, strict=True)]
        items = items.set_column(1, "cluster", pa.array(labels).dictionary_encode())
    return LedgerState(
        moved.as_of, moved.fingerprint, joined([kept.layers, moved.layers]), joined([kept.costs, moved.costs]), items,
        joined([kept.places, moved.places]), pa.table({"transfer_group_id": pc.unique(conversions)}),
    )  # fmt: skip


def _text(column: pa.ChunkedArray) -> pa.Array:
    text = column.cast(pa.string())
    return text.combine_chunks() if isinstance(text, pa.ChunkedArray) else text


def tied_items(tables: Sequence[pa.Table]) -> dict[str, str]:
    """Lowest item of each component, for the items that are tied to another one."""
    parent: dict[str, str] = {}

    def root(name: str) -> str:
        while parent.setdefault(name, name) != name:
            name = parent[name]
        return name

    for table in tables:
        ties = table.select(["item_id", "cluster"]).cast(
            pa.schema([("item_id", pa.string()), ("cluster", pa.string())])
        )
        ties = ties.filter(pc.not_equal(ties["item_id"], ties["cluster"]))
        for item, cluster in zip(ties["item_id"].to_pylist(), ties["cluster"].to_pylist(), strict=True):
            a, b = root(item), root(cluster)
            parent[max(a, b)] = min(a, b)
    return {name: root(name) for name in list(parent)}


def whole_clusters(ties: pa.Table, items: pa.Array) -> pa.Array:
    """These items and those that conversions tied to them (`ties`: item_id, cluster)."""
    if not len(items):
        return items.cast(pa.string())
    clusters = pc.unique(_text(ties.filter(pa.array(is_in(ties["item_id"], items)))["cluster"]))
    tied = _text(ties.filter(pa.array(is_in(ties["cluster"], clusters)))["item_id"])
    return pc.unique(pa.concat_arrays([items.cast(pa.string()), tied]))


def place_sums_of(state: LedgerState, grains: Grains) -> Ints:
    """The sums of a state in the order of `grains`' places; zero for places that it does not have."""
    count = len(state.places)
    sums = np.zeros((len(grains.place_item), len(SUM_COLUMNS)), dtype=np.int64)
    item = np.asarray(pc.index_in(_text(state.places["item_id"]), value_set=grains.labels["item_id"]), dtype=np.int64)
    warehouse = np.asarray(
        pc.index_in(_text(state.places["warehouse_id"]), value_set=grains.labels["warehouse_id"]), dtype=np.int64
    )
    width = len(grains.labels["warehouse_id"])
    at = np.searchsorted(grains.place_item.astype(np.int64) * width + grains.place_warehouse, item * width + warehouse)
    if count:
        sums[at] = np.stack([state.places[name].to_numpy() for name in SUM_COLUMNS], axis=1)
    return sums


def transit_sums_of(state: LedgerState, grains: Grains) -> Ints:
    """The sums of goods under way in the order of `grains`' items."""
    sums = np.zeros((len(grains.labels["item_id"]), len(TRANSIT_COLUMNS)), dtype=np.int64)
    at = np.asarray(pc.index_in(_text(state.items["item_id"]), value_set=grains.labels["item_id"]), dtype=np.int64)
    if len(at):
        sums[at] = np.stack([state.items[name].to_numpy() for name in TRANSIT_COLUMNS], axis=1)
    return sums


def layers_at(state: LedgerState, days: Sequence[date], *, under_way: bool) -> pa.Table:
    """Rows of `open_layers` (or `transit_layers`) at several days between which nothing of this state moved."""
    is_under_way = np.asarray(state.layers["transfer_group_id"].is_valid())
    table = state.layers.filter(pa.array(is_under_way == under_way))
    figures = {
        name: table[name].to_numpy()
        for name in ("quantity", "unit_cost", "value", "known", "origin", "arrived", "expiry")
    }
    known = (figures["known"] == 1) & np.asarray(table["is_valued"], dtype=np.bool_)
    columns = {name: table[name] for name in GRAIN_COLUMNS}
    columns |= {
        "layer_no": table["layer_no"],
        "origin_date": days_to_dates(figures["origin"]),
        "arrived_date": days_to_dates(figures["arrived"]),
        "origin_movement_key": table["source_key"],
        "quantity_units": to_decimal(figures["quantity"], UNITS_TYPE),
        "unit_cost": to_decimal(figures["unit_cost"], COST_TYPE, known & (figures["unit_cost"] != NULL_COST)),
        "layer_value": to_decimal(figures["value"], VALUE_TYPE, known),
        "is_cost_known": pa.array(known),
        "is_negative": pa.array(figures["quantity"] < 0),
        "lot_expiry_date": days_to_dates(figures["expiry"], NO_DATE),
    }
    if under_way:
        columns["transfer_group_id"] = table["transfer_group_id"]
    layers = pa.table(columns)
    dated = [
        layers.add_column(0, "snapshot_date", pa.array(np.full(len(layers), np.datetime64(day, "D")), type=pa.date32()))
        for day in days
    ]
    return pa.concat_tables(dated)


def proofs(state: LedgerState) -> tuple[pa.Table, pa.Table]:
    """Tables `conservation` and `transit_conservation` of a whole state, in the order of their grain."""
    layers, places, items = state.layers, state.places, state.items
    count = len(places)
    item, item_labels = encode([places["item_id"], layers["item_id"], items["item_id"]])
    warehouse, warehouse_labels = encode([places["warehouse_id"], layers["warehouse_id"]])
    place, first = combine([item[: len(warehouse)], warehouse])
    under_way = np.asarray(layers["transfer_group_id"].is_valid())
    valued = np.asarray(layers["is_valued"], dtype=np.bool_)
    figures = np.stack([layers["quantity"].to_numpy(), layers["value"].to_numpy()], axis=1)
    closing = np.zeros((len(first), 2), dtype=np.int64)
    shown = figures * np.stack([np.ones(len(valued), dtype=np.int64), valued.astype(np.int64)], axis=1)
    np.add.at(closing, place[count:][~under_way], shown[~under_way])
    sums = np.zeros((len(first), len(SUM_COLUMNS)), dtype=np.int64)
    sums[place[:count]] = np.stack([places[name].to_numpy() for name in SUM_COLUMNS], axis=1)
    moving = np.zeros((len(item_labels), 2), dtype=np.int64)
    np.add.at(moving, item[count : len(warehouse)][under_way], figures[under_way])
    transit = np.zeros((len(item_labels), len(TRANSIT_COLUMNS)), dtype=np.int64)
    transit[item[len(warehouse) :]] = np.stack([items[name].to_numpy() for name in TRANSIT_COLUMNS], axis=1)
    moved = np.flatnonzero(transit.any(axis=1))
    return (
        conservation(
            sums, closing, pa.DictionaryArray.from_arrays(pa.array(item[first]), item_labels),
            pa.DictionaryArray.from_arrays(pa.array(warehouse[first]), warehouse_labels),
        ),
        transit_conservation(
            transit[moved], moving[moved], pa.DictionaryArray.from_arrays(pa.array(moved.astype(np.int32)), item_labels)
        ),
    )  # fmt: skip
