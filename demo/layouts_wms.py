"""What the WMS's files look like: a nightly stock list in English with bins, and count sheets in Chinese."""

from __future__ import annotations

from datetime import datetime, time
from typing import Any

from demo.catalogue import Catalogue
from demo.extracts import BinRow, Layout
from demo.records import CountLine, Grain
from demo.stock import AVAILABLE, Shelf
from demo.vocabulary import WAREHOUSES


def bin_code(grain: Grain, number: int = 0) -> str:
    """Bin of a grain: aisle, bay and level follow from item and warehouse; damaged goods are in a cage."""
    if grain.status != AVAILABLE:
        return "CAGE-01"
    aisle, bay, level = (grain.item + number) % 6, grain.item % 17 + 1, (grain.item // 17 + grain.warehouse) % 4 + 1
    return f"{'ABCDEF'[aisle]}-{bay:02d}-{level}"


def wms_stock_layout(catalogue: Catalogue, shelf: Shelf) -> Layout:
    """Nightly stock list."""
    header = (
        "snapshot_date", "snapshot_time", "sku", "wh", "bin", "lot", "condition", "qty_physical", "qty_available",
        "qty_received_not_posted", "qty_picked_not_shipped", "expiry",
    )  # fmt: skip

    def cells(row: BinRow) -> list[Any]:
        grain, held = row.grain, row.shelf
        good = grain.status == AVAILABLE
        _, expiry = shelf.lot_dates(grain.item, grain.lot_no)
        return [
            row.day.isoformat(), datetime.combine(row.day, time(23, 30)).isoformat(" "),
            catalogue.items[grain.item].code,
            WAREHOUSES[grain.warehouse][0], bin_code(grain, row.bin_no), grain.lot_no, "GOOD" if good else "DAMAGED",
            held.physical_units, held.physical_units if good else 0, held.received_not_posted_units,
            held.picked_not_shipped_units, expiry.isoformat() if expiry else "",
        ]  # fmt: skip

    return Layout("wms", "wms_stock", header, cells)


def count_layout(catalogue: Catalogue) -> Layout:
    """Count sheets, with a title above the header."""
    header = (
        "盘点单号", "行号", "盘点类型", "盘点日期", "冻结时间", "仓库编码", "货位", "存货编码", "存货名称",
        "批号", "账面数量",
        "调整入库数量", "调整出库数量", "实盘数量", "差异原因", "盘点人", "盈亏单号", "状态",
    )  # fmt: skip

    def cells(row: CountLine) -> list[Any]:
        item = catalogue.items[row.grain.item]
        return [
            row.count_no, row.line_id, "循环盘点", row.count_date, row.frozen_at, WAREHOUSES[row.grain.warehouse][0],
            bin_code(row.grain), item.code, item.name, row.grain.lot_no, row.book_units, row.in_units, row.out_units,
            "" if row.counted_units is None else row.counted_units, row.reason, row.counted_by,
            row.posted_doc_no, row.doc_status,
        ]  # fmt: skip

    return Layout("wms", "stock_counts", header, cells, suffix="xlsx", sheet="盘点表", title="循环盘点表")
