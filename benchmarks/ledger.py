"""The ledger at scale: 10 M movements of two years (also 1 M and 100 M), a 1 % day, back-dated fixes, beside FIFO in plain SQL.

    python -m benchmarks ledger [--sizes 1000000,10000000] [--fixes 1,10,100,1000,10000] [--folder DIR] [--seed 20] [--save]

`folder` keeps the generated movements (about 25 bytes a row) and what the runs write.
"""

from __future__ import annotations

import argparse
import json
import math
import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from benchmarks import ledger_runs
from benchmarks.ledger_data import item_count, write_movements
from benchmarks.recording import RESULTS, save_result

PACKAGES = ("duckdb", "numba", "numpy", "pyarrow")


def _alone(function: Callable[..., Any], *arguments: Any) -> Any:
    """Call in a fresh process, whose peak memory is the call's."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        return pool.submit(function, *arguments).result()


def _slope(points: list[dict[str, Any]]) -> float | None:
    """Of the line through (log items, log seconds)."""
    if len(points) < 2:
        return None
    pairs = [(math.log(point["items"]), math.log(point["seconds"])) for point in points]
    mean_x, mean_y = (sum(values) / len(pairs) for values in zip(*pairs, strict=True))
    slope = sum((x - mean_x) * (y - mean_y) for x, y in pairs) / sum((x - mean_x) ** 2 for x, _ in pairs)
    return round(slope, 2)


def measure(
    movements: int, folder: Path, seed: int, counts: Sequence[int], with_yardstick: bool
) -> Iterator[dict[str, Any]]:
    """All figures of one size, as far as they are known after each step."""
    files = write_movements(folder, movements, seed)
    work = folder / f"work-{movements}"
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir()
    whole = _alone(ledger_runs.full, files, work)
    figures: dict[str, Any] = {"movements": movements, "items": item_count(movements), "full": whole}
    yield figures
    one_day = _alone(ledger_runs.day, files, work)
    figures |= {
        "day": one_day,
        "day_share_of_full": round(one_day["total_seconds"] / whole["total_seconds"], 4),
        "day_share_of_full_cpu": round(one_day["cpu_seconds"] / whole["cpu_seconds"], 4),
    }
    yield figures
    fixes = _alone(ledger_runs.fixes, files, work, [count for count in counts if count <= item_count(movements)])
    figures |= {"fixes": fixes, "fixes_slope": _slope(fixes)}
    yield figures
    if with_yardstick:
        figures["yardstick"] = _alone(ledger_runs.yardstick, files, work)
        yield figures
    shutil.rmtree(work)


def _saved(seed: int) -> dict[str, Any]:
    """Figures of other sizes that an earlier run has saved."""
    path = RESULTS / "ledger.json"
    record = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
    return dict(record["figures"]) if record.get("seed") == seed else {}


def main(argv: Sequence[str]) -> dict[str, Any]:
    """Run the benchmark; with --save the figures go to results/ledger.json."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks ledger")
    parser.add_argument("--sizes", default="1000000,10000000")
    parser.add_argument("--folder", type=Path, default=None)
    parser.add_argument("--seed", type=int, default=20)
    parser.add_argument("--fixes", default="1,10,100,1000,10000,100000", help="items that back-dated documents touch")
    parser.add_argument("--save", action="store_true", help="keep the figures; those of other sizes stay")
    options = parser.parse_args(argv)
    folder = options.folder or Path(tempfile.mkdtemp(prefix="stockturn-ledger-"))
    sizes = [int(size) for size in options.sizes.split(",")]
    # The compiled kernel is cached on disk: a first small run pays for it, as installing does.
    (folder / "first").mkdir(exist_ok=True)
    first = _alone(ledger_runs.full, write_movements(folder, 1000, options.seed), folder / "first")
    figures: dict[str, Any] = _saved(options.seed) if options.save else {}
    figures["first_call_seconds"] = first["start_seconds"]
    counts = [int(count) for count in options.fixes.split(",")]
    for size in sizes:
        for known in measure(size, folder, options.seed, counts, with_yardstick=size <= 20_000_000):
            figures[f"rows_{size}"] = known
            if options.save:
                save_result("ledger", figures, seed=options.seed, packages=PACKAGES)
    if options.folder is None:
        shutil.rmtree(folder)
    return figures
