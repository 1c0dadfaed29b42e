"""The running company: its state, and the order in which a day happens. What each activity does is in its
own module.

A day runs as the ledger orders it: receipts, returns, transfers, issues, adjustments; then, after hours, late arrivals
and picks for tomorrow. Randomness is keyed by seed, activity and date, so the world up to a day never depends
on a later one.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field, fields
from datetime import date, timedelta
from operator import attrgetter
from typing import TypeVar

import numpy as np

from demo import purchasing, selling, storekeeping
from demo.calendar_cn import export_windows, is_month_end, is_working
from demo.catalogue import Catalogue, IntArray, build_catalogue, unit_cost_on
from demo.demand import DemandModel
from demo.handover import Planner
from demo.promotions import PromotionCalendar
from demo.records import Grain, OrderLine, PurchaseLine, ReceiptLine, ShelfRow, ShipmentLine
from demo.settings import DEFAULT_END, DemoSettings
from demo.stock import AVAILABLE, DEFECTIVE, Books, Shelf

Line = TypeVar("Line", OrderLine, PurchaseLine, ReceiptLine)

ERP_SNAPSHOT_MONTHS_FROM = DEFAULT_END - timedelta(days=364)
MONTHLY = 1
QUARTERLY = 3


@dataclass
class History:
    """Everything the world left behind. Windows are keyed by their last day; snapshots by their day."""

    settings: DemoSettings
    catalogue: Catalogue
    books: Books
    shelf: Shelf
    promotions: PromotionCalendar
    movement_windows: list[date]
    document_windows: list[date]
    orders: dict[date, list[OrderLine]] = field(default_factory=dict)
    purchases: dict[date, list[PurchaseLine]] = field(default_factory=dict)
    receipts: dict[date, list[ReceiptLine]] = field(default_factory=dict)
    erp_snapshots: dict[date, dict[Grain, int]] = field(default_factory=dict)
    wms_snapshots: dict[date, dict[Grain, ShelfRow]] = field(default_factory=dict)
    physical: dict[date, dict[Grain, int]] = field(default_factory=dict)
    physical_totals: list[IntArray] = field(default_factory=list)
    true_demand: list[tuple[date, int, int, int, int]] = field(default_factory=list)

    def stockout_line_rate(self) -> float:
        """Share of the order lines due so far that were not shipped complete on their requested date."""
        shipped: dict[tuple[str, int], list[ShipmentLine]] = defaultdict(list)
        for line in self.books.shipments:
            if line.line_kind == "shipment":
                shipped[line.so_no, line.so_line_id].append(line)
        latest = {(line.so_no, line.line_id): line for lines in self.orders.values() for line in lines}
        due = [line for line in latest.values() if line.requested_date <= self.settings.end_date]
        short = 0
        for order in due:
            lines = shipped[order.so_no, order.line_id]
            on_time = sum(line.units for line in lines if line.shipment_date <= order.requested_date)
            short += on_time < order.ordered_units
        return short / max(len(due), 1)


class World:
    """State of the company on its current day."""

    def __init__(self, settings: DemoSettings, planner: Planner | None = None) -> None:
        self.settings = settings
        self.planner = planner
        self.catalogue = build_catalogue(settings)
        self.demand = DemandModel(settings, self.catalogue)
        self.promotions = PromotionCalendar(settings, self.catalogue)
        shape = self.catalogue.line_rates.shape
        self.shelf = Shelf(*shape)
        self.books = Books()
        self.demand_rate = self.demand.daily_units(settings.start_date)
        self.costs = unit_cost_on(settings, self.catalogue, settings.start_date.year, settings.start_date.month)
        self.due: dict[date, list[OrderLine]] = defaultdict(list)
        self.waiting: dict[tuple[int, int], list[OrderLine]] = {}
        self.picked: list[tuple[OrderLine, list[tuple[str, int]]]] = []
        self.returns: dict[date, list[selling.PendingReturn]] = defaultdict(list)
        self.arrivals: dict[date, list[purchasing.Arrival]] = defaultdict(list)
        self.to_confirm: dict[date, list[tuple[PurchaseLine, date]]] = defaultdict(list)
        self.on_order = np.zeros(shape, dtype=np.int64)
        self.late: list[ReceiptLine] = []
        self.open_purchases: dict[tuple[str, int], PurchaseLine] = {}
        self.changed_orders: dict[tuple[str, int], OrderLine] = {}
        self.changed_purchases: dict[tuple[str, int], PurchaseLine] = {}
        self.changed_receipts: dict[tuple[str, int], ReceiptLine] = {}
        self.true_demand: list[tuple[date, int, int, int, int]] = []

    def rng(self, activity: int, day: date) -> np.random.Generator:
        """Generator of one activity on one day."""
        return np.random.default_rng([self.settings.seed, activity, day.toordinal()])

    def run_day(self, day: date) -> None:
        """Let one day happen."""
        self.books.start_day()
        if day.day == 1 or day == self.settings.start_date:
            self.costs = unit_cost_on(self.settings, self.catalogue, day.year, day.month)
        if day == self.settings.start_date:
            storekeeping.open_balances(self, day)
        planner = self.planner if self.planner and day >= self.planner.first_day else None
        evening: list[purchasing.Arrival] = []
        purchasing.confirm_dates(self, day)
        if is_working(day):
            purchasing.post_late_receipts(self, day)
            evening = purchasing.receive(self, day)
            selling.take_returns(self, day)
            if not planner:
                storekeeping.transfer(self, day)
        selling.take_orders(self, day)
        if is_working(day):
            selling.ship(self, day)
            storekeeping.use_internally(self, day)
            storekeeping.scrap(self, day)
            storekeeping.count(self, day)
            if planner:
                storekeeping.transfer_as_planned(self, day, planner)
                purchasing.order_as_planned(self, day, planner)
            else:
                purchasing.review(self, day)
            purchasing.receive_after_hours(self, day, evening)
            selling.pick_for_tomorrow(self, day)

    def position(self) -> IntArray:
        """Units on the shelf and on order less what customers wait for, by item and warehouse."""
        position = self.shelf.total + self.on_order
        for key, waiting in self.waiting.items():
            position[key] -= sum(line.open_units for line in waiting)
        return position

    def physical(self) -> dict[Grain, int]:
        """Units that are in the warehouses now, by grain."""
        goods = {
            Grain(item, warehouse, lot_no, AVAILABLE): units
            for item, warehouse in self.shelf.occupied()
            for lot_no, units in self.shelf.lots(item, warehouse).items()
        }
        goods.update({grain: units for grain, units in self.books.balance.items() if grain.status == DEFECTIVE})
        return goods

    def wms_view(self) -> dict[Grain, ShelfRow]:
        """The WMS's picture of the evening: goods on the shelf and the two sides of the timing bridge."""
        view = {grain: ShelfRow(units) for grain, units in self.physical().items()}
        for line in self.late:
            view.setdefault(line.grain, ShelfRow(0)).received_not_posted_units += line.units
        for order, parts in self.picked:
            for lot_no, units in parts:
                grain = Grain(order.item, order.warehouse, lot_no, AVAILABLE)
                view.setdefault(grain, ShelfRow(0)).picked_not_shipped_units += units
        return view


