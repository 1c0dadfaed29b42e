"""What time does to incidents: snoozes and accepted risks that run out, escalation of what is overdue.

Run it after every run and as often as wished: a second sweep on the same day changes nothing. While the clock is in
doubt nothing moves.
"""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa

from expectations.incidents import lifecycle, schema
from expectations.incidents.journal import PIPELINE, change_incident
from expectations.incidents.model import incident_id_of
from expectations.incidents.store import IncidentStore
from expectations.incidents.views import FAILING


@dataclass(frozen=True, slots=True)
class SweepOutcome:
    """Ids of the incidents that a sweep moved; `is_clock_held` says that it moved none because the clock jumped."""

    escalated: tuple[str, ...] = ()
    woke: tuple[str, ...] = ()
    risk_expired: tuple[str, ...] = ()
    is_clock_held: bool = False


def sweep(store: IncidentStore) -> SweepOutcome:
    """Apply the passing of time to every failing incident."""
    table = schema.incidents
    moved: dict[str, list[str]] = {"escalated": [], "woke": [], "risk_expired": []}
    with store.writing(confirm_clock=True) as unit:
        if unit.view.is_held:
            return SweepOutcome(is_clock_held=True)
        query = sa.select(table).where(table.c.state.in_(FAILING)).order_by(table.c.incident_no)
        for row in unit.connection.execute(query).mappings().all():
            for move in lifecycle.on_time(row, store.policy, unit.today):
                change_incident(unit, row, move.values, action=move.action, user=PIPELINE, comment=move.comment)
                moved[move.action].append(incident_id_of(row["incident_no"]))
    return SweepOutcome(tuple(moved["escalated"]), tuple(moved["woke"]), tuple(moved["risk_expired"]))
