"""Incidents as a Dagster asset. Glue only; the work is in `expectations.after_run`."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import Any

import dagster as dg

from assets.publish.releases import current_release
from assets.workspace import Workspace
from expectations.after_run import open_store, record_failure, record_release
from expectations.failing_rows import EXAMPLES, findings_of
from expectations.incidents import RunRecord
from expectations.incidents.model import CheckResult
from expectations.rules import RuleBook

INCIDENTS_KEY = dg.AssetKey(["operations", "incidents"])


def build_incident_asset(partitions: dg.PartitionsDefinition, release: dg.AssetKey, pool: str) -> dg.AssetsDefinition:
    """The incident store after the run: opened, updated and closed by what the release shows."""

    @dg.asset(
        key=INCIDENTS_KEY,
        deps=[release],
        partitions_def=partitions,
        group_name="operations",
        kinds={"sqlalchemy"},
        pool=pool,
    )
    def incidents(
        context: dg.AssetExecutionContext,
        workspace: dg.ResourceParam[Workspace],
        rule_book: dg.ResourceParam[RuleBook],
    ) -> dg.MaterializeResult:
        """Failed checks and findings as incidents: opened, updated and closed by what the release shows."""
        published = current_release(workspace.releases)
        if published is None:
            raise dg.Failure(
                description="there is no release to record; run publish/release first", allow_retries=False
            )
        if published.as_of.isoformat() != context.partition_key:
            raise dg.Failure(
                description=f"the current release is of {published.as_of}, not of {context.partition_key}; "
                f"run the whole day {context.partition_key}",
                allow_retries=False,
            )
        store = open_store(workspace.incident_store, rule_book)
        try:
            run = RunRecord(run_id=context.run_id, as_of_date=published.as_of)
            checks = [result for result, _ in checks_of_run(context.instance, context.run_id)]
            after = record_release(store, published, rule_book, checks, run)
        finally:
            store.close()
        moved = after.incidents
        return dg.MaterializeResult(
            metadata={
                "opened": len(moved.opened),
                "updated": len(moved.updated),
                "reopened": len(moved.reopened),
                "closed": len(moved.closed),
                "notices_sent": after.notices_sent,
            }
        )

    return incidents


def record_failed_run(
    instance: dg.DagsterInstance, run_id: str, as_of: date, message: str, workspace: Workspace, book: RuleBook
) -> None:
    """Keep a run that released nothing, with its checks, and tell the operators. Doing it twice changes nothing."""
    store = open_store(workspace.incident_store, book)
    try:
        run = RunRecord(run_id=run_id, as_of_date=as_of, status="failed", message=message)
        found = list(checks_of_run(instance, run_id))
        rows = [
            row
            for result, examples in found
            if not result.is_passed
            for row in findings_of(result, examples, workspace.warehouse)
        ]
        record_failure(store, book, run, [result for result, _ in found], rows)
    finally:
        store.close()


# Dagster knows two severities; a check of a third says so in its metadata.
SEVERITIES = {dg.AssetCheckSeverity.ERROR: "critical", dg.AssetCheckSeverity.WARN: "warning"}


def checks_of_run(
    instance: dg.DagsterInstance, run_id: str
) -> Iterator[tuple[CheckResult, Sequence[Mapping[str, Any]]]]:
    """The checks of a run so far, dbt tests and contract suites, in the order they were made, with their first failing rows."""
    records = instance.all_logs(run_id, of_type=dg.DagsterEventType.ASSET_CHECK_EVALUATION)
    for entry in records:
        event = entry.dagster_event
        if event is None or event.asset_check_evaluation_data.check_name.startswith("no_"):
            continue
        found = event.asset_check_evaluation_data
        details = {name: value.value for name, value in found.metadata.items()}
        rows = details.get("failing_rows") or details.get("failed")
        result = CheckResult(
            check_id=f"{found.asset_key.to_user_string()}:{found.check_name}",
            engine=str(
                details.get("engine") or ("great_expectations" if found.asset_key.path[0] == "landing" else "dbt")
            ),
            rule_id="",
            severity=str(details.get("severity") or SEVERITIES[found.severity]),
            is_passed=found.passed,
            contract_or_model=found.asset_key.path[-1],
            is_blocking=bool(found.blocking),
            rows_failed=rows if isinstance(rows, int) else 0,
            message=str(details.get("message") or ""),
        )
        examples = details.get(EXAMPLES)
        yield result, examples if isinstance(examples, list) else []
