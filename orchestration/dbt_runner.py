"""dbt in this process: the project parsed once for each state of its files, then run by dbt's own runner.

No Dagster here. Why in the process and not by dbt's command line: docs/adr/0010-dbt-runs.md.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from dataclasses import dataclass, replace
from importlib.metadata import version
from pathlib import Path
from typing import Any

import duckdb

from assets.publish.kpis.own import write_own_files
from assets.spark.lake import Lake
from assets.spark.session import start_session
from assets.whole_files import sync, write_whole
from assets.workspace import Workspace
from orchestration.dbt_spark import spark_environment

WAREHOUSE_NAME = "warehouse"  # a relation's name holds that of the database, which is called like its file
PROJECT_VARIABLE = "STOCKTURN_DBT_PROJECT"
_EXAMPLE_ROWS = 20  # rows of a failed test that are kept with its result; the test's SQL gives them all
_MADE_AS = 1  # counted up when `prepared` leaves something else than before
_PRODUCT = "stockturn"  # the package of the product's own models
_ASKS = re.compile(r"\b(run_query|load_result|statement|adapter\s*\.\s*get_)")
_GOOD = {"success", "pass", "warn", "no-op"}


class DbtError(RuntimeError):
    """dbt could not parse, compile or start; the message says why."""


@dataclass(frozen=True)
class DbtProject:
    """A dbt project on disk: the product's own, or a company's that has it as a package."""

    folder: Path

    @property
    def target(self) -> Path:
        """Where dbt keeps what it parsed: in the project, or in the user's cache where the project cannot be written."""
        if os.access(self.folder, os.W_OK):
            return self.folder / "target" / "stockturn"  # not dbt's default, which a `dbt build` by hand writes to
        cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
        return cache / "stockturn" / hashlib.sha256(str(self.folder).encode()).hexdigest()[:12]

    @property
    def manifest(self) -> Path:
        """The parsed manifest; `prepared()` makes it."""
        return self.target / "manifest.json"

    @property
    def profiles(self) -> Path:
        """The folder of `profiles.yml`: the project's own, or the product's."""
        return self.folder if (self.folder / "profiles.yml").is_file() else SHIPPED.folder

    def prepared(self) -> Path:
        """The manifest, parsed again only where a file of the project or an environment variable that it reads changed.

        Raises:
            DbtError: dbt cannot parse the project.
            assets.documents.DocumentError: the project's own KPIs cannot be used.
        """
        if self.folder != SHIPPED.folder:
            write_own_files(self.folder)
        stamp = self.target / "manifest.stamp"
        if not (self.manifest.is_file() and stamp.is_file() and _is_current(stamp.read_text(), self.folder)):
            if _needs_packages(self.folder):
                self._invoke(["deps"])
            # partial parsing fails on what has moved from one file to another
            parsed = self._invoke(["parse", "--no-partial-parse"]).result
            self._compile(parsed)
            read = {name: _environment(name) for name in sorted(parsed.env_vars)}
            sync(self.manifest)
            write_whole(stamp, json.dumps({"files": _fingerprint(self.folder), "environment": read}))
        return self.manifest

    def _compile(self, manifest: Any) -> None:
        """Add the compiled SQL, which lineage is read from, to the manifest. No warehouse is there yet: what dbt compiles
        with one only (Python models, `run_query`) is left out, and is published without formulas."""
        nodes = [node for node in manifest.nodes.values() if node.resource_type == "model"]
        asking = sorted(node.name for node in nodes if node.language == "python" or _ASKS.search(node.raw_code))
        command = ["compile", "--no-introspect", "--no-populate-cache", *(["--exclude", *asking] if asking else [])]
        own = sorted({node.package_name for node in nodes} - {_PRODUCT})
        if own:
            # a macro may hide the question, and then dbt compiles none of them
            with suppress(DbtError):
                self._invoke([*command, "--select", *(f"package:{name}" for name in own)], manifest)
        self._invoke([*command, "--select", f"package:{_PRODUCT}"], manifest)

    def invoke(self, arguments: Sequence[str], warehouse: Warehouse, target: Path) -> Any:
        """The outcome (`dbtRunnerResult`) of one command on a warehouse; what dbt writes goes to `target`. The file is
        closed afterwards.

        Raises:
            DbtError: dbt could not do it at all. A model or test that failed is a result.
        """
        from dbt.contracts.graph.manifest import Manifest  # dbt imports slowly

        self.prepared()
        # read again for each command: dbt writes the injected SQL of ephemeral models into the manifest it is given
        manifest = Manifest.from_msgpack((self.target / "partial_parse.msgpack").read_bytes())
        manifest.build_flat_graph()  # what a model sees as `graph`; dbt builds it only where it parses (0.2 s)
        return self._invoke(arguments, manifest, warehouse, target)

    def _invoke(
        self,
        arguments: Sequence[str],
        manifest: Any = None,
        warehouse: Warehouse | None = None,
        target: Path | None = None,
    ) -> Any:
        from dbt.cli.main import dbtRunner

        common = ["--project-dir", str(self.folder), "--profiles-dir", str(self.profiles)]
        common += ["--quiet", "--no-version-check", "--log-level", "none", "--log-level-file", "none"]
        if arguments[0] != "deps":
            common += ["--target-path", str(target or self.target)]
        warehouse = warehouse or Warehouse(Path(f"{WAREHOUSE_NAME}.duckdb"))
        with _told(warehouse), warehouse.engine():
            outcome = dbtRunner(manifest=manifest).invoke([*arguments, *common])
            _close_file()
        if outcome.exception is not None:
            raise DbtError(f"dbt {arguments[0]}: {outcome.exception}") from outcome.exception
        if outcome.result is None and not outcome.success:
            raise DbtError(f"dbt {arguments[0]} failed")
        return outcome


