"""The compiled day-by-day run of a policy for many item-warehouses, along the network. Only arithmetic belongs here.

Day order: receipts arrive and serve what waits; demand is served, and what customers send back (demand below zero) is on
the shelf at once; stock that has passed its shelf life is written off; the position is reviewed and an order may be
decided, which goes out the next morning and arrives `lead` days after that (the plan's protection interval of lead time +
review period counts the same days). A place that another one feeds asks for what lifts it to its level; a shortage is
divided by need. Where goods are bought, the position is that of all that is fed from there. Lead times are drawn by a
counter-based generator (seed, row, order number), so that the same row sees the same draws under every policy.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit

from assets.planning.network.order_step import order_units
from assets.planning.network.ration import divide

OUTPUTS = (
    "demand_units", "filled_units", "demand_days", "filled_days", "cycles", "served_cycles", "stockout_days",
    "stock_unit_days", "orders", "ordered_units", "written_off_units", "lost_units", "closing_units",
    "backorder_unit_days",
)  # fmt: skip


class Rows(NamedTuple):
    """What holds for a row all the time, each (rows,)."""

    above: np.ndarray
    """Row that feeds it, -1: it buys."""
    kind: np.ndarray
    """How it orders, as `order_step` expects it."""
    review_days: np.ndarray
    opening: np.ndarray
    """Units on hand at the start."""
    minimum: np.ndarray
    multiple: np.ndarray
    shelf_life: np.ndarray
    """Days; 0: none."""


class Levels(NamedTuple):
    """What a policy orders by, units (rows, vintages); of a row that feeds others the levels are of its echelon."""

    vintage_of_day: np.ndarray
    """(days,) vintage that is in force."""
    reorder: np.ndarray
    up_to: np.ndarray
    lot: np.ndarray
    keep: np.ndarray
    """What a row holds back for its own customers when it sends to others."""


class Window(NamedTuple):
    """Days of the run; figures are taken from day measured_from on, before measured_to."""

    days: int
    measured_from: int
    measured_to: int


@njit(cache=True, nogil=True)
def _uniform(seed, row, number):  # type: ignore[no-untyped-def]  # pragma: no cover - compiled
    """Uniform in [0, 1) of a triple (splitmix64 finaliser)."""
    x = np.uint64(seed) + np.uint64(0x9E3779B97F4A7C15) * (np.uint64(row) * np.uint64(65_521) + np.uint64(number + 1))
    x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    x = x ^ (x >> np.uint64(31))
    return float(x >> np.uint64(11)) / 9007199254740992.0


@njit(cache=True, nogil=True)
def _take_oldest(layer_units, oldest, day, taken):  # type: ignore[no-untyped-def]  # pragma: no cover - compiled
    """Takes units from the layers by day of arrival, oldest first; returns the day of the oldest that is left."""
    while taken > 1e-9 and oldest <= day:
        part = min(layer_units[oldest], taken)
        layer_units[oldest] -= part
        taken -= part
        if layer_units[oldest] <= 1e-9:
            oldest += 1
    return min(oldest, day)


@njit(cache=True, nogil=True)
def simulate(group, rows, demand, supply, leads, levels, window, is_lost, seed, out):  # type: ignore[no-untyped-def]  # pragma: no cover - compiled
    """Runs the rows of every group (one item each, rows that feed each other together); `out` (rows, len(OUTPUTS)) is filled.

    group: first row of each item and the end. demand, supply, leads: `Ragged`, days counted from 0; the `day` of leads is
    the lead time. is_lost: what cannot be served is lost, else it waits.
    """
    above, kind, review_days, opening = rows.above, rows.kind, rows.review_days, rows.opening
    minimum, multiple, shelf_life = rows.minimum, rows.multiple, rows.shelf_life
    demand_start, demand_day, demand_units = demand.start, demand.day, demand.units
    supply_start, supply_day, supply_units = supply.start, supply.day, supply.units
    lead_start, lead_days = leads.start, leads.day
    vintage_of_day, reorder, up_to, lot, keep = (
        levels.vintage_of_day,
        levels.reorder,
        levels.up_to,
        levels.lot,
        levels.keep,
    )
    days, measured_from, measured_to = window.days, window.measured_from, window.measured_to
    for g in range(len(group) - 1):
        a, b = group[g], group[g + 1]
        m = b - a
        arrivals = np.zeros((m, days + 1))
        layers = np.zeros((m, days + 1))
        on_hand, waiting, coming = np.zeros(m), np.zeros(m), np.zeros(m)
        oldest, placed = np.zeros(m, np.int64), np.zeros(m, np.int64)
        at = np.zeros(m, np.int64)
        in_cycle_short, cycle_open, feeds = np.zeros(m, np.bool_), np.zeros(m, np.bool_), np.zeros(m, np.bool_)
        for i in range(m):
            r = a + i
            if above[r] >= 0:
                feeds[above[r] - a] = True
            on_hand[i] = max(opening[r], 0.0)
            for k in range(supply_start[r], supply_start[r + 1]):
                if supply_day[k] <= days:
                    arrivals[i, supply_day[k]] += supply_units[k]
                coming[i] += supply_units[k]
            layers[i, 0] = on_hand[i]
            at[i] = demand_start[r]
        held, target, given = np.zeros(m + 1), np.zeros(m + 1), np.zeros(m + 1)
        place = np.zeros(m + 1, np.int64)
        for day in range(days):
            measured = measured_from <= day < measured_to
            v = vintage_of_day[day]
            for i in range(m):
                r = a + i
                life = shelf_life[r]
                received = arrivals[i, day]
                if received > 0:
                    if measured and cycle_open[i]:
                        out[r, 4] += 1
                        if not in_cycle_short[i]:
                            out[r, 5] += 1
                    cycle_open[i], in_cycle_short[i] = True, False
                    coming[i] -= received
                    on_hand[i] += received
                    layers[i, day] += received
                    served = min(on_hand[i], waiting[i])
                    waiting[i] -= served
                    on_hand[i] -= served
                    if life > 0:
                        oldest[i] = _take_oldest(layers[i], oldest[i], day, served)
                while at[i] < demand_start[r + 1] and demand_day[at[i]] == day:
                    wanted = demand_units[at[i]]
                    at[i] += 1
                    if wanted < 0:  # sent back by a customer
                        served = min(waiting[i], -wanted)
                        waiting[i] -= served
                        on_hand[i] -= wanted + served
                        layers[i, day] -= wanted + served
                    if wanted <= 0:
                        continue
                    filled = min(on_hand[i], wanted)
                    on_hand[i] -= filled
                    if life > 0:
                        oldest[i] = _take_oldest(layers[i], oldest[i], day, filled)
                    short = wanted - filled
                    if short > 1e-9:
                        in_cycle_short[i] = True
                    if measured:
                        out[r, 0] += wanted
                        out[r, 1] += filled
                        out[r, 2] += 1
                        if short <= 1e-9:
                            out[r, 3] += 1
                    if is_lost:
                        if measured:
                            out[r, 11] += short
                    else:
                        waiting[i] += short
                if life > 0:
                    while oldest[i] <= day and oldest[i] + life <= day:
                        if layers[i, oldest[i]] > 1e-9:
                            expired = min(layers[i, oldest[i]], on_hand[i])
                            on_hand[i] -= expired
                            if measured:
                                out[r, 10] += expired
                        layers[i, oldest[i]] = 0.0
                        oldest[i] += 1
                if measured:
                    out[r, 7] += on_hand[i]
                    out[r, 13] += waiting[i]
                    if on_hand[i] <= 1e-9:
                        out[r, 6] += 1
            for p in range(m):
                if not feeds[p] or on_hand[p] <= 1e-9:
                    continue
                count = 1
                for i in range(m):
                    r = a + i
                    if above[r] != a + p or day % review_days[r] != 0:
                        continue
                    position = on_hand[i] + coming[i] - waiting[i]
                    units = order_units(kind[r], position, reorder[r, v], up_to[r, v], lot[r, v], 0.0, multiple[r])
                    if units > 0:
                        place[count], held[count], target[count] = i, position, position + units
                        count += 1
                if count == 1:
                    continue
                divide(on_hand[p], keep[a + p, v], held[:count], target[:count], given[:count], multiple[a + place[1]])
                for c in range(1, count):
                    units = given[c]
                    if units <= 1e-9:
                        continue
                    i = place[c]
                    r = a + i
                    size = lead_start[r + 1] - lead_start[r]
                    draw = int(_uniform(seed, r, placed[i]) * size)
                    lead = 1 + max(lead_days[lead_start[r] + min(draw, size - 1)], 0)
                    placed[i] += 1
                    on_hand[p] -= units
                    if shelf_life[a + p] > 0:
                        oldest[p] = _take_oldest(layers[p], oldest[p], day, units)
                    coming[i] += units
                    if day + lead <= days:
                        arrivals[i, day + lead] += units
            for i in range(m):
                r = a + i
                if above[r] >= 0 or day % review_days[r] != 0:
                    continue
                position = on_hand[i] + coming[i] - waiting[i]
                if feeds[i]:
                    for j in range(m):
                        up = above[a + j]
                        while up >= 0 and up != r:
                            up = above[up]
                        if up == r:
                            position += on_hand[j] + coming[j] - waiting[j]
                quantity = order_units(
                    kind[r], position, reorder[r, v], up_to[r, v], lot[r, v], minimum[r], multiple[r]
                )
                if quantity <= 0:
                    continue
                size = lead_start[r + 1] - lead_start[r]
                draw = int(_uniform(seed, r, placed[i]) * size)
                lead = 1 + max(lead_days[lead_start[r] + min(draw, size - 1)], 0)
                placed[i] += 1
                coming[i] += quantity
                if day + lead <= days:
                    arrivals[i, day + lead] += quantity
                if measured:
                    out[r, 8] += 1
                    out[r, 9] += quantity
        for i in range(m):
            out[a + i, 12] = on_hand[i]
