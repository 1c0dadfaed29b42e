"""Owners hear of what is theirs, once, in their language, also over a channel that fails; and no address leaks."""

from __future__ import annotations

import multiprocessing as mp
import os
import re
import signal
from datetime import timedelta

import pytest
import sqlalchemy as sa
from incident_desk import START, Desk, MakeDesk, finding

from expectations.incidents import (
    IncidentStore,
    accept_risk,
    acknowledge,
    load_policy,
    report_fix,
    snooze,
    sweep,
)
from expectations.notify import deliver, plan_notices
from expectations.notify.deliver import LEASE, LONGEST_WAIT, MAX_ATTEMPTS, SendResult, back_off
from expectations.rules.book import Watch

POLICY = load_policy(
    {
        "default_owner": "wang",
        "owners": [{"warehouse": "C/W2", "owner": "li"}],
        "people": [
            {"name": "wang", "channels": ["ops"], "language": "zh", "escalate_to": "boss"},
            {"name": "li", "channels": ["ops", "wecom"], "language": "en", "escalate_to": "boss"},
            {"name": "boss", "channels": ["boss"], "language": "en"},
            {"name": "data", "channels": ["data"], "language": "en"},
        ],
    }
)
WATCH = Watch(operators=("data",))
TOKEN = "a1b2c3d4e5f6a7b8c9d0"


class Post:
    """A sender that keeps what it was given and fails where told."""

    def __init__(self) -> None:
        self.sent: list[tuple[str, str, str]] = []
        self.down: set[str] = set()

    def __call__(self, channel: str, title: str, body: str) -> SendResult:
        if channel in self.down:
            raise ConnectionError(f"https://robot/{TOKEN} is down")
        self.sent.append((channel, title, body))
        return SendResult(True)

    def titles(self) -> list[tuple[str, str]]:
        return [(channel, title) for channel, title, _ in self.sent]


@pytest.fixture
def desk(make_desk: MakeDesk) -> Desk:
    return make_desk(POLICY)


def tell(desk: Desk, post: Post, **options: bool) -> list[tuple[str, str]]:
    before = len(post.sent)
    plan_notices(desk.store, WATCH, **options)
    deliver(desk.store, post)
    return post.titles()[before:]


def test_critical_at_once_and_digest_once_a_day_in_the_owners_language(desk: Desk) -> None:
    post = Post()
    desk.run(finding("f1"), finding("f2", "shrink", warehouse_id="C/W2"), finding("f3", "shrink", severity="warning"))
    told = tell(desk, post)
    # f3 is a consequence of f1: two incidents, one for each owner; li has two channels
    assert sorted(told) == [
        ("ops", "Inventory data alarm: 1 to look at now"),
        ("ops", "Inventory digest 2026-01-06: 1 new for li"),
        ("ops", "库存数据告警：1 件需立即处理"),
        ("ops", "库存日报 2026-01-06：wang 名下新增 1 件"),
        ("wecom", "Inventory data alarm: 1 to look at now"),
        ("wecom", "Inventory digest 2026-01-06: 1 new for li"),
    ]
    body = next(b for c, t, b in post.sent if "告警" in t)
    assert "INC-00002" in body and "C/A · C/W1" in body and "10.50" in body and "stockturn incidents show" in body
    assert tell(desk, post) == []  # again, the same day: nothing
    desk.run(finding("f1"), finding("f2", "shrink", warehouse_id="C/W2"))
    kinds = {re.split("[:：]", title)[0] for _, title in tell(desk, post)}
    assert kinds == {"催办", "Reminder"}  # the digest names what is new; what is late is reminded of
    desk.run(finding("f1"), finding("f2", "shrink", warehouse_id="C/W2"), finding("f4", item_id="C/new"))
    assert any("库存日报 2026-01-08：wang 名下新增 1 件" in title for _, title in tell(desk, post))


