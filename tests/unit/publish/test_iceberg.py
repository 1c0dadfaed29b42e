"""Releases as tables of Iceberg: a reader of several tables sees one release, whatever is published between two of its reads."""

from __future__ import annotations

import threading
from pathlib import Path

import duckdb
import pytest
from pyiceberg.catalog.sql import SqlCatalog

from assets.publish import iceberg
from assets.publish.history import rollback
from assets.publish.iceberg import IcebergError, load_iceberg
from assets.publish.releases import Release, build_release, current_id
from assets.publish.settings import IcebergSettings, PublishSettings
from assets.publish.show import show_release

FACTS = {"as_of_date": "2026-06-30", "built_at": "2026-06-30T21:30:00+00:00"}
MARTS = ("fct_sales", "fct_stock", "rec_gaps")


def make(folder: Path, name: str, value: int, *statements: str) -> Release:
    """A release whose marts all hold one number."""
    with duckdb.connect() as connection:
        connection.execute("create schema marts; create schema reconciliation")
        for mart in MARTS:
            schema = "reconciliation" if mart.startswith("rec_") else "marts"
            connection.execute(
                f"""create table {schema}.{mart} as select {value} as n, i as line, i::decimal(28, 6) as sold_units, '中' as t,
                    date '2026-06-30' + i::int as at_date, now() as built_at from range({3 + value}) r(i)"""
            )
        for statement in statements:
            connection.execute(statement)
        return build_release(connection, folder, name, FACTS)


@pytest.fixture
def settings(tmp_path: Path) -> PublishSettings:
    return PublishSettings(iceberg=IcebergSettings(warehouse=tmp_path / "lake", keep_releases=2))


class Reader:
    """An engine of the lake: it knows the catalog, and the convention of `releases` and tags."""

    def __init__(self, folder: Path) -> None:
        self._catalog = SqlCatalog("stockturn", uri=f"sqlite:///{folder / 'catalog.db'}", warehouse=f"file://{folder}")

    def current(self) -> str:
        rows = self._catalog.load_table("stockturn.releases").scan().to_arrow().to_pylist()
        [current] = [row["release_id"] for row in rows if row["is_current"]]
        return str(current)

    def rows(self, mart: str, release: str | None = None) -> list[dict[str, object]]:
        table = self._catalog.load_table(f"stockturn.{mart}")
        snapshot = None if release is None else table.snapshot_by_name(release).snapshot_id
        return table.scan(snapshot_id=snapshot).to_arrow().to_pylist()

    def number(self, mart: str, release: str | None = None) -> int:
        [number] = {row["n"] for row in self.rows(mart, release)}
        return int(number)


def test_a_reader_between_two_tables_never_sees_a_mixture(tmp_path: Path, settings: PublishSettings) -> None:
    releases, lake = tmp_path / "releases", tmp_path / "lake"
    show_release(make(releases, "r1", 1), releases, settings)
    reader = Reader(lake)
    seen = reader.current()
    first = reader.number("fct_sales", seen)
    with duckdb.connect(str(lake / "stockturn" / "current.duckdb"), read_only=True) as opened:
        assert opened.execute("select distinct n from fct_sales").fetchall() == [(1,)]
        show_release(make(releases, "r2", 2), releases, settings)
        assert (first, reader.number("fct_stock", seen), reader.number("rec_gaps", seen)) == (1, 1, 1)
        assert opened.execute("select distinct n from fct_stock").fetchall() == [(1,)]
    assert reader.current() == "r2" and [reader.number(mart, "r2") for mart in MARTS] == [2, 2, 2]
    assert [reader.number(mart) for mart in MARTS] == [2, 2, 2], "who names no release reads the newest"
    with duckdb.connect(str(lake / "stockturn" / "current.duckdb"), read_only=True) as opened:
        assert opened.execute("select count(*), sum(sold_units) from fct_sales where t = '中'").fetchall() == [(5, 10)]


