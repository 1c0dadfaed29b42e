"""Where a mart column comes from and how it is computed, read from the SQL that dbt compiled.

Stages: 1. parse the compiled SQL of the model; 2. follow a column from the last select through CTEs, joins and unions
down to the relations that it reads, which dbt's manifest names.
Drawbacks: a column that is behind a `pivot` or a table function is not followed (its sources are then those of the
whole model); a formula is what the nearest select says, in the words of that select.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlglot
from sqlglot import exp

Relation = exp.Expression | str  # a query of the file, or the name of a model or `schema.table` of a source
_MAX_FORMULA = 600  # characters; a longer expression is cut, the model's file has it whole


@dataclass(frozen=True)
class ColumnOrigin:
    """`formula`: SQL, or empty where the column is taken as it is; `sources`: `table.column`, sorted."""

    formula: str
    sources: tuple[str, ...]


def relation_names(manifest: Mapping[str, Any]) -> dict[str, str]:
    """What each relation of the compiled SQL is called: `schema.table` -> the model's name, or `schema.table` of a source."""
    names = {}
    for node in [*manifest["nodes"].values(), *manifest["sources"].values()]:
        if node.get("relation_name"):
            table = sqlglot.to_table(node["relation_name"], dialect="duckdb")
            is_source = node["resource_type"] == "source"
            shown = f"{node['source_name']}.{node['name']}" if is_source else node["name"]
            names[f"{table.db}.{table.name}".lower()] = shown
    return names


def column_origins(
    compiled_sql: str, names: Mapping[str, str], tables: Mapping[str, Sequence[str]]
) -> dict[str, ColumnOrigin]:
    """Origin of every column of a query, by name (lower case).

    Args:
        compiled_sql: one model as dbt compiled it, ephemeral models included as CTEs.
        names: what each relation is called (`relation_names`).
        tables: the columns of what the query may read, by that name.

    Raises:
        sqlglot.errors.SqlglotError: the SQL cannot be read.
    """
    tree = sqlglot.parse_one(compiled_sql, dialect="duckdb")
    assert isinstance(tree, exp.Expression)
    tracer = _Tracer({cte.alias: cte.this for cte in tree.find_all(exp.CTE)}, names, tables)
    return {name: tracer.origin(tree, name) for name in tracer.names(tree)}


