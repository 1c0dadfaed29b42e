"""What each kind of movement does to the layers. Compiled.

Arguments that every step shares: `k` row of the movement table; `tables` what the chunk works on (kernel_tables.py).
"""

from __future__ import annotations

from assets.ledger.fields import (
    ALLKNOWN,
    ARR,
    C_FAMILY,
    C_FLOW,
    C_MATCH,
    C_RESET,
    CDEF,
    CKNW,
    CLAST,
    CPOOL,
    CQTY,
    CSETTLED,
    CVAL,
    DATE,
    DEM,
    EXP,
    FAMILY_LAYER,
    FAMILY_MONTHLY,
    FAMILY_STANDARD,
    FLOW_LIFO,
    GRAIN,
    GRN,
    IEXP,
    ILAST,
    IORG,
    ISDEM,
    ISRC,
    ITEM,
    IUC,
    KNW,
    MCOST,
    MEXP,
    MQTY,
    MVAL,
    NO_DATE,
    NXT,
    ORG,
    POOL,
    QTY,
    REF,
    REXP,
    RFREE,
    RKNW,
    RORG,
    RPREV,
    RQTY,
    RSRC,
    RTOP,
    RUC,
    RVAL,
    SETTLED,
    SHORT,
    SHORT_ONLY,
    SRC,
    STD,
    TAIL,
    TSETTLED,
    UC,
    UNCOSTED,
    UNDONE,
    VAL,
    WANT,
)  # fmt: skip
from assets.ledger.jit import part
from assets.ledger.kernel_cost import arrive, leave, standard_value, unit_cost
from assets.ledger.kernel_nodes import add_negative, free_node, make_layer, put, take
from assets.ledger.kernel_waiting import WUNITS
from assets.ledger.scale import NULL_COST
from assets.ledger.wide import muldiv

LOT, WAREHOUSE, VALUED, ITEMNO = range(4)
"""Columns of `grains`."""
UIN, UOUT, VIN, VOUT = range(4)
"""Columns of `transit`."""


@part
def estimate(k, moves, costs, items, grains):  # type: ignore[no-untyped-def]
    """Unit cost of units that are not there: the standard, else the last known of the warehouse, of the item, of the document."""
    if grains[moves[k, GRAIN], VALUED] == 0:
        return NULL_COST
    if moves[k, STD] != NULL_COST:
        return moves[k, STD]
    cost = costs[moves[k, CPOOL], CLAST]
    if cost == NULL_COST:
        cost = items[moves[k, ITEM], ILAST]
    return moves[k, MCOST] if cost == NULL_COST else cost


@part
def document_value(k, qty, moves):  # type: ignore[no-untyped-def]
    """Worth of `qty` units of movement `k` by its document: their share of its amount, else units x unit cost; 0 where it has neither."""
    if moves[k, MVAL] != NULL_COST:
        return muldiv(moves[k, MVAL], qty, moves[k, MQTY])
    return standard_value(qty, moves[k, MCOST])


@part
def add(k, node, tables):  # type: ignore[no-untyped-def]
    """A layer arrives in the pool of movement `k`. Returns the value it brings."""
    moves, layers, costs = tables.moves, tables.layers, tables.costs
    items, run, cfg = tables.items, tables.run, tables.cfg
    value, known, qty = layers[node, VAL], layers[node, KNW], layers[node, QTY]
    pool, cost_pool, item = moves[k, POOL], moves[k, CPOOL], moves[k, ITEM]
    layers[node, GRN] = moves[k, GRAIN]
    is_layered, is_undone = cfg[C_FAMILY] == FAMILY_LAYER, layers[node, DEM] == UNDONE
    joins = qty
    if is_layered:
        if known == 1:
            costs[cost_pool, CLAST] = layers[node, UC]
    else:
        joins = qty + min(costs[cost_pool, CQTY] + costs[cost_pool, CDEF], 0)
        arrive(tables, cost_pool, qty, value, layers[node, UC], known, is_undone, cfg[C_FAMILY], moves[k, STD])
        layers[node, VAL] = 0
    if known == 1:
        items[item, ILAST] = layers[node, UC]
    left = put(tables, pool, node, cfg[C_MATCH] == 1, cfg[C_FLOW], cfg[C_RESET] == 1, is_layered)
    if known == 0 and not (is_undone and (left if is_layered else joins) <= 0):
        run[ALLKNOWN] = 0
    return value


@part
def share_value(layers, first, value, qty, known):  # type: ignore[no-untyped-def]
    """Spread a value that left a cost pool over the pieces that left, by units, to the last cent."""
    node, passed, given = first, 0, 0
    while node >= 0:
        passed += layers[node, QTY]
        upto = muldiv(value, passed, qty)
        layers[node, VAL] = upto - given
        layers[node, KNW] = known
        layers[node, UC] = unit_cost(upto - given, layers[node, QTY])
        given = upto
        node = layers[node, NXT]


