"""From the movement table to the integer arrays that the kernel runs on.

What belongs here: reading columns, coding labels, sorting into clusters, the checks that make exact arithmetic safe. No stock logic.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from assets.ledger.calendar import periods_of
from assets.ledger.codes import clusters, combine, counting_order, encode
from assets.ledger.fields import (
    E_ADJUSTMENT,
    E_COGS,
    E_ISSUE,
    K_CONVERT,
    K_ISSUE,
    K_MOVE,
    K_RECEIPT,
    K_RETURN,
    K_REVALUE,
    NO_DATE,
)
from assets.ledger.fixes import find_fixes
from assets.ledger.kinds import BEHAVIOUR
from assets.ledger.scale import (
    COST_TYPE,
    LIMIT,
    NULL_COST,
    UNITS_TYPE,
    VALUE_DIVISOR,
    VALUE_TYPE,
    LedgerInputError,
    LedgerOverflowError,
    to_scaled,
)
from assets.ledger.settings import LedgerSettings

GRAIN_COLUMNS = ("item_id", "warehouse_id", "lot_no", "stock_status", "owner_type", "owner_code")
REQUIRED = (
    *GRAIN_COLUMNS, "movement_key", "corrects_key", "movement_sequence", "business_date", "movement_type", "is_demand", "is_valued",
    "quantity_units",
    "unit_cost", "document_value", "transfer_group_id", "ref_doc_no", "ref_line_id", "lot_expiry_date",
)  # fmt: skip

NOTHING = pa.schema(
    [
        (name, pa.string())
        for name in (
            *GRAIN_COLUMNS,
            "movement_key",
            "corrects_key",
            "movement_type",
            "transfer_group_id",
            "ref_doc_no",
            "ref_line_id",
        )
    ]
    + [("movement_sequence", pa.int64()), ("is_demand", pa.bool_()), ("is_valued", pa.bool_())]
    + [
        ("quantity_units", UNITS_TYPE),
        ("unit_cost", COST_TYPE),
        ("document_value", VALUE_TYPE),
        ("business_date", pa.date32()),
        ("lot_expiry_date", pa.date32()),
    ]
).empty_table()
"""No movements."""

Ints = NDArray[np.int64]
Codes = NDArray[np.int32]


@dataclass(frozen=True)
class Grains:
    """The distinct stock grains, in the order of their labels, and what hangs on them."""

    labels: dict[str, pa.Array]
    codes: dict[str, Codes]
    """Per column of the grain: the code of each grain."""
    valued: NDArray[np.bool_]
    place: Codes
    """Item x warehouse of each grain."""
    place_item: Codes
    place_warehouse: Codes
    cost_pool: Codes
    pool: Codes
    """Queue of each grain; grains whose lots share a queue have one."""
    pool_count: int
    cost_pool_count: int

    def column(self, name: str, grain: Ints | Codes) -> pa.Array:
        """Labels of a grain column for rows of grains, dictionary-coded."""
        return pa.DictionaryArray.from_arrays(pa.array(self.codes[name][grain]), self.labels[name])


@dataclass(frozen=True)
class Movements:
    """One entry per movement in the order of the input, then one per change of a standard cost; `order` walks them cluster by cluster,
    each in time order."""

    count: int
    order: Ints
    bounds: Ints
    cluster_of_item: Codes
    grains: Grains
    grain: Codes
    kind: NDArray[np.int8]
    entry: NDArray[np.int8]
    quantity: Ints
    cost: Ints
    amount: Ints
    """What the whole of an inward movement costs by its document; NULL_COST where only a unit cost is given."""
    date: Codes
    month: Codes
    """Period in which each movement is: its company's own, else the calendar month."""
    expiry: Codes
    group: Codes
    group_total: Ints
    group_labels: pa.Array
    group_item: Codes
    """First item of each group; its cluster is the group's."""
    is_conversion: NDArray[np.bool_]
    """Which groups convert."""
    ref: Codes
    ref_count: int
    standard: Ints | None
    is_demand: NDArray[np.bool_]
    fix_row: Ints
    """Corrections of receipts and documents that take one back, and the receipt of each; and those that cannot be."""
    fix_target: Ints
    fix_refused: Ints
    saved_grain: Codes
    saved_group: Codes
    """Grain and group of each row of the saved table; group -1 for what is not under way."""


def days_of(column: pa.ChunkedArray, null: int) -> Codes:
    """Days since 1970-01-01 of a date column."""
    days = pc.fill_null(pc.cast(pc.cast(column, pa.date32()), pa.int32()), null)
    return np.asarray(days, dtype=np.int32)


def _flags(column: pa.ChunkedArray) -> NDArray[np.bool_]:
    return np.asarray(pc.fill_null(pc.cast(column, pa.bool_()), False), dtype=np.bool_)


