"""Movements whose units left stock without a cost, until one is found. Compiled.

Units that are not there and of which no cost is known leave with no value; the receipt that settles them books what they cost, on its own
day. From then on the movement that took them is known: it booked nothing, and what it lacked is in the settlement. `waits` holds per
movement of the run the units that still wait (`WUNITS`) and, under the averages, the movement of the same pool that waited before
(`WPREV`), so that those that a cost pool has waiting can be walked from the newest, and the units that have got a cost since (`WBACK`).
"""

from __future__ import annotations

from assets.ledger.fields import CWAIT, UNCOSTED
from assets.ledger.jit import part

WUNITS, WPREV, WBACK = range(3)
WAIT_FIELDS = 3


@part
def wait(costs, waits, pool, row, units):  # type: ignore[no-untyped-def]
    """Units of movement `row` left a cost pool without a cost."""
    if waits[row, WUNITS] == 0:
        waits[row, WPREV] = costs[pool, CWAIT]
        costs[pool, CWAIT] = row
    waits[row, WUNITS] += units


@part
def cost_found(costs, waits, pool, units):  # type: ignore[no-untyped-def]
    """The newest `units` that a cost pool has waiting have got their cost (older ones were settled without, and never get one).

    Returns how many there were."""
    all_found = 0
    row = costs[pool, CWAIT]
    while row >= 0 and units > 0:
        found = min(units, waits[row, WUNITS])
        waits[row, WUNITS] -= found
        waits[row, WBACK] += found
        units -= found
        all_found += found
        if waits[row, WUNITS] == 0 and row == costs[pool, CWAIT]:
            costs[pool, CWAIT] = waits[row, WPREV]
        row = waits[row, WPREV]
    return all_found


@part
def layer_cost_found(waits, run, row, units, known):  # type: ignore[no-untyped-def]
    """A negative layer of movement `row` is settled: at a known cost it waits no longer; else it is gone from stock without one."""
    if known == 1 and row < len(waits) and waits[row, WUNITS] >= units:
        waits[row, WUNITS] -= units
    else:
        run[UNCOSTED] -= units
