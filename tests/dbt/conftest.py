"""Builds the dbt project once for all workers, by dbt in the process, on a scene written out by hand."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest

sys.path.insert(0, str(Path(__file__).parent))
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "fixtures"))

import dbt_scene
from once import made_once
from warehouse_builder import build_warehouse

from orchestration.dbt_runner import SHIPPED, Warehouse, build

Invoke = Callable[..., Any]
WAREHOUSE = "warehouse.duckdb"


@pytest.fixture(scope="session")
def dbt(tmp_path_factory: pytest.TempPathFactory) -> Invoke:
    """Run a dbt command on a warehouse: `dbt(path, "build", "--select", ...)` returns dbt's result."""
    folder = tmp_path_factory.mktemp("dbt")

    def invoke(warehouse: Path, *arguments: str) -> Any:
        return SHIPPED.invoke(arguments, Warehouse(warehouse), folder / "target")

    return invoke


@pytest.fixture(scope="session")
def built(dbt: Invoke, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Warehouse of the hand-written scene, everything built by dbt itself and every data test passed."""
    if given := os.environ.get("STOCKTURN_TEST_SCENE"):  # `python -m benchmarks mutants`: with a fault in a mart
        return Path(given) / WAREHOUSE

    def make(folder: Path) -> None:
        path = build_warehouse(folder / WAREHOUSE, landing=dbt_scene.LANDING, tables=dbt_scene.TABLES)
        result = dbt(path, "build", "--exclude-resource-type", "unit_test")
        failed = [f"{row.node.name}: {row.message}" for row in result.result if row.status in ("error", "fail")]
        assert result.success, failed
        # A raw copy without a checkpoint would silently miss rows.
        with duckdb.connect(str(path)) as connection:
            connection.execute("checkpoint")

    return _own(made_once(tmp_path_factory, "dbt_built", make), tmp_path_factory)


@pytest.fixture(scope="session")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Warehouse in which nothing has ever been landed, built as a run builds it."""

    def make(folder: Path) -> None:
        path = build_warehouse(folder / WAREHOUSE)
        results = build(Warehouse(path), ["fqn:*"], target=folder / "target")
        broken = [result for result in results if not result.is_good]
        assert not broken

    return _own(made_once(tmp_path_factory, "dbt_empty", make), tmp_path_factory)


def _own(made: Path, factory: pytest.TempPathFactory) -> Path:
    """A copy for this worker: DuckDB lets one process open a file to write."""
    return Path(shutil.copy(made / WAREHOUSE, factory.mktemp(made.name) / WAREHOUSE))


@pytest.fixture
def copy_of_built(built: Path, tmp_path: Path) -> Path:
    """A copy that a test may spoil."""
    return Path(shutil.copy(built, tmp_path / WAREHOUSE))


@pytest.fixture(scope="session")
def mart(built: Path) -> Iterator[Callable[[str], list[dict[str, Any]]]]:
    """Read the built scene: `mart("select ...")` gives rows as dictionaries."""
    with duckdb.connect(str(built)) as connection:

        def rows(sql: str) -> list[dict[str, Any]]:
            found = connection.execute(sql)
            names = [column[0] for column in found.description]
            return [dict(zip(names, row, strict=True)) for row in found.fetchall()]

        yield rows
