"""Runs rules over an open release and gives findings and check results. Reads only."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import duckdb

from expectations.incidents.model import CheckResult, Finding, as_date, as_row_number, as_text
from expectations.rules.compile import IDENTITY, Columns, CompiledRule, RuleError, compile_rule
from expectations.rules.model import Rule

Labels = Mapping[str, Mapping[str, str]]  # table -> column -> what people call it in Chinese

PREFIX = "rule:"  # check ids of rules, so that they cannot meet those of another engine


@dataclass(frozen=True, slots=True)
class RuleRun:
    """What the rules found, ready for `record_run`; `evaluated` goes into RunRecord.evaluated_rules."""

    findings: tuple[Finding, ...]
    results: tuple[CheckResult, ...]
    evaluated: frozenset[str]


def table_columns(con: duckdb.DuckDBPyConnection) -> dict[str, tuple[str, Columns]]:
    """table -> (schema, columns) of every table and view of the connection's own database.

    A name that is in two schemas is found in `marts` before any other.
    """
    rows = con.execute(
        """select table_name, table_schema, column_name, data_type from information_schema.columns
           where table_catalog = current_database()
           order by table_name, (table_schema = 'marts') desc, table_schema, ordinal_position"""
    ).fetchall()
    found: dict[str, tuple[str, dict[str, str]]] = {}
    for table, schema, column, kind in rows:
        home, columns = found.setdefault(table, (schema, {}))
        if home == schema:
            columns[column] = kind
    return {table: (schema, columns) for table, (schema, columns) in found.items()}


def evaluate(rules: Iterable[Rule], con: duckdb.DuckDBPyConnection, labels: Labels | None = None) -> RuleRun:
    """Run every rule that is on. A rule that cannot run is a failed check with its sentence; the others still run.

    `labels` are the Chinese names of columns, for explanations in that language; a column without one keeps its own name.
    """
    tables = table_columns(con)
    findings: list[Finding] = []
    results: list[CheckResult] = []
    evaluated: set[str] = set()
    for rule in rules:
        if not rule.is_on:
            continue
        started = time.perf_counter()
        try:
            if rule.table not in tables:
                raise RuleError.of(rule, "table", f"{rule.table} is not in this release")
            schema, columns = tables[rule.table]
            rows, result = _run(compile_rule(rule, columns, schema), con, (labels or {}).get(rule.table, {}))
        except (RuleError, duckdb.Error) as error:
            rows, result = [], _broken(rule, str(error).splitlines()[0])
        else:
            # an empty mart fails nothing, and proves nothing that was open to be fixed
            if rows or (result.is_passed and result.rows_checked):
                evaluated.add(rule.id)
        findings += rows
        results.append(_timed(result, started))
    return RuleRun(tuple(findings), tuple(results), frozenset(evaluated))


def _run(
    compiled: CompiledRule, con: duckdb.DuckDBPyConnection, labels: Mapping[str, str]
) -> tuple[list[Finding], CheckResult]:
    rule = compiled.rule
    total, fires, unknown = con.execute(compiled.count_sql).fetchone() or (0, 0, 0)
    cursor = con.execute(compiled.rows_sql)
    names = [d[0] for d in cursor.description or []]
    findings = [_finding(compiled, dict(zip(names, row, strict=True)), labels) for row in cursor.fetchall()]
    # a rule whose columns are all empty has looked at nothing: that is no pass
    is_blind = total > 0 and unknown == total
    told = f"{fires} of {total} rows" + (f", {unknown} cannot be judged for a missing value" if unknown else "")
    priced = [f.variance_value for f in findings if f.variance_value is not None]
    return findings, CheckResult(
        check_id=PREFIX + rule.id,
        engine="rule",
        rule_id=rule.id,
        severity="warning" if is_blind else rule.severity,
        is_passed=fires == 0 and not is_blind,
        contract_or_model=rule.table,
        rows_failed=fires,
        rows_checked=total,
        variance_value=sum(priced, Decimal(0)) if priced else None,
        message=f"{rule.title}: {told}",
    )


def _finding(compiled: CompiledRule, row: dict[str, Any], labels: Mapping[str, str]) -> Finding:
    rule = compiled.rule
    subject = "\x1f".join([rule.id, *[as_text(row[name]) for name in rule.key]])
    value = row["_value"]
    names = rule.group_columns or tuple(name for name in rule.key if name not in IDENTITY)
    named = [as_text(row[name]) for name in names]
    return Finding(
        finding_id=hashlib.sha256(subject.encode()).hexdigest()[:24],
        rule_id=rule.id,
        severity=rule.severity,
        item_id=as_text(row.get("item_id")),
        warehouse_id=as_text(row.get("warehouse_id")),
        doc_no=as_text(row.get("doc_no")),
        source_instance=as_text(row.get("source_instance")),
        source_file=as_text(row.get("source_file")),
        source_row=as_row_number(row.get("source_row")),
        cause=" ".join(named),
        business_date=as_date(row[rule.date]) if rule.date else None,
        variance_value=None if value is None or value != value else Decimal(str(round(value, 4))),
        explanation="; ".join(f"{name} = {shown(row[name])}" for name in compiled.shown),
        explanation_zh="；".join(f"{labels.get(name, name)} {shown(row[name], 'zh')}" for name in compiled.shown),
        owner_name=rule.owner if rule.has_own_owner else as_text(row.get("owner_name")),
        task=task_text(rule, row),
        task_zh=task_text(rule, row, "zh"),
    )


def task_text(rule: Rule, row: dict[str, Any], language: str = "en") -> str:
    """The task with the row's values in place of its column names; empty where the book has none in the language."""
    text = rule.task_zh if language == "zh" else rule.task
    return text.format_map({name: shown(row[name], language) for name in rule.placeholders()})


def shown(value: Any, language: str = "en") -> str:
    """A value for people: numbers without a tail of zeros, a dash for what is missing."""
    if value is None or value != value:
        return "-"
    if isinstance(value, bool) and language == "zh":
        return "是" if value else "否"
    if isinstance(value, float | Decimal):
        exact, short = f"{value:.6f}".rstrip("0").rstrip("."), f"{value:.2f}".rstrip("0").rstrip(".")
        # two decimals are enough to read, unless they hide on which side of a whole number it lies (109.999999)
        return exact if "." in exact and "." not in short and isinstance(value, Decimal) else short
    return str(value)


def _broken(rule: Rule, message: str) -> CheckResult:
    return CheckResult(
        check_id=PREFIX + rule.id, engine="rule", rule_id=rule.id, severity="warning", is_passed=False,
        contract_or_model=rule.table, message=f"the rule could not run: {message}",
    )  # fmt: skip


def _timed(result: CheckResult, started: float) -> CheckResult:
    values: dict[str, Any] = {name: getattr(result, name) for name in CheckResult.__dataclass_fields__}
    return CheckResult(**values | {"duration_ms": int((time.perf_counter() - started) * 1000)})


def select_rules(rules: Sequence[Rule], ids: Sequence[str]) -> list[Rule]:
    """The rules with these ids, all of them when none is named. Raises ValueError on an unknown id."""
    unknown = sorted(set(ids) - {r.id for r in rules})
    if unknown:
        raise ValueError(f"there is no rule {', '.join(unknown)}; there are {', '.join(r.id for r in rules)}")
    return [r for r in rules if not ids or r.id in ids]
