"""A run cut to what finds faults: landing, foundation, ledger, reconciliation, findings. No forecasts, policies or publication.

The stages are the product's own; the models are built as bare SQL (`raw_sql.py`), without dbt's runner and its data tests.
Tables of the stages that are left out are there, empty, as the project declares them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields
from datetime import date
from typing import Any

import duckdb

from assets.documents import shipped_document
from assets.ingest.batches.master_changes import register_master_changes
from assets.ingest.batches.register import register_landing
from assets.ingest.stage import capabilities, ingest_all
from assets.ledger.stage import compute
from assets.workspace import write_table
from benchmarks.raw_sql import build_nodes, compiled_nodes, with_ancestors
from orchestration.control import control_tables
from orchestration.dbt_runner import SHIPPED
from orchestration.settings import Settings

FINDINGS = "fct_findings"
FOUNDATION = ("staging", "intermediate")


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
    with workspace.connect() as connection:
        build_nodes(connection, [node for node in compiled_nodes() if node.layer in FOUNDATION])
        movements = connection.execute(
            "select * from intermediate.int_ledger_movements order by movement_sequence"
        ).to_arrow_table()
        tables = compute(movements, as_of=as_of, settings=settings.ledger)
        for part in fields(tables):
            write_table(connection, f"ledger.{part.name}", getattr(tables, part.name))
        build_nodes(connection, [node for node in with_ancestors(models) if node.layer not in FOUNDATION])


def examine_without(settings: Settings, emptied: Sequence[str], models: Sequence[str] = (FINDINGS,)) -> None:
    """Build `models` once more in an examined workspace, with the tables `emptied` holding no row."""
    with settings.workspace().connect() as connection:
        changed = set()
        for node in with_ancestors(models):
            if node.name in emptied:
                connection.execute(f"delete from {node.relation}")
                changed.add(node.unique_id)
            elif changed.intersection(node.parents):
                build_nodes(connection, [node])
                changed.add(node.unique_id)


def rows(settings: Settings, sql: str) -> list[dict[str, Any]]:
    """The rows of a query on the warehouse."""
    with settings.workspace().connect() as connection:
        return list(connection.execute(sql).to_arrow_table().to_pylist())


def declared_tables() -> dict[tuple[str, str], dict[str, str]]:
    """(schema, table) -> column -> DuckDB type of every source of the dbt project that is not landing."""
    found = {}
    for path in sorted((SHIPPED.folder / "models").rglob("_sources.yml")):
        for source in shipped_document(path)["sources"]:
            if source["name"] != "landing":
                for table in source["tables"]:
                    columns = {column["name"]: column["data_type"] for column in table["columns"]}
                    found[(source["name"], table["name"])] = columns
    return found


def _empty_sources(connection: duckdb.DuckDBPyConnection) -> None:
    known = set(connection.execute("select table_schema, table_name from information_schema.tables").fetchall())
    for (schema, table), columns in declared_tables().items():
        connection.execute(f"create schema if not exists {schema}")
        if (schema, table) not in known:
            declared = ", ".join(f"{name} {kind}" for name, kind in columns.items())
            connection.execute(f"create table {schema}.{table} ({declared})")
    connection.execute("create schema if not exists reconciliation")
    for seed in sorted((SHIPPED.folder / "seeds").glob("*.csv")):
        if ("reconciliation", seed.stem) not in known:
            read = f"from read_csv('{seed}', all_varchar = true)"
            connection.execute(f"create table reconciliation.{seed.stem} as {read}")
