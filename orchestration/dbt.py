"""dbt's nodes as Dagster assets and checks: models, seeds and snapshots, with their tests.

dagster-dbt gives the graph (`@dbt_assets`), dbt's own runner does the work in this process (`dbt_runner.py`); its results
become the events that dagster-dbt's command-line resource would make of them.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import Any

import dagster as dg
import duckdb
from dagster_dbt import DagsterDbtTranslator, DagsterDbtTranslatorSettings, dbt_assets
from dagster_dbt.asset_utils import get_asset_check_key_for_test

from assets.publish.dictionary_store import stored_dictionary
from assets.stages import first_run
from assets.workspace import Workspace
from expectations.failing_rows import EXAMPLES, plain_rows
from orchestration.dbt_runner import DbtProject, NodeResult, Warehouse, build, describe_run
from orchestration.described import column_lineage

ASSET_KINDS = {"model", "seed", "snapshot"}


class Translator(DagsterDbtTranslator):
    """dbt names as asset keys: `[schema, name]`, grouped by layer."""

    def __init__(self) -> None:
        super().__init__(
            settings=DagsterDbtTranslatorSettings(enable_asset_checks=True, enable_source_tests_as_checks=False)
        )

    def get_asset_key(self, dbt_resource_props: Mapping[str, Any]) -> dg.AssetKey:
        """Sources as their meta says; all else by schema and name, whatever project it is in."""
        if dbt_resource_props["resource_type"] in ASSET_KINDS:
            return dg.AssetKey([dbt_resource_props["schema"], dbt_resource_props["name"]])
        return super().get_asset_key(dbt_resource_props)

    def get_group_name(self, dbt_resource_props: Mapping[str, Any]) -> str | None:
        """The layer; nodes in no folder are grouped by their kind: `seeds`, `models`, `snapshots`."""
        fqn = dbt_resource_props["fqn"]
        return str(fqn[1]) if len(fqn) > 2 else f"{dbt_resource_props['resource_type']}s"


# The two halves of a run; ledger and planning are between them. One definition for all would be cut by Dagster into
# as many dbt invocations as there are distinct sets of Python assets above the models (four, measured 2026-11-21).
# A company's own nodes are in the second, whatever folder they are in.
FOUNDATION = ("fqn:stockturn.staging", "fqn:stockturn.intermediate")
HALVES: dict[str, tuple[Sequence[str], Sequence[str]]] = {
    "dbt_foundation": (FOUNDATION, ()),
    "dbt_marts": (("fqn:*",), FOUNDATION),
}


LAST_HALF = "dbt_marts"


def build_dbt_assets(
    project: DbtProject, manifest: dict[str, Any], partitions: dg.PartitionsDefinition, pool: str
) -> list[dg.AssetsDefinition]:
    """All nodes, as one definition before the Python stages and one after them; `manifest` is that of `project`."""
    translator = Translator()
    paths = _selectors(manifest, translator)
    lineage = column_lineage(stored_dictionary(project.manifest), _keys_by_name(manifest, translator))

    def half(name: str) -> dg.AssetsDefinition:
        made = _half(name, project, manifest, translator, paths, lineage, pool)
        # given to `dbt_assets`, daily partitions make one run of a whole backfill; a release is about one day
        return made.map_asset_specs(lambda spec: spec.replace_attributes(partitions_def=partitions))

    return [half(name) for name in HALVES]


def _half(
    name: str,
    project: DbtProject,
    manifest: dict[str, Any],
    translator: Translator,
    paths: Mapping[dg.AssetKey | dg.AssetCheckKey, str],
    lineage: Mapping[str, dg.TableColumnLineage],
    pool: str,
) -> dg.AssetsDefinition:
    select, exclude = HALVES[name]

    @dbt_assets(
        manifest=manifest,
        select=" ".join(select),
        exclude=" ".join(exclude),
        dagster_dbt_translator=translator,
        name=name,
        pool=pool,
    )
    def dbt_nodes(context: dg.AssetExecutionContext, workspace: dg.ResourceParam[Workspace]) -> Iterator[Any]:
        warehouse = Warehouse.of(workspace)
        is_whole = set(context.selected_asset_keys) == context.assets_def.keys
        asked = [*context.selected_asset_keys] or [*context.selected_asset_check_keys]
        chosen = select if is_whole else sorted(paths[key] for key in asked)
        as_of, run_id = date.fromisoformat(context.partition_key), first_run(context.run)
        with workspace.stage(name, as_of, run_id, is_whole=is_whole):
            results = build(
                warehouse,
                chosen,
                exclude=exclude if is_whole else (),
                project=project,
                target=workspace.dbt_artifacts / name,
            )
            broken = [f"{one.kind} {one.name}: {one.message}" for one in results if one.is_broken]
            rows = _row_counts(workspace, results, manifest)
            yield from _events(results, manifest, translator, context, rows, lineage)
            if broken:
                raise dg.Failure(description="dbt: " + "; ".join(broken), allow_retries=False)
            if is_whole and name == LAST_HALF:
                describe_run(warehouse, project, workspace.dbt_artifacts / "docs")

    return dbt_nodes


def _selectors(manifest: Mapping[str, Any], translator: Translator) -> dict[dg.AssetKey | dg.AssetCheckKey, str]:
    """dbt's selector of each asset and check."""
    found: dict[dg.AssetKey | dg.AssetCheckKey, str] = {}
    for unique_id, node in manifest["nodes"].items():
        if node["resource_type"] in ASSET_KINDS:
            key: dg.AssetKey | dg.AssetCheckKey | None = translator.get_asset_key(node)
        else:
            key = get_asset_check_key_for_test(manifest, translator, unique_id, None)
        if key is not None:
            found[key] = f"fqn:{'.'.join(node['fqn'])}"
    return found


