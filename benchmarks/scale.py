"""The ledger and its two largest marts on a Spark cluster of this machine, beside DuckDB: the same movements, one run after the other.

    python -m benchmarks scale [--sizes 1000000,3000000,10000000] [--executors 1,2] [--folder DIR] [--seed 20] [--save]

Needs the extra `spark` and Java. The cluster is a master and a worker per executor, each a process; the driver is a process of its
own. Memory is what the driver, the executors and their Python workers hold together (proportional set size, every half second).
"""

from __future__ import annotations

import argparse
import math
import os
import shutil
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import duckdb

from assets.ledger.on_spark import run_ledger_on_spark
from assets.spark.dialect import parse
from assets.spark.lake import Lake, columns_of
from assets.spark.session import start_session, stop_session
from assets.spark.settings import SparkSettings
from benchmarks import ledger_runs
from benchmarks.ledger_data import item_count, write_movements
from benchmarks.recording import save_result
from benchmarks.spark_cluster import Cluster

PACKAGES = ("duckdb", "numba", "pyarrow", "pyspark", "sqlglot")
EXECUTOR_MEMORY = "2g"
DRIVER_MEMORY = "3g"


@dataclass
class MemorySampler:
    """Peak of the memory of a process tree and of other process groups, in bytes."""

    groups: Sequence[int]
    peak: int = 0
    _done: threading.Event = field(default_factory=threading.Event)

    def __enter__(self) -> MemorySampler:
        self._thread = threading.Thread(target=self._sample, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._done.set()
        self._thread.join()

    def _sample(self) -> None:
        while not self._done.wait(0.5):
            self.peak = max(self.peak, sum(map(_held, _members({os.getpid()}, set(self.groups)))))


def _members(roots: set[int], groups: set[int]) -> set[int]:
    """Processes below the roots, and those of the groups."""
    parents: dict[int, int] = {}
    found = set(roots)
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text(encoding="utf-8").rpartition(")")[2].split()
        except OSError:
            continue
        number = int(stat.parent.name)
        parents[number] = int(fields[1])
        if int(fields[2]) in groups:
            found.add(number)
    while below := {one for one, parent in parents.items() if parent in found} - found:
        found |= below
    return found


def _held(process: int) -> int:
    try:
        lines = Path(f"/proc/{process}/smaps_rollup").read_text(encoding="utf-8").splitlines()
    except OSError:
        return 0
    return sum(int(line.split()[1]) * 1024 for line in lines if line.startswith("Pss:"))


def on_spark(files: list[Path], folder: Path, master: str, executors: int, groups: list[int]) -> dict[str, Any]:
    """The ledger of the eve and the marts ageing and cost of sales, as `ledger_runs.full` makes them."""
    settings = SparkSettings(
        master=master, executors=executors, executor_memory=EXECUTOR_MEMORY, driver_memory=DRIVER_MEMORY,
        warehouse=folder / "lake", shuffle_partitions=4 * executors,
    )  # fmt: skip
    with MemorySampler(groups) as memory:
        begun = time.perf_counter()
        lake = Lake(start_session(settings), folder / "lake")
        started = time.perf_counter()
        with duckdb.connect(str(folder / "warehouse.duckdb")) as connection:
            landed = folder / "lake" / "intermediate" / "int_ledger_movements" / "landed"
            landed.mkdir(parents=True)
            for file in files:
                os.link(file, landed / file.name)
            columns = columns_of(connection, f"read_parquet('{landed}/*.parquet')")
            lake.publish(connection, "intermediate", "int_ledger_movements", landed, columns)
            run = run_ledger_on_spark(
                connection,
                lake,
                as_of=ledger_runs.EVE,
                settings=ledger_runs.SETTINGS,
                rows_per_task=settings.ledger_rows,
            )
            ledger = time.perf_counter()
            for name, query in (
                ("fct_ageing", ledger_runs.AGEING.format(where="")),
                ("fct_cogs", ledger_runs.COGS.format(since=ledger_runs.BEFORE)),
            ):
                lake.build(connection, "marts", name, parse(query)[0])
            done = time.perf_counter()
            totals = {
                name: connection.execute(f"select count(*), sum({measure}) from marts.{name}").fetchall()[0]
                for name, measure in (("fct_ageing", "layer_value"), ("fct_cogs", "cogs_value"))
            }
        counters = _counters(lake.spark)
        stop_session()
    return {
        "rows": run.computed_movements,
        "session_seconds": round(started - begun, 2),
        "ledger_seconds": round(ledger - started, 2),
        "total_seconds": round(done - started, 2),
        "steps": run.seconds,
        "own_code_share_of_tasks": round(
            (run.seconds["kernel"] + run.seconds["writing"]) / counters["task_seconds"], 3
        ),
        **counters,
        "peak_gib": round(memory.peak / 2**30, 2),
        "content": {name: [str(part) for part in parts] for name, parts in totals.items()},
    }


def _counters(spark: Any) -> dict[str, float]:
    """Totals of the executors from Spark's own status store."""
    listed = spark.sparkContext._jsc.sc().statusStore().executorList(False)
    executors = [listed.apply(number) for number in range(listed.size())]
    return {
        "task_seconds": round(sum(one.totalDuration() for one in executors) / 1000, 2),
        "collection_seconds": round(sum(one.totalGCTime() for one in executors) / 1000, 2),
        "shuffle_written_mb": round(sum(one.totalShuffleWrite() for one in executors) / 1e6, 1),
        "shuffle_read_mb": round(sum(one.totalShuffleRead() for one in executors) / 1e6, 1),
    }


def on_duckdb(files: list[Path], folder: Path) -> dict[str, Any]:
    """`ledger_runs.full`, and what its marts hold."""
    figures = ledger_runs.full(files, folder)
    with duckdb.connect() as connection:
        content = {
            name: [
                str(part)
                for part in connection.execute(
                    f"select count(*), sum({measure}) from read_parquet('{folder}/{name}-*.parquet')"
                ).fetchall()[0]
            ]
            for name, measure in (("fct_ageing", "layer_value"), ("fct_cogs", "cogs_value"))
        }
    return {name: figures[name] for name in ("rows", "ledger_seconds", "total_seconds", "peak_gib")} | {
        "content": content
    }


def measure(movements: int, executors: Sequence[int], folder: Path, seed: int) -> dict[str, Any]:
    """One size on DuckDB and on clusters of so many executors.

    Raises:
        RuntimeError: both engines do not come to the same marts.
    """
    files = write_movements(folder, movements, seed)
    figures: dict[str, Any] = {"movements": movements, "items": item_count(movements)}
    figures["duckdb"] = _alone(on_duckdb, files, _fresh(folder / "duckdb"))
    for count in executors:
        work = _fresh(folder / "spark")
        cluster = Cluster(_spark_home(), dict(os.environ), _fresh(folder / "cluster"), EXECUTOR_MEMORY)
        try:
            cluster.start(count)
            groups = [process.pid for process in cluster.processes.values()]
            found = _alone(on_spark, files, work, cluster.master, count, groups)
        finally:
            cluster.stop()
        if found["content"] != figures["duckdb"]["content"]:
            raise RuntimeError(f"Spark came to {found['content']}, DuckDB to {figures['duckdb']['content']}")
        figures[f"spark_{count}"] = found
        figures[f"ratio_{count}"] = round(found["total_seconds"] / figures["duckdb"]["total_seconds"], 2)
        print(movements, count, found, flush=True)
    return figures


def _fresh(folder: Path) -> Path:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder


def _spark_home() -> Path:
    import pyspark

    return Path(pyspark.__file__).parent


def _alone(function: Callable[..., Any], *arguments: Any) -> Any:
    """Call in a fresh process, whose session and memory are the call's."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        return pool.submit(function, *arguments).result()


def exponent(points: Sequence[tuple[float, float]]) -> float | None:
    """Growth of time in rows: slope of the line through (log rows, log seconds)."""
    if len(points) < 2:
        return None
    pairs = [(math.log(rows), math.log(seconds)) for rows, seconds in points]
    mean_x, mean_y = (sum(values) / len(pairs) for values in zip(*pairs, strict=True))
    return round(sum((x - mean_x) * (y - mean_y) for x, y in pairs) / sum((x - mean_x) ** 2 for x, _ in pairs), 3)


def main(arguments: Sequence[str]) -> dict[str, Any]:
    """Measure each size; with --save what is known goes to results/scale.json after each."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks scale")
    parser.add_argument("--sizes", default="1000000,3000000,10000000")
    parser.add_argument("--executors", default="1,2")
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--seed", type=int, default=20)
    parser.add_argument("--save", action="store_true")
    chosen = parser.parse_args(arguments)
    counts = [int(count) for count in chosen.executors.split(",")]
    figures: dict[str, Any] = {}
    with tempfile.TemporaryDirectory(prefix="stockturn-scale-") as name:
        folder = chosen.folder or Path(name)
        for size in map(int, chosen.sizes.split(",")):
            figures[f"rows_{size}"] = measure(size, counts, folder, chosen.seed)
            for engine in ("duckdb", *(f"spark_{count}" for count in counts)):
                done = [one[engine] for key, one in figures.items() if key.startswith("rows_")]
                figures[f"exponent_{engine}"] = exponent([(one["rows"], one["total_seconds"]) for one in done])
            if chosen.save:
                save_result("scale", figures, seed=chosen.seed, packages=PACKAGES)
    return figures
