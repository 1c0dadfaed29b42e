"""A whole daily run of the demo company against the same mart SQL run straight in DuckDB, in one process.

    python -m benchmarks pipeline [--save]

The first run reads two years of extracts; the second is the daily run (the extracts of one day are new). Imports and
what an installation prepares (dbt's parse, compiled code) are paid before the clock starts and are in the report by
themselves. Seconds of CPU (all threads of the process) are beside those of the clock: on a machine that does other things
only they can be compared.
"""

from __future__ import annotations

import argparse
import shutil
import tempfile
import time
from datetime import date
from pathlib import Path
from typing import Any

import duckdb

from benchmarks.recording import save_result

SEED = 7
RATIO_AIM, SECONDS_AIM = 3.0, 12.0


def main(argv: list[str]) -> dict[str, Any]:
    """Figures: seconds of each part, ratio to the raw SQL, and the aim `3 x raw + 12 s`."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks pipeline")
    parser.add_argument("--save", action="store_true", help="keep the figures in benchmarks/results")
    parser.add_argument("--repeat", type=int, default=3, help="daily runs; the median counts")
    options = parser.parse_args(argv)
    with tempfile.TemporaryDirectory() as folder:
        figures = measure(Path(folder), options.repeat)
    _print(figures)
    if options.save:
        save_result("pipeline", figures, seed=SEED, packages=["dagster", "dbt-core", "dbt-duckdb", "duckdb"])
    return figures


def measure(folder: Path, repeat: int) -> dict[str, Any]:
    """Run everything in `folder`."""
    started = time.perf_counter()
    from benchmarks.companies import configure_demo
    from benchmarks.raw_sql import planned_models, run_raw
    from demo.settings import DemoSettings
    from demo.simulate import write_demo
    from orchestration.prepare import prepare
    from orchestration.run import run_daily

    import_seconds = time.perf_counter() - started
    import_cpu_seconds = time.process_time()
    prepare_seconds = _timed(prepare)
    simulate_seconds = _timed(lambda: write_demo(folder / "demo", seed=SEED))
    company = configure_demo(folder)
    last_day = DemoSettings(seed=SEED).end_date
    late = _hold_back(folder / "demo" / "inbox", last_day, folder / "late")
    first = run_daily(company, last_day)
    assert first.release is not None, first.errors
    for path, home in late.items():
        path.rename(home)
    shutil.copytree(company.data_dir, folder / "before", symlinks=True)
    daily = []
    daily_cpu: list[float] = []
    for _ in range(repeat):
        # each repetition starts from the landing without the last day's files
        shutil.rmtree(company.data_dir)
        shutil.copytree(folder / "before", company.data_dir, symlinks=True)
        before = time.process_time()
        daily.append(run_daily(company, last_day))
        daily_cpu.append(time.process_time() - before)
        assert daily[-1].release is not None, daily[-1].errors
    models = planned_models()
    raw = sorted(run_raw(company.workspace().warehouse, folder / f"raw{n}", models) for n in range(repeat))
    median = sorted(daily, key=lambda outcome: outcome.seconds)[repeat // 2]
    raw_seconds, raw_cpu_seconds = (sorted(part)[repeat // 2] for part in zip(*raw, strict=True))
    cpu_seconds = sorted(daily_cpu)[repeat // 2]
    return {
        "import_seconds": round(import_seconds, 2),
        "import_cpu_seconds": round(import_cpu_seconds, 2),
        "prepare_seconds": round(prepare_seconds, 2),
        "simulate_seconds": round(simulate_seconds, 2),
        "first_run_seconds": round(first.seconds, 2),
        "daily_run_seconds": round(median.seconds, 2),
        "raw_sql_seconds": round(raw_seconds, 2),
        "ratio": round(median.seconds / raw_seconds, 2),
        "aim_seconds": round(RATIO_AIM * raw_seconds + SECONDS_AIM, 2),
        "is_aim_met": median.seconds <= RATIO_AIM * raw_seconds + SECONDS_AIM,
        "daily_run_cpu_seconds": round(cpu_seconds, 2),
        "raw_sql_cpu_seconds": round(raw_cpu_seconds, 2),
        "cpu_ratio": round(cpu_seconds / raw_cpu_seconds, 2),
        "aim_cpu_seconds": round(RATIO_AIM * raw_cpu_seconds + SECONDS_AIM, 2),
        "step_seconds": median.step_seconds,
        "other_seconds": round(median.seconds - sum(median.step_seconds.values()), 2),
        "models": len(models),
        "movements": _movements(company.workspace().warehouse),
    }


def _hold_back(inbox: Path, day: date, aside: Path) -> dict[Path, Path]:
    """Move the day's documents and snapshots out of the inbox (masters stay); where each went, and its home."""
    aside.mkdir()
    dated = list(inbox.rglob(f"*_{day:%Y%m%d}.*"))
    moved = {}
    for path in dated:
        prefix = path.name.rsplit("_", 1)[0]
        if len(list(path.parent.glob(f"{prefix}_*"))) > 2:
            moved[path.rename(aside / path.name)] = path
    return moved


def _timed(call: Any) -> float:
    started = time.perf_counter()
    call()
    return time.perf_counter() - started


def _movements(warehouse: Path) -> int:
    with duckdb.connect(str(warehouse), read_only=True) as connection:
        row = connection.execute("select count(*) from intermediate.int_stock_movements").fetchone()
    return int(row[0]) if row else 0


def _print(figures: dict[str, Any]) -> None:
    for name, value in figures.items():
        if name != "step_seconds":
            print(f"{name:<22} {value}")
    for step, seconds in figures["step_seconds"].items():
        print(f"  step {step:<18} {seconds}")
