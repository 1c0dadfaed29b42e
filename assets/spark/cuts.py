"""Where a query is cut in parts that are computed once: Spark puts a CTE in place of every reference to it, so a chain of CTEs that each
name the one before twice doubles with every step (fct_turnover: planned for 8 minutes without an end, 2026-12)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from itertools import takewhile
from operator import is_not

import sqlglot
from sqlglot import exp

WHOLE = 150
"""Relations of a query with all CTEs in place, up to which it is not cut: Spark plans so many in seconds."""
SMALL = 6
"""A CTE of so few relations is computed again rather than written."""


@dataclass(frozen=True)
class Part:
    """A CTE that is computed by itself, and the query that does."""

    name: str
    query: exp.Expr


def cut(tree: exp.Expr, keep: Callable[[exp.Expr], str]) -> exp.Expr:
    """The query with those CTEs computed before that would be put in place too often.

    Args:
        tree: a parsed query, whose own CTEs are looked at.
        keep: computes a query and returns the name under which its rows can be read.
    """
    if not isinstance(tree, exp.Query) or _weight(tree, {cte.alias: cte.this for cte in tree.ctes}, {}) <= WHOLE:
        return tree
    whole = tree.copy()
    weights: dict[str, int] = {}
    for cte in list(whole.ctes):
        bodies = {one.alias: one.this for one in whole.ctes}
        uses = sum(table.name == cte.alias for table in _named(whole, bodies))
        if uses < 2 or _weight(cte.this, bodies, weights) <= SMALL:
            continue
        before = list(takewhile(partial(is_not, cte), whole.ctes))
        head = f"with {', '.join(one.sql(dialect='duckdb') for one in before)} " if before else ""
        kept = keep(sqlglot.parse_one(f"{head}{cte.this.sql(dialect='duckdb')}", read="duckdb"))
        for table in _named(whole, {cte.alias: cte.this}):
            if not table.args.get("alias"):
                table.set("alias", exp.TableAlias(this=exp.to_identifier(cte.alias)))
            table.set("this", exp.to_identifier(kept))
        cte.pop()
        weights.clear()
    return whole


def _named(tree: exp.Expr, bodies: dict[str, exp.Expr]) -> list[exp.Table]:
    return [table for table in tree.find_all(exp.Table) if not table.db and table.name in bodies]


def _weight(tree: exp.Expr, bodies: dict[str, exp.Expr], known: dict[str, int]) -> int:
    """Relations that a query reads with every CTE in the place of its references; the CTEs of the query itself do not count twice."""
    weight = 0
    ctes = tree.ctes if isinstance(tree, exp.Query) else []
    own = {id(table) for cte in ctes for table in cte.find_all(exp.Table)}
    for table in tree.find_all(exp.Table):
        if id(table) in own:
            continue
        name = table.name
        if table.db or name not in bodies:
            weight += 1
            continue
        if name not in known:
            earlier = dict(bodies)
            body = earlier.pop(name)
            known[name] = _weight(body, earlier, known)
        weight += known[name]
    return weight
