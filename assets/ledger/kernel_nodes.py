"""Queues of layers: linked lists in integer tables. Compiled.

A pool holds its layers in flow order and, apart from them, the negative layers that wait for a receipt, oldest first. What belongs here:
take from a queue, put into it, settle negatives. Nothing here depends on documents.
"""

from __future__ import annotations

from assets.ledger.fields import (
    ARR,
    CSETTLED,
    DEM,
    EXP,
    FLOW_FEFO,
    FLOW_LIFO,
    FREE,
    GRN,
    HEAD,
    KNW,
    NET,
    NHEAD,
    NODE_FIELDS,
    NTAIL,
    NXT,
    ORG,
    PRV,
    QTY,
    SETTLED,
    SHORT,
    SRC,
    TAIL,
    TOP,
    UC,
    UNCOSTED,
    UNDONE,
    VAL,
)  # fmt: skip
from assets.ledger.jit import part
from assets.ledger.kernel_waiting import layer_cost_found
from assets.ledger.scale import VALUE_DIVISOR
from assets.ledger.wide import muldiv


@part
def new_node(layers, run):  # type: ignore[no-untyped-def]
    """Index of an unused node."""
    node = run[FREE]
    if node >= 0:
        run[FREE] = layers[node, NXT]
        return node
    node = run[TOP]
    run[TOP] += 1
    return node


@part
def free_node(layers, run, node):  # type: ignore[no-untyped-def]
    """Give a node back."""
    layers[node, NXT] = run[FREE]
    run[FREE] = node


@part
def make_layer(tables, qty, val, origin, arrived, source, unit_cost, expiry, grain, known):  # type: ignore[no-untyped-def]
    """A new, unlinked layer."""
    layers, run = tables.layers, tables.run
    node = new_node(layers, run)
    layers[node, QTY] = qty
    layers[node, VAL] = val
    layers[node, ORG] = origin
    layers[node, ARR] = arrived
    layers[node, SRC] = source
    layers[node, UC] = unit_cost
    layers[node, EXP] = expiry
    layers[node, GRN] = grain
    layers[node, KNW] = known
    layers[node, DEM] = 0
    layers[node, NXT] = -1
    layers[node, PRV] = -1
    return node


@part
def unlink(layers, pools, pool, node, head, tail):  # type: ignore[no-untyped-def]
    """Take a node out of the list of `pool` whose ends are the columns `head` and `tail`."""
    before, after = layers[node, PRV], layers[node, NXT]
    if before >= 0:
        layers[before, NXT] = after
    else:
        pools[pool, head] = after
    if after >= 0:
        layers[after, PRV] = before
    else:
        pools[pool, tail] = before


@part
def link_after(layers, pools, pool, node, before, head, tail):  # type: ignore[no-untyped-def]
    """Put a node behind `before` (-1: at the front)."""
    after = layers[before, NXT] if before >= 0 else pools[pool, head]
    layers[node, PRV] = before
    layers[node, NXT] = after
    if before >= 0:
        layers[before, NXT] = node
    else:
        pools[pool, head] = node
    if after >= 0:
        layers[after, PRV] = node
    else:
        pools[pool, tail] = node


@part
def link_ordered(layers, pools, pool, node, flow, resetting):  # type: ignore[no-untyped-def]
    """Put a layer at its place in the flow: behind every layer that is not to leave later, so that equals keep the order of arrival.

    LIFO, and FIFO when ages reset, go by arrival; travelling FIFO by origin date; FEFO by expiry, then the same.
    """
    before = pools[pool, TAIL]
    if flow == FLOW_FEFO:
        expiry, origin = layers[node, EXP], layers[node, ORG]
        while before >= 0 and (
            layers[before, EXP] > expiry
            or (layers[before, EXP] == expiry and not resetting and layers[before, ORG] > origin)
        ):
            before = layers[before, PRV]
    elif flow != FLOW_LIFO and not resetting:
        origin = layers[node, ORG]
        while before >= 0 and layers[before, ORG] > origin:
            before = layers[before, PRV]
    link_after(layers, pools, pool, node, before, HEAD, TAIL)


@part
def split(layers, run, node, qty):  # type: ignore[no-untyped-def]
    """Cut `qty` off a layer; the piece takes its share of the value, the rest keeps what remains."""
    piece = new_node(layers, run)
    for field in range(NODE_FIELDS):
        layers[piece, field] = layers[node, field]
    value = muldiv(layers[node, VAL], qty, layers[node, QTY])
    layers[piece, QTY] = qty
    layers[piece, VAL] = value
    layers[node, QTY] -= qty
    layers[node, VAL] -= value
    return piece


