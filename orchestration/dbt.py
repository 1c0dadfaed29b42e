"""dbt inside the run: the models as Dagster assets, built from what dbt compiled (`dbt_runner.py`).

dagster-dbt gives the graph (`@dbt_assets`); its command-line resource would start dbt anew for each step (4 s of set-up
each, measured 2026-11 on two cores). The results become the same events.
"""

import json
from collections.abc import Iterator, Mapping
from typing import Any

import dagster as dg
from dagster_dbt import DagsterDbtTranslator, DagsterDbtTranslatorSettings, dbt_assets
from dagster_dbt.asset_utils import get_asset_check_key_for_test

from assets.workspace import Workspace
from orchestration.dbt_runner import build, manifest_path
from orchestration.sql_run import NodeResult


class Translator(DagsterDbtTranslator):
    """dbt names as asset keys: `[schema, model]`, grouped by layer."""

    def __init__(self) -> None:
        super().__init__(
            settings=DagsterDbtTranslatorSettings(enable_asset_checks=True, enable_source_tests_as_checks=False)
        )

    def get_group_name(self, dbt_resource_props: Mapping[str, Any]) -> str | None:
        return str(dbt_resource_props["fqn"][1]) if len(dbt_resource_props["fqn"]) > 2 else None


# The two halves of a run; ledger and planning stand between them. One definition for all would be cut by Dagster into
# as many dbt invocations as there are distinct sets of Python assets above the models (four, measured 2026-11-21).
HALVES = {
    "dbt_foundation": "fqn:stockturn.staging fqn:stockturn.intermediate",
    "dbt_marts": "fqn:stockturn.marts fqn:stockturn.reconciliation resource_type:seed",
}


def build_dbt_assets(partitions: dg.PartitionsDefinition) -> list[dg.AssetsDefinition]:
    """All models, as one definition before the Python stages and one after them."""
    manifest: dict[str, Any] = json.loads(manifest_path().read_text(encoding="utf-8"))
    return [_half(name, select, manifest, partitions) for name, select in HALVES.items()]


def _half(name: str, select: str, manifest: dict[str, Any], partitions: dg.PartitionsDefinition) -> dg.AssetsDefinition:
    translator = Translator()
    nodes = [node for node in manifest["nodes"].values() if node["resource_type"] in {"model", "seed"}]
    wanted = {translator.get_asset_spec(manifest, node["unique_id"], None).key: node["name"] for node in nodes}

    @dbt_assets(
        manifest=manifest,
        select=select,
        dagster_dbt_translator=translator,
        partitions_def=partitions,
        backfill_policy=dg.BackfillPolicy.multi_run(),
        name=name,
    )
    def dbt_models(context: dg.AssetExecutionContext, workspace: dg.ResourceParam[Workspace]) -> Iterator[Any]:
        chosen = [wanted[key] for key in sorted(context.selected_asset_keys)]
        results = build(workspace.warehouse, chosen, threads=workspace.threads, memory_limit=workspace.memory_limit)
        yield from _events(results, manifest, translator, context)

    return dbt_models


def _events(
    results: list[NodeResult], manifest: Mapping[str, Any], translator: Translator, context: dg.AssetExecutionContext
) -> Iterator[Any]:
    broken: list[str] = []
    for result in results:
        if result.kind == "test":
            check = get_asset_check_key_for_test(manifest, translator, result.unique_id, None)
            if check is not None and check in context.selected_asset_check_keys:
                yield _check_result(check, result)
            if not result.is_good:
                broken.append(f"test {result.name}: {result.message}")
        elif result.is_good:
            key = translator.get_asset_spec(manifest, result.unique_id, None).key
            yield dg.MaterializeResult(asset_key=key, metadata={"seconds": round(result.seconds, 3)})
        elif result.status != "skipped":
            broken.append(f"{result.kind} {result.name}: {result.message}")
    if broken:
        raise dg.Failure(description="dbt: " + "; ".join(broken), allow_retries=False)


def _check_result(check: dg.AssetCheckKey, result: NodeResult) -> dg.AssetCheckResult:
    return dg.AssetCheckResult(
        check_name=check.name,
        asset_key=check.asset_key,
        passed=result.status == "pass",
        severity=dg.AssetCheckSeverity.ERROR,
        metadata={"failing_rows": result.failures, "message": result.message},
    )
