"""What can be wrong with a whole list: each hypothesis predicts the listed figures in another way than the book does.

A hypothesis names no case: it says how the list came about (another day's list, another place's list, another scale, rows
lost, lines moved by one row). Whether it holds is decided by how much of the list it explains (`list_walk`).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import lgamma, log

import numpy as np

from assets.reconciliation.code_length import Units, differs
from assets.reconciliation.lists import PlaceLists

# One list in 256 is wrong as a whole: generous against what was seen (demo and field cases, November 2026: fewer), so that
# the prior never decides alone.
PRIOR_BITS = 8.0
# How far back a list of another day is looked for, in lists. The cost of the search, log2 of it, is paid by the hypothesis.
LISTS_BACK = 62
# Bits for naming a factor: a power of ten, a dozen, a pack size below a hundred (log2 of about 250 values).
FACTOR_BITS = 8.0
# A factor is read off at least this many lines that agree on it; two lines agree by chance on a small whole number.
FACTOR_LINES = 3
# A list that was cut lacks a good part of its lines. Two or three that are absent were sold out in a document that the ledger
# does not have (demo company, November 2026: 3 of 170 on the day without movements).
LOST_SHARE = 0.05


@dataclass(frozen=True)
class Hypothesis:
    """One explanation of a list: what it predicts, and what it costs.

    `predicted` has the listed figure of every item under the hypothesis (base units, NaN where it says nothing).
    """

    cause: str
    predicted: Units
    cost_bits: float
    other_date: np.datetime64 | None = None
    other_warehouse_id: str = ""
    factor: float | None = None


def of_another_day(place: PlaceLists, position: int) -> Iterator[Hypothesis]:
    """The list repeats one of the lists before it."""
    first = max(0, position - LISTS_BACK)
    cost = PRIOR_BITS + np.log2(max(1, position - first))
    for back in range(position - 1, first - 1, -1):
        yield Hypothesis("stale_snapshot", place.listed[back], cost, other_date=place.dates[back])


def of_another_place(here: str, expected_at: dict[str, Units]) -> Iterator[Hypothesis]:
    """The list holds the stock of another warehouse. `expected_at` has what each place should list on that day."""
    others = [place for place in expected_at if place != here]
    for place in sorted(others):
        predicted = np.nan_to_num(expected_at[place], nan=0.0)
        yield Hypothesis(
            "places_swapped", predicted, PRIOR_BITS + np.log2(len(others)), other_warehouse_id=place
        )  # fmt: skip


def of_another_scale(listed: Units, expected: Units) -> Iterator[Hypothesis]:
    """Every figure is the right one times the same factor (another unit, a sign, every row twice), or those of some rows are.

    Which rows of the list they are is paid for: log2 of the ways to choose them.
    """
    usable = (
        np.isfinite(listed) & np.isfinite(expected) & differs(np.nan_to_num(listed)) & differs(np.nan_to_num(expected))
    )
    if usable.sum() < FACTOR_LINES:
        return
    ratios = np.array([float(f"{ratio:.6g}") for ratio in listed[usable] / expected[usable]])
    values, counts = np.unique(ratios, return_counts=True)
    for factor, count in sorted(zip(values, counts, strict=True), key=lambda pair: (-pair[1], pair[0]))[:3]:
        if count >= FACTOR_LINES and factor != 1.0:
            cost, lines = PRIOR_BITS + FACTOR_BITS, int(usable.sum())
            yield Hypothesis("wrong_scale", expected * factor, cost, factor=float(factor))
            some = np.zeros(len(expected), dtype=bool)
            some[np.flatnonzero(usable)[ratios == factor]] = True
            which = np.log2(lines + 1.0) + _log2_ways(lines, int(count))
            yield Hypothesis(
                "wrong_scale", np.where(some, expected * factor, expected), cost + which, factor=float(factor)
            )


def _log2_ways(lines: int, chosen: int) -> float:
    """Bits that say which lines were chosen."""
    return (lgamma(lines + 1) - lgamma(chosen + 1) - lgamma(lines - chosen + 1)) / log(2)


def of_lost_figures(listed: Units, expected: Units) -> Iterator[Hypothesis]:
    """Every figure is zero: the column came empty."""
    known = np.isfinite(listed)
    if known.sum() >= FACTOR_LINES and not differs(np.nan_to_num(listed)).any():
        yield Hypothesis("figures_lost", np.where(known, 0.0, expected), PRIOR_BITS)


def of_lost_rows(expected: Units, is_reported: np.ndarray) -> Iterator[Hypothesis]:
    """Rows are missing from the list: what it does not name is not zero."""
    lost = ~is_reported & np.isfinite(expected) & differs(np.nan_to_num(expected))
    stocked = np.isfinite(expected) & differs(np.nan_to_num(expected))
    if is_reported.any() and lost.sum() >= LOST_SHARE * stocked.sum():
        predicted = np.where(lost, 0.0, expected)
        yield Hypothesis("short_file", predicted, PRIOR_BITS + np.log2(1.0 + float(np.isfinite(expected).sum())))


def of_moved_lines(expected: Units, source_row: np.ndarray) -> Iterator[Hypothesis]:
    """The figures are one line off against the items (a column sorted, or cut, by itself)."""
    order = np.flatnonzero(source_row > 0)
    order = order[np.argsort(source_row[order], kind="stable")]
    if len(order) < FACTOR_LINES:
        return
    for step in (1, -1):
        predicted = expected.copy()
        predicted[order] = np.roll(expected[order], step)
        yield Hypothesis("lines_moved", predicted, PRIOR_BITS + 1.0)
