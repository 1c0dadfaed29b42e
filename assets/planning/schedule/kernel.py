"""The compiled walk over the coming days of every item through its warehouses. Only arithmetic belongs here.

Evening by evening: places that are fed by a warehouse ask for what lifts them to their level, a shortage is divided by
need; where goods are bought, an order is placed when what the whole echelon holds and will receive in time does not cover
its demand until the next order could arrive, plus safety stock. Suppliers take orders and deliver on their days only.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit

from assets.planning.network.order_step import order_units
from assets.planning.network.ration import divide

WEEKLY = ("opening", "demand", "receipts", "planned_receipts", "sent", "released", "closing", "short")


class Rows(NamedTuple):
    """What holds for a row on all days, each (rows,); safety and all levels are of the echelon, units."""

    above: np.ndarray
    """Row that feeds it, -1: bought."""
    stock: np.ndarray
    safety: np.ndarray
    gap: np.ndarray
    """Order-up-to level less reorder point."""
    lot: np.ndarray
    kind: np.ndarray
    lead: np.ndarray
    review: np.ndarray
    minimum: np.ndarray
    multiple: np.ndarray
    calendar: np.ndarray
    """Line of the suppliers' days that holds for it."""
    may_order: np.ndarray
    first_units: np.ndarray
    """The order of day 0, and the day on which it arrives."""
    first_day: np.ndarray


class Demand(NamedTuple):
    """(rows, periods + 1) units up to the end of each period, of the row and of its echelon."""

    own: np.ndarray
    scope: np.ndarray
    period_days: float


class Suppliers(NamedTuple):
    """(calendars, days): takes orders on a day; first day from it on that it delivers."""

    is_open: np.ndarray
    next_delivery: np.ndarray


class Result(NamedTuple):
    """What the walk fills in. Planned orders of each row from event_start on; where event_units is empty they are only counted."""

    weekly: np.ndarray
    """(rows, weeks, len(WEEKLY))."""
    short_day: np.ndarray
    """(rows,) first day with unmet demand, -1: none."""
    event_start: np.ndarray
    event_release: np.ndarray
    event_arrival: np.ndarray
    event_units: np.ndarray
    event_count: np.ndarray


@njit(cache=True, nogil=True)
def _until(total, row, day, period_days):  # type: ignore[no-untyped-def]  # pragma: no cover - compiled
    """Demand of days 1..day."""
    place = day / period_days
    whole = min(int(place), total.shape[1] - 2)
    return total[row, whole] + (place - whole) * (total[row, whole + 1] - total[row, whole])


