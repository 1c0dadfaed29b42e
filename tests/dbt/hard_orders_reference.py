"""Orders, receipts, counts, prices and masters of the hard world again, by a plain program over the same CSV files.

Shares no code with the product; goes with `hard_world_reference.py`, which has the books.
"""

from __future__ import annotations

import csv
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date, timedelta
from fractions import Fraction
from pathlib import Path

from hard_world_reference import CARTON, HardWorld, Place

ZERO = Fraction(0)


def _lines(folder: Path, name: str) -> list[dict[str, str]]:
    [path] = folder.glob(f"{name}_*.csv")
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None


def _units(line: dict[str, str], name: str) -> Fraction | None:
    """The base quantity; what was entered in cartons alone by 12; None in a unit that nobody knows."""
    if line.get(name):
        return Fraction(line[name])
    return Fraction(line["entered_units"]) * CARTON if line.get("entered_uom") == "CTN" else None


@dataclass
class OrderLine:
    """A sales order line with what was shipped of it."""

    company: str
    place: Place
    ordered_on: date
    requested: date
    promised: date
    ordered: Fraction
    cancelled: Fraction
    price: Fraction | None
    shipped: list[tuple[date, Fraction]] = field(default_factory=list)

    @property
    def due(self) -> Fraction:
        return max(self.ordered - self.cancelled, ZERO)

    def by(self, day: date) -> Fraction:
        return sum((units for on, units in self.shipped if on <= day), ZERO)


@dataclass
class Purchase:
    """A purchase order line with its receipts."""

    company: str
    supplier: str
    place: Place
    ordered_on: date
    due: date
    ordered: Fraction
    price: Fraction | None
    rate: Fraction | None
    document_price: Fraction
    receipts: list[tuple[date, Fraction]] = field(default_factory=list)

    @property
    def received(self) -> Fraction:
        return sum((units for _, units in self.receipts), ZERO)

    @property
    def in_time(self) -> Fraction:
        return sum((units for day, units in self.receipts if day <= self.due), ZERO)


@dataclass
class Sale:
    """A shipment or return line."""

    company: str
    place: Place
    day: date
    units: Fraction | None
    revenue: Fraction | None
    document_revenue: Fraction | None
    rate: Fraction | None


