"""No alarm without a fault: a clean company, day after day, through everything that can find one.

A simulated company without a planted defect delivers its files daily. Every day is examined as a run would (landing, foundation,
ledger, reconciliation, findings, contract suites, C1 to C9, the company's rules on what is there), and recorded in one incident
store that is carried along. Counted: critical findings, openings, and what is open at the end. The bound is no critical one in
365 days: what a source usually does is learned from its history, which grows all the while.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from assets.ingest.contracts import load_contracts
from benchmarks.companies import configure_demo
from benchmarks.examination import examine, rows
from benchmarks.recording import save_result
from demo.catalogue import unit_cost_on
from demo.delivery import build_extracts
from demo.extracts import CostRow, Extract, quarter_starts
from demo.layouts_erp import cost_layout, item_layout, supplier_layout, warehouse_layout
from demo.settings import DEFAULT_END, DemoSettings
from demo.vocabulary import WAREHOUSES
from demo.world import History, run_world
from demo.writing import write_extract
from expectations.agreement import check_agreement
from expectations.incidents import IncidentStore, RunRecord, list_incidents, record_run, sweep
from expectations.presence import check_presence, contracts_in_use
from expectations.results import CheckResult
from expectations.rules import RuleBook, evaluate
from expectations.runner import run_suites
from orchestration.rule_book import load_company_rules
from orchestration.settings import Settings

SEED = 11
FIRST_HISTORY_DAYS = 61  # a company does not begin on the day on which it is first looked at
MODELS = ("fct_findings", "fct_data_quality")
# Rules about the data itself; the others judge the business (a clean company may well run short of stock).
RULE_TABLES = ("rec_book_count", "fct_data_quality")


@dataclass
class Tally:
    """What the days came to."""

    days: int = 0
    first_day: date | None = None
    last_day: date | None = None
    critical_findings: int = 0
    warning_findings: int = 0
    failed_checks: int = 0
    opened: Counter[str] = field(default_factory=Counter)
    opened_critical: int = 0
    alarms: list[str] = field(default_factory=list)


def main(arguments: list[str]) -> dict[str, Any]:
    """Simulate, walk through the days, print what alarmed, keep the figures."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks clean_days")
    parser.add_argument("--items", type=int, default=40)
    parser.add_argument("--days", type=int, default=365)
    parser.add_argument("--every", type=int, default=1, help="examine every n-th day")
    parser.add_argument("--suites-every", type=int, default=30, help="run the contract suites every n-th examined day")
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--save", action="store_true", help="keep the figures in benchmarks/results")
    chosen = parser.parse_args(arguments)
    started, worked = time.perf_counter(), time.process_time()
    with tempfile.TemporaryDirectory() as folder:
        settings = deliver(Path(folder), chosen.items, chosen.days, chosen.seed)
        tally, still_open = walk(settings, chosen.days, chosen.every, chosen.suites_every)
    figures = {
        "items": chosen.items,
        "clean_days": (tally.last_day - tally.first_day).days + 1 if tally.first_day and tally.last_day else 0,
        "every": chosen.every,
        "examined_days": tally.days,
        "first_day": tally.first_day,
        "last_day": tally.last_day,
        "critical_findings": tally.critical_findings,
        "warning_findings": tally.warning_findings,
        "failed_checks": tally.failed_checks,
        "incidents_opened": sum(tally.opened.values()),
        "incidents_opened_critical": tally.opened_critical,
        "incidents_opened_by_rule": dict(sorted(tally.opened.items())),
        "incidents_open_at_the_end": still_open,
        "seconds": round(time.perf_counter() - started),
        "cpu_seconds": round(time.process_time() - worked),
    }
    for alarm in tally.alarms:
        print(alarm)
    if chosen.save:
        save_result("clean_days", figures, seed=chosen.seed, packages=["duckdb", "dbt-core"])
    return figures


def deliver(folder: Path, items: int, days: int, seed: int) -> Settings:
    """A configured company below `folder`, and the files of its whole life in its inbox."""
    first = DEFAULT_END - timedelta(days=days - 1)
    world = run_world(DemoSettings(seed=seed, items=items, days=days + FIRST_HISTORY_DAYS, daily_from=first))
    for extract in [*build_extracts(world, {}), *masters_of_the_months(world)]:
        write_extract(folder / "demo" / "inbox", extract)
    return configure_demo(folder)


