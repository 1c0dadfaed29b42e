"""How well columns of an unknown table fit contract columns, and tables contracts: by the names people give them. Pure."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping
from dataclasses import dataclass

from assets.ingest.contracts import Contract
from assets.ingest.describe.kinds import Detected
from assets.ingest.describe.profile import ColumnProfile, TableProfile
from assets.ingest.describe.vocabulary import plain_name, synonyms

EXACT, PARTIAL = 1.0, 0.7
LEAST = 0.55
"""Below this a likeness is chance; see the test that measures it."""


@dataclass(frozen=True)
class Candidate:
    """A column that may be what a contract column asks for; `score` 1 is the same name."""

    contract_column: str
    source_column: str
    score: float


@dataclass(frozen=True)
class TableFit:
    """How well a table and a contract fit each other (0 to 1), and the best candidate for each contract column."""

    table: str
    contract: str
    score: float
    candidates: tuple[Candidate, ...]


def name_score(contract_column: str, *names: str, kind: Detected | None = None) -> float:
    """How well names (column and caption) fit a contract column: 1 the same, 0.7 one in the other, else the likeness.

    In a file whose kind is known, the names that this kind gives a meaning mean nothing else.
    """
    known = synonyms().get(contract_column, (plain_name(contract_column),))
    if kind is not None:
        plain = {plain_name(name) for name in names if name}
        here = kind.kind.means
        if plain & set(here.get(contract_column, ())):
            return EXACT
        if any(plain & set(meant) for meant in here.values()):
            return 0.0
    return max((_likeness(plain_name(name), word) for name in names if name for word in known), default=0.0)


def _likeness(name: str, word: str) -> float:
    if not name or not word:
        return 0.0
    if name == word:
        return EXACT
    shorter, longer = sorted((name, word), key=len)
    if len(shorter) >= 2 and (longer.endswith(shorter) or longer.startswith(shorter)):
        return PARTIAL * (0.6 + 0.4 * len(shorter) / len(longer))
    return PARTIAL * difflib.SequenceMatcher(None, name, word).ratio()


def column_candidates(contract: Contract, table: TableProfile) -> tuple[Candidate, ...]:
    """Best column for each contract column, best first; a column is suggested once, where it fits best."""
    kind = table.kind if table.kind is not None and table.kind.kind.contract == contract.name else None
    scored = sorted(
        (
            Candidate(name, column.name, score)
            for name in contract.columns
            for column in table.columns
            if column.filled_rate > 0 or table.looked_at == 0
            if (
                score := name_score(name, column.name, column.caption, kind=kind) * _type_factor(contract, name, column)
            )
            >= LEAST
        ),
        key=lambda found: (-found.score, list(contract.columns).index(found.contract_column), found.source_column),
    )
    taken: dict[str, Candidate] = {}
    used: set[str] = set()
    for found in scored:
        if found.contract_column not in taken and found.source_column not in used:
            taken[found.contract_column] = found
            used.add(found.source_column)
    return tuple(sorted(taken.values(), key=lambda found: (-found.score, found.contract_column)))


_NUMBER = re.compile(r"[-+(]?[\d,.，．]+%?\)?-?")
_DAY = re.compile(r"\d{4}\D?\d{1,2}\D?\d{1,2}.*")


def _type_factor(contract: Contract, name: str, column: ColumnProfile) -> float:
    """Less for a column whose values cannot be what is asked for: letters for a quantity, numbers for a date."""
    kind = contract.columns[name].type
    if not column.samples:
        return 1.0
    if kind.is_numeric:
        return 1.0 if all(_NUMBER.fullmatch(value.strip()) for value in column.samples) else 0.3
    if kind.value in ("date", "timestamp"):
        return 1.0 if all(_DAY.fullmatch(value.strip()) for value in column.samples) else 0.3
    return 1.0


def table_fits(table: TableProfile, contracts: Mapping[str, Contract]) -> list[TableFit]:
    """Contracts that a table could fill, best first.

    The score is the harmonic mean of two shares: how much of what the contract requires is there, and how much of what
    is there the contract has a use for. Either alone misleads: a contract of two columns is found in every table. The
    contract of a file's kind comes first, whatever its score.
    """
    fits = [_fit(table, contract) for contract in contracts.values()]
    told = table.kind.kind.contract if table.kind is not None else None
    return sorted(fits, key=lambda fit: (fit.contract != told, -fit.score, fit.contract))


def _fit(table: TableProfile, contract: Contract) -> TableFit:
    candidates = column_candidates(contract, table)
    scores = {found.contract_column: found.score for found in candidates}
    required = [column.name for column in contract.columns.values() if column.is_required]
    there = sum(scores.get(name, 0.0) for name in required) / max(len(required), 1)
    filled = sum(column.filled_rate > 0 or table.looked_at == 0 for column in table.columns)
    used = sum(scores.values()) / max(filled, 1)
    return TableFit(table.name, contract.name, 2 * there * used / (there + used) if there + used else 0.0, candidates)
