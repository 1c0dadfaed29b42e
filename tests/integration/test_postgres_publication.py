"""Publication to a real PostgreSQL: whole releases only, for every reader, also in a switch and after `kill -9`."""

from __future__ import annotations

import json
import multiprocessing
import os
import signal
import threading
import time
from decimal import Decimal
from pathlib import Path

import duckdb
import psycopg
import pytest
from publication_target import Target, server, target
from typer.testing import CliRunner

from assets.publish.postgres import PublicationError, _serialise, publish_postgres
from assets.publish.releases import Release, build_release
from assets.publish.settings import URL_VARIABLE, PostgresSettings
from assets.publish.show import show_release
from orchestration.cli import app
from orchestration.settings import load_settings

__all__ = ["server", "target"]
SETTINGS = PostgresSettings(keep_releases=2, wait_seconds=20)
CONFIG = """
company: {code: MINE, name: Mine, currency: CNY, timezone: Asia/Shanghai}
data_dir: var/mine
sources:
  - {name: erp, kind: file, instance: erp_mine, path: inbox, mapping: generic_excel, company_code: MINE}
schedule: {first_date: 2026-01-01}
"""
DICTIONARY = {
    "marts": [
        {
            "name": "fct_a",
            "description": "Figures of 'a'.",
            "label_zh": "数据甲",
            "grain": ["n"],
            "columns": [
                {"name": "n", "description": "Number.", "unit": "count", "label_zh": "序号"},
                {"name": "v", "description": "Worth.", "unit": "currency", "label_zh": "金额"},
            ],
        }
    ]
}


def make_release(folder: Path, number: int, rows: int = 50, extra: str = "", company: str = "") -> Release:
    """Two marts in which every row carries the number of the release."""
    with duckdb.connect() as connection:
        connection.execute("create schema marts")
        connection.execute(
            f"""create table marts.fct_a as
                select i as n, cast({number} as decimal(24,4)) as v, {number} as release_no {extra}
                from range({rows}) r(i)"""
        )
        connection.execute(f"create table marts.fct_b as select {number} as release_no from range({rows}) r(i)")
        facts = {"as_of_date": "2026-06-30", "built_at": "2026-07-01T01:02:03+00:00"}
        if company:
            facts["company_code"] = company
        release = build_release(connection, folder, f"r{number:05d}", facts)
    (release.path / "dictionary.json").write_text(json.dumps(DICTIONARY), encoding="utf-8")
    return release


def seen(connection: psycopg.Connection) -> set[int]:
    rows = connection.execute(
        "select release_no from stockturn.fct_a union select release_no from stockturn.fct_b"
    ).fetchall()
    return {number for (number,) in rows}


def test_values_come_through_exactly(target: Target, tmp_path: Path) -> None:
    """A COPY that mistakes an empty text for null, or cuts a number, would falsify what BI tools show."""
    with duckdb.connect() as connection:
        connection.execute("create schema marts")
        connection.execute(
            """create table marts.fct_kinds as select * from (values
                (1::bigint, '', 1.10::decimal(24,4), 1e-300::double, true, date '2024-02-29',
                 timestamptz '2026-01-01 00:00:00.123456+08'),
                (2, null, null, 'nan'::double, null, null, null),
                (3, '\\N', -99999999999999999999.9999, 'inf'::double, false, date '0001-01-01', null),
                (4, 'a,"b"' || chr(10) || '行\\t''x''', 0, -0.0::double, false, date '9999-12-31', null)
               ) t(id, words, amount, ratio, flag, day, instant)"""
        )
        release = build_release(connection, tmp_path, "r1", {"as_of_date": "2026-06-30"})
        expected = connection.execute("select * from marts.fct_kinds order by id").fetchall()
    publish_postgres(release, target.owner, SETTINGS)
    with psycopg.connect(target.reader) as reader:
        found = reader.execute("select * from stockturn.fct_kinds order by id").fetchall()
    # NaN is not equal to itself; timestamps are compared as instants
    assert [[str(v) if v != v else v for v in row] for row in found] == [
        [str(v) if v != v else v for v in row] for row in expected
    ]
    assert found[0][2] == Decimal("1.1000") and found[1][1] is None and found[2][1] == "\\N"


