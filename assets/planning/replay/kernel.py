"""The compiled day-by-day run of a policy for many item-warehouses. Only arithmetic belongs here.

Day order: receipts arrive and serve what waits; demand is served; stock that has passed its shelf life is written off;
the position is reviewed and an order may be decided, which goes out the next morning and arrives `lead` days after that
(the plan's protection interval of lead time + review period counts the same days). Lead times are drawn by a
counter-based generator (seed, row, order number), so that the same row sees the same draws under every policy.
"""

from __future__ import annotations

import numpy as np
from numba import njit

R_Q, UP_TO, STOCKLESS = 0, 1, 2
OUTPUTS = (
    "demand_units", "filled_units", "demand_days", "filled_days", "cycles", "served_cycles", "stockout_days",
    "stock_unit_days", "orders", "ordered_units", "written_off_units", "lost_units", "closing_units",
    "backorder_unit_days",
)  # fmt: skip


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
def simulate(  # type: ignore[no-untyped-def]  # pragma: no cover - compiled
    first_row, demand_start, demand_day, demand_units, days, measured_from, opening, supply_start, supply_day,
    supply_units, lead_start, lead_days, vintage_of_day, kind, reorder, up_to, lot, review_days, minimum, multiple,
    shelf_life, is_lost, seed, out,
):  # fmt: skip
    """Runs every row; `out` (rows, len(OUTPUTS)) is filled in.

    demand_*, supply_*, lead_*: ragged arrays (start has rows + 1 entries), days counted from 0. reorder, up_to, lot:
    (rows, vintages), units; kind, review_days, minimum, multiple, shelf_life (0: none): (rows,).
    """
    rows = len(kind)
    arrivals = np.zeros(days + 1)
    layer_units = np.zeros(days + 1)
    for i in range(rows):
        arrivals[:] = 0.0
        layer_units[:] = 0.0
        for k in range(supply_start[i], supply_start[i + 1]):
            if supply_day[k] <= days:
                arrivals[supply_day[k]] += supply_units[k]
        on_hand, waiting = max(opening[i], 0.0), 0.0
        coming = 0.0
        for k in range(supply_start[i], supply_start[i + 1]):
            coming += supply_units[k]
        layer_units[0] = on_hand
        oldest = 0
        life = shelf_life[i]
        at = demand_start[i]
        placed, in_cycle_short, cycle_open = 0, False, False
        for day in range(days):
            measured = day >= measured_from
            received = arrivals[day]
            if received > 0:
                if measured and cycle_open:
                    out[i, 4] += 1
                    if not in_cycle_short:
                        out[i, 5] += 1
                cycle_open, in_cycle_short = True, False
                coming -= received
                on_hand += received
                layer_units[day] += received
                served = min(on_hand, waiting)
                waiting -= served
                on_hand -= served
                if life > 0:
                    oldest = _take_oldest(layer_units, oldest, day, served)
            while at < demand_start[i + 1] and demand_day[at] == day:
                wanted = demand_units[at]
                at += 1
                if wanted <= 0:
                    continue
                filled = min(on_hand, wanted)
                on_hand -= filled
                if life > 0:
                    oldest = _take_oldest(layer_units, oldest, day, filled)
                short = wanted - filled
                if short > 1e-9:
                    in_cycle_short = True
                if measured:
                    out[i, 0] += wanted
                    out[i, 1] += filled
                    out[i, 2] += 1
                    if short <= 1e-9:
                        out[i, 3] += 1
                if is_lost:
                    if measured:
                        out[i, 11] += short
                else:
                    waiting += short
            if life > 0:
                while oldest <= day and oldest + life <= day:
                    if layer_units[oldest] > 1e-9:
                        expired = min(layer_units[oldest], on_hand)
                        on_hand -= expired
                        if measured:
                            out[i, 10] += expired
                    layer_units[oldest] = 0.0
                    oldest += 1
            if measured:
                out[i, 7] += on_hand
                out[i, 13] += waiting
                if on_hand <= 1e-9:
                    out[i, 6] += 1
            if day % review_days[i] != 0:
                continue
            v = vintage_of_day[day]
            position = on_hand + coming - waiting
            quantity = 0.0
            if kind[i] == STOCKLESS:
                if position < -1e-9:
                    quantity = -position
            elif position <= reorder[i, v] + 1e-9:
                if kind[i] == R_Q and lot[i, v] > 0:
                    quantity = (np.floor((reorder[i, v] - position) / lot[i, v] + 1e-9) + 1) * lot[i, v]
                else:
                    quantity = up_to[i, v] - position
            if quantity <= 1e-9:
                continue
            quantity = max(quantity, minimum[i])
            if multiple[i] > 0:
                quantity = np.ceil(quantity / multiple[i] - 1e-9) * multiple[i]
            size = lead_start[i + 1] - lead_start[i]
            draw = int(_uniform(seed, first_row + i, placed) * size)
            lead = 1 + max(lead_days[lead_start[i] + min(draw, size - 1)], 0)
            placed += 1
            coming += quantity
            if day + lead <= days:
                arrivals[day + lead] += quantity
            if measured:
                out[i, 8] += 1
                out[i, 9] += quantity
        out[i, 12] = on_hand