@njit(cache=True, nogil=True)
def walk(group, rows, receipts, inside_receipts, demand, suppliers, days, is_ordering, result):  # type: ignore[no-untyped-def]  # pragma: no cover
    """Walks every group of rows (one item each); `result` is filled in.

    group: first row of each item and the end. receipts: `Ragged`, what is to come; inside_receipts: which of it comes from
    another warehouse. days: how far.
    """
    above, stock0, safety, gap, lot, kind = rows.above, rows.stock, rows.safety, rows.gap, rows.lot, rows.kind
    lead, review, minimum, multiple = rows.lead, rows.review, rows.minimum, rows.multiple
    calendar, may_order, first_units, first_day = rows.calendar, rows.may_order, rows.first_units, rows.first_day
    recv_start, recv_day, recv_units, recv_inside = receipts.start, receipts.day, receipts.units, inside_receipts
    own, scope, period_days = demand.own, demand.scope, demand.period_days
    is_open, next_delivery = suppliers.is_open, suppliers.next_delivery
    weekly, short_day, event_start, event_count = (
        result.weekly,
        result.short_day,
        result.event_start,
        result.event_count,
    )
    event_release, event_arrival, event_units = result.event_release, result.event_arrival, result.event_units
    weeks = weekly.shape[1]
    reach = is_open.shape[1] - 1
    for g in range(len(group) - 1):
        a, b = group[g], group[g + 1]
        m = b - a
        firm = np.zeros((m, days + 2))
        planned = np.zeros((m, days + 2))
        inside = np.zeros((m, days + 2))
        outside = np.zeros((m, days + 2))
        stock = stock0[a:b].copy()
        scope_stock = np.zeros(m)
        transit = np.zeros(m)
        feeds = np.zeros(m, np.bool_)
        for i in range(m):
            if above[a + i] >= 0:
                feeds[above[a + i] - a] = True
        for i in range(m):
            for k in range(recv_start[a + i], recv_start[a + i + 1]):
                day = recv_day[k]
                if day > days:
                    continue
                firm[i, day] += recv_units[k]
                if recv_inside[k]:
                    inside[i, day] += recv_units[k]
                    transit[i] += recv_units[k]
                else:
                    at = i
                    while at >= 0:
                        outside[at, day] += recv_units[k]
                        at = above[a + at] - a if above[a + at] >= 0 else -1
        for i in range(m):
            at = i
            while at >= 0:
                scope_stock[at] += stock[i] + transit[i]
                at = above[a + at] - a if above[a + at] >= 0 else -1
        asked = np.zeros(m + 1)
        held = np.zeros(m + 1)
        given = np.zeros(m + 1)
        place = np.zeros(m + 1, np.int64)
        for i in range(m):
            weekly[a + i, 0, 0] = stock[i]  # before what is sent today, which is of the first week
        for day in range(days + 1):
            week = min(max(day - 1, 0) // 7, weeks - 1)
            if day > 0:
                for i in range(m):
                    if (day - 1) % 7 == 0 and 0 < (day - 1) // 7 < weeks:
                        weekly[a + i, week, 0] = stock[i]
                    came = firm[i, day] + planned[i, day]
                    stock[i] += came
                    weekly[a + i, week, 2] += firm[i, day]
                    weekly[a + i, week, 3] += planned[i, day]
                    transit[i] -= inside[i, day]
                    scope_stock[i] += outside[i, day]
                    wanted = _until(own, a + i, day, period_days) - _until(own, a + i, day - 1, period_days)
                    stock[i] -= wanted
                    weekly[a + i, week, 1] += wanted
                    at = i
                    while at >= 0:
                        scope_stock[at] -= wanted
                        at = above[a + at] - a if above[a + at] >= 0 else -1
                    if stock[i] < -1e-6 and wanted > 0 and short_day[a + i] < 0:
                        short_day[a + i] = day
                    weekly[a + i, week, 6] = stock[i]
            if not is_ordering:
                continue
            # places that are fed, shared out by the place that feeds them
            for p in range(m):
                if not feeds[p]:
                    continue
                count = 1
                longest = 1
                for i in range(m):
                    r = a + i
                    if above[r] != a + p:
                        continue
                    longest = max(longest, review[r])
                    units = 0.0
                    if day == 0:
                        units = first_units[r]
                        position = stock[i] + transit[i]
                    elif may_order[r] and day % review[r] == 0:
                        position = stock[i] + transit[i]
                        ahead = _until(own, r, day + lead[r] + review[r], period_days) - _until(
                            own, r, day, period_days
                        )
                        level = safety[r] + ahead
                        units = order_units(kind[r], position, level, level + gap[r], lot[r], 0.0, multiple[r])
                    if units > 0:
                        place[count] = i
                        held[count] = position
                        asked[count] = position + units
                        count += 1
                if count == 1:
                    continue
                keep = _until(own, a + p, day + longest + 1, period_days) - _until(own, a + p, day, period_days)
                keep = keep if day > 0 else 0.0
                pool = max(stock[p], 0.0)
                divide(pool, keep, held[:count], asked[:count], given[:count], multiple[a + place[1]])
                for c in range(1, count):
                    units = given[c]
                    if units <= 1e-9:
                        continue
                    i = place[c]
                    r = a + i
                    arrives = day + max(lead[r], 1)
                    stock[p] -= units
                    if day > 0:
                        weekly[a + p, week, 6] -= units
                    transit[i] += units
                    weekly[a + p, week, 4] += units
                    weekly[r, week, 5] += units
                    if arrives <= days:
                        planned[i, arrives] += units
                        inside[i, arrives] += units
                    if len(event_units) > 0:
                        k = event_start[r] + event_count[r]
                        event_release[k], event_arrival[k], event_units[k] = day, arrives, units
                    event_count[r] += 1
            for i in range(m):
                r = a + i
                if above[r] >= 0:
                    continue
                c = calendar[r]
                units = 0.0
                arrives = 0
                if day == 0:
                    units, arrives = first_units[r], first_day[r]
                elif may_order[r] and day % review[r] == 0 and is_open[c, min(day, reach)]:
                    arrives = next_delivery[c, min(day + max(lead[r], 1), reach)]
                    following = min(day + review[r], reach)
                    while following < reach and not is_open[c, following]:
                        following += 1
                    until = max(next_delivery[c, min(following + max(lead[r], 1), reach)], arrives)
                    position = scope_stock[i]
                    for t in range(day + 1, min(until, days) + 1):
                        position += outside[i, t]
                    ahead = _until(scope, r, until, period_days) - _until(scope, r, day, period_days)
                    level = safety[r] + ahead
                    units = order_units(kind[r], position, level, level + gap[r], lot[r], minimum[r], multiple[r])
                if units <= 1e-9:
                    continue
                weekly[r, week, 5] += units
                if arrives <= days:
                    planned[i, arrives] += units
                    at = i
                    while at >= 0:
                        outside[at, arrives] += units
                        at = above[a + at] - a if above[a + at] >= 0 else -1
                if len(event_units) > 0:
                    k = event_start[r] + event_count[r]
                    event_release[k], event_arrival[k], event_units[k] = day, arrives, units
                event_count[r] += 1
        for i in range(m):
            for w in range(weeks):
                left = weekly[a + i, w, 6]
                weekly[a + i, w, 6] = max(left, 0.0)
                weekly[a + i, w, 7] = max(-left, 0.0)
