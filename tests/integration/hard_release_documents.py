"""Orders, service, suppliers, masters and counts of the release against the documents of the hard world."""

from __future__ import annotations

from collections import defaultdict
from datetime import date, timedelta
from fractions import Fraction
from math import sqrt
from typing import Any

from hard_orders_reference import ZERO, OrderLine, Purchase, months, sample_variance
from hard_release_book import CENT, INSTANCES, MILLIONTH, Book, code

from demo.hard_world import CASES, COMPANIES, LAST_DAY

Periods = dict[tuple[Any, ...], list[Any]]


def _ratio(over: Any, under: Any) -> Fraction | None:
    return Fraction(over) / Fraction(under) if under else None


def check_order_and_sales_lines(book: Book) -> None:
    found = book.documents
    rows = book.rows("fct_order_lines")
    assert len(rows) == len(found.orders) > 100
    for row in rows:
        order = found.orders[row["source_instance"], row["so_no"], row["so_line_id"]]
        shipped = order.by(date.max)
        book.exact(
            row, ordered_units=order.ordered, cancelled_units=order.cancelled, due_units=order.due, shipped_units=shipped,
            on_time_units=min(order.by(order.requested), order.due), shipped_by_promised_units=order.by(order.promised),
            shelf_units=found.shelf(order.place, order.requested), open_units=max(order.due - shipped, ZERO),
        )  # fmt: skip
        assert row["is_stockout"] == found.is_stockout(order), row
    rows = book.rows("fct_sales_lines")
    assert len(rows) == len(found.sales)
    for row in rows:
        sale = found.sales[row["source_instance"], row["shipment_no"], row["shipment_line_id"]]
        book.exact(row, shipped_units=sale.units, exchange_rate=sale.rate)
        book.all(row, {"revenue_value": sale.revenue, "document_revenue_value": sale.document_revenue})


def check_service_of_every_month(book: Book) -> None:
    found = book.documents
    wanted: Periods = defaultdict(list)
    promised: Periods = defaultdict(list)
    for order in found.orders.values():
        if order.requested <= LAST_DAY:
            wanted[(*order.place, *found.period(order.company, order.requested))].append(order)
        if order.due > 0 and order.promised <= LAST_DAY:
            promised[(*order.place, *found.period(order.company, order.promised))].append(order)
    rows = book.rows("fct_order_service")
    assert len(rows) == len({*wanted, *promised})
    for row in rows:
        key = (row["item_id"], row["warehouse_id"], row["month_start_date"], row["month_end_date"])
        here: list[OrderLine] = wanted[key]
        due, short = sum(order.due > 0 for order in here), sum(found.is_stockout(order) for order in here)
        units, kept = (
            sum((order.due for order in here), ZERO),
            sum(order.by(order.promised) >= order.due for order in promised[key]),
        )
        in_time = sum((min(order.by(order.requested), order.due) for order in here), ZERO)
        book.exact(
            row, due_lines=due, stockout_lines=short, due_units=units, on_time_units=in_time, promised_lines=len(promised[key]),
            on_time_lines=kept, ordered_units=sum((order.ordered for order in here), ZERO),
            cancelled_units=sum((order.cancelled for order in here), ZERO),
        )  # fmt: skip
        book.rate(row, "stockout_line_rate", _ratio(short, due))
        book.rate(row, "fill_rate", _ratio(in_time, units))
        book.rate(row, "on_time_delivery_rate", _ratio(kept, len(promised[key])))


