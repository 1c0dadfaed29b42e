"""Consistent changes to a history: snapshots, receipts and orders follow when a posting is damaged. No choice of
victims.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

from demo.records import Grain, Movement, ReceiptLine, ShelfRow
from demo.world import History


def shift_erp(history: History, grain: Grain, units: int, since: date, until: date | None = None) -> None:
    """Change the ERP's on-hand snapshots of a grain by `units` from `since` to the day before `until`."""
    for day, snapshot in history.erp_snapshots.items():
        if since <= day and (until is None or day < until):
            snapshot[grain] = snapshot.get(grain, 0) + units


def shift_shelf(history: History, grain: Grain, units: int, since: date) -> None:
    """Change what really lies on the shelf, and what the WMS sees of it, by `units` from `since` on."""
    for day, view in history.wms_snapshots.items():
        if day >= since:
            view.setdefault(grain, ShelfRow(0)).physical_units += units
    for day, goods in history.physical.items():
        if day >= since:
            goods[grain] = goods.get(grain, 0) + units
    for day, totals in zip(history.settings.dates, history.physical_totals, strict=True):
        if day >= since:
            totals[grain.item, grain.warehouse] += units


def drop_movement(history: History, movement: Movement) -> None:
    """Take a movement out of the stock ledger."""
    history.books.movements = [row for row in history.books.movements if row is not movement]


def receipt_versions(history: History, movement: Movement) -> list[ReceiptLine]:
    """Every exported version of the receipt line behind a receipt movement, oldest first."""
    return [
        line
        for lines in history.receipts.values()
        for line in lines
        if line.receipt_no == movement.doc_no and line.line_id == movement.line_id
    ]


def change_received(history: History, movement: Movement, units: int) -> None:
    """Change the received quantity of the order behind a receipt, in every version exported after it was posted."""
    for window, lines in history.purchases.items():
        for line in lines:
            is_order = line.po_no == movement.ref_doc_no and str(line.line_id) == movement.ref_line_id
            if is_order and window >= movement.business_date:
                line.received_units += units
                line.is_closed = line.is_closed and units >= 0


def next_number(numbers: Callable[[], list[str]], doc_no: str) -> str:
    """The number after the last of the same kind and day as `doc_no`."""
    stem, width = doc_no[:-4], 4
    serials = [int(number[-width:]) for number in numbers() if number[:-width] == stem]
    return f"{stem}{max(serials) + 1:0{width}d}"
