"""The models of the dbt project as bare SQL, run straight in DuckDB: what the transformation itself costs."""

from __future__ import annotations

import shutil
import time
from dataclasses import dataclass
from pathlib import Path

import duckdb


@dataclass(frozen=True)
class CompiledModel:
    """One model: where it goes, how it is kept, and its SQL."""

    relation: str
    kind: str
    sql: str


def compiled_models(warehouse: Path) -> list[CompiledModel]:
    """All models, compiled by dbt, in an order in which each comes after what it reads."""
    from orchestration.dbt_runner import compile_project

    nodes = {node.unique_id: node for node in compile_project(warehouse) if str(node.resource_type) == "model"}
    done: list[str] = []
    while len(done) < len(nodes):
        ready = [
            name
            for name, node in nodes.items()
            if name not in done and all(parent in done for parent in node.depends_on.nodes if parent in nodes)
        ]
        done += sorted(ready)
    return [
        CompiledModel(
            f'"{nodes[name].schema}"."{nodes[name].name}"',
            "view" if nodes[name].config.materialized == "view" else "table",
            nodes[name].compiled_code,
        )
        for name in done
    ]


def run_raw(warehouse: Path, folder: Path, models: list[CompiledModel]) -> float:
    """Build every model in a copy of the warehouse (same file name: the compiled SQL names it); returns seconds."""
    folder.mkdir(parents=True)
    copy = folder / warehouse.name
    shutil.copyfile(warehouse, copy)
    with duckdb.connect(str(copy), config={"threads": 2}) as connection:
        for model in reversed(models):
            connection.execute(f"drop {model.kind} if exists {model.relation} cascade")
            connection.execute(f"create schema if not exists {model.relation.split('.')[0]}")
        started = time.perf_counter()
        for model in models:
            connection.execute(f"create {model.kind} {model.relation} as {model.sql}")
        return time.perf_counter() - started
