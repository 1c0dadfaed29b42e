"""Reads of the incident store: lists, one incident with everything about it, flags for marts. Never writes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from datetime import date
from decimal import Decimal
from typing import Any

import sqlalchemy as sa

from expectations.incidents import schema
from expectations.incidents.model import SEVERITIES, State, UnknownIncidentError, incident_id_of, incident_number
from expectations.incidents.policy import PRODUCT_RULES, Policy
from expectations.incidents.sentences import read, say
from expectations.incidents.store import IncidentStore
from expectations.incidents.views import (
    FAILING,
    FailingRow,
    HistoryEntry,
    Incident,
    IncidentDetail,
    IncidentFilter,
    OpenFlag,
)


def list_incidents(store: IncidentStore, wanted: IncidentFilter | None = None) -> list[Incident]:
    """Incidents that fit, critical before warning, then by due date, then by money, then by number."""
    ask = wanted or IncidentFilter()
    table = schema.incidents
    query = sa.select(table)
    if ask.states:
        query = query.where(table.c.state.in_(ask.states))
    if ask.severities:
        query = query.where(table.c.severity.in_(ask.severities))
    for name in ("owner_name", "rule_id"):
        if getattr(ask, name):
            query = query.where(table.c[name] == getattr(ask, name))
    for name in ("item_id", "warehouse_id"):
        if getattr(ask, name):
            touched = sa.select(schema.incident_subjects.c.incident_no).where(
                schema.incident_subjects.c[name] == getattr(ask, name)
            )
            query = query.where(table.c.incident_no.in_(touched))
    today = store.today()
    with store.reading() as connection:
        found = [Incident.from_row(row, today) for row in connection.execute(query).mappings()]
    if ask.queue:
        found = [i for i in found if store.policy.queue(i.rule_id) == ask.queue]
    if ask.is_overdue:
        found = [i for i in found if i.is_overdue]
    found.sort(key=_urgency)
    return found[: ask.limit]


def _urgency(incident: Incident) -> tuple[int, date, Decimal, str]:
    weight = -SEVERITIES.index(incident.severity)
    return weight, incident.due_date, -(incident.variance_gross_value or Decimal(0)), incident.incident_id


def get_incident(store: IncidentStore, incident_id: str | int, max_rows: int = 50) -> IncidentDetail:
    """One incident with its rows (dearest first, at most `max_rows`) and history.

    Raises UnknownIncidentError.
    """
    number = incident_number(incident_id)
    today = store.today()
    with store.reading() as connection:
        row = connection.execute(
            sa.select(schema.incidents).where(schema.incidents.c.incident_no == number)
        ).mappings().first()  # fmt: skip
        if row is None:
            raise UnknownIncidentError(say("no_such_incident", incident_id_of(number)))
        incident = Incident.from_row(row, today)
        run_of = _runs(connection)
        rows, total = _rows(connection, number, row["last_failed_run_seq"], max_rows, run_of)
        first = run_of.get(_first_bad(connection, number, row["opened_run_seq"]))
        good = _last_good(connection, row)
        last_failed = run_of.get(row["last_failed_run_seq"])
        return IncidentDetail(
            incident=incident,
            rows=rows,
            rows_total=total,
            history=_history(connection, number, run_of),
            subjects=_subjects(connection, number),
            marts=tuple(sorted({m for metric in incident.metrics for m in store.policy.metrics.get(metric, ())})),
            first_bad_run_id=first.run_id if first else "",
            first_bad_as_of_date=first.as_of_date if first else None,
            last_good_run_id=good,
            last_failed_run_id=last_failed.run_id if last_failed else "",
            runbook=f"docs/runbooks/{_runbook(incident, store.policy)}.md",
        )


def is_recorded(store: IncidentStore, run_id: str) -> bool:
    """True where a run is in the store already."""
    with store.reading() as connection:
        query = sa.select(schema.runs.c.run_seq).where(schema.runs.c.run_id == run_id)
        return connection.execute(query).first() is not None


def open_flags(store: IncidentStore) -> list[OpenFlag]:
    """What cannot be trusted now, one row per item, warehouse, metric and incident, sorted."""
    incidents, subjects = schema.incidents, schema.incident_subjects
    query = sa.select(incidents, subjects.c.item_id.label("at_item"), subjects.c.warehouse_id.label("at_warehouse"))
    query = query.join(subjects, subjects.c.incident_no == incidents.c.incident_no)
    with store.reading() as connection:
        rows = connection.execute(query.where(incidents.c.state.in_(FAILING))).mappings().all()
    flags = [
        OpenFlag(
            item_id=row["at_item"],
            warehouse_id=row["at_warehouse"],
            metric=metric,
            incident_id=incident_id_of(row["incident_no"]),
            severity=row["severity"],
            is_risk_accepted=row["state"] == State.RISK_ACCEPTED.value,
        )
        for row in rows
        for metric in row["metrics"].split(";")
        if metric
    ]
    return sorted(flags, key=lambda f: (f.item_id, f.warehouse_id, f.metric, f.incident_id))


def result_history(store: IncidentStore, check_id: str, limit: int = 400) -> list[dict[str, Any]]:
    """The newest results of one check, newest first: run_id, as_of_date and the columns of the results table."""
    results, runs = schema.check_results, schema.runs
    query = (
        sa.select(runs.c.run_id, runs.c.as_of_date, results)
        .join(runs, runs.c.run_seq == results.c.run_seq)
        .where(results.c.check_id == check_id)
        .order_by(results.c.result_id.desc())
        .limit(limit)
    )
    with store.reading() as connection:
        return [dict(row) for row in connection.execute(query).mappings()]


def failed_results(store: IncidentStore, run_seq: int) -> list[dict[str, Any]]:
    """The results of one run that failed, critical first, then by check: the columns of the results table."""
    table = schema.check_results
    query = sa.select(table).where((table.c.run_seq == run_seq) & table.c.is_passed.is_(False))
    with store.reading() as connection:
        found = [dict(row) for row in connection.execute(query).mappings()]
    return sorted(found, key=lambda row: (-SEVERITIES.index(row["severity"]), row["check_id"]))


def latest_run(store: IncidentStore) -> dict[str, Any] | None:
    """The run recorded last, or None."""
    query = sa.select(schema.runs).order_by(schema.runs.c.run_seq.desc()).limit(1)
    with store.reading() as connection:
        row = connection.execute(query).mappings().first()
        return None if row is None else dict(row)


def _runbook(incident: Incident, policy: Policy) -> str:
    """The page of a product rule; checks without rows and a company's own rules share one each."""
    if incident.cause_key.startswith("check=") and incident.rule_id not in policy.rules:
        return "other_checks"
    return incident.rule_id if incident.rule_id in PRODUCT_RULES else "own_rules"


