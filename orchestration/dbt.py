"""dbt inside the run: the models as Dagster assets, built by dbt's own runner in this process.

dagster-dbt gives the graph (`@dbt_assets`); its command-line resource would start dbt anew for each step (4 s of set-up
each, measured 2026-11 on two cores), so the step calls `dbtRunner` instead. The results become the same events.
"""

import hashlib
import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import dagster as dg
from dagster_dbt import DagsterDbtTranslator, DagsterDbtTranslatorSettings, dbt_assets
from dagster_dbt.asset_utils import get_asset_check_key_for_test

from assets.workspace import Workspace

PROJECT = Path(__file__).resolve().parent.parent / "dbt_project"
WAREHOUSE_VARIABLE = "STOCKTURN_WAREHOUSE"


class DbtError(RuntimeError):
    """dbt could not build; the message names the model and dbt's own words."""


@dataclass(frozen=True)
class NodeResult:
    """What dbt did with one node: a model, a seed or a data test."""

    unique_id: str
    name: str
    kind: str
    status: str
    seconds: float
    failures: int
    message: str
    severity: str

    @property
    def is_good(self) -> bool:
        return self.status in {"success", "pass", "warn", "no-op"}


def project_fingerprint() -> str:
    """SHA-256 over the project's own files; a manifest is good for exactly one of them."""
    digest = hashlib.sha256()
    folders = ("models", "macros", "seeds", "tests")
    files = [path for folder in folders for path in (PROJECT / folder).rglob("*") if path.is_file()]
    for path in sorted([*files, PROJECT / "dbt_project.yml", PROJECT / "profiles.yml"]):
        digest.update(str(path.relative_to(PROJECT)).encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()


def manifest_path() -> Path:
    """The parsed manifest, parsed anew only where a file of the project has changed."""
    target = PROJECT / "target"
    manifest, stamp = target / "manifest.json", target / "manifest.sha256"
    wanted = project_fingerprint()
    if not manifest.is_file() or not stamp.is_file() or stamp.read_text() != wanted:
        _invoke(["parse", "--no-partial-parse"], Path(os.environ.get(WAREHOUSE_VARIABLE, "var/warehouse.duckdb")), None)
        stamp.write_text(wanted)
    return manifest


@lru_cache(maxsize=1)
def _parsed(fingerprint: str) -> Any:
    """The project as dbt's own object, read once a process: without it every invocation parses again."""
    from dbt.contracts.graph.manifest import Manifest  # dbt imports slowly

    return Manifest.from_msgpack((manifest_path().parent / "partial_parse.msgpack").read_bytes())


def build(warehouse: Path, select: list[str], *, exclude_tests: bool = False) -> list[NodeResult]:
    """`dbt build` of the named models (and their tests) on a warehouse file.

    Raises:
        DbtError: dbt itself failed (not: a test failed; that is a result).
    """
    arguments = ["run" if exclude_tests else "build", "--select", *select]
    if not exclude_tests:
        arguments += ["--exclude-resource-type", "unit_test", "--indirect-selection", "buildable"]
    outcome = _invoke(arguments, warehouse, _parsed(project_fingerprint()))
    return [_node_result(item) for item in outcome.results]


def compile_project(warehouse: Path) -> list[Any]:
    """Every node with its compiled SQL (`compiled_code`), as dbt's own objects."""
    return [item.node for item in _invoke(["compile"], warehouse, _parsed(project_fingerprint())).results]


def _invoke(arguments: list[str], warehouse: Path, manifest: Any) -> Any:
    from dbt.adapters.duckdb.connections import DuckDBConnectionManager
    from dbt.cli.main import dbtRunner

    os.environ[WAREHOUSE_VARIABLE] = str(warehouse)
    os.environ.setdefault("DBT_SEND_ANONYMOUS_USAGE_STATS", "false")
    common = [
        "--project-dir",
        str(PROJECT),
        "--profiles-dir",
        str(PROJECT),
        "--quiet",
        "--no-version-check",
        "--log-level-file",
        "none",
    ]
    try:
        outcome = dbtRunner(manifest=manifest).invoke([*arguments, *common])
    finally:
        # dbt-duckdb keeps the file open for the process; the Python stages write to it next
        DuckDBConnectionManager.close_all_connections()
    if outcome.exception is not None:
        raise DbtError(f"dbt {arguments[0]}: {outcome.exception}") from outcome.exception
    return outcome.result


def _node_result(item: Any) -> NodeResult:
    return NodeResult(
        unique_id=item.node.unique_id,
        name=item.node.name,
        kind=str(item.node.resource_type),
        status=str(item.status),
        seconds=float(item.execution_time or 0.0),
        failures=int(item.failures or 0),
        message=str(item.message or ""),
        severity=str(getattr(item.node.config, "severity", "") or "").lower(),
    )


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
        results = build(workspace.warehouse, [wanted[key] for key in sorted(context.selected_asset_keys)])
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
        severity=dg.AssetCheckSeverity.WARN if result.severity == "warn" else dg.AssetCheckSeverity.ERROR,
        metadata={"failing_rows": result.failures, "message": result.message},
    )
