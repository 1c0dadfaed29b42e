"""Statements for PostgreSQL: names and texts that cannot break out, types that are known."""

from __future__ import annotations

import pytest

from assets.publish.postgres_ddl import (
    ColumnText,
    TableText,
    UnknownTypeError,
    chinese,
    comments,
    create_table,
    identifier,
    keys_and_indexes,
    literal,
    postgres_type,
    release_schema,
)


def test_names_and_texts_are_quoted() -> None:
    assert identifier('a"b') == '"a""b"'
    assert literal("it's a \\ 'test'") == "E'it''s a \\\\ ''test'''"


def test_a_name_that_would_be_cut_is_refused() -> None:
    """PostgreSQL cuts at 63 bytes without a word; two Chinese labels could then become one column."""
    assert identifier("存" * 21)
    with pytest.raises(ValueError, match="longer than 63 bytes"):
        identifier("存" * 22)


def test_types() -> None:
    assert postgres_type("DECIMAL(24,4)") == "numeric(24,4)"
    assert postgres_type("TIMESTAMP WITH TIME ZONE") == "timestamptz"
    with pytest.raises(UnknownTypeError, match="STRUCT"):
        postgres_type("STRUCT(a INTEGER)")


def test_a_table_with_its_key_and_indexes() -> None:
    columns = (
        ColumnText("item_id", "VARCHAR", "Item"),
        ColumnText("warehouse_id", "VARCHAR"),
        ColumnText("v", "DOUBLE"),
    )
    table = TableText("fct_a", columns, "What", "甲", ("item_id", "warehouse_id"))
    assert create_table("s", table) == (
        'create table "s"."fct_a" ("item_id" text, "warehouse_id" text, "v" double precision)'
    )
    assert list(keys_and_indexes("s", table)) == [
        'alter table "s"."fct_a" add primary key ("item_id", "warehouse_id")',
        'create index on "s"."fct_a" ("warehouse_id")',
    ]
    assert list(comments("s", table, "view"))[:2] == [
        'comment on view "s"."fct_a" is E\'What\'',
        'comment on column "s"."fct_a"."item_id" is E\'Item\'',
    ]


def test_chinese_names_stay_apart() -> None:
    columns = (ColumnText("a", "DATE", "", "日期"), ColumnText("b", "DATE", "", "日期"), ColumnText("c", "DATE"))
    view = chinese(TableText("fct_a", columns, "What", "甲"))
    assert view.name == "甲" and [column.name for column in view.columns] == ["日期", "日期 (b)", "c"]


def test_release_schemas_sort_by_time() -> None:
    names = [release_schema("stockturn", name) for name in ("20260630T010203-asof20260629-ab", "20260701T010203-x")]
    assert names == sorted(names) and names[0] == "stockturn_20260630t010203_asof20260629_ab"
