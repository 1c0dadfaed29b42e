"""Cases that users reported as not recognised: each is named by its cause, once, and nothing beside it is critical.

Several cases share a world, as long as they spoil different files. The worlds are the benchmark's (`drawn_faults`), its operations
spoil the files; which rows and by how much is drawn with the seed of the world.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

from benchmarks import drawn_faults, fault_grammar
from benchmarks.companies import configure_demo
from benchmarks.fault_tables import Draw, Fault
from demo.settings import DEFAULT_END

pytestmark = pytest.mark.slow

# What was reported, the operation that brings it about, and the causes that name it.
CASES: dict[str, tuple[Callable[[Draw], Fault], tuple[str, ...]]] = {
    "a quantity typed wrong": (fault_grammar.typed_wrong, ("quantity_mismatch", "ledger_book_mismatch", "shrink", "surplus")),
    "movements sent again with new internal ids": (fault_grammar.file_with_new_numbers, ("reissued_file",)),
    "shipments sent again with three rows changed": (fault_grammar.content_changed, ("changed_document",)),
    "a list with two warehouses swapped": (fault_grammar.places_swapped, ("places_swapped",)),
    "a list of another day under today's date": (fault_grammar.list_of_another_day, ("stale_snapshot",)),
    "documents after an hour dated the next day": (fault_grammar.shifted_after_an_hour, ("date_shift", "future_document")),
    "a file cut at a row": (fault_grammar.cut_off, ("short_file", "missing_place", "missing_movement_day")),
    "a warehouse missing from a list": (fault_grammar.place_left_out, ("missing_place", "short_file")),
    "a column in another scale": (fault_grammar.other_scale, ("wrong_scale", "cost_jump", "quantity_outlier")),
    "quantity and price swapped": (fault_grammar.columns_swapped, ("columns_swapped",)),
    "a parameter of the master": (fault_grammar.master_parameter, ("master_change",)),
    "day and month swapped": (fault_grammar.day_and_month, ("date_order",)),
    "rows with the other sign": (fault_grammar.sign_changed, ("sign_flip", "wrong_scale", "quarantined_row")),
    "documents dated tomorrow": (fault_grammar.dated_tomorrow, ("future_document",)),
    "items missing from the newest master": (fault_grammar.master_rows_lost, ("missing_master_row",)),
    "a figure that no other row has": (fault_grammar.odd_value, ("implausible_value",)),
}  # fmt: skip
# Three: the two cases of the master are in different worlds, since each changes the newest one.
WORLDS = 3


@dataclass
class Found:
    """The fault of a case, what was found near it, and all that its world has and the clean company has not."""

    fault: Fault
    near: list[dict[str, Any]]
    fresh: list[dict[str, Any]]


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Found]:
    folder = tmp_path_factory.mktemp("reported")
    clean = folder / "clean"
    drawn_faults.prepare(clean, 7, 60, 150)
    known = {finding["finding_id"] for finding in drawn_faults.examined(configure_demo(clean))[0]}
    result: dict[str, Found] = {}
    for number in range(WORLDS):
        world = folder / f"world{number}"
        drawn_faults.copy(clean, world)
        draw = Draw(np.random.default_rng(100 + number), world / "demo" / "inbox", DEFAULT_END)
        faults = {name: _spoil(draw, CASES[name][0]) for name in list(CASES)[number::WORLDS]}
        drawn_faults.forget_changed(clean, world)
        fresh = [one for one in drawn_faults.examined(configure_demo(world))[0] if one["finding_id"] not in known]
        for name, fault in faults.items():
            result[name] = Found(fault, [one for one in fresh if drawn_faults.is_near(fault, one)], fresh)
    return result


def _spoil(draw: Draw, operation: Callable[[Draw], Fault]) -> Fault:
    """The operation on the first drawn place that has room for it."""
    for _ in range(50):
        try:
            return operation(draw)
        except (LookupError, StopIteration):
            continue
    raise AssertionError(f"{operation.__name__} finds no place")


@pytest.mark.parametrize("case", CASES)
def test_the_cause_is_named(found: dict[str, Found], case: str) -> None:
    rules = {one["rule_id"] for one in found[case].near}
    assert rules & set(CASES[case][1]), f"{found[case].fault.what}: {sorted(rules)}"


def test_no_other_cause_is_named(found: dict[str, Found]) -> None:
    """A wrong cause is the worst answer: whatever is critical or a warning is the cause of some case, or its symptom."""
    accepted = {rule for _, rules in CASES.values() for rule in rules} | drawn_faults.SYMPTOMS
    others = {
        (one["rule_id"], one["explanation"])
        for case in found.values()
        for one in case.fresh
        if one["severity"] != "info" and one["rule_id"] not in accepted
    }
    assert not others


@pytest.mark.parametrize("case", ["a list with two warehouses swapped", "a list of another day under today's date"])
def test_a_list_that_a_later_one_corrects_is_information(found: dict[str, Found], case: str) -> None:
    named = [one for one in found[case].near if one["rule_id"] in CASES[case][1]]
    assert {one["severity"] for one in named} == {"info"} and not any(one["variance_value"] for one in named)


def test_the_second_copy_of_a_file_is_in_no_figure(found: dict[str, Found]) -> None:
    """One finding for the file; the stock is what it was, so that nothing else differs."""
    near = found["movements sent again with new internal ids"].near
    assert [one["rule_id"] for one in near if one["severity"] != "info"] == ["reissued_file"]
