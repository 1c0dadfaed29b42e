"""What follows a run: its findings and checks become incidents, time passes over them, notices go out.

Reads a finished release, writes to the incident store; nothing here decides whether a release may be published.
"""

from __future__ import annotations

import json
import os
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import duckdb

from assets.publish.releases import Release
from expectations.incidents import IncidentStore, RunOutcome, RunRecord, StockContext, record_run, sweep
from expectations.incidents.model import CheckResult, Finding
from expectations.incidents.queries import is_recorded
from expectations.notify import AppriseSender, deliver, plan_notices
from expectations.rules import RuleBook, evaluate
from expectations.rules.evaluate import RuleRun

STORE_VARIABLE = "STOCKTURN_INCIDENTS_URL"


@dataclass(frozen=True)
class AfterRun:
    """What became of the incidents, and how many notices went out."""

    incidents: RunOutcome
    notices_sent: int


def open_store(path: Path, book: RuleBook) -> IncidentStore:
    """The incident store: PostgreSQL where STOCKTURN_INCIDENTS_URL names one, else a SQLite file of the workspace."""
    url = os.environ.get(STORE_VARIABLE)
    return IncidentStore(url, book.policy) if url else IncidentStore.at(path, book.policy)


def record_release(
    store: IncidentStore, release: Release, book: RuleBook, checks: Iterable[CheckResult], run: RunRecord
) -> AfterRun:
    """Record the findings of a release, the company's own rules over it and the run's checks; then tell the owners."""
    with duckdb.connect(str(release.database), read_only=True) as connection:
        findings = _rows(connection, "select * from marts.fct_findings order by finding_id")
        health = _rows(connection, "select * from marts.fct_inventory_health order by item_id, warehouse_id")
        companies = _rows(connection, "select company_code, currency_code, is_main from marts.dim_companies")
        known = {row["rule_id"] for row in _rows(connection, "select rule_id from reconciliation.rules")}
        own = evaluate(book.rules, connection, _labels(release))
    record = RunRecord(
        run_id=run.run_id,
        as_of_date=run.as_of_date,
        release_id=release.release_id,
        status=run.status,
        started_at=run.started_at,
        finished_at=run.finished_at,
        evaluated_rules=frozenset(known) | own.evaluated,
    )
    currency_of = {row["company_code"]: row["currency_code"] or "" for row in companies}
    main = next((row["currency_code"] or "" for row in companies if row["is_main"]), "")
    priced, results = _in_currencies(own, currency_of)
    context = StockContext.from_rows(health, currency=main)
    outcome = record_run(store, record, [*checks, *results], [*findings, *priced], context)
    return AfterRun(outcome, tell(store, book))


def _in_currencies(own: RuleRun, currency_of: dict[str, str]) -> tuple[list[Finding], list[CheckResult]]:
    """Findings and results of the company's own rules; a result whose rows are of several currencies has no amount."""
    findings = [
        replace(row, currency_code=currency_of.get((row.item_id or row.warehouse_id).split("/")[0], ""))
        for row in own.findings
    ]
    currencies: dict[str, set[str]] = defaultdict(set)
    for row in findings:
        currencies[row.rule_id].add(row.currency_code)
    return findings, [
        replace(result, variance_value=None) if len(currencies[result.rule_id]) > 1 else result
        for result in own.results
    ]


def record_failure(
    store: IncidentStore,
    book: RuleBook,
    run: RunRecord,
    checks: Iterable[CheckResult] = (),
    rows: Iterable[Finding] = (),
) -> AfterRun:
    """Record a run that released nothing, with the checks it came to and the rows that failed them, and tell the operators.

    A run that was recorded before it failed (its release is out) stays as it was recorded.
    """
    if is_recorded(store, run.run_id):
        return AfterRun(RunOutcome(run.run_id), tell(store, book))
    return AfterRun(record_run(store, run, list(checks), list(rows)), tell(store, book))


def tell(store: IncidentStore, book: RuleBook) -> int:
    """Let time pass over the incidents (expiry, escalation, runs that did not come) and send what is due; notices sent."""
    sweep(store)
    plan_notices(store, book.watch)
    return deliver(store, AppriseSender()).sent


def _labels(release: Release) -> dict[str, dict[str, str]]:
    """The Chinese names of columns by mart, as the dictionary of the release has them."""
    path = release.path / "dictionary.json"
    marts = json.loads(path.read_text(encoding="utf-8"))["marts"] if path.is_file() else []
    return {
        mart["name"]: {one["name"]: one["label_zh"] for one in mart["columns"] if one["label_zh"]} for mart in marts
    }


def _rows(connection: duckdb.DuckDBPyConnection, sql: str) -> list[dict[str, Any]]:
    return list(connection.execute(sql).to_arrow_table().to_pylist())
