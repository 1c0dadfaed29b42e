"""Defects in what the ERP posted. The ERP's on-hand list is the sum of its postings, so it carries each error too."""

from __future__ import annotations

import copy
from datetime import date, timedelta

from demo.calendar_cn import is_working, next_working, working_on_or_after
from demo.defects.amend import change_received, drop_movement, next_number, receipt_versions, shift_erp
from demo.defects.plan import Plan
from demo.findings import Expected, SnapshotRef
from demo.records import Movement, ReceiptLine, ShelfRow, Transfer
from demo.stock import clock

RECEIPT, ISSUE = "采购入库单", "销售出库单"


def _item(row: Movement) -> int:
    return row.grain.item


def plant_unit_mix(plan: Plan, entered_uom: str) -> None:
    """A receipt posted in boxes: the book has quantity / pack factor, order, receipt line and shelf have units."""

    def pack(row: Movement) -> int:
        return plan.history.catalogue.items[row.grain.item].pack_units

    def fits(row: Movement) -> bool:
        factor = pack(row)
        return (
            factor >= 6
            and row.units % factor == 0
            and plan.is_quiet(*row.grain[:2], row.business_date)
            and plan.has_room(row.grain, row.business_date, row.units // factor - row.units)
        )

    row = plan.choose(plan.movements(RECEIPT, plan.back(75), plan.back(3)), _item, fits)
    if row is None:
        return
    missing = row.units - row.units // pack(row)
    row.units -= missing
    row.entered_uom = entered_uom
    shift_erp(plan.history, row.grain, -missing, row.business_date)
    plan.sheet.add(plan.sheet.next_id("unit_of_measure_mix"), _expected(plan, "unit_of_measure_mix", row, missing))


def plant_sign_flip(plan: Plan) -> None:
    """A sales issue keyed with a negative quantity: the issue raises the book."""

    def fits(row: Movement) -> bool:
        return row.units <= -5 and plan.is_quiet(*row.grain[:2], row.business_date)

    row = plan.choose(plan.movements(ISSUE, plan.back(40), plan.back(2)), _item, fits)
    if row is None:
        return
    row.units = -row.units
    shift_erp(plan.history, row.grain, 2 * row.units, row.business_date)
    plan.sheet.add(plan.sheet.next_id("sign_flip"), _expected(plan, "sign_flip", row, -2 * row.units))


def plant_duplicate_posting(plan: Plan, doc_type: str) -> None:
    """One document posted again under the next number; a receipt's line and its order count it twice too."""

    def fits(row: Movement) -> bool:
        return (
            abs(row.units) >= 5
            and plan.is_quiet(*row.grain[:2], row.business_date)
            and plan.has_room(row.grain, row.business_date, row.units)
        )

    row = plan.choose(plan.movements(doc_type, plan.back(35), plan.back(2)), _item, fits)
    if row is None:
        return
    movements = plan.history.books.movements
    twin = copy.copy(row)
    twin.doc_no = next_number(lambda: [other.doc_no for other in movements], row.doc_no)
    twin.doc_id = max(other.doc_id for other in movements) + 1
    twin.line_id = 1
    twin.entered_at = clock(row.business_date, 18, twin.doc_id)
    movements.insert(next(n for n, other in enumerate(movements) if other is row) + 1, twin)
    shift_erp(plan.history, row.grain, row.units, row.business_date)
    if doc_type == RECEIPT:
        change_received(plan.history, row, row.units)
        _twin_receipt(plan, row, twin)
    expected = _expected(plan, "duplicate_posting", twin, -row.units)
    expected.note = f"same document as {row.doc_no}"
    other = _expected(plan, "duplicate_posting", row, -row.units)
    other.is_required = False
    plan.sheet.add(plan.sheet.next_id("duplicate_posting"), expected, other)


def _twin_receipt(plan: Plan, row: Movement, twin: Movement) -> None:
    """The receipt line appears twice as well."""
    for lines in plan.history.receipts.values():
        for line in [line for line in lines if (line.receipt_no, line.line_id) == (row.doc_no, row.line_id)]:
            again = copy.copy(line)
            again.receipt_no, again.doc_id, again.line_id = twin.doc_no, twin.doc_id, twin.line_id
            lines.append(again)


def plant_wrong_receipt_warehouse(plan: Plan) -> None:
    """A receipt that is in the centre (order and receipt line say so) is booked in a region."""
    stocked = plan.history.catalogue.is_stocked

    def target(row: Movement) -> int:
        return 1 if stocked[row.grain.item, 1] else 2

    def fits(row: Movement) -> bool:
        return (
            bool(stocked[row.grain.item, target(row)])
            and plan.is_quiet(*row.grain[:2], row.business_date)
            and plan.is_quiet(row.grain.item, target(row), row.business_date)
            and plan.has_room(row.grain, row.business_date, -row.units)
        )

    row = plan.choose(plan.movements(RECEIPT, plan.back(45), plan.back(2)), _item, fits)
    if row is None:
        return
    right, row.grain = row.grain, row.grain._replace(warehouse=target(row))
    shift_erp(plan.history, right, -row.units, row.business_date)
    shift_erp(plan.history, row.grain, row.units, row.business_date)
    physical = _expected(plan, "wrong_warehouse", row, row.units)
    physical.warehouse = right.warehouse
    plan.sheet.add(plan.sheet.next_id("wrong_warehouse"), physical, _expected(plan, "wrong_warehouse", row, -row.units))


def plant_wrong_transfer_target(plan: Plan) -> None:
    """A transfer went to one region and was booked into the other."""
    stocked = plan.history.catalogue.is_stocked
    rows = [
        row
        for row in plan.history.books.transfers
        if plan.back(40) <= row.business_date <= plan.back(2) and row.source.lot_no == "" and row.units >= 5
    ]

    def fits(row: Transfer) -> bool:
        item, day = row.source.item, row.business_date
        return (
            bool(stocked[item, 1] and stocked[item, 2])
            and plan.is_quiet(item, 1, day)
            and plan.is_quiet(item, 2, day)
            and plan.has_room(row.target, day, -row.units)
        )

    row = plan.choose(rows, lambda row: row.source.item, fits)
    if row is None:
        return
    right = row.target
    row.to_warehouse = 3 - row.to_warehouse
    shift_erp(plan.history, right, -row.units, row.business_date)
    shift_erp(plan.history, row.target, row.units, row.business_date)
    entries = [
        Expected("wrong_warehouse", right.item, grain.warehouse, row.doc_no, row.business_date, units, where=row)
        for grain, units in ((right, row.units), (row.target, -row.units))
    ]
    plan.sheet.add(plan.sheet.next_id("wrong_warehouse"), *entries)


def plant_unposted_receipt(plan: Plan, *, is_draft: bool) -> None:
    """Goods taken in long ago without a movement: the receipt is still a draft, or the posting was lost on its way."""

    def fits(row: Movement) -> bool:
        return (
            plan.is_quiet(*row.grain[:2], row.business_date)
            and plan.has_room(row.grain, row.business_date, -row.units)
            and len(receipt_versions(plan.history, row)) > 0
        )

    row = plan.choose(plan.movements(RECEIPT, plan.back(35), plan.back(11)), _item, fits)
    if row is None:
        return
    drop_movement(plan.history, row)
    shift_erp(plan.history, row.grain, -row.units, row.business_date)
    if is_draft:
        _back_to_draft(plan, row)
    line = receipt_versions(plan.history, row)[-1]
    expected = Expected(
        "unposted_receipt", row.grain.item, row.grain.warehouse, row.doc_no, line.receipt_date, row.units, where=line
    )
    plan.sheet.add(plan.sheet.next_id("unposted_receipt"), expected)


def _back_to_draft(plan: Plan, row: Movement) -> list[ReceiptLine]:
    """The receipt was never posted: its line stays a draft and its order stays open."""
    lines = receipt_versions(plan.history, row)
    for line in lines:
        line.is_posted = False
    change_received(plan.history, row, -row.units)
    return lines


def plant_negative_now(plan: Plan) -> bool:
    """A fresh receipt is still a draft while its goods were sold already: the book is below zero today, the
    bridge holds.
    """

    def fits(row: Movement) -> bool:
        return plan.is_quiet(*row.grain[:2], row.business_date) and not plan.has_room(row.grain, plan.end, -row.units)

    row = plan.choose(plan.movements(RECEIPT, plan.back(1), plan.end), _item, fits)
    if row is None:
        return False
    since = row.business_date
    drop_movement(plan.history, row)
    shift_erp(plan.history, row.grain, -row.units, since)
    for day, view in plan.history.wms_snapshots.items():
        if day >= since:
            view.setdefault(row.grain, ShelfRow(0)).received_not_posted_units += row.units
    _back_to_draft(plan, row)
    where = SnapshotRef("stock_on_hand", plan.end, row.grain)
    expected = Expected("negative_stock", row.grain.item, row.grain.warehouse, business_date=plan.end, where=where)
    plan.sheet.add(plan.sheet.next_id("negative_stock"), expected)
    return True


def plant_negative_past(plan: Plan) -> None:
    """A receipt posted days after its goods came and were sold: the book was below zero in between."""
    history = plan.history

    def posted_on(row: Movement) -> date:
        return next_working(next_working(next_working(row.business_date)))

    def first_negative(row: Movement) -> date | None:
        moves = [(day, units) for day, units in plan.balances(row.grain) if row.business_date <= day < posted_on(row)]
        return next((day for day, units in moves if units - row.units < 0), None)

    def fits(row: Movement) -> bool:
        return plan.is_quiet(*row.grain[:2], row.business_date) and first_negative(row) is not None

    last = min(plan.back(14), history.settings.daily_from - timedelta(days=8))
    rows = [row for row in plan.movements(RECEIPT, plan.back(240), last) if is_working(row.business_date)]
    row = plan.choose(rows, _item, fits)
    if row is None:
        return
    since, posted, below = row.business_date, posted_on(row), first_negative(row)
    shift_erp(history, row.grain, -row.units, since, posted)
    row.business_date, row.entered_at = posted, clock(posted, 9, row.doc_id)
    history.books.movements.sort(key=lambda other: other.entered_at.date())
    expected = Expected("negative_stock", row.grain.item, row.grain.warehouse, business_date=below, where=row)
    plan.sheet.add(plan.sheet.next_id("negative_stock"), expected)


def plant_late_document(plan: Plan) -> None:
    """An issue keyed in three weeks after the goods left; lists made in between do not have it."""
    last = min(plan.back(24), plan.history.settings.daily_from - timedelta(days=26))

    def fits(row: Movement) -> bool:
        return row.units <= -3 and plan.is_quiet(*row.grain[:2], row.business_date)

    row = plan.choose(plan.movements(ISSUE, plan.back(75), last), _item, fits)
    if row is None:
        return
    entered = working_on_or_after(row.business_date + timedelta(days=int(plan.rng.integers(18, 24))))
    row.entered_at = clock(entered, 16, row.doc_id)
    shift_erp(plan.history, row.grain, -row.units, row.business_date, entered)
    plan.history.books.movements.sort(key=lambda other: other.entered_at.date())
    expected = _expected(plan, "late_document", row, None)
    expected.also_acceptable = ("ledger_book_mismatch",)
    plan.sheet.add(plan.sheet.next_id("late_document"), expected)


def _expected(plan: Plan, rule_id: str, row: Movement, variance: int | None) -> Expected:
    """Entry for a damaged movement; `variance` is physical - book at the end."""
    grain = row.grain
    return Expected(rule_id, grain.item, grain.warehouse, row.doc_no, row.business_date, variance, where=row)
