"""The rules that a release is held to, each with a value just inside and one just outside."""

from __future__ import annotations

from typing import Any

import duckdb
import pytest

from assets.publish.release_rules import release_violations


def column(name: str, kind: str, unit: str) -> dict[str, Any]:
    return {"name": name, "type": kind, "unit": unit}


DICTIONARY = [
    {
        "schema": "marts",
        "name": "fct_a",
        "grain": ["item_id"],
        "columns": [
            column("item_id", "VARCHAR", "text"),
            column("idle_days", "BIGINT", "days"),
            column("wape", "DOUBLE", "share"),
            column("value_status", "VARCHAR", "text"),
        ],
    }
]


@pytest.mark.parametrize(
    ("rows", "complaint"),
    [
        ("('a', 0, 0.5, 'ok'), ('b', null, null, 'not_available: no cost in any source')", ""),
        ("('a', 1, 1, 'ok'), ('a', 2, 1, 'ok')", "keys (item_id) appear twice"),
        ("(null, 1, 1, 'ok')", "item_id is part of the key"),
        ("('a', -1, 1, 'ok')", "idle_days is not below zero"),
        ("('a', 1, 'nan', 'ok')", "wape is a number or null"),
        ("('a', 1, '-inf', 'ok')", "wape is a number or null"),
        ("('a', 1, 1, 'not_available')", "value_status says"),
    ],
)
def test_unit_rules(rows: str, complaint: str) -> None:
    with duckdb.connect() as connection:
        connection.execute("create schema marts")
        connection.execute(
            "create table marts.fct_a (item_id varchar, idle_days bigint, wape double, value_status varchar)"
        )
        connection.execute(f"insert into marts.fct_a values {rows}")
        found = release_violations(connection, DICTIONARY)
        assert ([complaint in line for line in found] == [True]) if complaint else (found == [])


def test_release_and_dictionary_hold_the_same_columns() -> None:
    with duckdb.connect() as connection:
        connection.execute("create schema marts; create table marts.other (n int)")
        connection.execute("create table marts.fct_a (item_id varchar, idle_days integer, wape double, extra int)")
        assert release_violations(connection, DICTIONARY) == [
            "marts.other: not in the dictionary",
            "marts.fct_a.extra: not in the dictionary",
            "marts.fct_a.value_status: not in the release",
            "marts.fct_a.idle_days: INTEGER, the dictionary says BIGINT",
        ]
        connection.execute("drop table marts.fct_a")
        assert "marts.fct_a: in the dictionary, not in the release" in release_violations(connection, DICTIONARY)
