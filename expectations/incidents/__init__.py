"""Incidents: what failed, what it costs, who owns it, and that it stays open until it is really right.

The public functions are gathered here; see docs/incidents.md for how they work together.
"""

from expectations.incidents.actions import (
    accept_risk,
    acknowledge,
    assign,
    comment,
    reopen,
    report_fix,
    resolve,
    snooze,
)
from expectations.incidents.model import CheckResult, Finding, IncidentError, RunOutcome, RunRecord, State
from expectations.incidents.policy import Policy, load_policy
from expectations.incidents.pricing import StockContext
from expectations.incidents.queries import get_incident, list_incidents, open_flags
from expectations.incidents.recording import record_run
from expectations.incidents.store import IncidentStore
from expectations.incidents.sweep import SweepOutcome, sweep
from expectations.incidents.views import Incident, IncidentDetail, IncidentFilter, OpenFlag

__all__ = [
    "CheckResult",
    "Finding",
    "Incident",
    "IncidentDetail",
    "IncidentError",
    "IncidentFilter",
    "IncidentStore",
    "OpenFlag",
    "Policy",
    "RunOutcome",
    "RunRecord",
    "State",
    "StockContext",
    "SweepOutcome",
    "accept_risk",
    "acknowledge",
    "assign",
    "comment",
    "get_incident",
    "list_incidents",
    "load_policy",
    "open_flags",
    "record_run",
    "reopen",
    "report_fix",
    "resolve",
    "snooze",
    "sweep",
]
