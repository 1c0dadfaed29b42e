"""Faults on the shelf, on count sheets and in the WMS's list: what the ERP posted is right."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

from demo.calendar_cn import is_working
from demo.defects.amend import shift_shelf
from demo.defects.physical import _steady_grain
from demo.defects.plan import Plan
from demo.findings import Expected
from demo.records import CountLine, Grain, ShelfRow
from demo.stock import AVAILABLE, DEFECTIVE


def _note(plan: Plan, rule: str, grain: Grain, day: date, doc_no: str = "") -> None:
    plan.sheet.add(plan.sheet.next_id(rule), Expected(rule, grain.item, grain.warehouse, doc_no, day))


def surplus(plan: Plan) -> None:
    """Goods lie there that no document knows."""
    since = plan.back(4)
    grain = _steady_grain(plan, since)
    if grain is not None:
        shift_shelf(plan.history, grain, 13, since)
        _note(plan, "surplus", grain, plan.end)


def mixed_up_on_the_shelf(plan: Plan) -> None:
    """Picked from the wrong place: one item has too little, another as much too much."""
    since = plan.back(5)
    short, over = _steady_grain(plan, since), _steady_grain(plan, since)
    if short is not None and over is not None:
        shift_shelf(plan.history, short, -9, since)
        shift_shelf(plan.history, over, 9, since)
        _note(plan, "shrink", short, plan.end)


def blocked_in_the_wms_only(plan: Plan) -> None:
    """The WMS put damaged goods aside; the ERP still sells them."""
    since = plan.back(4)
    grain = _steady_grain(plan, since)
    if grain is None:
        return
    damaged = grain._replace(status=DEFECTIVE)
    for day, view in plan.history.wms_snapshots.items():
        if day >= since:
            view[grain].physical_units -= 5
            view.setdefault(damaged, ShelfRow(0)).physical_units += 5
    _note(plan, "wrong_status", grain, plan.end)


def listed_in_packs(plan: Plan) -> None:
    """The WMS's last list gives one item in boxes."""
    view = plan.history.wms_snapshots[plan.end]
    items = plan.history.catalogue.items

    def fits(grain: Grain) -> bool:
        row, pack = view[grain], items[grain.item].pack_units
        is_plain = not (row.received_not_posted_units or row.picked_not_shipped_units)
        alone = sum(1 for other in view if other[:2] == grain[:2]) == 1
        whole = row.physical_units > pack and row.physical_units % pack == 0
        return pack > 2 and is_plain and alone and whole and plan.is_quiet(*grain[:2], plan.back(2))

    candidates = [grain for grain in sorted(view) if grain.lot_no == "" and grain.status == AVAILABLE]
    grain = plan.choose(candidates, lambda grain: grain.item, fits)
    if grain is not None:
        view[grain].physical_units //= items[grain.item].pack_units
        _note(plan, "unit_of_measure_mix", grain, plan.end)


def _miscount(rule: str, counted: Callable[[Plan, Grain, int], int | None]):
    """A line on a count sheet that is wrong and waits for approval; the shelf is right."""

    def plant(plan: Plan) -> None:
        documents: dict[tuple[date, int], CountLine] = {}
        for line in plan.history.books.counts:
            if plan.back(20) <= line.count_date <= plan.back(1) and is_working(line.count_date):
                documents[line.count_date, line.grain.warehouse] = line
        for (day, warehouse), last in sorted(documents.items(), reverse=True):
            grains = [
                grain for grain in sorted(plan.history.erp_snapshots[day])
                if grain.warehouse == warehouse and grain.lot_no == "" and grain.status == AVAILABLE
            ]  # fmt: skip

            def book(grain: Grain, day: date = day) -> int:
                return plan.balance_before(grain, day) + plan.flows(grain).get(day, 0)

            def fits(grain: Grain, day: date = day) -> bool:
                return (
                    plan.is_quiet(*grain[:2], day)
                    and not plan.flows(grain).get(day)
                    and counted(plan, grain, book(grain)) is not None
                )

            grain = plan.choose(grains, lambda grain: grain.item, fits)
            if grain is None:
                continue
            found = counted(plan, grain, book(grain))
            line = CountLine(
                last.count_no, last.line_id + 60 + len(plan.sheet.entries), day, last.frozen_at, grain, book(grain), 0, 0,
                found, last.counted_by, reason="待查", doc_status="待审批",
            )  # fmt: skip
            plan.history.books.counts.append(line)
            plan.history.books.counts.sort(key=lambda other: other.count_date)
            _note(plan, rule, grain, day, last.count_no)
            return

    return plant


def _in_packs(plan: Plan, grain: Grain, book: int) -> int | None:
    pack = plan.history.catalogue.items[grain.item].pack_units
    return book // pack if pack > 2 and book > pack and book % pack == 0 else None


count_in_packs = _miscount("unit_of_measure_mix", _in_packs)
zero_for_not_counted = _miscount("shrink", lambda plan, grain, book: 0 if book >= 8 else None)
count_too_high = _miscount("surplus", lambda plan, grain, book: book + 11 if book >= 8 else None)
