"""Open layers of a cluster at a snapshot, written to a table that grows. Compiled."""

from __future__ import annotations

import numba as nb
import numpy as np

from assets.ledger.fields import (
    ARR,
    C_FAMILY,
    CCOVER,
    CDEF,
    CGIVEN,
    CKNW,
    CLAST,
    CQTY,
    CVAL,
    DEM,
    EARR,
    EDEM,
    EEXP,
    EGRAIN,
    EGROUP,
    EKNW,
    EMIT_FIELDS,
    ENO,
    EORG,
    EQTY,
    ESNAP,
    ESRC,
    EUC,
    EVAL,
    EXP,
    FAMILY_LAYER,
    GRN,
    HEAD,
    KNW,
    NHEAD,
    NXT,
    ORG,
    QTY,
    SRC,
    UC,
    VAL,
)  # fmt: skip
from assets.ledger.kernel_cost import deferred_value, standard_value, unit_cost
from assets.ledger.wide import muldiv


@nb.njit
def _grown(emitted, count):  # type: ignore[no-untyped-def]
    if count < len(emitted):
        return emitted
    larger = np.empty((2 * len(emitted), EMIT_FIELDS), dtype=np.int64)
    larger[:count] = emitted[:count]
    return larger


@nb.njit
def _share(costs, pool, qty):  # type: ignore[no-untyped-def]
    """Value that falls to the next `qty` units of a cost pool, so that all layers together have all of it."""
    value = costs[pool, CVAL]
    if costs[pool, CDEF] != 0:
        value -= deferred_value(costs, pool, costs[pool, CDEF])
    costs[pool, CCOVER] += qty
    held, covered = costs[pool, CQTY], costs[pool, CCOVER]
    if held > 0:
        upto = muldiv(value, covered, held)
    elif held < 0:
        upto = muldiv(value, -covered, -held)
    else:
        upto = standard_value(covered, costs[pool, CLAST])
    share = upto - costs[pool, CGIVEN]
    costs[pool, CGIVEN] = upto
    return share


@nb.njit
def _emit_list(node, number, snapshot, group, layers, costs, cost_pool, emitted, count, cfg):  # type: ignore[no-untyped-def]
    while node >= 0:
        emitted = _grown(emitted, count)
        number += 1
        value, cost, known = layers[node, VAL], layers[node, UC], layers[node, KNW]
        if group < 0 and cfg[C_FAMILY] != FAMILY_LAYER:
            pool = cost_pool[layers[node, GRN]]
            value, known = _share(costs, pool, layers[node, QTY]), costs[pool, CKNW]
            cost = unit_cost(value, layers[node, QTY])
        emitted[count, ESNAP] = snapshot
        emitted[count, EGRAIN] = layers[node, GRN]
        emitted[count, ENO] = number
        emitted[count, EORG] = layers[node, ORG]
        emitted[count, EARR] = layers[node, ARR]
        emitted[count, ESRC] = layers[node, SRC]
        emitted[count, EQTY] = layers[node, QTY]
        emitted[count, EUC] = cost
        emitted[count, EVAL] = value
        emitted[count, EKNW] = known
        emitted[count, EEXP] = layers[node, EXP]
        emitted[count, EGROUP] = group
        emitted[count, EDEM] = layers[node, DEM]
        count += 1
        node = layers[node, NXT]
    return emitted, count, number


@nb.njit
def emit_layers(snapshot, members, groups, first_group, layers, pools, costs, cost_pool, emitted, count, cfg):  # type: ignore[no-untyped-def]
    """Write the open layers of the pools `members` and of the groups under way. Returns the table and its new length."""
    before = count
    for pool in members:
        emitted, count, number = _emit_list(
            pools[pool, HEAD], 0, snapshot, -1, layers, costs, cost_pool, emitted, count, cfg
        )
        emitted, count, number = _emit_list(
            pools[pool, NHEAD], number, snapshot, -1, layers, costs, cost_pool, emitted, count, cfg
        )
    for group in groups:
        pool = first_group + group
        if pools[pool, HEAD] >= 0 or pools[pool, NHEAD] >= 0:
            emitted, count, number = _emit_list(
                pools[pool, HEAD], 0, snapshot, group, layers, costs, cost_pool, emitted, count, cfg
            )
            emitted, count, number = _emit_list(
                pools[pool, NHEAD], number, snapshot, group, layers, costs, cost_pool, emitted, count, cfg
            )
    if cfg[C_FAMILY] != FAMILY_LAYER:
        for row in range(before, count):
            costs[cost_pool[emitted[row, EGRAIN]], CCOVER] = 0
            costs[cost_pool[emitted[row, EGRAIN]], CGIVEN] = 0
    return emitted, count