def check_purchase_lines_and_suppliers(book: Book) -> None:
    found = book.documents
    rows = book.rows("fct_purchase_lines")
    assert len(rows) == len(found.purchases) > 60
    for row in rows:
        order = found.purchases[row["source_instance"], row["po_no"], row["po_line_id"]]
        book.exact(
            row, ordered_units=order.ordered, received_units=order.received, on_time_units=min(order.in_time, order.ordered),
            exchange_rate=order.rate, unit_price=order.price, document_unit_price=order.document_price,
        )  # fmt: skip
        assert row["is_on_time"] == (order.due <= LAST_DAY and order.in_time >= order.ordered), row
    due: Periods = defaultdict(list)
    came: Periods = defaultdict(list)
    for order in found.purchases.values():
        if order.due <= LAST_DAY:
            due[order.supplier, found.period(order.company, order.due)[0]].append(order)
        for day, units in order.receipts:
            came[order.supplier, found.period(order.company, day)[0]].append((units, (day - order.ordered_on).days))
    rows = book.rows("fct_supplier_performance")
    assert len(rows) == len({*due, *came})
    for row in rows:
        key = (row["supplier_id"], row["month_start_date"])
        orders: list[Purchase] = due[key]
        kept = sum(order.in_time >= order.ordered for order in orders)
        units = sum((part for part, _ in came[key]), ZERO)
        days = sum((part * lead for part, lead in came[key]), ZERO)
        squares = sum((part * lead * lead for part, lead in came[key]), ZERO)
        book.exact(
            row, due_lines=len(orders), on_time_lines=kept, due_units=sum((order.ordered for order in orders), ZERO),
            on_time_units=sum((min(order.in_time, order.ordered) for order in orders), ZERO), receipt_parts=len(came[key]),
            received_units=units, lead_time_unit_days=days, lead_time_squared_unit_days=squares,
        )  # fmt: skip
        book.rate(row, "supplier_on_time_rate", _ratio(kept, len(orders)))
        book.rate(row, "lead_time_mean_days", _ratio(days, units))
        spread = None if not units else sqrt(max(squares / units - (days / units) ** 2, ZERO))
        book.rate(row, "lead_time_sd_days", spread)
    for row in book.rows("dim_suppliers"):
        line = found.suppliers[row["supplier_id"]]
        book.exact(
            row, agreed_lead_time_days=int(line["lead_time_days"]), payment_term_days=int(line["payment_term_days"]),
            order_lines=sum(line[4] == row["supplier_id"] for line in found.bought),
        )  # fmt: skip


def check_swings_of_purchases(book: Book) -> None:
    """Variance of what is ordered of a supplier over that of demand; days that each order would have lasted."""
    found = book.documents
    sold: dict[str, dict[date, Fraction]] = defaultdict(lambda: defaultdict(Fraction))
    for place, days in found.demand().items():
        for day, units in days.items():
            sold[place[0]][day] += units
    whole = LAST_DAY.replace(day=1)
    bought: Periods = defaultdict(list)
    for order in found.purchases.values():
        if order.ordered_on < whole:
            bought[order.place[0], order.supplier].append(order)
    rows = book.rows("fct_bullwhip")
    assert len(rows) == len(bought)
    for row in rows:
        orders, demand = bought[row["item_id"], row["supplier_id"]], sold[row["item_id"]]
        span = months(min(order.ordered_on for order in orders), whole - timedelta(days=1))
        ordered = [sum((o.ordered for o in orders if o.ordered_on.replace(day=1) == month), ZERO) for month in span]
        used = [sum((units for day, units in demand.items() if day.replace(day=1) == month), ZERO) for month in span]
        variances = sample_variance(ordered), sample_variance(used)
        book.exact(
            row,
            months=len(span),
            order_lines=len(orders),
            ordered_units=sum(ordered, ZERO),
            demand_units=sum(used, ZERO),
        )
        book.rate(row, "order_variance", variances[0])
        book.rate(row, "demand_variance", variances[1])
        book.rate(row, "bullwhip_ratio", _ratio(*variances) if len(span) >= 6 else None)
        covers = []
        for order in orders:
            before = {
                day: units
                for day, units in demand.items()
                if order.ordered_on > day >= order.ordered_on - timedelta(days=365)
            }
            if before and (pace := sum(before.values(), ZERO) / max((order.ordered_on - min(before)).days, 1)):
                covers.append((order.ordered, order.ordered / pace))
        units = sum((part for part, _ in covers), ZERO)
        book.rate(row, "order_cover_days", _ratio(sum((part * days for part, days in covers), ZERO), units))
        book.rate(row, "longest_order_cover_days", max((days for _, days in covers), default=None))


