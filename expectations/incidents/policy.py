"""How incidents are grouped, owned, dated and escalated: typed settings, read from YAML. No SQL, no incident.

The product's own knowledge (what one cause is for each rule, which KPIs it spoils) is in `policy.yml` beside this
file. What belongs to a company (people, owners, due days) comes from its `config/rules.yml` and lies over it.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal
from zoneinfo import available_timezones

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from assets.documents import shipped_document

Part = Literal["item", "warehouse", "document", "source", "cause"]
# data: figures cannot be trusted until it is closed; business: the figures are right and somebody has to act on them.
Queue = Literal["data", "business"]
PACKAGED = Path(__file__).with_name("policy.yml")
SEED = Path(__file__).resolve().parents[2] / "dbt_project" / "seeds" / "rules.csv"


def _packaged() -> dict[str, Any]:
    """The packaged policy; what each rule is called and what it spoils comes from the seed, which the marts read too."""
    settings: dict[str, Any] = shipped_document(PACKAGED)
    with SEED.open(encoding="utf-8", newline="") as handle:
        for row in csv.DictReader(handle):
            told = {"title": row["title"], "title_zh": row["title_zh"], "metrics": row["spoils"].split()}
            settings["rules"][row["rule_id"]].update(told)
    return settings


_PACKAGED_SETTINGS = _packaged()
PRODUCT_RULES = frozenset(_PACKAGED_SETTINGS["rules"])


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class RulePolicy(_Strict):
    """What makes one cause under a rule, coarse part first, and what it spoils."""

    group_by: tuple[Part, ...] = ("item", "warehouse")
    when_missing: tuple[Part, ...] = ()  # used where every part of group_by is empty on the finding
    consequence_of: tuple[str, ...] = ()  # rules whose finding on the same item and warehouse explains this one
    metrics: tuple[str, ...] = ()
    event_days: int | None = None  # the rule tells of events: one older than this, and not lasting, is history
    lasts_while_negative: bool = False  # ... and an event lasts while the item's book is below zero
    queue: Queue = "data"
    notice: Literal["by_severity", "at_once", "digest", "none"] = "by_severity"
    title: str = ""
    title_zh: str = ""


class OwnerRule(_Strict):
    """One line of the owner mapping; every stated field must match. Lists mean any of them."""

    owner: str
    rule: tuple[str, ...] = ()
    category: tuple[str, ...] = ()
    warehouse: tuple[str, ...] = ()
    supplier: tuple[str, ...] = ()
    source: tuple[str, ...] = ()

    @model_validator(mode="before")
    @classmethod
    def _one_is_a_list(cls, data: Any) -> Any:
        if isinstance(data, Mapping):
            return {k: (v,) if k != "owner" and isinstance(v, str) else v for k, v in data.items()}
        return data


class Person(_Strict):
    """Somebody who owns incidents: where notices go, in which language, and who hears of what is overdue."""

    name: str
    channels: tuple[str, ...] = ()
    language: Literal["zh", "en"] = "zh"
    escalate_to: str = ""


class Policy(_Strict):
    """All settings of the incident store."""

    timezone: str = "UTC"  # where a day begins for due dates and digests
    due_days: dict[str, int] = Field(default_factory=lambda: {"critical": 1, "warning": 5, "info": 20})
    opens: tuple[str, ...] = ("critical", "warning")
    reason_required: tuple[str, ...] = ("critical",)
    reopen_days: int = 30
    max_snooze_days: int = 14
    max_accept_days: int = 180
    accepted_growth_rate: float = 0.5
    escalate_every_days: int = 2
    max_escalations: int = 3
    max_new_per_rule: int = 25
    default_owner: str = "inventory control"
    check_owner: str = ""  # owns failing checks that left no rows; empty = the default owner
    people: tuple[Person, ...] = ()
    owners: tuple[OwnerRule, ...] = ()
    metrics: dict[str, tuple[str, ...]] = Field(default_factory=dict)  # metric -> marts that show it
    rules: dict[str, RulePolicy] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _names_hang_together(self) -> Policy:
        unknown = {m for r in self.rules.values() for m in r.metrics} - self.metrics.keys()
        if unknown:
            raise ValueError(f"rules name metrics that are not listed under metrics: {sorted(unknown)}")
        if self.timezone not in available_timezones():
            raise ValueError(f"timezone: there is no {self.timezone}")
        for rule_id in self.rules:
            _no_circle(rule_id, self.rules)
        names = [p.name for p in self.people]
        if len(names) != len(set(names)):
            raise ValueError("two people have the same name")
        missing = {p.escalate_to for p in self.people if p.escalate_to} - set(names)
        if missing:
            raise ValueError(f"escalate_to names people that are not listed under people: {sorted(missing)}")
        return self

    def rule(self, rule_id: str) -> RulePolicy:
        """The settings of a rule; one that is not listed is grouped by item and warehouse."""
        return self.rules.get(rule_id, RulePolicy())

    def unknown_owners(self) -> list[str]:
        """Owners that the settings name and that are not listed under people: nobody would hear of their incidents."""
        named = {rule.owner for rule in self.owners} | {self.default_owner, self.check_owner} - {""}
        return sorted(named - {person.name for person in self.people})

    def queue(self, rule_id: str) -> Queue:
        """Whether an incident of the rule is a data alarm or a business signal."""
        return self.rule(rule_id).queue

    def person(self, name: str) -> Person:
        """A person's settings; an unknown name has no channel."""
        return next((p for p in self.people if p.name == name), Person(name=name))


def _no_circle(rule_id: str, rules: Mapping[str, RulePolicy]) -> None:
    """Raise ValueError where a rule is, over any number of steps, a consequence of itself."""
    reached: set[str] = set()
    step = {rule_id}
    while step:
        step = {cause for name in step if name in rules for cause in rules[name].consequence_of} - reached
        if rule_id in step:
            raise ValueError(f"{rule_id} is a consequence of itself")
        reached |= step


def load_policy(company: Mapping[str, Any] | None = None) -> Policy:
    """The packaged policy with the company's settings over it (rules are merged by id, the rest replaced).

    Raises ValueError with one sentence per mistake.
    """
    packaged = _PACKAGED_SETTINGS
    over = dict(company or {})
    merged = {**packaged, **over, "rules": {**packaged["rules"], **over.get("rules", {})}}
    try:
        return Policy.model_validate(merged)
    except ValidationError as error:
        lines = [f"incident policy: {'.'.join(map(str, e['loc'])) or 'settings'}: {e['msg']}" for e in error.errors()]
        raise ValueError("\n".join(lines)) from error
