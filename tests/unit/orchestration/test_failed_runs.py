"""A run that releases nothing is kept in the incident store, once, with the checks it came to; the reminders have a timer."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import date
from pathlib import Path

import dagster as dg
import sqlalchemy as sa

from assets.workspace import Workspace
from benchmarks.companies import configure_demo
from expectations.assets import record_failed_run
from expectations.failing_rows import EXAMPLES
from expectations.incidents import IncidentStore, RunRecord, schema
from expectations.incidents.queries import is_recorded
from expectations.rules.book import read_rule_book
from orchestration.rule_book import load_company_rules
from orchestration.sensors import reminder_sensor
from orchestration.settings import Settings, load_settings

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


def _failed_run(settings: Settings) -> None:
    """A run whose blocking test found a row that names no file; the warehouse knows where its movement came from."""

    @dg.asset(
        key=["marts", "fct_conservation"],
        check_specs=[dg.AssetCheckSpec("conserved", asset=["marts", "fct_conservation"], blocking=True)],
    )
    def conservation() -> dg.MaterializeResult:
        rows = [{"item_id": "DEMO/1", "warehouse_id": "DEMO/W1", "variance_units": "-3.000000"}]
        told = {"failing_rows": 1, "message": "1 rows must not be there", EXAMPLES: dg.MetadataValue.json(rows)}
        return dg.MaterializeResult(
            check_results=[dg.AssetCheckResult(check_name="conserved", passed=False, metadata=told)]
        )

    workspace = settings.workspace()
    with workspace.connect() as connection:
        connection.execute("create schema intermediate")
        connection.execute(
            "create table intermediate.int_stock_movements as select 'k1' as movement_key, 1 as movement_sequence, 'DEMO/1' as item_id, "
            "'DEMO/W1' as warehouse_id, 'CK1' as doc_no, date '2026-06-12' as business_date, 'ERP01' as source_instance, "
            "'stock_movements_20260612.csv' as source_file, 17 as source_row"
        )
    with dg.instance_for_test() as instance:
        run = dg.materialize([conservation], instance=instance, raise_on_error=False)
        record_failed_run(
            instance, run.run_id, DAY, "a check that blocks failed", workspace, load_company_rules(settings)
        )


def test_two_commands_lead_from_a_run_that_released_nothing_to_row_file_and_fix(tmp_path: Path) -> None:
    """Within ten seconds together, on two busy cores too: in CPU time, since others may hold the machine."""
    settings = configure_demo(tmp_path)
    _failed_run(settings)
    config = str(tmp_path / "demo.yml")
    before = os.times()
    listed, shown = (
        subprocess.run(
            [sys.executable, "-m", "orchestration.cli", "incidents", *words, "--lang", "en", "--config", config],
            capture_output=True,
            text=True,
            check=True,
            cwd=ROOT,
            env=os.environ | {"COLUMNS": "120", "PYTHONPATH": str(ROOT)},
        ).stdout
        for words in (("list",), ("show", "INC-00001"))
    )
    after = os.times()
    assert "INC-00001" in listed and "DEMO/1" in listed
    for told in ("stock_movements_20260612.csv:17", "CK1", "Correct line 17 of stock_movements_20260612.csv"):
        assert told in shown, shown
    assert after.children_user + after.children_system - before.children_user - before.children_system < 10


def test_the_timer_looks_without_a_run(tmp_path: Path) -> None:
    settings = load_settings(ROOT / "config" / "demo.yml").model_copy(update={"data_dir": tmp_path})
    sensor = reminder_sensor(settings, read_rule_book({}))
    outcome = sensor(dg.build_sensor_context())
    assert isinstance(outcome, dg.SkipReason) and "0 notices sent" in (outcome.skip_message or "")
