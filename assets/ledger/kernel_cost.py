"""Value of a cost pool (item x warehouse) under the averages and the standard. Compiled.

Under these methods layers carry no value of their own: one quantity and one value are kept per pool. What belongs here: value that leaves,
value that arrives, the close of a month. The methods `fifo` and `specific` never come here.

The value that is booked has four decimals; what a unit cost times a quantity makes beyond them is kept as a residue (`CRES`, 1e-14 of the
currency), so that the average is that of the documents and not of their rounding.
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
    CRES,
    CSETTLED,
    CSOLD,
    CUNK,
    CVAL,
    FAMILY_MONTHLY,
    FAMILY_MOVING,
    ISDEM,
    MQTY,
    OKNW,
    OUNK,
    OVAL,
    SETTLED,
    SHORT_ONLY,
    TAINTED,
    UNCOSTED,
    WHOLE,
)  # fmt: skip
from assets.ledger.jit import part
from assets.ledger.kernel_waiting import cost_found, wait
from assets.ledger.scale import NULL_COST, VALUE_DIVISOR
from assets.ledger.wide import OVERFLOW, muldiv

CLOSED = -(2**63)
"""Marks a cost pool that this close has already dealt with."""


@part
def unit_cost(value, qty):  # type: ignore[no-untyped-def]
    """Scaled cost per unit of a value; NULL_COST when it is not known."""
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
def residue_of(qty, cost, value):  # type: ignore[no-untyped-def]
    """What quantity x cost makes beyond the rounded value; 0 where the value is another one (an amount, a share).

    The products wrap around 64 bits; their difference does not."""
    if cost == NULL_COST:
        return 0
    residue = qty * cost - value * VALUE_DIVISOR
    half = VALUE_DIVISOR // 2
    return residue if -half <= residue <= half else 0


@part
def _half_up(rest, divisor):  # type: ignore[no-untyped-def]
    """rest / divisor, rounded half up; divisor > 0."""
    whole = rest // divisor
    left = rest - whole * divisor
    return whole + 1 if left >= divisor - left else whole


@part
def average_cost(value, residue, qty):  # type: ignore[no-untyped-def]
    """Scaled cost per unit of value and residue over qty > 0."""
    cost = unit_cost(value, qty)
    if residue == 0 or cost == NULL_COST:
        return cost
    return cost + _half_up(value * VALUE_DIVISOR - cost * qty + residue, qty)


@part
def pool_cost(costs, pool):  # type: ignore[no-untyped-def]
    """The average of a pool whose units are more than none."""
    return average_cost(costs[pool, CVAL], costs[pool, CRES], costs[pool, CQTY] + costs[pool, CDEF])


@part
def _draw(costs, pool, qty, held):  # type: ignore[no-untyped-def]
    """Take the share of qty of held > 0 units out of value and residue. Returns the value."""
    value, left = costs[pool, CVAL], held - qty
    out = muldiv(value, qty, held)
    costs[pool, CVAL] = value - out
    # The exact rest is (value + residue) x left / held; what it has beyond the rounded one is the new residue.
    beyond = value * left - (value - out) * held
    if left <= 0 or (beyond == 0 and costs[pool, CRES] == 0):
        costs[pool, CRES] = 0
        return out
    first = muldiv(beyond, VALUE_DIVISOR, held)
    second = muldiv(costs[pool, CRES], left, held)
    rest = (beyond * VALUE_DIVISOR - first * held) + (costs[pool, CRES] * left - second * held)
    costs[pool, CRES] = first + second + _half_up(rest, held)
    return out


@part
def _book_short(costs, run, waits, pool, cost):  # type: ignore[no-untyped-def]
    """Units that left a pool without a cost, and are still not there, are booked at `cost`."""
    held = costs[pool, CQTY]
    change = standard_value(held, cost) - costs[pool, CVAL]
    costs[pool, CVAL] += change
    run[SETTLED] += change
    run[CSETTLED] += muldiv(change, costs[pool, CSOLD], -held)
    run[UNCOSTED] += cost_found(costs, waits, pool, -held)
    costs[pool, CKNW] = WHOLE


@part
def leave(tables, pool, qty, estimate, family, standard, is_demand, row):  # type: ignore[no-untyped-def]
    """Value of `qty` > 0 that leaves a cost pool now. What goes beyond the stock leaves at `estimate`, or waits for a cost."""
    costs, waits, run = tables.costs, tables.waits, tables.run
    held, value = costs[pool, CQTY], costs[pool, CVAL]
    if family == FAMILY_MOVING:
        if costs[pool, CKNW] == TAINTED:
            run[ALLKNOWN] = 0
        if held >= qty:
            out = _draw(costs, pool, qty, held)
            costs[pool, CQTY] = held - qty
            if held == qty:
                costs[pool, CKNW] = WHOLE
            return out
        if held < 0 and costs[pool, CKNW] == SHORT_ONLY and estimate != NULL_COST:
            _book_short(costs, run, waits, pool, estimate)
        if held >= 0:
            # What was there is gone, and with it all that was not known of it.
            costs[pool, CKNW], costs[pool, CRES], costs[pool, CSOLD] = WHOLE, 0, 0
        short = qty - max(held, 0)
        out = standard_value(short, estimate) + (value if held > 0 else 0)
        if estimate == NULL_COST:
            costs[pool, CKNW] = SHORT_ONLY
            wait(costs, waits, pool, row, short)
        if is_demand:
            costs[pool, CSOLD] += short
        costs[pool, CQTY] = held - qty
        costs[pool, CVAL] -= out
        return out
    if family == FAMILY_MONTHLY:
        # Moves between warehouses go at the average the month opened with, so that warehouses do not wait for one another's close.
        base = held + costs[pool, CDEF]
        rate = costs[pool, COPEN]
        if rate == NULL_COST:
            rate = pool_cost(costs, pool) if base > 0 else estimate
        if qty == base and base > 0:
            out = value
            costs[pool, CRES] = 0
        else:
            out = standard_value(qty, rate)
            costs[pool, CRES] -= residue_of(qty, rate, out)
        if rate == NULL_COST:
            costs[pool, CKNW] = TAINTED
    else:
        out = value - standard_value(held - qty, standard)
        costs[pool, CKNW] = WHOLE if standard != NULL_COST else TAINTED
    if costs[pool, CKNW] != WHOLE:
        run[ALLKNOWN] = 0
    costs[pool, CQTY] = held - qty
    costs[pool, CVAL] = value - out
    return out


@part
def arrive(tables, pool, qty, value, cost, known, is_undone, family, standard):  # type: ignore[no-untyped-def]
    """`qty` > 0 of `value` (at unit `cost`) joins a cost pool; a negative pool is settled first, the difference goes to `run[SETTLED]`.

    `is_undone`: units that left without a cost come back without one; they no longer wait.
    """
    costs, waits, run = tables.costs, tables.waits, tables.run
    held = costs[pool, CQTY] + costs[pool, CDEF]
    settlement = 0
    if family != FAMILY_MONTHLY and family != FAMILY_MOVING:
        settlement = standard_value(costs[pool, CQTY] + qty, standard) - costs[pool, CVAL] - value
        costs[pool, CQTY] += qty
        costs[pool, CVAL] += value + settlement
        run[SETTLED] += settlement
        costs[pool, CKNW], costs[pool, CLAST] = (WHOLE, standard) if standard != NULL_COST else (TAINTED, NULL_COST)
        return
    residue = residue_of(qty, cost, value)
    if held < 0:
        settled = min(qty, -held)
        left = -held - settled
        sold = costs[pool, CSOLD]
        if costs[pool, CKNW] == SHORT_ONLY and known == 1:
            # What is still not there is booked at the cost that has become known.
            settlement = (value - muldiv(value, settled, qty)) - standard_value(left, cost) - costs[pool, CVAL] - value
            run[UNCOSTED] += cost_found(costs, waits, pool, -held)
            costs[pool, CKNW] = WHOLE
        else:
            booked = costs[pool, CVAL] if left == 0 else muldiv(costs[pool, CVAL], settled, -held)
            settlement = -(muldiv(value, settled, qty) + booked)
            if costs[pool, CKNW] == SHORT_ONLY and is_undone:
                run[UNCOSTED] += cost_found(costs, waits, pool, settled)
        if known == 1:
            run[CSETTLED] += muldiv(settlement, sold, -held)
        costs[pool, CSOLD] = muldiv(sold, left, -held)
        residue = 0 if left > 0 else muldiv(residue, qty - settled, qty)
        if left == 0:
            costs[pool, CKNW] = WHOLE
        if known == 0 and qty > settled:
            costs[pool, CKNW] = TAINTED
    elif known == 0:
        costs[pool, CKNW] = TAINTED
    costs[pool, CQTY] += qty
    costs[pool, CVAL] += value + settlement
    costs[pool, CRES] += residue
    run[SETTLED] += settlement
    if costs[pool, CQTY] + costs[pool, CDEF] > 0 and costs[pool, CKNW] == WHOLE:
        costs[pool, CLAST] = pool_cost(costs, pool)


@part
def month_rate(costs, pool):  # type: ignore[no-untyped-def]
    """The average of the month so far: (opening + what came in - moves out) / units; the last known one where there are no units."""
    if costs[pool, CQTY] + costs[pool, CDEF] > 0:
        return pool_cost(costs, pool)
    return costs[pool, COPEN] if costs[pool, COPEN] != NULL_COST else costs[pool, CLAST]


@part
def deferred_value(costs, pool, deferred):  # type: ignore[no-untyped-def]
    """Value of the first `deferred` units (net) that left at the month's average; all units take all value, to the last cent."""
    base = costs[pool, CQTY] + costs[pool, CDEF]
    if base > 0:
        return muldiv(costs[pool, CVAL], deferred, base)
    return standard_value(deferred, month_rate(costs, pool))


