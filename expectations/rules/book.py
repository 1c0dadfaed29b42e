"""Reads the rule book (`config/rules.yml`): rules, people, owners, due days, watches. One sentence per mistake."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

from assets.documents import DocumentError, line_of, parse_keys, read_text
from assets.messages import Language
from expectations.incidents.policy import OwnerRule, Policy, RulePolicy, load_policy
from expectations.rules.model import Rule


class Watch(BaseModel):
    """What is noticed beside incidents: a run that does not come, and when the digest goes out (local wall time)."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    run_expected_every_hours: int = 24
    run_grace_hours: int = 2
    reminder_every_days: int = 2
    operators: tuple[str, ...] = ()  # people who hear of failed and missing runs
    page_url: str = ""  # address of the dashboard as its readers reach it; messages link to the incident there


@dataclass(frozen=True, slots=True)
class RuleBook:
    """Everything a company says about its operations."""

    rules: tuple[Rule, ...]
    policy: Policy
    watch: Watch

    @property
    def titles(self) -> dict[str, dict[Language, str]]:
        """Rule -> language -> title, in the languages in which it has one."""
        return {rule.id: {"en": rule.title, **({"zh": rule.title_zh} if rule.title_zh else {})} for rule in self.rules}


class RuleBookError(DocumentError):
    """The rule book cannot be used; the message has a line per mistake."""


def load_rule_book(path: Path) -> RuleBook:
    """Read and check a rule book. Raises DocumentError with file, line and key of every mistake."""
    text = read_text(path)
    if not text.strip():
        return read_rule_book({})
    data, node = parse_keys(text, name=path.name)
    entries = data.get("rules") or []
    lines = [line_of(node, ("rules", number)) for number in range(len(entries))] if isinstance(entries, list) else []
    try:
        return read_rule_book(data, lines)
    except RuleBookError as error:
        raise RuleBookError("\n".join(f"{path.name}: {line}" for line in str(error).splitlines())) from error


def read_rule_book(data: Mapping[str, Any], lines: Sequence[int] = ()) -> RuleBook:
    """A rule book from parsed YAML; `lines` has the line of each rule."""
    mistakes: list[str] = []
    entries = data.get("rules") or []
    if not isinstance(entries, list):
        raise RuleBookError("rules: a list of rules is expected")
    where = [*lines, *(0 for _ in entries[len(lines) :])]
    rules = [
        found for entry, line in zip(entries, where, strict=True) if (found := _rule(entry, line, mistakes)) is not None
    ]
    ids = [r.id for r in rules]
    mistakes += [f"line {r.line}: duplicate rule id {r.id}" for n, r in enumerate(rules) if r.id in ids[:n]]
    company = {k: v for k, v in data.items() if k not in ("rules", "watch")}
    try:
        watch = Watch.model_validate(data.get("watch") or {})
    except ValidationError as error:
        mistakes += [f"watch.{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors()]
        watch = Watch()
    try:
        policy = policy_with_rules(load_policy(company), rules)
    except ValueError as error:
        mistakes += str(error).splitlines()
    else:
        names = {p.name for p in policy.people}
        mistakes += [
            f"watch.operators: {name} is not listed under people" for name in watch.operators if name not in names
        ]
    if mistakes:
        raise RuleBookError("\n".join(mistakes))
    return RuleBook(tuple(rules), policy, watch)


def policy_with_rules(policy: Policy, rules: list[Rule]) -> Policy:
    """The policy with grouping, titles, notices and owners of these rules. Raises ValueError on a taken rule id."""
    taken = sorted({r.id for r in rules} & policy.rules.keys())
    if taken:
        raise ValueError(f"these rule ids belong to the product: {', '.join(taken)}")
    settings = {
        r.id: RulePolicy(
            group_by=r.group_parts,
            consequence_of=r.consequence_of,
            notice=r.notice,
            event_days=r.event_days,
            queue=r.queue,
            title=r.title,
            title_zh=r.title_zh,
        )
        for r in rules
    }
    unknown = sorted({name for r in rules for name in r.consequence_of} - policy.rules.keys())
    if unknown:
        raise ValueError(f"consequence_of names rules that the product does not have: {', '.join(unknown)}")
    owners = tuple(OwnerRule(rule=(r.id,), owner=r.owner) for r in rules if r.has_own_owner)
    return policy.model_copy(update={"rules": {**policy.rules, **settings}, "owners": (*owners, *policy.owners)})


def _rule(entry: Any, line: int, mistakes: list[str]) -> Rule | None:
    if not isinstance(entry, Mapping):
        mistakes.append(f"line {line}: {entry!r} is no rule")
        return None
    try:
        return Rule.model_validate({**entry, "line": line})
    except ValidationError as error:
        name = entry.get("id", "?")
        mistakes += [f"line {line}: rule {name}, {'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors()]
        return None