def run_world(settings: DemoSettings, planner: Planner | None = None) -> History:
    """Operate the company from its first day to `settings.end_date`; a planner takes over from its clerks on its first day."""
    world = World(settings, planner)
    span = settings.start_date, settings.end_date, settings.daily_from
    history = History(
        settings,
        world.catalogue,
        world.books,
        world.shelf,
        world.promotions,
        export_windows(*span, months=MONTHLY),
        export_windows(*span, months=QUARTERLY),
        true_demand=world.true_demand,
    )
    document_windows = set(history.document_windows)
    exported_orders: dict[tuple[str, int], OrderLine] = {}
    exported_purchases: dict[tuple[str, int], PurchaseLine] = {}
    exported_receipts: dict[tuple[str, int], ReceiptLine] = {}
    for day in settings.dates:
        world.run_day(day)
        _observe(world, history, day)
        if day in document_windows:
            history.orders[day] = _changed(world.changed_orders, exported_orders)
            history.purchases[day] = _changed(world.changed_purchases, exported_purchases)
            history.receipts[day] = _changed(world.changed_receipts, exported_receipts)
    return history


def _observe(world: World, history: History, day: date) -> None:
    """Take the snapshots that are due in the evening."""
    last = day == world.settings.end_date
    nightly = last or day >= world.settings.daily_from
    defective = np.zeros_like(world.shelf.total)
    for grain, units in world.books.balance.items():
        if grain.status == DEFECTIVE:
            defective[grain.item, grain.warehouse] += units
    history.physical_totals.append(world.shelf.total + defective)
    if nightly or (is_month_end(day) and day > ERP_SNAPSHOT_MONTHS_FROM):
        history.erp_snapshots[day] = dict(world.books.balance)
    if nightly:
        history.wms_snapshots[day] = world.wms_view()
    if nightly or is_month_end(day):
        history.physical[day] = world.physical()


def _changed(lines: dict[tuple[str, int], Line], exported: dict[tuple[str, int], Line]) -> list[Line]:
    """Copies of the lines that differ from what was exported last, by document and line; clears the list."""
    rows: list[Line] = []
    if not lines:
        return rows
    values_of = attrgetter(*(part.name for part in fields(next(iter(lines.values())))))
    for key in sorted(lines):
        if exported.get(key) != lines[key]:
            exported[key] = type(lines[key])(*values_of(lines[key]))
            rows.append(exported[key])
    lines.clear()
    return rows
