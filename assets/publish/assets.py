"""Publication as a Dagster asset. Glue only; the work is in `assets.publish.releases`."""

from collections.abc import Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import dagster as dg
import duckdb

from assets.publish.accounting import run_facts
from assets.publish.dictionary import dictionary_documents, with_own_kpis, with_types, with_warehouse_types
from assets.publish.dictionary_store import stored_dictionary
from assets.publish.kpis import KpiCatalogue
from assets.publish.kpis.own import declarations
from assets.publish.release_rules import release_violations
from assets.publish.releases import OWN_KPIS, build_release, column_types, prune_releases
from assets.publish.settings import PublishSettings
from assets.publish.show import show_release
from assets.publish.spreadsheets import write_csv
from assets.stages import first_run, require_whole_run
from assets.workspace import Workspace

RELEASE_KEY = dg.AssetKey(["publish", "release"])
RULES_CHECK = "release_rules"


def release_id(at: datetime, as_of: str, run_id: str) -> str:
    """Sorts by the time of the run: `20260630T213000-asof20260630-1a2b3c4d`."""
    return f"{at:%Y%m%dT%H%M%S}-asof{as_of.replace('-', '')}-{run_id[:8]}"


def dbt_artifacts(folder: Path, manifest: Path) -> dict[str, str]:
    """What dbt wrote about the run, as files of the release: `dbt/manifest.json`, `dbt/run_results_<half>.json`, ..."""
    found = {"dbt/manifest.json": manifest}
    for path in sorted(folder.glob("*/run_results.json")):
        found[f"dbt/run_results_{path.parent.name}.json"] = path
    for name in ("sources.json", "catalog.json"):
        found.update({f"dbt/{name}": path for path in folder.glob(f"*/{name}")})
    return {name: path.read_text(encoding="utf-8") for name, path in found.items()}


def build_publish_assets(
    partitions: dg.PartitionsDefinition, marts: Sequence[dg.AssetKey], pool: str
) -> dg.AssetsDefinition:
    """The release, which waits for every mart and is what readers read."""

    @dg.asset(
        key=RELEASE_KEY,
        deps=list(marts),
        partitions_def=partitions,
        group_name="publish",
        kinds={"parquet", "duckdb"},
        pool=pool,
        check_specs=[
            dg.AssetCheckSpec(RULES_CHECK, asset=RELEASE_KEY, description="Types, keys and units of the dictionary.")
        ],
    )
    def release(
        context: dg.AssetExecutionContext,
        workspace: dg.ResourceParam[Workspace],
        publish_settings: dg.ResourceParam[PublishSettings],
        dbt_manifest: dg.ResourceParam[Path],
        company_code: dg.ResourceParam[str],
        kpis: dg.ResourceParam[KpiCatalogue],
    ) -> dg.MaterializeResult:
        """One complete version of the marts, switched in one step."""
        finished = datetime.now(UTC)
        with workspace.connect() as connection:
            require_whole_run(connection, date.fromisoformat(context.partition_key), first_run(context.run))
            facts: dict[str, Any] = {
                "as_of_date": context.partition_key,
                "run_id": context.run_id,
                "company_code": company_code,
                "built_at": finished.isoformat(timespec="seconds"),
                OWN_KPIS: declarations(kpis),
                **run_facts(connection),
            }
            name = release_id(finished, context.partition_key, context.run_id)
            words = with_own_kpis(with_warehouse_types(stored_dictionary(dbt_manifest), column_types(connection)), kpis)
            keys = {mart["name"]: mart["grain"] for mart in words}
            documents = {**dictionary_documents(words), **dbt_artifacts(workspace.dbt_artifacts, dbt_manifest)}
            built = build_release(connection, workspace.releases, name, facts, documents, keys)
        if publish_settings.write_csv:
            write_csv(built)
        show_release(built, workspace.releases, publish_settings)
        removed = prune_releases(workspace.releases, publish_settings.keep_releases)
        with duckdb.connect(str(built.database), read_only=True) as reader:
            broken = release_violations(reader, with_types(words, built.manifest["marts"]))
        return dg.MaterializeResult(
            check_results=[
                dg.AssetCheckResult(
                    passed=not broken,
                    check_name=RULES_CHECK,
                    severity=dg.AssetCheckSeverity.WARN,
                    metadata={"failing_rows": len(broken), "message": "; ".join(broken[:10])},
                )
            ],
            metadata={"path": str(built.path), "marts": len(built.manifest["marts"]), "removed_releases": len(removed)},
        )

    return release
