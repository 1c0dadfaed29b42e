"""Repack and conversion: n goods become m others, and keep their dates and their value. Compiled.

What went in is laid end to end, by units where it is one item and by value where items differ; each leg that comes out gets the stretch
that its share of all units out (`MTOTAL`) covers. So 2 boxes of 6 become 12 pieces of the same dates; a frame of January worth 100 and
wheels of March worth 50 become a bicycle that is two thirds January. The value-weighted age is conserved, and the value to the last cent.
"""

from __future__ import annotations

from assets.ledger.fields import EXP, GRN, HEAD, KNW, MEXP, MQTY, MTOTAL, NET, NXT, QTY, TAIL, UC, VAL
from assets.ledger.jit import part
from assets.ledger.kernel_cost import unit_cost
from assets.ledger.kernel_nodes import free_node, split, unlink
from assets.ledger.kernel_steps import ITEMNO, UOUT, VOUT, receive, unload
from assets.ledger.wide import muldiv


@part
def weigh(layers, pools, under_way, grains):  # type: ignore[no-untyped-def]
    """(by value?, total weight) of what a conversion has taken in."""
    node, one_item, item, units, value = pools[under_way, HEAD], True, -1, 0, 0
    while node >= 0:
        node_item = grains[layers[node, GRN], ITEMNO]
        one_item = one_item and (item < 0 or item == node_item)
        item = node_item
        units += layers[node, QTY]
        value += layers[node, VAL]
        node = layers[node, NXT]
    by_value = not one_item and value > 0
    return by_value, value if by_value else units


@part
def take_weight(layers, pools, run, under_way, weight, everything, by_value):  # type: ignore[no-untyped-def]
    """Take layers of a total weight from the front (all of them if `everything`). Returns the first piece."""
    field = VAL if by_value else QTY
    first, last = -1, -1
    node = pools[under_way, HEAD]
    while node >= 0 and (weight > 0 or everything):
        following = layers[node, NXT]
        if everything or layers[node, field] <= weight:
            unlink(layers, pools, under_way, node, HEAD, TAIL)
            piece = node
        else:
            qty = muldiv(layers[node, QTY], weight, layers[node, VAL]) if by_value else weight
            piece = split(layers, run, node, qty)
            if by_value:
                layers[node, VAL] += layers[piece, VAL] - weight
                layers[piece, VAL] = weight
        weight -= layers[piece, field]
        pools[under_way, NET] -= layers[piece, QTY]
        layers[piece, NXT] = -1
        if last >= 0:
            layers[last, NXT] = piece
        else:
            first = piece
        last = piece
        node = following
    return first


@part
def turn_into(k, under_way, produced, tables):  # type: ignore[no-untyped-def]
    """The in leg of a conversion; `produced` units of the group came out before. Without anything taken in it is a plain receipt."""
    moves, layers, pools = tables.moves, tables.layers, tables.pools
    grains, transit, run = tables.grains, tables.transit, tables.run
    qty = moves[k, MQTY]
    by_value, weight = weigh(layers, pools, under_way, grains)
    if pools[under_way, HEAD] < 0:
        return receive(k, tables)
    rest = moves[k, MTOTAL] - produced
    everything = qty >= rest
    wanted = weight if everything else muldiv(weight, qty, rest)
    node = take_weight(layers, pools, run, under_way, wanted, everything, by_value)
    if node < 0:
        return receive(k, tables)
    covered, given, carried, known, total = 0, 0, 0, 1, 0
    piece = node
    while piece >= 0:
        if layers[piece, KNW] == 0:
            known = 0
        piece = layers[piece, NXT]
    while node >= 0:
        following = layers[node, NXT]
        transit[grains[layers[node, GRN], ITEMNO], UOUT] += layers[node, QTY]
        transit[grains[layers[node, GRN], ITEMNO], VOUT] += layers[node, VAL]
        covered += layers[node, VAL] if by_value else layers[node, QTY]
        upto = qty if following < 0 else min(qty - 1, muldiv(qty, covered, wanted))
        units = upto - given
        layers[node, VAL] += carried
        if units <= 0 and following >= 0:
            # Too little to be a unit: its value passes to the next layer.
            carried = layers[node, VAL]
            free_node(layers, run, node)
        else:
            carried = 0
            given = upto
            layers[node, QTY] = units
            layers[node, KNW] = known
            layers[node, UC] = unit_cost(layers[node, VAL], units)
            layers[node, EXP] = moves[k, MEXP]
            total += unload(k, node, tables)
        node = following
    return total
