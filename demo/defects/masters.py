"""Defects of the item master: codes that come to mean another thing between two exports."""

from __future__ import annotations

from demo.defects.plan import Plan
from demo.delivery import master_dates
from demo.extracts import Extract
from demo.findings import Expected, FileRef
from demo.layouts_erp import SHELF_STABLE, Renamed

NEW_NAMES = ("碳纤维登山杖", "护眼灯罩")


def choose_reused_codes(plan: Plan) -> Renamed:
    """Two codes without shelf life that get another name, category and unit in the last master."""
    catalogue = plan.history.catalogue
    renamed: Renamed = {}
    if len(master_dates(plan.history.settings)) < 2:
        return renamed
    candidates = [
        position
        for position, item in enumerate(catalogue.items)
        if not item.is_lot_tracked and item.pattern not in ("new", "dying")
    ]
    for name in NEW_NAMES:
        chosen = plan.choose(candidates, lambda position: position, lambda position: True)
        if chosen is None:
            continue
        old = catalogue.items[chosen].category
        others = [category for category in SHELF_STABLE if category.base_uom != old.base_uom]
        renamed[chosen] = name, others[int(plan.rng.integers(len(others)))]
    return renamed


def note_reused_codes(plan: Plan, extracts: list[Extract], renamed: Renamed) -> None:
    """Expect the codes at their row of the last master."""
    master = [file for file in extracts if file.layout.dataset == "item_master"][-1]
    for item, (name, category) in renamed.items():
        old = plan.history.catalogue.items[item]
        before = f"{old.name} ({old.category.name}, {old.category.base_uom})"
        note = f"{before} -> {name} ({category.name}, {category.base_uom})"
        where = FileRef(master, master.rows.index(item))
        expected = Expected("reused_code", item, business_date=master.extract_date, where=where, note=note)
        plan.sheet.add(plan.sheet.next_id("reused_code"), expected)
