"""The dbt project made ready: parsed and compiled by dbt once for each state of its files, then executed without it.

No Dagster here. What is executed: `sql_plan.py`, `sql_run.py`; why not by dbt itself: docs/adr/0009-dbt-compiles.md.
"""

from __future__ import annotations

import hashlib
import os
from functools import lru_cache
from pathlib import Path
from typing import Any

import duckdb

from orchestration.sql_plan import PlanNode, choose, in_order, plan_text, read_plan, waits_for
from orchestration.sql_run import NodeResult, run_nodes

PROJECT = Path(__file__).resolve().parent.parent / "dbt_project"
MANIFEST = PROJECT / "target" / "manifest.json"
PLAN = PROJECT / "target" / "plan.json"
WAREHOUSE_VARIABLE = "STOCKTURN_WAREHOUSE"
WAREHOUSE_NAME = "warehouse"  # compiled SQL names the database, which is called like its file


class DbtError(RuntimeError):
    """dbt could not parse or compile, or the project asks for what a run cannot do; the message says which."""


def project_fingerprint() -> str:
    """SHA-256 over the project's own files; a manifest and a plan are good for exactly one of them."""
    digest = hashlib.sha256()
    folders = ("models", "macros", "seeds", "tests")
    files = [path for folder in folders for path in (PROJECT / folder).rglob("*") if path.is_file()]
    for path in sorted([*files, PROJECT / "dbt_project.yml", PROJECT / "profiles.yml"]):
        digest.update(str(path.relative_to(PROJECT)).encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()


def manifest_path() -> Path:
    """The parsed manifest, parsed anew only where a file of the project has changed."""
    wanted = project_fingerprint()
    if not _is_made_of(MANIFEST, wanted):
        _invoke(["parse", "--no-partial-parse"])
        _stamp(MANIFEST, wanted)
    return MANIFEST


def plan_path() -> Path:
    """Everything that a run executes as compiled SQL, compiled anew only where a file of the project has changed.

    Raises:
        DbtError: dbt cannot compile, or the project asks for what a run cannot do.
    """
    wanted = project_fingerprint()
    if not _is_made_of(PLAN, wanted):
        partial = PLAN.with_name(f".{PLAN.name}.{os.getpid()}")
        partial.write_text(plan_text(in_order(_compiled())), encoding="utf-8")
        partial.replace(PLAN)  # two processes at once write the same
        _stamp(PLAN, wanted)
    return PLAN


def build(
    warehouse: Path,
    select: list[str],
    *,
    exclude_tests: bool = False,
    threads: int = 2,
    memory_limit: str = "4GB",
) -> list[NodeResult]:
    """Build the selected models and seeds with their tests on a warehouse file, as `dbt build` would.

    Raises:
        DbtError: the project cannot be compiled (not: a model or test failed; that is a result).
        ValueError: a selector finds nothing, or the file is not called `warehouse.duckdb`.
    """
    if warehouse.stem != WAREHOUSE_NAME:
        raise ValueError(f"{warehouse}: the compiled SQL is for a file called {WAREHOUSE_NAME}.duckdb")
    everything = current_plan()
    nodes = [node for node in choose(everything, select) if not (exclude_tests and node.kind == "test")]
    with duckdb.connect(str(warehouse), config={"threads": threads, "memory_limit": memory_limit}) as connection:
        connection.execute("set TimeZone = 'UTC'")
        return run_nodes(connection, nodes, waits_for(nodes, everything), PROJECT)


def current_plan() -> tuple[PlanNode, ...]:
    """The whole plan in its order, compiled first where that is needed."""
    return _plan(project_fingerprint())


@lru_cache(maxsize=1)
def _plan(fingerprint: str) -> tuple[PlanNode, ...]:
    """The plan, read once a process."""
    return tuple(read_plan(plan_path().read_text(encoding="utf-8")))


def _is_made_of(made: Path, fingerprint: str) -> bool:
    stamp = made.with_suffix(".sha256")
    return made.is_file() and stamp.is_file() and stamp.read_text() == fingerprint


def _stamp(made: Path, fingerprint: str) -> None:
    made.with_suffix(".sha256").write_text(fingerprint)


def _compiled() -> list[PlanNode]:
    """Models, seeds and data tests as dbt compiles them; no database is opened."""
    from dbt.contracts.graph.manifest import Manifest  # dbt imports slowly

    manifest = Manifest.from_msgpack((manifest_path().parent / "partial_parse.msgpack").read_bytes())
    kinds = ("model", "seed", "test")
    arguments = ["compile", "--no-introspect", "--no-populate-cache", "--no-write-json"]
    outcome = _invoke([*arguments, "--select", *(f"resource_type:{kind}" for kind in kinds)], manifest)
    return [_plan_node(item.node) for item in outcome.results]


def _plan_node(node: Any) -> PlanNode:
    config, kind = node.config, str(node.resource_type)
    columns: dict[str, str] = {}
    if kind == "test":
        asked = (config.severity.lower(), config.fail_calc, config.warn_if, config.error_if, config.limit, config.where)
        is_known = asked == ("error", "count(*)", "!= 0", "!= 0", None, None)
    else:
        is_known = config.materialized in {"table", "view", "seed"} and not (config.pre_hook or config.post_hook)
    if kind == "seed":
        columns = dict(config.column_types)
        is_known = is_known and set(columns) == set(node.columns)
    elif kind == "model" and node.contract.enforced:
        columns = {column.name: column.data_type for column in node.columns.values()}
        is_known = is_known and not (node.constraints or any(column.constraints for column in node.columns.values()))
    if not is_known:
        raise DbtError(f"{node.original_file_path}: {node.name} has a setting that a run does not carry out")
    return PlanNode(
        unique_id=node.unique_id,
        name=node.name,
        kind=kind,
        fqn=tuple(node.fqn),
        relation="" if kind == "test" else node.relation_name,
        materialized="" if kind == "test" else config.materialized,
        sql=node.original_file_path if kind == "seed" else node.compiled_code.strip(),
        columns=_as_duckdb_names(columns),
        parents=() if kind == "seed" else tuple(sorted(name for name in node.depends_on.nodes if _is_built(name))),
    )


def _is_built(unique_id: str) -> bool:
    return unique_id.startswith(("model.", "seed."))


def _as_duckdb_names(columns: dict[str, str]) -> tuple[tuple[str, str], ...]:
    """Types as DuckDB writes them: `DECIMAL(28,6)` for `decimal(28, 6)`."""
    if not columns:
        return ()
    declared = ", ".join(f'"{name}" {kind}' for name, kind in columns.items())
    with duckdb.connect() as connection:
        connection.execute(f"create table declared ({declared})")
        return tuple((str(row[0]), str(row[1])) for row in connection.execute("describe declared").fetchall())


def _invoke(arguments: list[str], manifest: Any = None) -> Any:
    from dbt.cli.main import dbtRunner

    os.environ[WAREHOUSE_VARIABLE] = f"{WAREHOUSE_NAME}.duckdb"
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
    outcome = dbtRunner(manifest=manifest).invoke([*arguments, *common])
    if outcome.exception is not None:
        raise DbtError(f"dbt {arguments[0]}: {outcome.exception}") from outcome.exception
    if not outcome.success:
        failed = [f"{item.node.name}: {item.message}" for item in getattr(outcome.result, "results", ())]
        raise DbtError(f"dbt {arguments[0]} failed: {'; '.join(failed)}")
    return outcome.result
