"""What the sales system's files look like: English headers, ISO dates, Y/N flags."""

from __future__ import annotations

from typing import Any

from demo.catalogue import Catalogue
from demo.extracts import Layout
from demo.records import OrderLine, Promotion, ShipmentLine
from demo.vocabulary import WAREHOUSES


def order_layout(catalogue: Catalogue) -> Layout:
    """Sales order lines with their state at the export."""
    header = (
        "order_no", "line_no", "order_date", "customer", "channel", "sku", "warehouse", "qty_ordered", "qty_shipped",
        "qty_cancelled", "requested_date", "promised_date", "unit_price", "amount", "promotion", "closed", "status",
    )  # fmt: skip

    def cells(row: OrderLine) -> list[Any]:
        return [
            row.so_no, row.line_id, row.order_date.isoformat(), row.customer_code, row.channel,
            catalogue.items[row.item].code,
            WAREHOUSES[row.warehouse][0], row.ordered_units, row.shipped_units, row.cancelled_units,
            row.requested_date.isoformat(), row.promised_date.isoformat(), f"{row.unit_price:.2f}",
            f"{row.ordered_units * row.unit_price:.2f}", row.promotion_code, "Y" if row.is_closed else "N",
            "closed" if row.is_closed else "open",
        ]  # fmt: skip

    return Layout("sales", "sales_orders", header, cells)


def shipment_layout(catalogue: Catalogue) -> Layout:
    """Shipped and returned lines."""
    header = (
        "shipment_no", "line_no", "shipment_date", "order_no", "order_line", "customer", "sku", "warehouse",
        "lot", "qty",
        "revenue", "kind", "status",
    )  # fmt: skip

    def cells(row: ShipmentLine) -> list[Any]:
        return [
            row.shipment_no, row.line_id, row.shipment_date.isoformat(), row.so_no, row.so_line_id, row.customer_code,
            catalogue.items[row.grain.item].code, WAREHOUSES[row.grain.warehouse][0], row.grain.lot_no, row.units,
            f"{row.revenue:.2f}", row.line_kind, "posted",
        ]  # fmt: skip

    return Layout("sales", "shipments", header, cells)


def promotion_layout(catalogue: Catalogue) -> Layout:
    """Promotion calendar, one row a promoted item."""
    header = ("promotion", "sku", "start", "end", "kind", "discount", "expected_uplift")

    def cells(row: tuple[Promotion, int]) -> list[Any]:
        deal, item = row
        return [
            deal.code, catalogue.items[item].code, deal.start_date.isoformat(), deal.end_date.isoformat(), deal.kind,
            f"{deal.discount_rate:.2f}", f"{deal.uplift_rate:.2f}",
        ]  # fmt: skip

    return Layout("sales", "promotions", header, cells)
