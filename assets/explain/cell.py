"""Explains cells of a release: finds the row, fetches its evidence, and computes each figure again from the evidence alone."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from assets.explain.evidence import QUERIES
from assets.explain.model import Evidence, ExplainError, Explanation, Input, MartRecipes, Recipe, decision
from assets.explain.recipes import recipes_of
from assets.explain.recipes.words import MACROS
from assets.publish.content import quoted
from assets.publish.kpis import KpiCatalogue
from assets.publish.releases import Release

PLAN_MART = "fct_replenishment"
_DATED = {
    "valid_from_date": "{day} between valid_from_date and valid_to_date",
    "snapshot_date": "snapshot_date = {day}",
    "month_start_date": """month_start_date in (
        select period_start_date from marts.dim_fiscal_periods where {day} between period_start_date and period_end_date)""",
}


def explain_cell(
    release: Release,
    mart: str,
    column: str,
    *,
    item_id: str | None = None,
    warehouse_id: str | None = None,
    as_of: date | None = None,
    key: Mapping[str, str] | None = None,
) -> Explanation:
    """One cell of one release, with everything it rests on. For the dashboard and the command alike.

    `as_of` picks the row of marts that hold several days (the interval, snapshot or month of that day); `key` gives further
    columns of the grain as text (`scope`, `bucket_no`, `window_days`, `period_kind`...).

    Raises:
        ExplainError: no such mart, column or row; several rows fit; or the release is older than the evidence.
    """
    wanted = {"item_id": item_id, "warehouse_id": warehouse_id, **(key or {})}
    given = {name: text for name, text in wanted.items() if text is not None}
    return explain_row(release, mart, (column,), given, as_of)[0]


def explain_row(
    release: Release, mart: str, columns: Sequence[str], key: Mapping[str, str], as_of: date | None = None
) -> list[Explanation]:
    """Several cells of one row; what they share is read once. `key` and errors as for `explain_cell`."""
    words = _dictionary(release.path).get(mart)
    if words is None:
        raise ExplainError(f"release {release.release_id} has no mart {mart}")
    described = {one["name"]: one for one in words["columns"]}
    unknown = [column for column in columns if column not in described]
    if unknown:
        raise ExplainError(f"{mart} has no column {', '.join(unknown)}")
    recipes = recipes_of(mart, release.kpis()) or MartRecipes(tuple(words["grain"]), (), {})
    chosen = {column: _recipe(release, mart, column) for column in columns}
    with duckdb.connect(str(release.database), read_only=True) as connection:
        row = _row(connection, mart, words, key, as_of)
        cell_key = {name: row[name] for name in recipes.key}
        context = _context(connection, mart, recipes, cell_key)
        names = dict.fromkeys(name for recipe in chosen.values() if recipe for name in recipe.evidence)
        evidence = _evidence(connection, recipes, tuple(names), {**cell_key, **context})
    computed = _from_evidence(recipes, chosen, {**cell_key, **context}, evidence, described)
    shared = {"release_id": release.release_id, "as_of": release.as_of.isoformat(), "mart": mart}
    result = []
    for column, recipe in chosen.items():
        inputs, recomputed = computed[column]
        is_recomputed = recipe is not None and recipe.is_computed
        result.append(
            Explanation(
                **shared,
                column=column,
                key=cell_key,
                context=context,
                value=row[column],
                **{name: described[column][name] for name in _WORDS},
                calculation=" ".join(recipe.result.split()) if recipe and is_recomputed else "",
                inputs=inputs,
                evidence=tuple(each for each in evidence if recipe and each.name in recipe.evidence),
                recomputed=recomputed,
                is_recomputed=is_recomputed,
            )
        )
    return result


_WORDS = ("type", "unit", "label_en", "label_zh", "description", "formula")


def recompute(explanation: Explanation, kpis: KpiCatalogue) -> Any:
    """The figure from the shown evidence and nothing else: no release is opened. `kpis`: the formulas of the release."""
    recipes, column = recipes_of(explanation.mart, kpis), explanation.column
    if recipes is None:
        raise ExplainError(f"{explanation.mart} has no recipes")
    keyed = {**explanation.key, **explanation.context}
    described = {column: {"type": explanation.type}}
    found = _from_evidence(recipes, {column: recipes.recipes[column]}, keyed, explanation.evidence, described)
    return found[column][1]


def explainable_columns(release: Release, mart: str) -> tuple[str, ...]:
    """Columns of a mart of this release that lead back to evidence, in the mart's order."""
    words = _dictionary(release.path).get(mart)
    return tuple(one["name"] for one in words["columns"] if _recipe(release, mart, one["name"])) if words else ()


def _recipe(release: Release, mart: str, column: str) -> Recipe | None:
    recipes = recipes_of(mart, release.kpis())
    if recipes is None:
        return None
    planned = {one["name"] for one in _dictionary(release.path).get(PLAN_MART, {"columns": ()})["columns"]}
    if column not in recipes.recipes and recipes.decided and column in planned and column not in recipes.key:
        return decision(column, recipes.decided)
    return recipes.recipes.get(column)


