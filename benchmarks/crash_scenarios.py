"""The acts of a run that write, each as a scenario for `crash_points`: how it is prepared, the act, and what a reader sees."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import sqlalchemy as sa

from assets.ingest.batches.register import register_landing
from assets.ingest.stage import ingest_all
from assets.publish.releases import build_release, current_release, prune_releases, switch_current
from assets.workspace import Workspace
from benchmarks import ledger_runs
from benchmarks.companies import configure_demo
from benchmarks.ledger_data import write_movements
from demo.settings import DEFAULT_END
from demo.simulate import write_demo
from expectations.incidents import IncidentStore, RunRecord, load_policy, record_run, schema
from orchestration.last_run import kept, read_last_run
from orchestration.run import run_daily

LANDED = ("stock_movement", "stock_on_hand", "sales_order_line")
START = datetime(2026, 1, 5, 6, 0, tzinfo=UTC)
DAY = date(2026, 6, 30)
SECOND_RUN_WAITS = 60.0  # seconds


@dataclass(frozen=True)
class Scenario:
    """One act: how its folder is prepared, the act, what a reader sees, and where its stored files are."""

    name: str
    prepare: Callable[[Path], None]
    act: Callable[[Path], None]
    see: Callable[[Path], str]
    stored: tuple[str, ...] = ()
    is_whole: bool = (
        True  # False where a reader may see a middle: files land one by one, the warehouse has no reader but the run
    )
    see_at_end: Callable[[Path], str] | None = (
        None  # what the act done again must bring back too, where a reader sees less
    )
    points_at_most: int | None = None  # of each kind, where a point costs a minute


def _landing_prepare(folder: Path) -> None:
    write_demo(folder / "demo", seed=3, items=16, days=60, defects=False)
    settings = configure_demo(folder)
    ingest_all(settings.workspace().root, settings.sources, DEFAULT_END - timedelta(days=1))


def _landing_act(folder: Path) -> None:
    settings = configure_demo(folder)
    with settings.workspace().exclusive(SECOND_RUN_WAITS):
        ingest_all(settings.workspace().root, settings.sources, DEFAULT_END, LANDED)


def _landing_see(folder: Path) -> str:
    settings = configure_demo(folder)
    with duckdb.connect() as connection:
        register_landing(connection, settings.workspace().root, DEFAULT_END)
        parts = []
        for contract in LANDED:
            sql = f"select count(*), bit_xor(hash(rows))::varchar from landing.{contract} as rows"
            parts.append(f"{contract}: {connection.execute(sql).fetchone()}")
        batches = connection.execute(
            "select source_file, status, rows_loaded, rows_quarantined from quality.landing_batches order by all"
        ).fetchall()
    return _digest(parts, batches)


def _release_tables(connection: duckdb.DuckDBPyConnection, number: int) -> None:
    connection.execute("create schema if not exists marts")
    for mart in ("fct_a", "fct_b", "fct_c"):
        connection.execute(f"create or replace table marts.{mart} as select {number} as n, i from range(500) r(i)")


def _release_prepare(folder: Path) -> None:
    with duckdb.connect() as connection:
        _release_tables(connection, 1)
        build_release(connection, folder / "releases", "r1", {"as_of_date": str(DAY)})
    switch_current(folder / "releases", "r1")


def _release_act(folder: Path) -> None:
    """Like the product's asset: build under a new id, switch, prune."""
    releases = folder / "releases"
    with Workspace(folder).exclusive(SECOND_RUN_WAITS):
        number = sum(path.name.startswith("r") for path in releases.iterdir()) + 1
        with duckdb.connect() as connection:
            _release_tables(connection, 2)
            build_release(connection, releases, f"r{number}", {"as_of_date": str(DAY)})
        switch_current(releases, f"r{number}")
        prune_releases(releases, 2)


def _release_see(folder: Path) -> str:
    release = current_release(folder / "releases")
    assert release is not None, "readers lost the current release"
    with duckdb.connect(str(release.database), read_only=True) as connection:
        inside = connection.execute(
            "select distinct n from (from marts.fct_a union all from marts.fct_b union all from marts.fct_c)"
        ).fetchall()
    with duckdb.connect() as connection:
        names = [str(release.path / f"{mart['name']}.parquet") for mart in release.manifest["marts"]]
        outside = connection.execute("select distinct n from read_parquet($names)", {"names": names}).fetchall()
    return _digest(inside, outside, sorted(mart["content_hash"] for mart in release.manifest["marts"]))


def _finding(number: int) -> dict[str, Any]:
    return {
        "finding_id": f"f{number}", "rule_id": "sign_flip", "severity": "critical", "item_id": f"C/A{number}",
        "warehouse_id": "C/W1", "doc_no": f"D{number}", "business_date": date(2026, 1, 3), "variance_units": -2,
        "variance_value": "-10.50", "cause": "sign error", "explanation": "an issue booked as a receipt",
        "source_file": "moves.csv", "source_row": number, "owner_name": "",
    }  # fmt: skip


def incident_run(folder: Path, run_id: str, day: int, findings: range, clock_off_days: int = 0) -> None:
    store = IncidentStore.at(folder / "incidents.db", None, lambda: START + timedelta(days=day + clock_off_days))
    try:
        record = RunRecord(
            run_id, date(2026, 1, 4) + timedelta(days=day), evaluated_rules=frozenset(load_policy().rules)
        )
        record_run(store, record, [], [_finding(number) for number in findings])
    finally:
        store.close()


