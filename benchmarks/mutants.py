"""Mutation testing: small faults are put into the code one at a time, and the tests must fail. Score = killed / (killed + survived).

Python by mutmut: its mutants, its choice of the tests that reach a function. The compiled kernels run as plain Python here
(NUMBA_DISABLE_JIT), in a copy of the repository without numba's decorators, because mutmut leaves decorated functions alone.
SQL of the marts: mutants_sql. Where all mutants take too long a sample is drawn by a fixed seed; the sample is the same until the
code changes.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import re
import shutil
import subprocess
import sys
import tempfile
import time
import tomllib
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import libcst as cst
from mutmut.stats import status_by_exit_code

from benchmarks.mutants_sql import run_sql
from benchmarks.recording import RESULTS, save_result

ROOT = Path(__file__).resolve().parents[1]
SEED = 20261201
KEPT = RESULTS / "mutants.json"
SETTINGS = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["mutmut"]
_COMPILED = re.compile(r"^(nb\.|numba\.)?njit$|^part$")


@dataclass(frozen=True)
class Target:
    """A part of the code, and the tests that are to find its faults."""

    name: str
    files: tuple[str, ...]
    tests: tuple[str, ...]
    sample: int
    options: tuple[str, ...] = ()
    """Of pytest."""
    is_compiled: bool = True
    """False: what numba compiles runs as plain Python in the tests too."""


TARGETS = {
    target.name: target
    for target in (
        Target(
            "ledger",
            ("assets/ledger/kernel*.py", "assets/ledger/emit.py", "assets/ledger/scale.py", "assets/ledger/wide.py"),
            (
                "tests/unit/ledger/test_ledger_examples.py",
                "tests/unit/ledger/test_ledger_figures.py",
                "tests/unit/ledger/test_ledger_incremental.py::test_the_smallest_layer_and_a_negative_one_are_carried_on",
                "tests/unit/ledger/test_ledger_vectors.py",
                "tests/unit/ledger/test_ledger_reference.py::test_kernel_equals_reference",
                "tests/unit/ledger/test_ledger_reference.py::test_units_and_value_are_conserved",
            ),
            80,
            ("--hypothesis-profile=first_failure",),
            is_compiled=False,
        ),
        Target(
            "lots",
            (
                "assets/planning/policy/lots.py",
                "assets/planning/policy/rounding.py",
                "assets/planning/policy/price_breaks.py",
            ),
            ("tests/unit/planning/test_lots_and_rounding.py", "tests/unit/planning/test_peer_vectors.py"),
            60,
        ),
        Target(
            "policy",
            ("assets/planning/policy/*.py", "assets/planning/orders/*.py"),
            ("tests/unit/planning", "tests/unit/core/test_extensions.py"),
            60,
            # it reads the text of the modules, which holds all mutants
            ("--deselect=tests/unit/planning/test_sentences.py::test_names_are_those_of_the_code",),
        ),
        Target("rules", ("expectations/rules/*.py",), ("tests/unit/rules",), 60),
        Target(
            "formulas",
            ("assets/publish/kpis/*.py", "assets/publish/bi/expressions.py"),
            (
                "tests/unit/publish/test_kpis.py",
                "tests/unit/publish/test_own_kpis.py",
                "tests/unit/publish/test_bi.py",
                "tests/unit/publish/test_bi_expressions.py",
            ),
            60,
        ),
    )
}

SQL_TARGETS = {"marts": 80, "reconciliation": 40}
"""Folders of dbt_project/models, and how many mutants are drawn."""


class _PlainFunctions(cst.CSTTransformer):
    """Takes the decorators of numba away."""

    def leave_FunctionDef(self, original_node: cst.FunctionDef, updated_node: cst.FunctionDef) -> cst.FunctionDef:
        kept = [one for one in updated_node.decorators if not _COMPILED.match(_called(one.decorator))]
        return updated_node.with_changes(decorators=kept)


def _called(node: cst.BaseExpression) -> str:
    return cst.Module([]).code_for_node(node.func if isinstance(node, cst.Call) else node)


def _stage(target: Target, folder: Path) -> None:
    """A copy of the repository for mutmut in `folder`."""
    files = sorted(path for pattern in target.files for path in ROOT.glob(pattern))
    ignore = shutil.ignore_patterns("__pycache__", "mutants", "var")
    for name in (*SETTINGS["source_paths"], *SETTINGS["also_copy"], "tests"):
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, folder / name, ignore=ignore)
        else:
            shutil.copy2(source, folder / name)
    for path in files:
        relative = path.relative_to(ROOT)
        plain = cst.parse_module(path.read_text(encoding="utf-8")).visit(_PlainFunctions()).code
        (folder / relative).write_text(plain, encoding="utf-8")
    own = {
        "only_mutate": [str(path.relative_to(ROOT)) for path in files],
        "pytest_add_cli_args_test_selection": list(target.tests),
        "pytest_add_cli_args": ["-m", "not slow", *target.options, f"--basetemp={folder / 'pytest'}"],
    }
    added = "".join(f"{key} = {json.dumps(value)}\n" for key, value in own.items())
    kept = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    (folder / "pyproject.toml").write_text(kept + added, encoding="utf-8")


def _verdicts(folder: Path) -> dict[str, str]:
    """All mutants with what mutmut says of each."""
    metas = [json.loads(path.read_text(encoding="utf-8")) for path in sorted((folder / "mutants").rglob("*.meta"))]
    return {name: status_by_exit_code[code] for meta in metas for name, code in meta["exit_code_by_key"].items()}


def measure(
    target: Target, *, sample: int, seed: int, folder: Path, only: str = "", again: Collection[str] = ()
) -> dict[str, Any]:
    """Run the mutants of one target.

    Args:
        target: which code and which tests.
        sample: mutants that are drawn; all where there are fewer.
        seed: of the draw.
        folder: an empty folder; the mutated copy stays in it.
        only: a part of the names of the mutants to which the draw is limited.
        again: run these instead of a draw.

    Returns:
        Mutants there are, run, killed, survived, score, seconds, and the survivors with their change.
    """
    _stage(target, folder)
    environment = {**os.environ, "PYTHONHASHSEED": "0", "OMP_NUM_THREADS": "1"}
    if not target.is_compiled:
        environment["NUMBA_DISABLE_JIT"] = "1"
    started = time.monotonic()

    def mutmut(code: str, *arguments: str) -> str:
        command = [sys.executable, "-c", f"from mutmut import __main__ as mutmut; {code}", *arguments]
        done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
        if done.returncode:
            raise RuntimeError((done.stdout + done.stderr)[-4000:])
        return done.stdout

    mutmut("mutmut.copy_src_dir(); mutmut.copy_also_copy_files(); mutmut.create_mutants(1)")
    names = _verdicts(folder)
    listed = sorted(name for name in names if only in name)
    drawn = sorted(random.Random(seed).sample(listed, min(sample, len(listed))))
    if again:
        drawn = sorted(set(again) & set(names))
    mutmut("mutmut.cli()", "run", "--max-children", "1", *drawn)
    said_of = _verdicts(folder)
    verdicts = {name: said_of[name] for name in drawn}
    counted = Counter("killed" if said in ("killed", "timeout", "segfault") else said for said in verdicts.values())
    survivors = {}
    for name, said in sorted(verdicts.items()):
        if said not in ("killed", "timeout", "segfault"):
            survivors[name] = [said, *_changed(mutmut("mutmut.cli()", "show", name))]
    return figures_of(len(names), counted, survivors, started)


def figures_of(
    mutants: int, counted: Mapping[str, int], survivors: dict[str, list[str]], started: float
) -> dict[str, Any]:
    """The figures of one target.

    Args:
        mutants: all that there are.
        counted: mutants that were run, by what became of them; `broken` ones are no program and do not count.
        survivors: each with what became of it and its change.
        started: `time.monotonic()` at the start.
    """
    run = sum(counted.values()) - counted.get("broken", 0)
    killed = counted.get("killed", 0)
    return {
        "mutants": mutants, "run": run, "killed": killed, "survived": run - killed, "broken": counted.get("broken", 0),
        "score": round(killed / run, 3) if run else None, "seconds": round(time.monotonic() - started), "survivors": survivors,
    }  # fmt: skip


def _changed(diff: str) -> list[str]:
    """The lines of a diff that changed."""
    return [line for line in diff.splitlines() if line[:1] in "+-" and line[:3] not in ("+++", "---")]


def _again(before: dict[str, Any], now: dict[str, Any]) -> dict[str, Any]:
    """The figures of before, with what became of its survivors since."""
    killed = before["run"] - now["survived"]
    return {
        **before,
        "killed": killed,
        "survived": now["survived"],
        "score": round(killed / before["run"], 3),
        "survivors": now["survivors"],
    }


def main(argv: Sequence[str]) -> dict[str, Any]:
    """Scores by target."""
    names = (*TARGETS, *SQL_TARGETS)
    parser = argparse.ArgumentParser(prog="python -m benchmarks mutants", description=__doc__.splitlines()[0])
    parser.add_argument("targets", nargs="*", help=f"of {', '.join(names)}; all where none is given")
    parser.add_argument("--sample", type=int, help="mutants of each target; else as many as are kept")
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--only", default="", help="a part of the mutants' names (a module, a function, a model)")
    parser.add_argument("--again", action="store_true", help="run only the survivors of the scores that were saved")
    parser.add_argument(
        "--folder", type=Path, help="where the mutated copies and the built worlds stay; else they are deleted"
    )
    parser.add_argument("--save", action="store_true", help="keep the scores in benchmarks/results/mutants.json")
    given = parser.parse_args(argv)
    kept = json.loads(KEPT.read_text(encoding="utf-8"))["figures"] if KEPT.exists() else {}
    figures = {}
    for name in given.targets or names:
        again = kept[name]["survivors"] if given.again else ()
        with tempfile.TemporaryDirectory(prefix="mutants-") as temporary:
            folder = given.folder or Path(temporary)
            sample = given.sample or (TARGETS[name].sample if name in TARGETS else SQL_TARGETS[name])
            chosen = {"sample": sample, "seed": given.seed, "only": given.only, "again": again}
            if name in TARGETS:
                shutil.rmtree(folder / name, ignore_errors=True)
                (folder / name).mkdir(parents=True)
                found = measure(TARGETS[name], folder=folder / name, **chosen)
            else:
                counted, mutants, survivors, started = run_sql(name, folder=folder / "worlds", **chosen)
                found = figures_of(mutants, counted, survivors, started)
        figures[name] = _again(kept[name], found) if given.again else found
        if given.save:
            kept[name] = figures[name]
            save_result("mutants", kept, seed=given.seed, packages=("mutmut", "pytest", "sqlglot"))
    return figures
