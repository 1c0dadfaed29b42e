"""Acknowledgements: read as people or ERPs write them, and written as the next run reads them (mapping `handoff`)."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path

from assets.publish.handoff.shapes import code
from assets.publish.handoff.store import Answer, Order, OrderError

COLUMNS = (
    "draft_no", "draft_line_id", "ack_date", "ack_status", "supplier_code", "item_code", "variant_key", "warehouse_code",
    "ordered_units", "due_date", "po_no",
)  # fmt: skip
#: Headers by which a column is known; the first is our own.
HEADERS = {
    "draft_no": ("draft_no", "草稿订单号", "cDefine1", "NumAtCard", "partner_ref"),
    "draft_line_id": ("draft_line_id", "行号", "cbMemo", "FreeText"),
    "po_no": ("po_no", "采购订单号", "cPOID", "FBillNo", "DocNum", "name"),
    "units": ("units", "acknowledged_units", "数量", "iQuantity", "FQty", "Quantity"),
    "due_date": ("due_date", "预计到货日期", "dArriveDate", "FDeliveryDate", "ShipDate"),
    "ack_status": ("ack_status", "回执状态"),
}
STATUSES = {"": "accepted", "accepted": "accepted", "已接收": "accepted", "rejected": "rejected", "已拒绝": "rejected"}


def read_answers(path: Path) -> list[Answer]:
    """Answers of a CSV file (UTF-8 or GB18030), a row per line of a draft.

    Raises:
        OrderError: with file, row, column and what to do.
    """
    raw = path.read_bytes()
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = raw.decode("gb18030", errors="strict")
    reader = csv.DictReader(io.StringIO(text))
    header = list(reader.fieldnames or [])
    columns = {name: next((each for each in known if each in header), None) for name, known in HEADERS.items()}
    for name in ("draft_no", "draft_line_id"):
        if columns[name] is None:
            raise OrderError(
                f"{path}: no column {name} (or {', '.join(HEADERS[name][1:])}); add it and read the file again"
            )
    answers: list[Answer] = []
    seen: set[tuple[str, str]] = set()
    for number, row in enumerate(reader, start=2):
        answer = _answer(
            path, number, {name: (row.get(column) or "").strip() if column else "" for name, column in columns.items()}
        )
        if (answer.draft_no, answer.draft_line_id) in seen:
            raise OrderError(
                f"{path}, row {number}: line {answer.draft_line_id} of {answer.draft_no} appears twice; keep one"
            )
        seen.add((answer.draft_no, answer.draft_line_id))
        answers.append(answer)
    if not answers:
        raise OrderError(f"{path}: holds no row below its header")
    return answers


def _answer(path: Path, number: int, row: Mapping[str, str]) -> Answer:
    place = f"{path}, row {number}"
    if row["ack_status"] not in STATUSES:
        raise OrderError(f"{place}, column ack_status: {row['ack_status']!r} is none of accepted, rejected")
    if not row["draft_no"] or not row["draft_line_id"]:
        raise OrderError(f"{place}: draft_no and draft_line_id must not be empty")
    try:
        units = float(row["units"].replace(",", "")) if row["units"] else None
    except ValueError as error:
        raise OrderError(f"{place}, column units: {row['units']!r} is no number") from error
    if units is not None and units < 0:
        raise OrderError(f"{place}, column units: {units:g} is negative")
    try:
        due = date.fromisoformat(row["due_date"].replace("/", "-")[:10]) if row["due_date"] else None
    except ValueError as error:
        raise OrderError(f"{place}, column due_date: {row['due_date']!r} is no date; write it as YYYY-MM-DD") from error
    return Answer(row["draft_no"], row["draft_line_id"], STATUSES[row["ack_status"]], units, row["po_no"], due)


def file_name(day: date, number: int) -> str:
    """Name under which the next run finds it: files of one day count in the order of their numbers."""
    return f"acknowledgements_{day:%Y%m%d}_{number:08d}.csv"


def landed_text(orders: Sequence[Order], day: date) -> str:
    """The lines of some orders with their state, as the mapping `handoff` reads them."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(COLUMNS)
    for order in orders:
        for line in order.lines:
            if not line.ack_status:
                continue
            item, _, variant = code(line.item_id).partition("/")
            units = line.approved_units if line.acknowledged_units is None else line.acknowledged_units
            writer.writerow(
                [order.draft_no, line.draft_line_id, day.isoformat(), line.ack_status, code(order.supplier_id), item, variant,
                 code(order.warehouse_id), f"{units:g}", line.due_date.isoformat() if line.due_date else "", line.po_no]
            )  # fmt: skip
    return out.getvalue()
