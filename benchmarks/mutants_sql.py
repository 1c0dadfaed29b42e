"""Faults in the SQL of models: each is built into small worlds with all that depends on it, and the kept tests must fail.

The worlds are built once, by the product: the scene of the dbt tests, written out by hand; the hard world of two companies, one whole
run; the worlds of the fault catalogue, cut to landing, ledger and findings. A fault is judged first by dbt's unit tests of its model,
then by dbt's data tests and by the tests of each world. Before a failure counts, the same must pass without the fault.
A fault that no data of any world reaches is a survivor like any other; `unreached` says so.
"""

from __future__ import annotations

import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Callable, Collection, Iterator
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass, replace
from functools import cached_property, partial
from importlib import import_module
from pathlib import Path
from typing import Any

import duckdb
import pytest
import sqlglot
from sqlglot import exp

from benchmarks.examination import FINDINGS
from benchmarks.raw_sql import build_nodes, compiled_nodes, with_ancestors
from benchmarks.sql_mutations import Fault, faults, with_fault
from orchestration.dbt_runner import SHIPPED, Warehouse

ROOT = Path(__file__).resolve().parents[1]
SCENE = "STOCKTURN_TEST_SCENE"
HARD = "STOCKTURN_TEST_HARD"
FAULTS = "STOCKTURN_TEST_FAULTS"
TESTS = {
    SCENE: "tests/dbt/test_dbt_marts.py",
    HARD: "tests/integration/test_hard_release.py",
    FAULTS: "tests/faults/test_fault_catalogue.py",
}
BUILT = "warehouse.duckdb"
_BROKEN, _SURVIVED, _UNREACHED, _KILLED = 3, 4, 5, 6
_SAID = {
    _BROKEN: "broken",
    _SURVIVED: "survived",
    _UNREACHED: "unreached",
    _KILLED: "killed",
}


@dataclass(frozen=True)
class Mutant:
    """One fault of one model."""

    model: str
    fault: Fault

    @property
    def name(self) -> str:
        return f"{self.model}:{self.fault.place}:{self.fault.name}"


class Project:
    """The parsed dbt project: queries, what depends on what, tests."""

    def __init__(self) -> None:
        from dbt.contracts.graph.manifest import Manifest  # dbt imports slowly

        SHIPPED.prepared()
        self.manifest = Manifest.from_msgpack((SHIPPED.target / "partial_parse.msgpack").read_bytes())
        self.manifest.build_flat_graph()
        self.manifest.build_parent_and_child_maps()
        self.nodes: dict[str, Any] = dict(self.manifest.nodes)
        compiled = json.loads(SHIPPED.manifest.read_text(encoding="utf-8"))["nodes"]
        self.compiled = {name: node["compiled_code"] for name, node in compiled.items() if node.get("compiled_code")}
        self.models = {node.name: node for node in self.nodes.values() if node.resource_type == "model"}

    @cached_property
    def relations(self) -> dict[str, str]:
        """What a relation of a query is called in the project, by its name in the warehouse."""
        named = {
            node.relation_name: f"ref('{node.name}')"
            for node in self.nodes.values()
            if getattr(node, "relation_name", None)
        }
        for source in self.manifest.sources.values():
            named[source.relation_name] = f"source('{source.source_name}', '{source.name}')"
        return {name.replace('"', "").lower(): call for name, call in named.items()}

    def query(self, model: str) -> exp.Expr:
        """The compiled query of a model."""
        return sqlglot.parse_one(self.compiled[self.models[model].unique_id], read="duckdb")

    def built_after(self, model: str) -> list[Any]:
        """The model and all SQL models that depend on it, each after what it reads."""
        wanted, todo = set(), [self.models[model].unique_id]
        while todo:
            if (one := todo.pop()) not in wanted:
                wanted.add(one)
                todo += [child for child in self.manifest.child_map[one] if child.startswith("model.")]
        ordered: list[Any] = []
        while wanted:
            ready = sorted(one for one in wanted if not wanted & set(self.nodes[one].depends_on.nodes))
            ordered += [self.nodes[one] for one in ready]
            wanted -= set(ready)
        return [node for node in ordered if node.language == "sql"]

    def data_tests(self, built: list[Any]) -> list[Any]:
        """dbt's data tests of these models."""
        names = {node.unique_id for node in built}
        tests = [
            node for node in self.nodes.values() if node.resource_type == "test" and node.unique_id in self.compiled
        ]
        return [node for node in tests if names & set(node.depends_on.nodes)]

    def unit_tests(self, model: str) -> list[str]:
        """Names of dbt's unit tests of a model."""
        return [test.name for test in self.manifest.unit_tests.values() if test.model == model]

    def in_dbt(self, query: exp.Expr) -> str:
        """A compiled query as the text of a model again: relations by `ref` and `source`."""
        asked = query.copy()
        calls = {}
        for number, table in enumerate(list(asked.find_all(exp.Table))):
            name = ".".join(part.name for part in table.parts).lower()
            if call := self.relations.get(name):
                calls[f"relation_{number}_"] = call
                for key in ("catalog", "db"):
                    table.set(key, None)
                table.set("this", exp.to_identifier(f"relation_{number}_"))
        text = asked.sql("duckdb")
        for mark, call in calls.items():
            text = text.replace(mark, "{{ " + call + " }}")
        return text


