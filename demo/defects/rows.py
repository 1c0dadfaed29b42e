"""Rows that break their contract: damaged figures and dates in real rows, and rows that should never have been sent."""

from __future__ import annotations

import copy
from datetime import timedelta
from typing import Any

from demo.defects.deliveries import files_of
from demo.defects.plan import Plan
from demo.extracts import Extract
from demo.findings import Expected, FileRef
from demo.records import CountLine, Movement, OrderLine, PurchaseLine, ReceiptLine

UNKNOWN_ITEM = "999901"
UNKNOWN_WAREHOUSE = "099"


def spoil_movement_quantity(plan: Plan, extracts: list[Extract]) -> None:
    """A letter among the digits of an issue: the ERP's balance has the quantity, the ledger cannot."""
    for file in reversed(files_of(extracts, "stock_movements", plan.back(9), plan.end)):
        rows = [
            (position, row)
            for position, row in enumerate(file.rows)
            if isinstance(row, Movement)
            and row.doc_type == "销售出库单"
            and row.units <= -10
            and row.doc_status == "已审核"
            and plan.is_quiet(*row.grain[:2], row.business_date)
        ]
        chosen = plan.choose(rows, lambda pair: pair[1].grain.item, lambda pair: True)
        if chosen:
            position, row = chosen
            text = str(-row.units).replace("0", "O") if "0" in str(row.units) else f"{-row.units}l"
            _spoil(plan, file, position, "数量", text, row.grain[:2], row.doc_no, ("ledger_book_mismatch",))
            return


def spoil_order_date(plan: Plan, extracts: list[Extract]) -> None:
    """A requested date that no calendar has."""
    file = files_of(extracts, "sales_orders", plan.back(9), plan.end)[0]
    position, row = _finished(plan, file)
    _spoil(
        plan, file, position, "requested_date", f"{row.requested_date:%Y}-06-31", (row.item, row.warehouse), row.so_no
    )


def spoil_count_figure(plan: Plan, extracts: list[Extract]) -> None:
    """A remark in the place of a counted figure."""
    file = files_of(extracts, "stock_counts", plan.back(100), plan.end)[0]
    position = next(
        n for n, row in enumerate(file.rows) if isinstance(row, CountLine) and row.counted_units is not None
    )
    row = file.rows[position]
    _spoil(plan, file, position, "实盘数量", "约二十", row.grain[:2], row.count_no)


def add_unknown_item(plan: Plan, extracts: list[Extract]) -> None:
    """An order line for a code that no master has."""
    file = files_of(extracts, "purchase_orders", plan.history.settings.start_date, plan.end)[-1]
    row: PurchaseLine = copy.copy(file.rows[-1])
    row.line_id += 50
    _append_spoiled(plan, file, row, "存货编码", UNKNOWN_ITEM, (None, row.warehouse), row.po_no)


def add_unknown_warehouse(plan: Plan, extracts: list[Extract]) -> None:
    """An issue from a warehouse that no master knows; the ERP's balances never held it."""
    file = files_of(extracts, "stock_movements", plan.back(9), plan.end)[-1]
    row: Movement = copy.copy(next(row for row in file.rows if row.doc_type == "销售出库单"))
    row.doc_no, row.doc_id, row.line_id = f"QT{row.doc_no[4:]}", row.doc_id + 5000000, 1
    row.ref_doc_type = row.ref_doc_no = row.ref_line_id = ""
    _append_spoiled(plan, file, row, "仓库编码", UNKNOWN_WAREHOUSE, (row.grain.item, None), row.doc_no)


def add_missing_key(plan: Plan, extracts: list[Extract]) -> None:
    """An order line without its order number."""
    file = files_of(extracts, "sales_orders", plan.back(9), plan.end)[-1]
    row: OrderLine = copy.copy(file.rows[0])
    _append_spoiled(plan, file, row, "order_no", "", (row.item, row.warehouse), "")


def add_unknown_code(plan: Plan, extracts: list[Extract]) -> None:
    """A receipt with a status that the mapping does not know."""
    file = files_of(extracts, "purchase_receipts", plan.history.settings.start_date, plan.end)[-1]
    row: ReceiptLine = copy.copy(file.rows[-1])
    row.line_id += 50
    _append_spoiled(plan, file, row, "单据状态", "待定", row.grain[:2], row.receipt_no)


def add_unparseable_receipt_date(plan: Plan, extracts: list[Extract]) -> None:
    """A receipt dated with words."""
    file = files_of(extracts, "purchase_receipts", plan.history.settings.start_date, plan.end)[0]
    row: ReceiptLine = copy.copy(file.rows[0])
    row.line_id += 50
    _append_spoiled(plan, file, row, "入库日期", "月底", row.grain[:2], row.receipt_no)


def _finished(plan: Plan, file: Extract) -> tuple[int, OrderLine]:
    """An order line that was taken and closed within the file's window, so that it is exported once."""
    day = file.extract_date
    for position, row in enumerate(file.rows):
        if row.is_closed and row.order_date > day - timedelta(days=1) and row.item not in plan.used_items:
            plan.used_items.add(row.item)
            return position, row
    return 0, file.rows[0]


def _append_spoiled(
    plan: Plan, file: Extract, row: Any, header: str, text: str, place: tuple[int | None, int | None], doc_no: str
) -> None:
    file.rows.append(row)
    _spoil(plan, file, len(file.rows) - 1, header, text, place, doc_no)


def _spoil(
    plan: Plan,
    file: Extract,
    position: int,
    header: str,
    text: str,
    place: tuple[int | None, int | None],
    doc_no: str,
    also: tuple[str, ...] = (),
) -> None:
    """Write `text` into a cell and expect the row in quarantine."""
    file.spoiled.setdefault(position, {})[header] = text
    expected = Expected(
        "quarantined_row",
        *place,
        doc_no=doc_no,
        business_date=file.extract_date,
        also_acceptable=also,
        where=FileRef(file, position),
        note=f"{header}: {text or '(empty)'}",
    )
    plan.sheet.add(plan.sheet.next_id("quarantined_row"), expected)
