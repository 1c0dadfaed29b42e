"""Approved orders in the shapes that ERPs import. Text only; what is written where is decided by the caller.

Field names follow the vendors' tables and services. Shapes of U8 and the Excel import of Odoo and ERPNext are by memory of
their import tools: check one order on site before the first hundred.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from assets.publish.handoff.store import Line, Order


@dataclass(frozen=True)
class Document:
    """One file: name, text, encoding that the system expects."""

    name: str
    text: str
    encoding: str = "utf-8"


def code(identity: str) -> str:
    """The source's own code: company and slash taken off."""
    return identity.split("/", 1)[-1]


def lines_of(order: Order) -> list[Line]:
    """Lines of which something is ordered."""
    return [line for line in order.lines if line.approved_units > 0]


def document(order: Order, shape: str) -> Document:
    """The order in a shape of SHAPES. Raises KeyError for an unknown one."""
    return SHAPES[shape](order)


def _table(header: Sequence[str], rows: Sequence[Sequence[Any]]) -> str:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(header)
    writer.writerows([["" if cell is None else cell for cell in row] for row in rows])
    return out.getvalue()


def _units(units: float) -> int | float:
    return int(units) if float(units).is_integer() else units


def _iso(day: date | None) -> str:
    return day.isoformat() if day else ""


def _generic_csv(order: Order) -> Document:
    header = (
        "draft_no",
        "draft_line_id",
        "order_date",
        "supplier_code",
        "warehouse_code",
        "item_code",
        "units",
        "unit_price",
        "due_date",
    )
    rows = [
        (order.draft_no, line.draft_line_id, _iso(order.as_of_date), code(order.supplier_id), code(order.warehouse_id),
         code(line.item_id), _units(line.approved_units), line.unit_price, _iso(line.due_date))
        for line in lines_of(order)
    ]  # fmt: skip
    return Document(f"{order.draft_no}.csv", _table(header, rows), "utf-8-sig")


def _generic_json(order: Order) -> Document:
    head = {"draft_no": order.draft_no, "order_date": _iso(order.as_of_date), "supplier_code": code(order.supplier_id),
            "warehouse_code": code(order.warehouse_id)}  # fmt: skip
    lines = [
        {"draft_line_id": line.draft_line_id, "item_code": code(line.item_id), "units": _units(line.approved_units),
         "unit_price": line.unit_price, "due_date": _iso(line.due_date) or None}
        for line in lines_of(order)
    ]  # fmt: skip
    return _json(order, {**head, "lines": lines})


def _json(order: Order, content: dict[str, Any]) -> Document:
    return Document(f"{order.draft_no}.json", json.dumps(content, ensure_ascii=False, indent=1) + "\n")


def _yonyou_u8(order: Order) -> Document:
    """采购订单 by the columns of PO_Pomain and PO_Podetails; cDefine1 carries the draft, so that it comes back."""
    header = (
        "cPOID",
        "dPODate",
        "cVenCode",
        "cBusType",
        "cDefine1",
        "cInvCode",
        "iQuantity",
        "iUnitPrice",
        "dArriveDate",
        "cWhCode",
        "cbMemo",
    )
    rows = [
        (order.draft_no, _iso(order.as_of_date), code(order.supplier_id), "普通采购", order.draft_no, code(line.item_id),
         _units(line.approved_units), line.unit_price, _iso(line.due_date), code(order.warehouse_id), line.draft_line_id)
        for line in lines_of(order)
    ]  # fmt: skip
    return Document(f"{order.draft_no}.csv", _table(header, rows), "gb18030")


def _kingdee_k3cloud(order: Order) -> Document:
    """Body of the WebAPI's Save for PUR_PurchaseOrder."""
    entries = [
        {"FMaterialId": {"FNumber": code(line.item_id)}, "FQty": _units(line.approved_units), "FPrice": line.unit_price,
         "FDeliveryDate": _iso(line.due_date), "FStockID": {"FNumber": code(order.warehouse_id)},
         "FEntryNote": f"{order.draft_no}/{line.draft_line_id}"}
        for line in lines_of(order)
    ]  # fmt: skip
    model = {"FID": 0, "FBillTypeID": {"FNUMBER": "CGDD01_SYS"}, "FBusinessType": "CG", "FDate": _iso(order.as_of_date),
             "FSupplierId": {"FNumber": code(order.supplier_id)}, "FPOOrderEntry": entries}  # fmt: skip
    return _json(order, {"formid": "PUR_PurchaseOrder", "data": {"IsAutoSubmitAndAudit": "false", "Model": model}})


def _sap_b1(order: Order) -> Document:
    """Body of POST /b1s/v1/PurchaseOrders of the Service Layer."""
    lines = [
        {"ItemCode": code(line.item_id), "Quantity": _units(line.approved_units), "UnitPrice": line.unit_price,
         "WarehouseCode": code(order.warehouse_id), "ShipDate": _iso(line.due_date), "FreeText": line.draft_line_id}
        for line in lines_of(order)
    ]  # fmt: skip
    due = max((line.due_date for line in lines_of(order) if line.due_date), default=order.as_of_date)
    return _json(order, {"CardCode": code(order.supplier_id), "DocDate": _iso(order.as_of_date), "DocDueDate": _iso(due),
                         "NumAtCard": order.draft_no, "DocumentLines": lines})  # fmt: skip


def _odoo(order: Order) -> Document:
    """CSV of the import of purchase.order: the head is on the first line alone."""
    header = ("partner_id", "partner_ref", "date_order", "order_line/product_id", "order_line/name", "order_line/product_qty",
              "order_line/price_unit", "order_line/date_planned")  # fmt: skip
    rows = [
        ((code(order.supplier_id), order.draft_no, _iso(order.as_of_date)) if at == 0 else ("", "", ""))
        + (code(line.item_id), f"{order.draft_no}/{line.draft_line_id}", _units(line.approved_units), line.unit_price, _iso(line.due_date))
        for at, line in enumerate(lines_of(order))
    ]  # fmt: skip
    return Document(f"{order.draft_no}.csv", _table(header, rows))


def _erpnext(order: Order) -> Document:
    """CSV of Data Import for Purchase Order: the head is on the first line alone."""
    header = ("Supplier", "Date", "Order Confirmation No", "Item Code (Items)", "Quantity (Items)", "Rate (Items)",
              "Required By (Items)", "Target Warehouse (Items)")  # fmt: skip
    rows = [
        ((code(order.supplier_id), _iso(order.as_of_date), order.draft_no) if at == 0 else ("", "", ""))
        + (code(line.item_id), _units(line.approved_units), line.unit_price, _iso(line.due_date), code(order.warehouse_id))
        for at, line in enumerate(lines_of(order))
    ]  # fmt: skip
    return Document(f"{order.draft_no}.csv", _table(header, rows))


SHAPES: dict[str, Callable[[Order], Document]] = {
    "csv": _generic_csv, "json": _generic_json, "yonyou_u8": _yonyou_u8, "kingdee_k3cloud": _kingdee_k3cloud,
    "sap_b1": _sap_b1, "odoo": _odoo, "erpnext": _erpnext,
}  # fmt: skip
