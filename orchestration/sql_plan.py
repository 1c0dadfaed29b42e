"""What a run executes: dbt's models, seeds and data tests as compiled SQL, and which waits for which.

Belongs here: the nodes, how some of them are chosen, the order. Nothing here touches a database or imports dbt.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import reduce


@dataclass(frozen=True)
class PlanNode:
    """One model, seed or data test. `columns` (name, type) of a model with a contract; of a seed, how its file is read.

    `sql` is the query of a model or test, and the path of a seed's file in the project. `parents` are the nodes that it
    reads; `fqn` is dbt's path of it.
    """

    unique_id: str
    name: str
    kind: str
    fqn: tuple[str, ...]
    relation: str
    materialized: str
    sql: str
    columns: tuple[tuple[str, str], ...]
    parents: tuple[str, ...]


def plan_text(nodes: Iterable[PlanNode]) -> str:
    """A plan as JSON, read back by `read_plan`."""
    return json.dumps([asdict(node) for node in nodes], ensure_ascii=False)


def read_plan(text: str) -> list[PlanNode]:
    """The nodes of a plan in its order."""
    return [
        PlanNode(
            **{
                **node,
                "fqn": tuple(node["fqn"]),
                "parents": tuple(node["parents"]),
                "columns": tuple((name, kind) for name, kind in node["columns"]),
            }
        )
        for node in json.loads(text)
    ]


def in_order(nodes: Iterable[PlanNode]) -> list[PlanNode]:
    """Each node after what it reads; tests directly after the last model that they read, equals by name."""
    left = {node.unique_id: node for node in sorted(nodes, key=lambda node: (node.kind != "test", node.unique_id))}
    ordered: list[PlanNode] = []
    while left:
        ready = next(node for node in left.values() if not any(parent in left for parent in node.parents))
        ordered.append(left.pop(ready.unique_id))
    return ordered


def choose(nodes: Sequence[PlanNode], selectors: Iterable[str]) -> list[PlanNode]:
    """The nodes that dbt would build for these selectors, with every test whose models are chosen or stand above one.

    A selector is a name, `fqn:a.b`, `resource_type:seed`, one of these after `+` (with all that it reads), or several
    joined by commas (all must hold): the part of dbt's language that the product uses.

    Raises:
        ValueError: a selector finds nothing.
    """
    above = ancestors(nodes)
    chosen: set[str] = set()
    for selector in selectors:
        found = reduce(set.intersection, (_matching(nodes, part, above) for part in selector.split(",")))
        if not found:
            raise ValueError(f"no model, seed or test is called {selector}")
        chosen |= found
    tables = {node.unique_id for node in nodes if node.kind != "test"} & chosen
    known = tables.union(*(above[name] for name in tables))
    return [
        node
        for node in nodes
        if node.unique_id in chosen
        or (node.kind == "test" and tables.intersection(node.parents) and known.issuperset(node.parents))
    ]


def _matching(nodes: Sequence[PlanNode], selector: str, above: Mapping[str, frozenset[str]]) -> set[str]:
    bare = selector.removeprefix("+")
    method, _, value = bare.rpartition(":")
    wanted = tuple(value.split("."))
    found = {
        node.unique_id
        for node in nodes
        if (method == "fqn" and node.fqn[: len(wanted)] == wanted and node.kind != "test")
        or (method == "resource_type" and node.kind == value)
        or (not method and node.name == bare)
    }
    return found.union(*(above[name] for name in found)) if selector.startswith("+") else found


def ancestors(nodes: Iterable[PlanNode]) -> dict[str, frozenset[str]]:
    """All that each node reads, directly or not. `nodes` in order."""
    above: dict[str, frozenset[str]] = {}
    for node in nodes:
        known = [parent for parent in node.parents if parent in above]
        above[node.unique_id] = frozenset(known).union(*(above[parent] for parent in known))
    return above


def waits_for(nodes: Sequence[PlanNode], everything: Sequence[PlanNode]) -> dict[str, frozenset[str]]:
    """For each of `nodes`, those of them that must have succeeded before: what it reads, and the tests of all above it.

    As with `dbt build`, a model is not built on one whose test fails. `everything` is the plan in order.
    """
    above = ancestors(everything)
    chosen = {node.unique_id for node in nodes}
    tests = [node for node in nodes if node.kind == "test"]
    return {
        node.unique_id: frozenset(
            name
            for name in [
                *above[node.unique_id],
                *(_tests_of(tests, above[node.unique_id]) if node.kind != "test" else ()),
            ]
            if name in chosen
        )
        for node in nodes
    }


def _tests_of(tests: Sequence[PlanNode], tables: frozenset[str]) -> list[str]:
    return [test.unique_id for test in tests if tables.issuperset(test.parents)]
