"""Changing an incident and writing down who changed what, when, from what, to what. The only writer of both tables.

Every field that a person or a decision depends on is journalled one row per field; counters of runs are not.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import sqlalchemy as sa

from expectations.incidents import schema
from expectations.incidents.model import State
from expectations.incidents.store import WriteUnit

PIPELINE = "pipeline"  # the user name under which runs and sweeps act
JOURNALLED = (
    "state",
    "severity",
    "owner_name",
    "due_date",
    "rows_failed",
    "variance_net_value",
    "variance_gross_value",
    "metrics",
    "snoozed_until_date",
    "accepted_until_date",
    "escalation_level",
    "reopened_count",
    "reason",
)


def insert_incident(unit: WriteUnit, values: Mapping[str, Any], *, run_seq: int, comment: str) -> int:
    """Insert a new open incident with the next free number; gives the number."""
    table = schema.incidents
    highest = unit.connection.execute(sa.select(sa.func.max(table.c.incident_no))).scalar() or 0
    number = highest + 1
    unit.connection.execute(table.insert().values(incident_no=number, state=State.OPEN.value, **values))
    _write(unit, number, "opened", PIPELINE, comment, run_seq, [("state", "", State.OPEN.value)])
    return number


def change_incident(
    unit: WriteUnit,
    before: Mapping[Any, Any],
    values: Mapping[str, Any],
    *,
    action: str,
    user: str,
    comment: str = "",
    run_seq: int | None = None,
    always: bool = True,
) -> bool:
    """Write `values` over the incident `before`; True where a journalled field changed.

    With `always`, an action that changed no field (a comment) leaves a history row all the same.
    """
    number = before["incident_no"]
    table = schema.incidents
    if values:
        unit.connection.execute(table.update().where(table.c.incident_no == number).values(**values))
    changed = [
        (name, as_shown(before[name]), as_shown(values[name]))
        for name in JOURNALLED
        if name in values and as_shown(before[name]) != as_shown(values[name])
    ]
    if changed or always:
        _write(unit, number, action, user, comment, run_seq, changed or [("", "", "")])
    return bool(changed)


def as_shown(value: Any) -> str:
    """A value as the history keeps it: ISO dates, exact decimals without trailing zeros, empty text for none."""
    if value is None:
        return ""
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return f"{value.quantize(schema.FOUR_PLACES).normalize():f}"
    return value.value if isinstance(value, State) else str(value)


def _write(
    unit: WriteUnit,
    number: int,
    action: str,
    user: str,
    comment: str,
    run_seq: int | None,
    changed: list[tuple[str, str, str]],
) -> None:
    rows = [
        {
            "incident_no": number,
            "at": unit.now,
            "clock_at": unit.reading,
            "user_name": user,
            "action": action,
            "field": name,
            "old_value": old,
            "new_value": new,
            "comment": comment if position == 0 else "",
            "run_seq": run_seq,
        }
        for position, (name, old, new) in enumerate(changed)
    ]
    unit.connection.execute(schema.incident_history.insert(), rows)