def require_columns(table: pa.Table) -> None:
    """Raises LedgerInputError naming every column that is missing."""
    missing = [name for name in REQUIRED if name not in table.column_names]
    if missing:
        raise LedgerInputError(
            f"the movements lack: {', '.join(missing)} (see docs/interfaces.md, int_ledger_movements)"
        )


def build_grains(
    coded: dict[str, tuple[Codes, pa.Array]], valued: NDArray[np.bool_], settings: LedgerSettings
) -> tuple[Codes, Grains]:
    """Grain of each row, and the distinct grains."""
    codes, labels = {n: c for n, (c, _) in coded.items()}, {n: v for n, (_, v) in coded.items()}
    grain, first = combine([codes[name] for name in GRAIN_COLUMNS])
    own = {name: codes[name][first] for name in GRAIN_COLUMNS}
    is_valued = valued[first]
    place, place_first = combine([own["item_id"], own["warehouse_id"]])
    cost_pool, _ = combine([place, is_valued.astype(np.int32)])
    lots = own["lot_no"]
    if settings.lots != "named":
        lots = np.zeros_like(lots)
    elif settings.shared_lots:
        shared = np.isin(np.asarray(labels["lot_no"].to_pylist(), dtype=object), settings.shared_lots)
        lots = np.where(shared[lots], 0, lots).astype(np.int32)
    pool, _ = combine(
        [own["item_id"], own["warehouse_id"], lots, own["stock_status"], own["owner_type"], own["owner_code"]]
    )
    return grain, Grains(
        labels, own, is_valued, place, own["item_id"][place_first], own["warehouse_id"][place_first], cost_pool, pool,
        int(pool.max(initial=-1)) + 1, int(cost_pool.max(initial=-1)) + 1,
    )  # fmt: skip


def prepare(
    table: pa.Table, settings: LedgerSettings, standard_costs: pa.Table | None = None, saved: pa.Table | None = None
) -> Movements:
    """Integer arrays of a movement table (docs/interfaces.md, int_ledger_movements).

    `saved` are rows of a state that must share the codes: the grain's columns, is_valued, transfer_group_id, is_conversion.

    Raises LedgerInputError on missing columns or unknown movement types, LedgerOverflowError when sums could leave 64 bits.
    """
    require_columns(table)
    count = len(table)
    others = [saved] if saved is not None else []
    coded = {name: encode([part[name] for part in (table, *others)]) for name in GRAIN_COLUMNS}
    valued = np.concatenate([_flags(part["is_valued"]) for part in (table, *others)])
    grain, grains = build_grains(coded, valued, settings)
    grain, saved_grain = grain[:count], grain[count:]
    type_code, type_labels = encode([table["movement_type"]])
    unknown = sorted(set(np.asarray(type_labels)[np.unique(type_code)].tolist()) - set(BEHAVIOUR)) if count else []
    if unknown:
        raise LedgerInputError(f"unknown movement types: {', '.join(map(repr, unknown))}")
    behaviour = np.array([BEHAVIOUR.get(name, (0, 0)) for name in type_labels.to_pylist()], dtype=np.int8).reshape(
        -1, 2
    )
    kind, entry = behaviour[type_code, 0], behaviour[type_code, 1]
    is_demand = _flags(table["is_demand"])
    entry = np.where((entry == E_ISSUE) & is_demand, E_COGS, entry).astype(np.int8)
    quantity = to_scaled(table["quantity_units"], UNITS_TYPE, 0, "quantity_units")
    cost = to_scaled(table["unit_cost"], COST_TYPE, NULL_COST, "unit_cost")
    amount = to_scaled(table["document_value"], VALUE_TYPE, NULL_COST, "document_value")
    # Goods that are counted but not valued carry no cost, whatever the source says of them; nothing costs less than nothing.
    no_cost = ~grains.valued[grain] | (cost < 0)
    cost[no_cost] = NULL_COST
    fix_row, fix_target, fix_refused = find_fixes(table, kind, entry, grain, quantity, cost, amount)
    has_amount = (quantity > 0) & (amount >= 0) & (cost != NULL_COST)
    has_amount[fix_row] |= quantity[fix_row] == 0
    amount[no_cost & (quantity != 0) | ~has_amount] = NULL_COST
    item = grains.codes["item_id"][grain]
    kind, group, group_labels, group_item, is_conversion, group_total, linked = _groups(
        table, kind, item, quantity, saved, grains.codes["item_id"][saved_grain]
    )
    group, saved_group = group[:count], group[count:]
    ref, ref_count = _references(table, kind, item, quantity)
    date = days_of(table["business_date"], NO_DATE)
    if count and int(date.max()) == NO_DATE:
        raise LedgerInputError("a movement has no business_date")
    sequence = np.asarray(pc.cast(table["movement_sequence"], pa.int64()), dtype=np.int64)
    standard: Ints | None = None
    expiry = days_of(table["lot_expiry_date"], NO_DATE)
    if settings.cost == "standard":
        standard = _standards(standard_costs, grains.labels["item_id"], item, date)
        changed_grain, changed_date, changed_cost = _revaluations(standard_costs, grains, item, grain, date)
        extra = len(changed_grain)
        grain, date = np.concatenate([grain, changed_grain]), np.concatenate([date, changed_date])
        standard = np.concatenate([standard, changed_cost])
        kind, entry, is_demand = (
            np.concatenate([a, np.full(extra, b, dtype=a.dtype)])
            for a, b in ((kind, K_REVALUE), (entry, E_ADJUSTMENT), (is_demand, False))
        )
        quantity, cost, amount, sequence = (
            np.concatenate([a, np.full(extra, b, dtype=np.int64)])
            for a, b in ((quantity, 0), (cost, NULL_COST), (amount, NULL_COST), (sequence, -1))
        )
        expiry, group, ref = (
            np.concatenate([a, np.full(extra, b, dtype=np.int32)])
            for a, b in ((expiry, NO_DATE), (group, -1), (ref, -1))
        )
        item = grains.codes["item_id"][grain]
    cluster = clusters(len(grains.labels["item_id"]), *linked)
    order, bounds = _sorted(cluster[item], date, sequence, int(cluster.max(initial=-1)) + 1)
    _refuse_overflow(quantity, cost, amount, order, bounds, item, grains.labels["item_id"])
    return Movements(
        count, order, bounds, cluster, grains, grain, kind, entry, quantity, cost, amount, date,
        periods_of(settings.calendars, date, item, grains.labels["item_id"]),
        expiry, group, group_total, group_labels, group_item, is_conversion, ref, ref_count, standard, is_demand,
        fix_row, fix_target, fix_refused, saved_grain, saved_group,
    )  # fmt: skip


