"""Which nodes a selection means, in which order, and what waits for what: as `dbt build` does it."""

from __future__ import annotations

import pytest

from orchestration.sql_plan import PlanNode, choose, in_order, plan_text, read_plan, waits_for


def node(name: str, *parents: str, kind: str = "model", folder: str = "marts") -> PlanNode:
    """A node whose id is its name."""
    relation = "" if kind == "test" else f'"db"."{folder}"."{name}"'
    return PlanNode(
        name, name, kind, ("shop", folder, name), relation, "table", "select 1 as a", (("a", "INTEGER"),), parents
    )


PLAN = in_order(
    [
        node("b", "a", folder="intermediate"),
        node("a", folder="staging"),
        node("c", "b"),
        node("rates", kind="seed", folder="reconciliation"),
        node("a_grain", "a", kind="test", folder="staging"),
        node("b_covers_a", "a", "b", kind="test", folder="intermediate"),
        node("c_covers_rates", "c", "rates", kind="test"),
    ]
)


def names(nodes: list[PlanNode]) -> list[str]:
    return [found.name for found in nodes]


def test_each_stands_after_what_it_reads_and_a_test_directly_after_it() -> None:
    assert names(PLAN) == ["a", "a_grain", "b", "b_covers_a", "c", "rates", "c_covers_rates"]


def test_a_plan_is_read_back_as_it_was_written() -> None:
    assert read_plan(plan_text(PLAN)) == PLAN


@pytest.mark.parametrize(
    ("selectors", "expected"),
    [
        # the test of c against the seed needs a seed that is neither chosen nor read by c
        (["c"], ["c"]),
        (["fqn:shop.marts", "resource_type:seed"], ["c", "rates", "c_covers_rates"]),
        # b stands on a, so the test that compares them is buildable; the test of a alone is not b's business
        (["b"], ["b", "b_covers_a"]),
        (["+c,fqn:shop.intermediate"], ["b", "b_covers_a"]),
        (["fqn:shop.staging"], ["a", "a_grain"]),
        (["a_grain"], ["a_grain"]),
    ],
)
def test_selections(selectors: list[str], expected: list[str]) -> None:
    assert names(choose(PLAN, selectors)) == expected


def test_a_selection_that_finds_nothing_is_refused() -> None:
    """A misspelt model must not become a run that builds nothing and succeeds."""
    with pytest.raises(ValueError, match="no model, seed or test is called d"):
        choose(PLAN, ["a", "d"])


def test_a_model_waits_for_the_tests_of_all_above_it() -> None:
    waits = waits_for(PLAN, PLAN)
    assert waits["c"] == {"a", "b", "a_grain", "b_covers_a"}
    assert waits["b"] == {"a", "a_grain"}
    assert waits["b_covers_a"] == {"a", "b"}
    assert waits_for([PLAN[4]], PLAN) == {"c": frozenset()}
