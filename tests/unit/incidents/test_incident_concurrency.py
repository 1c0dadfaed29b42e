"""Two runs at once, a run killed while writing, a clock that jumps: no incident twice, none lost. Real processes."""

from __future__ import annotations

import multiprocessing as mp
import os
import signal
import time
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from multiprocessing.synchronize import Barrier

import pytest
import sqlalchemy as sa
from incident_desk import RULES, START, Desk, finding

from expectations.incidents import (
    IncidentError,
    IncidentStore,
    RunRecord,
    acknowledge,
    get_incident,
    record_run,
    recording,
    snooze,
    sweep,
)
from expectations.incidents.clock import CONFIRMED_AFTER, JUMP, judge
from expectations.incidents.model import RunConflictError

FORK = mp.get_context("fork")
DAY = date(2026, 1, 5)
ROWS = [finding(f"f{n}", "shrink", item_id=f"C/{n % 7}", source_row=n) for n in range(300)]
CAUSES = 7


def record(store_url: str, run_id: str, as_of: date = DAY, rows: list[dict[str, object]] = ROWS) -> None:
    store = IncidentStore(store_url, clock=lambda: START)
    record_run(store, RunRecord(run_id, as_of, evaluated_rules=RULES), [], rows)
    store.close()


def counts(store_url: str) -> dict[str, int]:
    engine = sa.create_engine(store_url)
    with engine.connect() as connection:
        found = {
            t: connection.execute(sa.text(f"select count(*) from {t}")).scalar_one()
            for t in ("runs", "incidents", "failing_rows", "incident_history", "incident_subjects")
        }
    engine.dispose()
    return found


def run_all(workers: list[Callable[[], None]]) -> list[int | None]:
    processes = [FORK.Process(target=w) for w in workers]
    for process in processes:
        process.start()
    for process in processes:
        process.join(60)
    return [p.exitcode for p in processes]


def test_runs_at_once_on_an_empty_store_open_each_cause_once(store_url: str) -> None:
    barrier = FORK.Barrier(4)

    def worker(number: int) -> None:
        barrier.wait()
        record(store_url, f"r{number}")  # the schema is made by whoever comes first

    assert run_all([lambda n=n: worker(n) for n in range(4)]) == [0, 0, 0, 0]  # type: ignore[misc]
    found = counts(store_url)
    assert (found["runs"], found["incidents"], found["failing_rows"]) == (4, CAUSES, len(ROWS))
    assert found["incident_history"] == CAUSES  # opened once; the other runs changed nothing


def test_the_same_run_recorded_twice_at_once_is_written_once(store_url: str) -> None:
    barrier = FORK.Barrier(2)

    def worker() -> None:
        barrier.wait()
        record(store_url, "r1")

    assert run_all([worker, worker]) == [0, 0]
    assert counts(store_url)["runs"] == 1


def test_the_same_run_id_with_other_results_is_refused(any_desk: Desk) -> None:
    first = any_desk.run(finding("f1"), run_id="r1", as_of_date=DAY)
    again = any_desk.run(finding("f1"), run_id="r1", as_of_date=DAY)
    assert again.is_repeat and again.opened == first.opened
    with pytest.raises(RunConflictError, match="r1"):
        any_desk.run(finding("f2"), run_id="r1", as_of_date=DAY)


