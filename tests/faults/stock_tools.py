"""What the stock tests of dbt and Great Expectations see on the same files: not null, unique, accepted values, relationships.

Their definitions, in Python over the raw files (both tools give counts; a comparison by fault needs the rows). A loader without
contracts reads every file that can be read as a table; what cannot be read is seen as a load that fails.
"""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from pathlib import Path

from catalogue import Entry
from openpyxl import load_workbook


@dataclass(frozen=True)
class Breach:
    """A row, or a file, on which a stock test fails."""

    test: str
    file: str
    row: int
    item: str
    doc_no: str

    def concerns(self, entry: Entry) -> bool:
        """The breach is about the fault: its document, or its file where the fault is one of the file or of a row in it."""
        if entry.item_code:
            return bool(entry.doc_no) and self.doc_no == entry.doc_no
        return bool(entry.file) and self.file == entry.file


# file prefix -> key, item, warehouse, document, accepted values (a modeller lists what a status may be)
TABLES: dict[str, tuple[tuple[str, ...], str, str, str, dict[str, set[str]]]] = {
    "stock_movements": (("单据内码", "行号", "单据类型"), "存货编码", "仓库编码", "单据编号",
                        {"单据状态": {"已审核", "未审核", "作废"}, "方向": {"入", "出"}, "库存状态": {"正品", "不良品"}}),
    "stock_transfers": (("单据内码", "行号"), "存货编码", "转出仓库", "调拨单号", {"单据状态": {"已审核", "未审核", "作废"}}),
    "purchase_orders": (("订单编号", "行号"), "存货编码", "仓库编码", "订单编号", {"是否关闭": {"是", "否"}}),
    "purchase_receipts": (("入库单号", "行号"), "存货编码", "仓库编码", "入库单号", {"单据状态": {"已审核", "未审核", "作废"}}),
    "stock_on_hand": (("存货编码", "仓库编码", "批号", "库存状态"), "存货编码", "仓库编码", "", {"库存状态": {"正品", "不良品"}}),
    "wms_stock": (("sku", "wh", "bin", "lot", "condition"), "sku", "wh", "", {"condition": {"GOOD", "DAMAGED"}}),
    "sales_orders": (("order_no", "line_no"), "sku", "warehouse", "order_no", {"status": {"open", "closed"}, "closed": {"Y", "N"}}),
    "shipments": (("shipment_no", "line_no"), "sku", "warehouse", "shipment_no", {"status": {"posted"}, "kind": {"shipment", "return"}}),
}  # fmt: skip
ACROSS_FILES = ("stock_movements", "shipments")  # exported once; the others come again with their state


def seen_by_stock_tools(inbox: Path) -> set[Breach]:
    """Every breach of the stock tests on the files of an inbox."""
    found: set[Breach] = set()
    items = {row["存货编码"] for path in inbox.rglob("item_master_*.csv") for row in _rows(path) or []}
    warehouses = _warehouses(inbox)
    for prefix, (key, item, warehouse, doc, accepted) in TABLES.items():
        keys: set[tuple[str, ...]] = set()
        for path in sorted(inbox.rglob(f"{prefix}_*.csv")):
            rows = _rows(path)
            if rows is None or (rows and not {*key, item, warehouse} <= rows[0].keys()):
                found.add(Breach("load fails", path.name, 0, "", ""))
                continue
            if prefix not in ACROSS_FILES:
                keys = set()
            for number, row in enumerate(rows, start=2):
                own = tuple(row[part] or "" for part in key)
                place = (path.name, number, row[item] or "", row.get(doc) or "")
                if not all(part or name in ("批号", "lot") for name, part in zip(key, own, strict=True)):
                    found.add(Breach("not_null", *place))
                if own in keys:
                    found.add(Breach("unique", *place))
                keys.add(own)
                if any((row.get(column) or "") not in values for column, values in accepted.items()):
                    found.add(Breach("accepted_values", *place))
                if row[item] not in items or row[warehouse] not in warehouses:
                    found.add(Breach("relationships", *place))
    return found


def _rows(path: Path) -> list[dict[str, str]] | None:
    data = path.read_bytes()
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        if not text or "\0" in text or text.lstrip().startswith("<"):
            return None
        return list(csv.DictReader(io.StringIO(text)))
    return None


def _warehouses(inbox: Path) -> set[str]:
    [path, *_] = sorted(inbox.rglob("warehouses_*.xlsx"))
    return {str(row[0].value) for row in load_workbook(path).active.iter_rows(min_row=2)}
