"""The models of the dbt project as bare SQL, run straight in DuckDB: what the transformation itself costs."""

from __future__ import annotations

import json
import shutil
import tempfile
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from graphlib import TopologicalSorter
from pathlib import Path
from typing import Any

import duckdb

from orchestration.dbt_runner import SHIPPED, Warehouse


@dataclass(frozen=True)
class CompiledNode:
    """One model or seed as dbt compiles it; `layer` is its folder, `parents` all that it reads, ephemeral ones too."""

    unique_id: str
    name: str
    kind: str
    layer: str
    relation: str
    materialized: str
    query: str
    parents: tuple[str, ...]
    language: str = "sql"

    @property
    def is_built(self) -> bool:
        return self.materialized != "ephemeral"


@lru_cache(maxsize=1)
def compiled_nodes() -> tuple[CompiledNode, ...]:
    """All models and seeds in an order in which each comes after what it reads; compiled once a process."""
    manifest = json.loads(SHIPPED.prepared().read_text(encoding="utf-8"))
    # dbt compiles Python models with a warehouse only; they need no compilation
    python = [node for node in manifest["nodes"].values() if node.get("language") == "python"]
    with tempfile.TemporaryDirectory() as folder:
        arguments = ["compile", "--no-introspect", "--no-populate-cache", "--no-write-json"]
        arguments += ["--select", "resource_type:model", "resource_type:seed"]
        arguments += ["--exclude", *(node["name"] for node in python)] if python else []
        outcome = SHIPPED.invoke(arguments, Warehouse(Path(folder) / "warehouse.duckdb"), Path(folder) / "target")
    # with an exclusion, dbt also compiles the tests of what is selected
    results = [item.node for item in outcome.result.results if item.node.resource_type in ("model", "seed")]
    nodes = {node.unique_id: _compiled(node) for node in results}
    nodes |= {node["unique_id"]: _python(node) for node in python}
    order = TopologicalSorter(
        {name: [one for one in node.parents if one in nodes] for name, node in sorted(nodes.items())}
    )
    return tuple(nodes[name] for name in order.static_order())


def planned_models() -> list[CompiledNode]:
    """All models that are built."""
    return [node for node in compiled_nodes() if node.kind == "model" and node.is_built and node.layer != "semantic"]


def with_ancestors(names: Iterable[str]) -> list[CompiledNode]:
    """The models of these names and everything that they read, in order."""
    wanted = set(names)
    for node in reversed(compiled_nodes()):
        if node.name in wanted or node.unique_id in wanted:
            wanted |= {node.unique_id, *node.parents}
    return [node for node in compiled_nodes() if node.unique_id in wanted]


def build_nodes(connection: duckdb.DuckDBPyConnection, nodes: Sequence[CompiledNode]) -> None:
    """Build the nodes in an open warehouse, each from nothing."""
    for node in nodes:
        if node.is_built:
            kind = "view" if node.materialized == "view" else "table"
            connection.execute(f"create schema if not exists {node.relation.rpartition('.')[0]}")
            if node.language == "python":
                _build_python(connection, node)
            else:
                connection.execute(f"create or replace {kind} {node.relation} as {node.query}")


class _Refs:
    """What a Python model asks dbt for: other tables, by name."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, node: CompiledNode) -> None:
        self._connection = connection
        built = {one.unique_id: one for one in compiled_nodes()}
        self._relations = {built[parent].name: built[parent].relation for parent in node.parents if parent in built}

    def ref(self, name: str) -> duckdb.DuckDBPyRelation:
        return self._connection.sql(f"select * from {self._relations[name]}")

    def config(self, **settings: Any) -> None:
        """The settings of a model are dbt's affair; here every model is a table."""


def _build_python(connection: duckdb.DuckDBPyConnection, node: CompiledNode) -> None:
    namespace: dict[str, Any] = {}
    exec(node.query, namespace)  # a file of this repository
    namespace["model"](_Refs(connection, node), connection).create_view("python_model")
    connection.execute(f"create or replace table {node.relation} as select * from python_model")
    connection.execute("drop view python_model")


def run_raw(warehouse: Path, folder: Path, models: list[CompiledNode]) -> tuple[float, float]:
    """Build every model in a copy of the warehouse (same file name: the compiled SQL names it); seconds of clock and CPU."""
    folder.mkdir(parents=True)
    copy = folder / warehouse.name
    shutil.copyfile(warehouse, copy)
    with duckdb.connect(str(copy), config={"threads": 2}) as connection:
        for model in reversed(models):
            connection.execute(f"drop {model.materialized} if exists {model.relation} cascade")
        started, cpu = time.perf_counter(), time.process_time()
        build_nodes(connection, models)
        return time.perf_counter() - started, time.process_time() - cpu


def _compiled(node: Any) -> CompiledNode:
    kind = str(node.resource_type)
    return CompiledNode(
        unique_id=node.unique_id,
        name=node.name,
        kind=kind,
        layer=node.fqn[1],
        relation=node.relation_name or "",
        materialized=node.config.materialized,
        query=_seed_query(node) if kind == "seed" else node.compiled_code.strip(),
        parents=() if kind == "seed" else tuple(sorted(node.depends_on.nodes)),
    )


def _python(node: dict[str, Any]) -> CompiledNode:
    return CompiledNode(
        unique_id=node["unique_id"],
        name=node["name"],
        kind="model",
        layer=node["fqn"][1],
        relation=node["relation_name"],
        materialized="table",
        query=node["raw_code"],
        parents=tuple(sorted(node["depends_on"]["nodes"])),
        language="python",
    )


def _seed_query(node: Any) -> str:
    kinds = ", ".join(f"'{name}': '{kind}'" for name, kind in node.config.column_types.items())
    path = SHIPPED.folder / node.original_file_path
    return f"select * from read_csv('{path}', header = true, columns = {{{kinds}}}, nullstr = '')"
