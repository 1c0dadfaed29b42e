"""Value of a cost pool (item x warehouse) under the averages and the standard. Compiled.

Under these methods layers carry no value of their own: one quantity and one value are kept per pool. What belongs here: value that leaves,
value that arrives, the close of a month. The methods `fifo` and `specific` never come here.
"""

from __future__ import annotations

from assets.ledger.fields import (
    ALLKNOWN,
    CCOVER,
    CDEF,
    CGIVEN,
    CKNW,
    CLAST,
    COPEN,
    CPOOL,
    CQTY,
    CVAL,
    FAMILY_MONTHLY,
    FAMILY_MOVING,
    OKNW,
    OVAL,
    SETTLED,
)  # fmt: skip
from assets.ledger.jit import part
from assets.ledger.scale import NULL_COST, VALUE_DIVISOR
from assets.ledger.wide import OVERFLOW, muldiv

CLOSED = -(2**63)
"""Marks a cost pool that this close has already dealt with."""


@part
def unit_cost(value, qty):  # type: ignore[no-untyped-def]
    """Scaled cost per unit of a value; NULL_COST when it cannot be said."""
    if qty == 0:
        return NULL_COST
    cost = muldiv(value, VALUE_DIVISOR, abs(qty))
    if cost == OVERFLOW:
        return NULL_COST
    return cost if qty > 0 else -cost


@part
def standard_value(qty, cost):  # type: ignore[no-untyped-def]
    """Value of a quantity at a unit cost; 0 where the cost is not known."""
    return 0 if cost == NULL_COST else muldiv(qty, cost, VALUE_DIVISOR)


@part
def leave(costs, run, pool, qty, estimate, family, standard):  # type: ignore[no-untyped-def]
    """Value of `qty` > 0 that leaves a cost pool now. What goes beyond the stock leaves at `estimate`."""
    held, value = costs[pool, CQTY], costs[pool, CVAL]
    if family == FAMILY_MOVING:
        if held >= qty:
            out = muldiv(value, qty, held)
        elif held > 0:
            out = value + standard_value(qty - held, estimate)
        else:
            out = standard_value(qty, estimate)
    elif family == FAMILY_MONTHLY:
        # Moves between warehouses go at the average the month opened with, so that warehouses do not wait for one another's close.
        base = held + costs[pool, CDEF]
        rate = costs[pool, COPEN]
        if rate == NULL_COST:
            rate = unit_cost(value, base) if base > 0 else estimate
        out = value if qty == base and base > 0 else standard_value(qty, rate)
    else:
        out = value - standard_value(held - qty, standard)
        if standard == NULL_COST:
            costs[pool, CKNW] = 0
    if held < qty and estimate == NULL_COST and family == FAMILY_MOVING:
        costs[pool, CKNW] = 0
    if costs[pool, CKNW] == 0:
        run[ALLKNOWN] = 0
    costs[pool, CQTY] = held - qty
    costs[pool, CVAL] = value - out
    if family == FAMILY_MOVING and costs[pool, CQTY] == 0:
        costs[pool, CKNW] = 1
    return out


@part
def arrive(costs, run, pool, qty, value, known, family, standard):  # type: ignore[no-untyped-def]
    """`qty` > 0 of `value` joins a cost pool; a negative pool is settled first, the difference goes to `run[SETTLED]`."""
    held = costs[pool, CQTY] + costs[pool, CDEF]
    settlement = 0
    if family != FAMILY_MONTHLY and family != FAMILY_MOVING:
        settlement = standard_value(costs[pool, CQTY] + qty, standard) - costs[pool, CVAL] - value
        known = 1 if standard != NULL_COST else 0
    elif held < 0:
        settled = min(qty, -held)
        booked = costs[pool, CVAL] if settled == -held else muldiv(costs[pool, CVAL], settled, -held)
        settlement = -(muldiv(value, settled, qty) + booked)
    if known == 0:
        costs[pool, CKNW] = 0
    costs[pool, CQTY] += qty
    costs[pool, CVAL] += value + settlement
    run[SETTLED] += settlement
    base = costs[pool, CQTY] + costs[pool, CDEF]
    if base > 0 and costs[pool, CKNW] == 1:
        costs[pool, CLAST] = unit_cost(costs[pool, CVAL], base)


@part
def month_rate(costs, pool):  # type: ignore[no-untyped-def]
    """The average of the month so far: (opening + what came in - moves out) / units; the last known one where there are no units."""
    base = costs[pool, CQTY] + costs[pool, CDEF]
    if base > 0:
        return unit_cost(costs[pool, CVAL], base)
    return costs[pool, COPEN] if costs[pool, COPEN] != NULL_COST else costs[pool, CLAST]


@part
def deferred_value(costs, pool, deferred):  # type: ignore[no-untyped-def]
    """Value of the first `deferred` units (net) that left at the month's average; all units take all value, to the last cent."""
    base = costs[pool, CQTY] + costs[pool, CDEF]
    if base > 0:
        return muldiv(costs[pool, CVAL], deferred, base)
    return standard_value(deferred, month_rate(costs, pool))


@part
def close_month(first, after, moves, deferred, costs, out):  # type: ignore[no-untyped-def]
    """Give the month's average to every movement that waited for it (rows first..after-1 of one cluster), and open the next month."""
    for k in range(first, after):
        pool = moves[k, CPOOL]
        if deferred[k] != 0:
            costs[pool, CCOVER] += deferred[k]
            upto = deferred_value(costs, pool, costs[pool, CCOVER])
            out[k, OVAL] += costs[pool, CGIVEN] - upto
            costs[pool, CGIVEN] = upto
            if costs[pool, CKNW] == 0 or month_rate(costs, pool) == NULL_COST:
                out[k, OKNW] = 0
    for k in range(first, after):
        pool = moves[k, CPOOL]
        if pool >= 0 and costs[pool, CCOVER] != CLOSED:
            rate = month_rate(costs, pool)
            if rate == NULL_COST and costs[pool, CDEF] != 0:
                costs[pool, CKNW] = 0
            costs[pool, CVAL] -= deferred_value(costs, pool, costs[pool, CDEF])
            costs[pool, CDEF] = 0
            costs[pool, COPEN] = rate
            costs[pool, CLAST] = rate
            costs[pool, CCOVER] = CLOSED
            if costs[pool, CQTY] == 0:
                costs[pool, CKNW] = 1
    for k in range(first, after):
        costs[moves[k, CPOOL], CCOVER] = 0
        costs[moves[k, CPOOL], CGIVEN] = 0


@part
def revalue(costs, pool, standard):  # type: ignore[no-untyped-def]
    """A new standard takes effect: what it changes in the value of the stock."""
    change = standard_value(costs[pool, CQTY], standard) - costs[pool, CVAL]
    costs[pool, CVAL] += change
    costs[pool, CLAST] = standard
    return change
