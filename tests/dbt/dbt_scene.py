"""One small company, written out by hand so that every figure of the marts can be checked with a pencil.

Belongs here: the rows. Item A1 is bought twice, sold, counted; B1 has no cost; a receipt is a draft; one
issue has the
wrong sign. What the ledger and planning would leave for it is written out as well.
"""

from __future__ import annotations

from typing import Any

Row = dict[str, Any]


def movement(no: str, kind: str, day: str, item: str, units: float, warehouse: str = "W1", **more: Any) -> Row:
    """A movement row of the contract; the document number is its id."""
    return {
        "source_doc_type": kind, "doc_no": no, "source_doc_id": no, "source_line_id": "1", "movement_type": kind,
        "business_date": day, "item_code": item, "warehouse_code": warehouse, "quantity_units": units, **more,
    }  # fmt: skip


MOVEMENTS = [
    movement("O1", "opening", "2026-05-01", "A1", 100, unit_cost=10),
    movement("R1", "purchase_receipt", "2026-05-11", "A1", 50, unit_cost=12, ref_doc_type="purchase_order",
             ref_doc_no="P1", ref_line_id="1"),
    movement("S1", "sales_issue", "2026-05-21",
     "A1", -60, ref_doc_type="sales_order", ref_doc_no="SO1", ref_line_id="1"),
    movement("S2", "sales_issue", "2026-06-11",
     "A1", -30, ref_doc_type="sales_order", ref_doc_no="SO2", ref_line_id="1"),
    movement("O2", "opening", "2026-05-01", "B1", 20),
    movement("S3", "sales_issue", "2026-06-05", "B1", 4),
]  # fmt: skip


def value_entry(no: str, kind: str, day: str, units: float, value: float, item: str = "A1", **more: Any) -> Row:
    """An entry of the source's own value ledger."""
    return {
        "source_doc_type": kind, "source_doc_id": no, "source_line_id": "1", "doc_no": no, "business_date": day,
        "item_code": item, "quantity_units": units, "entry_value": value, "entry_kind": kind, "source_file": "values.csv",
        **more,
    }  # fmt: skip


# The source values by moving average, adds a freight invoice, and knows an issue that nobody sent us.
VALUE_ENTRIES = [
    value_entry("O1", "opening", "2026-05-01", 100, 1000), value_entry("R1", "receipt", "2026-05-11", 50, 590),
    value_entry("S1", "cogs", "2026-05-21", -60, -636, is_cogs=True),
    value_entry("LC1", "landed_cost", "2026-05-31", 0, 25),
    value_entry("S2", "cogs", "2026-06-11", -30, -330, is_cogs=True),
    value_entry("X9", "issue", "2026-06-20", -5, -55),
    value_entry("O2", "opening", "2026-05-01", 20, 40, item="B1"),
    value_entry("S9", "cogs", "2026-07-01", -1, -11, is_cogs=True),
]  # fmt: skip

