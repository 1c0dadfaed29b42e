"""A rule a business person wrote is checked word by word, finds exactly its rows, and never runs anything else."""

from __future__ import annotations

import io
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import NamedTuple

import duckdb
import pytest
from rich.console import Console
from rule_cases import BOOK, COLUMNS, TABLES, rule, write

from expectations.incidents import IncidentStore, RunRecord, get_incident, list_incidents, record_run
from expectations.rules import RuleError, check_names, dry_run, evaluate, load_rule_book, validate
from expectations.rules.evaluate import select_rules
from expectations.rules.history import Firing, RuleHistory
from expectations.rules.render import history_table, results_table

ROOT = Path(__file__).parents[3]


@pytest.fixture
def con() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        connection.execute("create schema marts")
        fill(connection)
        yield connection


def fill(connection: duckdb.DuckDBPyConnection, available: str = "109.999999") -> None:
    typed = ", ".join(f"{n} {t}" for n, t in COLUMNS.items())
    connection.execute(f"create or replace table marts.fct_inventory_health ({typed})")
    connection.execute(
        f"""insert into marts.fct_inventory_health values
            ('C/in', 'C/W1', 'A', {available}, 100, 50.5, date '2026-01-01', false),
            ('C/edge', 'C/W1', 'A', 110, 100, 50, date '2026-01-01', false),
            ('C/b', 'C/W1', 'B', 1, 100, 50, date '2026-01-01', true),
            ('C/null', 'C/W2', 'A', null, 100, 50, null, null)"""
    )


def test_it_fires_inside_the_threshold_and_not_on_it(con: duckdb.DuckDBPyConnection) -> None:
    run = evaluate([rule(value="inventory_value")], con)
    (found,) = run.findings
    assert (found.item_id, found.warehouse_id, found.variance_value) == ("C/in", "C/W1", Decimal("50.5"))
    assert found.task == "order C/in: 109.999999 of 100"
    (result,) = run.results
    assert (result.is_passed, result.rows_failed, result.rows_checked) == (False, 1, 4)
    assert "1 cannot be judged" in result.message
    assert run.evaluated == {"a_rule"}


def test_a_rule_speaks_both_languages(con: duckdb.DuckDBPyConnection) -> None:
    """The task as the book has it in each; the evidence by the columns' Chinese names where the dictionary has one."""
    labels = {"fct_inventory_health": {"available_units": "可用数量", "safety_stock_units": "安全库存"}}
    (found,) = evaluate([rule(task_zh="为 {item_id} 补货")], con, labels).findings
    assert (found.task, found.task_zh) == ("order C/in: 109.999999 of 100", "为 C/in 补货")
    assert "available_units = 109.999999" in found.explanation
    assert "可用数量 109.999999；安全库存 100" in found.explanation_zh and "abc_class A" in found.explanation_zh
    assert evaluate([rule()], con).findings[0].task_zh == ""


def test_the_finding_keeps_its_id_from_day_to_day(con: duckdb.DuckDBPyConnection) -> None:
    before = evaluate([rule()], con).findings[0]
    fill(con, "3")
    after = evaluate([rule()], con).findings[0]
    assert before.finding_id == after.finding_id and before.explanation != after.explanation


def test_a_rule_without_a_single_row_to_judge_is_no_pass(con: duckdb.DuckDBPyConnection) -> None:
    con.execute("update marts.fct_inventory_health set safety_stock_units = null where abc_class = 'A'")
    con.execute("delete from marts.fct_inventory_health where abc_class = 'B'")
    run = evaluate([rule()], con)
    assert not run.results[0].is_passed and run.evaluated == frozenset()


def test_a_broken_rule_does_not_stop_the_others(con: duckdb.DuckDBPyConnection) -> None:
    run = evaluate([rule(id="bad", table="fct_gone"), rule(id="good"), rule(id="off", is_on=False)], con)
    assert [(r.rule_id, r.is_passed) for r in run.results] == [("bad", False), ("good", False)]
    assert run.evaluated == {"good"} and "fct_gone is not in this release" in run.results[0].message


def test_an_empty_mart_fails_nothing_and_closes_nothing(con: duckdb.DuckDBPyConnection) -> None:
    con.execute("delete from marts.fct_inventory_health")
    run = evaluate([rule()], con)
    assert (run.results[0].is_passed, run.results[0].rows_failed, run.evaluated) == (True, 0, frozenset())


