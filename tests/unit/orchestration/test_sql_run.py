"""What becomes of the warehouse when a plan is executed, and when a part of it fails."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import duckdb
import pytest

from orchestration.sql_plan import PlanNode, in_order, waits_for
from orchestration.sql_run import NodeResult, run_nodes


def model(
    name: str, sql: str, *parents: str, columns: tuple[tuple[str, str], ...] = (), view: bool = False
) -> PlanNode:
    """A model `main.<name>` of the database `memory`."""
    kind = "view" if view else "table"
    return PlanNode(name, name, "model", (), f'"memory"."main"."{name}"', kind, sql, columns, parents)


def check(name: str, sql: str, *parents: str) -> PlanNode:
    return PlanNode(name, name, "test", (), "", "", sql, (), parents)


@pytest.fixture
def warehouse() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        yield connection


def run(warehouse: duckdb.DuckDBPyConnection, *nodes: PlanNode, project: Path = Path()) -> dict[str, NodeResult]:
    plan = in_order(nodes)
    return {result.name: result for result in run_nodes(warehouse, plan, waits_for(plan, plan), project)}


def test_a_failing_test_stops_what_stands_on_its_model_and_names_a_row(warehouse: duckdb.DuckDBPyConnection) -> None:
    done = run(
        warehouse,
        model("base", "select 7 as item, 1 as units"),
        check("base_is_even", "select item from base where units % 2 = 1", "base"),
        model("above", "select * from base", "base"),
        model("beside", "select 1 as a"),
    )
    assert {name: result.status for name, result in done.items()} == {
        "base": "success", "base_is_even": "fail", "above": "skipped", "beside": "success",
    }  # fmt: skip
    assert done["base_is_even"].failures == 1
    assert "item 7" in done["base_is_even"].message


def test_a_query_that_fails_leaves_what_stood_there(warehouse: duckdb.DuckDBPyConnection) -> None:
    run(warehouse, model("base", "select 1 as a"))
    done = run(warehouse, model("base", "select error('no') as a"), model("above", "select * from base", "base"))
    assert done["base"].status == "error" and "no" in done["base"].message
    assert done["above"].status == "skipped"
    assert warehouse.execute("select a from base").fetchall() == [(1,)]


@pytest.mark.parametrize(
    ("sql", "words"),
    [
        ("select 1::bigint as a, 'x' as b", "a BIGINT is not declared"),
        ("select 1 as a", "b VARCHAR is declared and missing"),
        ("select 'x' as b, 1 as a", "another order"),
        ("select 1 as a, 'x' as b, 2 as c", "c INTEGER is not declared"),
    ],
)
def test_a_broken_contract_is_an_error_and_changes_nothing(
    warehouse: duckdb.DuckDBPyConnection, sql: str, words: str
) -> None:
    good = model("base", "select 1 as a, 'x' as b", columns=(("a", "INTEGER"), ("b", "VARCHAR")))
    assert run(warehouse, good)["base"].is_good
    broken = run(warehouse, replace(good, sql=sql))["base"]
    assert broken.status == "error" and words in broken.message
    assert warehouse.execute("select * from base").fetchall() == [(1, "x")]


def test_a_model_may_become_a_table_where_it_was_a_view(warehouse: duckdb.DuckDBPyConnection) -> None:
    for view in (True, False, True):
        assert run(warehouse, model("base", "select 1 as a", view=view))["base"].is_good


def test_a_seed_is_read_with_its_types_and_empty_text_is_null(
    warehouse: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    (tmp_path / "rates.csv").write_text('code,words,rate\n007,"a, ""b""",0.5\n,,\n', encoding="utf-8")
    kinds = (("code", "VARCHAR"), ("words", "VARCHAR"), ("rate", "DOUBLE"))
    seed = PlanNode("rates", "rates", "seed", (), '"memory"."main"."rates"', "seed", "rates.csv", kinds, ())
    assert run(warehouse, seed, project=tmp_path)["rates"].is_good
    assert warehouse.execute("select * from rates").fetchall() == [("007", 'a, "b"', 0.5), (None, None, None)]