@part
def remove(k, qty, defer, tables):  # type: ignore[no-untyped-def]
    """Take `qty` > 0 from the pool of movement `k`; what is not there becomes a negative layer and a piece at estimated cost.

    Returns (first piece, value that leaves). Under `defer` the value is left to the close of the month.
    """
    moves, rows, layers, pools, costs = tables.moves, tables.rows, tables.layers, tables.pools, tables.costs
    items, grains, waits, run, cfg = tables.items, tables.grains, tables.waits, tables.run, tables.cfg
    family, pool, item, date = cfg[C_FAMILY], moves[k, POOL], moves[k, ITEM], moves[k, DATE]
    first, last = take(tables, pool, qty, moves[k, WANT], cfg[C_FLOW] == FLOW_LIFO, -1, -1)
    short = run[SHORT]
    if family != FAMILY_LAYER:
        run[UNCOSTED] = 0
    cost = estimate(k, moves, costs, items, grains)
    known = 1 if cost != NULL_COST else 0
    if last >= 0:
        items[item, IORG], items[item, ISRC] = layers[last, ORG], layers[last, SRC]
        items[item, IUC], items[item, IEXP] = layers[last, UC], layers[last, EXP]
        if family != FAMILY_LAYER or layers[last, KNW] == 0:
            items[item, IUC] = cost
    if family == FAMILY_LAYER:
        node = first
        while node >= 0:
            if layers[node, KNW] == 0:
                run[ALLKNOWN] = 0
            node = layers[node, NXT]
    if short > 0:
        value = standard_value(short, cost)
        if family == FAMILY_LAYER and known == 0:
            waits[rows[k], WUNITS] += short
        booked = -value if family == FAMILY_LAYER else 0
        negative = make_layer(tables, -short, booked, date, date, rows[k], cost, moves[k, MEXP], moves[k, GRAIN], known)
        layers[negative, DEM] = moves[k, ISDEM]
        add_negative(layers, pools, pool, negative)
        piece = make_layer(tables, short, value, date, date, rows[k], cost, moves[k, MEXP], moves[k, GRAIN], known)
        if last >= 0:
            layers[last, NXT] = piece
        else:
            first = piece
    value = 0
    if family == FAMILY_LAYER:
        node = first
        while node >= 0:
            value += layers[node, VAL]
            node = layers[node, NXT]
    elif defer:
        costs[moves[k, CPOOL], CQTY] -= qty
        costs[moves[k, CPOOL], CDEF] += qty
    else:
        pool_no = moves[k, CPOOL]
        value = leave(tables, pool_no, qty, cost, family, moves[k, STD], moves[k, ISDEM], rows[k])
        share_value(layers, first, value, qty, run[ALLKNOWN] if costs[pool_no, CKNW] != SHORT_ONLY else 0)
    return first, value


@part
def issue(k, tables):  # type: ignore[no-untyped-def]
    """Goods leave for good. Where a return may come back, what left is recorded under its order line."""
    moves, layers, records = tables.moves, tables.layers, tables.records
    heads, run, cfg = tables.heads, tables.run, tables.cfg
    defer = cfg[C_FAMILY] == FAMILY_MONTHLY
    node, value = remove(k, -moves[k, MQTY], defer, tables)
    ref = moves[k, REF]
    while node >= 0:
        following = layers[node, NXT]
        if ref >= 0:
            record = run[RFREE]
            if record >= 0:
                run[RFREE] = records[record, RPREV]
            else:
                record = run[RTOP]
                run[RTOP] += 1
            records[record, RQTY], records[record, RVAL] = layers[node, QTY], layers[node, VAL]
            records[record, RORG], records[record, RSRC] = layers[node, ORG], layers[node, SRC]
            records[record, RUC], records[record, REXP] = layers[node, UC], layers[node, EXP]
            records[record, RKNW], records[record, RPREV] = layers[node, KNW], heads[ref]
            heads[ref] = record
        free_node(layers, run, node)
        node = following
    return -value


@part
def add_back(k, node, tables):  # type: ignore[no-untyped-def]
    """Like `add`, but under the monthly average the value waits for the close, as that of an issue does."""
    moves, layers, costs, cfg = tables.moves, tables.layers, tables.costs, tables.cfg
    if cfg[C_FAMILY] == FAMILY_MONTHLY:
        costs[moves[k, CPOOL], CQTY] += layers[node, QTY]
        costs[moves[k, CPOOL], CDEF] -= layers[node, QTY]
        layers[node, VAL] = 0
        layers[node, GRN] = moves[k, GRAIN]
        put(tables, moves[k, POOL], node, cfg[C_MATCH] == 1, cfg[C_FLOW], cfg[C_RESET] == 1, False
        )  # fmt: skip
        return 0
    return add(k, node, tables)


