"""Faults in what the ERP posted, injected into the history before it is exported. The ERP's own list follows its postings."""

from __future__ import annotations

import copy
from collections.abc import Callable
from datetime import timedelta

from demo.defects import booking
from demo.defects.amend import change_received, drop_movement, next_number, receipt_versions, shift_erp
from demo.defects.plan import Plan
from demo.findings import Expected
from demo.records import Movement, OrderLine, PurchaseLine, Transfer
from demo.stock import AVAILABLE, clock

RECEIPT, ISSUE, RETURN, OWN_USE = booking.RECEIPT, booking.ISSUE, "销售退货单", "领用单"
Fits = Callable[[Movement], bool]


def _note(plan: Plan, rule: str, row: Movement | Transfer, item: int, warehouse: int | None, *also: str) -> None:
    expected = Expected(rule, item, warehouse, row.doc_no, row.business_date, also_acceptable=also)
    plan.sheet.add(plan.sheet.next_id(rule), expected)


def _pick(plan: Plan, doc_type: str, first: int, last: int, fits: Fits) -> Movement | None:
    """A posted line of a type, `first` to `last` days before the end, on an item that nothing else touches."""

    def is_free(row: Movement) -> bool:
        return plan.is_quiet(*row.grain[:2], row.business_date) and fits(row)

    return plan.choose(plan.movements(doc_type, plan.back(first), plan.back(last)), lambda row: row.grain.item, is_free)


def _pack(plan: Plan, row: Movement) -> int:
    return plan.history.catalogue.items[row.grain.item].pack_units


def _retype(
    doc_type: str,
    rule: str,
    new_units: Callable[[Plan, Movement], int],
    fits: Callable[[Plan, Movement], bool],
    *,
    may_go_below: bool = False,
):
    """The ledger holds another quantity than the document of the other system."""

    def plant(plan: Plan) -> None:
        def is_fit(row: Movement) -> bool:
            change = new_units(plan, row) - row.units
            return fits(plan, row) and (may_go_below or plan.has_room(row.grain, row.business_date, change))

        row = _pick(plan, doc_type, 26, 2, is_fit)
        if row is not None:
            change = new_units(plan, row) - row.units
            row.units += change
            shift_erp(plan.history, row.grain, change, row.business_date)
            _note(plan, rule, row, *row.grain[:2])

    return plant


issue_in_packs = _retype(
    ISSUE, "unit_of_measure_mix",
    lambda plan, row: row.units * _pack(plan, row), lambda plan, row: _pack(plan, row) >= 6 and row.units >= -4,
)  # fmt: skip
receipt_typed_wrong = _retype(
    RECEIPT, "quantity_mismatch", lambda plan, row: row.units + 7, lambda plan, row: row.units > 14
)
receipt_decimal_slip = _retype(
    RECEIPT, "quantity_mismatch", lambda plan, row: row.units * 10, lambda plan, row: _pack(plan, row) != 10
)
issue_typed_wrong = _retype(
    ISSUE, "quantity_mismatch", lambda plan, row: row.units - 3, lambda plan, row: row.units < -6
)
return_sign_flip = _retype(RETURN, "sign_flip", lambda plan, row: -row.units, lambda plan, row: row.units >= 1)
receipt_sign_flip = _retype(
    RECEIPT, "sign_flip", lambda plan, row: -row.units, lambda plan, row: row.units >= 3, may_go_below=True
)


def double_transfer(plan: Plan) -> None:
    """A transfer posted again under the next number."""
    transfers = plan.history.books.transfers

    def fits(row: Transfer) -> bool:
        item, day = row.source.item, row.business_date
        quiet = plan.is_quiet(item, row.source.warehouse, day) and plan.is_quiet(item, row.to_warehouse, day)
        return quiet and plan.has_room(row.source, day, -row.units)

    rows = [
        row for row in transfers
        if plan.back(26) <= row.business_date <= plan.back(2) and row.source.lot_no == "" and row.units >= 5
    ]  # fmt: skip
    row = plan.choose(rows, lambda row: row.source.item, fits)
    if row is None:
        return
    twin = copy.copy(row)
    twin.doc_no = next_number(lambda: [other.doc_no for other in transfers], row.doc_no)
    twin.doc_id = max(other.doc_id for other in transfers) + 900_000
    twin.entered_at = clock(row.business_date, 18, twin.doc_id)
    transfers.insert(transfers.index(row) + 1, twin)
    shift_erp(plan.history, row.source, -row.units, row.business_date)
    shift_erp(plan.history, row.target, row.units, row.business_date)
    _note(plan, "duplicate_posting", twin, row.source.item, None)


