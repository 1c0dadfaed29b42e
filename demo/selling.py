"""Selling: orders taken, shipped complete, in parts or late, cancelled, picked the evening before, and returned."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING

import numpy as np

from demo.calendar_cn import is_working, next_working, working_on_or_after
from demo.purchasing import CLERK_MEMORY_DAYS
from demo.records import Grain, Movement, OrderLine, ShipmentLine
from demo.stock import AVAILABLE, DEFECTIVE, clock
from demo.vocabulary import CHANNELS

if TYPE_CHECKING:
    from demo.world import World

RETURN_RATE = 0.018
DEFECTIVE_RATE = 0.2
PICK_AHEAD_RATE = 0.15
NO_PATIENCE_RATE = 0.3
SAME_ORDER_RATE = 0.4
VOIDED_RATE = 0.0008
WHOLESALE_DISCOUNT = 0.12

Parts = list[tuple[str, int]]


@dataclass(slots=True)
class PendingReturn:
    """Goods that a customer will bring back."""

    order: OrderLine
    lot_no: str
    units: int
    is_defective: bool


def take_orders(world: World, day: date) -> None:
    """Turn the day's wishes into orders; online customers who see an empty shelf may walk away unrecorded."""
    draw = world.demand.draw(day, world.promotions.uplift_on(day))
    deals = {item: promotion for promotion in world.promotions.active_on(day) for item in promotion.items}
    joins = world.rng(14, day).random(len(draw.item)) < SAME_ORDER_RATE
    wanted = np.zeros_like(world.demand_rate)
    so_no, line_id, head = "", 0, -1
    for n in np.argsort(draw.warehouse, kind="stable"):
        item, warehouse, units = int(draw.item[n]), int(draw.warehouse[n]), int(draw.units[n])
        if draw.walks_away[n] and world.shelf.total[item, warehouse] <= 0:
            world.true_demand.append((day, item, warehouse, units, 0))
            continue
        world.true_demand.append((day, item, warehouse, units, units))
        wanted[item, warehouse] += units
        if head < 0 or draw.warehouse[head] != warehouse or not joins[n]:
            so_no, line_id, head = world.books.number("SO", day), 0, n
        line_id += 1
        requested = working_on_or_after(day + timedelta(days=int(draw.lead_days[head])))
        patience = float(draw.patience[n])
        wait = 0 if patience < NO_PATIENCE_RATE else 5 + int(30 * patience)
        channel = CHANNELS[int(draw.channel[head])]
        deal = deals.get(item)
        line = OrderLine(
            so_no=so_no,
            line_id=line_id,
            order_date=day,
            customer_code=f"C{int(draw.customer[head]):05d}",
            channel=channel,
            item=item,
            warehouse=warehouse,
            ordered_units=units,
            requested_date=requested,
            promised_date=working_on_or_after(requested + timedelta(days=int(draw.promise_days[head]))),
            unit_price=_price(world, item, channel, deal.discount_rate if deal else 0.0),
            promotion_code=deal.code if deal else "",
            cancel_after=requested + timedelta(days=wait),
        )
        world.due[requested].append(line)
        world.changed_orders[so_no, line_id] = line
    world.demand_rate += (wanted - world.demand_rate) / CLERK_MEMORY_DAYS


def _price(world: World, item: int, channel: str, discount: float) -> float:
    """Tax-exclusive price per unit: list price less the promotion, less the wholesale discount."""
    master = world.catalogue.items[item]
    price = master.unit_cost * (1 + master.margin_rate) * (1 - discount)
    return round(price * (1 - WHOLESALE_DISCOUNT if channel == "wholesale" else 1.0), 2)


def ship(world: World, day: date) -> None:
    """Ship what was picked, then what waits, then what is due; what is short waits or is cancelled."""
    shipped: list[tuple[OrderLine, Parts]] = world.picked
    world.picked = []
    picked = {id(line) for line, _ in shipped}
    for line, parts in shipped:
        _record(line, sum(units for _, units in parts))
    for key in sorted(world.waiting):
        lines = world.waiting[key]
        for line in lines:
            _ship_what_is_there(world, line, shipped)
            if line.open_units and day >= line.cancel_after:
                _cancel(line)
                world.changed_orders[line.so_no, line.line_id] = line
        world.waiting[key] = [line for line in lines if not line.is_closed]
        if not world.waiting[key]:
            del world.waiting[key]
    for line in world.due.pop(day, []):
        if id(line) in picked:
            continue
        _ship_what_is_there(world, line, shipped)
        if line.open_units and line.cancel_after <= day:
            _cancel(line)
        elif line.open_units:
            world.waiting.setdefault((line.item, line.warehouse), []).append(line)
        world.changed_orders[line.so_no, line.line_id] = line
    _write_shipments(world, day, shipped)


def _ship_what_is_there(world: World, line: OrderLine, shipped: list[tuple[OrderLine, Parts]]) -> None:
    """Take what the shelf has for a line."""
    units = min(line.open_units, int(world.shelf.total[line.item, line.warehouse]))
    if units > 0:
        _record(line, units)
        shipped.append((line, world.shelf.take(line.item, line.warehouse, units)))


