"""Writes notices that are due into the ledger: one notice per person, channel and kind, each occasion once for ever."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from expectations.incidents import schema
from expectations.incidents.model import incident_number
from expectations.incidents.policy import Policy
from expectations.incidents.queries import list_incidents
from expectations.incidents.store import IncidentStore, WriteUnit
from expectations.incidents.views import IncidentFilter
from expectations.notify.render import render
from expectations.notify.topics import Topic, incident_topics, run_topics
from expectations.rules.book import Watch

DIGESTS_LOOKED_AT = 1000  # more than the digests of one day: people times channels
RUNS_LOOKED_AT = 20  # a failed run older than this has been followed by so many others that it is no news


@dataclass(frozen=True, slots=True)
class PlanOutcome:
    """How many notices were put into the ledger, and which people have no channel that could reach them."""

    planned: int = 0
    unreachable: tuple[str, ...] = ()
    is_clock_held: bool = False


def plan_notices(store: IncidentStore, watch: Watch, *, with_digest: bool = True) -> PlanOutcome:
    """Write every notice that is due and not yet written into the ledger.

    Asks the state of the store, not the outcome of a run: a run killed after recording loses no notice.
    """
    incidents = list_incidents(store, IncidentFilter(limit=1_000_000))
    with store.writing(confirm_clock=True) as unit:
        if unit.view.is_held:
            return PlanOutcome(is_clock_held=True)
        today = unit.today
        topics = incident_topics(incidents, store.policy, watch, today)
        topics += run_topics(_newest_runs(unit.connection), watch, unit.now)
        if not with_digest:
            topics = [t for t in topics if t.kind != "digest"]
        told = _told(unit.connection)
        digested = _digested(unit.connection, store.policy, today)
        messages: dict[tuple[str, str, str], list[Topic]] = defaultdict(list)
        unreachable: set[str] = set()
        for topic in topics:
            channels = channels_of(topic.person, store.policy, watch)
            if not channels:
                unreachable.add(topic.person)
            for channel in channels:
                if topic.kind == "digest" and (topic.person, channel) in digested:
                    continue  # one digest a day: what is new after it is in the next one
                if _subject(topic, channel) not in told:
                    messages[(topic.person, channel, topic.kind)].append(topic)
        for (person, channel, kind), group in sorted(messages.items()):
            language = store.policy.person(person).language
            title, body = render(kind, language, group, today, store.policy, watch.page_url)
            _insert(unit, kind, person, channel, language, title, body, group)
    return PlanOutcome(len(messages), tuple(sorted(unreachable)))


def channels_of(person: str, policy: Policy, watch: Watch) -> tuple[str, ...]:
    """Where a person is reached; somebody without a channel is reached through the operators' channels."""
    own = policy.person(person).channels
    return own or tuple(dict.fromkeys(c for name in watch.operators for c in policy.person(name).channels))


def _subject(topic: Topic, channel: str) -> str:
    return f"{topic.key}|{topic.person}|{channel}"


def _told(connection: sa.Connection) -> set[str]:
    return set(connection.execute(sa.select(schema.notice_subjects.c.subject_key)).scalars())


def _digested(connection: sa.Connection, policy: Policy, today: date) -> set[tuple[str, str]]:
    """(person, channel) that have had the digest of the company's day."""
    table = schema.notices
    query = sa.select(table.c.recipient, table.c.channel, table.c.created_at).where(table.c.kind == "digest")
    zone = ZoneInfo(policy.timezone)
    return {
        (row.recipient, row.channel)
        for row in connection.execute(query.order_by(table.c.notice_no.desc()).limit(DIGESTS_LOOKED_AT))
        if row.created_at.astimezone(zone).date() == today
    }


def _newest_runs(connection: sa.Connection) -> list[dict[str, object]]:
    query = sa.select(schema.runs).order_by(schema.runs.c.run_seq.desc()).limit(RUNS_LOOKED_AT)
    return [dict(row) for row in connection.execute(query).mappings()]


def _insert(
    unit: WriteUnit,
    kind: str,
    person: str,
    channel: str,
    language: str,
    title: str,
    body: str,
    group: Sequence[Topic],
) -> None:
    numbers = sorted({incident_number(t.incident.incident_id) for t in group if t.incident is not None})
    result = unit.connection.execute(
        schema.notices.insert().values(
            kind=kind,
            recipient=person,
            channel=channel,
            language=language,
            incident_nos=";".join(map(str, numbers)),
            title=title,
            body=body,
            state="pending",
            attempts=0,
            created_at=unit.now,
            next_attempt_at=unit.now,
        )
    )
    keys = result.inserted_primary_key
    assert keys is not None  # a single-row insert always has one
    number = keys[0]
    subjects = sorted({_subject(topic, channel) for topic in group})
    unit.connection.execute(
        schema.notice_subjects.insert(), [{"subject_key": s, "notice_no": number} for s in subjects]
    )