def apply(connection: duckdb.DuckDBPyConnection, project: Project, model: str, changed: exp.Expr) -> bool:
    """Build a model by another query and what depends on it; whether any row of any of them differs from before."""
    reached = False
    for node in project.built_after(model):
        query = changed.sql("duckdb") if node.name == model else project.compiled[node.unique_id]
        kind = "view" if node.config.materialized == "view" else "table"
        relation = f"{node.schema}.{node.name}"
        if kind == "view":
            connection.execute(f"create or replace view {relation} as {query}")
            reached = True
            continue
        connection.execute(f"create table {node.schema}.mutated as {query}")
        differ = connection.execute(
            f"select count(*) from ((from {relation} except all from {node.schema}.mutated) union all"
            f" (from {node.schema}.mutated except all from {relation}))"
        ).fetchone()
        assert differ is not None
        reached = reached or differ[0] > 0
        connection.execute(f"drop table {relation}; alter table {node.schema}.mutated rename to {node.name}")
    return reached


def apply_bare(connection: duckdb.DuckDBPyConnection, model: str, changed: exp.Expr) -> bool:
    """The same in a world of bare SQL (`benchmarks.examination`), which holds findings and what they are made of; Python models too."""
    touched: set[str] = set()
    reached = False
    for node in with_ancestors([FINDINGS]):
        if node.name != model and not touched.intersection(node.parents):
            continue
        touched.add(node.unique_id)
        if node.name == model:
            node = replace(node, query=changed.sql("duckdb"))
        if not node.is_built or node.materialized == "view":
            build_nodes(connection, [node])
            continue
        connection.execute(f"create or replace temp table before as from {node.relation}")
        build_nodes(connection, [node])
        differ = connection.execute(
            f"select count(*) from ((from {node.relation} except all from before)"
            f" union all (from before except all from {node.relation}))"
        ).fetchone()
        reached = reached or bool(differ and differ[0])
    return reached


def unit_tests_pass(project: Project, model: str, query: exp.Expr, worlds: dict[str, Path], folder: Path) -> bool:
    """Whether dbt's unit tests of a model pass with this query in its place."""
    project.models[model].raw_code = project.in_dbt(query)
    tests = ["test", "--select", f"{model},test_type:unit"]
    outcome = SHIPPED._invoke(tests, project.manifest, Warehouse(worlds[SCENE] / BUILT), folder / "target")
    return bool(outcome.success)


def judge(project: Project, model: str, changed: exp.Expr, worlds: dict[str, Path], folder: Path) -> int:
    """What becomes of a model with another query; in a process of its own, because dbt and pytest keep what they have read."""
    if project.unit_tests(model) and not unit_tests_pass(project, model, changed, worlds, folder):
        return _KILLED
    reached = False
    for variable, world in worlds.items():
        own = folder / variable.lower()
        shutil.copytree(world, own)
        try:
            is_here, is_failed = _built(project, model, changed, variable, own)
        except (duckdb.BinderException, duckdb.ParserException, duckdb.CatalogException):
            return _BROKEN
        except (duckdb.DataError, duckdb.InvalidInputException):
            return _KILLED  # a cast or a division that fails on data is a fault that a run meets
        if is_failed:
            return _KILLED
        if not is_here:
            continue
        reached = True
        os.environ[variable] = str(own)
        chosen = ["-m", "slow or not slow", "-k", "not every_mart and not empty_warehouse", TESTS[variable]]
        if pytest.main(["-x", f"--basetemp={folder / 'pytest'}", *chosen]):
            return _KILLED
        del os.environ[variable]
    return _SURVIVED if reached else _UNREACHED


