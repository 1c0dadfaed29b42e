"""Documents beside the movements of the hard world: what was ordered, shipped, received and counted, at what list cost and price.

Each movement of a sale or a purchase has its document, so that books and documents agree where no case is planted. Planted: lines entered
in cartons alone, in a unit that no master has, taken back in part, shipped late or in two parts, owed, and still to come.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

Row = dict[str, Any]
OTHER = {"EAST": "USD", "WEST": "CNY"}
BOUGHT = ("PLAIN", "PACKED", "MOVED", "LOTS")
"""Items whose receipts have purchase orders."""


def _quantity(name: str, movement: Row, sign: int) -> Row:
    """The base quantity of the movement under `name`; where it was entered in another unit, that alone."""
    if movement.get("entered_units") is not None:
        return {name: None, "entered_units": sign * movement["entered_units"], "entered_uom": movement["entered_uom"]}
    return {name: sign * movement["quantity_units"]}


def _days(day: str, change: int) -> str:
    return (date.fromisoformat(day) + timedelta(days=change)).isoformat()


def _sales(code: str, movements: list[Row], last: date) -> tuple[list[Row], list[Row]]:
    """Order lines and shipment lines."""
    price = Decimal("25.50") if code == "EAST" else Decimal("3.40")
    orders: list[Row] = []
    shipments: list[Row] = []
    for number, sale in enumerate(row for row in movements if row["movement_type"] == "sales_issue"):
        item, day, place = sale["item_code"], sale["business_date"], sale["warehouse_code"]
        units = None if sale["quantity_units"] is None else -sale["quantity_units"]
        currency = OTHER[code] if item == "IMPORTED" else None
        joined = number % 6 == 5 and orders and (orders[-1]["item_code"], orders[-1]["warehouse_code"]) == (item, place)
        if joined and orders[-1]["ordered_units"] is not None and units is not None:  # the rest of the line before
            orders[-1]["ordered_units"] += units
        else:
            order = {
                "so_no": f"SO{code[0]}{number:04d}",
                "so_line_id": "1",
                "order_date": _days(day, -2),
                "customer_code": f"C{number % 3}",
                "item_code": item,
                "warehouse_code": place,
                **_quantity("ordered_units", sale, -1),
                "unit_price": price,
                "requested_date": _days(day, -(number % 4 == 3)),
                "promised_date": _days(day, number % 3 - 1),
                "currency_code": currency,
            }
            if number % 7 == 2 and units is not None and item == "PLAIN":  # three more were ordered and taken back
                order |= {"ordered_units": units + 3, "cancelled_units": 3}
            orders.append(order)
        shipments.append(
            {
                "shipment_no": sale["doc_no"],
                "shipment_line_id": "1",
                "shipment_date": day,
                "so_no": orders[-1]["so_no"],
                "so_line_id": "1",
                "customer_code": orders[-1]["customer_code"],
                "item_code": item,
                "warehouse_code": place,
                **_quantity("shipped_units", sale, -1),
                "revenue_value": None if units is None else (units * price).quantize(Decimal("0.01")),
                "currency_code": currency,
                "line_kind": "shipment",
            }
        )
    for back in (row for row in movements if row["movement_type"] == "sales_return"):
        shipments.append(
            {
                "shipment_no": back["doc_no"],
                "shipment_line_id": "1",
                "shipment_date": back["business_date"],
                "item_code": back["item_code"],
                "warehouse_code": back["warehouse_code"],
                "shipped_units": -back["quantity_units"],
                "revenue_value": (-back["quantity_units"] * price).quantize(Decimal("0.01")),
                "line_kind": "return",
            }
        )
    for number, (item, place, units, unit, days) in enumerate(
        (
            ("PLAIN", "MAIN", 40, None, 9),
            ("PLAIN", "SHOP", 6, None, -3),
            ("PACKED", "MAIN", 2, "CTN", 4),
            ("PACKED", "MAIN", 1, "PALLET", 4),
            ("PACKED", "MAIN", 40, "CTN", -3),
        )
    ):  # owed, reserved for a later day, and a pallet that nobody can count
        orders.append(
            {
                "so_no": f"SO{code[0]}9{number}",
                "so_line_id": "1",
                "order_date": _days(last.isoformat(), -5),
                "customer_code": "C9",
                "item_code": item,
                "warehouse_code": place,
                "ordered_units": None if unit else units,
                "entered_units": units if unit else None,
                "entered_uom": unit,
                "unit_price": price,
                "requested_date": _days(last.isoformat(), days),
            }
        )
    return orders, shipments


def _purchases(code: str, movements: list[Row], last: date) -> tuple[list[Row], list[Row]]:
    """Order lines and receipt lines."""
    orders: list[Row] = []
    receipts: list[Row] = []
    for number, came in enumerate(row for row in movements if row["movement_type"] == "purchase_receipt"):
        item, day = came["item_code"], came["business_date"]
        is_ordered = item in BOUGHT and not came.get("is_red")
        receipts.append(
            {
                "receipt_no": came["doc_no"],
                "receipt_line_id": "1",
                "receipt_date": day,
                "supplier_code": f"S{number % 2 + 1}",
                "po_no": f"PO{code[0]}{number:04d}" if is_ordered else None,
                "po_line_id": "1" if is_ordered else None,
                "item_code": item,
                "warehouse_code": came["warehouse_code"],
                **_quantity("received_units", came, 1),
                "line_kind": "return" if came.get("is_red") else "receipt",
            }
        )
        if is_ordered:
            orders.append(
                {
                    "po_no": receipts[-1]["po_no"],
                    "po_line_id": "1",
                    "order_date": _days(day, -4 - number % 5),
                    "supplier_code": receipts[-1]["supplier_code"],
                    "item_code": item,
                    "warehouse_code": came["warehouse_code"],
                    **_quantity("ordered_units", came, 1),
                    "due_date": _days(day, number % 3 - 1),
                    "unit_price": "5.25",
                }
            )
    for number, (item, units, ordered, due) in enumerate(
        (("PLAIN", 60, -6, 5), ("LOTS", 30, -20, -4), ("MOVED", 24, -3, 30))
    ):
        orders.append(  # to come, overdue, and late
            {
                "po_no": f"PO{code[0]}9{number}",
                "po_line_id": "1",
                "order_date": _days(last.isoformat(), ordered),
                "supplier_code": "S1",
                "item_code": item,
                "warehouse_code": "MAIN",
                "ordered_units": units,
                "due_date": _days(last.isoformat(), due),
                "unit_price": "5.25",
                "currency_code": OTHER[code] if item == "LOTS" else None,
            }
        )
    return orders, receipts


def _counts(last: date) -> list[Row]:
    """Counts of the last day: in pieces, in cartons alone, with and without a book of their own, in an unknown unit and not counted."""
    lines: tuple[tuple[str, str, Row], ...] = (
        ("PLAIN", "MAIN", {"counted_units": 31}),
        ("PLAIN", "SHOP", {"counted_units": 5, "book_units": 6}),
        ("PACKED", "MAIN", {"entered_units": 14, "entered_uom": "CTN"}),
        ("LOTS", "MAIN", {"entered_units": 1, "entered_uom": "PALLET"}),
        ("MOVED", "SHOP", {}),
    )
    return [
        {
            "count_no": "COUNT1",
            "source_line_id": str(number),
            "count_date": last.isoformat(),
            "count_type": "cycle",
            "item_code": item,
            "warehouse_code": place,
            **found,
        }
        for number, (item, place, found) in enumerate(lines, start=1)
    ]


def documents(code: str, movements: Iterable[Mapping[str, Any]], last: date) -> dict[str, list[Row]]:
    """The files of a company beside its movements, by name.

    Args:
        code: company. movements: its movements, in the order in which they were made. last: day of the extract.
    """
    listed = sorted(
        (dict(row) for row in movements), key=lambda row: (row["item_code"], row["business_date"], row["doc_no"])
    )
    sales, shipments = _sales(code, listed, last)
    purchases, receipts = _purchases(code, listed, last)
    day = last.isoformat()
    return {
        "suppliers": [
            {
                "supplier_code": f"S{n}",
                "supplier_name": f"Supplier {n} {code}",
                "lead_time_days": 4 + n,
                "payment_term_days": 30 * n,
            }
            for n in (1, 2, 3)
        ],
        "sales_orders": sales,
        "shipments": shipments,
        "purchase_orders": purchases,
        "receipts": receipts,
        "counts": _counts(last),
        "item_costs": [
            {
                "item_code": "PLAIN",
                "cost_scope": scope,
                "scope_code": where,
                "effective_date": _days(day, -days),
                "unit_cost": cost,
            }
            for scope, where, days, cost in (
                ("company", "", 90, "5.10"),
                ("company", "", 20, "5.40"),
                ("warehouse", "SHOP", 15, "5.60"),
                ("company", "", -10, "9.99"),
            )
        ],
        "lots": [
            {"item_code": "LOTS", "lot_no": lot, "expiry_date": _days(day, days)}
            for lot, days in (("A", 300), ("B", 500))
        ],
        "boms": [
            {
                "item_code": "KIT",
                "line_id": line,
                "component_item_code": part,
                "component_units": units,
                "parent_units": 2,
            }
            for line, part, units in (("1", "BY_AMOUNT", 4), ("2", "PACKED", 3), ("3", "MOVED", 1))
        ],
        "production_orders": [
            {
                "order_no": number,
                "order_date": _days(day, -3),
                "item_code": "KIT",
                "warehouse_code": "MAIN",
                "planned_units": planned,
                "finished_units": finished,
                "start_date": _days(day, start),
                "due_date": _days(day, start + 5),
            }
            for number, planned, finished, start in (("M1", 5, 1, 3), ("M2", 400, 0, 10))
        ],
        "storage_limits": [{"warehouse_code": "SHOP", "max_units": 150}],
        "receivables": [
            {
                "as_of_date": _days(day, -back),
                "doc_type": "invoice",
                "doc_id": f"{n}",
                "doc_no": f"AR{n}",
                "customer_code": "C1",
                "doc_date": _days(day, -40),
                "open_value": value,
            }
            for n, (back, value) in enumerate(((30, "9000.00"), (2, "1200.50"), (2, "-200.25")))
        ],
        "payables": [
            {
                "as_of_date": _days(day, -1),
                "doc_type": "bill",
                "doc_id": "1",
                "doc_no": "AP1",
                "supplier_code": "S1",
                "doc_date": _days(day, -30),
                "open_value": "800.00",
            }
        ],
    }
