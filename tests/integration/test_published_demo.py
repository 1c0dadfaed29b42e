"""What is published of the demo company: true to its dictionary, the same in every target, and every example query runs."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import psycopg
import pytest
from fresh_database import fresh_database
from postgres import running_server
from published_demo import demo_release

from assets.publish.content import quoted
from assets.publish.dictionary import build_dictionary, dictionary_documents, gaps, with_types
from assets.publish.postgres import publish_postgres
from assets.publish.release_rules import release_violations
from assets.publish.releases import Release
from assets.publish.settings import PostgresSettings
from orchestration.dbt_runner import SHIPPED

PAGE = Path(__file__).resolve().parents[2] / "docs" / "bi.md"
QUERIES = re.findall(r"```sql\n(.*?)```", PAGE.read_text(encoding="utf-8"), flags=re.DOTALL)


@pytest.fixture(scope="module")
def release(tmp_path_factory: pytest.TempPathFactory) -> Release:
    return demo_release(tmp_path_factory)


@pytest.fixture(scope="module")
def dictionary(release: Release) -> list[dict[str, Any]]:
    whole = build_dictionary(json.loads(SHIPPED.prepared().read_text(encoding="utf-8")))
    return with_types(whole, release.manifest["marts"])


@pytest.fixture(scope="module")
def reader(release: Release) -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect(str(release.database), read_only=True) as connection:  # as a reader opens it
        yield connection


@pytest.fixture(scope="module")
def postgres(release: Release, dictionary: list[dict[str, Any]]) -> Iterator[psycopg.Connection]:
    """The release published to a real server, seen by a second role."""
    (release.path / "dictionary.json").write_text(dictionary_documents(dictionary)["dictionary.json"], encoding="utf-8")
    with running_server() as server, fresh_database(server) as url:
        owner = url.set(drivername="postgresql").render_as_string(hide_password=False)
        publish_postgres(release, owner, PostgresSettings())
        with psycopg.connect(owner, autocommit=True) as admin:
            admin.execute("create role demo_bi login in role stockturn_reader")
            admin.execute("alter role demo_bi set search_path = stockturn")
        with psycopg.connect(server.url_of(str(url.database), user="demo_bi"), autocommit=True) as connection:
            yield connection


def test_the_release_keeps_the_rules_of_its_dictionary(
    reader: duckdb.DuckDBPyConnection, dictionary: list[dict[str, Any]]
) -> None:
    """Types, keys and bounds of units on real figures; marts outside the dictionary would be published undescribed."""
    assert release_violations(reader, dictionary) == []


def test_the_dictionary_of_the_release_is_complete(dictionary: list[dict[str, Any]]) -> None:
    assert [gap for gap in gaps(dictionary) if not gap.endswith(": grain")] == []


def test_postgres_holds_the_same_rows_and_sums(
    release: Release, reader: duckdb.DuckDBPyConnection, postgres: psycopg.Connection
) -> None:
    for mart in release.public_marts():
        sums = [f"sum({quoted(column['name'])})" for column in mart["columns"] if column["type"].startswith("DECIMAL")]
        query = f"select count(*){''.join(', ' + one for one in sums)} from {quoted(mart['name'])}"
        assert postgres.execute(query.encode()).fetchone() == reader.execute(query).fetchone(), mart["name"]


def test_every_key_leads_to_a_row_of_its_dimension(release: Release, reader: duckdb.DuckDBPyConnection) -> None:
    """A key that leads nowhere drops rows from every report that joins. Orders and findings name what no master holds."""
    loose = []
    for mart in release.public_marts():
        for column, reference in mart["references"].items():
            dimension, key = reference.split(".")
            row = reader.execute(
                f"""select count(*) from {quoted(mart["name"])} f where f.{quoted(column)} is not null and f.{quoted(column)} <> ''
                    and not exists (from {quoted(dimension)} d where d.{quoted(key)} = f.{quoted(column)})"""
                if reference != "dim_dates.date_day"
                else f"""select count(*) from {quoted(mart["name"])} f where f.{quoted(column)} is not null
                    and not exists (from dim_dates d where d.date_day = f.{quoted(column)})"""
            ).fetchone()
            if row and row[0]:
                loose.append(f"{mart['name']}.{column}: {row[0]}")
    assert loose == []


def test_every_mart_and_column_has_a_comment_in_postgres(postgres: psycopg.Connection) -> None:
    rows = postgres.execute(
        """select c.relname, a.attname from pg_class c join pg_namespace n on n.oid = c.relnamespace
           join pg_attribute a on a.attrelid = c.oid and a.attnum > 0
           where n.nspname in ('stockturn', 'stockturn_zh') and c.relkind = 'v'
           and (coalesce(col_description(c.oid, a.attnum), '') = '' or coalesce(obj_description(c.oid), '') = '')"""
    ).fetchall()
    assert rows == []


def test_chinese_views_show_the_same(postgres: psycopg.Connection) -> None:
    chinese = postgres.execute('select count(*), sum("库存金额") from stockturn_zh."库存健康"').fetchone()
    english = postgres.execute("select count(*), sum(inventory_value) from stockturn.fct_inventory_health").fetchone()
    assert chinese == english


def test_findings_are_told_in_chinese_too(reader: duckdb.DuckDBPyConnection) -> None:
    """A finding without a message of the catalogue would have no sentence, or the same in both languages."""
    untold = reader.execute(
        """select distinct rule_id, explanation from fct_findings where explanation_zh = explanation
           and rule_id <> 'reused_code' or explanation is null"""
    ).fetchall()
    told = reader.execute("select count(*) from fct_findings where explanation_zh <> explanation").fetchone()
    assert untold == [] and told is not None and told[0] > 10


@pytest.mark.parametrize("query", QUERIES, ids=range(len(QUERIES)))
def test_example_queries_of_the_page(
    query: str, reader: duckdb.DuckDBPyConnection, postgres: psycopg.Connection
) -> None:
    """An example that does not run, or that gives another answer on another target, is worse than none."""
    here = reader.execute(query).fetchall()
    there = postgres.execute(query.encode()).fetchall()
    assert len(here) > 0
    assert [_rounded(row) for row in there] == [_rounded(row) for row in here]


def test_the_page_has_examples() -> None:
    assert len(QUERIES) >= 10


def _rounded(row: tuple[Any, ...]) -> tuple[Any, ...]:
    """Numbers to nine digits: PostgreSQL divides DECIMAL as NUMERIC, DuckDB as DOUBLE (measured 2026-11-21: 1e-15)."""
    return tuple(
        float(f"{float(value):.9g}") if isinstance(value, (int, float)) or hasattr(value, "as_tuple") else value
        for value in row
    )
