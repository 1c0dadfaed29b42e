"""Buying: the clerk's min-max review with its habits, purchase orders, and receipts that come late, in parts or
after hours.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING

import numpy as np

from demo.calendar_cn import days_to_festival, is_working, working_on_or_after
from demo.catalogue import Item, launch_offset
from demo.records import Grain, Movement, PurchaseLine, ReceiptLine
from demo.stock import AVAILABLE, clock

if TYPE_CHECKING:
    from demo.handover import Planner
    from demo.world import World

CENTRE = 0
REVIEW_DAYS = 7
AFTER_HOURS_RATE = 0.12
SHORT_CLOSE_RATE = 0.03
BULK_BUY_RATE = 0.012
BULK_BUY_FACTOR = 2.5
CLERK_MEMORY_DAYS = 40
DELIST_AFTER_DAYS = 150
CONFIRM_BEFORE_DAYS = 3
CONFIRM_RATE = 0.7
CONFIRM_SLACK_DAYS = 2


@dataclass(slots=True)
class Arrival:
    """Goods on their way; `closes` marks the last part of its order line."""

    line: PurchaseLine
    units: int
    closes: bool


def review(world: World, day: date) -> None:
    """The clerk looks at the suppliers whose weekday it is and orders what has fallen below its minimum."""
    rng = world.rng(11, day)
    stock = world.shelf.total.sum(axis=1) + world.on_order.sum(axis=1)
    for (position, _), waiting in world.waiting.items():
        stock[position] -= sum(line.open_units for line in waiting)
    rate = world.demand_rate.sum(axis=1)
    for number, supplier in enumerate(world.catalogue.suppliers):
        if supplier.review_weekday != day.weekday():
            continue
        lines = []
        for position, item in enumerate(world.catalogue.items):
            if item.supplier != number:
                continue
            units = _wanted(world, day, item, float(rate[position]), int(stock[position]), rng)
            if units:
                lines.append((position, CENTRE, units))
        if lines:
            _order(world, day, number, lines, rng)


def order_as_planned(world: World, day: date, planner: Planner) -> None:
    """The planner's orders of the evening, which go out the next morning, as its levels assume: one a supplier and warehouse."""
    rng, morning = world.rng(17, day), day + timedelta(days=1)
    wanted = planner.orders(day, world.position())
    for number in range(len(world.catalogue.suppliers)):
        of_supplier = np.array([item.supplier == number for item in world.catalogue.items])
        for warehouse in range(wanted.shape[1]):
            units = np.where(of_supplier, wanted[:, warehouse], 0)
            lines = [(int(item), warehouse, int(units[item])) for item in np.flatnonzero(units > 0)]
            if lines:
                _order(world, morning, number, lines, rng)


def _wanted(world: World, day: date, item: Item, rate: float, position: int, rng: np.random.Generator) -> int:
    """Units the clerk orders of an item; 0 for nothing. `rate` is the clerk's estimate of units sold a day."""
    supplier = world.catalogue.suppliers[item.supplier]
    elapsed = (day - world.settings.start_date).days
    if item.pattern == "dying" and elapsed > item.life_day + DELIST_AFTER_DAYS:
        return 0
    if item.pattern == "new" and elapsed < launch_offset(item) - supplier.lead_days - 21:
        return 0
    bulk = rng.random() < BULK_BUY_RATE
    if item.pattern == "new" and elapsed < launch_offset(item) + 20:
        rate = max(rate, 0.6 * item.size_mean)
    rate *= item.optimism * (_festival_foresight(item, day, supplier.lead_days))
    minimum = rate * (supplier.lead_days + REVIEW_DAYS + item.safety_days)
    if item.pattern in ("intermittent", "lumpy"):
        minimum = max(minimum, 2.0 * item.size_mean)
    if position >= minimum and not (bulk and position < 2 * minimum):
        return 0
    wanted = (minimum + rate * item.cover_days - position) * (BULK_BUY_FACTOR if bulk else 1.0)
    packs = int(np.ceil(max(wanted, item.moq_units) / item.pack_units))
    return packs * item.pack_units


def _festival_foresight(item: Item, day: date, lead_days: int) -> float:
    """The clerk buys ahead of Spring Festival, and much more of what sells then."""
    ahead = days_to_festival(day)
    if not lead_days < ahead < lead_days + 45:
        return 1.0
    return 2.1 if item.season == "festival" else 1.2


def _order(
    world: World, day: date, supplier_no: int, lines: list[tuple[int, int, int]], rng: np.random.Generator
) -> None:
    """Write one purchase order (item, warehouse, units) and decide, unseen, when and in how many parts it comes."""
    supplier = world.catalogue.suppliers[supplier_no]
    po_no = world.books.number("PO", day, 3)
    lead = max(2.0, supplier.lead_days * supplier.slip * float(rng.lognormal(0, supplier.lead_sigma)))
    for line_id, (item, warehouse, units) in enumerate(lines, start=1):
        line = PurchaseLine(
            po_no,
            line_id,
            day,
            supplier_no,
            item,
            warehouse,
            units,
            day + timedelta(days=supplier.lead_days),
            float(world.costs[item]),
        )
        world.on_order[item, warehouse] += units
        world.changed_purchases[po_no, line_id] = line
        first = units
        if rng.random() < supplier.partial_rate and units >= 10:
            first = int(units * rng.uniform(0.55, 0.8))
        arrives = working_on_or_after(day + timedelta(days=round(lead)))
        world.arrivals[arrives].append(Arrival(line, first, first == units))
        if arrives > line.due_date + timedelta(days=CONFIRM_SLACK_DAYS):
            asked = max(line.due_date - timedelta(days=CONFIRM_BEFORE_DAYS), day + timedelta(days=1))
            world.to_confirm[asked].append((line, arrives))
        if first < units:
            rest = units - first if rng.random() >= SHORT_CLOSE_RATE else 0
            follows = working_on_or_after(arrives + timedelta(days=int(rng.integers(4, 15))))
            world.arrivals[follows].append(Arrival(line, rest, True))


