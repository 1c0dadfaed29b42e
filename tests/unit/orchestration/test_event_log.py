"""The log with open connections is Dagster's own: what it writes, Dagster's storage reads."""

from __future__ import annotations

from pathlib import Path

import dagster as dg
from dagster._core.storage.event_log.sqlite.sqlite_event_log import SqliteEventLogStorage

from assets.workspace import Workspace
from orchestration.event_log import OpenEventLog
from orchestration.run import open_instance


def test_dagster_reads_the_log_of_a_run(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path)

    @dg.asset(check_specs=[dg.AssetCheckSpec("holds", asset="thing")])
    def thing():  # type: ignore[no-untyped-def]
        return dg.MaterializeResult(check_results=[dg.AssetCheckResult(check_name="holds", passed=False)])

    for _ in range(2):
        with open_instance(workspace) as instance:
            assert isinstance(instance.event_log_storage, OpenEventLog)
            result = dg.materialize([thing], instance=instance)
            kept = [entry.dagster_event_type for entry in instance.all_logs(result.run_id)]
    plain = SqliteEventLogStorage(str(workspace.dagster_home / "history" / "runs"))
    read = [record.event_log_entry.dagster_event_type for record in plain.get_records_for_run(result.run_id).records]
    assert read == kept and dg.DagsterEventType.ASSET_CHECK_EVALUATION in read
    assert plain.has_asset_key(dg.AssetKey("thing"))
