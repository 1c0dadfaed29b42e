"""Defects of the delivery: files that come twice or never, rows that come twice. The systems behind them are right."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from demo.defects.plan import Plan
from demo.extracts import Extract
from demo.findings import Expected, FileRef


def files_of(extracts: list[Extract], dataset: str, first: date, last: date) -> list[Extract]:
    """Files of a dataset extracted between two days."""
    return [file for file in extracts if file.layout.dataset == dataset and first <= file.extract_date <= last]


def drop_missing_day(plan: Plan, extracts: list[Extract]) -> list[Extract]:
    """The stock ledger's file of one working day never arrives; balances, WMS, orders and shipments have that day."""
    day = plan.missing_day
    if day is None:
        return extracts
    defect_id = plan.sheet.next_id("missing_movement_day")
    main = Expected("missing_movement_day", business_date=day, note="whole file, all items")
    consequences = [
        Expected(
            "missing_movement_day",
            item,
            warehouse,
            business_date=day,
            is_required=False,
            note="moved on the missing day",
        )
        for item, warehouse in sorted(plan.missing_positions)
    ]
    plan.sheet.add(defect_id, main, *consequences, *_negative_without(plan, day))
    return [file for file in extracts if (file.layout.dataset, file.extract_date) != ("stock_movements", day)]


def _negative_without(plan: Plan, day: date) -> Iterator[Expected]:
    """Positions whose ledger goes below zero because the day's receipts are not in it."""
    for grain, units in plan.moved_on(day).items():
        below = next((moved for moved, left in plan.balances(grain) if moved > day and left - units < 0), None)
        if below:
            note = "only because the missing day is missing"
            yield Expected(
                "negative_stock", grain.item, grain.warehouse, business_date=below, is_required=False, note=note
            )


def send_twice(plan: Plan, extracts: list[Extract], dataset: str) -> list[Extract]:
    """A file of the daily window is sent again under another name, byte for byte the same."""
    files = [file for file in files_of(extracts, dataset, plan.back(9), plan.back(1)) if not file.spoiled]
    files = files or files_of(extracts, dataset, plan.history.settings.start_date, plan.end)
    original = files[int(plan.rng.integers(len(files)))]
    copy = Extract(original.layout, original.extract_date, original.rows, name_tail="_resend")
    expected = Expected("duplicate_file", business_date=original.extract_date, where=FileRef(copy), note=original.name)
    plan.sheet.add(plan.sheet.next_id("duplicate_file"), expected)
    return [*extracts, copy]


def repeat_row_in_file(plan: Plan, extracts: list[Extract], dataset: str) -> None:
    """The last row of a daily file is in it twice."""
    file = files_of(extracts, dataset, plan.back(9), plan.end)[-1]
    _append_again(plan, file, file.rows[-1])


def repeat_row_of_earlier_file(plan: Plan, extracts: list[Extract], dataset: str) -> None:
    """The first row of a daily file comes again in the next one."""
    before, file = files_of(extracts, dataset, plan.back(40), plan.end)[-2:]
    _append_again(plan, file, before.rows[0])


def _append_again(plan: Plan, file: Extract, row: object) -> None:
    file.rows.append(row)
    where = FileRef(file, len(file.rows) - 1)
    expected = Expected("duplicate_row", business_date=file.extract_date, where=where)
    plan.sheet.add(plan.sheet.next_id("duplicate_row"), expected)
