"""What may happen to an incident: pure decisions from its present fields to its next ones. No SQL.

open -> acknowledged -> fix_reported -> (next run) closed, or open again
any failing state -> risk_accepted until a date -> open again when it expires or grows
a run passes -> closed; where a reason is required and nobody stated one -> passed -> closed by `resolve`
passed, closed -> open again when it fails again
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from expectations.incidents.model import FAILING_STATES, State, heavier, incident_id_of
from expectations.incidents.policy import Policy
from expectations.incidents.sentences import say

Row = Mapping[Any, Any]
Told = tuple[str, *tuple[object, ...]]  # name of a sentence, and its values


@dataclass(frozen=True, slots=True)
class Move:
    """One decided change: the fields to write, the name of the action and what to say about it."""

    action: str
    values: dict[str, Any]
    comment: str = ""


def is_failing(row: Row) -> bool:
    """True while the newest run that looked found the cause."""
    return row["state"] in {s.value for s in FAILING_STATES}


def due_date(policy: Policy, severity: str, today: date) -> date:
    """The calendar day by which an incident of this severity is to be closed."""
    return today + timedelta(days=policy.due_days[severity])


def fresh_start(policy: Policy, severity: str, today: date) -> dict[str, Any]:
    """Fields of an incident that is opened again."""
    return {
        "state": State.OPEN.value,
        "severity": severity,
        "due_date": due_date(policy, severity, today),
        "acknowledged_at": None,
        "acknowledged_by": "",
        "snoozed_until_date": None,
        "accepted_until_date": None,
        "accepted_gross_value": None,
        "escalation_level": 0,
        "reason": "",
        "reason_by": "",
        "closed_at": None,
        "closed_as_of_date": None,
        "closed_run_seq": None,
    }


def on_failure(row: Row, severity: str, gross_value: Decimal | None, policy: Policy, today: date) -> Move:
    """A run found the cause again."""
    state = State(row["state"])
    if state in (State.CLOSED, State.PASSED, State.FIX_REPORTED):
        action = "fix_not_confirmed" if state is State.FIX_REPORTED else "reopened"
        again = fresh_start(policy, severity, today) | {"reopened_count": row["reopened_count"] + 1}
        said = say("fix_did_not_hold", row["reason_by"], row["reason"]) if row["reason"] else ""
        return Move(action, again, said or say("fails_again"))
    worse = heavier(severity, row["severity"])
    values: dict[str, Any] = {"severity": worse}
    if worse != row["severity"]:
        values["due_date"] = min(row["due_date"], due_date(policy, worse, today))
    if state is State.RISK_ACCEPTED:
        accepted = row["accepted_gross_value"]
        limit = None if accepted is None else accepted * Decimal(str(1 + policy.accepted_growth_rate))
        if worse != row["severity"] or (limit is not None and gross_value is not None and gross_value > limit):
            again = fresh_start(policy, worse, today) | {"reopened_count": row["reopened_count"] + 1}
            return Move("accepted_risk_grew", again, say("accepted_risk_grew", accepted, gross_value, worse))
    return Move("updated", values)


def on_pass(row: Row, told: Told, policy: Policy, now: datetime, as_of: date, run_seq: int) -> Move | None:
    """A run looked and found nothing, which `told` says. None where there is nothing to change."""
    if row["state"] == State.PASSED.value:
        return None
    if row["severity"] in policy.reason_required and not row["reason"]:
        values = {"state": State.PASSED.value, "snoozed_until_date": None}
        return Move("passed", values, say(f"{told[0]}_reason_needed", *told[1:]))
    reason = row["reason"] or say(*told)
    return Move("closed", closing(reason, row["reason_by"], now, as_of, run_seq), say(*told))


def closing(reason: str, reason_by: str, now: datetime, as_of: date, run_seq: int) -> dict[str, Any]:
    """Fields of a close."""
    return {
        "state": State.CLOSED.value,
        "reason": reason,
        "reason_by": reason_by,
        "snoozed_until_date": None,
        "accepted_until_date": None,
        "accepted_gross_value": None,
        "closed_at": now,
        "closed_as_of_date": as_of,
        "closed_run_seq": run_seq,
    }


def may_reopen(closed_as_of: date | None, as_of: date, policy: Policy) -> bool:
    """True where a cause that comes back is the same incident; later it is a new one that names the old."""
    return closed_as_of is not None and (as_of - closed_as_of).days <= policy.reopen_days


def on_time(row: Row, policy: Policy, today: date) -> list[Move]:
    """What the mere passing of time does to a failing incident: expiry of risk and snooze, escalation."""
    moves: list[Move] = []
    state = State(row["state"])
    if state is State.RISK_ACCEPTED and row["accepted_until_date"] < today:
        again = fresh_start(policy, row["severity"], today) | {"reopened_count": row["reopened_count"] + 1}
        return [Move("risk_expired", again, say("risk_expired", row["accepted_until_date"]))]
    snoozed = row["snoozed_until_date"]
    if snoozed is not None and snoozed < today:
        moves.append(Move("woke", {"snoozed_until_date": None}, say("woke", snoozed)))
        snoozed = None
    level = escalation_level(row["due_date"], today, policy)
    if state in (State.OPEN, State.ACKNOWLEDGED) and snoozed is None and level > row["escalation_level"]:
        number = incident_id_of(row["incident_no"])
        moves.append(Move("escalated", {"escalation_level": level}, say("was_due", number, row["due_date"])))
    return moves


def escalation_level(due: date, today: date, policy: Policy) -> int:
    """0 until the due date has passed, then one more every so many days, up to the limit."""
    overdue_days = (today - due).days
    if overdue_days <= 0:
        return 0
    return min(policy.max_escalations, 1 + (overdue_days - 1) // policy.escalate_every_days)
