"""Lists that are wrong as a whole: one explanation each, no explanation for lists that differ by accident."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from assets.reconciliation.explain import explained_cells
from assets.reconciliation.list_walk import ACCEPT_BITS

ITEMS, DAYS, PLACES = 40, 30, ("C/01", "C/02", "C/03")
EMPTY = pd.DataFrame(
    columns=["company_code", "item_id", "warehouse_id", "list_date", "listed_units", "expected_units", "is_reported",
             "source_file", "source_row", "is_erp_book"]
)  # fmt: skip


def _book(seed: int) -> dict[str, np.ndarray]:
    """Stock by place: days x items, about every fourth item moves on a day."""
    rng = np.random.default_rng(seed)
    moves = {place: rng.integers(-6, 7, (DAYS, ITEMS)) * (rng.random((DAYS, ITEMS)) < 0.25) for place in PLACES}
    return {place: 120 + rng.integers(0, 80, ITEMS) + np.cumsum(moves[place], axis=0) for place in PLACES}


def _cells(
    book: dict[str, np.ndarray], listed: dict[str, np.ndarray], reported: np.ndarray | None = None
) -> pd.DataFrame:
    days = pd.date_range("2026-05-01", periods=DAYS).date
    rows = [
        ("C", f"C/I{item:03d}", place, days[day], float(listed[place][day, item]), float(book[place][day, item]),
         True if reported is None else bool(reported[day, item]), f"{place[2:]}_{days[day]:%Y%m%d}.csv", item + 2, True)
        for place in book for day in range(DAYS) for item in range(ITEMS)
    ]  # fmt: skip
    return pd.DataFrame(rows, columns=EMPTY.columns)


def _explain(book: dict[str, np.ndarray], listed: dict[str, np.ndarray], **more: np.ndarray) -> pd.DataFrame:
    return explained_cells(EMPTY, _cells(book, listed, **more))


def _spoil(book: dict[str, np.ndarray], place: str, day: int, values: np.ndarray) -> dict[str, np.ndarray]:
    listed = {name: values_of.astype(float) for name, values_of in book.items()}
    listed[place][day] = values
    return listed


def test_two_places_swapped_are_one_cause_with_nothing_left() -> None:
    book = _book(1)
    listed = _spoil(book, "C/01", 20, book["C/02"][20])
    listed["C/02"][20] = book["C/01"][20]
    found = _explain(book, listed)
    assert found["explanation_id"].nunique() == 1 and set(found["cause"]) == {"places_swapped"}
    assert set(found["warehouse_id"]) == {"C/01", "C/02"} and found["gap_after_units"].max() == 0
    assert found["is_withdrawn"].all(), "the lists of the next day agree"


@pytest.mark.parametrize("back", [1, 7, 19])
def test_a_list_of_another_day_names_that_day(back: int) -> None:
    book = _book(2)
    found = _explain(book, _spoil(book, "C/02", 22, book["C/02"][22 - back]))
    assert set(found["cause"]) == {"stale_snapshot"}
    assert {str(day) for day in found["other_date"]} == {
        str(pd.date_range("2026-05-01", periods=DAYS)[22 - back].date())
    }


@pytest.mark.parametrize("factor", [-1.0, 2.0, 0.0001, 12.0])
def test_a_list_in_another_scale_names_the_factor(factor: float) -> None:
    book = _book(3)
    found = _explain(book, _spoil(book, "C/03", 15, book["C/03"][15] * factor))
    assert set(found["cause"]) == {"wrong_scale"} and set(found["factor"]) == {factor}


@pytest.mark.parametrize("share", [0.3, 0.6, 0.9])
@pytest.mark.parametrize("factor", [-1.0, 12.0])
def test_some_lines_in_another_scale_are_that_list_and_no_later_one(share: float, factor: float) -> None:
    """A list that was taken as right made every later one a repetition of the list before it."""
    book = _book(3)
    some = np.random.default_rng(4).random(ITEMS) < share
    found = _explain(book, _spoil(book, "C/03", 15, np.where(some, factor, 1.0) * book["C/03"][15]))
    assert set(found["cause"]) == {"wrong_scale"} and set(found["factor"]) == {factor}
    assert len(set(found["list_date"])) == 1 and len(found) == some.sum()


@pytest.mark.parametrize("lines", [5, 12, 19])
def test_differences_that_go_together_blame_no_later_list(lines: int) -> None:
    """Fewer lines than most of the list, for no known reason: later lists are right, whatever is known of this one."""
    book = _book(5)
    odd = book["C/01"][12] + np.where(np.arange(ITEMS) < lines, np.random.default_rng(2).integers(20, 90, ITEMS), 0)
    found = _explain(book, _spoil(book, "C/01", 12, odd))
    assert set(found["list_date"].astype(str)) <= {"2026-05-13"}


def test_a_list_of_zeros_is_a_list_without_figures() -> None:
    book = _book(3)
    found = _explain(book, _spoil(book, "C/03", 15, book["C/03"][15] * 0))
    assert set(found["cause"]) == {"figures_lost"} and len(set(found["list_date"])) == 1


def test_a_list_that_nothing_explains_is_known_once_the_next_one_agrees() -> None:
    book = _book(11)
    noise = np.random.default_rng(1).integers(1, 90, ITEMS)
    last = DAYS - 1
    assert _explain(book, _spoil(book, "C/01", last, noise)).empty, "nothing proves yet that it is the list"
    found = _explain(book, _spoil(book, "C/01", last - 1, noise))
    assert set(found["cause"]) == {"unexplained_list"} and found["is_withdrawn"].all()
    assert len(set(found["list_date"])) == 1


def test_rows_that_are_missing_are_missing_not_zero() -> None:
    book = _book(4)
    reported = np.ones((DAYS, ITEMS), dtype=bool)
    reported[18, 25:] = False
    listed = {place: np.where(reported, units, 0) for place, units in book.items()}
    found = _explain(book, listed, reported=reported)
    assert set(found["cause"]) == {"short_file"} and len(found) == len(PLACES) * 15


def test_a_column_moved_by_one_line() -> None:
    book = _book(5)
    found = _explain(book, _spoil(book, "C/01", 12, np.roll(book["C/01"][12], 1)))
    assert set(found["cause"]) == {"lines_moved"}


def test_a_list_that_is_wrong_on_the_newest_day_is_not_withdrawn() -> None:
    book = _book(6)
    found = _explain(book, _spoil(book, "C/01", DAYS - 1, book["C/01"][DAYS - 8]))
    assert set(found["cause"]) == {"stale_snapshot"} and not found["is_withdrawn"].any()


def test_differences_of_single_items_are_no_wrong_list() -> None:
    """Shrink of ten items on one day: nothing about the list explains it, and it persists."""
    book = _book(7)
    listed = {place: units.copy() for place, units in book.items()}
    listed["C/01"][15:, :10] -= np.arange(1, 11)
    assert _explain(book, listed).empty


def test_false_alarms_stay_below_the_stated_rate() -> None:
    """Lists with independent errors in a tenth of their lines: fewer than one in 2**ACCEPT_BITS is called wrong as a whole."""
    rng = np.random.default_rng(8)
    wrong = lists = 0
    for seed in range(12):
        book = _book(100 + seed)
        listed = {
            place: units + rng.integers(-4, 5, units.shape) * (rng.random(units.shape) < 0.1)
            for place, units in book.items()
        }
        found = _explain(book, listed)
        wrong += found.drop_duplicates(["explanation_id"]).shape[0]
        lists += DAYS * len(PLACES)
    assert wrong <= max(1, lists / 2**ACCEPT_BITS), f"{wrong} of {lists} lists"


def test_the_wms_is_not_blamed_for_a_wrong_erp_list() -> None:
    """Stale ERP list, right WMS list: both comparisons part, the ERP's list is the one cause of both."""
    book = _book(9)
    erp = _spoil(book, "C/02", 21, book["C/02"][14])
    found = explained_cells(_cells(book, erp), _cells(erp, book))
    assert found["explanation_id"].nunique() == 1 and set(found["list_system"]) == {"ERP"}
    assert set(found["comparison"]) == {"ledger_book", "book_wms"}
    sums = found.groupby("comparison")["effect_units"].sum()
    assert sums["ledger_book"] == sums["book_wms"] != 0


def test_the_same_rows_in_another_order_give_the_same_table() -> None:
    book = _book(10)
    cells = _cells(book, _spoil(book, "C/02", 22, book["C/02"][15]))
    shuffled = cells.sample(frac=1.0, random_state=1)
    pd.testing.assert_frame_equal(explained_cells(EMPTY, cells), explained_cells(EMPTY, shuffled))