def _incident_see(folder: Path) -> str:
    engine = sa.create_engine(f"sqlite:///{folder / 'incidents.db'}")
    with engine.connect() as connection:
        runs = [run.run_id for run in connection.execute(sa.select(schema.runs).order_by(schema.runs.c.run_seq))]
        counts = [
            (table.name, connection.execute(sa.select(sa.func.count()).select_from(table)).scalar_one())
            for table in schema.metadata.sorted_tables
        ]
    engine.dispose()
    return f"{runs} {_digest(counts)}"


def _ledger_prepare(folder: Path) -> None:
    ledger_runs.ledger_of(folder, write_movements(folder, 4000, 15), ledger_runs.EVE)


def _ledger_act(folder: Path) -> None:
    ledger_runs.ledger_of(folder, sorted(folder.glob("*.parquet")), ledger_runs.AS_OF)


def _ledger_see(folder: Path) -> str:
    with duckdb.connect(str(folder / "warehouse.duckdb"), read_only=True) as connection:
        tables = connection.execute(
            "select table_name from information_schema.tables where table_schema = 'ledger'"
        ).fetchall()
        found = []
        for (name,) in sorted(tables):
            if name == "state_link":  # names the state's folder, which is another one for every run
                continue
            sql = f"select count(*), bit_xor(hash(rows))::varchar from ledger.{name} as rows"
            found.append((name, connection.execute(sql).fetchone()))
    return _digest(found)


def _word_act(folder: Path) -> None:
    with kept(Workspace(folder), DAY) as run:
        run.end(0, (), "r2")


def _word_see(folder: Path) -> str:
    run = read_last_run(Workspace(folder))
    return "none" if run is None else f"{run.exit_status} {run.release_id}"


def _run_prepare(folder: Path) -> None:
    """A company with planted defects that has run once, the day before."""
    write_demo(folder / "demo", seed=3, items=16, days=60)
    _run_day(folder, DEFAULT_END - timedelta(days=1))


def _run_act(folder: Path) -> None:
    _run_day(folder, DEFAULT_END)


def _run_day(folder: Path, day: date) -> None:
    outcome = run_daily(configure_demo(folder), day)
    if outcome.release is None:
        raise RuntimeError(f"nothing was released: {'; '.join([*outcome.refusals, *outcome.errors])}")


def _run_see(folder: Path) -> str:
    """The current release, read whole: its tables have the rows and the content that its manifest names."""
    release = current_release(configure_demo(folder).workspace().releases)
    assert release is not None, "readers lost the current release"
    with duckdb.connect() as connection:
        for mart in release.public_marts():
            found = connection.execute(
                "select count(*) from read_parquet($file)", {"file": str(release.path / f"{mart['name']}.parquet")}
            ).fetchall()[0][0]
            assert found == mart["rows"], f"{mart['name']} has {found} rows, its manifest names {mart['rows']}"
    with duckdb.connect(str(release.database), read_only=True) as connection:
        days = connection.execute("select distinct as_of_date from marts.fct_inventory_health").fetchall()
    assert days == [(release.as_of,)], f"a release of {release.as_of} holds {days}"
    return f"{release.as_of} {release.content_hash[:16]}"


def _run_incidents(folder: Path) -> str:
    """What is open, whatever runs failed in between."""
    engine = sa.create_engine(f"sqlite:///{configure_demo(folder).workspace().incident_store}")
    table = schema.incidents
    columns = (table.c.cause_key, table.c.severity, table.c.rows_failed, table.c.variance_gross_value)
    with engine.connect() as connection:
        found = connection.execute(sa.select(*columns).where(table.c.state == "open")).fetchall()
    engine.dispose()
    return _digest(sorted(map(str, found)))


SCENARIOS = (
    Scenario(
        "landing", _landing_prepare, _landing_act, _landing_see, ("data/manifest/*.json", "data/landing/**/*.parquet"), is_whole=False
    ),
    Scenario("ledger", _ledger_prepare, _ledger_act, _ledger_see, ("state/**/*", "warehouse.duckdb"), is_whole=False),
    Scenario("release", _release_prepare, _release_act, _release_see, ("releases/r1/*",)),
    Scenario(
        "incidents",
        lambda folder: incident_run(folder, "r1", 1, range(3)),
        lambda folder: incident_run(folder, "r2", 2, range(1, 6)),
        _incident_see,
        ("incidents.db",),
    ),
    Scenario("last run", lambda folder: None, _word_act, _word_see, ("logs/last_run.json",), is_whole=False),
    Scenario(
        "whole run",
        _run_prepare,
        _run_act,
        _run_see,
        ("data/warehouse.duckdb", "data/ledger/**/*", "data/manifest/*.json", "data/landing/**/*.parquet", "data/forecast_vintages/**/*"),
        see_at_end=_run_incidents,
        points_at_most=3,
    ),
)  # fmt: skip


def incident_states(folder: Path) -> str:
    """What the incidents are, whatever the clock said."""
    engine = sa.create_engine(f"sqlite:///{folder / 'incidents.db'}")
    table = schema.incidents
    with engine.connect() as connection:
        columns = (
            table.c.cause_key,
            table.c.state,
            table.c.severity,
            table.c.rows_failed,
            table.c.variance_gross_value,
        )
        found = [tuple(map(str, row)) for row in connection.execute(sa.select(*columns).order_by(table.c.incident_no))]
    engine.dispose()
    return _digest(found)


def _digest(*parts: Any) -> str:
    return hashlib.sha256(repr(parts).encode()).hexdigest()[:16]