def _groups(
    table: pa.Table, kind: NDArray[np.int8], item: Codes, quantity: Ints, saved: pa.Table | None, saved_item: Codes
) -> tuple[NDArray[np.int8], Codes, pa.Array, Codes, NDArray[np.bool_], Ints, tuple[Codes, Codes]]:
    """Kind without moves that lack a group; group of each leg and saved row; units out of each conversion; items tied by conversions.

    A document may name one group for many items: a move belongs to (group, item), a conversion to the group alone.
    """
    count = len(kind)
    columns = [table["transfer_group_id"]] + ([saved["transfer_group_id"]] if saved is not None else [])
    raw, labels = encode(columns, keep_null=True)
    is_conversion = kind == K_CONVERT
    lone = ((kind == K_MOVE) | is_conversion) & (raw[:count] < 0)
    kind = np.where(lone, np.where(quantity > 0, K_RECEIPT, K_ISSUE), kind).astype(np.int8)
    is_leg = (kind == K_MOVE) | (kind == K_CONVERT)
    if saved is not None:
        is_leg = np.concatenate([is_leg, raw[count:] >= 0])
        is_conversion = np.concatenate([is_conversion, _flags(saved["is_conversion"])])
        item = np.concatenate([item, saved_item])
    rows = np.flatnonzero(is_leg)
    converts = is_conversion[rows]
    group = np.full(len(raw), -1, dtype=np.int32)
    code, first = combine([raw[rows], converts.astype(np.int32), np.where(converts, 0, item[rows]).astype(np.int32)])
    group[rows] = code
    total = np.zeros(len(first), dtype=np.int64)
    own = rows[converts & (rows < count)]
    comes_out = own[quantity[own] > 0]
    np.add.at(total, group[comes_out], quantity[comes_out])
    names = labels.take(pa.array(raw[rows][first]))
    return kind, group, names, item[rows][first], converts[first], total, (item[own], group[own])


def _references(table: pa.Table, kind: NDArray[np.int8], item: Codes, quantity: Ints) -> tuple[Codes, int]:
    """Order line of returns and of the issues they may come back from; -1 elsewhere, so that nothing else is recorded."""
    ref = np.full(len(kind), -1, dtype=np.int32)
    back = ((kind == K_RETURN) | (kind == K_ISSUE)) & (quantity > 0)
    out = ((kind == K_RETURN) | (kind == K_ISSUE)) & (quantity < 0)
    if not back.any():
        return ref, 0
    doc, _ = encode([table["ref_doc_no"]], keep_null=True)
    line, _ = encode([table["ref_line_id"]])
    rows = np.flatnonzero((back | out) & (doc >= 0))
    if not len(rows):
        return ref, 0
    code, first = combine([item[rows], doc[rows], line[rows]])
    returned = np.zeros(len(first), dtype=np.bool_)
    returned[code[back[rows]]] = True
    ref[rows] = np.where(returned[code], code, -1)
    return ref, len(first)