def _keys_by_name(manifest: Mapping[str, Any], translator: Translator) -> dict[str, dg.AssetKey]:
    """Asset keys by the names that the dictionary uses: a model's own, `schema.table` of a source."""
    nodes = [one for one in manifest["nodes"].values() if one["resource_type"] in ASSET_KINDS]
    keys = {one["name"]: translator.get_asset_key(one) for one in nodes}
    sources = {f"{one['source_name']}.{one['name']}": one for one in manifest["sources"].values()}
    return {**keys, **{name: translator.get_asset_key(one) for name, one in sources.items()}}


def _row_counts(workspace: Workspace, results: Sequence[NodeResult], manifest: Mapping[str, Any]) -> dict[str, int]:
    """Rows of what was built, by unique id; asked in one query."""
    built = [one.unique_id for one in results if one.is_good and one.kind in ASSET_KINDS]
    names = {unique_id: manifest["nodes"][unique_id]["relation_name"] for unique_id in built}
    counts = [f"select '{key}', count(*) from {name}" for key, name in names.items() if name]
    if not counts:
        return {}
    with duckdb.connect(str(workspace.warehouse)) as connection:
        return dict(connection.execute(" union all ".join(counts)).fetchall())


def _events(
    results: Sequence[NodeResult],
    manifest: Mapping[str, Any],
    translator: Translator,
    context: dg.AssetExecutionContext,
    rows: Mapping[str, int],
    lineage: Mapping[str, dg.TableColumnLineage],
) -> Iterator[Any]:
    for result in results:
        if result.kind == "test":
            check = get_asset_check_key_for_test(manifest, translator, result.unique_id, None)
            if check is not None and check in context.selected_asset_check_keys and result.status != "skipped":
                yield _check_result(check, result)
        elif result.kind in ASSET_KINDS and result.is_good:
            key = translator.get_asset_key(manifest["nodes"][result.unique_id])
            if key in context.selected_asset_keys:
                metadata: dict[str, Any] = {"seconds": round(result.seconds, 3)}
                metadata["dagster/row_count"] = rows.get(result.unique_id, 0)
                if result.name in lineage:
                    metadata["dagster/column_lineage"] = lineage[result.name]
                yield dg.MaterializeResult(asset_key=key, metadata=metadata)


def _check_result(check: dg.AssetCheckKey, result: NodeResult) -> dg.AssetCheckResult:
    metadata: dict[str, Any] = {"failing_rows": result.failures, "message": result.message}
    if result.rows:
        metadata["rows"] = dg.MetadataValue.md(_as_markdown(result.rows))
        metadata[EXAMPLES] = dg.MetadataValue.json(plain_rows(result.rows))
    return dg.AssetCheckResult(
        check_name=check.name,
        asset_key=check.asset_key,
        passed=result.status == "pass",
        severity=dg.AssetCheckSeverity.WARN if result.status == "warn" else dg.AssetCheckSeverity.ERROR,
        metadata=metadata,
    )


def _as_markdown(rows: Sequence[Mapping[str, Any]]) -> str:
    lines = [list(rows[0]), ["---"] * len(rows[0]), *([str(value) for value in row.values()] for row in rows)]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)
