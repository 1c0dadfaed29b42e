"""The incident store from version to version: nothing is lost, and the revisions make what `schema.py` says."""

from __future__ import annotations

import sqlite3
from datetime import date, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from incident_desk import RULES, START, finding

from expectations.incidents import IncidentError, IncidentStore, RunRecord, migrations, record_run, schema
from expectations.incidents.migrations import NEWEST, VERSION_TABLE, revision_of

STATES = Path(__file__).resolve().parents[2] / "fixtures" / "states"
TABLES = [table.name for table in schema.metadata.sorted_tables]


def config(**attributes: object) -> Config:
    made = Config(attributes=attributes)
    made.set_main_option("script_location", str(Path(migrations.__file__).parent))
    return made


ADDED = {"currency_code"}  # columns that came with a later revision


def contents(engine: sa.Engine) -> dict[str, list[dict[str, object]]]:
    with engine.connect() as connection:
        return {
            name: [
                {column: value for column, value in row.items() if column not in ADDED}
                for row in connection.execute(sa.text(f"select * from {name}")).mappings()
            ]
            for name in TABLES
        }


def test_a_store_of_the_version_before_alembic_keeps_every_row_and_works_on(tmp_path: Path) -> None:
    """The dump was written by the last program that numbered its versions itself: two runs, two incidents, one closed."""
    path = tmp_path / "incidents.db"
    with sqlite3.connect(path) as old:
        old.executescript((STATES / "incidents_version_3.sql").read_text(encoding="utf-8"))
    engine = sa.create_engine(f"sqlite:///{path}")
    before = contents(engine)
    assert len(before["runs"]) == 2 and len(before["incident_history"]) >= 3
    store = IncidentStore.at(path, clock=lambda: START + timedelta(days=2))
    assert contents(engine) == before
    with store.reading() as connection:
        assert revision_of(connection) == NEWEST
        assert not sa.inspect(connection).has_table("schema_versions")
    rows = [finding("f1", "shrink", item_id="C/1", warehouse_id="C/W1", source_row=4)]
    record_run(store, RunRecord("run-3", date(2026, 1, 7), evaluated_rules=RULES), [], rows)
    store.close()
    with pytest.raises(sa.exc.DatabaseError, match="only grows"), engine.begin() as connection:
        connection.execute(sa.text("delete from incident_history"))
    assert contents(engine)["incident_history"][: len(before["incident_history"])] == before["incident_history"]


@pytest.mark.parametrize("number", [1, 2, 3])
def test_every_numbered_version_is_brought_up(store_url: str, number: int) -> None:
    engine = sa.create_engine(store_url)
    with engine.begin() as connection:
        command.upgrade(config(connection=connection), f"{number:04d}")
        connection.execute(sa.text(f"drop table {VERSION_TABLE}"))
        connection.execute(sa.text("create table schema_versions (version integer primary key)"))
        connection.execute(sa.text(f"insert into schema_versions values ({number})"))
    IncidentStore(store_url, clock=lambda: START).close()
    with engine.connect() as connection:
        assert revision_of(connection) == NEWEST
        assert {*TABLES, VERSION_TABLE} == set(sa.inspect(connection).get_table_names())
    engine.dispose()


def test_the_revisions_make_what_the_schema_says(store_url: str) -> None:
    """A column added to schema.py without a revision would be missing in every store but new ones."""
    IncidentStore(store_url, clock=lambda: START).close()
    engine = sa.create_engine(store_url)
    with engine.connect() as connection:
        options = {"version_table": VERSION_TABLE, "compare_type": False}
        differences = compare_metadata(MigrationContext.configure(connection, opts=options), schema.metadata)
    engine.dispose()
    assert differences == []


def test_a_newer_store_is_refused(store_url: str) -> None:
    store = IncidentStore(store_url, clock=lambda: START)
    with store.writing() as unit:
        unit.connection.execute(sa.text(f"update {VERSION_TABLE} set version_num = '9999'"))
    store.close()
    with pytest.raises(IncidentError, match="schema revision 9999, this program knows"):
        IncidentStore(store_url, clock=lambda: START)


def test_there_is_one_line_of_revisions() -> None:
    scripts = ScriptDirectory.from_config(config())
    assert scripts.get_heads() == [NEWEST]
    assert [script.revision for script in scripts.walk_revisions()][::-1] == ["0001", "0002", "0003", "0004", NEWEST]
