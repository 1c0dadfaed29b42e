"""What there is to tell, to whom: pure. Incidents and runs in, topics out; wording and sending are elsewhere.

A topic has a key that names the occasion (this incident, this spell of failing, this level of escalation). The ledger
takes each key once per person and channel, so the planner may say everything again at every call.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from expectations.incidents.model import State
from expectations.incidents.policy import Policy
from expectations.incidents.views import FAILING, Incident
from expectations.rules.book import Watch

# sources that went quiet are sent at once to the owner and to the operators, whatever their severity
STALE_RULES = ("stale_snapshot", "missing_movement_day")
NOBODY = "nobody"


@dataclass(frozen=True, slots=True)
class Topic:
    """One notice for one person. `kind` chooses the template and what is sent in one message."""

    kind: str
    key: str
    person: str
    incident: Incident | None = None
    run: dict[str, Any] | None = None


def incident_topics(incidents: Iterable[Incident], policy: Policy, watch: Watch, today: date) -> list[Topic]:
    """Topics of all incidents that are not closed."""
    topics: list[Topic] = []
    for incident in incidents:
        notice = policy.rule(incident.rule_id).notice
        if notice == "none":
            continue
        spell = f"{incident.incident_id}|{incident.reopened_count}"
        failing = incident.state in FAILING
        asleep = incident.snoozed_until_date is not None and incident.snoozed_until_date >= today
        accepted = incident.state == State.RISK_ACCEPTED.value
        if failing and not accepted:
            if incident.rule_id in STALE_RULES:
                for person in dict.fromkeys([incident.owner_name, *watch.operators]):
                    topics.append(Topic("source_stale", f"source_stale|{spell}", person, incident))
            elif policy.queue(incident.rule_id) == "business":
                pass  # a business signal is in the digest, however severe: no figure is wrong because of it
            elif notice == "at_once" or (notice == "by_severity" and incident.severity == "critical"):
                topics.append(Topic("at_once", f"at_once|{spell}", incident.owner_name, incident))
        if failing and not accepted and not asleep:
            topics += _overdue(incident, spell, policy, watch, today)
        if not asleep and not accepted:
            topics.append(Topic("digest", f"digest|{spell}", incident.owner_name, incident))
    return topics


def _overdue(incident: Incident, spell: str, policy: Policy, watch: Watch, today: date) -> list[Topic]:
    topics = []
    late_days = (today - incident.due_date).days
    if late_days >= 0 and incident.state != State.FIX_REPORTED.value:
        round_no = late_days // watch.reminder_every_days
        topics.append(
            Topic("reminder", f"reminder|{spell}|{incident.due_date}|{round_no}", incident.owner_name, incident)
        )
    for level in range(1, incident.escalation_level + 1):
        person = manager_at(incident.owner_name, level, policy, watch)
        if person:
            topics.append(Topic("escalation", f"escalation|{spell}|{incident.due_date}|{level}", person, incident))
    return topics


def manager_at(owner: str, level: int, policy: Policy, watch: Watch) -> str:
    """Who hears of the `level`-th escalation: so many steps up from the owner, the top one at most.

    An owner whom the rule book does not know has the default owner's line; an owner without anybody above goes to the first
    operator; empty text where there is none.
    """
    known = {each.name for each in policy.people}
    owner = owner if owner in known or policy.default_owner not in known else policy.default_owner
    person = owner
    for _ in range(level):
        person = policy.person(person).escalate_to or person
    if person == owner:
        return watch.operators[0] if watch.operators else ""
    return person


def run_topics(runs: Sequence[dict[str, Any]], watch: Watch, now: datetime) -> list[Topic]:
    """Topics of failed runs and of a run that did not come. `runs` are the newest ones, newest first."""
    topics = []
    for run in runs:
        if run["status"] != "succeeded":
            topics += [Topic("run_failed", f"run_failed|{run['run_id']}", p, run=run) for p in watch.operators]
    if runs:
        last = runs[0]
        limit = timedelta(hours=watch.run_expected_every_hours + watch.run_grace_hours)
        if now - last["recorded_at"] > limit:
            days = (now - last["recorded_at"]).days
            key = f"run_missing|{last['run_id']}|{days}"
            topics += [Topic("run_missing", key, p, run=last) for p in watch.operators]
    return topics