def test_comments_keys_labels_and_rights(target: Target, tmp_path: Path) -> None:
    publication = publish_postgres(make_release(tmp_path, 1), target.owner, SETTINGS)
    assert (publication.tables, publication.rows) == (2, 100)
    with psycopg.connect(target.owner) as admin:
        comment = "select obj_description('stockturn.fct_a'::regclass), col_description('stockturn.fct_a'::regclass, 2)"
        assert admin.execute(comment).fetchone() == ("Figures of 'a'.", "Worth. Unit: currency. 金额")
        keys = admin.execute(
            """select conrelid::regclass::text from pg_constraint
               where contype = 'p' and conrelid::regclass::text like %s""",
            (f"{publication.schema}.%",),
        ).fetchall()
        assert (f"{publication.schema}.fct_a",) in keys
    with psycopg.connect(target.reader, autocommit=True) as reader:
        assert reader.execute('select sum("金额") from stockturn_zh."数据甲" where "序号" < 2').fetchone() == (2,)
        assert reader.execute("select release_id, as_of_date::text from stockturn.release_info").fetchone() == (
            "r00001",
            "2026-06-30",
        )
        for forbidden in (
            "insert into stockturn.fct_b values (1)",
            f"select * from {publication.schema}.fct_a",
            "create table stockturn.mine (a int)",
            "drop view stockturn.fct_a",
        ):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                reader.execute(forbidden)


def test_a_reader_in_a_loop_never_sees_a_mixed_release(target: Target, tmp_path: Path) -> None:
    """Readers of every isolation level, in one statement and over several, while eight releases are switched."""
    releases = [make_release(tmp_path, number) for number in range(1, 9)]
    publish_postgres(releases[0], target.owner, SETTINGS)
    stop, mixed, reads, shown = threading.Event(), [], [0], set()

    questions = {
        "a": "select min(release_no), max(release_no), count(*) from stockturn.fct_a",
        "both": "select min(a.release_no), max(b.release_no), count(*) / 50 from stockturn.fct_a a, stockturn.fct_b b",
        "b": "select min(release_no), max(release_no), count(*) from stockturn.fct_b",
        "zh": 'select min("金额")::int, max("金额")::int, count(*) from stockturn_zh."数据甲"',
        "info": "select right(release_id, 5)::int, right(release_id, 5)::int, 50 from stockturn.release_info",
    }

    def read(level: psycopg.IsolationLevel, order: list[str]) -> None:
        with psycopg.connect(target.reader) as reader:
            reader.isolation_level = level
            while not stop.is_set():
                try:
                    with reader.transaction():
                        answers = {name: reader.execute(questions[name]).fetchone() for name in order}
                except psycopg.Error as error:
                    mixed.append(repr(error))
                    return
                reads[0] += 1
                number = answers["info"][0]
                shown.add(number)
                if set(answers.values()) != {(number, number, 50)}:
                    mixed.append(answers)
                time.sleep(0.02)

    levels = [psycopg.IsolationLevel.READ_COMMITTED, psycopg.IsolationLevel.REPEATABLE_READ] * 2
    orders = [list(questions), list(questions), list(reversed(questions)), list(reversed(questions))]
    threads = [threading.Thread(target=read, args=pair) for pair in zip(levels, orders, strict=True)]
    for thread in threads:
        thread.start()
    try:
        for release in releases[1:]:
            publish_postgres(release, target.owner, SETTINGS)
            time.sleep(0.1)
    finally:
        stop.set()
        for thread in threads:
            thread.join()
    assert mixed == []
    assert reads[0] > 50 and len(shown) >= 5, "the readers must have watched switches, or this proves nothing"


def test_an_old_snapshot_sees_a_whole_release(target: Target, tmp_path: Path) -> None:
    """Without COPY FREEZE, a transaction whose snapshot is older than the load would read empty tables."""
    publish_postgres(make_release(tmp_path, 1), target.owner, SETTINGS)
    with psycopg.connect(target.reader) as reader:
        reader.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        reader.execute("select 1 from pg_class limit 1")
        publish_postgres(make_release(tmp_path, 2), target.owner, SETTINGS)
        assert reader.execute("select count(*), max(release_no) from stockturn.fct_a").fetchone() == (50, 2)


def test_a_reader_who_stays_keeps_the_old_release_for_everybody(target: Target, tmp_path: Path) -> None:
    publish_postgres(make_release(tmp_path, 1), target.owner, SETTINGS)
    with psycopg.connect(target.reader) as reader, psycopg.connect(target.reader, autocommit=True) as other:
        assert seen(reader) == {1}
        with pytest.raises(PublicationError, match="readers have kept a transaction open"):
            publish_postgres(make_release(tmp_path, 2), target.owner, SETTINGS.model_copy(update={"wait_seconds": 0.5}))
        assert seen(reader) == {1} and seen(other) == {1}
        reader.rollback()
        publish_postgres(make_release(tmp_path / "again", 2), target.owner, SETTINGS)
        assert seen(other) == {2}


def _publish_for_ever(url: str, folder: str, first: int) -> None:
    for number in range(first, first + 1000):
        publish_postgres(make_release(Path(folder), number), url, SETTINGS)


