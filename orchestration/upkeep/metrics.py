"""Figures of an installation in Prometheus' form, read from what runs leave: releases, incidents, Dagster's runs.

Nothing is counted in the process that serves them, so the figures are right after a restart and whichever process ran.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

import dagster as dg
import sqlalchemy as sa

from assets.optional import optional
from assets.publish.releases import Release, ReleaseError, current_release, list_releases
from expectations.after_run import open_store
from expectations.incidents import schema
from orchestration.jobs import DAILY_JOB
from orchestration.rule_book import load_company_rules
from orchestration.settings import Settings

_EXTRA = "observability"


@dataclass(frozen=True)
class Figure:
    """One metric: name, meaning, and its values by labels."""

    name: str
    help: str
    labels: tuple[str, ...]
    values: tuple[tuple[tuple[str, ...], float], ...]


def figures(settings: Settings, instance: dg.DagsterInstance, now: datetime) -> list[Figure]:
    """Every figure of one company, as of `now` (with a zone)."""
    releases = settings.workspace().releases
    try:
        current = current_release(releases)
    except ReleaseError:  # no release that can be read is no release: the alarm on its absence fires
        current = None
    found = [
        Figure("stockturn_releases", "Releases that are kept.", (), (((), float(len(list_releases(releases)))),)),
        *(_release_figures(current, now) if current else ()),
        *_run_figures(instance),
        *_incident_figures(settings),
    ]
    return [figure for figure in found if figure.values]


def _release_figures(release: Release, now: datetime) -> Iterator[Figure]:
    built = datetime.fromisoformat(release.manifest["built_at"])
    yield Figure(
        "stockturn_release_info",
        "The current release.",
        ("release_id", "as_of_date"),
        (((release.release_id, str(release.as_of)), 1.0),),
    )
    yield _one(
        "stockturn_release_age_seconds", "Time since the current release was built.", (now - built).total_seconds()
    )
    yield _one(
        "stockturn_release_as_of_timestamp_seconds",
        "Day of the current release.",
        _seconds(release.as_of),
    )
    accounting: dict[str, Any] = release.manifest.get("accounting", {})
    rows = tuple(
        ((name.removeprefix("rows_"),), float(count)) for name, count in sorted(accounting.items()) if name != "batches"
    )
    yield Figure("stockturn_source_rows", "Source rows by what became of them.", ("outcome",), rows)
    marts = tuple(((mart["schema"], mart["name"]), float(mart["rows"])) for mart in release.manifest["marts"])
    yield Figure("stockturn_mart_rows", "Rows of each published mart.", ("schema", "mart"), marts)
    findings = release.manifest.get("findings", ())
    yield Figure(
        "stockturn_findings",
        "Findings by rule.",
        ("rule_id", "severity"),
        tuple(((row["rule_id"], row["severity"]), float(row["findings"])) for row in findings),
    )


def _run_figures(instance: dg.DagsterInstance) -> Iterator[Figure]:
    ours = dg.RunsFilter(job_name=DAILY_JOB)
    counts = [
        ((status.value.lower(),), float(instance.get_runs_count(dg.RunsFilter(job_name=DAILY_JOB, statuses=[status]))))
        for status in (dg.DagsterRunStatus.SUCCESS, dg.DagsterRunStatus.FAILURE, dg.DagsterRunStatus.STARTED)
    ]
    yield Figure("stockturn_runs", "Daily runs that Dagster keeps, by status.", ("status",), tuple(counts))
    records = instance.get_run_records(filters=ours, limit=1)
    if records and records[0].start_time:
        last = records[0]
        yield _one(
            "stockturn_last_run_start_timestamp_seconds", "When the last daily run began.", float(last.start_time or 0)
        )
        if last.end_time:
            yield _one(
                "stockturn_last_run_seconds",
                "How long the last daily run took.",
                last.end_time - float(last.start_time or 0),
            )
        is_good = last.dagster_run.status == dg.DagsterRunStatus.SUCCESS
        yield _one("stockturn_last_run_success", "1 if the last daily run succeeded.", float(is_good))


def _incident_figures(settings: Settings) -> Iterator[Figure]:
    path = settings.workspace().incident_store
    store = open_store(path, load_company_rules(settings))
    incidents, checks = schema.incidents, schema.check_results
    try:
        with store.reading() as connection:
            open_ones = connection.execute(
                sa.select(incidents.c.severity, sa.func.count())
                .where(incidents.c.state != "closed")
                .group_by(incidents.c.severity)
                .order_by(incidents.c.severity)
            ).all()
            open_money = connection.execute(
                sa.select(
                    incidents.c.severity, incidents.c.currency_code, sa.func.sum(incidents.c.variance_gross_value)
                )
                .where((incidents.c.state != "closed") & incidents.c.variance_gross_value.is_not(None))
                .group_by(incidents.c.severity, incidents.c.currency_code)
                .order_by(incidents.c.severity, incidents.c.currency_code)
            ).all()
            last = sa.select(sa.func.max(checks.c.run_seq)).scalar_subquery()
            results = connection.execute(
                sa.select(checks.c.is_passed, checks.c.severity, sa.func.count())
                .where(checks.c.run_seq == last)
                .group_by(checks.c.is_passed, checks.c.severity)
                .order_by(checks.c.is_passed, checks.c.severity)
            ).all()
    finally:
        store.close()
    yield Figure(
        "stockturn_incidents_open", "Open incidents.", ("severity",), tuple(((s,), float(n)) for s, n in open_ones)
    )
    yield Figure(
        "stockturn_incidents_open_value",
        "Money at stake in open incidents, by currency of the books.",
        ("severity", "currency"),
        tuple(((severity, currency), float(value)) for severity, currency, value in open_money),
    )
    yield Figure(
        "stockturn_checks",
        "Checks of the last recorded run.",
        ("result", "severity"),
        tuple((("passed" if is_passed else "failed", severity), float(n)) for is_passed, severity, n in results),
    )


def exposition(found: list[Figure], company_code: str) -> bytes:
    """The figures in Prometheus' text form, every one with the label `company`.

    Raises:
        assets.optional.MissingExtraError: prometheus-client is not installed.
    """
    client = optional("prometheus_client", _EXTRA)
    core = optional("prometheus_client.core", _EXTRA)

    class Collector:
        def collect(self) -> Iterator[Any]:
            for figure in found:
                family = core.GaugeMetricFamily(figure.name, figure.help, labels=("company", *figure.labels))
                for labels, value in figure.values:
                    family.add_metric((company_code, *labels), value)
                yield family

    registry = client.CollectorRegistry()
    registry.register(Collector())
    return bytes(client.generate_latest(registry))


def health(settings: Settings, now: datetime, max_age_hours: float) -> tuple[bool, dict[str, Any]]:
    """Whether readers have a fresh release and the incident store answers; the facts, to be shown as JSON."""
    problems: list[str] = []
    facts: dict[str, Any] = {
        "company": settings.company.code,
        "release_id": None,
        "as_of_date": None,
        "age_hours": None,
    }
    try:
        current = current_release(settings.workspace().releases)
        if current is None:
            problems.append("there is no release yet")
    except ReleaseError as error:
        current = None
        problems.append(str(error))
    if current is not None:
        age = (now - datetime.fromisoformat(current.manifest["built_at"])).total_seconds() / 3600
        facts |= {"release_id": current.release_id, "as_of_date": str(current.as_of), "age_hours": round(age, 1)}
        if age > max_age_hours:
            problems.append(f"the release is {age:.1f} hours old, more than {max_age_hours:g}")
    try:
        store = open_store(settings.workspace().incident_store, load_company_rules(settings))
        with store.reading() as connection:
            connection.execute(sa.select(sa.func.count()).select_from(schema.runs))
        store.close()
    except sa.exc.SQLAlchemyError as error:
        problems.append(f"the incident store does not answer ({type(error).__name__})")
    return not problems, {"status": "ok" if not problems else "failing", **facts, "problems": problems}


def health_text(facts: dict[str, Any]) -> str:
    """The facts as one line of JSON."""
    return json.dumps(facts, ensure_ascii=False)


def _one(name: str, words: str, value: float) -> Figure:
    return Figure(name, words, (), (((), value),))


def _seconds(day: date) -> float:
    return datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp()
