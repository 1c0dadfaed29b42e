"""Dry run: how often would a rule have fired over the releases that are kept? Nothing is written."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Protocol

import duckdb

from expectations.incidents.grouping import group_findings
from expectations.incidents.policy import Policy
from expectations.incidents.pricing import StockContext, is_history
from expectations.rules.evaluate import evaluate
from expectations.rules.model import Rule


class KeptRelease(Protocol):
    """What the dry run needs of a release (`assets.publish.releases.Release` has it)."""

    @property
    def release_id(self) -> str:
        """The name of the release."""

    @property
    def as_of(self) -> date:
        """The day it is about."""

    @property
    def database(self) -> Path:
        """Its DuckDB file."""


@dataclass(frozen=True, slots=True)
class Firing:
    """One rule in one release. `message` is empty unless the rule could not judge."""

    release_id: str
    as_of_date: date
    rows: int
    message: str = ""


@dataclass(frozen=True, slots=True)
class RuleHistory:
    """One rule over the kept releases, oldest first."""

    rule: Rule
    firings: tuple[Firing, ...]
    incidents_opened: int  # how many incidents it would have opened, each closed as soon as a release passed
    notices_at_once: int  # how many of them would have been sent at once

    @property
    def releases(self) -> int:
        """How many releases could be looked at."""
        return sum(1 for f in self.firings if not f.message)

    @property
    def fired_in(self) -> int:
        """In how many it fired."""
        return sum(1 for f in self.firings if f.rows)

    @property
    def rows_max(self) -> int:
        """The most rows in one release."""
        return max((f.rows for f in self.firings), default=0)

    @property
    def first_fired(self) -> date | None:
        """The first as-of date on which it fired."""
        return next((f.as_of_date for f in self.firings if f.rows), None)

    @property
    def last_fired(self) -> date | None:
        """The last as-of date on which it fired."""
        return next((f.as_of_date for f in reversed(self.firings) if f.rows), None)


def dry_run(rules: Iterable[Rule], releases: Iterable[KeptRelease], policy: Policy) -> list[RuleHistory]:
    """Run rules over releases, in order of as-of date, and count what they would have done.

    `policy` is that of the rule book: it decides what makes one incident. Rules that are off are tried too.
    """
    tried = [r.model_copy(update={"is_on": True}) for r in rules]
    firings: dict[str, list[Firing]] = {r.id: [] for r in tried}
    live: dict[str, set[str]] = {r.id: set() for r in tried}
    opened = dict.fromkeys(firings, 0)
    for release in sorted(releases, key=lambda r: (r.as_of, r.release_id)):
        with _open(release.database) as con:
            run = evaluate(tried, con)
        results = {r.rule_id: r for r in run.results}
        for rule in tried:
            looked = rule.id in run.evaluated
            rows = [
                f
                for f in run.findings
                if f.rule_id == rule.id and not is_history(f, policy, StockContext(), release.as_of)
            ]
            message = "" if looked else results[rule.id].message
            firings[rule.id].append(Firing(release.release_id, release.as_of, len(rows), message))
            if looked:
                keys = {c.key for c in group_findings(rows, policy, live[rule.id])}
                opened[rule.id] += len(keys - live[rule.id])
                live[rule.id] = keys
    return [
        RuleHistory(rule, tuple(firings[rule.id]), opened[rule.id], opened[rule.id] if _is_at_once(rule) else 0)
        for rule in tried
    ]


def _is_at_once(rule: Rule) -> bool:
    return rule.queue == "data" and _speaks_at_once(rule)


def _speaks_at_once(rule: Rule) -> bool:
    return rule.notice == "at_once" or (rule.notice == "by_severity" and rule.severity == "critical")


@contextmanager
def _open(path: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect(str(path), read_only=True) as con:
        yield con