class Documents:
    """What the documents of both companies say on the day `world.as_of`."""

    def __init__(self, inbox: Path, instances: dict[str, str], world: HardWorld) -> None:
        self.world, self.as_of = world, world.as_of
        self.orders: dict[tuple[str, str, str], OrderLine] = {}
        self.purchases: dict[tuple[str, str, str], Purchase] = {}
        self.sales: dict[tuple[str, str, str], Sale] = {}
        self.counts: dict[tuple[str, str], dict[str, str]] = {}
        self.costs: list[dict[str, str]] = []
        self.suppliers: dict[str, dict[str, str]] = {}
        self.expiry: dict[tuple[str, str], date] = {}
        self.files: dict[tuple[str, str], int] = {}
        self.open_items: dict[tuple[str, str], dict[date, Fraction]] = {}
        self.bought: list[tuple[date, str, str, str, str]] = []
        """Day, number, line, item and supplier of every purchase order line, also of those that nobody can count."""
        self.bills: dict[str, dict[str, Fraction]] = defaultdict(dict)
        self.making: list[tuple[date, str, str, date, Fraction, Fraction]] = []
        """Start, number, item, due date, planned and open units of each production order."""
        self.value_entries: list[tuple[str, date, Fraction]] = []
        for company, instance in instances.items():
            folder = inbox / company.lower()
            for line in _lines(folder, "value_entries"):
                rate = world.rates[company].of(line["currency_code"], date.fromisoformat(line["business_date"]))
                worth = Fraction(line["entry_value"]) * (rate or 0)
                self.value_entries.append(
                    (f"{company}/{line['item_code']}", date.fromisoformat(line["business_date"]), worth)
                )
            for path in folder.glob("*.csv"):
                with path.open(encoding="utf-8", newline="") as file:
                    self.files[instance, path.name.rsplit("_", 1)[0]] = sum(1 for _ in csv.DictReader(file))
            self._sold(company, instance, folder)
            self._bought(company, instance, folder)
            self.costs += [{**line, "company": company} for line in _lines(folder, "item_costs")]
            self.counts |= {(company, line["source_line_id"]): line for line in _lines(folder, "counts")}
            for line in _lines(folder, "boms"):
                part = f"{company}/{line['component_item_code']}"
                self.bills[f"{company}/{line['item_code']}"][part] = Fraction(line["component_units"]) / Fraction(
                    line["parent_units"]
                )
            for line in _lines(folder, "production_orders"):
                start, due = (date.fromisoformat(line[f"{name}_date"]) for name in ("start", "due"))
                units = (
                    Fraction(line["planned_units"]),
                    Fraction(line["planned_units"]) - Fraction(line["finished_units"]),
                )
                self.making.append((start, line["order_no"], f"{company}/{line['item_code']}", due, *units))
            self.suppliers |= {f"{company}/{line['supplier_code']}": line for line in _lines(folder, "suppliers")}
            for line in _lines(folder, "lots"):
                self.expiry[f"{company}/{line['item_code']}", line["lot_no"]] = date.fromisoformat(line["expiry_date"])
            for kind in ("receivables", "payables"):
                sums: dict[date, Fraction] = defaultdict(Fraction)
                for line in _lines(folder, kind):
                    sums[date.fromisoformat(line["as_of_date"])] += Fraction(line["open_value"])
                self.open_items[company, kind] = sums

    def _place(self, company: str, line: dict[str, str]) -> Place:
        return f"{company}/{line['item_code']}", f"{company}/{line['warehouse_code']}"

    def _sold(self, company: str, instance: str, folder: Path) -> None:
        rates = self.world.rates[company]
        for line in _lines(folder, "sales_orders"):
            units, ordered_on = _units(line, "ordered_units"), date.fromisoformat(line["order_date"])
            rate = rates.of(line["currency_code"], ordered_on)
            requested = _day(line["requested_date"]) or ordered_on
            if units is not None:
                self.orders[instance, line["so_no"], line["so_line_id"]] = OrderLine(
                    company, self._place(company, line), ordered_on, requested, _day(line["promised_date"]) or requested, units,
                    min(Fraction(line["cancelled_units"] or 0), units), None if rate is None else Fraction(line["unit_price"]) * rate,
                )  # fmt: skip
        for line in _lines(folder, "shipments"):
            day, units = date.fromisoformat(line["shipment_date"]), _units(line, "shipped_units")
            rate = rates.of(line["currency_code"], day)
            revenue = Fraction(line["revenue_value"]) if line["revenue_value"] else None
            self.sales[instance, line["shipment_no"], line["shipment_line_id"]] = Sale(
                company, self._place(company, line), day, units,
                None if revenue is None or rate is None else revenue * rate, revenue, rate,
            )  # fmt: skip
            order = self.orders.get((instance, line["so_no"], line["so_line_id"]))
            if line["line_kind"] == "shipment" and order is not None and units is not None:
                order.shipped.append((day, units))

    def _bought(self, company: str, instance: str, folder: Path) -> None:
        rates = self.world.rates[company]
        for line in _lines(folder, "purchase_orders"):
            ordered_on, units = date.fromisoformat(line["order_date"]), _units(line, "ordered_units")
            supplier = f"{company}/{line['supplier_code']}"
            self.bought.append(
                (ordered_on, line["po_no"], line["po_line_id"], f"{company}/{line['item_code']}", supplier)
            )
            if units is not None:
                rate, price = rates.of(line["currency_code"], ordered_on), Fraction(line["unit_price"])
                self.purchases[instance, line["po_no"], line["po_line_id"]] = Purchase(
                    company, supplier, self._place(company, line), ordered_on, date.fromisoformat(line["due_date"]), units,
                    None if rate is None else price * rate, rate, price,
                )  # fmt: skip
        for line in _lines(folder, "receipts"):
            order, units = (
                self.purchases.get((instance, line["po_no"], line["po_line_id"])),
                _units(line, "received_units"),
            )
            if order is not None and units is not None and units > 0 and line["line_kind"] == "receipt":
                day = date.fromisoformat(line["receipt_date"])
                if order.ordered_on <= day <= self.as_of:
                    order.receipts.append((day, units))

    # Figures ---------------------------------------------------------------------------------------------------------------------

    def shelf(self, place: Place, day: date) -> Fraction:
        """Units on the shelf at the end of a day."""
        days = self.world.days.get(place, {})
        return days[day].units if day in days else ZERO

    def is_stockout(self, order: OrderLine) -> bool:
        """Short on the requested day, and the shelf could not have served the rest."""
        on_time = min(order.by(order.requested), order.due)
        is_due = order.due > 0 and order.requested <= self.as_of
        return is_due and on_time < order.due and self.shelf(order.place, order.requested) < order.due - on_time

    def demand(self) -> dict[Place, dict[date, Fraction]]:
        """What was wanted of each place by day: every order line that is due, gross."""
        found: dict[Place, dict[date, Fraction]] = defaultdict(lambda: defaultdict(Fraction))
        for order in self.orders.values():
            if order.due > 0 and order.requested <= self.as_of:
                found[order.place][order.requested] += order.ordered
        return found

    def period(self, company: str, day: date) -> tuple[date, date]:
        """First and last day of the accounting period."""
        start, end, _ = self.world.calendars[company].of(day)
        return start, end

    def unit_cost(self, place: Place) -> Fraction | None:
        """What a unit costs today: the source's list for the warehouse, for the company, else the last receipt here, else anywhere."""
        company, code = place[0].split("/")
        for scope, where in (("warehouse", place[1].split("/")[1]), ("company", "")):
            known = [
                line for line in self.costs
                if (line["company"], line["item_code"], line["cost_scope"], line["scope_code"]) == (company, code, scope, where)
                and date.fromisoformat(line["effective_date"]) <= self.as_of
            ]  # fmt: skip
            if known:
                return Fraction(max(known, key=lambda line: line["effective_date"])["unit_cost"])
        receipts = [
            row for row in self.world.rows
            if row["item_id"] == place[0] and row["quantity_units"] > 0 and row["unit_cost"] is not None and row["unit_cost"] > 0
            and row["movement_type"] not in ("transfer_in", "sales_return")
        ]  # fmt: skip
        here = [row for row in receipts if row["warehouse_id"] == place[1]]
        return max(here or receipts, key=lambda row: row["movement_sequence"])["unit_cost"] if receipts else None

    def unit_price(self, item: str) -> Fraction | None:
        """Price of the last order line."""
        known = [
            (order.ordered_on, key[1], key[2], order.price)
            for key, order in self.orders.items() if order.place[0] == item and order.price is not None
        ]  # fmt: skip
        return max(known)[3] if known else None

    def supplier(self, item: str) -> str | None:
        """Supplier of the last purchase order line."""
        return max((line for line in self.bought if line[3] == item), default=(None,) * 5)[4]

    def places(self) -> set[Place]:
        """Every item and warehouse that a document names."""
        counted = {self._place(company, line) for (company, _), line in self.counts.items()}
        ordered = {order.place for order in self.orders.values()} | {order.place for order in self.purchases.values()}
        return {place for place in self.world.days if not place[1].endswith("IN-TRANSIT")} | counted | ordered

    def open_value(self, company: str, kind: str) -> Fraction:
        """Open items of the newest list."""
        sums = self.open_items[company, kind]
        return sums[max(day for day in sums if day <= self.as_of)]


def months(first: date, last: date) -> list[date]:
    """First days of the calendar months from one day to another."""
    found, day = [], first.replace(day=1)
    while day <= last:
        found.append(day)
        day = (day + timedelta(days=32)).replace(day=1)
    return found


def sample_variance(values: list[Fraction]) -> Fraction | None:
    """Sum of squared deviations over n - 1."""
    if len(values) < 2:
        return None
    mean = sum(values, ZERO) / len(values)
    return sum(((value - mean) ** 2 for value in values), ZERO) / (len(values) - 1)