def _built(project: Project, model: str, changed: exp.Expr, variable: str, world: Path) -> tuple[bool, bool]:
    """Build the changed model in a world: whether any row differs, and whether a data test of dbt fails."""
    if variable == FAULTS:  # its data break rules on purpose: data tests say nothing
        reached = False
        for file in sorted(world.glob(f"*/data/{BUILT}")):
            with duckdb.connect(str(file)) as connection:
                reached = apply_bare(connection, model, changed) or reached
        return reached, False
    with duckdb.connect(str(world / BUILT if variable == SCENE else world / "data" / BUILT)) as connection:
        if not apply(connection, project, model, changed):
            return False, False
        for test in project.data_tests(project.built_after(model)):
            failing = connection.execute(f"select count(*) from ({project.compiled[test.unique_id]})").fetchone()
            if failing and failing[0] and test.config.severity.lower() == "error":
                return True, True
    return True, False


def _in_child(act: Callable[[Path], int]) -> int:
    """The exit status of `act` in a forked process."""
    with tempfile.TemporaryDirectory(prefix="mutant-") as folder:
        child = os.fork()
        if child == 0:
            try:
                with (Path(folder) / "log").open("w") as log, redirect_stdout(log), redirect_stderr(log):
                    code = act(Path(folder))
            except BaseException:
                traceback.print_exc()
                code = 1
            os._exit(code)
        _, status = os.waitpid(child, 0)
    return os.waitstatus_to_exitcode(status)


def worlds_in(folder: Path) -> dict[str, Path]:
    """The worlds, built by the tests' own fixtures where they are not in `folder` yet."""
    found = {variable: folder / variable.lower() for variable in TESTS}
    for variable, world in found.items():
        if world.exists():
            continue
        built = folder / f"{world.name}_built"  # stays: the landing of a run is views of its files
        command = [
            sys.executable,
            "-m",
            "pytest",
            "-x",
            "-m",
            "slow or not slow",
            f"--basetemp={built}",
            TESTS[variable],
        ]
        subprocess.run(command, cwd=ROOT, check=True, stdout=sys.stderr)
        kept = {
            SCENE: (built / "dbt_built", (BUILT,)),
            HARD: (built / "hard_release0", (f"data/{BUILT}", "inbox")),
            FAULTS: (built / "faults0", (f"*/data/{BUILT}", "injected.pickle")),
        }
        start, patterns = kept[variable]
        for path in [path for pattern in patterns for path in start.glob(pattern)]:
            target = world / path.relative_to(start)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.move(path, target)
    return found


def run_sql(
    models: str, *, sample: int, seed: int, folder: Path, only: str = "", again: Collection[str] = ()
) -> tuple[Counter[str], int, dict[str, list[str]], float]:
    """Run faults of the SQL models of one folder of the dbt project.

    Args:
        models: the folder below `dbt_project/models`.
        sample: mutants that are drawn; all where there are fewer.
        seed: of the draw.
        folder: where the worlds are built, or have been.
        only: a part of the names of the models to which the draw is limited.
        again: run these instead of a draw.

    Returns:
        How many were killed, survived, are broken; how many there are; the survivors with their change; `time.monotonic()` at the start.
    """
    started = time.monotonic()
    folder.mkdir(parents=True, exist_ok=True)
    worlds = worlds_in(folder)
    project = Project()
    compiled_nodes()  # once for all children
    import_module("orchestration.run")  # slow; once for all children
    mutants = sorted(_mutants(project, models, only), key=lambda one: (one.model, one.fault.place, one.fault.name))
    drawn = random.Random(seed).sample(mutants, min(sample, len(mutants)))
    if again:
        drawn = [one for one in mutants if one.name in again]
    counted: Counter[str] = Counter()
    survivors = {}
    sound: set[str] = set()
    for mutant in sorted(drawn, key=lambda one: one.name):
        query = project.query(mutant.model)
        code = _in_child(partial(judge, project, mutant.model, with_fault(query, mutant.fault), worlds))
        if code == _KILLED and mutant.model not in sound:
            _prove_sound(project, mutant.model, worlds)
            sound.add(mutant.model)
        said = _SAID.get(code, "crashed")
        counted[said] += 1
        print(f"{said:10} {mutant.name:60} {mutant.fault.shown}", file=sys.stderr, flush=True)
        if said in ("survived", "unreached", "crashed"):
            survivors[mutant.name] = [said, mutant.fault.shown]
    return counted, len(mutants), survivors, started


def _prove_sound(project: Project, model: str, worlds: dict[str, Path]) -> None:
    """The tests that killed a fault of a model pass without one.

    Raises:
        RuntimeError: they do not, so that they say nothing.
    """
    if _in_child(partial(judge, project, model, project.query(model), worlds)) not in (_SURVIVED, _UNREACHED):
        raise RuntimeError(f"{model}: its tests fail without a fault")


def _mutants(project: Project, models: str, only: str) -> Iterator[Mutant]:
    for name, node in project.models.items():
        if node.fqn[1] == models and node.language == "sql" and only in name:
            yield from (Mutant(name, fault) for fault in faults(project.query(name)))
