"""Documents that the company writes, one dataclass a kind. Rows only: no behaviour, no formatting.

Quantities are whole base units; `item` and `warehouse` are positions in the catalogue. Movement quantities are signed.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import NamedTuple


class Grain(NamedTuple):
    """Where stock is kept: the finest thing that has a balance."""

    item: int
    warehouse: int
    lot_no: str
    status: str


@dataclass(slots=True)
class Movement:
    """A posted line of the ERP's stock ledger, other than transfers."""

    doc_type: str
    doc_no: str
    doc_id: int
    line_id: int
    business_date: date
    entered_at: datetime
    grain: Grain
    units: int
    unit_cost: float | None = None
    mfg_date: date | None = None
    expiry_date: date | None = None
    ref_doc_type: str = ""
    ref_doc_no: str = ""
    ref_line_id: str = ""
    partner_code: str = ""
    reason: str = ""
    doc_status: str = "已审核"
    entered_uom: str = ""


@dataclass(slots=True)
class Transfer:
    """A direct transfer: leaves one warehouse and reaches the other on the same day."""

    doc_no: str
    doc_id: int
    line_id: int
    business_date: date
    entered_at: datetime
    source: Grain
    to_warehouse: int
    units: int
    mfg_date: date | None
    expiry_date: date | None

    @property
    def target(self) -> Grain:
        """Grain that the goods reach."""
        return self.source._replace(warehouse=self.to_warehouse)


@dataclass(slots=True)
class OrderLine:
    """A sales order line with its state at the moment of export."""

    so_no: str
    line_id: int
    order_date: date
    customer_code: str
    channel: str
    item: int
    warehouse: int
    ordered_units: int
    requested_date: date
    promised_date: date
    unit_price: float
    promotion_code: str
    cancel_after: date
    shipped_units: int = 0
    cancelled_units: int = 0
    is_closed: bool = False

    @property
    def open_units(self) -> int:
        """Units still to be shipped."""
        return self.ordered_units - self.shipped_units - self.cancelled_units


@dataclass(slots=True)
class ShipmentLine:
    """A shipped line of the sales system; a customer return is negative."""

    shipment_no: str
    line_id: int
    shipment_date: date
    so_no: str
    so_line_id: int
    customer_code: str
    grain: Grain
    units: int
    revenue: float
    line_kind: str


@dataclass(slots=True)
class PurchaseLine:
    """A purchase order line with its state at the moment of export."""

    po_no: str
    line_id: int
    order_date: date
    supplier: int
    item: int
    warehouse: int
    ordered_units: int
    due_date: date
    unit_price: float
    received_units: int = 0
    is_closed: bool = False
    confirmed_date: date | None = None


@dataclass(slots=True)
class ReceiptLine:
    """A received line; `is_posted` is false while it is a draft."""

    receipt_no: str
    doc_id: int
    line_id: int
    receipt_date: date
    po_no: str
    po_line_id: int
    supplier: int
    grain: Grain
    units: int
    unit_cost: float
    mfg_date: date | None
    expiry_date: date | None
    is_posted: bool
    doc_status: str = ""


@dataclass(slots=True)
class CountLine:
    """A line of a count sheet; `counted_units` is None where nobody counted it."""

    count_no: str
    line_id: int
    count_date: date
    frozen_at: datetime
    grain: Grain
    book_units: int
    in_units: int
    out_units: int
    counted_units: int | None
    counted_by: str
    reason: str = ""
    posted_doc_no: str = ""
    doc_status: str = "已过账"


@dataclass(slots=True)
class Promotion:
    """A promotion of several items over a span of days."""

    code: str
    items: tuple[int, ...]
    start_date: date
    end_date: date
    kind: str
    discount_rate: float
    uplift_rate: float


@dataclass(slots=True)
class ShelfRow:
    """What the WMS knows of one grain at the end of a day."""

    physical_units: int
    received_not_posted_units: int = 0
    picked_not_shipped_units: int = 0