def masters_of_the_months(world: History) -> list[Extract]:
    """Masters as they were at the start and on each first of a month: the delivery itself has those of its end only."""
    settings, catalogue = world.settings, world.catalogue
    starts = [day for day in settings.dates if day == settings.start_date or day.day == 1]
    found = []
    for day in starts:
        known = [
            position
            for position, item in enumerate(catalogue.items)
            # a record is made well before its first document
            if item.pattern != "new" or settings.start_date + timedelta(days=item.life_day - 120) <= day
        ]
        costs = [
            CostRow(position, start, float(unit_cost_on(settings, catalogue, start.year, start.month)[position]))
            for start in quarter_starts(settings.start_date, day)
            for position in known
        ]
        found += [
            Extract(item_layout(settings, catalogue, day, {}), day, known),
            Extract(cost_layout(catalogue), day, sorted(costs)),
            Extract(warehouse_layout(), day, list(WAREHOUSES)),
            Extract(supplier_layout(), day, list(catalogue.suppliers)),
        ]
    return found


def walk(settings: Settings, days: int, every: int, suites_every: int) -> tuple[Tally, int]:
    """Examine the last `days` days one after the other; the tally, and how many incidents are open after the last.

    Interrupted (Ctrl-C), it tells of the days that it came to.
    """
    book = load_company_rules(settings)
    today = [datetime(2000, 1, 1, tzinfo=UTC)]
    store = IncidentStore.at(settings.workspace().incident_store, book.policy, lambda: today[0])
    tally = Tally()
    for number, back in enumerate(range(days - 1, -1, -every)):
        day = DEFAULT_END - timedelta(days=back)
        today[0] = datetime(day.year, day.month, day.day, 22, tzinfo=UTC)
        try:
            examine(settings, day, MODELS)
            _record(settings, store, book, day, tally, with_suites=number % suites_every == 0)
        except KeyboardInterrupt:
            break
        sweep(store)
    still_open = len(list_incidents(store))
    store.close()
    return tally, still_open


def _record(
    settings: Settings, store: IncidentStore, book: RuleBook, day: date, tally: Tally, *, with_suites: bool
) -> None:
    workspace = settings.workspace()
    findings = rows(settings, "select * from marts.fct_findings order by finding_id")
    with workspace.connect() as connection:
        known = {row[0] for row in connection.execute("select rule_id from reconciliation.rules").fetchall()}
        own = evaluate([rule for rule in book.rules if rule.table in RULE_TABLES], connection)
        checks = [*check_presence(connection, settings.sources), *check_agreement(connection)]
        in_use = contracts_in_use(connection, load_contracts(), settings.sources)
    if with_suites:
        checks += run_suites(workspace.warehouse, in_use, settings.sources)
    run = RunRecord(run_id=f"day-{day}", as_of_date=day, evaluated_rules=frozenset(known) | own.evaluated)
    told = [_in_common_form(check) for check in checks]
    outcome = record_run(store, run, [*told, *own.results], [*findings, *own.findings])
    severities = Counter(row["severity"] for row in findings) + Counter(one.severity for one in own.findings)
    tally.days += 1
    tally.first_day, tally.last_day = tally.first_day or day, day
    tally.critical_findings += severities["critical"]
    tally.warning_findings += severities["warning"]
    failed = [check for check in checks if not check.is_passed]
    tally.failed_checks += len(failed)
    tally.alarms += [f"{day} check {check.check_id}: {check.message}" for check in failed]
    opened = {*outcome.opened, *outcome.reopened}
    for incident in list_incidents(store):
        if incident.incident_id in opened:
            tally.opened[incident.rule_id] += 1
            tally.opened_critical += incident.severity == "critical"
            tally.alarms.append(f"{day} {incident.severity} {incident.rule_id}: {incident.explanation}")


def _in_common_form(check: CheckResult) -> dict[str, Any]:
    return {name: getattr(check, name) for name in check.__dataclass_fields__}
