"""Movements for tests: rows as dicts, as an Arrow table, and random ledgers that do everything a ledger may see."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pyarrow as pa
from hypothesis import strategies as st

START = date(2024, 1, 20)

DEFAULTS: dict[str, Any] = {
    "item_id": "C/A", "warehouse_id": "C/W1", "lot_no": "", "stock_status": "available", "owner_type": "own", "owner_code": "",
    "is_demand": False, "is_valued": True, "unit_cost": None, "document_value": None, "corrects_key": None,
    "transfer_group_id": None, "ref_doc_no": None, "ref_line_id": None,
    "lot_expiry_date": None,
}  # fmt: skip

TYPES = {
    "movement_key": pa.string(), "movement_sequence": pa.int64(), "business_date": pa.date32(), "movement_type": pa.string(),
    "item_id": pa.string(), "warehouse_id": pa.string(), "lot_no": pa.string(), "stock_status": pa.string(), "owner_type": pa.string(),
    "owner_code": pa.string(), "is_demand": pa.bool_(), "is_valued": pa.bool_(), "quantity_units": pa.decimal128(28, 6),
    "unit_cost": pa.decimal128(28, 8), "document_value": pa.decimal128(24, 4), "corrects_key": pa.string(),
    "transfer_group_id": pa.string(), "ref_doc_no": pa.string(), "ref_line_id": pa.string(),
    "lot_expiry_date": pa.date32(),
}  # fmt: skip

DEMAND = {"sales_issue", "sales_return"}


def move(day: date | str, movement_type: str, quantity: Any, cost: Any = None, **more: Any) -> dict[str, Any]:
    """One movement; `more` overrides the defaults."""
    when = date.fromisoformat(day) if isinstance(day, str) else day
    row = {
        **DEFAULTS,
        "business_date": when,
        "movement_type": movement_type,
        "is_demand": movement_type in DEMAND,
        **more,
    }
    row["quantity_units"] = Fraction(str(quantity))
    row["unit_cost"] = None if cost is None else Fraction(str(cost))
    if row["document_value"] is not None:
        row["document_value"] = Fraction(str(row["document_value"]))
    return row


def numbered(rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Rows in ledger order: by date, then as given; with their sequence and, where they have none, a key."""
    ordered = sorted(rows, key=lambda row: row["business_date"])
    return [{"movement_key": f"m{at:05d}", **row, "movement_sequence": at + 1} for at, row in enumerate(ordered)]


def _decimal(number: Fraction | None, places: int) -> Decimal | None:
    if number is None:
        return None
    scaled = number * 10**places
    assert scaled.denominator == 1, f"{number} has more than {places} decimals"
    return Decimal(scaled.numerator).scaleb(-places)


def as_table(rows: Sequence[dict[str, Any]]) -> pa.Table:
    """The rows as `int_stock_movements`."""
    columns = {}
    for name, kind in TYPES.items():
        values = [row[name] for row in rows]
        if name == "quantity_units":
            values = [_decimal(value, 6) for value in values]
        if name == "unit_cost":
            values = [_decimal(value, 8) for value in values]
        if name == "document_value":
            values = [_decimal(value, 4) for value in values]
        columns[name] = pa.array(values, type=kind)
    return pa.table(columns)


QUANTITIES = st.sampled_from(["1", "2", "3", "5", "7", "10", "0.5", "0.333333", "12.25", "0.000001", "100"])
AMOUNTS = st.sampled_from([None, None, None, "100000", "0.01", "7.7777"])
COSTS = st.sampled_from([None, "1", "2.5", "3.33333333", "0.00012345", "10", "7.77", "0"])
ITEMS = st.sampled_from(["C/A", "C/B", "C/C"])
WAREHOUSES = st.sampled_from(["C/W1", "C/W2", "C/W3"])
LOTS = st.sampled_from(["", "", "L1", "L2"])
EXPIRIES = st.sampled_from([None, date(2024, 6, 1), date(2024, 9, 1)])
ORDERS = st.sampled_from([None, "SO1", "SO2"])
SIMPLE = st.sampled_from(
    [
        "opening", "purchase_receipt", "purchase_receipt", "production_receipt", "other_in", "purchase_return", "sales_issue",
        "sales_issue", "sales_issue", "sales_return", "sales_return", "production_issue", "production_issue_return", "count_gain",
        "count_loss", "adjustment_in", "adjustment_out", "scrap", "internal_use",
    ]
)  # fmt: skip
INWARD = {
    "opening",
    "purchase_receipt",
    "production_receipt",
    "other_in",
    "sales_return",
    "production_issue_return",
    "count_gain",
    "adjustment_in",
}


