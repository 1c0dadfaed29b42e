"""A run cut to what finds faults: landing, foundation, ledger, reconciliation, findings. No forecasts, policies or publication.

The stages are the product's own. The dbt models run as the SQL that dbt compiled (once a process), since a day of a small
company costs less than dbt's own start. Tables of the stages that are left out are there, empty, as the project declares them.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, fields
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Any

import duckdb
import yaml

from assets.ingest.master_changes import register_master_changes
from assets.ingest.register import register_landing
from assets.ingest.stage import capabilities, ingest_all
from assets.ledger.stage import compute
from assets.workspace import write_table
from orchestration.control import control_tables
from orchestration.dbt_runner import PROJECT, compile_project
from orchestration.settings import Settings

FINDINGS = "fct_findings"
FOUNDATION = ("staging", "intermediate")


@dataclass(frozen=True)
class Step:
    """One model: where it goes, how it is kept, its SQL, and whether it stands before the ledger."""

    name: str
    relation: str
    kind: str
    sql: str
    is_foundation: bool


def examine(settings: Settings, as_of: date, models: Sequence[str] = (FINDINGS,)) -> None:
    """Bring the workspace of `settings` to `as_of`: everything in its sources landed, `models` built in the warehouse."""
    workspace = settings.workspace()
    ingest_all(workspace.root, settings.sources, as_of)
    with workspace.connect() as connection:
        register_landing(connection, workspace.root, as_of)
        register_master_changes(connection, workspace.root, as_of)
        for name, table in control_tables(settings, as_of, capabilities(settings.sources)).items():
            write_table(connection, f"control.{name}", table)
        _empty_sources(connection)
    steps = _steps(workspace.warehouse, tuple(models))
    with workspace.connect() as connection:
        _build(connection, [step for step in steps if step.is_foundation])
        movements = connection.execute(
            "select * from intermediate.int_stock_movements order by movement_sequence"
        ).to_arrow_table()
        tables = compute(movements, as_of=as_of, settings=settings.ledger)
        for part in fields(tables):
            write_table(connection, f"ledger.{part.name}", getattr(tables, part.name))
        _build(connection, [step for step in steps if not step.is_foundation])


def rows(settings: Settings, sql: str) -> list[dict[str, Any]]:
    """The rows of a query on the warehouse."""
    with settings.workspace().connect() as connection:
        return list(connection.execute(sql).to_arrow_table().to_pylist())


def declared_tables() -> dict[tuple[str, str], dict[str, str]]:
    """(schema, table) -> column -> DuckDB type of every source of the dbt project that is not landing."""
    found = {}
    for path in sorted((PROJECT / "models").rglob("_sources.yml")):
        for source in yaml.safe_load(path.read_text(encoding="utf-8"))["sources"]:
            if source["name"] != "landing":
                for table in source["tables"]:
                    columns = {column["name"]: column["data_type"] for column in table["columns"]}
                    found[(source["name"], table["name"])] = columns
    return found


@lru_cache(maxsize=1)
def _compiled(warehouse: Path) -> dict[str, Any]:
    """Every model of the project with its SQL."""
    return {node.unique_id: node for node in compile_project(warehouse) if str(node.resource_type) == "model"}


_EXAMPLE: list[Path] = []  # the SQL names a warehouse by its file name alone, so the first one's serves all


def _steps(warehouse: Path, models: Collection[str]) -> list[Step]:
    """The models and all that they read, each after what it reads."""
    if not _EXAMPLE:
        _EXAMPLE.append(warehouse)
    nodes = _compiled(_EXAMPLE[0])
    by_name = {node.name: unique_id for unique_id, node in nodes.items()}
    ordered: dict[str, None] = {}

    def visit(unique_id: str) -> None:
        if unique_id not in ordered and unique_id in nodes:
            for parent in sorted(nodes[unique_id].depends_on.nodes):
                visit(parent)
            ordered[unique_id] = None

    # all of the foundation, as in a run: the ledger reads it too
    for unique_id in sorted(nodes):
        if nodes[unique_id].fqn[1] in FOUNDATION:
            visit(unique_id)
    for name in models:
        visit(by_name[name])
    return [_step(nodes[unique_id]) for unique_id in ordered]


def _step(node: Any) -> Step:
    kind = "view" if node.config.materialized == "view" else "table"
    return Step(node.name, f'"{node.schema}"."{node.name}"', kind, node.compiled_code, node.fqn[1] in FOUNDATION)


def _build(connection: duckdb.DuckDBPyConnection, steps: Sequence[Step]) -> None:
    for step in steps:
        connection.execute(f"create schema if not exists {step.relation.split('.')[0]}")
        connection.execute(f"create or replace {step.kind} {step.relation} as {step.sql}")


def _empty_sources(connection: duckdb.DuckDBPyConnection) -> None:
    known = set(connection.execute("select table_schema, table_name from information_schema.tables").fetchall())
    for (schema, table), columns in declared_tables().items():
        connection.execute(f"create schema if not exists {schema}")
        if (schema, table) not in known:
            declared = ", ".join(f"{name} {kind}" for name, kind in columns.items())
            connection.execute(f"create table {schema}.{table} ({declared})")
    connection.execute("create schema if not exists reconciliation")
    for seed in sorted((PROJECT / "seeds").glob("*.csv")):
        if ("reconciliation", seed.stem) not in known:
            read = f"from read_csv('{seed}', all_varchar = true)"
            connection.execute(f"create table reconciliation.{seed.stem} as {read}")
