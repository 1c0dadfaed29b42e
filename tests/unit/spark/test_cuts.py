"""Queries whose CTEs would be put in place too often are cut, and mean the same."""

from __future__ import annotations

import duckdb

from assets.spark.cuts import cut
from assets.spark.dialect import parse

CHAIN = "with c0 as (select n from main.one), " + ", ".join(
    f"c{step} as (select one.n + other.n as n from c{step - 1} as one cross join c{step - 1} as other)"
    for step in range(1, 12)
)


def test_a_chain_that_doubles_with_every_step_is_computed_in_parts() -> None:
    with duckdb.connect() as connection:
        connection.execute("create table one as select 1 as n")
        kept: list[str] = []

        def keep(query: object) -> str:
            name = f"part_{len(kept)}"
            kept.append(name)
            connection.execute(f"create table {name} as {query.sql(dialect='duckdb')}")  # type: ignore[attr-defined]
            return name

        query = parse(f"{CHAIN} select c11.n from c11")[0]
        found = cut(query, keep).sql(dialect="duckdb")
        assert 0 < len(kept) < 11
        assert connection.execute(found).fetchall() == [(2**11,)] == connection.execute(query.sql("duckdb")).fetchall()


def test_a_plain_query_is_left_as_it_is() -> None:
    query = parse("with a as (select * from s.t), b as (select * from a) select * from a join b using (n)")[0]
    assert cut(query, lambda _: "never") is query
