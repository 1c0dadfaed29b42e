"""The models of the dbt project as bare SQL, run straight in DuckDB: what the transformation itself costs."""

from __future__ import annotations

import shutil
import time
from pathlib import Path

import duckdb

from orchestration.dbt_runner import current_plan
from orchestration.sql_plan import PlanNode


def planned_models() -> list[PlanNode]:
    """All models as dbt compiled them, in an order in which each comes after what it reads."""
    return [node for node in current_plan() if node.kind == "model" and node.fqn[1] != "semantic"]


def run_raw(warehouse: Path, folder: Path, models: list[PlanNode]) -> float:
    """Build every model in a copy of the warehouse (same file name: the compiled SQL names it); returns seconds."""
    folder.mkdir(parents=True)
    copy = folder / warehouse.name
    shutil.copyfile(warehouse, copy)
    with duckdb.connect(str(copy), config={"threads": 2}) as connection:
        for model in reversed(models):
            connection.execute(f"drop {model.materialized} if exists {model.relation} cascade")
            connection.execute(f"create schema if not exists {model.relation.rpartition('.')[0]}")
        started = time.perf_counter()
        for model in models:
            connection.execute(f"create {model.materialized} {model.relation} as {model.sql}")
        return time.perf_counter() - started
