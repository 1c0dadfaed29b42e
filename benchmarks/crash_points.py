"""What is left after a crash at any point: readers see one whole state, the next run gives the undisturbed result, nothing is lost.

Each scenario is one act of a run that writes (landing, a release, the incident store, the word of the last run). It runs in a
child process that is disturbed at one point: killed, power lost (what was not synced is torn), a full or failing disk, or killed
at a random moment, which also strikes inside DuckDB and SQLite. Then another process reads, and another acts again undisturbed.

Kinds: `kill` SIGKILL before the n-th file operation or database statement; `power` the same, and a file that was renamed without a
sync is torn; `full` and `failing` ENOSPC and EIO raised by the n-th operation; `moment` SIGKILL at a random moment of the act.
`damage`: a stored file is cut or has one bit flipped; the next run must give the same result or end with an error, never another
result.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import pickle
import shutil
import signal
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import sqlalchemy as sa

from assets.ingest.batches.register import register_landing
from assets.ingest.stage import ingest_all
from assets.publish.releases import build_release, current_release, prune_releases, switch_current
from assets.workspace import Workspace
from benchmarks.companies import configure_demo
from benchmarks.fault_points import Disturbance, disturbed
from benchmarks.recording import save_result
from demo.settings import DEFAULT_END
from demo.simulate import write_demo
from expectations.incidents import IncidentStore, RunRecord, load_policy, record_run, schema
from orchestration.last_run import kept, read_last_run

LANDED = ("stock_movement", "stock_on_hand", "sales_order_line")
START = datetime(2026, 1, 5, 6, 0, tzinfo=UTC)
DAY = date(2026, 6, 30)
KINDS = ("kill", "power", "full", "failing", "moment")


@dataclass(frozen=True)
class Scenario:
    """One act: how its folder is prepared, the act, what a reader sees, and where its stored files are."""

    name: str
    prepare: Callable[[Path], None]
    act: Callable[[Path], None]
    see: Callable[[Path], str]
    stored: tuple[str, ...] = ()


def _landing_prepare(folder: Path) -> None:
    write_demo(folder / "demo", seed=3, items=16, days=60, defects=False)
    settings = configure_demo(folder)
    ingest_all(settings.workspace().root, settings.sources, DEFAULT_END - timedelta(days=1))


def _landing_act(folder: Path) -> None:
    settings = configure_demo(folder)
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


def _incident_run(folder: Path, run_id: str, day: int, findings: range) -> None:
    store = IncidentStore.at(folder / "incidents.db", None, lambda: START + timedelta(days=day))
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


def _word_act(folder: Path) -> None:
    with kept(Workspace(folder), DAY) as run:
        run.end(0, (), "r2")


def _word_see(folder: Path) -> str:
    run = read_last_run(Workspace(folder))
    return "none" if run is None else f"{run.exit_status} {run.release_id}"


SCENARIOS = (
    Scenario("landing", _landing_prepare, _landing_act, _landing_see, ("data/manifest/*.json", "data/landing/**/*.parquet")),
    Scenario("release", _release_prepare, _release_act, _release_see, ("releases/r1/*",)),
    Scenario(
        "incidents",
        lambda folder: _incident_run(folder, "r1", 1, range(3)),
        lambda folder: _incident_run(folder, "r2", 2, range(1, 6)),
        _incident_see,
        ("incidents.db",),
    ),
    Scenario("last run", lambda folder: None, _word_act, _word_see, ("logs/last_run.json",)),
)  # fmt: skip


@dataclass
class Campaign:
    """What the points came to, by scenario and kind."""

    points: Counter[str]
    losses: list[str]
    outcomes: Counter[str]


def main(arguments: list[str]) -> dict[str, Any]:
    """Disturb every scenario at points drawn without repetition; print losses."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks crash_points")
    parser.add_argument("--points", type=int, default=60, help="of each kind and scenario, at most")
    parser.add_argument("--seed", type=int, default=15)
    parser.add_argument("--save", action="store_true", help="keep the figures in benchmarks/results")
    chosen = parser.parse_args(arguments)
    started = time.process_time()
    campaign = run_campaign(chosen.points, chosen.seed)
    for loss in campaign.losses:
        print(loss)
    figures = {
        "points": dict(sorted(campaign.points.items())),
        "points_in_all": sum(campaign.points.values()),
        "losses": campaign.losses,
        "outcomes": dict(sorted(campaign.outcomes.items())),
        "own_cpu_seconds": round(time.process_time() - started),
    }
    if chosen.save:
        save_result("crash_points", figures, seed=chosen.seed, packages=["duckdb", "sqlalchemy"])
    return figures