SHIPPED = DbtProject(Path(__file__).resolve().parent.parent / "dbt_project")


@dataclass(frozen=True)
class Warehouse:
    """The DuckDB file that dbt builds in, with the limits of the company."""

    path: Path
    threads: int = 2
    memory_limit: str = "4GB"
    workspace: Workspace | None = None
    """Of a company whose engine is Spark: the file is the catalogue, the tables are in the workspace's lake."""

    @classmethod
    def of(cls, workspace: Workspace) -> Warehouse:
        """The warehouse that a run of the company builds in."""
        on_spark = workspace if workspace.spark else None
        return cls(workspace.warehouse, workspace.threads, workspace.memory_limit, on_spark)

    def engine(self) -> AbstractContextManager[None]:
        """Where dbt's SQL runs in the block."""
        if self.workspace is None or self.workspace.spark is None:
            return nullcontext()
        return spark_environment(Lake(start_session(self.workspace.spark), self.workspace.lake))

    @property
    def variables(self) -> dict[str, str]:
        """What profiles.yml reads, and the `packages.yml` of a company's project."""
        return {
            PROJECT_VARIABLE: str(SHIPPED.folder),
            "STOCKTURN_WAREHOUSE": str(self.path),
            "STOCKTURN_THREADS": str(self.threads),
            "STOCKTURN_MEMORY_LIMIT": self.memory_limit,
            "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
        }


@dataclass(frozen=True)
class NodeResult:
    """What became of one node: a model, seed, snapshot, test or hook. `failures` counts the rows that a test found."""

    unique_id: str
    name: str
    kind: str
    status: str
    seconds: float = 0.0
    failures: int = 0
    message: str = ""
    rows: tuple[Mapping[str, Any], ...] = ()

    @property
    def is_good(self) -> bool:
        return self.status in _GOOD

    @property
    def is_broken(self) -> bool:
        return self.status not in _GOOD and self.status != "skipped"


def build(
    warehouse: Warehouse,
    select: Sequence[str],
    *,
    exclude: Sequence[str] = (),
    project: DbtProject = SHIPPED,
    target: Path,
) -> list[NodeResult]:
    """`dbt build` of the selection (dbt's own language) with its data tests; unit tests are CI's.

    A test runs where all that it reads is selected or was built before (`buildable`).

    Raises:
        DbtError: the project cannot be parsed (not: a model or test failed; that is a result).
        ValueError: the selection finds nothing, or the file is not called `warehouse.duckdb`.
    """
    if warehouse.path.stem != WAREHOUSE_NAME:
        raise ValueError(f"{warehouse.path}: the models name a file called {WAREHOUSE_NAME}.duckdb")
    arguments = ["build", "--select", *select, *(["--exclude", *exclude] if exclude else [])]
    arguments += ["--indirect-selection", "buildable", "--exclude-resource-type", "unit_test"]
    outcome = project.invoke(arguments, warehouse, target)
    items = outcome.result.results
    if not items:
        raise ValueError(f"no model, seed or test is called {' '.join(select)}")
    return _with_rows([_result(item) for item in items], items, warehouse)


