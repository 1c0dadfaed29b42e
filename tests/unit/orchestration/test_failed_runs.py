"""A run that releases nothing is kept in the incident store, once, with the checks it came to; the reminders have a timer."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import dagster as dg
import sqlalchemy as sa

from assets.workspace import Workspace
from expectations.assets import record_failed_run
from expectations.incidents import IncidentStore, RunRecord, schema
from expectations.incidents.queries import is_recorded
from expectations.rules.book import read_rule_book
from orchestration.sensors import reminder_sensor
from orchestration.settings import load_settings

ROOT = Path(__file__).resolve().parents[3]
DAY = date(2026, 6, 30)


def test_a_failed_run_is_kept_once_and_told(tmp_path: Path) -> None:
    """The command and the sensor of the daemon may both see the same failure."""
    workspace, book = Workspace(tmp_path), read_rule_book({})
    with dg.instance_for_test() as instance:
        for _ in range(2):
            record_failed_run(instance, "r1", DAY, "the ledger stopped", workspace, book)
    store = IncidentStore.at(workspace.incident_store, book.policy)
    with store.reading() as connection:
        [run] = connection.execute(sa.select(schema.runs)).all()
    assert (run.run_id, run.status, run.message, run.as_of_date) == ("r1", "failed", "the ledger stopped", DAY)
    assert is_recorded(store, "r1") and not is_recorded(store, "r2")
    store.close()


def test_a_run_that_failed_after_its_release_stays_as_recorded(tmp_path: Path) -> None:
    workspace, book = Workspace(tmp_path), read_rule_book({})
    store = IncidentStore.at(workspace.incident_store, book.policy)
    from expectations.incidents import record_run

    record_run(store, RunRecord("r1", DAY, release_id="x"), [], [])
    store.close()
    with dg.instance_for_test() as instance:
        record_failed_run(instance, "r1", DAY, "too late to matter", workspace, book)
    store = IncidentStore.at(workspace.incident_store, book.policy)
    with store.reading() as connection:
        assert [run.status for run in connection.execute(sa.select(schema.runs))] == ["succeeded"]
    store.close()


def test_the_timer_looks_without_a_run(tmp_path: Path) -> None:
    settings = load_settings(ROOT / "config" / "demo.yml").model_copy(update={"data_dir": tmp_path})
    sensor = reminder_sensor(settings, read_rule_book({}))
    outcome = sensor(dg.build_sensor_context())
    assert isinstance(outcome, dg.SkipReason) and "0 notices sent" in (outcome.skip_message or "")
