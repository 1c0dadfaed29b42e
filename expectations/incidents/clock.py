"""The clock of the incident store, and what to make of a clock that jumps. Nothing else reads the time here.

Order in the store is by sequence number, never by time. Times only decide due dates, reminders and expiries, so a
wrong clock can neither lose nor double an incident; `judge` keeps it from escalating everything at once.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

Clock = Callable[[], datetime]

# A longer silence than this between two looks at the clock is as likely a wrong clock as an idle system: a month-end
# only user still runs once in 31 days. Set 2026-11; the owner is the maintainer of the incident store.
JUMP = timedelta(days=31)
CONFIRMED_AFTER = timedelta(
    hours=1
)  # a glitch that a time server fixes is gone by then (its longest poll is 17 minutes)


def system_clock() -> datetime:
    """Now, in UTC."""
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class ClockView:
    """The time to use, what to remember, and whether time-driven moves must wait."""

    now: datetime
    last_seen: datetime
    candidate: datetime | None
    is_held: bool


def judge(reading: datetime, last_seen: datetime | None, candidate: datetime | None, *, confirm: bool) -> ClockView:
    """Judge a clock reading against the last one that was believed.

    A step back of less than JUMP: the time given stays the same until the clock catches up. A step of more than JUMP either way
    is held: the old time stays in force. It is believed after all when a later run or sweep (`confirm`) finds that it
    confirmed: at least CONFIRMED_AFTER after the first held reading and less than JUMP after it.
    """
    if last_seen is None:
        return ClockView(reading, reading, None, False)
    if abs(reading - last_seen) <= JUMP:
        now = max(reading, last_seen)
        return ClockView(now, now, None, False)
    goes_on = candidate is not None and candidate <= reading <= candidate + JUMP
    if confirm and candidate is not None and goes_on and reading >= candidate + CONFIRMED_AFTER:
        return ClockView(reading, reading, None, False)
    return ClockView(last_seen, last_seen, candidate if goes_on else reading, True)