LANDING: dict[str, list[Row]] = {
    "inventory_value_entry": VALUE_ENTRIES,
    "item": [
        {"item_code": "A1", "item_name": "Kettle", "base_uom": "pcs", "category_name": "kitchen", "owner_name": "Li"},
        {"item_code": "B1", "item_name": "Cup", "base_uom": "pcs", "category_name": "kitchen"},
    ],
    "warehouse": [{"warehouse_code": "W1", "warehouse_name": "Main"}],
    "supplier": [{"supplier_code": "V1", "supplier_name": "Vendor", "lead_time_days": 10}],
    "stock_movement": MOVEMENTS,
    "item_cost": [{"item_code": "A1", "effective_date": "2026-05-01", "unit_cost": 10}],
    "purchase_order_line": [
        {"po_no": "P1", "po_line_id": "1", "order_date": "2026-05-01", "supplier_code": "V1", "item_code": "A1",
         "warehouse_code": "W1", "ordered_units": 50, "open_units": 0, "due_date": "2026-05-11", "is_closed": True},
        {"po_no": "P2", "po_line_id": "1", "order_date": "2026-06-20", "supplier_code": "V1", "item_code": "A1",
         "warehouse_code": "W1", "ordered_units": 40, "open_units": 40, "due_date": "2026-06-28"},
    ],
    "purchase_receipt_line": [
        {"receipt_no": "R1", "receipt_line_id": "1", "receipt_date": "2026-05-11", "po_no": "P1", "po_line_id": "1",
         "supplier_code": "V1", "item_code": "A1", "warehouse_code": "W1", "received_units": 50},
        {"receipt_no": "R9", "receipt_line_id": "1", "receipt_date": "2026-06-10", "po_no": "P2", "po_line_id": "1",
         "supplier_code": "V1", "item_code": "A1", "warehouse_code": "W1", "received_units": 7, "doc_status": "draft"},
    ],
    "sales_order_line": [
        {"so_no": "SO1", "so_line_id": "1", "order_date": "2026-05-20", "item_code": "A1", "warehouse_code": "W1",
         "ordered_units": 60, "requested_date": "2026-05-21", "promised_date": "2026-05-22"},
        {"so_no": "SO2", "so_line_id": "1", "order_date": "2026-06-01", "item_code": "A1", "warehouse_code": "W1",
         "ordered_units": 30, "requested_date": "2026-06-10", "promised_date": "2026-06-10"},
        {"so_no": "SO3", "so_line_id": "1", "order_date": "2026-06-20", "item_code": "A1", "warehouse_code": "W1",
         "ordered_units": 90, "requested_date": "2026-06-25", "promised_date": "2026-06-25"},
    ],
    "stock_on_hand": [
        {"as_of_date": "2026-05-31", "item_code": "A1", "warehouse_code": "W1", "on_hand_units": 90},
        {"as_of_date": "2026-05-31", "item_code": "B1", "warehouse_code": "W1", "on_hand_units": 20},
        {"as_of_date": "2026-06-30", "item_code": "A1", "warehouse_code": "W1", "on_hand_units": 60},
        {"as_of_date": "2026-06-30", "item_code": "B1", "warehouse_code": "W1", "on_hand_units": 16},
    ],
    "wms_stock": [
        {"as_of_date": "2026-06-30", "item_code": "A1", "warehouse_code": "W1", "physical_units": 45},
        {"as_of_date": "2026-06-30", "item_code": "B1", "warehouse_code": "W1", "physical_units": 16},
    ],
    "stock_count_line": [
        {"count_no": "C1", "source_line_id": "1", "count_date": "2026-06-29", "warehouse_code": "W1", "item_code": "A1",
         "book_units": 60, "counted_units": None},
    ],
}  # fmt: skip


def _key(no: str, kind: str) -> str:
    return f"erp|{kind}|{no}|1|0"


def _cost(no: str, kind: str, units: float, cost: float | None, cogs: float | None = None) -> Row:
    return {
        "movement_key": _key(no, kind), "quantity_units": units, "cost_value": cost, "is_cost_known": cost is not None,
        "cogs_value": cogs, "settlement_value": 0, "cogs_settlement_value": 0,
        "transit_units": 0, "transit_value": 0, "transit_uncosted_units": 0,
    }  # fmt: skip


def _layer(day: str, item: str, units: float, origin: str, cost: float | None, no: str, kind: str) -> Row:
    return {
        "snapshot_date": day, "item_id": f"C/{item}", "warehouse_id": "C/W1", "lot_no": "", "stock_status": "available",
        "owner_type": "own", "owner_code": "", "layer_no": 1, "origin_date": origin, "arrived_date": origin,
        "origin_movement_key": _key(no, kind), "quantity_units": units, "unit_cost": cost,
        "layer_value": None if cost is None else units * cost, "is_cost_known": cost is not None, "is_negative": False,
    }  # fmt: skip


def _proof(item: str, units: float, opening: float, gone: float, came: float) -> Row:
    return {
        "item_id": f"C/{item}", "warehouse_id": "C/W1", "opening_units": opening, "in_units": came, "out_units": gone,
        "closing_units": units, "layer_units": units, "units_gap": 0, "is_closed": True,
    }  # fmt: skip