def check_masters(book: Book) -> None:
    found = book.documents
    places = found.places()
    names = {f"{company}/{case.upper()}" for company in COMPANIES for case in CASES}
    rows = book.rows("dim_items")
    assert {row["item_id"] for row in rows} == names
    for row in rows:
        book.exact(row, warehouses=sum(place[0] == row["item_id"] for place in places), shelf_life_days=None, expiry_warn_days=None,
                   standard_cost=None, list_price=None)  # fmt: skip
    for row in book.rows("dim_warehouses"):
        if not row["warehouse_id"].endswith("IN-TRANSIT"):
            book.exact(row, items=sum(place[1] == row["warehouse_id"] for place in places))
    rows = book.rows("dim_item_warehouses")
    assert {(row["item_id"], row["warehouse_id"]) for row in rows} >= places
    for row in rows:
        place = (row["item_id"], row["warehouse_id"])
        if place not in places:
            continue
        supplier = found.supplier(row["item_id"])
        book.exact(
            row, unit_cost_latest=found.unit_cost(place), unit_price=found.unit_price(row["item_id"]), moq_units=None,
            order_multiple_units=None, shelf_life_days=None,
            lead_time_days_master=None if supplier is None else int(found.suppliers[supplier]["lead_time_days"]),
        )  # fmt: skip
        assert row["default_supplier_id"] == supplier, row
    rows = book.rows("dim_item_costs")
    assert len(rows) == 2 * len(COMPANIES)
    for row in rows:
        book.exact(row, unit_cost=Fraction("5.60") if row["warehouse_id"] else Fraction("5.40"))


def check_what_came_in(book: Book) -> None:
    """Rows of each file: read, landed, and none left over; batches of each source."""
    contracts = {
        "items": "item", "warehouses": "warehouse", "item_units": "item_uom", "movements": "stock_movement", "counts": "stock_count_line",
        "value_entries": "inventory_value_entry", "exchange_rates": "exchange_rate", "fiscal_periods": "fiscal_period",
        "suppliers": "supplier", "sales_orders": "sales_order_line", "shipments": "sales_shipment_line", "lots": "lot",
        "purchase_orders": "purchase_order_line", "receipts": "purchase_receipt_line", "item_costs": "item_cost",
        "storage_limits": "storage_limit", "boms": "bill_of_materials",
        "production_orders": "production_order", "receivables": "ar_open_item", "payables": "ap_open_item",
    }  # fmt: skip
    lines = {(instance, contracts[name]): count for (instance, name), count in book.documents.files.items()}
    rows = {(row["source_instance"], row["contract"]): row for row in book.rows("fct_data_quality")}
    assert lines.keys() <= rows.keys()
    for key, count in lines.items():
        book.exact(
            rows[key], batches=1, duplicate_files=0, refused_files=0, rows_in=count, rows_loaded=count, rows_quarantined=0,
            rows_duplicate=0, rows_excluded=0, rows_gap=0, quarantine_rate=0, extract_age_days=0, failed_critical_checks=0,
        )  # fmt: skip


def check_lots_that_expire(book: Book) -> None:
    """Lots are used up first to expire first; each lot's own first in, first out gives its value."""
    pace = {
        place: Fraction(row["protection_demand_units"]) / Fraction(row["protection_days"])
        for place, row in book.by_place("fct_replenishment").items()
        if row["protection_days"]
    }
    rows = book.rows("fct_expiring_lots")
    assert len(rows) == 2 * len(COMPANIES)
    up_to: dict[Any, Fraction] = defaultdict(Fraction)
    lost: dict[Any, Fraction] = defaultdict(Fraction)
    for row in sorted(
        rows, key=lambda one: (one["item_id"], one["warehouse_id"], one["lot_expiry_date"], one["lot_no"])
    ):
        place = (row["item_id"], row["warehouse_id"])
        moves = [one for one in book.world.rows if one["item_id"] == row["item_id"] and one["lot_no"] == row["lot_no"]]
        units = sum((one["quantity_units"] for one in moves), ZERO)
        left, value = units, ZERO
        for receipt in reversed([one for one in moves if one["quantity_units"] > 0]):
            part = min(left, receipt["quantity_units"])
            left, value = left - part, value + part * receipt["unit_cost"]
        assert row["lot_expiry_date"] == book.documents.expiry[row["item_id"], row["lot_no"]]
        days = (row["lot_expiry_date"] - LAST_DAY).days
        up_to[place] += units
        book.exact(row, lot_units=units, remaining_days=days, units_up_to_lot=up_to[place])
        book.same(row, "lot_value", value)
        if pace.get(place):
            gone = max(lost[place], up_to[place] - days * pace[place], ZERO)
            unsold, lost[place] = gone - lost[place], gone
            book.rate(row, "forecast_daily_units", pace[place])
            book.same(row, "sell_out_days", up_to[place] / pace[place], up_to[place] / pace[place] / 10**5 + MILLIONTH)
            book.same(row, "unsold_units", unsold, Fraction(1, 10**4))
            book.same(row, "unsold_value", value * unsold / units)


