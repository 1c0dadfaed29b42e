"""Releases: complete, switched in one step, comparable by content."""

from __future__ import annotations

import json
import multiprocessing
import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from assets.publish.content import content_hash
from assets.publish.releases import (
    ReleaseError,
    build_release,
    current_release,
    list_releases,
    prune_releases,
    read_release,
    switch_current,
)


@pytest.fixture
def warehouse() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        connection.execute("create schema marts; create schema reconciliation")
        connection.execute("create table marts.fct_a as select i as n, 'é''\"' || i as t from range(100) r(i)")
        connection.execute("create table reconciliation.rec_b as select 1.5::decimal(10,2) as v, null::date as d")
        yield connection


FACTS = {"as_of_date": "2026-06-30", "accounting": {}, "findings": []}


def test_release_holds_every_mart_in_both_forms(warehouse: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    release = build_release(warehouse, tmp_path, "r1", FACTS)
    assert {mart["name"]: mart["rows"] for mart in release.manifest["marts"]} == {"fct_a": 100, "rec_b": 1}
    with duckdb.connect(str(release.database), read_only=True) as connection:
        for mart in release.manifest["marts"]:
            table = f"{mart['schema']}.{mart['name']}"
            parquet = f"read_parquet('{release.path / mart['name']}.parquet')"
            assert content_hash(connection, table) == (mart["rows"], mart["content_hash"])
            assert content_hash(connection, parquet) == (mart["rows"], mart["content_hash"])


def test_what_no_model_makes_any_more_is_not_published(warehouse: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    """A warehouse that is kept over an upgrade still has the tables of models that are gone."""
    release = build_release(warehouse, tmp_path, "r1", FACTS, keys={"fct_a": ["n"]})
    assert [mart["name"] for mart in release.manifest["marts"]] == ["fct_a"]
    assert [path.stem for path in release.path.glob("*.parquet")] == ["fct_a"]


def test_documents_are_part_of_the_release(warehouse: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    """The dictionary belongs to the version: an old release must not be read with new words."""
    release = build_release(warehouse, tmp_path, "r1", FACTS, {"dictionary.json": "{}", "note.txt": "茶"})
    assert (release.path / "dictionary.json").read_text() == "{}"
    assert (release.path / "note.txt").read_text(encoding="utf-8") == "茶"


def test_tables_of_attached_databases_are_not_published(warehouse: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    warehouse.execute(f"attach '{tmp_path / 'other.duckdb'}' as other; create schema other.marts")
    warehouse.execute(
        "create table other.marts.fct_a as select 1 as n; create table other.marts.fct_c as select 1 as n"
    )
    release = build_release(warehouse, tmp_path / "releases", "r1", FACTS)
    assert {mart["name"] for mart in release.manifest["marts"]} == {"fct_a", "rec_b"}


def test_hash_sees_values_and_not_the_order_of_rows(warehouse: duckdb.DuckDBPyConnection) -> None:
    _, before = content_hash(warehouse, "marts.fct_a")
    warehouse.execute("create or replace table marts.fct_a as select * from marts.fct_a order by n desc")
    assert content_hash(warehouse, "marts.fct_a")[1] == before
    warehouse.execute("update marts.fct_a set t = 'x' where n = 7")
    assert content_hash(warehouse, "marts.fct_a")[1] != before


def test_switch_moves_current_and_leaves_the_old_reader_alone(
    warehouse: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    build_release(warehouse, tmp_path, "r1", FACTS)
    switch_current(tmp_path, "r1")
    with duckdb.connect(str(tmp_path / "current" / "stockturn.duckdb"), read_only=True) as reader:
        warehouse.execute("delete from marts.fct_a where n >= 50")
        build_release(warehouse, tmp_path, "r2", FACTS)
        switch_current(tmp_path, "r2")
        assert reader.execute("select count(*) from marts.fct_a").fetchone() == (100,)
    current = current_release(tmp_path)
    assert current is not None and current.release_id == "r2"


def test_nothing_half_done_is_visible(warehouse: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    with pytest.raises(ReleaseError, match="no finished release r9"):
        switch_current(tmp_path, "r9")
    warehouse.execute("drop schema marts cascade; drop schema reconciliation cascade")
    with pytest.raises(ReleaseError, match="holds no marts"):
        build_release(warehouse, tmp_path, "r1", FACTS)
    assert list_releases(tmp_path) == [] and current_release(tmp_path) is None
    with pytest.raises(ReleaseError, match="run `stockturn run` first"):
        read_release(tmp_path / "current")


def test_prune_keeps_the_newest_and_the_current(warehouse: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    for name in ("r1", "r2", "r3", "r4"):
        build_release(warehouse, tmp_path, name, FACTS)
    switch_current(tmp_path, "r1")
    assert prune_releases(tmp_path, 2) == ["r2", "r3"]
    assert [release.release_id for release in list_releases(tmp_path)] == ["r1", "r4"]


def _publish_for_ever(folder: str) -> None:
    with duckdb.connect() as connection:
        for number in range(10_000):
            connection.execute("create schema if not exists marts")
            connection.execute(f"create or replace table marts.fct_a as select {number} as n from range(5)")
            connection.execute(f"create or replace table marts.fct_b as select {number} as n from range(5)")
            build_release(connection, Path(folder), f"r{number:05d}", FACTS)
            switch_current(Path(folder), f"r{number:05d}")


def test_a_killed_publisher_never_leaves_a_mixed_release(tmp_path: Path) -> None:
    """Without the one rename, a reader after `kill -9` would see marts of two runs, or half of them."""
    for attempt in range(3):
        process = multiprocessing.get_context("spawn").Process(
            target=_publish_for_ever, args=(str(tmp_path / str(attempt)),)
        )
        process.start()
        folder = tmp_path / str(attempt)
        deadline = time.monotonic() + 120  # a busy machine imports slowly
        while not (folder / "current").exists() and time.monotonic() < deadline:
            time.sleep(0.01)
        time.sleep(0.05 * attempt)
        assert process.pid is not None
        os.kill(process.pid, signal.SIGKILL)
        process.join()
        release = read_release(folder / "current")
        with duckdb.connect(str(release.database), read_only=True) as reader:
            found = reader.execute("select distinct n from (from marts.fct_a union all from marts.fct_b)").fetchall()
        assert len(found) == 1
        assert json.loads((release.path / "manifest.json").read_text())["release_id"] == release.release_id
