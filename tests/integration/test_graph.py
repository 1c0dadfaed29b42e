"""The shape of the graph: a change of it must show in review, and the order of the stages must hold."""

from __future__ import annotations

import warnings
from datetime import datetime
from pathlib import Path

import dagster as dg
import pytest
from companies import ROOT, configure

from assets.ingest.contracts import load_contracts
from expectations.checks import CONTRACT_CHECK
from orchestration.build import build_definitions
from orchestration.dbt import HALVES
from orchestration.jobs import DAILY_JOB
from orchestration.run import selected_assets


@pytest.fixture(scope="module")
def definitions(tmp_path_factory: pytest.TempPathFactory) -> dg.Definitions:
    """Built without any warning of Dagster's, which would be in the output of every run."""
    with warnings.catch_warnings():
        for kind in (dg.BetaWarning, dg.PreviewWarning, dg.SupersessionWarning):
            warnings.simplefilter("error", kind)
        return build_definitions(configure(tmp_path_factory.mktemp("graph"), "demo").settings)


def test_a_backfill_is_one_run_a_day(definitions: dg.Definitions) -> None:
    """A release is about one day; dagster-dbt would make one run of all days of a backfill."""
    graph = definitions.resolve_asset_graph()
    nodes = [graph.get(key) for key in graph.materializable_asset_keys if key.path[0] != "operations"]
    assert {type(node.partitions_def) for node in nodes} <= {
        dg.DailyPartitionsDefinition,
        dg.MonthlyPartitionsDefinition,
    }
    assert {node.backfill_policy for node in nodes} <= {None, dg.BackfillPolicy.multi_run()}


def test_the_run_has_these_steps(definitions: dg.Definitions) -> None:
    assert {node.name for node in definitions.resolve_job_def(DAILY_JOB).nodes} == {
        "control",
        "landing",
        "contract_checks",
        *HALVES,
        "ledger",
        "planning__demand_history",
        "planning",
        "finding_checks",
        "publish__release",
        "operations__incidents",
    }


def test_nothing_reads_an_extract_before_its_blocking_check(definitions: dg.Definitions) -> None:
    """If dbt ran beside the check, a broken extract would reach the marts before anybody said no."""
    graph = definitions.resolve_asset_graph()
    checks = [
        key for key in graph.asset_check_keys if key.asset_key.path[0] == "landing" and key.name == CONTRACT_CHECK
    ]
    assert len(checks) == len(load_contracts())
    assert all(graph.get_check_spec(key).blocking for key in checks)


def test_release_waits_for_every_mart(definitions: dg.Definitions) -> None:
    graph = definitions.resolve_asset_graph()
    parents = graph.get(dg.AssetKey(["publish", "release"])).parent_keys
    marts = {key for key in graph.materializable_asset_keys if key.path[0] in ("marts", "reconciliation")}
    assert parents == marts
    assert len(marts) >= 20


def test_planning_never_reads_marts(definitions: dg.Definitions) -> None:
    graph = definitions.resolve_asset_graph()
    for key in graph.materializable_asset_keys:
        if key.path[0] in ("ledger", "planning", "intermediate", "staging"):
            above = {parent.path[0] for parent in graph.get(key).parent_keys}
            assert not above & {"marts", "reconciliation"}, key


def test_schedule_and_sensor(definitions: dg.Definitions) -> None:
    schedule = definitions.resolve_schedule_def("daily_schedule")
    assert schedule.cron_schedule == "30 5 * * *"
    assert schedule.execution_timezone == "Asia/Shanghai"
    with dg.build_schedule_context(scheduled_execution_time=datetime(2026, 7, 1, 5, 30)) as context:
        request = schedule(context)
    assert isinstance(request, dg.RunRequest) and request.partition_key == "2026-06-30"
    assert definitions.resolve_sensor_def("new_extract_files").job_name == DAILY_JOB


def test_sensor_waits_until_files_are_still(tmp_path: Path) -> None:
    """A file that is still being copied must not be read; the second look at the same state starts the run."""
    inbox = tmp_path / "inbox"
    for name in ("erp", "wms", "sales"):
        (inbox / name).mkdir(parents=True)
    definitions = build_definitions(configure(tmp_path, "demo", inbox).settings)
    sensor = definitions.resolve_sensor_def("new_extract_files")
    (inbox / "erp" / "stock_movements_20260630.csv").write_text("a\n")
    cursor = None
    seen = []
    for _ in range(3):
        context = dg.build_sensor_context(cursor=cursor, repository_def=definitions.get_repository_def())
        seen.append(sensor.evaluate_tick(context))
        cursor = seen[-1].cursor or cursor
    assert [len(tick.run_requests or []) for tick in seen] == [0, 1, 0]
    assert seen[1].run_requests[0].partition_key == "2026-06-30"  # type: ignore[index]


def test_what_is_made_together_is_selected_together(definitions: dg.Definitions) -> None:
    chosen = {key.to_user_string() for key in selected_assets(definitions, ["ledger/open_layers"]) or []}
    assert {"ledger/open_layers", "ledger/conservation", "ledger/value_entries"} <= chosen
    assert {key.split("/")[0] for key in chosen} == {"ledger"}
    [one] = selected_assets(definitions, ["fct_findings"]) or []
    assert one.to_user_string() == "marts/fct_findings"


def test_the_code_location_of_dagster_dev_is_the_same_graph() -> None:
    text = (ROOT / "workspace.yaml").read_text(encoding="utf-8")
    assert "orchestration.definitions" in text and "working_directory: ." in text


def test_every_asset_says_what_it_is(definitions: dg.Definitions) -> None:
    """On the page an asset without description, owner or columns is one that nobody dares to use."""
    graph = definitions.resolve_asset_graph()
    specs = [graph.get(key) for key in graph.materializable_asset_keys]
    assert len(specs) > 150
    assert [one.key.to_user_string() for one in specs if not (one.description or "").strip()] == []
    assert [one.key.to_user_string() for one in specs if not one.owners or not one.tags or not one.kinds] == []
    tables = [
        one
        for one in specs
        if one.key.path[0] not in ("publish", "operations") and one.key.path[-1] != "transit_conservation"
    ]
    assert [one.key.to_user_string() for one in tables if "dagster/column_schema" not in one.metadata] == []


def test_whatever_starts_a_run_it_is_one_process_in_the_pool_of_the_warehouse(definitions: dg.Definitions) -> None:
    """Two writers of one DuckDB file would fail each other; other companies on the installation are not held up."""
    assert definitions.executor is dg.in_process_executor
    for step in definitions.resolve_job_def(DAILY_JOB).nodes:
        assert step.definition.pool == "warehouse_DEMO", step.name


def test_schedules_sensors_and_alerts_start_by_themselves(definitions: dg.Definitions) -> None:
    for name in ("new_extract_files", "failed_run", "interrupted_runs", "reminders"):
        assert definitions.resolve_sensor_def(name).default_status == dg.DefaultSensorStatus.RUNNING, name
    for name in ("daily_schedule", "review_schedule"):
        assert definitions.resolve_schedule_def(name).default_status == dg.DefaultScheduleStatus.RUNNING, name


def test_every_source_of_dbt_has_a_freshness(definitions: dg.Definitions) -> None:
    import json

    from orchestration.dbt_runner import SHIPPED

    manifest = json.loads(SHIPPED.prepared().read_text(encoding="utf-8"))
    sources = manifest["sources"].values()
    assert len(sources) > 50
    assert [one["name"] for one in sources if not (one["loaded_at_query"] and one["freshness"])] == []
