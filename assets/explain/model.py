"""What an explanation is made of: recipes (how a column follows from evidence) and the explanation of one cell. No I/O, no SQL run."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, NamedTuple

import pyarrow as pa


class Query(NamedTuple):
    """A title for people in both languages, and SQL over the marts of a release with `$name` parameters."""

    title: str
    title_zh: str
    sql: str


class ExplainError(ValueError):
    """The cell that was asked for does not exist, or the release cannot explain it; the message says which in one sentence."""


LAST_DECIMAL = Decimal("0.0001")


@dataclass(frozen=True)
class Recipe:
    """How one column follows from evidence.

    `inputs` are scalar SQL queries over the evidence tables, the mart's working views and `cell` (the key and the dates of the row);
    `result` is a SQL expression over the names of the inputs. Types are those of the mart, so that the answer is equal, not close.
    """

    result: str
    inputs: Mapping[str, str]
    evidence: tuple[str, ...]
    is_decision: bool = False
    """True where the figure was decided by the planner: what it was decided from is shown, and nothing is recomputed."""
    is_fact: bool = False
    """True where the figure is what a source or the ledger says of this row: nothing to compute, but the row and where it came from."""

    @property
    def is_computed(self) -> bool:
        """Is the figure computed again from its evidence?"""
        return not (self.is_decision or self.is_fact)


@dataclass(frozen=True)
class MartRecipes:
    """All recipes of one mart."""

    key: tuple[str, ...]
    """Grain of the mart."""
    context: tuple[str, ...]
    """Further columns of the row that evidence is looked up by: dates of the period."""
    recipes: Mapping[str, Recipe]
    working: Mapping[str, str] = field(default_factory=dict)
    """Views over the evidence, by name, that several inputs share. A view is made where its evidence is at hand."""
    decided: tuple[str, ...] = ()
    """Evidence for columns without a recipe of their own that the planner decided: the plan represents them (`decision`)."""
    queries: Mapping[str, Query] = field(default_factory=dict)
    """Evidence of this mart alone, by name."""
    schema: str = "marts"


def decision(column: str, evidence: tuple[str, ...], names: str = "", more: Mapping[str, str] | None = None) -> Recipe:
    """A column of the plan: nothing to compute, but what it was decided from, and the planner's reason."""
    inputs = {name: f"select {name} from plan" for name in dict.fromkeys([*names.split(), "reason"])}
    return Recipe(column, {column: f"select {column} from plan", **inputs, **(more or {})}, evidence, is_decision=True)


@dataclass(frozen=True)
class Evidence:
    """Rows that a figure rests on, whole; every one with its file and row where the landing has one."""

    name: str
    title: str
    title_zh: str
    rows: pa.Table

    def title_in(self, language: str) -> str:
        """The title in the language (`en` or `zh`)."""
        return self.title_zh if language == "zh" else self.title


@dataclass(frozen=True)
class Input:
    """A number of the formula and the query over the evidence that gives it."""

    name: str
    value: Any
    query: str


@dataclass(frozen=True)
class Explanation:
    """One cell, explained."""

    release_id: str
    as_of: str
    mart: str
    column: str
    key: Mapping[str, Any]
    context: Mapping[str, Any]
    value: Any
    type: str
    unit: str
    label_en: str
    label_zh: str
    description: str
    formula: str
    """As the dictionary has it: what the model's SQL says."""
    calculation: str
    """The same over the inputs below; empty where the figure is a decision of the planner or a fact of the row."""
    inputs: tuple[Input, ...]
    evidence: tuple[Evidence, ...]
    recomputed: Any
    is_recomputed: bool

    @property
    def agrees(self) -> bool:
        """Does the evidence, by itself, give the published figure? Equal, but for the last decimal of a value.

        A value is rounded once from a sum of doubles, whose order differs between the run and the explanation: at a half the
        fourth decimal may fall either way (demo, 2026-11-30: 171115.8542 and 171115.8543).
        """
        if not self.is_recomputed or self.recomputed == self.value:
            return True
        both = (self.value, self.recomputed)
        return all(isinstance(each, Decimal) for each in both) and abs(both[0] - both[1]) <= LAST_DECIMAL

    @property
    def with_numbers(self) -> str:
        """The calculation with every input replaced by its number."""
        return substitute(self.calculation, {one.name: one.value for one in self.inputs})

    def sources(self) -> list[tuple[str, int]]:
        """Every source file and row that the evidence names, each once, in order."""
        found: set[tuple[str, int]] = set()
        for one in self.evidence:
            for file, row in (("source_file", "source_row"), ("origin_source_file", "origin_source_row")):
                if file in one.rows.column_names:
                    pairs = zip(one.rows[file].to_pylist(), one.rows[row].to_pylist(), strict=True)
                    found.update((name, int(at)) for name, at in pairs if name is not None and at is not None)
        return sorted(found)


def substitute(expression: str, numbers: Mapping[str, Any]) -> str:
    """An expression with names replaced by numbers; longer names first, quoted text left alone."""
    if not numbers:
        return expression
    names = "|".join(sorted(map(re.escape, numbers), key=len, reverse=True))
    pattern = re.compile(rf"'[^']*'|\b(?:{names})\b")

    def number(match: re.Match[str]) -> str:
        text = match.group(0)
        return text if text.startswith("'") else shown(numbers[text])

    return pattern.sub(number, expression)


def shown(value: Any) -> str:
    """A value as a person reads it: no trailing zeros, text in quotes, nothing as null."""
    if value is None:
        return "null"
    if isinstance(value, str):
        return f"'{value}'"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, Decimal):
        return f"{value.normalize():f}"
    return f"{value:.10g}" if isinstance(value, float) else str(value)
