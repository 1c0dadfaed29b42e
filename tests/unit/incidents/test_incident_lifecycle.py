"""An incident opens once per cause, stays open until a run passes, and never closes on somebody's word."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
import sqlalchemy as sa
from incident_desk import Desk, MakeDesk, check, finding

from expectations.incidents import (
    IncidentFilter,
    accept_risk,
    acknowledge,
    assign,
    comment,
    get_incident,
    list_incidents,
    load_policy,
    reopen,
    report_fix,
    resolve,
    snooze,
    sweep,
)
from expectations.incidents.model import (
    IncidentError,
    InvalidTransitionError,
    StillFailingError,
    UnknownIncidentError,
)
from expectations.incidents.queries import latest_run, result_history


def state_of(desk: Desk, incident_id: str = "INC-00001") -> str:
    return get_incident(desk.store, incident_id).incident.state


def actions_of(desk: Desk, incident_id: str = "INC-00001") -> list[str]:
    return [h.action for h in get_incident(desk.store, incident_id).history]


def test_opens_once_and_closes_when_a_run_passes(any_desk: Desk) -> None:
    warning = finding("f1", severity="warning")
    first = any_desk.run(warning, finding("f2", severity="warning", source_row=18))
    assert first.opened == ("INC-00001",)
    again = any_desk.run(warning, finding("f2", severity="warning", source_row=18))
    assert (again.opened, again.updated, again.closed) == ((), (), ())
    passed = any_desk.run()
    assert passed.closed == ("INC-00001",)
    closed = get_incident(any_desk.store, 1).incident
    assert (closed.state, closed.reason) == ("closed", "run r3 passed")
    assert list_incidents(any_desk.store) == []


def test_a_rule_that_did_not_run_closes_nothing(desk: Desk) -> None:
    desk.run(finding("f1", severity="warning"))
    outcome = desk.run(evaluated_rules=frozenset({"shrink"}), status="failed")
    assert outcome.closed == () and state_of(desk) == "open"


def test_a_critical_close_needs_a_stated_reason(any_desk: Desk) -> None:
    any_desk.run(finding("f1"))
    assert any_desk.run().passed == ("INC-00001",)
    assert state_of(any_desk) == "passed"
    with pytest.raises(IncidentError, match="reason is required"):
        resolve(any_desk.store, 1, "王芳", "  ")
    closed = resolve(any_desk.store, 1, "王芳", "仓管员把出库录成入库,已红冲")
    assert (closed.state, closed.reason_by) == ("closed", "王芳")


def test_manual_close_of_a_failing_check_is_refused(any_desk: Desk) -> None:
    any_desk.run(finding("f1"))
    before = actions_of(any_desk)
    with pytest.raises(StillFailingError, match=r"INC-00001 still fails \(1 rows, 10.50 gross\)"):
        resolve(any_desk.store, 1, "wang", "looks fine to me")
    assert state_of(any_desk) == "open" and actions_of(any_desk) == before


def test_a_reported_fix_is_decided_by_the_next_run(desk: Desk) -> None:
    desk.run(finding("f1"))
    assert report_fix(desk.store, 1, "wang", "red-flushed D1").state == "fix_reported"
    outcome = desk.run(finding("f1"))
    assert outcome.reopened == ("INC-00001",)
    incident = get_incident(desk.store, 1).incident
    assert (incident.state, incident.reopened_count, incident.reason) == ("open", 1, "")
    assert "fix_not_confirmed" in actions_of(desk)
    report_fix(desk.store, 1, "wang", "red-flushed D1 in the right period")
    assert desk.run().closed == ("INC-00001",)
    assert get_incident(desk.store, 1).incident.reason == "red-flushed D1 in the right period"


def test_accepted_risk_expires(desk: Desk) -> None:
    desk.run(finding("f1"))
    today = desk.clock.at.date()
    accepted = resolve(desk.store, 1, "wang", "supplier settles it in a week", accept_until=today + timedelta(days=7))
    assert (accepted.state, accepted.accepted_until_date) == ("risk_accepted", today + timedelta(days=7))
    for _ in range(7):
        assert desk.run(finding("f1")).reopened == ()
        assert sweep(desk.store).risk_expired == ()
    desk.run(finding("f1"))
    assert sweep(desk.store).risk_expired == ("INC-00001",)
    assert state_of(desk) == "open"


def test_accepted_risk_that_grows_opens_again(desk: Desk) -> None:
    desk.run(finding("f1"))
    accept_risk(desk.store, 1, "wang", "small", desk.clock.at.date() + timedelta(days=90))
    assert desk.run(finding("f1", variance_value="-15.75")).reopened == ()  # just at + 50 %
    assert desk.run(finding("f1", variance_value="-15.76")).reopened == ("INC-00001",)
    assert "accepted_risk_grew" in actions_of(desk)


def test_a_risk_cannot_be_accepted_for_ever(desk: Desk) -> None:
    desk.run(finding("f1"))
    with pytest.raises(IncidentError, match="not until 2030-01-01"):
        accept_risk(desk.store, 1, "wang", "never mind", date(2030, 1, 1))
    with pytest.raises(IncidentError, match="not until"):
        accept_risk(desk.store, 1, "wang", "never mind", desk.clock.at.date() - timedelta(days=1))


def test_comes_back_soon_as_the_same_and_late_as_a_new_one_that_names_it(make_desk: MakeDesk) -> None:
    desk = make_desk(load_policy({"reason_required": [], "reopen_days": 3}))
    desk.run(finding("f1"))
    desk.run()
    assert desk.run(finding("f1")).reopened == ("INC-00001",)
    desk.run()
    for _ in range(4):
        desk.run()
    assert desk.run(finding("f1")).opened == ("INC-00002",)
    assert get_incident(desk.store, 2).incident.previous_incident_id == "INC-00001"
    with pytest.raises(InvalidTransitionError, match="INC-00002 is open for the same cause"):
        reopen(desk.store, 1, "wang", "look again")


def test_snooze_keeps_it_quiet_and_wakes(desk: Desk) -> None:
    desk.run(finding("f1"))
    due = get_incident(desk.store, 1).incident.due_date
    snooze(desk.store, 1, "wang", due + timedelta(days=2), "count on Thursday")
    desk.clock.forward(days=3)
    assert sweep(desk.store).escalated == ()
    desk.clock.forward(days=1)
    outcome = sweep(desk.store)
    assert (outcome.woke, outcome.escalated) == (("INC-00001",), ("INC-00001",))
    with pytest.raises(IncidentError, match="you can snooze"):
        snooze(desk.store, 1, "wang", desk.clock.at.date() + timedelta(days=400))


def test_escalates_step_by_step_and_once(desk: Desk) -> None:
    desk.run(finding("f1"))
    levels = []
    for _ in range(9):
        sweep(desk.store)
        sweep(desk.store)
        levels.append(get_incident(desk.store, 1).incident.escalation_level)
        desk.clock.forward(days=1)
    assert levels == [0, 0, 1, 1, 2, 2, 3, 3, 3]
    assert actions_of(desk).count("escalated") == 3
    assert list_incidents(desk.store, IncidentFilter(is_overdue=True))[0].incident_id == "INC-00001"


def test_history_says_who_what_when_old_new(any_desk: Desk) -> None:
    any_desk.run(finding("f1"))
    acknowledge(any_desk.store, "INC-00001", "wang")
    assign(any_desk.store, "inc-1", "wang", "li")
    comment(any_desk.store, 1, "li", "looking at D1")
    any_desk.run(finding("f1"), finding("f2", source_row=18))
    got = [
        (h.user_name, h.action, h.field, h.old_value, h.new_value, h.comment, h.run_id)
        for h in get_incident(any_desk.store, 1).history
    ]
    assert got == [
        ("pipeline", "opened", "state", "", "open", "1 rows in run r1", "r1"),
        ("wang", "acknowledged", "state", "open", "acknowledged", "", ""),
        ("wang", "assigned", "owner_name", "inventory control", "li", "", ""),
        ("li", "commented", "", "", "", "looking at D1", ""),
        ("pipeline", "updated", "rows_failed", "1", "2", "", "r2"),
        ("pipeline", "updated", "variance_net_value", "-10.5", "-21", "", "r2"),
        ("pipeline", "updated", "variance_gross_value", "10.5", "21", "", "r2"),
    ]


@pytest.mark.parametrize("table", ["check_results", "incident_history"])
@pytest.mark.parametrize("verb", ["update", "delete"])
def test_results_and_history_only_grow(any_desk: Desk, table: str, verb: str) -> None:
    any_desk.run(finding("f1"), checks=[check("c1", True)])
    statement = f"delete from {table}" if verb == "delete" else f"update {table} set run_seq = run_seq"
    with pytest.raises(sa.exc.DBAPIError, match="only grows"), any_desk.store.writing() as unit:
        unit.connection.execute(sa.text(statement))


def test_a_failing_check_without_rows_is_an_incident_until_it_passes(desk: Desk) -> None:
    assert desk.run(checks=[check("gx.item.unique", False, severity="warning")]).opened == ("INC-00001",)
    assert desk.run(checks=[check("other", True)]).closed == ()  # it did not run: nothing is known
    assert desk.run(checks=[check("gx.item.unique", True, severity="warning")]).closed == ("INC-00001",)


def test_a_check_whose_rule_left_rows_opens_no_second_incident(desk: Desk) -> None:
    outcome = desk.run(finding("f1"), checks=[check("dbt.sign", False, rule_id="sign_flip")])
    assert outcome.opened == ("INC-00001",)


def test_info_opens_nothing_but_is_kept(desk: Desk) -> None:
    assert desk.run(finding("f1", "duplicate_row", severity="info")).opened == ()
    with desk.store.reading() as connection:
        kept = connection.execute(sa.text("select finding_id, incident_no from failing_rows")).all()
    assert [tuple(r) for r in kept] == [("f1", None)]


def test_a_backfill_is_kept_but_moves_nothing(desk: Desk) -> None:
    desk.run(finding("f1"))
    before = actions_of(desk)
    outcome = desk.run(finding("f9", item_id="C/Z"), checks=[check("c1", True)], as_of_date=date(2025, 6, 1))
    assert outcome.is_backfill and outcome.opened == () and actions_of(desk) == before
    with desk.store.reading() as connection:
        assert connection.execute(sa.text("select count(*) from check_results")).scalar() == 1


def test_severity_rises_and_brings_the_due_date_forward(desk: Desk) -> None:
    desk.run(finding("f1", severity="warning"))
    late = get_incident(desk.store, 1).incident.due_date
    desk.run(finding("f1", severity="critical"))
    incident = get_incident(desk.store, 1).incident
    assert incident.severity == "critical" and incident.due_date == desk.clock.at.date() + timedelta(days=1) < late


def test_first_bad_run_and_last_good_run(desk: Desk) -> None:
    desk.run()
    desk.run()
    desk.run(finding("f1"))
    desk.run(finding("f1"))
    detail = get_incident(desk.store, 1)
    assert (detail.last_good_run_id, detail.first_bad_run_id, detail.last_failed_run_id) == ("r2", "r3", "r4")
    assert (detail.rows[0].source_file, detail.rows[0].source_row) == ("moves_20260103.csv", 17)


def test_passes_and_failures_of_a_check_are_kept_for_ever(any_desk: Desk) -> None:
    for is_passed in (True, False, True):
        any_desk.run(checks=[check("gx.item.unique", is_passed, duration_ms=12)])
    kept = [(r["run_id"], r["is_passed"], r["rows_failed"]) for r in result_history(any_desk.store, "gx.item.unique")]
    assert kept == [("r3", True, 0), ("r2", False, 3), ("r1", True, 0)]
    newest = latest_run(any_desk.store)
    assert newest is not None and (newest["run_id"], newest["recorded_at"]) == ("r3", any_desk.clock.at)


def test_a_day_begins_where_the_company_is(make_desk: MakeDesk) -> None:
    desk = make_desk(load_policy({"timezone": "Asia/Shanghai"}))
    desk.clock.forward(hours=15)  # 21:00 in UTC the day before is 05:00 of the next day in Shanghai
    desk.run(finding("f1"))
    assert get_incident(desk.store, 1).incident.due_date == date(2026, 1, 8)
    desk.clock.forward(days=1, hours=19)  # 16:00 UTC: the due day is over there, not here
    assert list_incidents(desk.store)[0].is_overdue
    desk.clock.forward(seconds=-1)
    assert not list_incidents(desk.store)[0].is_overdue
    with pytest.raises(ValueError, match="there is no Mars/Base"):
        load_policy({"timezone": "Mars/Base"})


def test_ids_that_are_none(desk: Desk) -> None:
    for wrong in ("INC-00042", 42, "abc", "INC-"):
        with pytest.raises(UnknownIncidentError):
            acknowledge(desk.store, wrong, "wang")
    desk.run(finding("f1"))
    with pytest.raises(IncidentError, match="user name"):
        acknowledge(desk.store, 1, "")
    acknowledge(desk.store, 1, "wang")
    with pytest.raises(InvalidTransitionError, match="INC-00001 is acknowledged"):
        acknowledge(desk.store, 1, "li")
