"""What the same SQL means in Spark: each of these queries read otherwise there before its rule."""

from __future__ import annotations

import duckdb
import pytest

from assets.spark.dialect import DialectError, parse, relations, spark_type, to_spark, unions_by_position


def _spark(sql: str) -> str:
    [tree] = parse(f"select {sql}")
    return to_spark(tree).removeprefix("SELECT ")


@pytest.mark.parametrize(
    ("duckdb", "spark"),
    [
        # 1 / 4 is 0.25 in DuckDB; decimals are divided as doubles there
        ("a * b / cast(nullif(c, 0) as double)", "CAST(a * b AS DOUBLE) / CAST(NULLIF(c, 0) AS DOUBLE)"),
        ("a / 4", "CAST(a AS DOUBLE) / CAST(4 AS DOUBLE)"),
        # by 0 an infinity in DuckDB, an error in Spark: of rows too that a condition takes out afterwards
        (
            "a / b",
            "CAST(COALESCE(TRY_DIVIDE(CAST(a AS DOUBLE), CAST(b AS DOUBLE)), CASE WHEN CAST(b AS DOUBLE) = 0 "
            "THEN CAST(a AS DOUBLE) * CAST('Infinity' AS DOUBLE) END) AS DOUBLE)",
        ),
        ("a % b", "a % NULLIF(b, 0)"),
        ("a // b", "a DIV NULLIF(b, 0)"),
        ("avg(lead_days)", "AVG(CAST(lead_days AS DOUBLE))"),
        # rows without a value do not count
        ("arg_max(doc_no, day)", "MAX_BY(doc_no, CASE WHEN NOT doc_no IS NULL THEN day END)"),
        ("arg_min(doc_no, day)", "MIN_BY(doc_no, CASE WHEN NOT doc_no IS NULL THEN day END)"),
        ("any_value(name)", "ANY_VALUE(name) IGNORE NULLS"),
        # an ordered LISTAGG beside two aggregates of distinct values fails in Spark
        (
            "string_agg(distinct code, ', ' order by code)",
            "CASE WHEN COUNT(code) > 0 THEN ARRAY_JOIN(ARRAY_SORT(COLLECT_SET(CASE WHEN NOT code IS NULL THEN "
            "NAMED_STRUCT('c0', code IS NULL, 'c1', code, 'c2', code) END)).c2, ', ') END",
        ),
        (
            "string_agg(a || b, '; ' order by day)",
            "CASE WHEN COUNT(a || b) > 0 THEN ARRAY_JOIN(ARRAY_SORT(COLLECT_LIST(CASE WHEN NOT a || b IS NULL THEN "
            "NAMED_STRUCT('c0', day IS NULL, 'c1', day, 'c2', a || b) END)).c2, '; ') END",
        ),
        ("string_agg(code, ',')", "LISTAGG(code, ',')"),
        # sqlglot makes Sunday the second day of the week
        ("isodow(day)", "(WEEKDAY(day) + 1)"),
        ("quantile_cont(x, 0.75)", "PERCENTILE(CAST(x AS DOUBLE), 0.75)"),
        # 169.60965 as a double is below the half: 169.6096 by DuckDB, 169.6097 where its shortest decimal is rounded
        (
            "round(a / nullif(b, 0), 4)",
            "(ROUND((CAST(a AS DOUBLE) / CAST(NULLIF(b, 0) AS DOUBLE)) * CAST(10000 AS DOUBLE)) / CAST(10000 AS DOUBLE))",
        ),
        ("round(value, 4)", "ROUND(value, 4)"),
        # 0.00465 as a double times 10,000 is below the half: 0.0046 by DuckDB, 0.0047 as Spark casts or rounds it
        (
            "cast(round(value, 4) as decimal(24, 4))",
            "CAST(CAST(ROUND((value) * CAST(10000 AS DECIMAL(5, 0))) AS DECIMAL(38, 0)) * 0.0001 AS DECIMAL(24, 4))",
        ),
        (
            "cast(a / 2 as decimal(24, 4))",
            "CAST(CAST(ROUND((CAST(a AS DOUBLE) / CAST(2 AS DOUBLE)) * CAST(10000 AS DECIMAL(5, 0))) AS DECIMAL(38, 0)) * 0.0001 "
            "AS DECIMAL(24, 4))",
        ),
        ("cast(value as decimal(9, 0))", "CAST(ROUND(value) AS DECIMAL(9, 0))"),
        ("cast(cast(a as bigint) + 1 as decimal(9, 0))", "CAST(CAST(a AS BIGINT) + 1 AS DECIMAL(9, 0))"),
        # 2.5 becomes 2 in DuckDB and 3.5 becomes 4; Spark cuts
        ("cast(a / 2 as bigint)", "CAST(RINT(CAST(a AS DOUBLE) / CAST(2 AS DOUBLE)) AS BIGINT)"),
        # no generator inside an expression; none backwards
        (
            "cast(unnest(generate_series(a, b, interval 1 day)) as date)",
            "EXPLODE(CASE WHEN CAST(a AS DATE) <= CAST(b AS DATE) "
            "THEN SEQUENCE(CAST(a AS DATE), CAST(b AS DATE), INTERVAL '1' DAY) END)",
        ),
        ("a order by b", "a ORDER BY b NULLS LAST"),
    ],
)
def test_said_in_spark(duckdb: str, spark: str) -> None:
    assert _spark(duckdb) == spark


