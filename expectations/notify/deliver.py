"""Sends what the ledger holds: claim, send, mark. Retries with back-off; never raises, never holds a run up for long.

A notice is claimed for LEASE before it is sent. A sender that is killed between sending and marking leaves the claim;
when it runs out the notice is sent once more: rather a notice twice after a crash than a critical one never.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import sqlalchemy as sa

from expectations.incidents import schema
from expectations.incidents.store import IncidentStore

log = logging.getLogger(__name__)

LEASE = timedelta(minutes=10)  # longer than any send can take: Apprise gives up a connection after 4 + 4 s
FIRST_WAIT = timedelta(minutes=1)
LONGEST_WAIT = timedelta(hours=6)
MAX_ATTEMPTS = 12  # the waits add up to 27 hours: longer than a night and a working day of a dead channel


@dataclass(frozen=True, slots=True)
class SendResult:
    """Whether a channel took a notice; `error` never holds an address."""

    is_sent: bool
    error: str = ""


Sender = Callable[[str, str, str], SendResult]  # channel, title, body


@dataclass(frozen=True, slots=True)
class DeliveryOutcome:
    """Counts of one delivery. `waiting` are still in the ledger for a later try."""

    sent: int = 0
    failed: int = 0
    given_up: int = 0
    waiting: int = 0


def back_off(attempts: int) -> timedelta:
    """How long to wait after the `attempts`-th failure: 1, 2, 4 ... minutes, at most LONGEST_WAIT."""
    return min(LONGEST_WAIT, FIRST_WAIT * 2 ** min(attempts - 1, 20))


def deliver(store: IncidentStore, send: Sender, *, budget_seconds: float = 60.0) -> DeliveryOutcome:
    """Send every notice that is due. A channel that fails once is left alone for the rest of this call.

    Whatever goes wrong - a sender that raises, a store that is locked - is logged and counted, never raised.
    """
    sent = failed = given_up = 0
    down: set[str] = set()
    end = time.monotonic() + budget_seconds
    try:
        while time.monotonic() < end:
            notice = _claim(store, down)
            if notice is None:
                break
            result = _try(send, notice)
            state = _mark(store, notice, result)
            if result.is_sent:
                sent += 1
            else:
                failed += 1
                given_up += state == "given_up"
                down.add(notice["channel"])
                log.warning("notice %s to channel %s failed: %s", notice["notice_no"], notice["channel"], result.error)
        return DeliveryOutcome(sent, failed, given_up, _waiting(store))
    except sa.exc.SQLAlchemyError as error:
        log.warning("notices wait: the incident store cannot be used now (%s)", type(error).__name__)
        return DeliveryOutcome(sent, failed, given_up, -1)


def _claim(store: IncidentStore, down: set[str]) -> dict[str, Any] | None:
    table = schema.notices
    with store.writing(confirm_clock=True) as unit:
        due = (table.c.state == "pending") & (table.c.next_attempt_at <= unit.now)
        orphaned = (table.c.state == "sending") & (table.c.lease_until_at < unit.now)
        query = sa.select(table).where(due | orphaned)
        if down:
            query = query.where(table.c.channel.not_in(sorted(down)))
        row = unit.connection.execute(query.order_by(table.c.notice_no).limit(1)).mappings().first()
        if row is None:
            return None
        claim = {"state": "sending", "lease_until_at": unit.now + LEASE, "attempts": row["attempts"] + 1}
        unit.connection.execute(table.update().where(table.c.notice_no == row["notice_no"]).values(**claim))
        return dict(row) | claim


def _try(send: Sender, notice: dict[str, Any]) -> SendResult:
    try:
        return send(notice["channel"], notice["title"], notice["body"])
    except Exception as error:
        # the text of an exception may hold the address with its token: only its kind is kept
        return SendResult(False, f"the sender broke: {type(error).__name__}")


def _mark(store: IncidentStore, notice: dict[str, Any], result: SendResult) -> str:
    table = schema.notices
    with store.writing() as unit:
        if result.is_sent:
            values: dict[str, Any] = {"state": "sent", "sent_at": unit.now, "lease_until_at": None, "last_error": ""}
        else:
            over = notice["attempts"] >= MAX_ATTEMPTS
            values = {
                "state": "given_up" if over else "pending",
                "lease_until_at": None,
                "next_attempt_at": unit.now + back_off(notice["attempts"]),
                "last_error": result.error,
            }
        unit.connection.execute(table.update().where(table.c.notice_no == notice["notice_no"]).values(**values))
        return str(values["state"])


def _waiting(store: IncidentStore) -> int:
    table = schema.notices
    with store.reading() as connection:
        query = sa.select(sa.func.count()).where(table.c.state.in_(["pending", "sending"]))
        return int(connection.execute(query).scalar_one())
