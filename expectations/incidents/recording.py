"""Records a run: its results, its failing rows and what they do to the incidents, in one transaction.

Recording the same run twice writes once. A run whose as-of date lies before the newest one (a backfill) is kept in
the results but moves no incident: what failed in March says nothing about whether it is fixed today.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import sqlalchemy as sa

from expectations.incidents import lifecycle, schema
from expectations.incidents.grouping import check_of, group_checks, group_findings
from expectations.incidents.journal import PIPELINE, change_incident, insert_incident
from expectations.incidents.model import (
    Cause,
    CheckResult,
    Finding,
    RunConflictError,
    RunOutcome,
    RunRecord,
    State,
    heavier,
    incident_id_of,
)
from expectations.incidents.pricing import StockContext, is_history, owner_of, price, subjects_of
from expectations.incidents.rows import insert_results, run_hash, store_findings
from expectations.incidents.sentences import of_check, say
from expectations.incidents.store import IncidentStore, WriteUnit
from expectations.incidents.texts import sentence, word

Row = Mapping[Any, Any]


def record_run(
    store: IncidentStore,
    run: RunRecord,
    results: Iterable[CheckResult | Row],
    findings: Iterable[Finding | Row],
    context: StockContext | None = None,
) -> RunOutcome:
    """Record one run; rows may be mappings with the columns of docs/interfaces.md.

    Raises RunConflictError where the run id is known with other results, ValueError on a row that makes no sense.
    """
    checks = [r if isinstance(r, CheckResult) else CheckResult.from_row(r) for r in results]
    rows = [f if isinstance(f, Finding) else Finding.from_row(f) for f in findings]
    digest = run_hash(run, checks, rows)
    with store.writing(confirm_clock=True) as unit:
        known = _known_run(unit, run.run_id)
        if known is not None:
            if known.content_hash != digest:
                raise RunConflictError(f"run {run.run_id} was recorded before with other results")
            return replace(_outcome_from(known.outcome), is_repeat=True)
        recorder = _Recorder(store, unit, run, context or StockContext())
        return recorder.record(checks, rows, digest)


class _Recorder:
    """The steps of one recording; lives as long as its transaction."""

    def __init__(self, store: IncidentStore, unit: WriteUnit, run: RunRecord, context: StockContext) -> None:
        self.policy, self.unit, self.run, self.context = store.policy, unit, run, context
        self.connection = unit.connection
        self.today = unit.today
        self.run_seq = (self.connection.execute(sa.select(sa.func.max(schema.runs.c.run_seq))).scalar() or 0) + 1
        self.moved: dict[str, list[int]] = {n: [] for n in ("opened", "updated", "reopened", "passed", "closed")}

    def record(self, checks: Sequence[CheckResult], rows: Sequence[Finding], digest: str) -> RunOutcome:
        is_backfill = self._is_backfill()
        self._insert_run(digest, is_backfill)
        insert_results(self.connection, self.run_seq, checks)
        incident_of = {} if is_backfill else self._move_incidents(checks, rows)
        store_findings(self.connection, self.run_seq, rows, incident_of, is_old=is_backfill)
        moved: dict[str, Any] = {
            name: tuple(incident_id_of(n) for n in sorted(numbers)) for name, numbers in self.moved.items()
        }
        outcome = RunOutcome(run_id=self.run.run_id, is_backfill=is_backfill, **moved)
        runs = schema.runs
        self.connection.execute(
            runs.update().where(runs.c.run_seq == self.run_seq).values(outcome=json.dumps(asdict(outcome)))
        )
        return outcome

    def _is_backfill(self) -> bool:
        # an as-of date in the future came from a clock that jumped; it must not turn every later run into a backfill
        runs = schema.runs
        believable = runs.c.as_of_date <= max(self.today + timedelta(days=1), self.run.as_of_date)
        newest = self.connection.execute(sa.select(sa.func.max(runs.c.as_of_date)).where(believable)).scalar()
        return newest is not None and self.run.as_of_date < newest

    def _insert_run(self, digest: str, is_backfill: bool) -> None:
        run = self.run
        self.connection.execute(
            schema.runs.insert().values(
                run_seq=self.run_seq,
                run_id=run.run_id,
                release_id=run.release_id,
                as_of_date=run.as_of_date,
                status=run.status,
                started_at=run.started_at,
                finished_at=run.finished_at,
                recorded_at=self.unit.now,
                is_backfill=is_backfill,
                content_hash=digest,
                message=run.message,
            )
        )

    def _move_incidents(self, checks: Sequence[CheckResult], rows: Sequence[Finding]) -> dict[str, int]:
        incidents = schema.incidents
        query = sa.select(incidents).where(incidents.c.state != State.CLOSED.value).order_by(incidents.c.incident_no)
        live = {row["cause_key"]: row for row in self.connection.execute(query).mappings()}
        present = [f for f in rows if not is_history(f, self.policy, self.context, self.run.as_of_date)]
        of_checks = {check.check_id: [f for f in present if f.rule_id == check.check_id] for check in checks}
        main = self.context.currency
        causes = group_findings([f for f in present if f.rule_id not in of_checks], self.policy, live, main)
        causes += group_checks(checks, {f.rule_id for f in rows}, live, of_checks, main)
        incident_of: dict[str, int] = {}
        failing = set()
        for cause in causes:
            severity = _severity(cause)
            if severity not in self.policy.opens and cause.key not in live:
                continue
            failing.add(cause.key)
            number = self._fail(cause, severity, live.get(cause.key))
            incident_of.update({f.finding_id: number for f in cause.findings})
        looked_at = {r.check_id for r in checks}
        for key, row in live.items():
            if key in failing:
                continue
            check = check_of(key)
            # a check that fails in one currency alone has passed in the others
            if check in looked_at or (not check and self._rules_of(row) <= self.run.evaluated_rules):
                self._pass(row)
        return incident_of

    def _fail(self, cause: Cause, severity: str, row: Row | None) -> int:
        row = row or self._closed_before(cause.key)
        if row is not None and (
            row["state"] != State.CLOSED.value
            or lifecycle.may_reopen(row["closed_as_of_date"], self.run.as_of_date, self.policy)
        ):
            number = int(row["incident_no"])
            measured = self._measured(cause)
            move = lifecycle.on_failure(row, severity, measured["variance_gross_value"], self.policy, self.today)
            changed = change_incident(
                self.unit, row, measured | move.values, action=move.action, user=PIPELINE, comment=move.comment,
                run_seq=self.run_seq, always=move.action != "updated",
            )  # fmt: skip
            if move.action != "updated":
                self.moved["reopened"].append(number)
            elif changed:
                self.moved["updated"].append(number)
        else:
            number = self._open(cause, severity, None if row is None else int(row["incident_no"]))
            self.moved["opened"].append(number)
        self._store_subjects(number, cause)
        return number

    def _open(self, cause: Cause, severity: str, previous: int | None) -> int:
        rule = self.policy.rule(cause.rule_id)
        opened = {
            "cause_key": cause.key,
            "rule_id": cause.rule_id,
            "title": rule.title or (cause.check.message if cause.check else "") or cause.rule_id,
            "title_zh": rule.title_zh or (word("check_failed", "zh", what=cause.check.message) if cause.check else ""),
            "owner_name": owner_of(cause, self.policy, self.context),
            "opened_at": self.unit.now,
            "opened_as_of_date": self.run.as_of_date,
            "opened_run_seq": self.run_seq,
            "previous_incident_no": previous,
            "reopened_count": 0,
        }
        start = lifecycle.fresh_start(self.policy, severity, self.today)
        start.pop("state")
        values = opened | start | self._measured(cause)
        told = say("rows_in_run", max(len(cause.findings), 1), self.run.run_id)
        return insert_incident(self.unit, values, run_seq=self.run_seq, comment=told)

    def _measured(self, cause: Cause) -> dict[str, Any]:
        """What every failing run says again about an incident."""
        worth = price(cause, self.policy, self.context)
        first = _first(cause)
        parts = dict(cause.parts)
        subjects = subjects_of(cause)
        items, warehouses = {s[0] for s in subjects}, {s[1] for s in subjects}
        check = cause.check
        return {
            "item_id": parts.get("item", "") or (next(iter(items)) if len(items) == 1 else ""),
            "warehouse_id": parts.get("warehouse", "") or (next(iter(warehouses)) if len(warehouses) == 1 else ""),
            "doc_no": first.doc_no if first else "",
            "source_name": parts.get("source", ""),
            "first_business_date": first.business_date if first else None,
            "cause": first.cause if first else "",
            "explanation": first.explanation if first else (check.message if check else ""),
            "explanation_zh": first.explanation_zh if first else _check_zh(check),
            "task": first.task if first else "",
            "task_zh": first.task_zh if first else "",
            "rows_failed": max(len(cause.findings), check.rows_failed if check else 0),
            "variance_net_value": worth.net_value,
            "variance_gross_value": worth.gross_value,
            "stock_value_touched": worth.stock_value_touched,
            "value_status": worth.status,
            "currency_code": worth.currency_code,
            "metrics": ";".join(worth.metrics),
            "last_failed_run_seq": self.run_seq,
            "last_looked_run_seq": self.run_seq,
        }

    def _pass(self, row: Row) -> None:
        run = self.run
        move = lifecycle.on_pass(row, self._told_of_pass(row), self.policy, self.unit.now, run.as_of_date, self.run_seq)
        looked = {"last_looked_run_seq": self.run_seq}
        if move is None:
            change_incident(self.unit, row, looked, action="looked", user=PIPELINE, always=False)
            return
        change_incident(
            self.unit, row, move.values | looked, action=move.action, user=PIPELINE, comment=move.comment,
            run_seq=self.run_seq,
        )  # fmt: skip
        self.moved[move.action].append(int(row["incident_no"]))

    def _rules_of(self, row: Row) -> set[str]:
        """The rules that an incident's rows come from: a consequence that was not looked at keeps it open."""
        table = schema.failing_rows
        query = sa.select(table.c.rule_id).distinct()
        mine = (table.c.incident_no == row["incident_no"]) & (table.c.last_run_seq >= row["last_failed_run_seq"])
        return {row["rule_id"], *self.connection.execute(query.where(mine)).scalars()}

    def _told_of_pass(self, row: Row) -> lifecycle.Told:
        days = self.policy.rule(row["rule_id"]).event_days
        return ("run_passed", self.run.run_id) if days is None else ("nothing_new", days, self.run.run_id)

    def _closed_before(self, key: str) -> Row | None:
        table = schema.incidents
        query = sa.select(table).where(table.c.cause_key == key).order_by(table.c.incident_no.desc()).limit(1)
        return self.connection.execute(query).mappings().first()

    def _store_subjects(self, number: int, cause: Cause) -> None:
        table = schema.incident_subjects
        kept = sa.select(table.c.item_id, table.c.warehouse_id).where(table.c.incident_no == number)
        before = {(r.item_id, r.warehouse_id) for r in self.connection.execute(kept)}
        now = set(subjects_of(cause))
        gone = [{"no": number, "item": i, "place": w} for i, w in sorted(before - now)]
        new = [{"incident_no": number, "item_id": i, "warehouse_id": w} for i, w in sorted(now - before)]
        if gone:
            mine = table.c.incident_no == sa.bindparam("no")
            pair = (table.c.item_id == sa.bindparam("item")) & (table.c.warehouse_id == sa.bindparam("place"))
            self.connection.execute(table.delete().where(mine & pair), gone)
        if new:
            self.connection.execute(table.insert(), new)


def _severity(cause: Cause) -> str:
    heaviest = cause.check.severity if cause.check else "info"
    for finding in cause.findings:
        heaviest = heavier(heaviest, finding.severity)
    return heaviest


def _first(cause: Cause) -> Finding | None:
    """The finding that represents the cause: of its own rule before a consequence, then earliest, then dearest."""
    return min(
        cause.findings,
        key=lambda f: (
            f.rule_id != cause.rule_id, f.business_date or date.max, -abs(f.variance_value or Decimal(0)), f.finding_id
        ),
        default=None,
    )  # fmt: skip


def _check_zh(check: CheckResult | None) -> str:
    """What a check without rows of its own says of its failure in Chinese; empty where it counts none."""
    said = of_check("", check.rows_failed, check.rows_checked) if check else ""
    return sentence(said, "zh")


def _known_run(unit: WriteUnit, run_id: str) -> Any:
    return unit.connection.execute(sa.select(schema.runs).where(schema.runs.c.run_id == run_id)).first()


def _outcome_from(text: str) -> RunOutcome:
    kept = json.loads(text)
    values: dict[str, Any] = {name: tuple(v) if isinstance(v, list) else v for name, v in kept.items()}
    return RunOutcome(**values)
