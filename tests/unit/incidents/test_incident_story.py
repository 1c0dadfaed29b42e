"""Any story of runs, people and passing days keeps the promises: one live incident per cause, open until it passes."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import pairwise
from typing import Any

import sqlalchemy as sa
from hypothesis import Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from incident_desk import RULES, HandClock, finding

from expectations.incidents import (
    IncidentError,
    IncidentStore,
    RunRecord,
    accept_risk,
    acknowledge,
    get_incident,
    open_flags,
    record_run,
    reopen,
    report_fix,
    resolve,
    snooze,
    sweep,
)
from expectations.incidents.schema import incidents
from expectations.notify import plan_notices
from expectations.rules.book import Watch

ITEMS = ("C/A", "C/B", "C/C")
KINDS = (("sign_flip", "critical"), ("shrink", "critical"), ("expired_stock", "warning"), ("negative_stock", "warning"))


class Story(RuleBasedStateMachine):
    """Runs that fail and pass at random, people who do whatever they like, time that passes."""

    def __init__(self) -> None:
        super().__init__()
        self.clock = HandClock()
        self.store = IncidentStore("sqlite://", clock=self.clock)
        self.as_of = date(2026, 1, 5)
        self.runs = 0
        self.failing: set[tuple[str, str]] = set()  # (rule, item) that the newest run that looked found

    def teardown(self) -> None:
        self.store.close()

    @rule(
        failing=st.sets(st.tuples(st.sampled_from(KINDS), st.sampled_from(ITEMS)), max_size=6),
        looked=st.sets(st.sampled_from(sorted(RULES)), min_size=len(RULES) - 2),
        days=st.integers(0, 3),
    )
    def run(self, failing: set[tuple[tuple[str, str], str]], looked: set[str], days: int) -> None:
        self.runs += 1
        self.as_of += timedelta(days=days)
        self.clock.forward(days=days, hours=1)
        rows = [
            finding(f"{kind}{item}", kind, severity=severity, item_id=item, business_date=self.as_of)
            for (kind, severity), item in sorted(failing)
            if kind in looked
        ]
        run = RunRecord(f"r{self.runs}", self.as_of, evaluated_rules=frozenset(looked))
        record_run(self.store, run, [], rows)
        assert record_run(self.store, run, [], rows).is_repeat
        self.failing = {f for f in self.failing if f[0] not in looked}
        self.failing |= {(r["rule_id"], r["item_id"]) for r in rows}

    @precondition(lambda self: self.runs)
    @rule(number=st.integers(1, 8), what=st.integers(0, 6), days=st.integers(0, 20))
    def somebody(self, number: int, what: int, days: int) -> None:
        until = self.clock.at.date() + timedelta(days=days)
        actions: list[Any] = [
            lambda: acknowledge(self.store, number, "wang"),
            lambda: snooze(self.store, number, "wang", until),
            lambda: report_fix(self.store, number, "wang", "fixed"),
            lambda: resolve(self.store, number, "wang", "done"),
            lambda: accept_risk(self.store, number, "wang", "known", until),
            lambda: reopen(self.store, number, "wang", "look again"),
            lambda: resolve(self.store, number, "wang", ""),
        ]
        try:
            actions[what]()
        except IncidentError:
            return
        assert what != 6, "closed without a reason"

    @rule(days=st.integers(0, 9))
    def time_goes_on(self, days: int) -> None:
        self.clock.forward(days=days)
        sweep(self.store)
        again = sweep(self.store)
        assert not (again.escalated or again.woke or again.risk_expired)
        plan_notices(self.store, Watch())
        assert plan_notices(self.store, Watch()).planned == 0

    def rows(self) -> list[Any]:
        with self.store.reading() as connection:
            return list(connection.execute(sa.select(incidents).order_by(incidents.c.incident_no)).mappings())

    @invariant()
    def one_live_incident_per_cause_and_none_lost(self) -> None:
        rows = self.rows()
        live = [r["cause_key"] for r in rows if r["state"] != "closed"]
        assert len(live) == len(set(live))
        assert [r["incident_no"] for r in rows] == list(range(1, len(rows) + 1))
        if not self.runs:
            return
        # what the newest look found is in an incident that counts as failing, of its own rule or of its cause
        failing = {r["incident_no"] for r in rows if r["state"] not in ("closed", "passed")}
        with self.store.reading() as connection:
            query = "select rule_id, item_id, incident_no from failing_rows order by last_run_seq"
            home = {(r.rule_id, r.item_id): r.incident_no for r in connection.execute(sa.text(query))}
        assert all(home[subject] in failing for subject in self.failing), (self.failing, home, rows)

    @invariant()
    def flags_stand_for_failing_incidents_and_closes_have_reasons(self) -> None:
        rows = self.rows()
        failing = {f"INC-{r['incident_no']:05d}" for r in rows if r["state"] not in ("closed", "passed")}
        assert {f.incident_id for f in open_flags(self.store)} == failing
        assert all(r["reason"] and r["closed_at"] for r in rows if r["state"] == "closed")
        assert all(r["reason_by"] for r in rows if r["state"] == "closed" and r["severity"] == "critical")

    @invariant()
    def the_history_tells_every_state(self) -> None:
        for row in self.rows():
            story = get_incident(self.store, row["incident_no"]).history
            states = [(h.old_value, h.new_value) for h in story if h.field == "state"]
            assert states[0][0] == "" and states[-1][1] == row["state"]
            assert all(before[1] == after[0] for before, after in pairwise(states))


Story.TestCase.settings = settings(
    max_examples=12, stateful_step_count=12, deadline=None, derandomize=True, phases=[Phase.generate]
)
TestStory = Story.TestCase