def run_campaign(points: int, seed: int, scenarios: tuple[Scenario, ...] = SCENARIOS) -> Campaign:
    """Up to `points` points of each kind in each scenario."""
    campaign = Campaign(Counter(), [], Counter())
    with tempfile.TemporaryDirectory() as folder:
        for scenario in scenarios:
            rng = np.random.default_rng(seed)
            _one(scenario, Path(folder), points, rng, campaign)
    return campaign


def _one(scenario: Scenario, folder: Path, points: int, rng: np.random.Generator, campaign: Campaign) -> None:
    clean = folder / scenario.name / "clean"
    clean.mkdir(parents=True)
    _apart(lambda: scenario.prepare(clean))
    before = _value(scenario, clean)
    done = folder / scenario.name / "done"
    shutil.copytree(clean, done, symlinks=True)
    began = time.perf_counter()
    operations = int(_apart(lambda: disturbed(None, lambda: scenario.act(done)))[1])
    seconds = time.perf_counter() - began
    after = _value(scenario, done)
    for kind in KINDS:
        places = range(1, operations + 1) if kind != "moment" else range(1, points + 1)
        for place in sorted(rng.choice(places, min(points, len(places)), replace=False).tolist()):
            world = folder / scenario.name / "world"
            shutil.copytree(clean, world, symlinks=True)
            _disturb(scenario, world, kind, int(place), float(rng.uniform(0, seconds)))
            campaign.points[f"{scenario.name} {kind}"] += 1
            _judge(scenario, world, f"{scenario.name} {kind} {place}", {before, after}, after, campaign)
            shutil.rmtree(world)
    for number in range(points):
        _damage(scenario, clean, folder / scenario.name / "world", number, rng, after, campaign)


def _disturb(scenario: Scenario, world: Path, kind: str, place: int, wait: float) -> None:
    if kind == "moment":
        child = os.fork()
        if not child:
            scenario.act(world)
            os._exit(0)
        time.sleep(wait)
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        return
    _apart(lambda: disturbed(Disturbance(kind, place), lambda: scenario.act(world)))


def _judge(scenario: Scenario, world: Path, name: str, states: set[str], after: str, campaign: Campaign) -> None:
    """A reader sees the state before or after; the act done again gives the state after."""
    seen = _value(scenario, world)
    is_whole = seen in states or scenario.name in ("landing", "last run")  # files land one by one; a word has a middle
    if seen.startswith("error") or not is_whole:
        campaign.losses.append(f"{name}: a reader sees {seen}")
    status, said = _apart(lambda: scenario.act(world))
    again = _value(scenario, world)
    if status or again != after:
        campaign.losses.append(f"{name}: done again it gives {said if status else again}, undisturbed {after}")


def _damage(
    scenario: Scenario, clean: Path, world: Path, number: int, rng: np.random.Generator, after: str, campaign: Campaign
) -> None:
    """Cut a stored file or flip one of its bits; run again."""
    files = sorted(path for pattern in scenario.stored for path in clean.glob(pattern) if path.is_file())
    if not files:
        return
    shutil.copytree(clean, world, symlinks=True)
    chosen = files[int(rng.integers(len(files)))].relative_to(clean)
    data = bytearray((world / chosen).read_bytes())
    how = ("cut", "bit")[number % 2]
    if how == "cut":
        del data[int(rng.integers(len(data))) :]
    else:
        data[int(rng.integers(len(data)))] ^= 1 << int(rng.integers(8))
    (world / chosen).write_bytes(bytes(data))
    status, _ = _apart(lambda: scenario.act(world))
    result = _value(scenario, world)
    outcome = (
        "same result" if result == after else "error" if status or result.startswith("error") else "ANOTHER RESULT"
    )
    campaign.points[f"{scenario.name} damage, {how}"] += 1
    campaign.outcomes[f"{scenario.name} damage, {how}: {outcome}"] += 1
    if outcome == "ANOTHER RESULT":
        campaign.losses.append(f"{scenario.name} damage {number}, {how} of {chosen}: another result without an error")
    shutil.rmtree(world)


def _value(scenario: Scenario, world: Path) -> str:
    status, value = _apart(lambda: scenario.see(world))
    return f"error {value}" if status else str(value)


def _apart(work: Callable[[], Any]) -> tuple[int, Any]:
    """Do it in a child process: 0 and its result, 1 and its error, -9 where it was killed."""
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        os.close(reading)
        try:
            answer: tuple[int, Any] = (0, work())
        except BaseException as error:  # all of it is the answer
            answer = (1, f"{type(error).__name__}: {error}")
        with os.fdopen(writing, "wb") as pipe:
            pickle.dump(answer, pipe)
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading, "rb") as pipe:
        data = pipe.read()
    os.waitpid(child, 0)
    found: tuple[int, Any] = pickle.loads(data) if data else (-9, "killed")
    return found


def _digest(*parts: Any) -> str:
    return hashlib.sha256(repr(parts).encode()).hexdigest()[:16]