@pytest.mark.parametrize("moment", ["_open", "_store_subjects", "store_findings"])
def test_a_run_killed_while_writing_leaves_nothing_and_can_be_repeated(
    store_url: str, moment: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    IncidentStore(store_url, clock=lambda: START).close()
    owner = recording if moment == "store_findings" else recording._Recorder
    original = getattr(owner, moment)
    calls = 0

    def killed(*args: object, **kwargs: object) -> object:
        nonlocal calls
        calls += 1
        result = original(*args, **kwargs)
        if calls == (1 if moment == "store_findings" else 4):
            os.kill(os.getpid(), signal.SIGKILL)  # in the middle of its transaction
        return result

    monkeypatch.setattr(owner, moment, killed)
    assert run_all([lambda: record(store_url, "r1")]) == [-signal.SIGKILL]
    monkeypatch.undo()
    assert set(counts(store_url).values()) == {0}
    record(store_url, "r1")
    found = counts(store_url)
    assert (found["runs"], found["incidents"], found["failing_rows"]) == (1, CAUSES, len(ROWS))


def test_people_and_runs_at_once_lose_no_history(store_url: str) -> None:
    record(store_url, "r0")
    barrier: Barrier = FORK.Barrier(3)

    def person(name: str) -> None:
        store = IncidentStore(store_url, clock=lambda: START)
        barrier.wait()
        for n in range(CAUSES):
            try:
                acknowledge(store, n + 1, name)
            except IncidentError:
                continue  # the other was faster
        store.close()

    def runs() -> None:
        barrier.wait()
        for n in range(3):
            record(store_url, f"r{n + 1}", DAY + timedelta(days=n + 1))

    assert run_all([lambda: person("wang"), lambda: person("li"), runs]) == [0, 0, 0]
    store = IncidentStore(store_url, clock=lambda: START)
    for n in range(CAUSES):
        seen = [h for h in get_incident(store, n + 1).history if h.action == "acknowledged"]
        assert len(seen) == 1 and get_incident(store, n + 1).incident.acknowledged_by == seen[0].user_name
    store.close()


def test_a_reader_is_not_held_up_by_a_writer(store_url: str) -> None:
    record(store_url, "r0")
    store = IncidentStore(store_url, clock=lambda: START)
    with store.writing() as unit:
        unit.connection.execute(sa.text("update incidents set owner_name = 'x'"))
        started = time.monotonic()
        assert get_incident(store, 1).incident.owner_name != "x"
        assert time.monotonic() - started < 5
    store.close()


# -- the clock


def test_a_clock_that_goes_back_neither_doubles_nor_loses(desk: Desk) -> None:
    desk.run(finding("f1"))
    desk.clock.forward(days=-20)
    assert desk.run(finding("f1")).opened == ()
    assert sweep(desk.store).escalated == ()
    times = [h.at for h in get_incident(desk.store, 1).history]
    assert times == sorted(times)
    assert desk.run().passed == ("INC-00001",)


def test_a_jump_forward_escalates_nothing_and_comes_back(desk: Desk) -> None:
    desk.run(finding("f1"))
    snooze(desk.store, 1, "wang", desk.clock.at.date() + timedelta(days=3))
    before = desk.clock.at
    desk.clock.at = datetime(2099, 1, 1, tzinfo=UTC)
    for _ in range(3):
        assert sweep(desk.store).is_clock_held
        desk.clock.forward(minutes=5)
    desk.clock.forward(days=-1)  # `run` goes a day forward
    # a run in that hour is recorded, with the time that was believed
    assert desk.run(finding("f1"), finding("f2", item_id="C/B"), as_of_date=desk.as_of).opened == ("INC-00002",)
    desk.clock.at = before + timedelta(hours=1)
    outcome = sweep(desk.store)
    assert (outcome.is_clock_held, outcome.escalated, outcome.woke) == (False, (), ())
    assert get_incident(desk.store, 2).incident.due_date <= before.date() + timedelta(days=2)


def test_an_as_of_date_from_the_future_does_not_stop_later_runs(desk: Desk) -> None:
    desk.run(finding("f1"))
    real, day = desk.clock.at, desk.as_of
    desk.clock.at = datetime(2099, 1, 1, tzinfo=UTC)
    desk.run(finding("f1"), as_of_date=date(2099, 1, 1))
    desk.clock.at, desk.as_of = real, day
    outcome = desk.run(finding("f1"), finding("f2", item_id="C/B"))
    assert not outcome.is_backfill and outcome.opened == ("INC-00002",)


def test_a_store_that_slept_for_months_wakes_up(desk: Desk) -> None:
    desk.run(finding("f1"))
    desk.clock.forward(days=120)
    assert sweep(desk.store).is_clock_held
    desk.clock.forward(days=1)
    assert sweep(desk.store).escalated == ("INC-00001",)


def test_judge_at_the_edges() -> None:
    assert judge(START, None, None, confirm=False).now == START
    assert not judge(START + JUMP, START, None, confirm=False).is_held
    held = judge(START + JUMP + timedelta(seconds=1), START, None, confirm=True)
    assert held.is_held and held.now == START and held.candidate is not None
    almost = judge(held.candidate + CONFIRMED_AFTER - timedelta(seconds=1), START, held.candidate, confirm=True)
    assert almost.is_held and almost.candidate == held.candidate
    assert not judge(held.candidate + CONFIRMED_AFTER, START, held.candidate, confirm=True).is_held
    assert judge(
        held.candidate + CONFIRMED_AFTER, START, held.candidate, confirm=False
    ).is_held  # a person's click proves nothing


# -- versions of the schema
