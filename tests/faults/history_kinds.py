"""The kinds that are injected before the export: what was posted, what lies on the shelf, what masters and rows say."""

from __future__ import annotations

from collections.abc import Callable

import book_faults as book
import shelf_faults as shelf
from catalogue import Catalogue, Kind

from demo.defects import booking, deliveries, physical, rows
from demo.defects.plan import Plan
from demo.extracts import Extract

Delivery = Callable[[Plan, list[Extract]], list[Extract]]


def history_kinds(catalogue: Catalogue) -> None:
    """Rare victims first: what needs a special situation chooses before what fits anywhere."""
    for name, what, plant in (
        ("future date", "dated a year ahead", book.future_date),
        ("sign flip, receipt", "a receipt that takes stock", book.receipt_sign_flip),
        ("double return", "a customer return posted twice", book.double_return),
        ("cost zero", "a receipt at no cost", book.cost_zero),
        ("negative book in the past", "a receipt posted days after its goods were sold", booking.plant_negative_past),
        ("count in packs", "boxes written on the count sheet", shelf.count_in_packs),
        ("zero for not counted", "a zero where nobody counted", shelf.zero_for_not_counted),
        ("count too high", "a count above the shelf", shelf.count_too_high),
        ("list in packs", "the WMS gives one item in boxes", shelf.listed_in_packs),
        ("wrong lot", "an issue from another lot than the one picked", book.wrong_lot),
        ("offsetting errors", "a receipt and an issue wrong by the same figure", book.offsetting_errors),
        ("huge purchase order", "two zeros too many", book.huge_purchase_order),
        ("huge sales order", "a thousand times what was wanted", book.huge_sales_order),
        (
            "draft receipt",
            "goods taken in, the receipt still a draft",
            lambda plan: booking.plant_unposted_receipt(plan, is_draft=True),
        ),
        (
            "lost receipt",
            "a receipt whose posting was lost",
            lambda plan: booking.plant_unposted_receipt(plan, is_draft=False),
        ),
        ("stuck in goods receipt", "in the WMS for two weeks, no paper in the ERP", book.stuck_in_goods_receipt),
        (
            "receipt in boxes",
            "posted in boxes, the unit says so",
            lambda plan: booking.plant_unit_mix(plan, entered_uom="箱"),
        ),
        (
            "receipt in boxes, unmarked",
            "posted in boxes, the unit says pieces",
            lambda plan: booking.plant_unit_mix(plan, entered_uom=""),
        ),
        ("issue in packs", "an issue times the pack factor", book.issue_in_packs),
        ("wrong receipt warehouse", "a receipt booked in another warehouse", booking.plant_wrong_receipt_warehouse),
        ("wrong transfer target", "a transfer booked to another warehouse", booking.plant_wrong_transfer_target),
        ("double transfer", "a transfer posted twice", book.double_transfer),
        ("lost transfer", "goods moved without a document", book.lost_transfer),
        ("double receipt", "a receipt posted twice", lambda plan: booking.plant_duplicate_posting(plan, book.RECEIPT)),
        ("double issue", "an issue posted twice", lambda plan: booking.plant_duplicate_posting(plan, book.ISSUE)),
        ("wrong item", "a receipt booked to another item", book.wrong_item),
        ("lost issue", "shipped, never posted", book.lost_issue),
        ("back-dated edit", "a posted document changed a week later", book.back_dated_edit),
        ("late document", "keyed in three weeks later", booking.plant_late_document),
        ("wrong year", "dated a year back", book.wrong_year),
        ("sign flip, issue", "an issue that adds stock", booking.plant_sign_flip),
        ("sign flip, return", "a return that takes stock", book.return_sign_flip),
        ("receipt typed wrong", "another figure than on the receipt", book.receipt_typed_wrong),
        ("receipt, decimal slip", "ten times the receipt", book.receipt_decimal_slip),
        ("issue typed wrong", "another figure than was shipped", book.issue_typed_wrong),
        ("cost thousandfold", "a unit cost of a receipt x 1,000", book.cost_thousandfold),
        ("cost in cents", "a unit cost of a receipt / 100", book.cost_in_cents),
        ("counted shrink", "goods gone, a count says so", physical.plant_counted_shrink),
        ("theft", "goods gone, only the WMS sees it", physical.plant_shrink),
        ("surplus", "goods that no document knows", shelf.surplus),
        ("mixed up on the shelf", "one item for another", shelf.mixed_up_on_the_shelf),
        ("blocked in the WMS only", "damaged goods that the ERP still sells", shelf.blocked_in_the_wms_only),
        ("list too low", "the ERP's list lost units", lambda plan: physical.plant_book_mismatch(plan, sign=-1)),
        ("list too high", "the ERP's list gained units", lambda plan: physical.plant_book_mismatch(plan, sign=1)),
        ("expired lot", "a lot past its date", physical.plant_expired),
    ):
        catalogue.add(Kind(name, what, in_history=plant))  # type: ignore[arg-type]


def delivery_kinds(catalogue: Catalogue) -> None:
    """Rows and files damaged while they are exported."""

    def quiet(plant: Callable[[Plan, list[Extract]], None]) -> Delivery:
        def deliver(plan: Plan, extracts: list[Extract]) -> list[Extract]:
            plant(plan, extracts)
            return extracts

        return deliver

    for name, what, moves, deliver in (
        ("letter in a quantity", "a letter among the digits", True, quiet(rows.spoil_movement_quantity)),
        ("impossible date", "a day that no calendar has", True, quiet(rows.spoil_order_date)),
        ("remark for a count", "a remark in the place of a figure", True, quiet(rows.spoil_count_figure)),
        ("unknown item", "a code that no master has", True, quiet(rows.add_unknown_item)),
        ("unknown warehouse", "a warehouse that no master knows", True, quiet(rows.add_unknown_warehouse)),
        ("missing key", "an order line without its number", True, quiet(rows.add_missing_key)),
        ("unknown status", "a status that the mapping does not know", True, quiet(rows.add_unknown_code)),
        ("date in words", "a receipt dated with words", True, quiet(rows.add_unparseable_receipt_date)),
        ("missing movements file", "the ledger's file of a working day", True, deliveries.drop_missing_day),
        ("row twice in a file", "the last row twice", False,
         quiet(lambda plan, extracts: deliveries.repeat_row_in_file(plan, extracts, "shipments"))),
        ("row of an earlier file", "yesterday's row again", False,
         quiet(lambda plan, extracts: deliveries.repeat_row_of_earlier_file(plan, extracts, "stock_movements"))),
        ("file sent twice", "the same bytes under another name", False,
         lambda plan, extracts: deliveries.send_twice(plan, extracts, "stock_movements")),
    ):  # fmt: skip
        catalogue.add(Kind(name, what, moves, in_delivery=deliver))
