"""The rows of the hard world as ingestion would land them, and those that a test adds: units of packs, a calendar with mistakes."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

INSTANCES = {"EAST": "BOOK1", "WEST": "BOOK2"}
CONTRACTS = {
    "items": "item", "warehouses": "warehouse", "item_units": "item_uom", "movements": "stock_movement",
    "value_entries": "inventory_value_entry", "exchange_rates": "exchange_rate", "fiscal_periods": "fiscal_period",
    "sales_orders": "sales_order_line", "shipments": "sales_shipment_line", "purchase_orders": "purchase_order_line",
    "receipts": "purchase_receipt_line", "counts": "stock_count_line",
}  # fmt: skip


def landed(inbox: Path) -> dict[str, list[dict[str, Any]]]:
    """The files as rows of their contracts, as ingestion would land them."""
    rows: dict[str, list[dict[str, Any]]] = {contract: [] for contract in CONTRACTS.values()}
    for company, instance in INSTANCES.items():
        for name, contract in CONTRACTS.items():
            paths = list((inbox / company.lower()).glob(f"{name}_*.csv"))
            if name == "fiscal_periods" and company == "WEST":
                assert not paths, "this company closes by calendar months"
                continue
            [path] = paths
            with path.open(encoding="utf-8", newline="") as file:
                for number, line in enumerate(csv.DictReader(file), start=2):
                    given = {column: value for column, value in line.items() if value != ""}
                    envelope = {"source_instance": instance, "company_code": company, "source_file": path.name}
                    rows[contract].append({**given, **envelope, "source_row": number})
    return rows


NEXT_YEAR = [
    {"period": period, "start_date": start, "end_date": end, "source_row": row}
    for row, (period, start, end) in enumerate(
        (
            ("202701", "2026-12-28", "2027-01-31"), ("202702", "2027-01-25", "2027-02-21"), ("202703", "2027-02-22", "2027-02-20"),
            ("202713", "2027-01-25", "2027-01-31"),
        ), start=2
    )
]  # fmt: skip
"""A calendar with three mistakes: a week in two periods, an end before its start, and two periods from one day on."""


def packs() -> dict[str, list[dict[str, Any]]]:
    """F18: five bags ordered as 5, received as 10; a bag is not in the master. Two cartons of 12 ordered as 24 are right."""
    known = {
        "source_instance": "BOOK1",
        "company_code": "EAST",
        "supplier_code": "S",
        "warehouse_code": "MAIN",
        "po_no": "PO1",
    }
    bags = {**known, "item_code": "PLAIN", "po_line_id": "1", "entered_units": 5, "entered_uom": "BAG"}
    cartons = {**known, "item_code": "PACKED", "po_line_id": "2", "entered_units": 2, "entered_uom": "CTN"}
    orders = [{**bags, "ordered_units": 5}, {**cartons, "ordered_units": 24}]
    received = [{**bags, "received_units": 10}, {**cartons, "received_units": 24}]
    east = {"source_instance": "BOOK1", "company_code": "EAST", "module": "stock", "source_file": "next_year.csv"}
    return {
        "fiscal_period": [{**east, **row} for row in NEXT_YEAR],
        "purchase_order_line": [{**row, "order_date": "2026-05-01"} for row in orders],
        "purchase_receipt_line": [
            {**row, "receipt_no": "PR1", "receipt_line_id": row["po_line_id"], "receipt_date": "2026-05-09"}
            for row in received
        ],
    }
