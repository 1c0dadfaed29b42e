"""Walks through the lists of a system day by day and decides which are wrong as a whole.

Stages:
1. A list is expected to say what the book says, plus the differences that were there before (a difference that persists is
   explained once, where it began).
2. Where three or more cells differ from that, the hypotheses compete: each costs its own bits and the bits of what it leaves
   unexplained. The shortest wins if it saves at least `ACCEPT_BITS` against "these are single differences", and if the list is not
   as well explained by differences that have gone: back to the book, or to what was before the newest change.
3. The correction is applied to a copy and the list compared again: what is left is published beside what was there before.
4. A list that is wrong as a whole says nothing about stock: what was expected stays expected for the next list.
5. Three or more differences of a list that nothing explained, and that the next list takes back together, were the list's:
   a wrong list whose reason is not known (`unexplained_list`).

Drawback: a list that is wrong for a few lines only (fewer than three) is left to the explanations of single differences.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

import numpy as np

from assets.reconciliation import hypotheses
from assets.reconciliation.code_length import Mask, Units, differs, length_bits, surprise_bits
from assets.reconciliation.hypotheses import Hypothesis
from assets.reconciliation.lists import PlaceLists, SystemLists

# A list is accepted as wrong at odds of 1,000 to 1: one false alarm in at most 1,024 lists (see code_length), however many
# hypotheses were tried, since each pays for the choice.
ACCEPT_BITS = 10.0
# Fewer cells are no pattern: two items can part by the same accident.
LEAST_CELLS = 3
# A list that is wrong for no known reason is wrong in most of its lines; a few that come and go are differences of items
# (errors in a tenth of all lines of every list, drawn at random, November 2026: no list above a third).
MOST_OF_A_LIST = 0.5
MOST_DAYS_BETWEEN_LISTS = 7.0
# The winner must beat the best hypothesis of another cause by this much (odds of 8 to 1), or the cause stays open.
LEAD_BITS = 3.0


@dataclass(frozen=True)
class WrongList:
    """One list of one place that is wrong as a whole, with the hypothesis that explains it.

    `effect` is, per item, by how much the comparison changes because of it (listed - expected, base units, NaN where there
    is no cell); `gap_before` and `gap_after` are the sums of absolute differences without and with the correction.
    """

    place: PlaceLists
    position: int
    hypothesis: Hypothesis
    cause: str
    effect: Units
    saved_bits: float
    gap_before_units: float
    gap_after_units: float
    is_withdrawn: bool = False


@dataclass
class _Book:
    """What is carried from list to list: per place the differences that persist.

    `before` is what persisted before the newest list that agreed with the book or changed it, and that list's position.
    """

    offset: dict[str, Units]
    before: dict[str, tuple[Units, int]] = field(default_factory=dict)

    def accept(self, name: str, position: int, gap: Units) -> None:
        """The list is taken as it is: what it differs by persists from here on."""
        self.before[name] = self.offset[name], position
        moved = np.isfinite(gap) & differs(np.nan_to_num(gap))
        self.offset[name] = np.where(moved, self.offset[name] + np.nan_to_num(gap), self.offset[name])

    def agreed(self, name: str) -> int:
        """Position of the newest list that was taken as it is, -1 where there is none."""
        return self.before[name][1] if name in self.before else -1


def wrong_lists(system: SystemLists) -> list[WrongList]:
    """Every list of the system that one hypothesis explains better than single differences do.

    Args:
        system: the lists of one system and company, all places.

    Returns:
        Wrong lists in order of date and warehouse; `is_withdrawn` where a later list of the place agrees again.
    """
    if not _is_frequent(system):
        return []
    surprise = _surprise(system)
    width = len(system.item_ids)
    book = _Book({name: np.zeros(width) for name in system.places})
    found: list[WrongList] = []
    for day in system.days:
        present = {name: at for name, place in system.places.items() if (at := place.at(day)) is not None}
        expected = {
            name: system.places[name].expected[at] + np.nan_to_num(book.offset[name]) for name, at in present.items()
        }
        for name, at in present.items():
            place = system.places[name]
            taken_back = _taken_back(place, at, book, surprise)
            if taken_back is not None:
                found.append(taken_back)
                book.offset[name] = book.before[name][0]
                expected[name] = place.expected[at] + book.offset[name]
            gap = place.listed[at] - expected[name]
            right = _right_lists(place, at, book)
            wrong = _explain(place, at, gap, expected, right, surprise) if at else None
            if wrong is not None:
                found.append(wrong)
            else:
                book.accept(name, at, gap)
    found.sort(key=lambda wrong: (wrong.place.dates[wrong.position], wrong.place.warehouse_id))
    return [replace(wrong, is_withdrawn=book.agreed(wrong.place.warehouse_id) > wrong.position) for wrong in found]


def _right_lists(place: PlaceLists, position: int, book: _Book) -> list[Units]:
    """What a right list would say if the differences that persist were gone. Without this, one list that was taken as right and was
    not would make each later one a repetition of the list before it."""
    name = place.warehouse_id
    before = [book.before[name][0]] if name in book.before else []
    return [place.expected[position], *(place.expected[position] + np.nan_to_num(offset) for offset in before)]


def _taken_back(place: PlaceLists, position: int, book: _Book, surprise: float) -> WrongList | None:
    """The list before, where this one says again what was expected before it."""
    name = place.warehouse_id
    if name not in book.before or book.before[name][1] != position - 1 or position < 2:
        return None
    offset = book.before[name][0]
    effect = np.where(np.isfinite(place.listed[position - 1]), book.offset[name] - offset, np.nan)
    changed = int(differs(np.nan_to_num(effect)).sum())
    if changed < LEAST_CELLS or changed < MOST_OF_A_LIST * int(np.isfinite(effect).sum()):
        return None
    now = place.listed[position] - place.expected[position]
    cells = np.isfinite(now)
    kept = float(length_bits(np.nan_to_num(now - book.offset[name]), surprise)[cells].sum())
    left = np.nan_to_num(now - offset)
    saved = kept - float(length_bits(left, surprise)[cells].sum()) - hypotheses.PRIOR_BITS
    if saved < ACCEPT_BITS:
        return None
    gap_before = float(np.abs(np.nan_to_num(effect)).sum())
    return WrongList(
        place, position - 1, Hypothesis("unexplained_list", place.listed[position - 1], hypotheses.PRIOR_BITS),
        "unexplained_list", effect, saved, gap_before, float(np.abs(left[cells]).sum()),
    )  # fmt: skip


def _is_frequent(system: SystemLists) -> bool:
    """Lists come at least weekly. Between rarer ones too much moves for a list to be distinguished from its neighbours; where a period
    does not open as the last one closed, that is a break of continuity (US contraceptive supply data, 156 sites by month)."""
    days = np.array(system.days)
    return len(days) > 1 and float(np.median(np.diff(days).astype(np.int64))) <= MOST_DAYS_BETWEEN_LISTS


def _surprise(system: SystemLists) -> float:
    """Bits of a differing cell, from the median list of the system: lists that are wrong as a whole do not move it."""
    shares, cells = [], 0
    for place in system.places.values():
        gap = place.listed - place.expected
        steps = np.diff(gap, axis=0)
        known = np.isfinite(steps)
        changed = known & differs(np.nan_to_num(steps))
        usable = known.sum(axis=1) > 0
        shares.extend((changed.sum(axis=1)[usable] / known.sum(axis=1)[usable]).tolist())
        cells += int(known.sum())
    usual = float(np.median(shares)) if shares else 0.0
    return surprise_bits(round(usual * cells), cells)


def _explain(
    place: PlaceLists, position: int, gap: Units, expected_at: dict[str, Units], right: list[Units], surprise: float
) -> WrongList | None:
    cells = np.isfinite(gap)
    if int(differs(np.nan_to_num(gap))[cells].sum()) < LEAST_CELLS:
        return None
    plain = float(length_bits(np.nan_to_num(gap), surprise)[cells].sum())
    ranked = sorted(
        ((_bits(hypothesis, place.listed[position], cells, surprise), order, hypothesis)
         for order, hypothesis in enumerate(_hypotheses(place, position, expected_at))),
        key=lambda entry: entry[:2],
    )  # fmt: skip
    if not ranked or plain - ranked[0][0] < ACCEPT_BITS:
        return None
    bits, _, best = ranked[0]
    gone = (
        _bits(Hypothesis("", units, hypotheses.PRIOR_BITS), place.listed[position], cells, surprise) for units in right
    )
    if min(gone) - bits < LEAD_BITS:
        return None
    rival = next((other for other, _, hypothesis in ranked if hypothesis.cause != best.cause), np.inf)
    left = _left(best, place.listed[position], cells)
    return WrongList(
        place=place,
        position=position,
        hypothesis=best,
        cause=best.cause if rival - bits >= LEAD_BITS else "unexplained_list",
        effect=_effect(best, gap, place.is_reported[position]),
        saved_bits=plain - bits,
        gap_before_units=float(np.abs(gap[cells]).sum()),
        gap_after_units=float(np.abs(left[cells]).sum()),
    )


def _hypotheses(place: PlaceLists, position: int, expected_at: dict[str, Units]) -> Iterator[Hypothesis]:
    expected = expected_at[place.warehouse_id]
    yield from hypotheses.of_another_day(place, position)
    yield from hypotheses.of_another_place(place.warehouse_id, expected_at)
    yield from hypotheses.of_another_scale(place.listed[position], expected)
    yield from hypotheses.of_lost_figures(place.listed[position], expected)
    yield from hypotheses.of_lost_rows(expected, place.is_reported[position])
    yield from hypotheses.of_moved_lines(expected, place.source_row[position])


def _left(hypothesis: Hypothesis, listed: Units, cells: Mask) -> Units:
    """What the hypothesis leaves unexplained; a cell that it says nothing about stays as long as its whole figure."""
    return np.where(cells, np.nan_to_num(listed) - np.nan_to_num(hypothesis.predicted), 0.0)


def _bits(hypothesis: Hypothesis, listed: Units, cells: Mask, surprise: float) -> float:
    return hypothesis.cost_bits + float(length_bits(_left(hypothesis, listed, cells), surprise)[cells].sum())


def _effect(hypothesis: Hypothesis, gap: Units, is_reported: Mask) -> Units:
    """By how much each cell is off because the list is: all of it, but for rows that were lost only those rows."""
    if hypothesis.cause == "short_file":
        return np.where(is_reported, 0.0, gap)
    return gap