def _sorted(cluster: Codes, date: Codes, sequence: Ints, cluster_count: int) -> tuple[Ints, Ints]:
    """Rows by cluster, date, sequence. One counting pass where the input is in ledger order already."""
    in_order = bool((sequence[1:] > sequence[:-1]).all() and (date[1:] >= date[:-1]).all())
    if in_order:
        return counting_order(cluster, cluster_count)
    by_time = np.lexsort((sequence, date))
    order, bounds = counting_order(cluster[by_time], cluster_count)
    return by_time[order], bounds


def _refuse_overflow(
    quantity: Ints, cost: Ints, amount: Ints, order: Ints, bounds: Ints, item: Codes, labels: pa.Array
) -> None:
    """No sum in the kernel exceeds what all units of a cluster are worth at its dearest cost; that must fit."""
    if not len(order):
        return
    starts = bounds[:-1][bounds[1:] > bounds[:-1]]
    units = np.add.reduceat(np.abs(quantity.astype(np.float64))[order], starts)
    dearest = np.maximum.reduceat(np.where(cost == NULL_COST, 0.0, np.abs(cost.astype(np.float64)))[order], starts)
    given = np.add.reduceat(np.where(amount == NULL_COST, 0.0, np.abs(amount.astype(np.float64)))[order], starts)
    worth = units * dearest / VALUE_DIVISOR + given
    for figure, what in ((units, "units"), (worth, "value")):
        worst = int(np.argmax(figure))
        if figure[worst] > LIMIT:
            name = labels[int(item[order[starts[worst]]])]
            raise LedgerOverflowError(
                f"item {name}: its {what} could exceed what 64 bits count exactly; check its quantities and costs"
            )


def _standards(standard_costs: pa.Table | None, labels: pa.Array, item: Codes, date: Codes) -> Ints:
    """Standard cost that holds for each movement's item and date; NULL_COST before the first."""
    if standard_costs is None:
        raise LedgerInputError("cost 'standard' needs standard_costs (item_id, effective_date, unit_cost)")
    keys, costs = standard_keys(standard_costs, labels)
    wanted = item.astype(np.int64) * DATE_SPAN + date
    at = np.searchsorted(keys, wanted, side="right") - 1
    found = (
        (at >= 0) & (keys[np.maximum(at, 0)] // DATE_SPAN == item) if len(keys) else np.zeros(len(item), dtype=np.bool_)
    )
    return np.where(found, costs[np.maximum(at, 0)] if len(keys) else NULL_COST, NULL_COST)


DATE_SPAN = 2**32


def standard_keys(standard_costs: pa.Table, labels: pa.Array) -> tuple[Ints, Ints]:
    """Sorted (item code x DATE_SPAN + effective day) and the cost from that day on; items without movements are left out."""
    codes = pc.index_in(pc.cast(standard_costs["item_id"], pa.string()), value_set=labels)
    code = np.asarray(pc.fill_null(codes, -1), dtype=np.int64)
    day = days_of(standard_costs["effective_date"], 0)
    cost = to_scaled(standard_costs["unit_cost"], COST_TYPE, NULL_COST, "unit_cost")
    keep = code >= 0
    keys = code[keep] * DATE_SPAN + day[keep]
    order = np.argsort(keys, kind="stable")
    return keys[order], cost[keep][order]


def _revaluations(
    standard_costs: pa.Table, grains: Grains, item: Codes, grain: Codes, date: Codes
) -> tuple[Codes, Codes, Ints]:
    """(grain, day, cost) of every change of a standard in a valued cost pool that has moved before: one grain represents its pool."""
    keys, costs = standard_keys(standard_costs, grains.labels["item_id"])
    pools, first_grain = np.unique(grains.cost_pool, return_index=True)
    started = np.full(len(pools), NO_DATE, dtype=np.int32)
    np.minimum.at(started, grains.cost_pool[grain], date)
    low = np.searchsorted(keys, grains.codes["item_id"][first_grain].astype(np.int64) * DATE_SPAN)
    high = np.searchsorted(keys, (grains.codes["item_id"][first_grain].astype(np.int64) + 1) * DATE_SPAN)
    rows = [
        (int(first_grain[pool]), int(keys[at] % DATE_SPAN), int(costs[at]))
        for pool in pools
        if grains.valued[first_grain[pool]]
        for at in range(int(low[pool]), int(high[pool]))
        if int(keys[at] % DATE_SPAN) > started[pool]
    ]
    table = np.array(rows, dtype=np.int64).reshape(-1, 3)
    return table[:, 0].astype(np.int32), table[:, 1].astype(np.int32), table[:, 2]
