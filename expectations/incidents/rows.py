"""Writes the results and the failing rows of a run. Knows nothing of incidents but their numbers."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, fields
from operator import attrgetter
from typing import Any, TypeVar

import sqlalchemy as sa

from expectations.incidents import schema
from expectations.incidents.model import DERIVED, TRANSLATED, CheckResult, Finding, RunRecord

T = TypeVar("T")
# dataclasses.asdict copies deeply: ten times slower
_everything = attrgetter(*(f.name for f in fields(Finding) if f.name not in DERIVED))
CHUNK = 500  # below SQLite's oldest limit of 999 parameters in a statement


def content_hash(finding: Finding) -> str:
    """A hash of everything the row says; its incident, its translation and its currency apart."""
    return hashlib.sha256(repr(_everything(finding)).encode()).hexdigest()[:32]


def run_hash(run: RunRecord, results: Iterable[CheckResult], findings: Iterable[Finding]) -> str:
    """A hash of what a run found, independent of order and of how long it took."""
    parts = sorted(repr(asdict(r) | {"duration_ms": None}) for r in results)
    parts += sorted(content_hash(f) for f in findings)
    head = repr((run.run_id, run.as_of_date, run.status, sorted(run.evaluated_rules)))
    return hashlib.sha256("\n".join([head, *parts]).encode()).hexdigest()[:32]


def insert_results(connection: sa.Connection, run_seq: int, results: Sequence[CheckResult]) -> None:
    """Append a run's check results, passes and failures alike."""
    if results:
        connection.execute(
            schema.check_results.insert(),
            [asdict(r) | {"run_seq": run_seq} for r in sorted(results, key=lambda r: r.check_id)],
        )


def store_findings(
    connection: sa.Connection,
    run_seq: int,
    findings: Sequence[Finding],
    incident_of: Mapping[str, int],
    *,
    is_old: bool,
) -> None:
    """Keep each failing row once per content: a known one is seen again, a new one is added.

    `incident_of` maps finding_id to incident number. `is_old` (a backfill) adds rows but touches no known one.
    """
    distinct = {(f.finding_id, content_hash(f)): f for f in findings}
    known = _known(connection, sorted({f.finding_id for f in findings}))
    new = [
        _record(f) | {"content_hash": key[1], "incident_no": incident_of.get(f.finding_id)}
        | {"first_run_seq": run_seq, "last_run_seq": run_seq}
        for key, f in sorted(distinct.items()) if key not in known
    ]  # fmt: skip
    for part in _chunks(new):
        connection.execute(schema.failing_rows.insert(), part)
    if is_old:
        return
    seen: dict[int | None, list[int]] = defaultdict(list)
    translated = []
    for key, finding in sorted(distinct.items()):
        if key in known:
            row_no, has_chinese = known[key]
            seen[incident_of.get(finding.finding_id)].append(row_no)
            if finding.explanation_zh and not has_chinese:
                translated.append({"known_row": row_no} | {name: getattr(finding, name) for name in TRANSLATED})
    table = schema.failing_rows
    if translated:
        texts: dict[str, Any] = {name: sa.bindparam(name) for name in TRANSLATED}
        connection.execute(table.update().where(table.c.row_no == sa.bindparam("known_row")).values(texts), translated)
    for number, row_nos in seen.items():
        # a row that became history keeps the incident it belonged to
        values = {"last_run_seq": run_seq} | ({} if number is None else {"incident_no": number})
        for chunk in _chunks(row_nos):
            connection.execute(table.update().where(table.c.row_no.in_(chunk)).values(**values))


def _record(finding: Finding) -> dict[str, Any]:
    record = {f.name: getattr(finding, f.name) for f in fields(Finding)}
    units = record.pop("variance_units")
    record.pop("owner_name")
    record.pop("currency_code")  # that of its incident
    return record | {"variance_units": None if units is None else float(units)}


def _known(connection: sa.Connection, finding_ids: Sequence[str]) -> dict[tuple[str, str], tuple[int, bool]]:
    """(finding_id, content) -> row number, and whether it has a Chinese text (rows of an older store are not)."""
    table = schema.failing_rows
    found: dict[tuple[str, str], tuple[int, bool]] = {}
    has_chinese = (table.c.explanation_zh != "").label("has_chinese")
    for chunk in _chunks(finding_ids):
        query = sa.select(table.c.finding_id, table.c.content_hash, table.c.row_no, has_chinese)
        query = query.where(table.c.finding_id.in_(chunk))
        found.update(
            {(r.finding_id, r.content_hash): (r.row_no, bool(r.has_chinese)) for r in connection.execute(query)}
        )
    return found


def _chunks(values: Sequence[T]) -> Iterator[Sequence[T]]:
    for start in range(0, len(values), CHUNK):
        yield values[start : start + CHUNK]
