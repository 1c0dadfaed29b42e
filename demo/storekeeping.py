"""Keeping stock: opening balances, transfers to the regions, internal use, scrap of expired and bad goods,
cycle counts.
"""

from __future__ import annotations

from collections import defaultdict
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING

import numpy as np

from demo.calendar_cn import next_working
from demo.records import CountLine, Grain, Movement, Transfer
from demo.stock import AVAILABLE, DEFECTIVE, clock
from demo.vocabulary import COUNTERS, WAREHOUSES

if TYPE_CHECKING:
    from demo.handover import Planner
    from demo.world import World

TRANSFER_WEEKDAYS = (1, 4)
REGION_MIN_DAYS = 9
REGION_MAX_DAYS = 18
COUNTED_A_DAY = 5
COUNT_ERROR_RATE = 0.08
UNCOUNTED_RATE = 0.02


def open_balances(world: World, day: date) -> None:
    """Post what every warehouse holds on the first morning."""
    rng = world.rng(20, day)
    rate = world.demand_rate
    doc_id = world.books.doc_id()
    opened = np.argwhere(world.catalogue.is_stocked & (rate > 0)).tolist()
    for line_id, (item, warehouse) in enumerate(opened, start=1):
        master = world.catalogue.items[item]
        lead = world.catalogue.suppliers[master.supplier].lead_days
        days = (lead + 25) * rng.uniform(0.7, 1.4) if warehouse == 0 else REGION_MAX_DAYS * rng.uniform(0.6, 1.2)
        base = float(rate[item].sum() if warehouse == 0 else rate[item, warehouse])
        units = int(max(base * days, master.size_mean * (2 if warehouse == 0 else 1)))
        lot_no, mfg, expiry = "", None, None
        if master.category.shelf_life_days is not None:
            mfg = day - timedelta(days=int(rng.integers(5, 40)))
            expiry = mfg + timedelta(days=master.category.shelf_life_days)
            lot_no = f"L{mfg:%y%m%d}QC{warehouse}"
            world.shelf.register_lot(item, lot_no, mfg, expiry)
        world.shelf.put(item, warehouse, lot_no, units)
        grain = Grain(item, warehouse, lot_no, AVAILABLE)
        world.books.post(
            Movement("期初结存", f"QC{day:%y%m%d}", doc_id, line_id, day, clock(day, 8, 0), grain, units),
            unit_cost=float(world.costs[item]),
            mfg_date=mfg,
            expiry_date=expiry,
        )


def transfer(world: World, day: date) -> None:
    """On its two weekdays the centre fills the regions up, keeping a ration for its own customers."""
    if day.weekday() not in TRANSFER_WEEKDAYS:
        return
    rate, total = world.demand_rate, world.shelf.total
    for warehouse in range(1, len(WAREHOUSES)):
        doc_no, doc_id, line_id = world.books.number("DB", day, 3), world.books.doc_id(), 0
        for item in np.flatnonzero(world.catalogue.is_stocked[:, warehouse]).tolist():
            master = world.catalogue.items[item]
            waiting = sum(line.open_units for line in world.waiting.get((item, warehouse), []))
            position = int(total[item, warehouse]) - waiting
            floor = max(
                rate[item, warehouse] * REGION_MIN_DAYS, 0.8 * master.size_mean * (rate[item, warehouse] > 0.01)
            )
            if position >= floor:
                continue
            target = max(rate[item, warehouse] * REGION_MAX_DAYS, floor + master.size_mean)
            spare = int(total[item, 0] - rate[item, 0] * 4)
            units = min(int(np.ceil(target - position)), spare)
            if units > 0:
                line_id = _send(world, day, item, warehouse, units, (doc_no, doc_id, line_id))


def transfer_as_planned(world: World, day: date, planner: Planner) -> None:
    """What the planner has the centre send in the evening, a document a region."""
    sent = planner.moves(day, world.shelf.total, world.position())
    for warehouse in range(1, len(WAREHOUSES)):
        doc_no, doc_id, line_id = world.books.number("DB", day, 3), world.books.doc_id(), 0
        for item in np.flatnonzero(sent[:, warehouse] > 0).tolist():
            units = min(int(sent[item, warehouse]), int(world.shelf.total[item, 0]))
            line_id = _send(world, day, item, warehouse, units, (doc_no, doc_id, line_id))


def _send(world: World, day: date, item: int, warehouse: int, units: int, document: tuple[str, int, int]) -> int:
    """Moves units from the centre, lot by lot; document: number, id and last line, of which the new last is returned."""
    doc_no, doc_id, line_id = document
    for lot_no, part in world.shelf.take(item, 0, units):
        world.shelf.put(item, warehouse, lot_no, part)
        line_id += 1
        source = Grain(item, 0, lot_no, AVAILABLE)
        dates = world.shelf.lot_dates(item, lot_no)
        world.books.transfer(
            Transfer(doc_no, doc_id, line_id, day, clock(day, 11, doc_id), source, warehouse, part, *dates)
        )
    return line_id


