"""What pyproject.toml asks for is what the code imports: nothing too much, nothing too little, optional parts by their extra."""

from __future__ import annotations

import ast
import re
import sys
import tomllib
from collections.abc import Iterator
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

from assets.optional import MissingExtraError, optional

ROOT = Path(__file__).resolve().parents[3]
PRODUCT = ("orchestration", "assets", "expectations", "dashboard", "demo")
OURS = {*PRODUCT, "benchmarks", "tests"}
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
SPARK_LOCK = ROOT / "requirements-spark.txt"  # 480 MB that few want: the extra `spark` is not in the locks
# not imported by name: who needs it, and which text of which files proves the need
BY_NAME = {
    "dbt-duckdb": ("dbt_project/profiles.yml", "type: duckdb"),
    "paramiko": ("assets/ingest/live/remote_folder.py", '"paramiko"'),
    "s3fs": ("assets/ingest/live/remote_folder.py", '"s3fs"'),
    "pymysql": ("assets/ingest/**/*.py", '"pymysql"'),
    "dagster-webserver": ("deploy/compose.yaml", "dagster-webserver"),
    "dagster-postgres": ("deploy/dagster.yaml", "dagster_postgres"),
    # what Great Expectations asks for as soon as pyspark is there
    "googleapis-common-protos": ("requirements-spark.txt", "googleapis-common-protos"),
    "grpcio-status": ("requirements-spark.txt", "grpcio-status"),
    "zstandard": ("requirements-spark.txt", "zstandard"),
}


def _name(requirement: str) -> str:
    return re.match(r"[A-Za-z0-9._-]+", requirement)[0].lower().replace("_", "-")  # type: ignore[index]


BASE = {_name(text) for text in PROJECT["dependencies"]}
EXTRAS = {
    extra: {_name(text) for text in texts if not text.startswith("stockturn[")}
    for extra, texts in PROJECT["optional-dependencies"].items()
}


def _imports(folder: str) -> Iterator[tuple[str, bool, Path]]:
    """Top-level module, whether it is imported as soon as the file is, and the file; by `optional()` counts as later."""
    for path in sorted((ROOT / folder).rglob("*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        at_once = {id(node) for node in tree.body}
        for node in ast.walk(tree):
            names: list[str] = []
            if isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
                names = [node.module]
            elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "optional":
                names = [str(node.args[0].value)] if isinstance(node.args[0], ast.Constant) else []
            for name in names:
                top = name.split(".")[0]
                if top not in OURS and top not in sys.stdlib_module_names:
                    yield top, id(node) in at_once, path


@pytest.fixture(scope="module")
def used() -> dict[str, set[Path]]:
    """Distributions that the product imports, with the files."""
    known = packages_distributions()
    found: dict[str, set[Path]] = {}
    for folder in PRODUCT:
        for module, _, path in _imports(folder):
            for distribution in known.get(module, [module]):
                found.setdefault(distribution.lower().replace("_", "-"), set()).add(path)
    return found


def test_nothing_is_asked_for_that_nothing_imports(used: dict[str, set[Path]]) -> None:
    asked = BASE.union(*(names for extra, names in EXTRAS.items() if extra != "dev"))
    unused = sorted(name for name in asked if name not in used and name not in BY_NAME)
    assert unused == []
    for name, (path, text) in BY_NAME.items():
        files = list(ROOT.glob(path))
        assert any(text in file.read_text(encoding="utf-8") for file in files), f"{name}: {path} no longer needs it"


def test_everything_imported_is_asked_for(used: dict[str, set[Path]]) -> None:
    """A package that comes along with another one today may not come along tomorrow."""
    asked = BASE.union(*(names for extra, names in EXTRAS.items() if extra != "dev"))
    shared = {
        "dbt-adapters",
        "dbt-common",
        "dbt-semantic-interfaces",
        "dbt-protos",
        "sqlglotc",
    }  # modules in others' names
    missing = {name: sorted(map(str, files))[:2] for name, files in used.items() if name not in asked | shared}
    missing = {name: files for name, files in missing.items() if not name.startswith("opentelemetry-")}
    assert missing == {}


def test_what_an_extra_brings_is_imported_by_name_of_the_extra() -> None:
    """`import x` of an optional package at the top of a module ends the whole command where the extra is not installed."""
    known = packages_distributions()
    optional_names = set().union(*(names for extra, names in EXTRAS.items() if extra not in {"dev", "dashboard"}))
    wrong = [
        f"{path.relative_to(ROOT)}: {module}"
        for folder in PRODUCT
        for module, at_once, path in _imports(folder)
        if at_once and {name.lower() for name in known.get(module, [module])} & optional_names
        if path.name != "postgres.py"  # itself imported only after optional("psycopg", ...)
    ]
    assert wrong == []


def test_a_missing_extra_is_one_sentence() -> None:
    assert optional("json", "none").loads("1") == 1
    with pytest.raises(MissingExtraError, match=r"no_such_package is not installed.*stockturn\[plots\]"):
        optional("no_such_package.part", "plots")


@pytest.mark.parametrize("lock", ["requirements.lock", "requirements-3.12.lock", "requirements-3.13.lock"])
def test_a_lock_is_whole(lock: str) -> None:
    """Each requirement is pinned, exactly once, within its bounds as far as `make lock` wrote it; no index is named."""
    lines = (ROOT / lock).read_text(encoding="utf-8").splitlines()
    assert all(re.fullmatch(r"[a-z0-9][a-z0-9.-]*==[A-Za-z0-9.!+]+", line) for line in lines)
    pinned = [line.split("==")[0] for line in lines]
    assert len(pinned) == len(set(pinned))
    beside = {_name(line) for line in SPARK_LOCK.read_text(encoding="utf-8").splitlines() if line[0] != "#"}
    assert EXTRAS["spark"] <= beside | set(pinned)
    assert sorted(BASE.union(*EXTRAS.values()) - set(pinned) - beside) == []


def test_every_version_held_back_says_why() -> None:
    """A bound without a reason is never lifted."""
    blocks = (ROOT / "constraints.txt").read_text(encoding="utf-8").strip().split("\n\n")[1:]
    assert len(blocks) >= 3
    for block in blocks:
        *comment, requirement = block.splitlines()
        assert not requirement.startswith("#") and any(line.startswith("# Lifted by: ") for line in comment), block
    held = {_name(block.splitlines()[-1]) for block in blocks}
    bounded = {_name(text) for text in PROJECT["dependencies"] if re.search(r"<(?!2$)|==", text)}
    assert bounded <= held
