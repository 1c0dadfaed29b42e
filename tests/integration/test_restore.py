"""A machine is lost: what the backup brings to an empty one is run again and is the same, figure for figure."""

from __future__ import annotations

import shutil
from datetime import date
from pathlib import Path

import pytest
import sqlalchemy as sa
from typer.testing import CliRunner

from expectations.after_run import open_store
from expectations.incidents import schema
from orchestration.cli import app
from orchestration.project.sample import LAST_DATE
from orchestration.rule_book import load_company_rules
from orchestration.run import RunOutcome, run_daily
from orchestration.settings import Settings, load_settings

pytestmark = pytest.mark.slow  # two whole runs
DAY: date = LAST_DATE


def _command(*arguments: str | Path) -> None:
    result = CliRunner().invoke(app, [str(argument) for argument in arguments])
    assert result.exit_code == 0, result.output


def _run(folder: Path) -> tuple[Settings, RunOutcome]:
    settings = load_settings(folder / "config" / "company.yml")
    outcome = run_daily(settings, DAY)
    assert outcome.release is not None, outcome.errors
    return settings, outcome


def _count_five_less(folder: Path) -> None:
    """The stock list has five units less of one item than the movements: an incident."""
    [path] = (folder / "inbox" / "erp").glob("on_hand_*.csv")
    head, first, *rest = path.read_text(encoding="utf-8").splitlines()
    day, item, place, units = first.split(",")
    path.write_text("\n".join([head, f"{day},{item},{place},{int(units) - 5}", *rest, ""]), encoding="utf-8")


def _incidents(settings: Settings) -> dict[str, str]:
    store = open_store(settings.workspace().incident_store, load_company_rules(settings))
    try:
        with store.reading() as connection:
            rows = connection.execute(sa.select(schema.incidents.c.incident_no, schema.incidents.c.state))
            return {str(row[0]): str(row[1]) for row in rows}
    finally:
        store.close()


def test_a_fresh_run_on_an_empty_machine_gives_the_same_release(tmp_path: Path) -> None:
    here, there = tmp_path / "here" / "shop", tmp_path / "there" / "shop"
    _command("init", here, "--code", "SHOP")
    _count_five_less(here)
    settings, first = _run(here)
    assert first.release is not None
    known, hashes, content = _incidents(settings), first.release.hashes(), first.release.content_hash
    assert known, "the stock list that is five short has an incident"
    released = first.release.release_id
    _command("backup", tmp_path / "shop.tar", "-c", here / "config" / "company.yml")
    shutil.rmtree(here)

    _command("restore", tmp_path / "shop.tar", there)
    settings, again = _run(there)
    assert again.release is not None
    assert (again.release.hashes(), again.release.content_hash) == (hashes, content)
    assert _incidents(settings) == known, "no incident was lost and none was opened twice"
    assert {one.name for one in settings.workspace().releases.iterdir()} >= {released, again.release.release_id}