def double_return(plan: Plan) -> None:
    """A customer return posted again under the next number."""
    movements = plan.history.books.movements
    row = _pick(plan, RETURN, 35, 2, lambda row: row.units >= 1)
    if row is None:
        return
    twin = copy.copy(row)
    twin.doc_no = next_number(lambda: [other.doc_no for other in movements], row.doc_no)
    twin.doc_id = max(other.doc_id for other in movements) + 900_001
    twin.entered_at = clock(row.business_date, 18, twin.doc_id)
    movements.insert(next(n for n, other in enumerate(movements) if other is row) + 1, twin)
    shift_erp(plan.history, row.grain, row.units, row.business_date)
    _note(plan, "duplicate_posting", twin, *row.grain[:2])


def lost_transfer(plan: Plan) -> None:
    """Goods moved between warehouses; nobody posted it."""

    def fits(row: Transfer) -> bool:
        item, day = row.source.item, row.business_date
        quiet = plan.is_quiet(item, row.source.warehouse, day) and plan.is_quiet(item, row.to_warehouse, day)
        return quiet and plan.has_room(row.target, day, -row.units)

    rows = [
        row for row in plan.history.books.transfers
        if plan.back(24) <= row.business_date <= plan.back(3) and row.source.lot_no == "" and row.units >= 7
    ]  # fmt: skip
    row = plan.choose(rows, lambda row: row.source.item, fits)
    if row is None:
        return
    plan.history.books.transfers.remove(row)
    shift_erp(plan.history, row.source, row.units, row.business_date)
    shift_erp(plan.history, row.target, -row.units, row.business_date)
    _note(plan, "unposted_transfer", row, row.source.item, row.source.warehouse)


def lost_issue(plan: Plan) -> None:
    """Shipped and delivered; the issue never reached the ledger."""
    row = _pick(plan, ISSUE, 26, 11, lambda row: row.units <= -4)
    if row is not None:
        drop_movement(plan.history, row)
        shift_erp(plan.history, row.grain, -row.units, row.business_date)
        _note(plan, "unposted_shipment", row, *row.grain[:2])


def stuck_in_goods_receipt(plan: Plan) -> None:
    """Goods are on the ramp for two weeks: the WMS has them as received, the ERP has no paper at all."""

    def fits(row: Movement) -> bool:
        return plan.has_room(row.grain, row.business_date, -row.units)

    row = _pick(plan, RECEIPT, 25, 11, fits)
    if row is None:
        return
    gone = {id(line) for line in receipt_versions(plan.history, row)}
    for lines in plan.history.receipts.values():
        lines[:] = [line for line in lines if id(line) not in gone]
    change_received(plan.history, row, -row.units)
    drop_movement(plan.history, row)
    shift_erp(plan.history, row.grain, -row.units, row.business_date)
    for day, view in plan.history.wms_snapshots.items():
        if day >= row.business_date and row.grain in view:
            view[row.grain].received_not_posted_units += row.units
    _note(plan, "unposted_receipt", row, *row.grain[:2])


def back_dated_edit(plan: Plan) -> None:
    """A posted document is changed a week later and comes again with another quantity."""

    def fits(row: Movement) -> bool:
        return row.units <= -1 and plan.has_room(row.grain, row.business_date, -5)

    row = _pick(plan, OWN_USE, 60, 12, fits) or _pick(plan, ISSUE, 60, 12, fits)
    if row is None:
        return
    again = copy.copy(row)
    again.units -= 5
    again.entered_at = clock(plan.back(4), 15, row.doc_id)
    plan.history.books.movements.append(again)
    shift_erp(plan.history, row.grain, -5, again.entered_at.date())
    _note(plan, "changed_document", row, *row.grain[:2])


def offsetting_errors(plan: Plan) -> None:
    """A receipt typed too high and an issue typed too high by as much: no balance shows it."""
    issues = plan.movements(ISSUE, plan.back(26), plan.back(1))

    def partner(row: Movement) -> Movement | None:
        return next(
            (
                other
                for other in issues
                if other.grain == row.grain and 0 <= (other.business_date - row.business_date).days <= 6
            ),
            None,
        )

    row = _pick(plan, RECEIPT, 26, 8, lambda row: row.units >= 12 and partner(row) is not None)
    if row is None:
        return
    issue = partner(row)
    assert issue is not None
    row.units += 5
    issue.units -= 5
    shift_erp(plan.history, row.grain, 5, row.business_date, issue.business_date)
    _note(plan, "quantity_mismatch", row, *row.grain[:2])


