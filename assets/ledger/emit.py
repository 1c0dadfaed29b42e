"""Open layers of a cluster at a snapshot, written to a table that grows. Compiled."""

from __future__ import annotations

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
    EMITTED,
    EORG,
    EQTY,
    ESNAP,
    ESRC,
    EUC,
    EVAL,
    EXP,
    FAMILY_LAYER,
    FAMILY_STANDARD,
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
    WHOLE,
)  # fmt: skip
from assets.ledger.jit import part
from assets.ledger.kernel_cost import deferred_value, pool_cost, standard_value, unit_cost
from assets.ledger.wide import muldiv


@part
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


@part
def emit_layers(tables, snapshot, members, groups, first_group, cost_pool, emitted):  # type: ignore[no-untyped-def]
    """Write the open layers of the pools `members` and of the groups under way to `emitted`, which has room for all nodes in use.

    Each pool: its queue in flow order, then the negatives that wait. `run[EMITTED]` counts the rows.
    """
    layers, pools, costs, run, cfg = tables.layers, tables.pools, tables.costs, tables.run, tables.cfg
    before = count = run[EMITTED]
    spread = cfg[C_FAMILY] != FAMILY_LAYER
    for turn in range(2 * (len(members) + len(groups))):
        at = turn // 2
        under_way = at >= len(members)
        group = groups[at - len(members)] if under_way else -1
        pool = first_group + group if under_way else members[at]
        node = pools[pool, HEAD] if turn % 2 == 0 else pools[pool, NHEAD]
        while node >= 0:
            value, cost, known = layers[node, VAL], layers[node, UC], layers[node, KNW]
            if spread and not under_way:
                book = cost_pool[layers[node, GRN]]
                value, known = _share(costs, book, layers[node, QTY]), 1 if costs[book, CKNW] == WHOLE else 0
                cost = unit_cost(value, layers[node, QTY])
                if cfg[C_FAMILY] == FAMILY_STANDARD:
                    cost = costs[book, CLAST]
                elif costs[book, CQTY] + costs[book, CDEF] > 0:
                    cost = pool_cost(costs, book)
            emitted[ESNAP, count] = snapshot
            emitted[EGRAIN, count] = layers[node, GRN]
            emitted[EORG, count] = layers[node, ORG]
            emitted[EARR, count] = layers[node, ARR]
            emitted[ESRC, count] = layers[node, SRC]
            emitted[EQTY, count] = layers[node, QTY]
            emitted[EUC, count] = cost
            emitted[EVAL, count] = value
            emitted[EKNW, count] = known
            emitted[EEXP, count] = layers[node, EXP]
            emitted[EGROUP, count] = group
            emitted[EDEM, count] = layers[node, DEM]
            count += 1
            node = layers[node, NXT]
    if spread:
        for row in range(before, count):
            costs[cost_pool[emitted[EGRAIN, row]], CCOVER] = 0
            costs[cost_pool[emitted[EGRAIN, row]], CGIVEN] = 0
    run[EMITTED] = count
