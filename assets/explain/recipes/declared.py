"""Recipes that are data: `marts.yml` says for each mart which rows its figures rest on, and how each figure follows from them.

A mart of the file has
  key        its grain
  context    further columns of the row that evidence is looked up by, as SQL (optional)
  evidence   name -> {title: [en, zh], sql: over the release, with $name of key and context}; `this`, the row itself, is always there
  inputs     name -> SQL over the evidence (the numbers of the formulas)
  figures    column -> formula over inputs, or one query (`select ...`): computed again and compared with the published figure
  facts      columns that a source or the ledger states about this very row
  decided    columns that the planner decided, with `from`: the evidence it decided from
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from assets.documents import load_document
from assets.explain.model import MartRecipes, Query, Recipe

DECLARED = Path(__file__).with_name("marts.yml")
_THIS = "this"


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class _Evidence(_Section):
    title: tuple[str, str]
    sql: str


class _Decided(_Section):
    columns: tuple[str, ...]
    shown: tuple[str, ...] = ()


class _Mart(_Section):
    schema_name: str = "marts"
    key: tuple[str, ...]
    context: tuple[str, ...] = ()
    evidence: Mapping[str, _Evidence] = {}
    working: Mapping[str, str] = {}
    inputs: Mapping[str, str] = {}
    figures: Mapping[str, str] = {}
    facts: tuple[str, ...] = ()
    decided: _Decided | None = None


class _File(_Section):
    marts: Mapping[str, _Mart]


def declared_recipes() -> dict[str, MartRecipes]:
    """Mart -> recipes of the file.

    Raises:
        assets.documents.DocumentError: one sentence per mistake, with file, line and key.
    """
    return {name: _recipes(name, mart) for name, mart in load_document(DECLARED, _File).marts.items()}


def _recipes(name: str, mart: _Mart) -> MartRecipes:
    same_row = " and ".join(f'"{column}" is not distinct from ${column}' for column in mart.key)
    this = Query("The row", "该行", f'select * from {mart.schema_name}."{name}" where {same_row}')
    queries = {_THIS: this, **{key: Query(*one.title, one.sql) for key, one in mart.evidence.items()}}
    tables = {**dict.fromkeys(queries, ""), **mart.working}
    recipes = {column: _figure(text, mart, tables) for column, text in mart.figures.items()}
    for column in mart.facts:
        recipes[column] = Recipe(column, {column: f'select "{column}" from {_THIS}'}, (_THIS,), is_fact=True)
    if mart.decided:
        for column in mart.decided.columns:
            inputs = {column: f'select "{column}" from {_THIS}'}
            recipes[column] = Recipe(column, inputs, (_THIS, *mart.decided.shown), is_decision=True)
    return MartRecipes(
        key=mart.key,
        context=mart.context,
        recipes=recipes,
        working=mart.working,
        queries=queries,
        schema=mart.schema_name,
    )


def _figure(text: str, mart: _Mart, tables: Mapping[str, str]) -> Recipe:
    if text.startswith("select "):
        return Recipe("found", {"found": text}, _evidence_of([text], tables))
    inputs = {name: query for name, query in mart.inputs.items() if name in _words(text)}
    return Recipe(text, inputs, _evidence_of(inputs.values(), tables))


def _evidence_of(queries: Iterable[str], tables: Mapping[str, str]) -> tuple[str, ...]:
    """Evidence that the queries read, through working views as well, in the order of the file."""
    found: set[str] = set()
    open_texts: list[str] = list(queries)
    while open_texts:
        for name in _words(open_texts.pop()) & tables.keys() - found:
            found.add(name)
            open_texts.append(tables[name])
    evidence: Sequence[str] = [name for name, sql in tables.items() if name in found and not sql]
    return tuple(evidence)


def _words(text: str) -> set[str]:
    return set(re.findall(r"[a-z_][a-z0-9_]*", text.lower()))
