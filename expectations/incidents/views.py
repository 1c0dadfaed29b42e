"""What the reads of the incident store give: plain, frozen records for the terminal, the dashboard and the marts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from expectations.incidents.model import FAILING_STATES, State, incident_id_of
from expectations.incidents.sentences import read

FAILING = tuple(s.value for s in FAILING_STATES)


@dataclass(frozen=True, slots=True)
class Incident:
    """One incident as people see it. Values in `currency_code` (empty: not known); `metrics` cannot be trusted while it fails."""

    incident_id: str
    cause_key: str
    rule_id: str
    title: str
    title_zh: str
    severity: str
    state: str
    owner_name: str
    item_id: str
    warehouse_id: str
    doc_no: str
    source_name: str
    first_business_date: date | None
    cause: str
    explanation: str
    explanation_zh: str
    task: str
    task_zh: str
    rows_failed: int
    variance_net_value: Decimal | None
    variance_gross_value: Decimal | None
    stock_value_touched: Decimal | None
    value_status: str
    currency_code: str
    metrics: tuple[str, ...]
    opened_at: datetime
    opened_as_of_date: date
    due_date: date
    is_overdue: bool
    acknowledged_at: datetime | None
    acknowledged_by: str
    snoozed_until_date: date | None
    accepted_until_date: date | None
    escalation_level: int
    reopened_count: int
    reason: str
    reason_by: str
    closed_at: datetime | None
    closed_as_of_date: date | None
    previous_incident_id: str

    @classmethod
    def from_row(cls, row: Mapping[Any, Any], today: date) -> Incident:
        """From a row of the table, with `is_overdue` as of `today`."""
        previous = row["previous_incident_no"]
        worked_on = row["state"] in (State.OPEN.value, State.ACKNOWLEDGED.value, State.FIX_REPORTED.value)
        derived: dict[str, Any] = {
            "incident_id": incident_id_of(row["incident_no"]),
            "metrics": tuple(m for m in row["metrics"].split(";") if m),
            "is_overdue": worked_on and row["due_date"] < today,
            **{name: read(row[name]) for name in ("value_status", "explanation", "reason")},
            "previous_incident_id": "" if previous is None else incident_id_of(previous),
        }
        return cls(**{f.name: derived[f.name] if f.name in derived else row[f.name] for f in fields(cls)})


@dataclass(frozen=True, slots=True)
class IncidentFilter:
    """What to list; an empty field does not filter. `states` is by default everything that is not closed."""

    states: tuple[str, ...] = (*FAILING, State.PASSED.value)
    severities: tuple[str, ...] = ()
    owner_name: str = ""
    rule_id: str = ""
    item_id: str = ""
    warehouse_id: str = ""
    queue: str = ""
    is_overdue: bool = False
    limit: int = 1000


@dataclass(frozen=True, slots=True)
class HistoryEntry:
    """Who did what, when: one field's change or one remark."""

    at: datetime
    user_name: str
    action: str
    field: str
    old_value: str
    new_value: str
    comment: str
    run_id: str


@dataclass(frozen=True, slots=True)
class FailingRow:
    """One offending row with its lineage to file and line."""

    finding_id: str
    rule_id: str
    severity: str
    item_id: str
    warehouse_id: str
    doc_no: str
    business_date: date | None
    variance_units: float | None
    variance_value: Decimal | None
    cause: str
    explanation: str
    explanation_zh: str
    task: str
    task_zh: str
    source_instance: str
    source_file: str
    source_row: int | None
    first_run_id: str


@dataclass(frozen=True, slots=True)
class IncidentDetail:
    """Everything about one incident: rows of the newest failing run, history, first bad run, what it touches."""

    incident: Incident
    rows: tuple[FailingRow, ...]
    rows_total: int
    history: tuple[HistoryEntry, ...]
    subjects: tuple[tuple[str, str], ...]
    marts: tuple[str, ...]
    first_bad_run_id: str
    first_bad_as_of_date: date | None
    last_good_run_id: str
    last_failed_run_id: str
    runbook: str


@dataclass(frozen=True, slots=True)
class OpenFlag:
    """A metric of an item in a warehouse that cannot be trusted now. Empty ids mean all items or warehouses."""

    item_id: str
    warehouse_id: str
    metric: str
    incident_id: str
    severity: str
    is_risk_accepted: bool