def test_readers_beside_a_publisher_see_whole_releases(tmp_path: Path, settings: PublishSettings) -> None:
    releases, lake = tmp_path / "releases", tmp_path / "lake"
    show_release(make(releases, "r1", 1), releases, settings)
    mixed, whole, stop = [], set(), threading.Event()

    def read() -> None:
        reader = Reader(lake)
        while not stop.is_set():
            release = reader.current()
            numbers = {reader.number(mart, release) for mart in MARTS}
            with duckdb.connect(str(lake / "stockturn" / "current.duckdb"), read_only=True) as opened:
                views = {opened.execute(f"select min(n) from {mart}").fetchall()[0][0] for mart in MARTS}
            mixed.extend(found for found in (numbers, views) if len(found) > 1)
            whole.update(numbers)

    thread = threading.Thread(target=read)
    thread.start()
    try:
        # A reader has one release time to read: as many are kept.
        kept = PublishSettings(iceberg=settings.iceberg.model_copy(update={"keep_releases": 9}))
        for number in range(2, 6):
            show_release(make(releases, f"r{number}", number), releases, kept)
    finally:
        stop.set()
        thread.join()
    assert mixed == [] and len(whole) > 1


def test_a_run_that_dies_shows_nothing(
    tmp_path: Path, settings: PublishSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    releases, reader = tmp_path / "releases", Reader(tmp_path / "lake") if (tmp_path / "lake").mkdir() is None else None
    assert reader is not None
    show_release(make(releases, "r1", 1), releases, settings)
    new = make(releases, "r2", 2)
    write = iceberg._write
    written: list[str] = []

    def dies(table: object, *arguments: object) -> None:
        if len(written) == 2:
            raise OSError(28, "No space left on device")
        written.append("one")
        write(table, *arguments)

    monkeypatch.setattr(iceberg, "_write", dies)
    with pytest.raises(IcebergError, match=r"did not write the release .*No space left"):
        show_release(new, releases, settings)
    monkeypatch.undo()
    assert reader.current() == "r1" and [reader.number(mart) for mart in MARTS] == [1, 1, 1]
    assert current_id(releases) == "r1"
    load_iceberg(new, settings.iceberg)  # loaded, and dead before it is shown
    assert reader.current() == "r1" and [reader.number(mart) for mart in MARTS] == [1, 1, 1]
    show_release(new, releases, settings)
    assert reader.current() == "r2" and [reader.number(mart) for mart in MARTS] == [2, 2, 2]


def test_columns_may_change_and_earlier_releases_keep_theirs(tmp_path: Path, settings: PublishSettings) -> None:
    releases, reader = tmp_path / "releases", None
    show_release(make(releases, "r1", 1), releases, settings)
    changed = make(
        releases,
        "r2",
        2,
        "alter table marts.fct_sales drop column t",
        "alter table marts.fct_sales alter column line type varchar",
        "alter table marts.fct_sales add column is_new boolean default true",
    )
    show_release(changed, releases, settings)
    reader = Reader(tmp_path / "lake")
    assert {(type(row["line"]), "t" in row, row["is_new"]) for row in reader.rows("fct_sales", "r2")} == {
        (str, False, True)
    }
    assert {(type(row["line"]), row["t"], "is_new" in row) for row in reader.rows("fct_sales", "r1")} == {
        (int, "中", False)
    }
    rollback(releases, "r1", settings)
    assert reader.current() == "r1" and reader.number("fct_sales") == 1


def test_old_releases_go_with_their_files(tmp_path: Path, settings: PublishSettings) -> None:
    releases, lake = tmp_path / "releases", tmp_path / "lake"
    for number in range(1, 5):
        show_release(make(releases, f"r{number}", number), releases, settings)
    files = sorted((lake / "stockturn" / "fct_sales" / "data").rglob("*.parquet"))
    assert len(files) == 2
    reader = Reader(lake)
    assert [reader.number("fct_sales", name) for name in ("r3", "r4")] == [3, 4]
    assert [row["release_id"] for row in reader.rows("releases")] == ["r3", "r4"]
    assert len(list((lake / "stockturn" / "releases" / "data").rglob("*.parquet"))) == 1