def test_a_killed_publisher_leaves_a_whole_release(target: Target, tmp_path: Path) -> None:
    publish_postgres(make_release(tmp_path, 1), target.owner, SETTINGS)
    for attempt in range(2):
        process = multiprocessing.get_context("spawn").Process(
            target=_publish_for_ever, args=(target.owner, str(tmp_path / str(attempt)), 100 * (attempt + 1))
        )
        process.start()
        with psycopg.connect(target.reader, autocommit=True) as reader:
            deadline = (
                time.monotonic() + 90
            )  # a new process imports for 5 s; at ten times the load of two cores 40 s were seen
            while max(seen(reader)) < 100 * (attempt + 1) and time.monotonic() < deadline:
                time.sleep(0.01)
            time.sleep(0.11 * attempt)
            assert process.pid is not None
            os.kill(process.pid, signal.SIGKILL)
            process.join()
            found = seen(reader)
            assert len(found) == 1 and min(found) >= 100 * (attempt + 1)
            assert reader.execute("select count(*) from stockturn.fct_a").fetchone() == (50,)
    time.sleep(0.5)
    publish_postgres(make_release(tmp_path / "last", 9999), target.owner, SETTINGS)
    with psycopg.connect(target.owner) as admin:
        left = admin.execute("select count(*) from pg_namespace where nspname like 'stockturn_r%'").fetchone()
    assert left == (2,), "a killed publication leaves nothing that the next one does not clear away"


def test_columns_may_come_and_go(target: Target, tmp_path: Path) -> None:
    publish_postgres(make_release(tmp_path, 1, extra=", 'x' as gone"), target.owner, SETTINGS)
    publish_postgres(make_release(tmp_path, 2, extra=", 5 as fresh"), target.owner, SETTINGS)
    with psycopg.connect(target.reader) as reader:
        assert reader.execute("select distinct fresh from stockturn.fct_a").fetchone() == (5,)
        with pytest.raises(psycopg.errors.UndefinedColumn):
            reader.execute("select gone from stockturn.fct_a")


def test_what_others_built_on_a_view_stands(target: Target, tmp_path: Path) -> None:
    """An analyst's own view on a mart must not stop the daily publication as long as columns are only added."""
    publish_postgres(make_release(tmp_path, 1), target.owner, SETTINGS)
    with psycopg.connect(target.owner, autocommit=True) as admin:
        admin.execute("create view public.mine as select sum(v) as total from stockturn.fct_a")
        publish_postgres(make_release(tmp_path, 2, extra=", 5 as fresh"), target.owner, SETTINGS)
        assert admin.execute("select total from public.mine").fetchone() == (100,)
        with pytest.raises(PublicationError, match="cannot drop view"):
            publish_postgres(make_release(tmp_path, 3, extra=", 'text' as fresh"), target.owner, SETTINGS)
        assert admin.execute("select total from public.mine").fetchone() == (100,)


def test_schemas_of_others_are_not_pruned(target: Target, tmp_path: Path) -> None:
    with psycopg.connect(target.owner, autocommit=True) as admin:
        admin.execute("create schema stockturn_finance; create schema stockturn_00000")
        for number in range(1, 5):
            publish_postgres(make_release(tmp_path, number), target.owner, SETTINGS)
        found = {name for (name,) in admin.execute("select nspname from pg_namespace where nspname like 'stockturn%'")}
    assert found == {
        "stockturn", "stockturn_zh", "stockturn_access", "stockturn_finance", "stockturn_00000", "stockturn_r00003",
        "stockturn_r00004",
    }  # fmt: skip


def test_retention_drops_the_schemas_of_its_own_publication_only(target: Target, tmp_path: Path) -> None:
    """`grp_1` begins with `grp_`: a retention that goes by the beginning of a name drops another company's live release."""
    one = SETTINGS.model_copy(update={"schema_name": "grp_1", "keep_releases": 1})
    group = SETTINGS.model_copy(update={"schema_name": "grp", "keep_releases": 1})
    publish_postgres(make_release(tmp_path / "one", 1, company="ONE"), target.owner, one)
    with psycopg.connect(target.owner, autocommit=True) as admin:
        # as releases were marked before comments named the publication
        admin.execute("create schema grp_r00000; comment on schema grp_r00000 is 'stockturn release r00000'")
        admin.execute("create schema grp_1_r00000; comment on schema grp_1_r00000 is 'stockturn release r00000'")
        for number in (2, 3):
            publish_postgres(make_release(tmp_path / "group", number, company="GRP"), target.owner, group)
        found = {name for (name,) in admin.execute("select nspname from pg_namespace where nspname like 'grp%'")}
        assert found == {
            "grp", "grp_zh", "grp_access", "grp_r00003", "grp_1", "grp_1_zh", "grp_1_access", "grp_1_r00001", "grp_1_r00000",
        }  # fmt: skip
        assert admin.execute("select max(release_no) from grp_1.fct_a").fetchone() == (1,)
        publish_postgres(make_release(tmp_path / "one", 4, company="ONE"), target.owner, one)
        found = {name for (name,) in admin.execute("select nspname from pg_namespace where nspname like 'grp_1%'")}
        assert found == {"grp_1", "grp_1_zh", "grp_1_access", "grp_1_r00004"}
        assert admin.execute("select max(release_no) from grp.fct_a").fetchone() == (3,)