def _record(line: OrderLine, units: int) -> None:
    line.shipped_units += units
    line.is_closed = line.open_units == 0


def _cancel(line: OrderLine) -> None:
    line.cancelled_units += line.open_units
    line.is_closed = True


def _write_shipments(world: World, day: date, shipped: list[tuple[OrderLine, Parts]]) -> None:
    """One document an order; one line an order line and lot; the ERP's issue carries the same number and line."""
    rng = world.rng(15, day)
    documents: dict[str, list[tuple[OrderLine, str, int]]] = {}
    for line, parts in shipped:
        world.changed_orders[line.so_no, line.line_id] = line
        documents.setdefault(line.so_no, []).extend((line, lot_no, units) for lot_no, units in parts)
    for so_no, rows in documents.items():
        if rng.random() < VOIDED_RATE:
            line, lot_no, units = rows[0]
            _write_voided(world, day, line, Grain(line.item, line.warehouse, lot_no, AVAILABLE), units)
        doc_no, doc_id = world.books.number("XSCK", day), world.books.doc_id()
        for line_id, (line, lot_no, units) in enumerate(rows, start=1):
            grain = Grain(line.item, line.warehouse, lot_no, AVAILABLE)
            mfg, expiry = world.shelf.lot_dates(line.item, lot_no)
            world.books.post(
                Movement("销售出库单", doc_no, doc_id, line_id, day, clock(day, 14, doc_id), grain, -units),
                mfg_date=mfg,
                expiry_date=expiry,
                ref_doc_type="销售订单",
                ref_doc_no=so_no,
                ref_line_id=str(line.line_id),
                partner_code=line.customer_code,
            )
            revenue = round(units * line.unit_price, 2)
            world.books.shipments.append(
                ShipmentLine(
                    doc_no, line_id, day, so_no, line.line_id, line.customer_code, grain, units, revenue, "shipment"
                )
            )
            if rng.random() < RETURN_RATE:
                back = next_working(day + timedelta(days=int(rng.integers(4, 28))))
                part = int(rng.integers(1, units + 1))
                world.returns[back].append(PendingReturn(line, lot_no, part, bool(rng.random() < DEFECTIVE_RATE)))


def _write_voided(world: World, day: date, line: OrderLine, grain: Grain, units: int) -> None:
    """A first attempt that was voided: it is in the journal with its status and moves nothing."""
    doc_no, doc_id = world.books.number("XSCK", day), world.books.doc_id()
    voided = Movement("销售出库单", doc_no, doc_id, 1, day, clock(day, 14, doc_id), grain, -units, doc_status="作废")
    voided.ref_doc_type, voided.ref_doc_no, voided.ref_line_id = "销售订单", line.so_no, str(line.line_id)
    voided.mfg_date, voided.expiry_date = world.shelf.lot_dates(grain.item, grain.lot_no)
    voided.partner_code = line.customer_code
    world.books.movements.append(voided)


def take_returns(world: World, day: date) -> None:
    """Book customer returns back to their lot, good or defective; a lot about to expire is not taken back."""
    for pending in world.returns.pop(day, []):
        order = pending.order
        mfg, expiry = world.shelf.lot_dates(order.item, pending.lot_no)
        if expiry is not None and expiry <= next_working(next_working(day)):
            continue
        grain = Grain(order.item, order.warehouse, pending.lot_no, DEFECTIVE if pending.is_defective else AVAILABLE)
        if not pending.is_defective:
            world.shelf.put(order.item, order.warehouse, pending.lot_no, pending.units)
        doc_no, doc_id = world.books.number("XSTH", day), world.books.doc_id()
        world.books.post(
            Movement("销售退货单", doc_no, doc_id, 1, day, clock(day, 10, doc_id), grain, pending.units),
            mfg_date=mfg,
            expiry_date=expiry,
            ref_doc_type="销售订单",
            ref_doc_no=order.so_no,
            ref_line_id=str(order.line_id),
            partner_code=order.customer_code,
            reason="质量问题" if pending.is_defective else "无理由退货",
        )
        revenue = -round(pending.units * order.unit_price, 2)
        world.books.shipments.append(
            ShipmentLine(
                doc_no,
                1,
                day,
                order.so_no,
                order.line_id,
                order.customer_code,
                grain,
                -pending.units,
                revenue,
                "return",
            )
        )


def pick_for_tomorrow(world: World, day: date) -> None:
    """Pick some of tomorrow's lines in the evening: off the shelf, still in the book."""
    tomorrow = day + timedelta(days=1)
    if not is_working(tomorrow):
        return
    lines = world.due[tomorrow]
    chosen = world.rng(16, day).random(len(lines)) < PICK_AHEAD_RATE
    for line, take in zip(lines, chosen, strict=True):
        key = line.item, line.warehouse
        if take and key not in world.waiting and world.shelf.total[key] >= line.ordered_units:
            world.picked.append((line, world.shelf.take(*key, line.ordered_units)))
