"""What people do to an incident: acknowledge, assign, comment, snooze, report a fix, resolve, accept a risk, reopen.

Every action is one transaction with its history row. Functions give the incident as it is afterwards. A refusal
is an IncidentError whose message says what to do instead.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, timedelta
from typing import Any

import sqlalchemy as sa

from expectations.incidents import lifecycle, schema
from expectations.incidents.journal import change_incident
from expectations.incidents.lifecycle import Move
from expectations.incidents.model import (
    FAILING_STATES,
    IncidentError,
    InvalidTransitionError,
    State,
    StillFailingError,
    UnknownIncidentError,
    incident_id_of,
    incident_number,
)
from expectations.incidents.sentences import say
from expectations.incidents.store import IncidentStore, WriteUnit
from expectations.incidents.views import Incident

Row = Mapping[Any, Any]
Decide = Callable[[Row, WriteUnit], Move]


def acknowledge(store: IncidentStore, incident_id: str | int, user: str) -> Incident:
    """`user` has seen it and works on it. Only an open incident; a second acknowledgement is refused."""

    def decide(row: Row, unit: WriteUnit) -> Move:
        _need(row, (State.OPEN,), "act_acknowledged")
        seen = {"state": State.ACKNOWLEDGED.value, "acknowledged_at": unit.now, "acknowledged_by": user}
        return Move("acknowledged", seen)

    return _act(store, incident_id, user, decide)


def assign(store: IncidentStore, incident_id: str | int, user: str, owner_name: str) -> Incident:
    """Give it to somebody else; the new owner starts without an escalation."""
    owner = _stated(owner_name, "owner_required")

    def decide(row: Row, unit: WriteUnit) -> Move:
        _need(row, (*FAILING_STATES, State.PASSED), "act_assigned")
        return Move("assigned", {"owner_name": owner})

    return _act(store, incident_id, user, decide)


def comment(store: IncidentStore, incident_id: str | int, user: str, text: str) -> Incident:
    """Add a remark; possible in every state."""
    said = _stated(text, "comment_required")
    return _act(store, incident_id, user, lambda row, unit: Move("commented", {}, said))


def snooze(store: IncidentStore, incident_id: str | int, user: str, until: date, reason: str = "") -> Incident:
    """No reminder and no escalation until the end of a day, at most `max_snooze_days` ahead. Flags stay."""

    def decide(row: Row, unit: WriteUnit) -> Move:
        _need(row, (State.OPEN, State.ACKNOWLEDGED), "act_snoozed")
        _within(until, unit.today, store.policy.max_snooze_days, "snooze_within")
        return Move("snoozed", {"snoozed_until_date": until}, reason)

    return _act(store, incident_id, user, decide)


def report_fix(store: IncidentStore, incident_id: str | int, user: str, reason: str) -> Incident:
    """Say that it is fixed and why it happened. The next run that looks closes it with this reason, or reopens it."""
    said = _stated(reason, "reason_required")

    def decide(row: Row, unit: WriteUnit) -> Move:
        _need(row, FAILING_STATES, "act_fix_reported")
        values = {"state": State.FIX_REPORTED.value, "reason": said, "reason_by": user, "snoozed_until_date": None}
        return Move("fix_reported", values | {"accepted_until_date": None, "accepted_gross_value": None})

    return _act(store, incident_id, user, decide)


def resolve(
    store: IncidentStore, incident_id: str | int, user: str, reason: str, accept_until: date | None = None
) -> Incident:
    """Close it with a reason. While it still fails that is refused (StillFailingError), unless `accept_until` records
    it as an accepted risk with an expiry."""
    if accept_until is not None:
        return accept_risk(store, incident_id, user, reason, accept_until)
    said = _stated(reason, "reason_required")

    def decide(row: Row, unit: WriteUnit) -> Move:
        if lifecycle.is_failing(row):
            raise StillFailingError(_still_failing(row))
        _need(row, (State.PASSED,), "act_closed")
        run = unit.connection.execute(
            sa.select(schema.runs).where(schema.runs.c.run_seq == row["last_looked_run_seq"])
        ).one()
        return Move("closed", lifecycle.closing(said, user, unit.now, run.as_of_date, run.run_seq))

    return _act(store, incident_id, user, decide)


def accept_risk(store: IncidentStore, incident_id: str | int, user: str, reason: str, until: date) -> Incident:
    """Live with a failing check until a date: no reminders, flags stay. Opens again on expiry or when it grows."""
    said = _stated(reason, "reason_required")

    def decide(row: Row, unit: WriteUnit) -> Move:
        _need(row, FAILING_STATES, "act_risk_accepted")
        _within(until, unit.today, store.policy.max_accept_days, "accept_within")
        values = {
            "state": State.RISK_ACCEPTED.value,
            "accepted_until_date": until,
            "accepted_gross_value": row["variance_gross_value"],
            "reason": said,
            "reason_by": user,
            "snoozed_until_date": None,
            "escalation_level": 0,
        }
        return Move("risk_accepted", values)

    return _act(store, incident_id, user, decide)


def reopen(store: IncidentStore, incident_id: str | int, user: str, reason: str) -> Incident:
    """Open a closed or passed incident again. Refused where a newer incident of the same cause is open."""
    said = _stated(reason, "reason_required")

    def decide(row: Row, unit: WriteUnit) -> Move:
        _need(row, (State.CLOSED, State.PASSED, State.RISK_ACCEPTED, State.FIX_REPORTED), "act_reopened")
        newer = unit.connection.execute(
            sa.select(schema.incidents.c.incident_no).where(
                schema.incidents.c.cause_key == row["cause_key"],
                schema.incidents.c.state != State.CLOSED.value,
                schema.incidents.c.incident_no != row["incident_no"],
            )
        ).scalar()
        if newer is not None:
            raise InvalidTransitionError(say("same_cause_is_open", incident_id_of(newer)))
        again = lifecycle.fresh_start(store.policy, row["severity"], unit.today)
        return Move("reopened", again | {"reopened_count": row["reopened_count"] + 1}, said)

    return _act(store, incident_id, user, decide)


def _act(store: IncidentStore, incident_id: str | int, user: str, decide: Decide) -> Incident:
    name = _stated(user, "user_required")
    number = incident_number(incident_id)
    query = sa.select(schema.incidents).where(schema.incidents.c.incident_no == number)
    with store.writing() as unit:
        row = unit.connection.execute(query).mappings().first()
        if row is None:
            raise UnknownIncidentError(say("no_such_incident", incident_id_of(number)))
        move = decide(row, unit)
        change_incident(unit, row, move.values, action=move.action, user=name, comment=move.comment)
        after = unit.connection.execute(query).mappings().one()
        return Incident.from_row(after, unit.today)


def _need(row: Row, states: tuple[State, ...], done: str) -> None:
    if row["state"] not in {s.value for s in states}:
        raise InvalidTransitionError(say("not_in_this_state", incident_id_of(row["incident_no"]), row["state"], done))


def _stated(text: str, refusal: str) -> str:
    clean = (text or "").strip()
    if not clean:
        raise IncidentError(say(refusal))
    return clean


def _within(until: date, today: date, days: int, refusal: str) -> None:
    if not today <= until <= today + timedelta(days=days):
        raise IncidentError(say(refusal, today, today + timedelta(days=days), until))


def _still_failing(row: Row) -> str:
    name = incident_id_of(row["incident_no"])
    value = row["variance_gross_value"]
    if value is None:
        return say("still_fails", name, row["rows_failed"])
    return say("still_fails_with_value", name, row["rows_failed"], f"{value:,.2f}")