@st.composite
def ledgers(draw: st.DrawFn, max_events: int = 25, span: int = 70) -> list[dict[str, Any]]:
    """Random movements: every type, reds, lots, statuses, foreign stock, moves in parts, moves that never arrive, conversions n:m."""
    rows: list[dict[str, Any]] = []
    for number in range(draw(st.integers(1, max_events))):
        day = START + timedelta(days=draw(st.integers(0, span)))
        event = draw(
            st.sampled_from(["simple"] * 6 + ["move"] * 3 + ["status", "owner", "convert", "lone leg", "nothing"])
        )
        item, warehouse, lot = draw(ITEMS), draw(WAREHOUSES), draw(LOTS)
        quantity = Fraction(draw(QUANTITIES))
        common = {"item_id": item, "lot_no": lot}
        group = f"G{number}" if draw(st.integers(0, 4)) else "G-shared"
        if event == "simple":
            kind = draw(SIMPLE)
            sign = (1 if kind in INWARD else -1) * (-1 if draw(st.integers(0, 9)) == 0 else 1)
            foreign = draw(st.integers(0, 9)) == 0
            more = {"owner_type": "supplier", "owner_code": "S1", "is_valued": False} if foreign else {}
            rows.append(
                move(
                    day, kind, sign * quantity, draw(COSTS), warehouse_id=warehouse, ref_doc_no=draw(ORDERS),
                    ref_line_id=draw(st.sampled_from([None, "1"])), document_value=draw(AMOUNTS) if quantity >= 1 else None,
                    lot_expiry_date=draw(EXPIRIES) if sign > 0 else None,
                    **common, **more,
                )
            )  # fmt: skip
        elif event == "move":
            rows.append(move(day, "transfer_out", -quantity, warehouse_id=warehouse, transfer_group_id=group, **common))
            target = draw(WAREHOUSES)
            for part in draw(
                st.sampled_from([[1], [Fraction(1, 2), Fraction(1, 2)], [Fraction(1, 2)], [], [Fraction(3, 2)]])
            ):
                arrived = day + timedelta(days=draw(st.sampled_from([0, 0, 0, 1, 5, 40, -2])))
                units = Fraction(int(quantity * part * 10**6), 10**6)
                cost = draw(st.sampled_from([None, None, None, "4"]))
                rows.append(
                    move(arrived, "transfer_in", units, cost, warehouse_id=target, transfer_group_id=group, **common)
                )
        elif event in ("status", "owner"):
            kind = "status_change" if event == "status" else "consignment_transfer"
            here = (
                {"stock_status": "qc"}
                if event == "status"
                else {"owner_type": "supplier", "owner_code": "S1", "is_valued": False}
            )
            back = draw(st.booleans())
            out, into = ({}, here) if back else (here, {})
            rows.append(
                move(day, f"{kind}_out", -quantity, warehouse_id=warehouse, transfer_group_id=group, **common, **out)
            )
            rows.append(
                move(
                    day, f"{kind}_in", quantity, draw(st.sampled_from([None, "6"])), warehouse_id=warehouse, transfer_group_id=group,
                    **common, **into,
                )
            )  # fmt: skip
        elif event == "convert":
            group = f"K{number}"
            for source in draw(st.lists(ITEMS, min_size=0, max_size=2)):
                rows.append(
                    move(
                        day, "conversion_out", -Fraction(draw(QUANTITIES)), item_id=source, warehouse_id=warehouse, lot_no=lot,
                        transfer_group_id=group,
                    )
                )  # fmt: skip
            for target in draw(st.lists(ITEMS, min_size=0, max_size=3)):
                later = day + timedelta(days=draw(st.sampled_from([0, 0, 3])))
                rows.append(
                    move(
                        later, "conversion_in", Fraction(draw(QUANTITIES)), draw(COSTS), item_id=target, warehouse_id=draw(WAREHOUSES),
                        lot_no=lot, transfer_group_id=group,
                    )
                )  # fmt: skip
        elif event == "lone leg":
            kind, sign = draw(st.sampled_from([("transfer_out", -1), ("transfer_in", 1)]))
            rows.append(move(day, kind, sign * quantity, draw(COSTS), warehouse_id=warehouse, **common))
        else:
            rows.append(move(day, draw(SIMPLE), 0, warehouse_id=warehouse, **common))
    return numbered(draw(st.permutations(rows)))
