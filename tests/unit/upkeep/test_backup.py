"""A backup brings everything back that a run cannot make again, or says that it cannot."""

from __future__ import annotations

import json
import tarfile
from datetime import date
from pathlib import Path

import duckdb
import pytest
import sqlalchemy as sa
from incident_desk import RULES, START, finding
from postgres import fresh_schema, running_server
from small_workspace import small_company, with_incidents
from typer.testing import CliRunner

from assets.publish.content import content_hash
from assets.publish.releases import current_release
from expectations.after_run import STORE_VARIABLE
from expectations.incidents import IncidentStore, RunRecord, record_run, schema
from orchestration.cli import app
from orchestration.settings import load_settings


def command(*arguments: str | Path) -> tuple[int, str]:
    result = CliRunner().invoke(app, [str(argument) for argument in arguments])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception  # a traceback is never an answer
    return result.exit_code, result.output


@pytest.fixture
def company(tmp_path: Path) -> Path:
    return small_company(tmp_path / "machine" / "acme")


def rows(url: str) -> dict[str, list[tuple[object, ...]]]:
    engine = sa.create_engine(url)
    with engine.connect() as connection:
        found = {
            table.name: [tuple(row) for row in connection.execute(sa.select(table))]
            for table in schema.metadata.sorted_tables
        }
    engine.dispose()
    return found


def test_everything_comes_back_on_an_empty_machine(company: Path, tmp_path: Path) -> None:
    old = load_settings(company).workspace()
    assert command("backup", tmp_path / "acme.tar", "-c", company)[0] == 0
    there = tmp_path / "other machine" / "acme"
    status, said = command("restore", tmp_path / "acme.tar", there)
    assert status == 0 and "release r2" in said
    settings = load_settings(there / "config" / "company.yml")
    new, back = settings.workspace(), current_release(settings.workspace().releases)
    assert back is not None and back.release_id == "r2" and (new.releases / "current").is_symlink()
    with duckdb.connect(str(back.database), read_only=True) as connection:
        assert content_hash(connection, "marts.fct_a")[1] == back.hashes()["fct_a"]
    assert rows(f"sqlite:///{new.incident_store}") == rows(f"sqlite:///{old.incident_store}")
    found = {path.relative_to(new.root).as_posix() for path in new.root.rglob("*") if path.is_file()}
    assert {"manifest/item-a.json", "extracts/erp/.state/x.json", "releases/r1/manifest.json"} <= found
    assert not {"warehouse.duckdb", "ledger/state.parquet", "landing/item/b.parquet.part"} & found, (
        "a run makes these again"
    )
    for name in (
        "inbox/erp/items_20260630.csv",
        "mappings/erp.yml",
        "config/rules.yml",
        "dbt/models/marts/fct_warehouse_stock.sql",
    ):
        assert (there / name).read_bytes() == (company.parents[1] / name).read_bytes()


def test_a_damaged_archive_restores_nothing(company: Path, tmp_path: Path) -> None:
    archive = tmp_path / "acme.tar"
    command("backup", archive, "-c", company)
    whole = archive.read_bytes()
    place = whole.index(b"landing/item/extract_date=2026-06-30/ERP/a.parquet", whole.index(b"a.parquet") + 1000)
    for damaged, words in (
        (whole[:place] + b"LANDING" + whole[place + 7 :], "is not what was backed up"),
        (whole[: len(whole) // 3], "cannot be read as a backup|not a backup"),
        (b"nothing of the kind" * 100, "cannot be read as a backup"),
    ):
        archive.write_bytes(damaged)
        status, said = command("restore", archive, tmp_path / "there")
        assert status == 2 and any(word in said.replace("\n", " ") for word in words.split("|")), said
        assert not (tmp_path / "there").exists()


def test_nothing_is_overwritten_and_no_run_is_torn(company: Path, tmp_path: Path) -> None:
    archive = tmp_path / "acme.tar"
    with load_settings(company).workspace().exclusive():
        status, said = command("backup", archive, "-c", company)
    assert status == 2 and "another run is writing" in said and not archive.exists()
    assert command("backup", archive, "-c", company)[0] == 0
    assert command("backup", archive, "-c", company)[0] == 2
    assert command("restore", archive, company.parents[1])[0] == 2
    with tarfile.open(archive) as tar:
        assert {entry.uname for entry in tar.getmembers()} == {""}
        facts = json.load(tar.extractfile("backup.json"))  # type: ignore[arg-type]
    assert facts["company_code"] == "ACME" and facts["data_dir"] == "var"


def test_incidents_in_postgres_go_in_and_come_out(
    company: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The archive holds them as SQLite; serial numbers continue after the highest that was restored."""
    with running_server() as server, fresh_schema(server) as one, fresh_schema(server) as two:
        with_incidents(IncidentStore(one, clock=lambda: START))
        monkeypatch.setenv(STORE_VARIABLE, one.render_as_string(hide_password=False))
        assert command("backup", tmp_path / "acme.tar", "-c", company)[0] == 0
        monkeypatch.setenv(STORE_VARIABLE, two.render_as_string(hide_password=False))
        status, said = command("restore", tmp_path / "acme.tar", tmp_path / "there")
        assert status == 0, said
        first, second = (url.render_as_string(hide_password=False) for url in (one, two))
        assert rows(second) == rows(first)
        store = IncidentStore(second, clock=lambda: START)
        record_run(
            store, RunRecord("run-2", date(2026, 1, 6), evaluated_rules=RULES), [], [finding("f9", item_id="C/Z")]
        )
        store.close()
        assert len(rows(second)["incident_history"]) > len(rows(first)["incident_history"])
        status, said = command("restore", tmp_path / "acme.tar", tmp_path / "again")
        assert status == 2 and "not empty" in said