def wrong_item(plan: Plan) -> None:
    """A receipt posted to another item of the same warehouse."""
    row = _pick(plan, RECEIPT, 60, 3, lambda row: plan.has_room(row.grain, row.business_date, -row.units))
    if row is None:
        return
    others = [
        movement for movement in plan.movements(ISSUE, plan.back(60), plan.back(1))
        if movement.grain.warehouse == row.grain.warehouse and plan.is_quiet(*movement.grain[:2], row.business_date)
    ]  # fmt: skip
    other = plan.choose(others, lambda movement: movement.grain.item, lambda movement: True)
    assert other is not None
    right, row.grain = row.grain, other.grain
    shift_erp(plan.history, right, -row.units, row.business_date)
    shift_erp(plan.history, row.grain, row.units, row.business_date)
    _note(plan, "wrong_item", row, *row.grain[:2])


def wrong_lot(plan: Plan) -> None:
    """The issue names another lot than the one that was picked."""
    rows = [
        row for row in plan.history.books.movements
        if row.doc_type == ISSUE and row.grain.lot_no and row.grain.status == AVAILABLE
        and plan.back(20) <= row.business_date <= plan.back(2) and row.units <= -2
    ]  # fmt: skip
    lots = sorted(
        {grain for grain in plan.history.erp_snapshots[plan.end] if grain.lot_no and grain.status == AVAILABLE}
    )

    def other_lot(row: Movement):
        alike = (grain for grain in lots if grain[:2] == row.grain[:2] and grain.lot_no != row.grain.lot_no)
        return next((grain for grain in alike if plan.has_room(grain, row.business_date, row.units)
                     and plan.balance_before(grain, row.business_date) > 0), None)  # fmt: skip

    row = plan.choose(rows, lambda row: row.grain.item, lambda row: other_lot(row) is not None)
    if row is None:
        return
    right, wrong = row.grain, other_lot(row)
    assert wrong is not None
    row.grain = wrong
    row.mfg_date, row.expiry_date = plan.history.shelf.lot_dates(wrong.item, wrong.lot_no)
    shift_erp(plan.history, right, -row.units, row.business_date)
    shift_erp(plan.history, wrong, row.units, row.business_date)
    _note(plan, "wrong_lot", row, *row.grain[:2])


def _recost(factor: float):
    """The unit cost of a receipt is off by a factor."""

    def plant(plan: Plan) -> None:
        row = _pick(plan, RECEIPT, 200, 1, lambda row: bool(row.unit_cost))
        if row is not None and row.unit_cost is not None:
            row.unit_cost *= factor
            _note(plan, "cost_jump", row, *row.grain[:2])

    return plant


cost_thousandfold, cost_in_cents, cost_zero = _recost(1000), _recost(0.01), _recost(0)


def wrong_year(plan: Plan) -> None:
    """Dated a year back."""
    row = _pick(plan, RECEIPT, 10, 1, lambda row: True)
    if row is not None:
        row.business_date -= timedelta(days=365)
        _note(plan, "late_document", row, *row.grain[:2], "ledger_book_mismatch")


def future_date(plan: Plan) -> None:
    """Dated a year ahead."""
    row = _pick(plan, RECEIPT, 9, 1, lambda row: True)
    if row is not None:
        row.business_date += timedelta(days=365)
        _note(plan, "future_document", row, *row.grain[:2])


def huge_sales_order(plan: Plan) -> None:
    """An order for a thousand times what was wanted."""
    last = plan.history.orders[max(plan.history.orders)]
    counts: dict[int, int] = {}
    for lines in plan.history.orders.values():
        for line in lines:
            counts[line.item] = counts.get(line.item, 0) + 1
    fresh = [line for line in last if not line.is_closed and counts[line.item] >= 8]
    line = plan.choose(fresh or last, lambda line: line.item, lambda line: True)
    if line is not None:
        _enlarge(plan, line, [v for lines in plan.history.orders.values() for v in lines], 1000)


def huge_purchase_order(plan: Plan) -> None:
    """A purchase order with two zeros too many."""
    versions = [line for lines in plan.history.purchases.values() for line in lines]
    counts: dict[int, set[str]] = {}
    for line in versions:
        counts.setdefault(line.item, set()).add(line.po_no)
    fresh = [line for line in versions if not line.is_closed and len(counts[line.item]) >= 5]
    open_now = [line for line in fresh if line.received_units == 0 and line.order_date >= plan.back(25)]
    line = plan.choose(open_now, lambda line: line.item, lambda line: True)
    if line is not None:
        _enlarge(plan, line, versions, 100)


def _enlarge(
    plan: Plan, line: OrderLine | PurchaseLine, versions: list[OrderLine] | list[PurchaseLine], factor: int
) -> None:
    number = "so_no" if isinstance(line, OrderLine) else "po_no"
    for version in versions:
        if (getattr(version, number), version.line_id) == (getattr(line, number), line.line_id):
            version.ordered_units *= factor
    expected = Expected("quantity_outlier", line.item, line.warehouse, getattr(line, number), line.order_date)
    plan.sheet.add(plan.sheet.next_id("quantity_outlier"), expected)