def test_why_and_what_to_do_are_told_in_the_language_of_who_reads(desk: Desk) -> None:
    """Each sentence is on a line of its own, so that two incidents do not run into one another on a phone."""
    post = Post()
    told = {"explanation_zh": "出库记成了入库", "fix": "Correct the sign", "fix_zh": "更正方向"}
    desk.run(finding("f1", **told), finding("f2", item_id="C/B", **told), finding("f3", warehouse_id="C/W2", **told))
    tell(desk, post, with_digest=False)
    chinese = next(body for channel, title, body in post.sent if "告警" in title)
    english = next(body for channel, title, body in post.sent if "alarm" in title)
    lines = chinese.splitlines()
    heads = [line.split(" ") for line in lines if line.startswith("[")]
    assert [(head[0], head[2]) for head in heads] == [("[严重]", "出入库方向相反")] * 2
    assert [lines.count(line) for line in ("  说明：出库记成了入库", "  任务：更正方向")] == [2, 2]
    assert (
        "  Why: an issue booked as a receipt" in english.splitlines()
        and "  Task: Correct the sign" in english.splitlines()
    )
    assert not re.search("[\u4e00-\u9fff]", english)


def test_a_second_spell_is_told_again(desk: Desk) -> None:
    post = Post()
    desk.run(finding("f1"))
    tell(desk, post, with_digest=False)
    report_fix(desk.store, 1, "wang", "done")
    desk.run(finding("f1"))
    assert ("ops", "库存数据告警：1 件需立即处理") in tell(desk, post, with_digest=False)


def test_reminders_escalation_and_silence(desk: Desk) -> None:
    post = Post()
    desk.run(finding("f1"))
    told = []
    for _ in range(8):
        sweep(desk.store)
        told.append([(c, re.split("[:：]", t)[0]) for c, t in tell(desk, post, with_digest=False) if c != "data"])
        desk.clock.forward(days=1)
    alarm, reminder, escalation = ("ops", "库存数据告警"), ("ops", "催办"), ("boss", "Escalation")
    assert told == [
        [alarm], [reminder], [escalation], [reminder], [escalation], [reminder], [escalation], [reminder],
    ]  # fmt: skip


def test_snoozed_accepted_and_mended_incidents_are_quiet(desk: Desk) -> None:
    post = Post()
    rows = [finding(f"f{n}", item_id=f"C/{n}") for n in range(4)]
    desk.run(*rows)
    tell(desk, post)
    today = desk.clock.at.date()
    snooze(desk.store, 1, "wang", today + timedelta(days=5))
    accept_risk(desk.store, 2, "wang", "known", today + timedelta(days=60))
    report_fix(desk.store, 3, "wang", "fixed")
    acknowledge(desk.store, 4, "wang")
    desk.clock.forward(days=1)
    tell(desk, post)
    (reminder,) = [b for _, t, b in post.sent if t.startswith("催办")]
    assert [n in reminder for n in ("INC-00001", "INC-00002", "INC-00003", "INC-00004")] == [False, False, False, True]


def test_failed_missing_run_and_stale_source(desk: Desk) -> None:
    post = Post()
    desk.run(status="failed", message="contract item broken", evaluated_rules=frozenset())
    assert tell(desk, post) == [("data", "Run failed: r1")]
    assert "contract item broken" in post.sent[-1][2]
    desk.clock.forward(hours=26)
    assert tell(desk, post) == []
    desk.clock.forward(minutes=1)
    assert tell(desk, post) == [("data", "No run came: the last one is r1")]
    assert tell(desk, post) == []
    desk.clock.forward(days=1)
    assert tell(desk, post) == [("data", "No run came: the last one is r1")]  # once a day, as long as it lasts
    desk.run(finding("f1", "stale_snapshot", severity="warning", item_id=""))
    assert sorted(tell(desk, post, with_digest=False)) == [
        ("data", "Source not up to date: 1"),
        ("ops", "数据源未更新：1 项"),
    ]


def test_an_owner_without_a_channel_is_reached_through_the_operators(make_desk: MakeDesk) -> None:
    desk = make_desk(POLICY.model_copy(update={"owners": (), "default_owner": "unknown"}))
    desk.run(finding("f1"))
    post = Post()
    assert {c for c, _ in tell(desk, post)} == {"data"}
    assert plan_notices(desk.store, Watch()).unreachable == ("unknown",)


