"""The ledger and its two largest marts on a Spark cluster of this machine, beside DuckDB: the same movements, one run after the other.

First everything up to the eve, then the last day, which holds 1 % of the movements, on top of it.

    python -m benchmarks scale [--sizes 1000000,3000000,10000000] [--executors 1,2] [--folder DIR] [--seed 20] [--save]

Needs the extra `spark` and Java. The cluster is a master and a worker per executor, each a process; the driver is a process of its
own. Memory is what the driver, the executors and their Python workers hold together (proportional set size, every half second); processor
seconds are theirs too. Wall time on a machine that does other work is no measure; the processor's is.
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
from datetime import date
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
class Sampler:
    """Peak of the memory of a process tree and of other process groups, in bytes, and their processor seconds."""

    groups: Sequence[int]
    peak: int = 0
    _done: threading.Event = field(default_factory=threading.Event)
    _ticks: dict[int, int] = field(default_factory=dict)

    @property
    def cpu_seconds(self) -> float:
        """Of all processes seen so far, those that ended with what they had when they were last seen."""
        self._look()
        return sum(self._ticks.values()) / os.sysconf("SC_CLK_TCK")

    def __enter__(self) -> Sampler:
        self._thread = threading.Thread(target=self._sample, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._done.set()
        self._thread.join()

    def _sample(self) -> None:
        while not self._done.wait(0.5):
            self.peak = max(self.peak, sum(map(_held, self._look())))

    def _look(self) -> set[int]:
        found = _members({os.getpid()}, set(self.groups))
        self._ticks |= {one: ticks for one in found if (ticks := _ticks(one)) is not None}
        return found


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


def _ticks(process: int) -> int | None:
    """Processor time of a process, in the system's ticks."""
    try:
        fields = Path(f"/proc/{process}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    except OSError:
        return None
    return int(fields[11]) + int(fields[12])


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
    with Sampler(groups) as used:
        begun = time.perf_counter()
        lake = Lake(start_session(settings), folder / "lake")
        started, started_cpu = time.perf_counter(), used.cpu_seconds
        with duckdb.connect(str(folder / "warehouse.duckdb")) as connection:
            landed = folder / "lake" / "intermediate" / "int_ledger_movements" / "landed"
            landed.mkdir(parents=True)
            for file in files:
                os.link(file, landed / file.name)
            columns = columns_of(connection, f"read_parquet('{landed}/*.parquet')")
            lake.publish(connection, "intermediate", "int_ledger_movements", landed, columns)
            full = _timed(used, lake, connection, ledger_runs.EVE, "", ledger_runs.BEFORE)
            counters = _counters(lake.spark)
            newest = f" where snapshot_date = date '{ledger_runs.AS_OF}'"
            day = _timed(used, lake, connection, ledger_runs.AS_OF, newest, ledger_runs.EVE)
        stop_session()
    own = full["steps"]["kernel"] + full["steps"]["writing"]
    return {
        "session_seconds": round(started - begun, 2),
        "session_cpu_seconds": round(started_cpu, 1),
        **full,
        "own_code_share_of_tasks": round(own / counters["task_seconds"], 3),
        **counters,
        "peak_gib": round(used.peak / 2**30, 2),
        "day": day,
        "day_share": round(day["total_seconds"] / full["total_seconds"], 3),
        "day_cpu_share": round(day["cpu_seconds"] / full["cpu_seconds"], 3),
    }


def _timed(
    used: Sampler, lake: Lake, connection: duckdb.DuckDBPyConnection, as_of: date, layers: str, since: date
) -> dict[str, Any]:
    """The ledger of a day and what it adds to both marts."""
    begun, cpu = time.perf_counter(), used.cpu_seconds
    run = run_ledger_on_spark(
        connection, lake, as_of=as_of, settings=ledger_runs.SETTINGS, rows_per_task=SparkSettings().ledger_rows
    )
    ledger = time.perf_counter()
    for name, query in (
        ("fct_ageing", ledger_runs.AGEING.format(where=layers)),
        ("fct_cogs", ledger_runs.COGS.format(since=since)),
    ):
        lake.build(connection, "marts", name, parse(query)[0])
    done = time.perf_counter()
    return {
        "rows": run.computed_movements,
        "is_incremental": run.is_incremental,
        "ledger_seconds": round(ledger - begun, 2),
        "total_seconds": round(done - begun, 2),
        "cpu_seconds": round(used.cpu_seconds - cpu, 1),
        "steps": run.seconds,
        "content": {
            name: _content(connection, f"marts.{name}", measure) for name, measure in ledger_runs.MEASURES.items()
        },
    }


def _content(connection: duckdb.DuckDBPyConnection, relation: str, measure: str) -> list[str]:
    return [str(part) for part in connection.execute(f"select count(*), sum({measure}) from {relation}").fetchall()[0]]


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


def on_duckdb(files: list[Path], folder: Path, of_day: bool) -> dict[str, Any]:
    """`ledger_runs.full`, or `ledger_runs.day` after it, and what its marts hold."""
    figures = (ledger_runs.day if of_day else ledger_runs.full)(files, folder)
    parts = {"fct_ageing": ledger_runs.AS_OF, "fct_cogs": ledger_runs.EVE} if of_day else {}
    with duckdb.connect() as connection:
        content = {
            name: _content(connection, f"read_parquet('{folder}/{name}-{parts.get(name, '*')}.parquet')", measure)
            for name, measure in ledger_runs.MEASURES.items()
        }
    names = ("rows", "ledger_seconds", "total_seconds", "cpu_seconds", "peak_gib")
    return {name: figures[name] for name in names} | {"content": content}


def measure(movements: int, executors: Sequence[int], folder: Path, seed: int) -> dict[str, Any]:
    """One size on DuckDB and on clusters of so many executors.

    Raises:
        RuntimeError: both engines do not come to the same marts.
    """
    files = write_movements(folder, movements, seed)
    figures: dict[str, Any] = {"movements": movements, "items": item_count(movements)}
    own = _fresh(folder / "duckdb")
    figures["duckdb"] = _alone(on_duckdb, files, own, False)
    figures["duckdb"]["day"] = _alone(on_duckdb, files, own, True)
    for count in executors:
        work = _fresh(folder / "spark")
        cluster = Cluster(_spark_home(), dict(os.environ), _fresh(folder / "cluster"), EXECUTOR_MEMORY)
        try:
            cluster.start(count)
            groups = [process.pid for process in cluster.processes.values()]
            found = _alone(on_spark, files, work, cluster.master, count, groups)
        finally:
            cluster.stop()
        for one, other in ((found, figures["duckdb"]), (found["day"], figures["duckdb"]["day"])):
            if one["content"] != other["content"]:
                raise RuntimeError(f"Spark came to {one['content']}, DuckDB to {other['content']}")
        figures[f"spark_{count}"] = found
        for unit in ("total", "cpu"):
            ratio = found[f"{unit}_seconds"] / figures["duckdb"][f"{unit}_seconds"]
            figures[f"{unit}_ratio_{count}"] = round(ratio, 2)
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
                for unit in ("total", "cpu"):
                    points = [(one["rows"], one[f"{unit}_seconds"]) for one in done]
                    figures[f"{unit}_exponent_{engine}"] = exponent(points)
            if chosen.save:
                save_result("scale", figures, seed=chosen.seed, packages=PACKAGES)
    return figures
