"""The list of what is planted, in order: first what the ERP posted and what lies on the shelf, then what the
files say.
"""

from __future__ import annotations

from demo.defects import booking, deliveries, masters, physical, rows
from demo.defects.plan import Plan
from demo.delivery import build_extracts
from demo.extracts import Extract
from demo.findings import AnswerSheet
from demo.world import History


def plant(history: History) -> tuple[list[Extract], AnswerSheet]:
    """Spoil a history and its delivery; the files to write and what must be found in them. Changes `history`."""
    plan = Plan(history)
    _spoil_history(plan)
    renamed = masters.choose_reused_codes(plan)
    extracts = build_extracts(history, renamed)
    masters.note_reused_codes(plan, extracts, renamed)
    rows.spoil_movement_quantity(plan, extracts)
    rows.spoil_order_date(plan, extracts)
    rows.spoil_count_figure(plan, extracts)
    rows.add_unknown_item(plan, extracts)
    rows.add_unknown_warehouse(plan, extracts)
    rows.add_missing_key(plan, extracts)
    rows.add_unknown_code(plan, extracts)
    rows.add_unparseable_receipt_date(plan, extracts)
    extracts = deliveries.drop_missing_day(plan, extracts)
    deliveries.repeat_row_in_file(plan, extracts, "shipments")
    deliveries.repeat_row_of_earlier_file(plan, extracts, "stock_movements")
    extracts = deliveries.send_twice(plan, extracts, "stock_movements")
    extracts = deliveries.send_twice(plan, extracts, "shipments")
    return extracts, plan.sheet


def _spoil_history(plan: Plan) -> None:
    """Rare victims first: what needs a special situation chooses before what fits anywhere."""
    if not booking.plant_negative_now(plan):
        booking.plant_negative_past(plan)
    booking.plant_negative_past(plan)
    booking.plant_wrong_receipt_warehouse(plan)
    booking.plant_unposted_receipt(plan, is_draft=True)
    booking.plant_unposted_receipt(plan, is_draft=False)
    booking.plant_unit_mix(plan, entered_uom="箱")
    booking.plant_unit_mix(plan, entered_uom="")
    booking.plant_wrong_transfer_target(plan)
    booking.plant_duplicate_posting(plan, booking.RECEIPT)
    booking.plant_duplicate_posting(plan, booking.ISSUE)
    booking.plant_late_document(plan)
    booking.plant_late_document(plan)
    booking.plant_sign_flip(plan)
    booking.plant_sign_flip(plan)
    physical.plant_counted_shrink(plan)
    physical.plant_shrink(plan)
    physical.plant_book_mismatch(plan, sign=-1)
    physical.plant_book_mismatch(plan, sign=1)
    physical.plant_expired(plan)
    physical.plant_expired(plan)