def check_what_is_still_to_come(book: Book) -> None:
    """Open purchase orders and goods under way, by the day on which they are due."""
    wanted: dict[tuple[Any, ...], Fraction] = defaultdict(Fraction)
    for order in book.documents.purchases.values():
        if order.ordered > order.received:
            wanted[(*order.place, order.due, "purchase_order")] += order.ordered - order.received
    rows = [row for row in book.rows("fct_open_supply") if row["source"] == "purchase_order"]
    assert {(row["item_id"], row["warehouse_id"], row["due_date"], row["source"]) for row in rows} == wanted.keys()
    for row in rows:
        units = wanted[row["item_id"], row["warehouse_id"], row["due_date"], row["source"]]
        book.exact(row, on_order_units=units, overdue_units=units if row["due_date"] < LAST_DAY else 0)


def check_service_kpis_and_cash(book: Book) -> None:
    found = book.documents
    for row in book.rows("fct_kpi_summary", "scope = 'company'"):
        mine = [order for order in found.orders.values() if order.company == row["company_code"]]
        asked = [order for order in mine if order.due > 0 and order.promised <= LAST_DAY]
        bought = [o for o in found.purchases.values() if o.company == row["company_code"] and o.due <= LAST_DAY]
        right = {
            "on_time_delivery_rate": _ratio(sum(order.by(order.promised) >= order.due for order in asked), len(asked)),
            "supplier_on_time_rate": _ratio(sum(order.in_time >= order.ordered for order in bought), len(bought)),
        }
        if row["kpi"] in right:
            book.rate(row, "kpi_value", right[row["kpi"]])
            right.pop(row["kpi"])
    for row in book.rows("fct_cash_conversion", "company_code <> ''"):
        company, start = row["company_code"], row["period_start_date"]
        sold = sum(
            (
                s.revenue
                for s in found.sales.values()
                if s.company == company and s.day >= start and s.revenue is not None
            ),
            ZERO,
        )
        receivable, payable = (found.open_value(company, kind) for kind in ("receivables", "payables"))
        average, cost = book.world.company(company, start, LAST_DAY)
        days = (LAST_DAY - start).days + 1
        book.all(row, {"sales_value": sold, "receivable_value": receivable, "payable_value": payable})
        book.exact(row, period_days=days)
        parts = average * days / cost, receivable * days / sold, payable * days / cost
        names = "days_inventory_outstanding", "days_sales_outstanding", "days_payable_outstanding"
        for column, right_days in (
            *zip(names, parts, strict=True),
            ("cash_conversion_days", parts[0] + parts[1] - parts[2]),
        ):
            book.same(row, column, right_days, abs(right_days) / 10**4 + MILLIONTH)


def check_findings_of_units(book: Book) -> None:
    """Cartons that are not 12 pieces are worth the difference at the latest cost; every finding names a line of its file."""
    found = book.documents
    for row in book.rows("fct_findings", "rule_id = 'unit_factor_mismatch' and variance_units is not null"):
        place = (row["item_id"], row["warehouse_id"])
        assert code(row["item_id"]) in INSTANCES and row["currency_code"] == COMPANIES[code(row["item_id"])]
        book.exact(row, variance_units=4)
        book.same(row, "variance_value", 4 * found.unit_cost(place), CENT)
        moves = [one for one in book.world.rows if one["doc_no"] == row["doc_no"] and one["item_id"] == row["item_id"]]
        book.exact(row, source_row=moves[0]["source_row"])