def test_a_relation_has_one_name_and_is_still_called_by_its_last() -> None:
    [tree] = parse('select stg_items.item_id from "warehouse"."staging"."stg_items" join own on true')
    assert relations(tree) == {("staging", "stg_items")}
    assert "FROM `staging__stg_items` AS stg_items" in to_spark(tree)


def test_only_the_first_match_is_replaced_or_nothing_is_said() -> None:
    assert "REGEXP_REPLACE(a, b, REPLACE(" in _spark("regexp_replace(a, b, c)")
    with pytest.raises(DialectError, match="'g'"):
        _spark("regexp_replace(a, b, c, 'g')")


@pytest.mark.parametrize(
    ("duckdb", "spark"),
    [("DECIMAL(28,6)", "DECIMAL(28,6)"), ("HUGEINT", "DECIMAL(38,0)"), ("TIMESTAMP WITH TIME ZONE", "TIMESTAMP")],
)
def test_a_type_without_loss(duckdb: str, spark: str) -> None:
    assert spark_type(duckdb) == spark


def test_a_type_that_spark_has_not_is_named() -> None:
    with pytest.raises(DialectError, match=r"STRUCT.*cast it"):
        spark_type("STRUCT(a INTEGER)")


_UNION = """with a as (select 1 as x, 'l' as y), b as (select cast(2 as decimal(9, 2)) as z, 3 as x),
            both_sides as (select * from a union all by name select * from b) select * from both_sides"""


@pytest.mark.parametrize("sql", [_UNION, f"({_UNION})", f"select * from ({_UNION}) as model_subq"])
def test_a_union_by_name_becomes_one_by_position(sql: str) -> None:
    """The sides may refer to what the queries around them defined before; dbt puts a query with a contract into another one.

    A column that one side lacks is null of the other's type.
    """
    [tree] = parse(sql)
    with duckdb.connect() as connection:
        asked = lambda query: [row[:2] for row in connection.execute(f"describe ({query})").fetchall()]  # noqa: E731
        named = unions_by_position(tree, asked)
        written = named.sql(dialect="duckdb")
        assert "BY NAME" not in written
        assert connection.execute(written).fetchall() == connection.execute(sql).fetchall()
        assert asked(written) == [("x", "INTEGER"), ("y", "VARCHAR"), ("z", "DECIMAL(9,2)")]
    assert "CAST(NULL AS DECIMAL(9, 2))" in to_spark(named)