@lru_cache(maxsize=8)
def _dictionary(folder: Path) -> Mapping[str, Mapping[str, Any]]:
    """The dictionary of a release, by mart; a release never changes."""
    path = folder / "dictionary.json"
    if not path.is_file():
        return {}
    return {one["name"]: one for one in json.loads(path.read_text(encoding="utf-8"))["marts"]}


def _row(
    connection: duckdb.DuckDBPyConnection,
    mart: str,
    words: Mapping[str, Any],
    wanted: Mapping[str, str],
    as_of: date | None,
) -> dict[str, Any]:
    names = [one["name"] for one in words["columns"]]
    unknown = sorted(set(wanted) - set(names))
    if unknown:
        raise ExplainError(f"{mart} has no column {', '.join(unknown)}; its key is {', '.join(words['grain'])}")
    conditions = [f"cast({quoted(name)} as varchar) = ${name}" for name in wanted]
    parameters: dict[str, Any] = dict(wanted)
    dated = next((name for name in _DATED if name in words["grain"] and name not in wanted), None)
    if dated and as_of:
        conditions.append(_DATED[dated].format(day="cast($as_of as date)"))
        parameters["as_of"] = as_of
    where = " and ".join(conditions) or "true"
    relation = f"{words['schema']}.{quoted(mart)}"
    cursor = connection.execute(f"select * from {relation} where {where} order by all limit 6", parameters)
    columns = [one[0] for one in cursor.description or ()]
    rows = [dict(zip(columns, values, strict=True)) for values in cursor.fetchall()]
    said = ", ".join(f"{name} {value}" for name, value in parameters.items())
    if not rows:
        raise ExplainError(f"{mart} has no row with {said or 'any key'}")
    if len(rows) > 1:
        differing = [name for name in words["grain"] if len({str(row[name]) for row in rows}) > 1]
        values = "; ".join(f"{name}: {', '.join(dict.fromkeys(str(row[name]) for row in rows))}" for name in differing)
        raise ExplainError(f"several rows of {mart} fit; say which with --key NAME=VALUE ({values}, ...)")
    return rows[0]


def _context(
    connection: duckdb.DuckDBPyConnection, mart: str, recipes: MartRecipes, key: Mapping[str, Any]
) -> dict[str, Any]:
    if not recipes.context:
        return {}
    where = " and ".join(f"{quoted(name)} is not distinct from ${name}" for name in key)
    cursor = _run(
        connection, f"select {', '.join(recipes.context)} from {recipes.schema}.{quoted(mart)} where {where}", key
    )
    values = cursor.fetchone()
    assert values is not None
    return dict(zip([one[0] for one in cursor.description or ()], values, strict=True))


def _evidence(
    connection: duckdb.DuckDBPyConnection, recipes: MartRecipes, names: Sequence[str], parameters: Mapping[str, Any]
) -> tuple[Evidence, ...]:
    found = []
    for name in names:
        query = recipes.queries[name] if name in recipes.queries else QUERIES[name]
        found.append(
            Evidence(name, query.title, query.title_zh, _run(connection, query.sql, parameters).to_arrow_table())
        )
    return tuple(found)


def _run(connection: duckdb.DuckDBPyConnection, sql: str, parameters: Mapping[str, Any]) -> duckdb.DuckDBPyConnection:
    used = set(re.findall(r"\$(\w+)", sql))
    try:
        return connection.execute(sql, {name: parameters[name] for name in used})
    except duckdb.CatalogException as error:
        message = "this release was built before its evidence was published with it; run `stockturn run` again"
        raise ExplainError(message) from error


def _from_evidence(
    recipes: MartRecipes,
    chosen: Mapping[str, Recipe | None],
    keyed: Mapping[str, Any],
    evidence: Sequence[Evidence],
    described: Mapping[str, Mapping[str, Any]],
) -> dict[str, tuple[tuple[Input, ...], Any]]:
    """Inputs and results of recipes in an empty database that holds the evidence and the cell's key."""
    found: dict[str, tuple[tuple[Input, ...], Any]] = {}
    with duckdb.connect(config={"threads": 1}) as scratch:
        for macro in MACROS:
            scratch.execute(macro)
        scratch.register("cell", pa.table({name: pa.array([value]) for name, value in keyed.items()}))
        for one in evidence:
            scratch.register(one.name, one.rows)
        for name, sql in recipes.working.items():
            if _is_at_hand(scratch, sql):
                scratch.execute(f"create view {name} as {sql}")
        for column, recipe in chosen.items():
            if recipe is None:
                found[column] = (), None
                continue
            columns = ", ".join(f"({query}) as {name}" for name, query in recipe.inputs.items())
            result = f"cast({recipe.result} as {described[column]['type']})"
            *values, answer = scratch.execute(f"select *, {result} from (select {columns})").fetchone() or (None,)
            queries = zip(recipe.inputs.items(), values, strict=True)
            inputs = tuple(Input(name, value, " ".join(query.split())) for (name, query), value in queries)
            found[column] = inputs, answer if recipe.is_computed else None
    return found


def _is_at_hand(scratch: duckdb.DuckDBPyConnection, sql: str) -> bool:
    """Is all that a working view reads among the evidence?"""
    try:
        scratch.execute(f"explain {sql}")
    except duckdb.CatalogException:
        return False
    return True
