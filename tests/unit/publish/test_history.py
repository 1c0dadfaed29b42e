"""Two releases compared, and the way back."""

from __future__ import annotations

import json
from pathlib import Path

import duckdb
import pytest

from assets.publish.history import diff_releases, find_release, previous_release, rollback
from assets.publish.releases import Release, ReleaseError, build_release, current_release, switch_current
from assets.publish.settings import PublishSettings

DOCUMENTS = {"dictionary.json": json.dumps({"marts": [{"name": "fct_a", "grain": ["n"], "columns": []}]})}


def make(folder: Path, name: str, *statements: str) -> Release:
    with duckdb.connect() as connection:
        connection.execute("create schema marts; create schema reconciliation")
        connection.execute("create table marts.fct_a as select i as n, i * 1.5 as v, 'same' as t from range(10) r(i)")
        connection.execute("create table reconciliation.rec_b as select 7 as x from range(3)")
        connection.execute(
            """create table marts.fct_kpi_summary as select * from (values
               ('turnover', 'company', '', 5.0, 'ok'), ('dead', 'company', '', 0.1, 'ok'),
               ('turnover', 'category', 'tea', null, 'no_sales')) t(kpi, scope, scope_value, kpi_value, kpi_status)"""
        )
        for statement in statements:
            connection.execute(statement)
        return build_release(connection, folder, name, {"as_of_date": "2026-06-30"}, DOCUMENTS)


def test_equal_releases_do_not_differ(tmp_path: Path) -> None:
    diff = diff_releases(make(tmp_path, "r1"), make(tmp_path, "r2"))
    assert diff.marts == () and diff.kpis == ()


def test_rows_and_kpis_that_moved(tmp_path: Path) -> None:
    after = make(
        tmp_path,
        "r2",
        "delete from marts.fct_a where n = 0",
        "update marts.fct_a set v = null where n = 1",
        "update marts.fct_a set v = -1, t = 'other' where n = 2",
        "insert into marts.fct_a values (100, 1, 'new'), (101, 1, 'new')",
        "insert into reconciliation.rec_b values (7), (8)",
        "update marts.fct_kpi_summary set kpi_value = 6.5 where kpi = 'turnover' and scope = 'company'",
    )
    diff = diff_releases(make(tmp_path, "r1"), after)
    by_name = {change.mart: change for change in diff.marts}
    a, b = by_name["fct_a"], by_name["rec_b"]
    assert (a.rows_before, a.rows_after, a.added, a.removed, a.changed) == (10, 11, 2, 1, 2)
    assert a.changed_columns == (("v", 2), ("t", 1))
    assert (b.added, b.removed, b.changed) == (2, 0, 0), "without a key, rows are counted with their repetitions"
    [move] = diff.kpis
    assert (move.kpi, move.scope, move.before, move.after) == ("turnover", "company", 5.0, 6.5)


def test_columns_and_marts_that_came_or_went(tmp_path: Path) -> None:
    after = make(
        tmp_path,
        "r2",
        "alter table marts.fct_a drop column t",
        "alter table marts.fct_a add column u int",
        "drop table reconciliation.rec_b",
        "create table marts.fct_new as select 1 as one",
    )
    diff = diff_releases(make(tmp_path, "r1"), after)
    by_name = {change.mart: change for change in diff.marts}
    assert by_name["fct_a"].columns_added == ("u",) and by_name["fct_a"].columns_removed == ("t",)
    assert (by_name["rec_b"].rows_after, by_name["rec_b"].removed) == (0, 3)
    assert (by_name["fct_new"].rows_before, by_name["fct_new"].added) == (0, 1)


def test_going_back(tmp_path: Path) -> None:
    first, second = make(tmp_path, "r1"), make(tmp_path, "r2")
    switch_current(tmp_path, "r2")
    assert previous_release(tmp_path, second) == first and previous_release(tmp_path, first) is None
    assert find_release(tmp_path, "current") == second
    rollback(tmp_path, "r1", PublishSettings())
    current = current_release(tmp_path)
    assert current is not None and current.release_id == "r1"
    for name, message in (("r", "2 releases fit"), ("nothing", "no release fits")):
        with pytest.raises(ReleaseError, match=message):
            rollback(tmp_path, name, PublishSettings())