def test_a_channel_that_is_down_is_retried_with_back_off_and_given_up(desk: Desk) -> None:
    post = Post()
    post.down = {"ops"}
    desk.run(finding("f1"), finding("f2", "shrink", warehouse_id="C/W2"))
    plan_notices(desk.store, WATCH, with_digest=False)
    outcome = deliver(desk.store, post)
    # li's other channel is not held up; the dead one is asked once, not once per notice
    assert (outcome.sent, outcome.failed, outcome.waiting) == (1, 1, 2)
    assert deliver(desk.store, post).failed == 1  # the second notice's own first try
    assert deliver(desk.store, post).failed == 0  # both wait
    desk.clock.forward(seconds=61)
    assert deliver(desk.store, post).failed == 1
    for _ in range(3 * MAX_ATTEMPTS):
        desk.clock.forward(hours=7)
        deliver(desk.store, post)
    with desk.store.reading() as connection:
        rows = connection.execute(
            sa.text("select state, attempts, last_error from notices where channel = 'ops'")
        ).all()
    assert [(r.state, r.attempts) for r in rows] == [("given_up", MAX_ATTEMPTS)] * 2
    assert all(TOKEN not in r.last_error and "ConnectionError" in r.last_error for r in rows)


def test_a_channel_that_comes_back_delivers_each_notice_once(desk: Desk) -> None:
    post = Post()
    post.down = {"ops"}
    desk.run(finding("f1"))
    tell(desk, post)
    tell(desk, post)
    post.down = set()
    desk.clock.forward(hours=1)
    assert deliver(desk.store, post).sent == 2
    desk.clock.forward(hours=1)
    assert deliver(desk.store, post).sent == 0


def test_back_off_doubles_up_to_its_limit() -> None:
    waits = [back_off(n) for n in range(1, 40)]
    assert waits[:4] == [timedelta(minutes=m) for m in (1, 2, 4, 8)] and max(waits) == LONGEST_WAIT
    assert sum(waits[: MAX_ATTEMPTS - 1], timedelta()) > timedelta(hours=20)


def test_a_locked_store_never_stops_the_run(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    def locked(*_: object, **__: object) -> None:
        raise sa.exc.OperationalError("begin", {}, Exception("database is locked"))

    monkeypatch.setattr(desk.store, "writing", locked)
    assert deliver(desk.store, Post()).waiting == -1


FORK = mp.get_context("fork")


def test_two_senders_at_once_send_each_notice_once(store_url: str) -> None:
    store = IncidentStore(store_url, POLICY, clock=lambda: START + timedelta(days=1))
    desk = Desk(store, lambda: START)  # type: ignore[arg-type]
    desk.clock.forward = lambda **_: None  # type: ignore[attr-defined]
    desk.run(*[finding(f"f{n}", "shrink", item_id=f"C/{n}", warehouse_id=f"C/W{n % 2 + 1}") for n in range(6)])
    store.engine.dispose()
    barrier, sent = FORK.Barrier(2), FORK.Queue()

    def worker() -> None:
        mine = IncidentStore(store_url, POLICY, clock=lambda: START + timedelta(days=1))
        barrier.wait()
        plan_notices(mine, WATCH)

        def send(channel: str, title: str, body: str) -> SendResult:
            sent.put((channel, title, body))
            return SendResult(True)

        deliver(mine, send)

    processes = [FORK.Process(target=worker) for _ in range(2)]
    for process in processes:
        process.start()
    got = [sent.get(timeout=30) for _ in range(6)]
    for process in processes:
        process.join(30)
        assert process.exitcode == 0
    assert sent.empty() and len(set(got)) == 6


def test_a_sender_killed_while_sending_sends_again_after_its_lease(desk: Desk) -> None:
    desk.run(finding("f1"))
    plan_notices(desk.store, WATCH, with_digest=False)
    desk.store.engine.dispose()

    def die(*_: str) -> SendResult:
        os.kill(os.getpid(), signal.SIGKILL)
        return SendResult(True)

    process = FORK.Process(target=lambda: deliver(desk.store, die))
    process.start()
    process.join(30)
    assert process.exitcode == -signal.SIGKILL
    post = Post()
    assert deliver(desk.store, post).sent == 0  # claimed: it may still be under way
    desk.clock.forward(seconds=LEASE.total_seconds() + 1)
    assert deliver(desk.store, post).sent == 1


# -- real HTTP
