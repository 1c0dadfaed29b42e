"""What kind of file a header belongs to: a snapshot, a ledger, a count, orders, a period summary. Pure; the rules are in
kinds.yml.

A kind is given by headers that occur together, each matched exactly after normalisation. Where several kinds fit, or none,
there is no note.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

from assets.documents import shipped_document
from assets.ingest.describe.vocabulary import plain_name, synonyms

_MONTH_COLUMN = re.compile(r"(?:\d{4}\D?)?(?:0?[1-9]|1[0-2])月份?_?(.*)")
_MONTHS_OF_A_SUMMARY = 3
"""So many months side by side are a table by months; one or two may be in any file (本月, 上月)."""


@dataclass(frozen=True)
class Kind:
    """A kind of file; `needs` are alternatives, each a list of roles that must all be there. `means` gives the names, as they are
    compared, that say a contract column in a file of this kind."""

    name: str
    title: str
    contract: str
    needs: tuple[tuple[str, ...], ...]
    without: tuple[str, ...] = ()
    never_as: tuple[str, ...] = ()
    means: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True)
class Detected:
    """A kind and the headers that tell it."""

    kind: Kind
    headers: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.kind.title}: {' + '.join(self.headers)}"


@lru_cache(maxsize=1)
def _rules() -> tuple[dict[str, tuple[str, ...]], dict[str, Kind]]:
    document = shipped_document(Path(__file__).parent / "kinds.yml")
    roles = synonyms() | {name: tuple(map(plain_name, words)) for name, words in document["roles"].items()}
    kinds = {
        name: Kind(
            name,
            rule["title"],
            rule["contract"],
            tuple(map(tuple, rule["needs"])),
            tuple(rule.get("without", ())),
            tuple(rule.get("never_as", ())),
            {column: tuple(map(plain_name, names)) for column, names in rule.get("means", {}).items()},
        )
        for name, rule in document["kinds"].items()
    }
    return roles, kinds


def known_headers() -> tuple[str, ...]:
    """Names of the roles, as they are compared, those of a summary also as groups over 数量 and 金额."""
    roles = _rules()[0]
    names = [name for role in roles.values() for name in role]
    groups = [name for role in ("opening", "period_in", "period_out", "closing") for name in roles[role]]
    return tuple(dict.fromkeys([*names, *(f"{group}_{measure}" for group in groups for measure in ("数量", "金额"))]))


def known_kinds() -> dict[str, Kind]:
    """Every kind by name."""
    return _rules()[1]


def possible_kinds(header: Sequence[str]) -> list[Detected]:
    """Kinds that the header fits; one means that the kind is known."""
    roles, kinds = _rules()
    by_name = {plain_name(title): title for title in reversed(header)}
    found = []
    for kind in kinds.values():
        if any(_played(roles[role], by_name) for role in kind.without):
            continue
        for need in kind.needs:
            titles = _distinct([_played(roles[role], by_name) for role in need])
            if titles:
                found.append(Detected(kind, titles))
                break
    months = _months(header)
    if months and not any(detected.kind.name == "period_summary" for detected in found):
        found = [Detected(kinds["period_summary"], months)]
    never = {name for detected in found for name in detected.kind.never_as}
    return [detected for detected in found if detected.kind.name not in never]


def detect_kind(header: Sequence[str]) -> Detected | None:
    """The kind of a file where its header leaves no choice."""
    found = possible_kinds(header)
    return found[0] if len(found) == 1 else None


def contradiction(declared: str | None, contract: str, header: Sequence[str]) -> Detected | None:
    """The kind that a file certainly is, where it must never be read as the declared one.

    A mapping that declares no kind is asked for by its contract: movements are a ledger.
    """
    kind = declared or {"stock_movement": "ledger"}.get(contract)
    found = detect_kind(header)
    return found if found is not None and kind in found.kind.never_as else None


def _played(names: Collection[str], by_name: dict[str, str]) -> tuple[str, ...]:
    return tuple(by_name[name] for name in names if name in by_name)


def _distinct(played: Sequence[tuple[str, ...]]) -> tuple[str, ...]:
    """One header for each role, no header twice; empty where that cannot be done in order."""
    chosen: list[str] = []
    for titles in played:
        free = next((title for title in titles if title not in chosen), None)
        if free is None:
            return ()
        chosen.append(free)
    return tuple(chosen)


def _months(header: Sequence[str]) -> tuple[str, ...]:
    """Columns of months that repeat one measure (1月入库, 2月入库, 3月入库); empty where there are too few."""
    by_measure: dict[str, list[str]] = {}
    for title in header:
        match = _MONTH_COLUMN.fullmatch(plain_name(title))
        if match:
            by_measure.setdefault(match[1], []).append(title)
    longest = max(by_measure.values(), key=len, default=[])
    return tuple(longest[:_MONTHS_OF_A_SUMMARY]) if len(longest) >= _MONTHS_OF_A_SUMMARY else ()