def describe_run(warehouse: Warehouse, project: DbtProject, target: Path) -> None:
    """`sources.json` (freshness of every source) and `catalog.json` (for `dbt docs serve`) of what was built.

    Raises:
        DbtError: dbt could not do it at all. A source that is stale is a result, kept in `sources.json`.
    """
    warehouse = replace(warehouse, workspace=None)  # asks the catalogue and each source for its newest row
    project.invoke(["source", "freshness", "--no-populate-cache"], warehouse, target)
    project.invoke(["docs", "generate", "--no-compile", "--no-populate-cache"], warehouse, target)


def _result(item: Any) -> NodeResult:
    kind = str(item.node.resource_type)
    return NodeResult(
        unique_id=item.node.unique_id,
        name=item.node.name,
        kind=kind,
        status=str(item.status),
        seconds=item.execution_time,
        failures=int(item.failures or 0) if kind == "test" else 0,
        message=str(item.message or ""),
    )


def _with_rows(results: list[NodeResult], items: Sequence[Any], warehouse: Warehouse) -> list[NodeResult]:
    """The results, those of tests that found rows with the first of them."""
    found = {result.unique_id for result in results if result.failures}
    if not found:
        return results
    queries = {item.node.unique_id: item.node.compiled_code for item in items if item.node.unique_id in found}
    with duckdb.connect(str(warehouse.path)) as connection:
        connection.execute("set TimeZone = 'UTC'")
        return [
            _with_examples(connection, result, queries[result.unique_id]) if result.unique_id in found else result
            for result in results
        ]


def _with_examples(connection: duckdb.DuckDBPyConnection, result: NodeResult, query: str) -> NodeResult:
    found = connection.execute(f"select * from ({query}\n) limit {_EXAMPLE_ROWS}")
    names = [column[0] for column in found.description]
    rows = tuple(dict(zip(names, row, strict=True)) for row in found.fetchall())
    example = ", ".join(f"{name} {value}" for name, value in rows[0].items()) if rows else ""
    message = f"{result.failures} rows must not be there" + (f", such as {example}" if example else "")
    return NodeResult(
        result.unique_id, result.name, result.kind, result.status, result.seconds, result.failures, message, rows
    )


@contextmanager
def _told(warehouse: Warehouse) -> Iterator[None]:
    """The variables of the profile set while dbt runs, and as they were afterwards."""
    before = {name: os.environ.get(name) for name in warehouse.variables}
    os.environ.update(warehouse.variables)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


def _close_file() -> None:
    """dbt-duckdb keeps the file open for the process; the next step opens it with limits of its own."""
    from dbt.adapters.factory import get_adapter_by_type

    try:
        connections: Any = get_adapter_by_type("duckdb").connections
    except KeyError:  # the command needed no adapter
        return
    connections.cleanup_all()
    connections.close_all_connections()


def _is_current(stamp: str, folder: Path) -> bool:
    try:
        made_of = json.loads(stamp)
        is_same = all(_environment(name) == value for name, value in made_of["environment"].items())
        return is_same and bool(made_of["files"] == _fingerprint(folder))
    except (ValueError, KeyError, TypeError):  # damaged: parsed again
        return False


def _environment(name: str) -> str:
    """An environment variable as it is kept beside the manifest: it may be a secret."""
    value = os.environ.get(name)
    return "" if value is None else hashlib.sha256(value.encode()).hexdigest()


def _fingerprint(folder: Path) -> str:
    """SHA-256 over the files that dbt reads, those of installed packages too (a local one is a link), and who parses."""
    digest = hashlib.sha256(f"{version('dbt-core')} {_MADE_AS}".encode())
    for path in sorted(_project_files(folder)):
        digest.update(str(path.relative_to(folder)).encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()


def _project_files(folder: Path) -> Iterator[Path]:
    for place, folders, files in os.walk(folder, followlinks=True):
        folders[:] = [
            name for name in folders if name not in {"target", "logs", "lint", "__pycache__"} and name[0] != "."
        ]
        for name in files:
            if name.endswith((".sql", ".yml", ".yaml", ".csv", ".py", ".md")):
                yield Path(place, name)


def _needs_packages(folder: Path) -> bool:
    """Whether packages are to be installed: there are none, or the product's is not the one that runs now.

    A local package is a link, which an upgrade or a new environment leaves behind.
    """
    if not any((folder / name).is_file() for name in ("packages.yml", "dependencies.yml")):
        return False
    installed = folder / "dbt_packages"
    ours = installed / "stockturn"
    is_elsewhere = ours.is_symlink() and ours.resolve() != SHIPPED.folder
    return not installed.is_dir() or is_elsewhere or any(not path.exists() for path in installed.iterdir())
