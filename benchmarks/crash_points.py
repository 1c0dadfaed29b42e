"""What is left after a crash at any point: readers see one whole state, the next run gives the undisturbed result, nothing is lost.

Each scenario is one act of a run that writes (landing, a release, the incident store, the word of the last run). It runs in a
child process that is disturbed at one point: killed, power lost (what was not synced is torn), a full or failing disk, or killed
at a random moment, which also strikes inside DuckDB and SQLite. Then another process reads, and another acts again undisturbed.

Kinds: `kill` SIGKILL before the n-th file operation or database statement; `power` the same, and a file that was renamed without a
sync is torn; `full`, `failing` and `read only` ENOSPC, EIO and EROFS raised by the n-th operation; `moment` SIGKILL at a random
moment of the act. `two`: two processes act at the same time, as a run and a second one that waits for it do. `clock`: the act runs
while the clock is days to years off. `damage`: a stored file (landing, ledger state, warehouse, release, incident store) is cut or
has one bit flipped; the next run must give the same result or end with an error, never another result.
"""

from __future__ import annotations

import argparse
import os
import pickle
import shutil
import signal
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.crash_scenarios import SCENARIOS, Scenario, incident_run, incident_states
from benchmarks.fault_points import Disturbance, disturbed
from benchmarks.recording import save_result

KINDS = ("kill", "power", "full", "failing", "read only", "moment")


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
    parser.add_argument("--scenarios", nargs="+", choices=[one.name for one in SCENARIOS], help="all without it")
    parser.add_argument("--name", default="crash_points", help="of the file in benchmarks/results")
    parser.add_argument("--save", action="store_true", help="keep the figures in benchmarks/results")
    chosen = parser.parse_args(arguments)
    started = time.process_time()
    scenarios = tuple(one for one in SCENARIOS if not chosen.scenarios or one.name in chosen.scenarios)
    figures: dict[str, Any] = {}
    campaign = Campaign(Counter(), [], Counter())
    for scenario in scenarios:
        run_campaign(chosen.points, chosen.seed, (scenario,), campaign)
        figures = {
            "points": dict(sorted(campaign.points.items())),
            "points_in_all": sum(campaign.points.values()),
            "losses": campaign.losses,
            "outcomes": dict(sorted(campaign.outcomes.items())),
            "cpu_seconds": round(time.process_time() - started + sum(os.times()[2:4])),
        }
        if chosen.save:  # after each scenario: the longest ones come last
            save_result(chosen.name, figures, seed=chosen.seed, packages=["duckdb", "sqlalchemy"])
    for loss in campaign.losses:
        print(loss)
    return figures


def run_campaign(
    points: int, seed: int, scenarios: tuple[Scenario, ...] = SCENARIOS, campaign: Campaign | None = None
) -> Campaign:
    """Up to `points` points of each kind in each scenario, added to `campaign` where there is one."""
    campaign = campaign or Campaign(Counter(), [], Counter())
    with tempfile.TemporaryDirectory() as folder:
        for scenario in scenarios:
            rng = np.random.default_rng(seed)
            _one(scenario, Path(folder), min(points, scenario.points_at_most or points), rng, campaign)
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
    at_end = _value_at_end(scenario, done)
    print(f"{scenario.name}: {operations} operations, {seconds:.1f} s undisturbed", flush=True)
    for kind in KINDS:
        places = range(1, operations + 1) if kind != "moment" else range(1, points + 1)
        for place in sorted(rng.choice(places, min(points, len(places)), replace=False).tolist()):
            world = folder / scenario.name / "world"
            shutil.copytree(clean, world, symlinks=True)
            _disturb(scenario, world, kind, int(place), float(rng.uniform(0, seconds)))
            campaign.points[f"{scenario.name} {kind}"] += 1
            _judge(scenario, world, f"{scenario.name} {kind} {place}", {before, after}, (after, at_end), campaign)
            shutil.rmtree(world)
    for number in range(points):
        _two(scenario, clean, folder / scenario.name / "world", number, after, campaign)
        if scenario.name == "incidents":
            _clock(clean, folder / scenario.name / "world", int(rng.integers(-3000, 3000)), campaign)
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


def _judge(
    scenario: Scenario, world: Path, name: str, states: set[str], wanted: tuple[str, str], campaign: Campaign
) -> None:
    """A reader sees the state before or after; the act done again gives the state after."""
    seen = _value(scenario, world)
    if (seen.startswith("error") and scenario.name != "ledger") or (scenario.is_whole and seen not in states):
        campaign.losses.append(f"{name}: a reader sees {seen}")
    status, said = _apart(lambda: scenario.act(world))
    again = (_value(scenario, world), _value_at_end(scenario, world))
    if status or again != wanted:
        campaign.losses.append(f"{name}: done again it gives {said if status else again}, undisturbed {wanted}")


def _two(scenario: Scenario, clean: Path, world: Path, number: int, after: str, campaign: Campaign) -> None:
    """Two processes act at once; what is left is what one of them would have left."""
    shutil.copytree(clean, world, symlinks=True)
    children = []
    for _ in range(2):
        child = os.fork()
        if not child:
            try:
                scenario.act(world)
            finally:
                os._exit(0)
        children.append(child)
    for child in children:
        os.waitpid(child, 0)
    campaign.points[f"{scenario.name} two"] += 1
    if (seen := _value(scenario, world)) != after:
        campaign.losses.append(f"{scenario.name} two {number}: {seen}, undisturbed {after}")
    shutil.rmtree(world)


def _clock(clean: Path, world: Path, days: int, campaign: Campaign) -> None:
    """The act while the clock is off by so many days: the incidents are what they are by the right clock."""
    found = []
    for off in (0, days):
        shutil.copytree(clean, world, symlinks=True)
        _apart(partial(incident_run, world, "r2", 2, range(1, 6), off))
        found.append(_apart(partial(incident_states, world))[1])
        shutil.rmtree(world)
    right, seen = found
    campaign.points["incidents clock"] += 1
    if seen != right:
        campaign.losses.append(f"incidents clock {days}: {seen}, with the right clock {right}")


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


def _value_at_end(scenario: Scenario, world: Path) -> str:
    see = scenario.see_at_end
    status, value = _apart(lambda: see(world)) if see else (0, "")
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