def _runs(connection: sa.Connection) -> dict[int, Any]:
    return {r.run_seq: r for r in connection.execute(sa.select(schema.runs))}


def _rows(
    connection: sa.Connection, number: int, run_seq: int, max_rows: int, run_of: Mapping[int, Any]
) -> tuple[tuple[FailingRow, ...], int]:
    table = schema.failing_rows
    mine = (table.c.incident_no == number) & (table.c.last_run_seq >= run_seq)
    total = connection.execute(sa.select(sa.func.count()).where(mine)).scalar_one()
    dearest = sa.func.abs(sa.func.coalesce(table.c.variance_value, 0)).desc()
    query = sa.select(table).where(mine).order_by(dearest, table.c.finding_id).limit(max_rows)
    names = [f.name for f in fields(FailingRow) if f.name != "first_run_id"]
    rows = tuple(
        FailingRow(**{n: row[n] for n in names}, first_run_id=run_of[row["first_run_seq"]].run_id)
        for row in connection.execute(query).mappings()
    )
    return rows, total


def _history(connection: sa.Connection, number: int, run_of: Mapping[int, Any]) -> tuple[HistoryEntry, ...]:
    table = schema.incident_history
    query = sa.select(table).where(table.c.incident_no == number).order_by(table.c.history_id)
    names = [f.name for f in fields(HistoryEntry) if f.name != "run_id"]
    told = ("old_value", "new_value", "comment")  # what the store may have written itself

    def entry(row: Mapping[Any, Any]) -> HistoryEntry:
        values: dict[str, Any] = {name: read(row[name]) if name in told else row[name] for name in names}
        return HistoryEntry(**values, run_id=run_of[row["run_seq"]].run_id if row["run_seq"] in run_of else "")

    return tuple(entry(row) for row in connection.execute(query).mappings())


def _subjects(connection: sa.Connection, number: int) -> tuple[tuple[str, str], ...]:
    table = schema.incident_subjects
    query = sa.select(table).where(table.c.incident_no == number).order_by(table.c.item_id, table.c.warehouse_id)
    return tuple((r.item_id, r.warehouse_id) for r in connection.execute(query))


def _first_bad(connection: sa.Connection, number: int, opened_run_seq: int) -> int:
    """The run that began the present spell of failing: the last opening or reopening."""
    table = schema.incident_history
    began = table.c.action.in_(["opened", "reopened"]) & table.c.run_seq.is_not(None)
    query = sa.select(sa.func.max(table.c.run_seq)).where((table.c.incident_no == number) & began)
    return connection.execute(query).scalar() or opened_run_seq


def _last_good(connection: sa.Connection, row: Mapping[Any, Any]) -> str:
    """The newest run before the spell that moved incidents; empty where the first run was bad already."""
    runs = schema.runs
    first = _first_bad(connection, row["incident_no"], row["opened_run_seq"])
    query = (
        sa.select(runs.c.run_id)
        .where((runs.c.run_seq < first) & runs.c.is_backfill.is_(False) & (runs.c.status == "succeeded"))
        .order_by(runs.c.run_seq.desc())
        .limit(1)
    )
    return connection.execute(query).scalar() or ""