@part
def _note_sold(costs, pool, deferred, before, is_demand):  # type: ignore[no-untyped-def]
    """Of `deferred` units that leave after `before` others, those that are not there, if sold; what comes back is sold no more."""
    base = max(costs[pool, CQTY] + costs[pool, CDEF], 0)
    short_before, short_after = max(before - base, 0), max(before + deferred - base, 0)
    if short_after > short_before:
        if is_demand:
            costs[pool, CSOLD] += short_after - short_before
    elif short_before > 0:
        costs[pool, CSOLD] = muldiv(costs[pool, CSOLD], short_after, short_before)


@part
def close_month(first, after, moves, rows, deferred, costs, waits, out):  # type: ignore[no-untyped-def]
    """Give the month's average to every movement that waited for it (rows first..after-1 of one cluster), and open the next month."""
    for k in range(first, after):
        pool = moves[k, CPOOL]
        if deferred[k] != 0:
            _note_sold(costs, pool, deferred[k], costs[pool, CCOVER], moves[k, ISDEM] == 1 and moves[k, MQTY] < 0)
            costs[pool, CCOVER] += deferred[k]
            upto = deferred_value(costs, pool, costs[pool, CCOVER])
            out[k, OVAL] += costs[pool, CGIVEN] - upto
            costs[pool, CGIVEN] = upto
            if costs[pool, CKNW] == TAINTED:
                out[k, OKNW] = 0
            elif month_rate(costs, pool) == NULL_COST:
                if deferred[k] > 0:
                    wait(costs, waits, pool, rows[k], deferred[k])
                else:
                    found = cost_found(costs, waits, pool, -deferred[k])
                    out[k, OUNK] += found
                    if found < -deferred[k]:
                        out[k, OKNW] = 0
    for k in range(first, after):
        pool = moves[k, CPOOL]
        if costs[pool, CCOVER] != CLOSED:
            _close_pool(costs, pool)
    for k in range(after - 1, first - 1, -1):
        pool = moves[k, CPOOL]
        costs[pool, CCOVER] = 0
        costs[pool, CGIVEN] = 0
        report_uncosted(k, costs, pool, out)


