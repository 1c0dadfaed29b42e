"""Ingest at scale: one CSV of movements, 1 % of it bad, from file to landing, beside DuckDB's own copy of it to Parquet.

    python -m benchmarks ingest [--rows 300000 1000000 10000000] [--folder DIR] [--seed 3] [--save]

Each side runs in a process of its own, so that peak memory is its own. Both use the same number of threads.
"""

from __future__ import annotations

import argparse
import datetime as dt
import resource
import shutil
import tempfile
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import duckdb

from benchmarks.ingest_steps import profiled_lane, timed_steps
from benchmarks.recording import save_result

BAD_EVERY = 100
"""One row in so many is bad, in turn: no quantity, an unknown type, a date that is none."""

MAPPING = """
mapping: bench
version: 1
source_system: bench
enums:
  kinds: {采购入库单: purchase_receipt, 销售出库单: sales_issue, _default: fail}
datasets:
  - name: movements
    contract: stock_movement
    files: "movements.csv"
    extract_date: 2026-06-30
    scope: key
    columns:
      source_doc_type: 单据类型
      doc_no: 单据编号
      source_doc_id: 单据编号
      source_line_id: 行号
      movement_type: {from: 单据类型, enum: kinds}
      business_date: 单据日期
      entered_at: 制单时间
      item_code: 存货编码
      warehouse_code: 仓库编码
      lot_no: 批号
      quantity_units: {expr: "case when 单据类型 = '销售出库单' then -数量 else 数量 end"}
      unit_cost: 成本单价
"""


def write_extract(path: Path, rows: int, seed: int) -> None:
    """A CSV of `rows` movements of two years; the same seed gives the same file."""
    with duckdb.connect(config={"threads": 2, "memory_limit": "1GB"}) as connection:
        connection.execute(
            f"""COPY (
                SELECT CASE WHEN i % {3 * BAD_EVERY} = 1 THEN '神秘单' WHEN h % 3 = 0 THEN '采购入库单'
                        ELSE '销售出库单' END AS 单据类型,
                    'D' || (i // 10) AS 单据编号, i % 10 AS 行号,
                    CASE WHEN i % {3 * BAD_EVERY} = {BAD_EVERY + 1} THEN '2025-02-30'
                        ELSE CAST(DATE '2024-07-01' + CAST(i * 730 // {rows} AS INTEGER) AS VARCHAR) END AS 单据日期,
                    CAST(CAST(DATE '2024-07-01' + CAST(i * 730 // {rows} AS INTEGER) AS TIMESTAMP)
                        + to_seconds(CAST(h % 86400 AS BIGINT)) AS VARCHAR) AS 制单时间,
                    lpad(CAST(h % 20000 AS VARCHAR), 6, '0') AS 存货编码,
                    lpad(CAST(h % 7 AS VARCHAR), 3, '0') AS 仓库编码, 'L' || (h % 5000) AS 批号,
                    CASE WHEN i % {3 * BAD_EVERY} = {2 * BAD_EVERY + 1} THEN 'n/a'
                        ELSE CAST(1 + h % 500 AS VARCHAR) END AS 数量,
                    CAST(CAST((100 + h % 90000) / 100.0 AS DECIMAL(12, 4)) AS VARCHAR) AS 成本单价
                FROM (SELECT range AS i, hash(range, {int(seed)}) AS h FROM range({int(rows)}))
            ) TO '{path}' (HEADER)"""
        )


def copy_alone(extract: Path, target: Path) -> dict[str, Any]:
    """DuckDB's copy of the CSV to Parquet, types found out by itself."""
    return _timed(
        lambda: duckdb.connect(config={"threads": 2}).execute(
            f"COPY (FROM read_csv('{extract}', ignore_errors = true)) TO '{target}' (FORMAT parquet, COMPRESSION zstd)"
        )
    )


def ingest_alone(folder: Path, workspace: Path) -> dict[str, Any]:
    """Contract, checks, lineage, quarantine and landing of the same CSV, with the seconds of each step."""
    from assets.ingest.settings import SourceSettings
    from assets.ingest.stage import ingest

    source = SourceSettings(
        name="bench", kind="file", mapping=str(folder / "bench.yml"), path=folder, instance="bench01"
    )
    reports = []
    with timed_steps() as steps:
        figures = _timed(lambda: reports.append(ingest(workspace, [source], "stock_movement", dt.date(2026, 6, 30))))
    report = reports[0]
    steps["start, planning and what is not named"] = figures["seconds"] - sum(steps.values())
    return figures | {
        "seconds_by_step": {label: round(seconds, 2) for label, seconds in steps.items()},
        "rows_in": report.rows_in,
        "rows_loaded": report.rows_loaded,
        "rows_quarantined": report.rows_quarantined,
        "rows_add_up": report.is_closed,
    }


def profile_alone(folder: Path, workspace: Path) -> dict[str, float]:
    """CPU seconds of the lane's statement by kind of work, in a run of its own."""
    with profiled_lane(folder) as seconds:
        ingest_alone(folder, workspace)
    return {label: round(spent, 2) for label, spent in seconds.items()}


def _timed(call: Callable[[], object]) -> dict[str, Any]:
    wall, cpu = time.perf_counter(), time.process_time()
    call()
    return {
        "seconds": round(time.perf_counter() - wall, 2),
        "cpu_seconds": round(time.process_time() - cpu, 2),
        "peak_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
    }


def _alone(function: Callable[..., dict[str, Any]], *arguments: Any) -> dict[str, Any]:
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        return pool.submit(function, *arguments).result()


def _at(base: Path, rows: int, seed: int) -> dict[str, Any]:
    """Both sides at one size."""
    folder = base / f"extract-{rows}"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "bench.yml").write_text(MAPPING, encoding="utf-8")
    extract = folder / "movements.csv"
    write_extract(extract, rows, seed)
    workspace = base / "workspace"
    shutil.rmtree(workspace, ignore_errors=True)
    copy = _alone(copy_alone, extract, base / "copy.parquet")
    ours = _alone(ingest_alone, folder, workspace)
    shutil.rmtree(workspace)
    return {
        "rows": rows,
        "csv_mib": extract.stat().st_size >> 20,
        "copy": copy,
        "ingest": ours,
        "seconds_ratio": round(ours["seconds"] / copy["seconds"], 2),
        "cpu_ratio": round(ours["cpu_seconds"] / copy["cpu_seconds"], 2),
    }


def main(argv: Sequence[str]) -> dict[str, Any]:
    """Run the benchmark at one size or several, the last of which is the figure; with --save the figures go to results/ingest.json."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks ingest")
    parser.add_argument("--rows", type=int, nargs="+", default=[10_000_000])
    parser.add_argument("--folder", type=Path, default=None)
    parser.add_argument("--seed", type=int, default=3)
    parser.add_argument("--save", action="store_true")
    options = parser.parse_args(argv)
    base = options.folder or Path(tempfile.mkdtemp(prefix="stockturn-ingest-"))
    curve = [_at(base, rows, options.seed) for rows in options.rows]
    smallest = base / f"extract-{min(options.rows)}"
    figures: dict[str, Any] = {
        **curve[-1],
        "curve": curve,
        "lane_cpu_seconds": {"rows": min(options.rows)} | _alone(profile_alone, smallest, base / "workspace"),
    }
    if options.save:
        save_result("ingest", figures, seed=options.seed, packages=["duckdb"])
    if options.folder is None:
        shutil.rmtree(base)
    return figures