class _Tracer:
    """Follows columns through the queries of one file."""

    def __init__(
        self, ctes: Mapping[str, exp.Expression], names: Mapping[str, str], tables: Mapping[str, Sequence[str]]
    ) -> None:
        self.ctes = ctes
        self.known = names
        self.tables = tables
        self._sources: dict[tuple[int, str], frozenset[str]] = {}
        self._names: dict[int, list[str]] = {}

    def names(self, relation: Relation) -> list[str]:
        """Output columns of a query or table, in order; those of an unknown table are left out."""
        if isinstance(relation, str):
            return list(self.tables.get(relation, ()))
        if id(relation) not in self._names:
            self._names[id(relation)] = []  # a recursive query ends here
            result: list[str] = []
            select = _first_select(relation)
            for projection in select.expressions:
                if _is_star(projection):
                    for starred in self._starred(select, projection):
                        result.extend(name for name in self.names(starred) if name not in result)
                else:
                    result.append(projection.alias_or_name.lower())
            self._names[id(relation)] = result
        return self._names[id(relation)]

    def _starred(self, select: exp.Select, projection: exp.Expression) -> list[Relation]:
        relations = self._relations(select)
        if isinstance(projection, exp.Column):
            return [relations[projection.table]] if projection.table in relations else []
        return list(relations.values())

    def origin(self, query: exp.Expression, name: str) -> ColumnOrigin:
        expression = self._nearest_expression(query, name, 0)
        sources = tuple(sorted(self.sources(query, name)))
        if expression is None:
            return ColumnOrigin("", sources)
        shown = expression.copy()
        for column in shown.find_all(exp.Column):
            column.set("table", None)
        text = re.sub(r"\s+", " ", shown.sql(dialect="duckdb"))
        return ColumnOrigin(text if len(text) <= _MAX_FORMULA else text[: _MAX_FORMULA - 2] + " …", sources)

    def sources(self, query: exp.Expression, name: str) -> frozenset[str]:
        key = (id(query), name)
        if key not in self._sources:
            self._sources[key] = frozenset()  # a recursive query ends here
            found: set[str] = set()
            for select in _selects(query):
                found |= self._select_sources(select, name)
            self._sources[key] = frozenset(found)
        return self._sources[key]

    def _select_sources(self, select: exp.Select, name: str) -> set[str]:
        relations = self._relations(select)
        expression = _projection(select, name)
        if expression is None:
            return self._through_star(select, name)
        found: set[str] = set()
        for column in expression.find_all(exp.Column):
            owner = relations.get(column.table)
            candidates = [owner] if owner is not None else self._holders(relations, column.name.lower())
            for relation in candidates:
                found |= self._behind(relation, column.name.lower(), is_sure=len(candidates) == 1)
        return found

    def _through_star(self, select: exp.Select, name: str) -> set[str]:
        """The column comes through `select *` or `select t.*`."""
        starred = [one for part in select.expressions if _is_star(part) for one in self._starred(select, part)]
        candidates = [one for one in starred if name in self.names(one)] or starred
        return set().union(*(self._behind(one, name, is_sure=len(candidates) == 1) for one in candidates))

    def _holders(self, relations: Mapping[str, Relation], name: str) -> list[Relation]:
        return [one for one in relations.values() if name in self.names(one)] or list(relations.values())

    def _behind(self, relation: Relation, name: str, *, is_sure: bool) -> set[str]:
        if isinstance(relation, str):
            return {f"{relation}.{name}"} if is_sure else set()
        return set(self.sources(relation, name))

    def _nearest_expression(self, query: exp.Expression, name: str, depth: int) -> exp.Expression | None:
        """The first expression on the way down that is more than a name; None where branches of a union differ."""
        branches = {str(_projection(select, name)) for select in _selects(query)}
        if len(branches) > 1:
            return None
        select = _first_select(query)
        relations = self._relations(select)
        expression = _projection(select, name)
        if expression is None:
            below = [relation for relation in relations.values() if isinstance(relation, exp.Expression)]
            holders = [relation for relation in below if name in self.names(relation)]
            return self._nearest_expression(holders[0], name, depth + 1) if holders and depth < 30 else None
        if not isinstance(expression, exp.Column):
            return expression
        owner = relations.get(expression.table) if expression.table else next(iter(relations.values()), None)
        if isinstance(owner, exp.Expression) and expression.name.lower() in self.names(owner) and depth < 30:
            return self._nearest_expression(owner, expression.name.lower(), depth + 1)
        return None

    def _relations(self, select: exp.Select) -> dict[str, Relation]:
        """What the select reads, by alias: a query of this file, or the name of a model or source."""
        parts: list[exp.Expression] = []
        if source := select.args.get("from") or select.args.get("from_"):
            parts.append(source.this)
        parts.extend(join.this for join in select.args.get("joins") or [])
        result: dict[str, Relation] = {}
        for part in parts:
            if isinstance(part, exp.Subquery):
                result[part.alias] = part.this
            elif isinstance(part, exp.Table):
                name = f"{part.db}.{part.name}" if part.db else part.name
                name = self.known.get(name.lower(), name)
                inside = select.find_ancestor(exp.CTE)
                is_itself = inside is not None and inside.alias == part.name  # `x as (select * from x)`: the model x
                cte = self.ctes.get(part.name) if not part.db and not is_itself else None
                result[part.alias_or_name] = cte if cte is not None else name
        return result


def _is_star(projection: exp.Expression) -> bool:
    return isinstance(projection, exp.Star) or (
        isinstance(projection, exp.Column) and isinstance(projection.this, exp.Star)
    )


def _first_select(query: exp.Expression) -> exp.Select:
    return next(iter(_selects(query)))


def _selects(query: exp.Expression) -> list[exp.Select]:
    if isinstance(query, exp.SetOperation):
        return [
            select
            for part in (query.left, query.right)
            if isinstance(part, exp.Expression)
            for select in _selects(part)
        ]
    if isinstance(query, exp.Subquery):
        return _selects(query.this)
    if isinstance(query, exp.Select):
        return [query]
    raise sqlglot.errors.ParseError(f"not a query: {type(query).__name__}")


def _projection(select: exp.Select, name: str) -> exp.Expression | None:
    for projection in select.expressions:
        if not _is_star(projection) and projection.alias_or_name.lower() == name:
            return projection.unalias()
    return None
