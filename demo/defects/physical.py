"""Defects on the shelf and in the on-hand list: theft, a balance that nobody posted, goods that should have
been scrapped.
"""

from __future__ import annotations

from datetime import date

from demo.calendar_cn import is_working
from demo.defects.amend import drop_movement, shift_erp, shift_shelf
from demo.defects.plan import Plan
from demo.findings import Expected, SnapshotRef
from demo.records import CountLine, Grain
from demo.stock import AVAILABLE

SHRINK_SHARE = 0.3
"""Share of the stock that goes missing: far above any count tolerance in use (0.5 % to 5 %)."""


def plant_shrink(plan: Plan) -> None:
    """Goods are gone from the shelf and no document says why; only the WMS sees it."""
    since = plan.back(4)
    grain = _steady_grain(plan, since)
    if grain is None:
        return
    units = _loss(plan, grain)
    shift_shelf(plan.history, grain, -units, since)
    where = SnapshotRef("wms_stock", plan.end, grain)
    expected = Expected(
        "shrink", grain.item, grain.warehouse, business_date=plan.end, variance_units=-units, where=where
    )
    plan.sheet.add(plan.sheet.next_id("shrink"), expected)


def plant_counted_shrink(plan: Plan) -> None:
    """A count found goods missing; the difference waits for approval and is not posted."""
    documents: dict[tuple[date, int], CountLine] = {}
    for line in plan.history.books.counts:
        if plan.back(8) <= line.count_date <= plan.back(1) and is_working(line.count_date):
            documents[line.count_date, line.grain.warehouse] = line
    for (day, warehouse), last in sorted(documents.items(), reverse=True):
        grain = _steady_grain(plan, day, warehouse)
        if grain is None:
            continue
        units = _loss(plan, grain)
        book = plan.balance_before(grain, day) + plan.flows(grain).get(day, 0)
        frozen = book if last.frozen_at.hour > 12 else plan.balance_before(grain, day)
        moved = book - frozen
        line = CountLine(
            last.count_no, last.line_id + 1, day, last.frozen_at, grain, frozen, max(moved, 0), max(-moved, 0),
            book - units, last.counted_by, reason="待查", doc_status="待审批",
        )  # fmt: skip
        position = next(n for n, other in enumerate(plan.history.books.counts) if other is last)
        plan.history.books.counts.insert(position + 1, line)
        shift_shelf(plan.history, grain, -units, day)
        expected = Expected("shrink", grain.item, grain.warehouse, last.count_no, day, -units, where=line)
        plan.sheet.add(plan.sheet.next_id("shrink"), expected)
        return


def plant_book_mismatch(plan: Plan, sign: int) -> None:
    """The on-hand list changed without a posting: ledger and shelf agree, the ERP's balance does not."""
    since = plan.back(5)
    grain = _steady_grain(plan, since)
    if grain is None:
        return
    units = sign * _loss(plan, grain)
    shift_erp(plan.history, grain, units, since)
    where = SnapshotRef("stock_on_hand", plan.end, grain)
    expected = Expected(
        "ledger_book_mismatch", grain.item, grain.warehouse, business_date=plan.end, variance_units=-units, where=where
    )
    plan.sheet.add(plan.sheet.next_id("ledger_book_mismatch"), expected)


def plant_expired(plan: Plan) -> None:
    """A lot past its date that should have been scrapped still lies there, in every system."""
    rows = [
        row
        for row in plan.history.books.movements
        if row.doc_type == "报废单"
        and row.reason == "过期"
        and row.grain.status == AVAILABLE
        and plan.back(300) <= row.business_date <= plan.back(3)
    ]
    row = plan.choose(rows, lambda row: row.grain.item, lambda row: True)
    if row is None:
        return
    drop_movement(plan.history, row)
    shift_erp(plan.history, row.grain, -row.units, row.business_date)
    shift_shelf(plan.history, row.grain, -row.units, row.business_date)
    where = SnapshotRef("stock_on_hand", plan.end, row.grain)
    expected = Expected(
        "expired_stock", row.grain.item, row.grain.warehouse, business_date=row.expiry_date, where=where
    )
    plan.sheet.add(plan.sheet.next_id("expired_stock"), expected)


def _loss(plan: Plan, grain: Grain) -> int:
    """Units that go missing from a grain."""
    return max(5, int(plan.history.wms_snapshots[plan.end][grain].physical_units * SHRINK_SHARE))


def _steady_grain(plan: Plan, since: date, warehouse: int | None = None) -> Grain | None:
    """A grain without lots whose shelf always held enough from `since` on, so that later shipments stay possible."""
    views = [view for day, view in plan.history.wms_snapshots.items() if day >= since]

    def fits(grain: Grain) -> bool:
        loss = _loss(plan, grain)
        held = [view[grain].physical_units if grain in view else 0 for view in views]
        return loss >= 9 and min(held) >= loss + 3 and plan.is_quiet(grain.item, grain.warehouse, since)

    candidates = [
        grain
        for grain in sorted(plan.history.wms_snapshots[plan.end])
        if grain.lot_no == "" and grain.status == AVAILABLE and warehouse in (None, grain.warehouse)
    ]
    return plan.choose(candidates, lambda grain: grain.item, fits)
