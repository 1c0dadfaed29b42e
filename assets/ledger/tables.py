"""From the kernel's answers to the Arrow tables of docs/interfaces.md. Sorting, labels and decimals; no stock logic."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any

import numba as nb
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from assets.ledger.codes import counting_order
from assets.ledger.fields import (
    E_COGS,
    E_COGS_CORRECTION,
    E_COGS_SETTLEMENT,
    E_OPENING,
    E_SETTLEMENT,
    EARR,
    EEXP,
    EGRAIN,
    EGROUP,
    EKNW,
    EMIT_FIELDS,
    ENTRY_KINDS,
    EORG,
    EQTY,
    ESNAP,
    ESRC,
    EUC,
    EVAL,
    NO_DATE,
)  # fmt: skip
from assets.ledger.prepare import GRAIN_COLUMNS, Codes, Grains, Ints, Movements
from assets.ledger.results import CorrectionEntries, Result
from assets.ledger.scale import COST_TYPE, NULL_COST, UNITS_TYPE, VALUE_TYPE, to_decimal
from assets.ledger.transit import under_way


@dataclass(frozen=True)
class LedgerTables:
    """What the ledger leaves for dbt: schema `ledger` of docs/interfaces.md, each table in the order of its grain."""

    open_layers: pa.Table
    movement_costs: pa.Table
    value_entries: pa.Table
    conservation: pa.Table
    transit_layers: pa.Table
    transit_conservation: pa.Table

    def items(self) -> list[tuple[str, pa.Table]]:
        """(name, table) of each."""
        return [(field.name, getattr(self, field.name)) for field in fields(self)]


def days_to_dates(days: NDArray[np.int64] | Codes, null: int | None = None) -> pa.Array:
    values = days.astype(np.int32)
    mask = values == null if null is not None else None
    return pa.array(values, type=pa.int32(), mask=mask).cast(pa.date32())


def origin_keys(keys: pa.ChunkedArray, rows: Ints) -> pa.Array:
    """Keys of the movements that layers come from; one dictionary for all snapshots."""
    is_used = np.zeros(len(keys) + 1, dtype=np.bool_)
    is_used[rows] = True
    used = np.flatnonzero(is_used)
    code = (np.cumsum(is_used) - 1)[rows]
    labels = pc.cast(keys.take(pa.array(used)), pa.string())
    if isinstance(labels, pa.ChunkedArray):
        labels = labels.combine_chunks()
    return pa.DictionaryArray.from_arrays(pa.array(code.astype(np.int32)), labels)


def _chosen(emitted: Ints, mask: NDArray[np.bool_], grains: Grains, snapshot_days: Sequence[int]) -> Ints:
    """The chosen layers by snapshot, then grain, then as emitted."""
    at = np.flatnonzero(mask)
    by_grain, _ = counting_order(emitted[EGRAIN, at].astype(np.int32), len(grains.place))
    at = at[by_grain]
    by_snapshot, _ = counting_order(emitted[ESNAP, at].astype(np.int32), len(snapshot_days))
    at = at[by_snapshot]
    return np.stack([emitted[field, at] for field in range(EMIT_FIELDS)])


def _numbers(snapshot: Ints, grain: Ints) -> Codes:
    """1, 2, ... within each run of equal (snapshot, grain)."""
    if not len(grain):
        return np.empty(0, dtype=np.int32)
    new = np.append(True, (snapshot[1:] != snapshot[:-1]) | (grain[1:] != grain[:-1]))
    starts = np.flatnonzero(new)
    return (np.arange(len(grain)) - np.repeat(starts, np.diff(np.append(starts, len(grain)))) + 1).astype(np.int32)


def layer_numbers(rows: Ints, grains: Grains) -> Codes:
    """Number of each emitted layer of one snapshot within its grain; goods under way are numbered apart."""
    numbers = np.empty(rows.shape[1], dtype=np.int32)
    for chosen in (np.flatnonzero(rows[EGROUP] < 0), np.flatnonzero(rows[EGROUP] >= 0)):
        order, _ = counting_order(rows[EGRAIN, chosen].astype(np.int32), len(grains.place))
        chosen = chosen[order]
        numbers[chosen] = _numbers(rows[ESNAP, chosen], rows[EGRAIN, chosen])
    return numbers


def layer_columns(
    rows: Ints, snapshot_days: Sequence[int], grains: Grains, keys: pa.ChunkedArray
) -> dict[str, pa.Array]:
    """The columns that open layers and layers under way share."""
    grain = rows[EGRAIN]
    known = (rows[EKNW] == 1) & grains.valued[grain]
    cost = rows[EUC]
    columns: dict[str, pa.Array] = {
        "snapshot_date": days_to_dates(np.asarray(snapshot_days, dtype=np.int32)[rows[ESNAP]])
    }
    for name in GRAIN_COLUMNS:
        columns[name] = grains.column(name, grain)
    columns["layer_no"] = pa.array(_numbers(rows[ESNAP], rows[EGRAIN]))
    columns["origin_date"] = days_to_dates(rows[EORG])
    columns["arrived_date"] = days_to_dates(rows[EARR])
    columns["origin_movement_key"] = origin_keys(keys, rows[ESRC])
    columns["quantity_units"] = to_decimal(rows[EQTY], UNITS_TYPE)
    columns["unit_cost"] = to_decimal(cost, COST_TYPE, known & (cost != NULL_COST))
    columns["layer_value"] = to_decimal(rows[EVAL], VALUE_TYPE, known)
    columns["is_cost_known"] = pa.array(known)
    columns["is_negative"] = pa.array(rows[EQTY] < 0)
    columns["lot_expiry_date"] = days_to_dates(rows[EEXP], NO_DATE)
    return columns


def open_layers(emitted: Ints, snapshot_days: Sequence[int], grains: Grains, keys: pa.ChunkedArray) -> pa.Table:
    """Table `ledger.open_layers`."""
    rows = _chosen(emitted, emitted[EGROUP] < 0, grains, snapshot_days)
    return pa.table(layer_columns(rows, snapshot_days, grains, keys))


def transit_layers(
    emitted: Ints, snapshot_days: Sequence[int], grains: Grains, keys: pa.ChunkedArray, groups: pa.Array
) -> pa.Table:
    """Table `ledger.transit_layers`: goods under way, by the grain they left (where negative: by the grain that got what never left)."""
    rows = _chosen(emitted, emitted[EGROUP] >= 0, grains, snapshot_days)
    columns = layer_columns(rows, snapshot_days, grains, keys)
    columns["transfer_group_id"] = groups.take(pa.array(rows[EGROUP])).dictionary_encode()
    return pa.table(columns)


def movement_costs(data: Movements, result: Result, keys: pa.ChunkedArray, start: int = 0) -> pa.Table:
    """Table `ledger.movement_costs`, in the order of the input."""
    rows = slice(start, data.count)
    settlement, sold = result.settlement.copy(), result.cogs_settlement.copy()
    entries, moving = result.corrections, under_way(data, result)
    np.add.at(settlement, entries.row, entries.value)
    np.add.at(sold, entries.row, np.where(entries.kind == E_COGS_CORRECTION, entries.value, 0))
    valued = data.grains.valued[data.grain[rows]]
    known = result.known[rows] & valued
    cogs = data.entry[rows] == E_COGS
    return pa.table(
        {
            "movement_key": keys,
            "item_id": data.grains.column("item_id", data.grain[rows]),
            "quantity_units": to_decimal(data.quantity[rows], UNITS_TYPE),
            "cost_value": to_decimal(result.value[rows], VALUE_TYPE, known),
            "is_cost_known": pa.array(known),
            "cogs_value": to_decimal(-result.value[rows], VALUE_TYPE, known & cogs),
            "settlement_value": to_decimal(settlement[rows], VALUE_TYPE, valued),
            "cogs_settlement_value": to_decimal(-sold[rows], VALUE_TYPE, valued),
            "transit_units": to_decimal(moving.units[rows], UNITS_TYPE),
            "transit_value": to_decimal(moving.value[rows], VALUE_TYPE),
            "transit_uncosted_units": to_decimal(moving.uncosted[rows], UNITS_TYPE),
        }
    )


@nb.njit(cache=True)
def _entries(  # type: ignore[no-untyped-def]
    order, place, date, entry, quantity, value, settlement, sold, known, uncosted, uncosted_stock, valued
):
    """Sums per place, day and kind of valued rows that `order` walks by place, then day."""
    # Every row adds to one kind, and a settled one to the kinds of settlement as well.
    size = len(order) + 2 * np.count_nonzero((settlement != 0) | (sold != 0))
    where = np.empty(size, dtype=np.int32)
    day = np.empty(size, dtype=np.int32)
    kind = np.empty(size, dtype=np.int8)
    units = np.empty(size, dtype=np.int64)
    worth = np.empty(size, dtype=np.int64)
    is_known = np.empty(size, dtype=np.bool_)
    lacking = np.empty((size, 2), dtype=np.int64)
    sums = np.zeros((len(ENTRY_KINDS), 6), dtype=np.int64)
    count, at = 0, 0
    while at < len(order):
        sums[:] = 0
        here, today = place[order[at]], date[order[at]]
        while at < len(order) and place[order[at]] == here and date[order[at]] == today:
            row = order[at]
            at += 1
            if not valued[row]:
                continue
            which = entry[row]
            sums[which, 0] += quantity[row]
            sums[which, 1] += value[row]
            sums[which, 3] += 1
            sums[which, 4] += uncosted[row]
            sums[which, 5] += uncosted_stock[row]
            if known[row]:
                sums[which, 2] += 1
            for part, change in ((E_COGS_SETTLEMENT, sold[row]), (E_SETTLEMENT, settlement[row] - sold[row])):
                if change != 0:
                    sums[part, 1] += change
                    sums[part, 2] += 1
                    sums[part, 3] += 1
        for which in range(len(ENTRY_KINDS)):
            if sums[which, 3] > 0:
                where[count], day[count], kind[count] = here, today, which
                units[count], worth[count] = sums[which, 0], sums[which, 1]
                is_known[count] = sums[which, 2] > 0 or sums[which, 1] != 0
                lacking[count] = sums[which, 4:]
                count += 1
    return where[:count], day[:count], kind[:count], units[:count], worth[:count], is_known[:count], lacking[:count]


def value_entries(
    data: Movements,
    result: Result,
    chosen: NDArray[np.bool_] | None = None,
    corrections: CorrectionEntries | None = None,
) -> pa.Table:
    """Table `ledger.value_entries`, of all valued movements or the chosen. The values of a place up to a day are the value of its stock;
    one is null where it is nothing and no movement of the row has a known cost."""
    grains = data.grains
    order = data.order if chosen is None else data.order[chosen[data.order]]
    columns: list[NDArray[Any]] = [
        grains.place[data.grain], data.date, data.entry, data.quantity, result.value, result.settlement, result.cogs_settlement,
        result.known, result.uncosted, result.uncosted_stock, grains.valued[data.grain],
    ]  # fmt: skip
    extra = result.corrections if corrections is None else corrections
    if len(extra.place):
        nothing, always = np.zeros(len(extra.place), dtype=np.int64), np.ones(len(extra.place), dtype=np.bool_)
        more = [
            extra.place,
            extra.day,
            extra.kind,
            nothing,
            extra.value,
            nothing,
            nothing,
            always,
            nothing,
            extra.uncosted_stock,
            always,
        ]
        columns = [np.concatenate([a, b.astype(a.dtype)]) for a, b in zip(columns, more, strict=True)]
        order = np.append(order, len(data.quantity) + np.arange(len(extra.place)))
        order = order[np.lexsort((columns[1][order], columns[0][order]))]
    else:
        order = order[counting_order(columns[0][order], len(grains.place_item))[0]]
    where, day, kind, units, worth, is_known, lacking = _entries(order, *columns)
    return pa.table(
        {
            "item_id": pa.DictionaryArray.from_arrays(pa.array(grains.place_item[where]), grains.labels["item_id"]),
            "warehouse_id": pa.DictionaryArray.from_arrays(
                pa.array(grains.place_warehouse[where]), grains.labels["warehouse_id"]
            ),
            "business_date": days_to_dates(day),
            "entry_kind": pa.DictionaryArray.from_arrays(pa.array(kind), pa.array(ENTRY_KINDS)),
            "quantity_units": to_decimal(units, UNITS_TYPE),
            "entry_value": to_decimal(worth, VALUE_TYPE, is_known),
            "uncosted_units": to_decimal(lacking[:, 0].copy(), UNITS_TYPE),
            "uncosted_stock_units": to_decimal(lacking[:, 1].copy(), UNITS_TYPE),
        }
    )


@nb.njit(cache=True)
def _sums(place, entry, quantity, value, settlement, known, valued, count):  # type: ignore[no-untyped-def]
    """Per place: opening, in, out units; value in, value out; how many movements have a known value."""
    sums = np.zeros((count, 6), dtype=np.int64)
    for row in range(len(place)):
        here = place[row]
        if entry[row] == E_OPENING:
            sums[here, 0] += quantity[row]
        elif quantity[row] > 0:
            sums[here, 1] += quantity[row]
        else:
            sums[here, 2] -= quantity[row]
        if valued[row]:
            if value[row] > 0:
                sums[here, 3] += value[row]
            else:
                sums[here, 4] -= value[row]
            sums[here, 4] -= settlement[row]
            if known[row]:
                sums[here, 5] += 1
    return sums


def place_sums(data: Movements, result: Result) -> Ints:
    """Per item x warehouse: opening, in, out units; value in, value out; movements of known value."""
    grain = data.grain
    sums: Ints = _sums(
        data.grains.place[grain], data.entry, data.quantity, result.value, result.settlement, result.known,
        data.grains.valued[grain], len(data.grains.place_item),
    )  # fmt: skip
    np.subtract.at(sums[:, 4], result.corrections.place, result.corrections.value)
    return sums


def closing_sums(emitted: Ints, snapshot: int, grains: Grains) -> Ints:
    """Per item x warehouse: units and value of the layers open at a snapshot."""
    rows = emitted[:, (emitted[ESNAP] == snapshot) & (emitted[EGROUP] < 0)]
    sums = np.zeros((len(grains.place_item), 2), dtype=np.int64)
    np.add.at(sums[:, 0], grains.place[rows[EGRAIN]], rows[EQTY])
    np.add.at(sums[:, 1], grains.place[rows[EGRAIN]], np.where(grains.valued[rows[EGRAIN]], rows[EVAL], 0))
    return sums


def conservation(sums: Ints, closing: Ints, item: pa.Array, warehouse: pa.Array) -> pa.Table:
    """Table `ledger.conservation`: both sides counted apart, the movements' from the input, the layers' from the kernel."""
    opening, came, went, value_in, value_out = (sums[:, column] for column in range(5))
    known = sums[:, 5] > 0
    left_units, left_value = closing[:, 0], closing[:, 1]
    balance = opening + came - went
    units_gap, value_gap = balance - left_units, value_in - value_out - left_value
    return pa.table(
        {
            "item_id": item,
            "warehouse_id": warehouse,
            "opening_units": to_decimal(opening, UNITS_TYPE),
            "in_units": to_decimal(came, UNITS_TYPE),
            "out_units": to_decimal(went, UNITS_TYPE),
            "closing_units": to_decimal(balance, UNITS_TYPE),
            "layer_units": to_decimal(left_units, UNITS_TYPE),
            "units_gap": to_decimal(units_gap, UNITS_TYPE),
            "value_in": to_decimal(value_in, VALUE_TYPE, known),
            "value_out": to_decimal(value_out, VALUE_TYPE, known),
            "value_left": to_decimal(left_value, VALUE_TYPE, known),
            "value_gap": to_decimal(value_gap, VALUE_TYPE, known),
            "is_closed": pa.array((units_gap == 0) & (value_gap == 0)),
        }
    )


def transit_conservation(transit: Ints, under_way: Ints, item: pa.Array) -> pa.Table:
    """Table `ledger.transit_conservation`: what left = what arrived + what is still under way, per item that ever moved."""
    shipped, arrived, value_shipped, value_arrived, settled = (transit[:, column] for column in range(5))
    units, value = under_way[:, 0], under_way[:, 1]
    units_gap, value_gap = shipped - arrived - units, value_shipped - value_arrived + settled - value
    return pa.table(
        {
            "item_id": item,
            "shipped_units": to_decimal(shipped, UNITS_TYPE),
            "arrived_units": to_decimal(arrived, UNITS_TYPE),
            "under_way_units": to_decimal(units, UNITS_TYPE),
            "units_gap": to_decimal(units_gap, UNITS_TYPE),
            "shipped_value": to_decimal(value_shipped, VALUE_TYPE),
            "arrived_value": to_decimal(value_arrived, VALUE_TYPE),
            "settled_value": to_decimal(settled, VALUE_TYPE),
            "under_way_value": to_decimal(value, VALUE_TYPE),
            "value_gap": to_decimal(value_gap, VALUE_TYPE),
            "is_closed": pa.array((units_gap == 0) & (value_gap == 0)),
        }
    )
