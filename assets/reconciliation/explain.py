"""From comparison rows to explained cells: which differences come from a list that is wrong as a whole."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from assets.reconciliation.list_walk import WrongList, wrong_lists
from assets.reconciliation.lists import SystemLists, arrange

LEDGER_BOOK, BOOK_WMS = "ledger_book", "book_wms"
# variance = ledger - book and variance = physical - book: the list is the subtrahend in one and the minuend in the other.
SIGN = {LEDGER_BOOK: -1.0, BOOK_WMS: 1.0}

COLUMNS = (
    "explanation_id", "cause", "comparison", "list_system", "company_code", "item_id", "warehouse_id", "list_date",
    "effect_units", "other_date", "other_warehouse_id", "factor", "source_file", "saved_bits", "gap_before_units",
    "gap_after_units", "is_withdrawn",
)  # fmt: skip


@dataclass(frozen=True)
class _Explanation:
    """One cause: a wrong list of one place, or the lists of one day that are wrong in the same way."""

    explanation_id: str
    system: SystemLists
    lists: tuple[WrongList, ...]


def explained_cells(ledger_book: pd.DataFrame, book_wms: pd.DataFrame) -> pd.DataFrame:
    """Cells of the comparisons that a wrong list explains.

    Args:
        ledger_book: rows of `rec_ledger_book` with `lists.COLUMNS` (the ERP's list; expected = ledger).
        book_wms: rows of `rec_book_wms` with `lists.COLUMNS` and `is_erp_book` (the book of that day is the ERP's list).

    Returns:
        One row per comparison, item, warehouse and list date with `COLUMNS`. `effect_units` is the part of that row's
        `variance_units` that comes from the list (base units): subtract it to compare again. Ordered by these keys.
    """
    found: list[_Explanation] = []
    for system in arrange(LEDGER_BOOK, ledger_book):
        found += _grouped(system, wrong_lists(system))
    wrong_books = {
        (item, wrong.place.warehouse_id, wrong.place.dates[wrong.position]): effect
        for explanation in found
        for wrong in explanation.lists
        for item, effect in _effects(explanation.system, wrong)
    }
    for system in arrange(BOOK_WMS, _with_corrected_book(book_wms, wrong_books)):
        found += _grouped(system, wrong_lists(system))
    rows = [row for explanation in found for row in _rows(explanation, book_wms)]
    table = pd.DataFrame(rows, columns=list(COLUMNS))
    return table.sort_values(["comparison", "item_id", "warehouse_id", "list_date", "list_system"], ignore_index=True)


def _with_corrected_book(cells: pd.DataFrame, wrong_books: dict[tuple[str, str, np.datetime64], float]) -> pd.DataFrame:
    """The WMS is compared with the ERP's list: where that is wrong, with what it should have said."""
    if not wrong_books or cells.empty:
        return cells
    days = cells["list_date"].to_numpy(dtype="datetime64[D]")
    keys = zip(cells["item_id"], cells["warehouse_id"], days, strict=True)
    effect = np.array([wrong_books.get(key, 0.0) for key in keys])
    corrected = cells["expected_units"].to_numpy(dtype=np.float64) - np.where(cells["is_erp_book"], effect, 0.0)
    return cells.assign(expected_units=corrected)


def _grouped(system: SystemLists, lists: Sequence[WrongList]) -> list[_Explanation]:
    """Lists that are wrong in the same way on the same day are one cause: one export, one mistake."""
    groups: dict[tuple[str, ...], list[WrongList]] = {}
    for wrong in lists:
        groups.setdefault(_key(system, wrong), []).append(wrong)
    return [
        _Explanation(hashlib.sha256("|".join(key).encode()).hexdigest()[:16], system, tuple(members))
        for key, members in groups.items()
    ]


def _key(system: SystemLists, wrong: WrongList) -> tuple[str, ...]:
    """What makes two wrong lists one cause. Of a swap, the pair of places in a fixed order."""
    pair = ""
    if wrong.cause == "places_swapped":
        pair = "|".join(sorted((wrong.place.warehouse_id, wrong.hypothesis.other_warehouse_id)))
    day = str(wrong.place.dates[wrong.position])
    other = str(wrong.hypothesis.other_date or "")
    return system.comparison, system.company_code, day, wrong.cause, other, pair, str(wrong.hypothesis.factor or "")


def _effects(system: SystemLists, wrong: WrongList) -> list[tuple[str, float]]:
    """Items of a wrong list with listed - expected, where that is not zero."""
    known = np.flatnonzero(np.isfinite(wrong.effect) & (wrong.effect != 0))
    return [(system.item_ids[column], float(wrong.effect[column])) for column in known]


def _rows(explanation: _Explanation, book_wms: pd.DataFrame) -> list[tuple]:
    comparison = explanation.system.comparison
    rows = []
    for wrong in explanation.lists:
        day = wrong.place.dates[wrong.position]
        for item, effect in _effects(explanation.system, wrong):
            rows.append(_row(explanation, wrong, comparison, item, SIGN[comparison] * effect))
        if comparison == LEDGER_BOOK:
            rows += _followers(explanation, wrong, day, book_wms)
    return rows


def _followers(explanation: _Explanation, wrong: WrongList, day: np.datetime64, book_wms: pd.DataFrame) -> list[tuple]:
    """The same list in the other comparison, where it is the book: the difference shows there with the opposite sign."""
    if book_wms.empty:
        return []
    effects = dict(_effects(explanation.system, wrong))
    same = (
        (book_wms["warehouse_id"] == wrong.place.warehouse_id)
        & (book_wms["list_date"].to_numpy(dtype="datetime64[D]") == day)
        & book_wms["is_erp_book"]
    )
    items = [item for item in book_wms.loc[same, "item_id"] if item in effects]
    return [_row(explanation, wrong, BOOK_WMS, item, -effects[item]) for item in items]


def _row(explanation: _Explanation, wrong: WrongList, comparison: str, item: str, effect: float) -> tuple:
    lists = explanation.lists
    hypothesis = wrong.hypothesis
    return (
        explanation.explanation_id,
        wrong.cause,
        comparison,
        "ERP" if explanation.system.comparison == LEDGER_BOOK else "WMS",
        explanation.system.company_code,
        item,
        wrong.place.warehouse_id,
        wrong.place.dates[wrong.position].astype("datetime64[s]").item().date(),
        round(effect, 6),
        None if hypothesis.other_date is None else hypothesis.other_date.astype("datetime64[s]").item().date(),
        hypothesis.other_warehouse_id or None,
        hypothesis.factor,
        wrong.place.files[wrong.position] or None,
        round(sum(each.saved_bits for each in lists), 3),
        round(sum(each.gap_before_units for each in lists), 6),
        round(sum(each.gap_after_units for each in lists), 6),
        all(each.is_withdrawn for each in lists),
    )
