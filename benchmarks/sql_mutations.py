"""Small faults in a query, by sqlglot: which there are, and the query with one of them. Pure.

mutmut mutates Python alone; of its operators these are the counterparts in SQL, and those that only SQL has: kinds of joins, conditions
of a join or a filter left out, another aggregate, a default left out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from sqlglot import exp

_SWAPPED: dict[type[exp.Expr], type[exp.Expr]] = {
    exp.EQ: exp.NEQ, exp.NEQ: exp.EQ, exp.LT: exp.LTE, exp.LTE: exp.LT, exp.GT: exp.GTE, exp.GTE: exp.GT,
    exp.Add: exp.Sub, exp.Sub: exp.Add, exp.Mul: exp.Div, exp.Div: exp.Mul, exp.And: exp.Or, exp.Or: exp.And,
    exp.Least: exp.Greatest, exp.Greatest: exp.Least,
}  # fmt: skip
_AGGREGATES: dict[type[exp.Expr], type[exp.Expr]] = {
    exp.Sum: exp.Max, exp.Max: exp.Min, exp.Min: exp.Max, exp.Avg: exp.Max,
    exp.LogicalOr: exp.LogicalAnd, exp.LogicalAnd: exp.LogicalOr,
}  # fmt: skip


@dataclass(frozen=True)
class Fault:
    """One fault: the place in the walk of the query, and what is done there."""

    place: int
    name: str
    shown: str


def faults(query: exp.Expr) -> list[Fault]:
    """All faults of a query, in the order of its text."""
    found = []
    for place, node in enumerate(query.walk()):
        for name in _possible(node):
            shown = node.sql("duckdb")
            found.append(Fault(place, name, shown if len(shown) <= 160 else shown[:157] + "..."))
    return found


def with_fault(query: exp.Expr, fault: Fault) -> exp.Expr:
    """A copy of the query with one fault."""
    changed = query.copy()
    node = next(node for place, node in enumerate(changed.walk()) if place == fault.place)
    _CHANGES[fault.name](node)
    return changed


def _possible(node: exp.Expr) -> Iterator[str]:
    kind = type(node)
    if kind in _SWAPPED:
        yield "operator"
    if kind in _AGGREGATES:
        yield "aggregate"
    if isinstance(node, exp.Join):
        yield from ("join to inner",) if node.side else ("join to left",) if node.args.get("on") else ()
    if isinstance(node, (exp.Where, exp.Having, exp.Qualify)) or (isinstance(node, exp.Join) and node.args.get("on")):
        parts = list(_conjuncts(_condition(node)))
        if isinstance(node, exp.Join) and len(parts) == 1:
            return
        for number in range(min(len(parts), 9)):
            yield f"condition {number + 1} left out"
    if isinstance(node, exp.Coalesce) and node.expressions:
        yield "default left out"
    if isinstance(node, exp.Case) and len(node.args["ifs"]) > 0:
        yield "first case left out"
    if isinstance(node, exp.Filter):
        yield "filter left out"
    if isinstance(node, exp.Not):
        yield "not left out"
    if isinstance(node, exp.Nullif):
        yield "nullif left out"
    if isinstance(node, exp.Boolean):
        yield "other boolean"
    if (
        isinstance(node, exp.Literal)
        and not node.is_string
        and not isinstance(node.parent, (exp.DataTypeParam, exp.Limit))
    ):
        yield "number plus 1"
    if (
        isinstance(node, exp.Ordered)
        and isinstance(node.parent, exp.Order)
        and isinstance(node.parent.parent, exp.Window)
    ):
        yield "other order"
    if isinstance(node, exp.Union):
        yield "union to union all" if node.args.get("distinct") else "union all to union"


def _condition(node: exp.Expr) -> exp.Expr:
    found = node.args["on"] if isinstance(node, exp.Join) else node.this
    assert isinstance(found, exp.Expr)
    return found


def _conjuncts(condition: exp.Expr) -> Iterator[exp.Expr]:
    yield from condition.flatten() if isinstance(condition, exp.And) else (condition,)


def _operator(node: exp.Expr) -> None:
    kind = _SWAPPED[type(node)]
    other = kind(**{key: value for key, value in node.args.items() if key in kind.arg_types})
    if isinstance(other, exp.Binary) and isinstance(node.parent, (exp.Binary, exp.Not, exp.Neg)):
        other = exp.Paren(this=other)
    node.replace(other)


def _aggregate(node: exp.Expr) -> None:
    node.replace(_AGGREGATES[type(node)](this=node.this))


def _join(side: str) -> Callable[[exp.Expr], None]:
    def change(node: exp.Expr) -> None:
        node.set("side", side or None)
        node.set("kind", None)

    return change


def _condition_left_out(number: int) -> Callable[[exp.Expr], None]:
    def change(node: exp.Expr) -> None:
        parts = [one.copy() for place, one in enumerate(_conjuncts(_condition(node))) if place != number]
        kept = exp.and_(*parts) if parts else exp.true()
        node.set("on" if isinstance(node, exp.Join) else "this", kept)

    return change


def _first_case_left_out(node: exp.Expr) -> None:
    rest = node.args["ifs"][1:]
    node.replace(
        exp.Case(this=node.this, ifs=rest, default=node.args.get("default"))
        if rest
        else node.args.get("default") or exp.null()
    )


def _other_order(node: exp.Expr) -> None:
    node.set("desc", not node.args.get("desc"))


_CHANGES: dict[str, Callable[[exp.Expr], object]] = {
    "operator": _operator,
    "aggregate": _aggregate,
    "join to inner": _join(""),
    "join to left": _join("LEFT"),
    "default left out": lambda node: node.replace(node.this),
    "first case left out": _first_case_left_out,
    "filter left out": lambda node: node.replace(node.this),
    "not left out": lambda node: node.replace(node.this),
    "nullif left out": lambda node: node.replace(node.this),
    "other boolean": lambda node: node.set("this", not node.this),
    "number plus 1": lambda node: node.set(
        "this", str(float(node.name) + 1) if "." in node.name else str(int(node.name) + 1)
    ),
    "other order": _other_order,
    "union to union all": lambda node: node.set("distinct", False),
    "union all to union": lambda node: node.set("distinct", True),
    **{f"condition {number + 1} left out": _condition_left_out(number) for number in range(9)},
}