def test_a_company_does_not_replace_what_another_one_shows(target: Target, tmp_path: Path) -> None:
    """Two companies that both keep the default schema name would show each other's figures to their readers."""
    publish_postgres(make_release(tmp_path / "one", 1, company="ONE"), target.owner, SETTINGS)
    with pytest.raises(PublicationError, match="schema stockturn shows company ONE, not TWO"):
        publish_postgres(make_release(tmp_path / "two", 2, company="TWO"), target.owner, SETTINGS)
    publish_postgres(make_release(tmp_path / "one", 3, company="ONE"), target.owner, SETTINGS)
    with psycopg.connect(target.reader) as reader:
        assert seen(reader) == {3}


def test_two_companies_publish_at_once(target: Target, tmp_path: Path) -> None:
    """One lock for the whole database would fail the run of whoever comes second."""
    settings = {code: SETTINGS.model_copy(update={"schema_name": code.lower()}) for code in ("NORTH", "SOUTH", "WEST")}
    releases = {code: [make_release(tmp_path / code, number, company=code) for number in (1, 2)] for code in settings}
    errors: list[str] = []
    start = threading.Barrier(len(settings))

    def publish(code: str) -> None:
        start.wait()
        try:
            for release in releases[code]:
                publish_postgres(release, target.owner, settings[code])
        except PublicationError as error:
            errors.append(f"{code}: {error}")

    with psycopg.connect(target.owner, autocommit=True) as admin:
        admin.execute(
            "drop owned by stockturn_reader; drop role stockturn_reader"
        )  # each must make the role or find it
    threads = [threading.Thread(target=publish, args=(code,)) for code in settings]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    with psycopg.connect(target.owner, autocommit=True) as admin:
        for code in settings:
            shown = admin.execute(f"select max(release_no) from {code.lower()}.fct_b".encode()).fetchone()
            assert shown == (2,)
        admin.execute("grant stockturn_reader to stockturn_bi")


def test_the_same_schema_is_published_once_at_a_time(target: Target, tmp_path: Path) -> None:
    with psycopg.connect(target.owner) as other:
        _serialise(other, SETTINGS)
        with pytest.raises(PublicationError, match="another publication to schema stockturn"):
            publish_postgres(make_release(tmp_path, 1), target.owner, SETTINGS)


def test_rollback_moves_postgres_and_files_together(
    target: Target, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Files on one release and PostgreSQL on another would be two truths; also where PostgreSQL refuses."""
    config = tmp_path / "config" / "mine.yml"
    config.parent.mkdir()
    config.write_text(CONFIG, encoding="utf-8")
    releases = load_settings(config).workspace().releases
    make_release(releases, 1, company="MINE")
    new = make_release(releases, 2, company="MINE")
    monkeypatch.setenv(URL_VARIABLE, target.owner)
    show_release(new, releases, load_settings(config).publish)
    back = CliRunner().invoke(app, ["releases", "rollback", "r00001", "-c", str(config)])
    assert back.exit_code == 0 and "in the files and in PostgreSQL" in back.output
    with psycopg.connect(target.reader, autocommit=True) as reader:
        assert seen(reader) == {1}
        assert (releases / "current").resolve().name == "r00001"
        monkeypatch.setenv(URL_VARIABLE, "postgresql://nobody@127.0.0.1:1/none")
        refused = CliRunner().invoke(app, ["releases", "rollback", "r00002", "-c", str(config)])
        assert refused.exit_code == 2 and "no connection to PostgreSQL" in refused.output
        assert seen(reader) == {1} and (releases / "current").resolve().name == "r00001"


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://u:s3cret@127.0.0.1:1/x",
        "postgresql//u:s3cret@127.0.0.1/x",
        "postgresql://u:s3cret@127.0.0.1:port/x",
        "postgresql+psycopg://u:s3cret@[::1/x",
    ],
)
def test_the_password_is_never_in_a_message(url: str, tmp_path: Path) -> None:
    with pytest.raises(PublicationError) as caught:
        publish_postgres(make_release(tmp_path, 1), url, SETTINGS)
    chain: BaseException | None = caught.value
    assert "s3cret" not in str(chain) and chain.__cause__ is None and chain.__suppress_context__