def confirm_dates(world: World, day: date) -> None:
    """Most suppliers who will be late say so shortly before the date they promised, and name a new one."""
    rng = world.rng(18, day)
    for line, arrives in world.to_confirm.pop(day, []):
        if rng.random() < CONFIRM_RATE:
            line.confirmed_date = arrives + timedelta(days=int(rng.integers(-1, 3)))
            world.changed_purchases[line.po_no, line.line_id] = line


def receive(world: World, day: date) -> list[Arrival]:
    """Take in and post the day's arrivals; those that come after hours are returned and wait for the evening."""
    rng = world.rng(12, day)
    by_order: dict[str, list[Arrival]] = {}
    for arrival in world.arrivals.pop(day, []):
        by_order.setdefault(arrival.line.po_no, []).append(arrival)
    evening = []
    for arrivals in by_order.values():
        if rng.random() < AFTER_HOURS_RATE and is_working(day + timedelta(days=1)):
            evening.extend(arrivals)
        else:
            for line in _take_in(world, day, arrivals, rng):
                _post(world, day, line)
    return evening


def receive_after_hours(world: World, day: date, arrivals: list[Arrival]) -> None:
    """Put late arrivals on the shelf; their receipts stay drafts until tomorrow."""
    rng = world.rng(13, day)
    by_order: dict[str, list[Arrival]] = {}
    for arrival in arrivals:
        by_order.setdefault(arrival.line.po_no, []).append(arrival)
    for group in by_order.values():
        world.late.extend(_take_in(world, day, group, rng))


def post_late_receipts(world: World, day: date) -> None:
    """Post yesterday's drafts first thing in the morning."""
    for line in world.late:
        _post(world, day, line)
    world.late = []


def _take_in(world: World, day: date, arrivals: list[Arrival], rng: np.random.Generator) -> list[ReceiptLine]:
    """Lay the goods of one order on the shelf and write the receipt as a draft."""
    receipt_no, doc_id = world.books.number("CGRK", day), world.books.doc_id()
    lines: list[ReceiptLine] = []
    for arrival in arrivals:
        order = arrival.line
        order.is_closed = order.is_closed or arrival.closes
        world.changed_purchases[order.po_no, order.line_id] = order
        if arrival.closes:
            missing = order.ordered_units - order.received_units - arrival.units - _draft_units(world, order)
            world.on_order[order.item, order.warehouse] -= missing
        if not arrival.units:
            continue
        item = world.catalogue.items[order.item]
        lot_no = ""
        mfg = expiry = None
        if item.category.shelf_life_days is not None:
            mfg = day - timedelta(days=int(rng.integers(5, 45)))
            expiry = mfg + timedelta(days=item.category.shelf_life_days)
            lot_no = f"L{mfg:%y%m%d}{receipt_no[-8:]}"
            world.shelf.register_lot(order.item, lot_no, mfg, expiry)
        grain = Grain(order.item, order.warehouse, lot_no, AVAILABLE)
        line = ReceiptLine(
            receipt_no, doc_id, len(lines) + 1, day, order.po_no, order.line_id, order.supplier, grain,
            arrival.units, order.unit_price, mfg, expiry, is_posted=False,
        )  # fmt: skip
        world.shelf.put(order.item, order.warehouse, lot_no, arrival.units)
        world.on_order[order.item, order.warehouse] -= arrival.units
        world.changed_receipts[receipt_no, line.line_id] = line
        world.open_purchases[receipt_no, line.line_id] = order
        lines.append(line)
    return lines


def _draft_units(world: World, order: PurchaseLine) -> int:
    """Units of an order line that are in drafts."""
    return sum(line.units for line in world.late if (line.po_no, line.po_line_id) == (order.po_no, order.line_id))


def _post(world: World, day: date, line: ReceiptLine) -> None:
    """Post a receipt line to the stock ledger and to its order."""
    order = world.open_purchases.pop((line.receipt_no, line.line_id))
    order.received_units += line.units
    line.is_posted = True
    world.changed_purchases[order.po_no, order.line_id] = order
    world.changed_receipts[line.receipt_no, line.line_id] = line
    world.books.post(
        Movement(
            "采购入库单",
            line.receipt_no,
            line.doc_id,
            line.line_id,
            day,
            clock(day, 9, line.doc_id),
            line.grain,
            line.units,
        ),
        unit_cost=line.unit_cost,
        mfg_date=line.mfg_date,
        expiry_date=line.expiry_date,
        ref_doc_type="采购订单",
        ref_doc_no=line.po_no,
        ref_line_id=str(line.po_line_id),
        partner_code=world.catalogue.suppliers[line.supplier].code,
    )
