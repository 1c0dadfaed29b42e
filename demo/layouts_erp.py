"""What the ERP's files look like: Chinese headers, codes as text, direction and unsigned quantity, figures with
separators.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from demo.catalogue import Catalogue, Supplier, first_stocked
from demo.extracts import CostRow, Layout, OnHandRow
from demo.purchasing import DELIST_AFTER_DAYS
from demo.records import Movement, PurchaseLine, ReceiptLine, Transfer
from demo.settings import DemoSettings
from demo.stock import DEFECTIVE, Shelf
from demo.vocabulary import CATEGORIES, WAREHOUSES, Category

INWARD = {"期初结存", "采购入库单", "销售退货单", "盘盈单"}
STATUS_NAMES = {"available": "正品", DEFECTIVE: "不良品"}
Renamed = dict[int, tuple[str, Category]]


def _day(day: date | None) -> str:
    return day.isoformat() if day else ""


def _slashed(day: date | None) -> str:
    return f"{day:%Y/%m/%d}" if day else ""


def _yes(flag: bool) -> str:
    return "是" if flag else "否"


def movement_layout(catalogue: Catalogue) -> Layout:
    """The stock ledger; transfers are in a file of their own."""
    header = (
        "单据类型", "单据编号", "单据内码", "行号", "单据日期", "制单时间", "审核时间", "单据状态", "存货编码",
        "存货名称", "仓库编码",
        "批号", "生产日期", "失效日期", "库存状态", "方向", "数量", "单位", "成本单价", "来源单据类型",
        "来源单号", "来源行号",
        "往来单位", "红字", "备注",
    )  # fmt: skip

    def cells(row: Movement) -> list[Any]:
        item = catalogue.items[row.grain.item]
        inward = row.doc_type in INWARD
        approved = row.entered_at + timedelta(minutes=7)
        return [
            row.doc_type, row.doc_no, row.doc_id, row.line_id, row.business_date.isoformat(),
            row.entered_at.isoformat(" "),
            approved.isoformat(" ") if row.doc_status == "已审核" else "", row.doc_status, item.code, item.name,
            WAREHOUSES[row.grain.warehouse][0], row.grain.lot_no, _day(row.mfg_date), _day(row.expiry_date),
            STATUS_NAMES[row.grain.status], "入" if inward else "出", row.units if inward else -row.units,
            row.entered_uom or item.category.base_uom, "" if row.unit_cost is None else f"{row.unit_cost:.4f}",
            row.ref_doc_type, row.ref_doc_no, row.ref_line_id, row.partner_code, "否", row.reason,
        ]  # fmt: skip

    return Layout("erp", "stock_movements", header, cells, encoding="utf-8-sig")


def transfer_layout(catalogue: Catalogue) -> Layout:
    """Transfers: one row has both legs."""
    header = (
        "调拨单号", "单据内码", "行号", "调拨日期", "制单时间", "单据状态", "存货编码", "转出仓库", "转入仓库",
        "批号", "生产日期",
        "失效日期", "调拨数量", "单位",
    )  # fmt: skip

    def cells(row: Transfer) -> list[Any]:
        item = catalogue.items[row.source.item]
        return [
            row.doc_no, row.doc_id, row.line_id, row.business_date.isoformat(), row.entered_at.isoformat(" "), "已审核",
            item.code, WAREHOUSES[row.source.warehouse][0], WAREHOUSES[row.to_warehouse][0], row.source.lot_no,
            _day(row.mfg_date), _day(row.expiry_date), row.units, item.category.base_uom,
        ]  # fmt: skip

    return Layout("erp", "stock_transfers", header, cells, encoding="utf-8-sig")


def on_hand_layout(catalogue: Catalogue, shelf: Shelf, costs: dict[date, Any]) -> Layout:
    """On-hand list; `costs` maps a day to the unit cost of every item."""
    header = (
        "截止日期",
        "存货编码",
        "存货名称",
        "仓库编码",
        "批号",
        "库存状态",
        "现存数量",
        "成本单价",
        "库存金额",
        "生产日期",
        "失效日期",
    )

    def cells(row: OnHandRow) -> list[Any]:
        item, cost = catalogue.items[row.grain.item], float(costs[row.day][row.grain.item])
        return [
            row.day.isoformat(), item.code, item.name, WAREHOUSES[row.grain.warehouse][0], row.grain.lot_no,
            STATUS_NAMES[row.grain.status], f"{row.units:,.2f}", f"{cost:.4f}", f"{row.units * cost:,.2f}",
            *map(_day, shelf.lot_dates(row.grain.item, row.grain.lot_no)),
        ]  # fmt: skip

    return Layout("erp", "stock_on_hand", header, cells)


def purchase_layout(catalogue: Catalogue) -> Layout:
    """Purchase order lines; dates with slashes, in the old Chinese encoding."""
    header = (
        "订单编号", "行号", "订单日期", "供应商编码", "存货编码", "仓库编码", "数量", "累计入库数量",
        "未入库数量", "计划到货日期", "确认交期",
        "无税单价", "无税金额", "是否关闭", "单据状态",
    )  # fmt: skip

    def cells(row: PurchaseLine) -> list[Any]:
        left = 0 if row.is_closed else max(row.ordered_units - row.received_units, 0)
        return [
            row.po_no, row.line_id, _slashed(row.order_date), catalogue.suppliers[row.supplier].code,
            catalogue.items[row.item].code, WAREHOUSES[row.warehouse][0], row.ordered_units, row.received_units, left,
            _slashed(row.due_date), _slashed(row.confirmed_date), f"{row.unit_price:.4f}", f"{row.ordered_units * row.unit_price:.2f}",
            _yes(row.is_closed),
            "关闭" if row.is_closed else "审核",
        ]  # fmt: skip

    return Layout("erp", "purchase_orders", header, cells, encoding="gb18030")


def receipt_layout(catalogue: Catalogue) -> Layout:
    """Receipt lines; a draft has arrived and is not posted."""
    header = (
        "入库单号", "行号", "入库日期", "采购订单号", "订单行号", "供应商编码", "存货编码", "仓库编码", "批号",
        "实收数量",
        "无税单价", "无税金额", "单据状态",
    )  # fmt: skip

    def cells(row: ReceiptLine) -> list[Any]:
        status = row.doc_status or ("已审核" if row.is_posted else "未审核")
        return [
            row.receipt_no, row.line_id, _slashed(row.receipt_date), row.po_no, row.po_line_id,
            catalogue.suppliers[row.supplier].code, catalogue.items[row.grain.item].code,
            WAREHOUSES[row.grain.warehouse][0],
            row.grain.lot_no, row.units, f"{row.unit_cost:.4f}", f"{row.units * row.unit_cost:.2f}", status,
        ]  # fmt: skip

    return Layout("erp", "purchase_receipts", header, cells)


def item_layout(settings: DemoSettings, catalogue: Catalogue, extract_date: date, renamed: Renamed) -> Layout:
    """Item master as of an extract date; `renamed` gives codes that mean another thing by then."""
    header = (
        "存货编码", "存货名称", "规格型号", "分类编码", "分类名称", "主计量单位", "存货属性", "批次管理",
        "保质期管理", "保质期天数",
        "临期预警天数", "停用", "停用日期", "计价方式", "参考成本", "参考售价", "安全库存", "最小起订量",
        "包装倍数", "采购提前期",
        "默认供应商", "责任人", "首次入库日期",
    )  # fmt: skip

    def cells(position: int) -> list[Any]:
        item = catalogue.items[position]
        name, category = renamed.get(position, (item.name, item.category))
        supplier = catalogue.suppliers[item.supplier]
        delisted = settings.start_date + timedelta(days=item.life_day + DELIST_AFTER_DAYS)
        is_stopped = item.pattern == "dying" and delisted <= extract_date
        price = item.unit_cost * (1 + item.margin_rate)
        safety = round(item.safety_days * 0.4 * item.size_mean) if position % 3 == 0 else ""
        return [
            item.code, name, item.spec, category.code, category.name, category.base_uom, "外购商品",
            _yes(item.is_lot_tracked),
            _yes(item.is_lot_tracked), item.category.shelf_life_days or "", 45 if item.is_lot_tracked else "",
            _yes(is_stopped), delisted.isoformat() if is_stopped else "", "移动平均", f"{item.unit_cost:.2f}",
            f"{price:.2f}",
            safety, item.moq_units, item.pack_units, supplier.lead_days, supplier.code, category.owner,
            first_stocked(settings, item),
        ]  # fmt: skip

    return Layout("erp", "item_master", header, cells, encoding="gb18030")


def cost_layout(catalogue: Catalogue) -> Layout:
    """Cost history, a workbook with real dates and figures."""

    def cells(row: CostRow) -> list[Any]:
        return [catalogue.items[row.item].code, row.effective_date, "移动平均", row.unit_cost]

    return Layout(
        "erp", "item_costs", ("存货编码", "生效日期", "计价方式", "成本单价"), cells, suffix="xlsx", sheet="成本"
    )


def warehouse_layout() -> Layout:
    """Warehouse master."""
    header = ("仓库编码", "仓库名称", "仓库类型", "上级仓库", "地区", "负责人", "计入成本", "计入可用量", "停用")

    def cells(row: tuple[str, ...]) -> list[Any]:
        code, name, parent, region, manager = row
        return [code, name, "实体仓", parent, region, manager, "是", "是", "否"]

    return Layout("erp", "warehouses", header, cells, suffix="xlsx", sheet="仓库档案")


def supplier_layout() -> Layout:
    """Supplier master."""
    header = ("供应商编码", "供应商名称", "约定交期", "账期", "采购员", "停用")

    def cells(row: Supplier) -> list[Any]:
        return [row.code, row.name, row.lead_days, row.payment_days, row.buyer, "否"]

    return Layout("erp", "suppliers", header, cells, suffix="xlsx", sheet="供应商档案")


def successor_layout(catalogue: Catalogue, first_day: date) -> Layout:
    """Which item replaces which, from when on and for how much of its demand."""

    def cells(position: int) -> list[Any]:
        item = catalogue.items[position]
        assert item.predecessor is not None
        started = first_day + timedelta(days=item.life_day)
        return [catalogue.items[item.predecessor].code, item.code, "1", started.isoformat()]

    return Layout("erp", "item_successors", ("原存货编码", "替代存货编码", "承接比例", "生效日期"), cells)


def supply_source_layout() -> Layout:
    """Where a warehouse is supplied from, where the company says so; an empty item code means all items."""
    header = ("存货编码", "仓库编码", "供货方式", "供应商编码", "来源仓库", "提前期", "补货周期", "停用")

    def cells(row: tuple[str, str]) -> list[Any]:
        warehouse, source = row
        return ["", warehouse, "调拨", "", source, "", 3, "否"]

    return Layout("erp", "supply_sources", header, cells)


def closure_layout(catalogue: Catalogue) -> Layout:
    """Days on which a supplier neither takes orders nor delivers."""

    def cells(row: tuple[int, date, date]) -> list[Any]:
        supplier, first, last = row
        return [catalogue.suppliers[supplier].code, first.isoformat(), last.isoformat(), "放假"]

    return Layout("erp", "supplier_closures", ("供应商编码", "开始日期", "结束日期", "说明"), cells)


SHELF_STABLE = tuple(category for category in CATEGORIES if category.shelf_life_days is None)