def test_rows_group_by_a_column_and_events_become_history(con: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    text = BOOK.replace("task: look", "task: look\n    group_by: [abc_class]\n    date: last_date\n    event_days: 10")
    book = load_rule_book(write(tmp_path, text.replace("available_units < 0", "available_units > 0")))
    store = IncidentStore.at(tmp_path / "i.db", book.policy)
    for as_of, still_open in ((date(2026, 1, 11), 2), (date(2026, 1, 12), 0)):
        run = evaluate(book.rules, con)
        record_run(store, RunRecord(str(as_of), as_of, evaluated_rules=run.evaluated), run.results, run.findings)
        assert len(list_incidents(store)) == still_open
    assert sorted(get_incident(store, n).incident.cause for n in (1, 2)) == ["A", "B"]
    store.close()


def test_a_rule_that_could_not_run_is_told_to_who_looks_after_checks(tmp_path: Path) -> None:
    book = load_rule_book(write(tmp_path, BOOK + "check_owner: data\n"))
    store = IncidentStore.at(tmp_path / "i.db", book.policy)
    with duckdb.connect() as empty:
        run = evaluate(book.rules, empty)
    record_run(store, RunRecord("r1", date(2026, 1, 1), evaluated_rules=run.evaluated), run.results, run.findings)
    (incident,) = list_incidents(store)
    assert (incident.owner_name, incident.rule_id) == ("data", "rule:one") and "could not run" in incident.title
    store.close()


class Release(NamedTuple):
    release_id: str
    as_of: date
    database: Path


def test_dry_run_counts_releases_incidents_and_notices(tmp_path: Path) -> None:
    releases = []
    # fires, fires, passes, has no such mart, fires again: two spells
    for day, available in enumerate(["1", "2", "500", None, "3"], 1):
        path = tmp_path / f"{day}.duckdb"
        with duckdb.connect(str(path)) as connection:
            connection.execute("create schema marts")
            if available:
                fill(connection, available)
        releases.append(Release(f"r{day}", date(2026, 1, day), path))
    policy = load_rule_book(ROOT / "config" / "rules.yml").policy
    (told,) = dry_run([rule(is_on=False, queue="data")], reversed(releases), policy)
    assert (told.releases, told.fired_in, told.rows_max) == (4, 3, 1)
    assert (told.incidents_opened, told.notices_at_once) == (2, 2)
    assert (told.first_fired, told.last_fired) == (date(2026, 1, 1), date(2026, 1, 5))
    assert "fct_inventory_health is not in this release" in told.firings[3].message


def test_tables_for_the_terminal(con: duckdb.DuckDBPyConnection) -> None:
    console = Console(width=200, file=io.StringIO(), record=True)
    told = RuleHistory(rule(), (Firing("r1", date(2026, 1, 1), 3), Firing("r2", date(2026, 1, 2), 0, "no mart")), 4, 7)
    console.print(history_table([told]))
    [row] = [line.split() for line in console.export_text().splitlines() if "a_rule" in line]
    assert [cell for cell in row if cell != "│"] == [
        "a_rule", "critical", "1", "1", "3", "4", "7", "2026-01-01", "2026-01-01", "1:", "no", "mart",
    ]  # fmt: skip
    console.print(results_table(evaluate([rule()], con).results))
    [row] = [line.split() for line in console.export_text().splitlines() if "of 4 rows" in line]
    assert [cell for cell in row if cell != "│"][:2] == ["a_rule", "critical"]


def test_rules_are_picked_by_name() -> None:
    both = [rule(id="one"), rule(id="two")]
    assert [r.id for r in select_rules(both, ["two"])] == ["two"] and select_rules(both, []) == both
    with pytest.raises(ValueError, match="no rule three; there are one, two"):
        select_rules(both, ["three"])


def test_a_rule_becomes_a_task_with_an_owner_and_passes(con: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    book = load_rule_book(write(tmp_path, BOOK.replace("available_units < 0", "available_units < 2")))
    store = IncidentStore.at(tmp_path / "i.db", book.policy)
    for day, expected in ((1, "open"), (2, "closed")):
        run = evaluate(book.rules, con)
        record = RunRecord(f"r{day}", date(2026, 1, day), evaluated_rules=run.evaluated)
        record_run(store, record, run.results, run.findings)
        incident = get_incident(store, 1).incident
        assert (incident.state, incident.owner_name, incident.title, incident.task) == (expected, "li", "One", "look")
        con.execute("update marts.fct_inventory_health set available_units = 9")
    assert list_incidents(store) == []
    store.close()


# Groups, newest day, queues


def test_a_rule_over_groups_sees_measures_and_groups_only(con: duckdb.DuckDBPyConnection) -> None:
    con.execute("delete from marts.fct_inventory_health")
    con.execute(
        """insert into marts.fct_inventory_health by name
           select 'C/' || i as item_id, 'C/W' || i % 2 as warehouse_id, 'A' as abc_class, i as available_units,
                  10 as safety_stock_units, 100 * i as inventory_value, date '2026-06-30' as last_date, i > 3 as is_dead
           from range(1, 6) t(i)"""
    )
    grouped = rule(
        key=["warehouse_id"], group=["warehouse_id"], where="available_units >= 1 and item_id <> 'C/9'",
        measures={"dead_value": "sum(case when is_dead then inventory_value else 0 end)", "items": "count(*)"},
        when="dead_value > 450", value="dead_value", task="{warehouse_id}: {dead_value} in {items} items",
    )  # fmt: skip
    (found,) = evaluate([grouped], con).findings
    assert (found.warehouse_id, found.variance_value, found.task) == ("C/W1", Decimal("500"), "C/W1: 500 in 3 items")
    for wrong, said in (
        ({"when": "inventory_value > 1"}, "has no column inventory_value"),
        ({"measures": {"dead_value": "sum(dead)"}}, "has no column dead"),
        ({"measures": {"item_id": "count(*)"}, "when": "item_id = 'x'"}, "another name"),
        ({"group": ["site_id"]}, "has no column site_id"),
    ):
        with pytest.raises(RuleError, match=said):
            validate([grouped.model_copy(update=wrong)], TABLES)
    with pytest.raises(ValueError, match="go together"):
        rule(group=["warehouse_id"])


def test_an_owner_of_the_rule_comes_before_the_owner_of_its_row(con: duckdb.DuckDBPyConnection) -> None:
    con.execute("create table marts.fct_owned as select 'C/1' as item_id, 'wang' as owner_name, 1 as units")
    owned = {"table": "fct_owned", "key": ["item_id"], "when": "units > 0", "task": "look"}
    assert [f.owner_name for f in evaluate([rule(**owned)], con).findings] == ["wang"]
    assert [f.owner_name for f in evaluate([rule(**owned, owner="li")], con).findings] == ["li"]


def test_only_the_newest_day_of_a_mart_with_a_history_counts(con: duckdb.DuckDBPyConnection) -> None:
    con.execute("create table marts.fct_layers (item_id varchar, snapshot_date date, units double)")
    con.execute("insert into marts.fct_layers values ('C/1', '2026-05-31', 9), ('C/1', '2026-06-30', 4)")
    newest = rule(table="fct_layers", latest="snapshot_date", key=["item_id"], when="units > 0", task="{units}")
    assert [f.task for f in evaluate([newest], con).findings] == ["4"]
    con.execute('alter table marts.fct_layers rename snapshot_date to "snapshot day"')  # a name that needs its quotes
    assert [f.task for f in evaluate([newest.model_copy(update={"latest": "snapshot day"})], con).findings] == ["4"]
    with pytest.raises(RuleError, match="units is DOUBLE, not a date"):
        validate([newest.model_copy(update={"latest": "units"})],
                 {"fct_layers": {"item_id": "VARCHAR", "snapshot_date": "DATE", "units": "DOUBLE"}})  # fmt: skip


def test_a_trend_compares_the_last_weeks_with_the_weeks_before(con: duckdb.DuckDBPyConnection) -> None:
    """Days are counted from the newest row of the mart, not from a clock."""
    con.execute("create table marts.fct_sales (item_id varchar, sold_date date, units double)")
    con.execute(
        "insert into marts.fct_sales select 'T/1', date '2026-03-31' - n::int, case when n < 28 then 2 else 10 end from range(84) t(n)"
    )
    con.execute("insert into marts.fct_sales select 'T/2', date '2026-03-31' - n::int, 10 from range(84) t(n)")
    falling = rule(
        table="fct_sales", history="sold_date", group=("item_id",), task="{recent_units} of {usual_units}",
        when="recent_units < 0.5 * usual_units",
        measures={
            "recent_units": "sum(case when days_ago < 28 then units end)",
            "usual_units": "sum(case when days_ago >= 28 then units end) / 2",
        },
    )  # fmt: skip
    assert [(one.item_id, one.task) for one in evaluate([falling], con).findings] == [("T/1", "56 of 280")]
    columns = {"fct_sales": {"item_id": "VARCHAR", "sold_date": "DATE", "units": "DOUBLE"}}
    validate([falling], columns)
    with pytest.raises(RuleError, match="history: units is DOUBLE, not a date"):
        validate([falling.model_copy(update={"history": "units"})], columns)
    with pytest.raises(RuleError, match="fct_sales has no column days_ago"):
        validate([falling.model_copy(update={"history": ""})], columns)
    with pytest.raises(ValueError, match="use one of them"):
        rule(table="fct_sales", history="sold_date", latest="sold_date")


def test_a_business_signal_is_never_sent_at_once() -> None:
    with pytest.raises(ValueError, match="at_once is for the queue data"):
        rule(notice="at_once")
    assert rule(notice="at_once", queue="data").queue == "data"


def test_names_are_checked_before_the_first_release() -> None:
    untyped = {"fct_inventory_health": dict.fromkeys(COLUMNS, "")}
    check_names([rule()], untyped)
    with pytest.raises(RuleError, match=r"no column abc_clas; did you mean"):
        check_names([rule(when="abc_clas = 'A'")], untyped)
    with pytest.raises(RuleError, match="did you mean fct_inventory_health"):
        check_names([rule(table="fct_inventory_healt")], untyped)