@part
def receive(k, tables):  # type: ignore[no-untyped-def]
    """New goods: a new layer of this date at the cost of the document (under the standard, at the standard)."""
    moves, rows, costs, cfg = tables.moves, tables.rows, tables.costs, tables.cfg
    qty, cost, date = moves[k, MQTY], moves[k, MCOST], moves[k, DATE]
    value = document_value(k, qty, moves)
    if cfg[C_FAMILY] == FAMILY_STANDARD:
        cost = moves[k, STD]
        value = standard_value(costs[moves[k, CPOOL], CQTY] + qty, cost) - costs[moves[k, CPOOL], CVAL]
    known = 1 if cost != NULL_COST else 0
    node = make_layer(tables, qty, value, date, date, rows[k], cost, moves[k, MEXP], moves[k, GRAIN], known)
    return add(k, node, tables)


@part
def find(k, tables):  # type: ignore[no-untyped-def]
    """A count or adjustment finds more. Known stock keeps its origin: that of the last layer in the flow, else of what left last."""
    moves, rows, layers, pools = tables.moves, tables.rows, tables.layers, tables.pools
    costs, items, grains, cfg = tables.costs, tables.items, tables.grains, tables.cfg
    qty, cost, date, item = moves[k, MQTY], moves[k, MCOST], moves[k, DATE], moves[k, ITEM]
    twin = pools[moves[k, POOL], TAIL]
    origin, source, expiry = date, rows[k], moves[k, MEXP]
    if twin >= 0:
        twin_cost = layers[twin, UC] if cfg[C_FAMILY] == FAMILY_LAYER and layers[twin, KNW] == 1 else NULL_COST
        if cfg[C_RESET] == 0:
            origin, source = layers[twin, ORG], layers[twin, SRC]
        if expiry == NO_DATE:
            expiry = layers[twin, EXP]
    else:
        twin_cost = NULL_COST
        if cfg[C_RESET] == 0 and items[item, ISRC] >= 0:
            origin, source = items[item, IORG], items[item, ISRC]
    if cost == NULL_COST or cfg[C_FAMILY] == FAMILY_STANDARD:
        cost = twin_cost if twin_cost != NULL_COST else estimate(k, moves, costs, items, grains)
    known = 1 if cost != NULL_COST else 0
    value = document_value(k, qty, moves) if cost == moves[k, MCOST] else standard_value(qty, cost)
    if cfg[C_FAMILY] == FAMILY_STANDARD:
        value = standard_value(costs[moves[k, CPOOL], CQTY] + qty, moves[k, STD]) - costs[moves[k, CPOOL], CVAL]
    node = make_layer(tables, qty, value, origin, date, source, cost, expiry, moves[k, GRAIN], known)
    if costs[moves[k, CPOOL], CQTY] + costs[moves[k, CPOOL], CDEF] <= 0:
        return add(k, node, tables)
    return add_back(k, node, tables)


@part
def give_back(k, tables):  # type: ignore[no-untyped-def]
    """A return: to the layers that the order line took, latest first; beyond them, like the layer that left the item last."""
    moves, rows, layers, costs = tables.moves, tables.rows, tables.layers, tables.costs
    items, records, heads, grains = tables.items, tables.records, tables.heads, tables.grains
    run, cfg = tables.run, tables.cfg
    qty, date, item, ref = moves[k, MQTY], moves[k, DATE], moves[k, ITEM], moves[k, REF]
    total = 0
    while qty > 0 and ref >= 0 and heads[ref] >= 0:
        record = heads[ref]
        part = min(qty, records[record, RQTY])
        value = muldiv(records[record, RVAL], part, records[record, RQTY])
        origin, source = (date, rows[k]) if cfg[C_RESET] == 1 else (records[record, RORG], records[record, RSRC])
        expiry = moves[k, MEXP] if moves[k, MEXP] != NO_DATE else records[record, REXP]
        cost, worth, known = records[record, RUC], value, records[record, RKNW]
        if known == 0:
            # What left without a cost comes back at one where there is one by now; else it undoes what waits for one.
            cost = estimate(k, moves, costs, items, grains)
            worth, known = standard_value(part, cost), 1 if cost != NULL_COST else 0
        node = make_layer(tables, part, worth, origin, date, source, cost, expiry, moves[k, GRAIN], known)
        layers[node, DEM] = UNDONE if known == 0 else 0
        records[record, RQTY] -= part
        records[record, RVAL] -= value
        if records[record, RQTY] == 0:
            heads[ref] = records[record, RPREV]
            records[record, RPREV] = run[RFREE]
            run[RFREE] = record
        qty -= part
        total += add_back(k, node, tables)
    if qty > 0:
        origin, source, expiry = date, rows[k], moves[k, MEXP]
        if cfg[C_RESET] == 0 and items[item, ISRC] >= 0:
            origin, source = items[item, IORG], items[item, ISRC]
        if expiry == NO_DATE and items[item, ISRC] >= 0:
            expiry = items[item, IEXP]
        cost, value = moves[k, MCOST], document_value(k, qty, moves)
        if cost == NULL_COST and grains[moves[k, GRAIN], VALUED] == 1:
            cost = items[item, IUC] if items[item, IUC] != NULL_COST else estimate(k, moves, costs, items, grains)
            value = standard_value(qty, cost)
        known = 1 if cost != NULL_COST else 0
        node = make_layer(tables, qty, value, origin, date, source, cost, expiry, moves[k, GRAIN], known)
        total += add_back(k, node, tables)
    return total