def use_internally(world: World, day: date) -> None:
    """On Wednesdays somebody takes a few samples."""
    if day.weekday() != 2:
        return
    rng = world.rng(21, day)
    candidates = [key for key in world.shelf.occupied() if world.shelf.total[key] > 12]
    for index in sorted(rng.choice(len(candidates), size=min(3, len(candidates)), replace=False).tolist()):
        item, warehouse = candidates[index]
        doc_no, doc_id = world.books.number("LY", day, 3), world.books.doc_id()
        parts = world.shelf.take(item, warehouse, int(rng.integers(1, 3)))
        for line_id, (lot_no, units) in enumerate(parts, start=1):
            grain = Grain(item, warehouse, lot_no, AVAILABLE)
            _post(world, "领用单", doc_no, doc_id, line_id, day, 16, grain, -units, "样品")


def scrap(world: World, day: date) -> None:
    """Scrap lots that expire before the next working day and, at the month's last working day, defective goods."""
    tomorrow = next_working(day)
    doomed: dict[int, list[tuple[Grain, str]]] = defaultdict(list)
    defective = [grain for grain in world.books.balance if grain.status == DEFECTIVE]
    if tomorrow.month != day.month:
        for grain in sorted(defective):
            doomed[grain.warehouse].append((grain, "不良品"))
    for expiry in [expiry for expiry in world.shelf.expiring if expiry <= tomorrow]:
        for item, lot_no in world.shelf.expiring.pop(expiry):
            for warehouse in range(len(WAREHOUSES)):
                for status in (AVAILABLE, DEFECTIVE):
                    grain = Grain(item, warehouse, lot_no, status)
                    if (grain, "不良品") not in doomed[warehouse]:
                        doomed[warehouse].append((grain, "过期"))
    for warehouse in sorted(doomed):
        doc_no, doc_id, line_id = world.books.number("BF", day, 3), world.books.doc_id(), 0
        for grain, reason in doomed[warehouse]:
            if grain.status == AVAILABLE:
                units = world.shelf.lots(grain.item, warehouse).get(grain.lot_no, 0)
                world.shelf.put(grain.item, warehouse, grain.lot_no, -units)
            else:
                units = world.books.balance.get(grain, 0)
            if units:
                line_id += 1
                _post(world, "报废单", doc_no, doc_id, line_id, day, 17, grain, -units, reason)


def count(world: World, day: date) -> None:
    """Count a few positions of one warehouse; small differences are found and posted on the spot."""
    rng = world.rng(22, day)
    warehouse = day.toordinal() % len(WAREHOUSES)
    members = np.flatnonzero(world.catalogue.is_stocked[:, warehouse] & (world.demand_rate[:, warehouse] > 0))
    chosen = np.sort(rng.choice(members, size=min(COUNTED_A_DAY, len(members)), replace=False)).tolist()
    count_no = world.books.number("PD", day, 2)
    is_morning_freeze = day.weekday() in (1, 3)
    frozen_at = datetime.combine(day, time(7, 30)) if is_morning_freeze else datetime.combine(day, time(18, 30))
    counter = str(rng.choice(COUNTERS))
    line_id = 0
    for item in chosen:
        lots = world.shelf.lots(item, warehouse) or {"": 0}
        if "" in lots and world.catalogue.items[item].is_lot_tracked:
            continue
        for lot_no, found in lots.items():
            grain = Grain(item, warehouse, lot_no, AVAILABLE)
            moved = world.books.moved_today.get(grain, (0, 0)) if is_morning_freeze else (0, 0)
            line_id += 1
            line = CountLine(
                count_no,
                line_id,
                day,
                frozen_at,
                grain,
                found - moved[0] + moved[1],
                moved[0],
                moved[1],
                found,
                counter,
            )
            if rng.random() < UNCOUNTED_RATE:
                line.counted_units, line.doc_status = None, "未盘"
            elif rng.random() < COUNT_ERROR_RATE and found > 20:
                _find_difference(world, day, line, -1 if rng.random() < 0.7 else 1)
            world.books.counts.append(line)


def _find_difference(world: World, day: date, line: CountLine, units: int) -> None:
    """A unit too few or too many: write it on the sheet, correct shelf and book the same evening."""
    grain = line.grain
    assert line.counted_units is not None
    line.counted_units += units
    line.reason = "损耗" if units < 0 else "多出"
    kind, prefix = ("盘亏单", "PK") if units < 0 else ("盘盈单", "PY")
    line.posted_doc_no = world.books.number(prefix, day, 3)
    world.shelf.put(grain.item, grain.warehouse, grain.lot_no, units)
    _post(world, kind, line.posted_doc_no, world.books.doc_id(), 1, day, 19, grain, units, line.count_no)


def _post(
    world: World,
    kind: str,
    doc_no: str,
    doc_id: int,
    line_id: int,
    day: date,
    hour: int,
    grain: Grain,
    units: int,
    reason: str,
) -> None:
    """Post an adjustment with its lot's dates."""
    mfg, expiry = world.shelf.lot_dates(grain.item, grain.lot_no)
    world.books.post(
        Movement(kind, doc_no, doc_id, line_id, day, clock(day, hour, doc_id), grain, units),
        mfg_date=mfg,
        expiry_date=expiry,
        reason=reason,
    )