@part
def _close_pool(costs, pool):  # type: ignore[no-untyped-def]
    rate = month_rate(costs, pool)
    base = costs[pool, CQTY] + costs[pool, CDEF]
    if base > 0:
        _draw(costs, pool, costs[pool, CDEF], base)
    else:
        costs[pool, CVAL] -= standard_value(costs[pool, CDEF], rate)
        costs[pool, CRES] = 0
    if rate == NULL_COST and costs[pool, CDEF] != 0:
        costs[pool, CKNW] = SHORT_ONLY if costs[pool, CQTY] < 0 else TAINTED
    costs[pool, CDEF] = 0
    costs[pool, COPEN] = rate
    costs[pool, CLAST] = rate
    costs[pool, CCOVER] = CLOSED
    if costs[pool, CQTY] == 0:
        costs[pool, CKNW] = WHOLE
    elif costs[pool, CQTY] < 0 and costs[pool, CKNW] == TAINTED:
        costs[pool, CKNW] = SHORT_ONLY


@part
def report_uncosted(k, costs, pool, out):  # type: ignore[no-untyped-def]
    """Movement `k` answers for the units of unknown cost that its pool has more or less than when last reported."""
    level = abs(costs[pool, CQTY]) if costs[pool, CKNW] != WHOLE else 0
    out[k, OUNK] += level - costs[pool, CUNK]
    costs[pool, CUNK] = level


@part
def revalue(costs, pool, standard):  # type: ignore[no-untyped-def]
    """A new standard takes effect: what it changes in the value of the stock."""
    change = standard_value(costs[pool, CQTY], standard) - costs[pool, CVAL]
    costs[pool, CVAL] += change
    costs[pool, CLAST] = standard
    costs[pool, CKNW] = WHOLE if standard != NULL_COST else TAINTED
    return change