@part
def ship(k, under_way, tables):  # type: ignore[no-untyped-def]
    """The out leg of a move or conversion: its layers go under way (pool `under_way` of the group), oldest first."""
    moves, layers, transit, run, cfg = tables.moves, tables.layers, tables.transit, tables.run, tables.cfg
    node, value = remove(k, -moves[k, MQTY], False, tables)
    item, settled, sold, uncosted = moves[k, ITEM], run[SETTLED], run[CSETTLED], run[UNCOSTED]
    transit[item, UIN] -= moves[k, MQTY]
    transit[item, VIN] += value
    while node >= 0:
        following = layers[node, NXT]
        put(tables, under_way, node, False, FLOW_LIFO, True, cfg[C_FAMILY] == FAMILY_LAYER
        )  # fmt: skip
        node = following
    run[TSETTLED] += run[SETTLED] - settled
    run[SETTLED], run[CSETTLED], run[UNCOSTED] = settled, sold, uncosted
    return -value


@part
def unload(k, node, tables):  # type: ignore[no-untyped-def]
    """One piece that was under way arrives with movement `k`."""
    moves, rows, layers, grains, cfg = tables.moves, tables.rows, tables.layers, tables.grains, tables.cfg
    source_grain, date = layers[node, GRN], moves[k, DATE]
    valued_now = grains[moves[k, GRAIN], VALUED] == 1
    if moves[k, MCOST] != NULL_COST and valued_now and (layers[node, KNW] == 0 or grains[source_grain, VALUED] == 0):
        # Goods that become ours on the way (VMI drawn, consignment bought) are worth what the document says.
        layers[node, VAL] = document_value(k, layers[node, QTY], moves)
        layers[node, UC], layers[node, KNW] = moves[k, MCOST], 1
    if grains[source_grain, WAREHOUSE] != grains[moves[k, GRAIN], WAREHOUSE]:
        layers[node, ARR] = date
        if cfg[C_RESET] == 1:
            layers[node, ORG], layers[node, SRC] = date, rows[k]
    if moves[k, MEXP] != NO_DATE:
        layers[node, EXP] = moves[k, MEXP]
    return add(k, node, tables)


@part
def accept(k, under_way, tables):  # type: ignore[no-untyped-def]
    """The in leg of a move: what its group has under way, the same lot first. What was never shipped comes as a negative under way."""
    moves, rows, layers, pools, costs = tables.moves, tables.rows, tables.layers, tables.pools, tables.costs
    items, grains, transit, run = tables.items, tables.grains, tables.transit, tables.run
    qty, date, item = moves[k, MQTY], moves[k, DATE], moves[k, ITEM]
    lot = grains[moves[k, GRAIN], LOT]
    transit[item, UOUT] += qty
    uncosted = run[UNCOSTED]
    first, last = take(tables, under_way, qty, lot, False, -1, -1)
    if run[SHORT] > 0:
        first, last = take(tables, under_way, run[SHORT], -1, False, first, last)
    short, total = run[SHORT], 0
    run[UNCOSTED] = uncosted
    while first >= 0:
        following = layers[first, NXT]
        transit[item, VOUT] += layers[first, VAL]
        total += unload(k, first, tables)
        first = following
    if short > 0:
        cost, value = moves[k, MCOST], document_value(k, short, moves)
        if cost == NULL_COST:
            cost = estimate(k, moves, costs, items, grains)
            value = standard_value(short, cost)
        known = 1 if cost != NULL_COST else 0
        negative = make_layer(tables, -short, -value, date, date, rows[k], cost, moves[k, MEXP], moves[k, GRAIN], known)
        add_negative(layers, pools, under_way, negative)
        transit[item, VOUT] += value
        node = make_layer(tables, short, value, date, date, rows[k], cost, moves[k, MEXP], moves[k, GRAIN], known)
        total += add(k, node, tables)
    return total