def _entry(day: str, kind: str, value: float | None, units: float, item: str = "A1", uncosted: float = 0) -> Row:
    return {
        "item_id": f"C/{item}", "warehouse_id": "C/W1", "business_date": day, "entry_kind": kind, "entry_value": value,
        "quantity_units": units, "uncosted_units": abs(uncosted), "uncosted_stock_units": uncosted,
    }  # fmt: skip


# FIFO: 60 of the 100 at 10 leave in May, 30 more in June; 10 at 10 and 50 at 12 stay.
TABLES: dict[tuple[str, str], list[Row]] = {
    ("ledger", "movement_costs"): [
        _cost("O1", "opening", 100, 1000), _cost("R1", "purchase_receipt", 50, 600),
        _cost("S1", "sales_issue", -60, -600, 600), _cost("S2", "sales_issue", -30, -300, 300),
        _cost("O2", "opening", 20, None), _cost("S3", "sales_issue", 4, None),
    ],
    ("ledger", "value_entries"): [
        _entry("2026-05-01", "opening", 1000, 100), _entry("2026-05-11", "receipt", 600, 50),
        _entry("2026-05-21", "cogs", -600, -60), _entry("2026-06-11", "cogs", -300, -30),
        _entry("2026-05-01", "opening", None, 20, "B1", 20), _entry("2026-06-05", "cogs", None, 4, "B1", 4),
    ],
    ("ledger", "open_layers"): [
        _layer("2026-05-31", "A1", 40, "2026-05-01", 10, "O1", "opening"),
        {**_layer("2026-05-31", "A1", 50, "2026-05-11", 12, "R1", "purchase_receipt"), "layer_no": 2},
        _layer("2026-05-31", "B1", 20, "2026-05-01", None, "O2", "opening"),
        _layer("2026-06-30", "A1", 10, "2026-05-01", 10, "O1", "opening"),
        {**_layer("2026-06-30", "A1", 50, "2026-05-31", 12, "R1", "purchase_receipt"), "layer_no": 2},
        _layer("2026-06-30", "B1", 24, "2026-05-01", None, "O2", "opening"),
    ],
    ("ledger", "conservation"): [_proof("A1", 60, 100, 90, 50), _proof("B1", 24, 20, 0, 4)],
    ("planning", "item_classes"): [
        {"item_id": "C/A1", "warehouse_id": "C/W1", "abc_class": "A", "xyz_class": "X", "abc_xyz_cell": "AX"},
    ],
    ("control", "kpi_targets"): [
        {"kpi": "stockout_line_rate", "scope": "company", "scope_value": "", "target_rate": 0.02, "ceiling_rate": 0.05},
    ],
    ("quality", "landing_batches"): [
        {"batch_id": "b1", "contract": "stock_movement", "source_instance": "erp", "status": "loaded", "rows_in": 9,
         "rows_loaded": 6, "rows_quarantined": 1, "rows_duplicate": 1, "rows_excluded": 1, "extract_date": "2026-06-30",
          "source_file": "m.csv"},
        {"batch_id": "b2", "contract": "stock_movement", "source_instance": "erp", "status": "duplicate_file",
         "rows_in": 8,
         "rows_loaded": 0, "rows_quarantined": 0, "rows_duplicate": 8, "rows_excluded": 0,
         "extract_date": "2026-06-30", "source_file": "m2.csv"},
        {"batch_id": "b3", "contract": "stock_movement", "source_instance": "erp", "status": "refused", "rows_in": 0,
         "rows_loaded": 0, "rows_quarantined": 0, "rows_duplicate": 0, "rows_excluded": 0,
         "extract_date": "2026-06-30", "source_file": "m3.csv", "message": "m3.csv, row 1: no column qty"},
    ],
    ("quality", "master_changes"): [
        {"contract": "item", "source_instance": "erp", "company_code": "C", "source_key": "B1",
         "column_name": "base_uom",
         "old_value": "box", "new_value": "pcs", "extract_date": "2026-06-30", "source_file": "items.csv",
          "source_row": 3},
    ],
}  # fmt: skip
