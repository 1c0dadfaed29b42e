"""What goes into and comes out of the incident store: plain records, states and errors.

No SQL, no I/O, no policy. Findings and check results are read from mappings whose names are those of
`fct_findings` and `quality.check_results` (docs/interfaces.md).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any

from expectations.incidents.sentences import read, say

SEVERITIES = ("info", "warning", "critical")  # from light to heavy


class State(StrEnum):
    """The state of an incident. Snoozed and overdue are properties of an open incident, no states."""

    OPEN = "open"
    ACKNOWLEDGED = "acknowledged"
    FIX_REPORTED = "fix_reported"  # somebody says it is fixed; the next run decides
    RISK_ACCEPTED = "risk_accepted"  # still fails, accepted until a date
    PASSED = "passed"  # a later run passed; waits for a stated reason
    CLOSED = "closed"


FAILING_STATES = (State.OPEN, State.ACKNOWLEDGED, State.FIX_REPORTED, State.RISK_ACCEPTED)


class IncidentError(ValueError):
    """Base of what the incident store refuses; the message is one sentence for a person."""

    def __init__(self, message: str) -> None:
        """`message`: what `sentences.say` made, or English text."""
        super().__init__(read(message))

    @property
    def sentence(self) -> str:
        """The message, which knows its Chinese where `say` made it."""
        return str(self) if not self.args else self.args[0]


class UnknownIncidentError(IncidentError):
    """No incident has this id."""


class InvalidTransitionError(IncidentError):
    """The action does not fit the state that the incident is in."""


class StillFailingError(IncidentError):
    """A manual close of an incident whose check failed in the newest run that looked."""


class RunConflictError(IncidentError):
    """The same run id was recorded before with other results."""


def heavier(left: str, right: str) -> str:
    """The heavier of two severities."""
    return max(left, right, key=SEVERITIES.index)


def as_date(value: Any) -> date | None:
    """A date out of a date, a datetime (its date) or ISO text; None stays None."""
    if value is None or value == "" or value != value:  # NaT is not equal to itself
        return None
    if isinstance(value, datetime):
        return value.date()
    if isinstance(value, date):
        return value
    return date.fromisoformat(str(value)[:10])


def as_decimal(value: Any) -> Decimal | None:
    """An exact number; None and NaN become None (missing is never zero)."""
    if value is None or value != value:
        return None
    return value if isinstance(value, Decimal) else Decimal(str(value))


def as_text(value: Any) -> str:
    """Text without surrounding blanks; None and NaN become empty text."""
    return "" if value is None or value != value else str(value).strip()


def as_row_number(value: Any) -> int | None:
    """A row number out of an integer, a float from a nullable column or text; None where there is none."""
    return None if value is None or value != value or value == "" else int(value)


@dataclass(frozen=True, slots=True)
class Finding:
    """One failing row: what `fct_findings` says about it, and what helps to group and price it."""

    finding_id: str
    rule_id: str
    severity: str
    item_id: str = ""
    warehouse_id: str = ""
    doc_no: str = ""
    business_date: date | None = None
    variance_units: Decimal | None = None
    variance_value: Decimal | None = None
    cause: str = ""
    explanation: str = ""
    source_file: str = ""
    source_row: int | None = None
    source_instance: str = ""
    owner_name: str = ""
    task: str = ""
    explanation_zh: str = ""
    task_zh: str = ""
    currency_code: str = ""  # of variance_value; empty: the main company's

    @classmethod
    def from_row(cls, row: Mapping[str, Any]) -> Finding:
        """Read a row of `fct_findings` (missing columns are empty). Raises ValueError on an unknown severity."""
        severity = as_text(row.get("severity"))
        if severity not in SEVERITIES:
            raise ValueError(
                f"finding {row.get('finding_id')!r} has the severity {severity!r}, not one of {SEVERITIES}"
            )
        return cls(
            finding_id=as_text(row["finding_id"]),
            rule_id=as_text(row["rule_id"]),
            severity=severity,
            business_date=as_date(row.get("business_date")),
            variance_units=as_decimal(row.get("variance_units")),
            variance_value=as_decimal(row.get("variance_value")),
            source_row=as_row_number(row.get("source_row")),
            task=as_text(row.get("task")) or as_text(row.get("fix")),
            task_zh=as_text(row.get("task_zh")) or as_text(row.get("fix_zh")),
            **{name: as_text(row.get(name)) for name in _TEXT_FIELDS},
        )


_TEXT_FIELDS = (
    "item_id",
    "warehouse_id",
    "doc_no",
    "cause",
    "explanation",
    "explanation_zh",
    "source_file",
    "source_instance",
    "owner_name",
    "currency_code",
)
TRANSLATED = ("explanation_zh", "task_zh")  # say again what another field says
DERIVED = (*TRANSLATED, "currency_code")  # follow from what else the row says: no part of what it is known by


@dataclass(frozen=True, slots=True)
class CheckResult:
    """One check of one run, passed or failed, whichever engine made it."""

    check_id: str
    engine: str
    rule_id: str
    severity: str
    is_passed: bool
    contract_or_model: str = ""
    is_blocking: bool = False
    rows_failed: int = 0
    rows_checked: int | None = None
    variance_value: Decimal | None = None
    duration_ms: int | None = None
    message: str = ""

    @classmethod
    def from_row(cls, row: Mapping[str, Any]) -> CheckResult:
        """Read a row of `quality.check_results`. Raises ValueError on an unknown severity."""
        severity = as_text(row.get("severity")) or "warning"
        if severity not in SEVERITIES:
            raise ValueError(f"check {row.get('check_id')!r} has the severity {severity!r}, not one of {SEVERITIES}")
        return cls(
            check_id=as_text(row["check_id"]),
            engine=as_text(row.get("engine")),
            rule_id=as_text(row.get("rule_id")),
            severity=severity,
            is_passed=bool(row["is_passed"]),
            contract_or_model=as_text(row.get("contract_or_model")),
            is_blocking=bool(row.get("is_blocking")),
            rows_failed=as_row_number(row.get("rows_failed")) or 0,
            rows_checked=as_row_number(row.get("rows_checked")),
            variance_value=as_decimal(row.get("variance_value")),
            duration_ms=as_row_number(row.get("duration_ms")),
            message=as_text(row.get("message")),
        )


@dataclass(frozen=True, slots=True)
class RunRecord:
    """One run of the pipeline as the store knows it.

    `evaluated_rules` names every rule that this run looked at: only those can close an incident. A check result
    with a rule id counts as looked at too. `status` is `succeeded` or `failed`.
    """

    run_id: str
    as_of_date: date
    release_id: str = ""
    status: str = "succeeded"
    started_at: datetime | None = None
    finished_at: datetime | None = None
    evaluated_rules: frozenset[str] = frozenset()
    message: str = ""


@dataclass(frozen=True, slots=True)
class RunOutcome:
    """What recording a run did to the incidents (lists of incident ids, in order of their number)."""

    run_id: str
    opened: tuple[str, ...] = ()
    updated: tuple[str, ...] = ()
    reopened: tuple[str, ...] = ()
    passed: tuple[str, ...] = ()
    closed: tuple[str, ...] = ()
    is_backfill: bool = False  # an as-of date before the newest recorded one: kept, but no incident moves
    is_repeat: bool = False  # this run id was recorded before; nothing was written


@dataclass(frozen=True, slots=True)
class Cause:
    """The group of findings (or one failing check) that becomes one incident; its amounts are of one currency."""

    key: str
    rule_id: str
    parts: tuple[tuple[str, str], ...]
    findings: tuple[Finding, ...]
    check: CheckResult | None = None


@dataclass(frozen=True, slots=True)
class Price:
    """What a cause is worth. Nulls come with `status` = `not_available: <reason>`."""

    net_value: Decimal | None
    gross_value: Decimal | None
    stock_value_touched: Decimal | None
    status: str = "ok"
    metrics: tuple[str, ...] = field(default=())
    currency_code: str = ""


def incident_id_of(number: int) -> str:
    """The name people use: INC-00042."""
    return f"INC-{number:05d}"


def incident_number(incident_id: str | int) -> int:
    """The number in `INC-00042`, `42` or 42. Raises UnknownIncidentError where it is no such thing."""
    text = str(incident_id).strip().upper().removeprefix("INC-")
    if not text.isdecimal():
        raise UnknownIncidentError(say("no_incident_id", repr(incident_id)))
    return int(text)