@part
def take(tables, pool, qty, want_lot, newest_first, first, last):  # type: ignore[no-untyped-def]
    """Take up to `qty` from a pool, of one lot if `want_lot` >= 0; the pieces are appended to the list first..last.

    Returns the ends of the list; `run[SHORT]` holds what was not there.
    """
    layers, pools, grains, run = tables.layers, tables.pools, tables.grains, tables.run
    node = pools[pool, TAIL] if newest_first else pools[pool, HEAD]
    while node >= 0 and qty > 0:
        following = layers[node, PRV] if newest_first else layers[node, NXT]
        if want_lot < 0 or grains[layers[node, GRN], 0] == want_lot:
            if layers[node, QTY] <= qty:
                unlink(layers, pools, pool, node, HEAD, TAIL)
                piece = node
            else:
                piece = split(layers, run, node, qty)
            qty -= layers[piece, QTY]
            pools[pool, NET] -= layers[piece, QTY]
            if layers[piece, KNW] == 0:
                run[UNCOSTED] -= layers[piece, QTY]
            layers[piece, NXT] = -1
            if last >= 0:
                layers[last, NXT] = piece
            else:
                first = piece
            last = piece
        node = following
    run[SHORT] = qty
    return first, last


@part
def add_negative(layers, pools, pool, node):  # type: ignore[no-untyped-def]
    """Put a negative layer behind those that already wait."""
    pools[pool, NET] += layers[node, QTY]
    link_after(layers, pools, pool, node, pools[pool, NTAIL], NHEAD, NTAIL)


@part
def put(tables, pool, node, match_lot, flow, resetting, is_layered):  # type: ignore[no-untyped-def]
    """Put a layer into a pool: first it settles the negatives that wait there, oldest first, then the rest joins the queue.

    `run[SETTLED]` is lowered by what the settled units really cost above what they were booked at, so that it is the effect on stock value;
    `run[CSETTLED]` by what of it falls on units sold. A layer without a cost changes nothing of what was sold. Negatives that have no cost
    yet, and are still not there, are booked at the cost that the layer brings. Returns the units that joined the queue.
    """
    layers, pools, grains, waits, run = tables.layers, tables.pools, tables.grains, tables.waits, tables.run
    pools[pool, NET] += layers[node, QTY]
    known, is_undone = layers[node, KNW], layers[node, DEM] == UNDONE
    layers[node, DEM] = 0
    waiting = pools[pool, NHEAD]
    while waiting >= 0 and layers[node, QTY] > 0:
        following = layers[waiting, NXT]
        lot = grains[layers[waiting, GRN], 0]
        if not match_lot or lot == 0 or lot == grains[layers[node, GRN], 0]:
            qty = min(layers[node, QTY], -layers[waiting, QTY])
            incoming = muldiv(layers[node, VAL], qty, layers[node, QTY])
            booked = muldiv(layers[waiting, VAL], qty, -layers[waiting, QTY])
            run[SETTLED] -= incoming + booked
            if known == 1 and layers[waiting, DEM] == 1:
                run[CSETTLED] -= incoming + booked
            if is_layered and layers[waiting, KNW] == 0:
                layer_cost_found(waits, run, layers[waiting, SRC], qty, 1 if is_undone else known)
            layers[node, QTY] -= qty
            layers[node, VAL] -= incoming
            layers[waiting, QTY] += qty
            layers[waiting, VAL] -= booked
            if layers[waiting, QTY] == 0:
                unlink(layers, pools, pool, waiting, NHEAD, NTAIL)
                free_node(layers, run, waiting)
        waiting = following
    if is_layered and known == 1 and pools[pool, NHEAD] >= 0:
        _book_waiting(layers, pools, run, waits, pool, layers[node, UC])
    left = layers[node, QTY]
    if left > 0:
        if is_layered and known == 0:
            run[UNCOSTED] += left
        link_ordered(layers, pools, pool, node, flow, resetting)
    else:
        free_node(layers, run, node)
    return left


@part
def _book_waiting(layers, pools, run, waits, pool, cost):  # type: ignore[no-untyped-def]
    """Negatives without a cost are booked at one that has become known."""
    waiting = pools[pool, NHEAD]
    while waiting >= 0:
        if layers[waiting, KNW] == 0:
            value = muldiv(layers[waiting, QTY], cost, VALUE_DIVISOR)
            run[SETTLED] += value - layers[waiting, VAL]
            if layers[waiting, DEM] == 1:
                run[CSETTLED] += value - layers[waiting, VAL]
            layer_cost_found(waits, run, layers[waiting, SRC], -layers[waiting, QTY], 1)
            layers[waiting, VAL], layers[waiting, UC], layers[waiting, KNW] = value, cost, 1
        waiting = layers[waiting, NXT]
