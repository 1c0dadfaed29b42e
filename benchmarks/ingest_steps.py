"""Where an ingest's time goes: seconds by step of one run, and what DuckDB's own profiler says of the lane's statement.

Steps are timed around the functions that do them, so they are the run's own and add up to it. What belongs here is the
account; ingest.py makes the data and the comparison.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import Any

_STEPS = (
    ("hash of the file", "assets.ingest.reading.discovery", "", "file_hash"),
    ("bytes looked at and cut into pieces", "assets.ingest.reading.text", "", "cut"),
    ("pieces to landing: read, cast, check, write, keys", "assets.ingest.landing.text_pieces", "PieceLanding", "run"),
    ("rows left over: cast with all care", "assets.ingest.landing.row_outcomes", "FileEngine", "_stage"),
    ("rows left over: damaged codes restored", "assets.ingest.landing.row_outcomes", "FileEngine", "_restore_codes"),
    ("keys that appear twice", "assets.ingest.landing.text_pieces", "PieceLanding", "call_back"),
    ("rows left over: reasons", "assets.ingest.landing.row_outcomes", "FileEngine", "_find_broken"),
    ("control totals", "assets.ingest.landing.row_outcomes", "FileEngine", "_count"),
    ("quarantine, sync, manifest", "assets.ingest.landing.contract_run", "", "land_batch"),
)
_GROUPS = {
    "READ_CSV": "text split into fields",
    "PROJECTION": "cast, rules, keys",
    "FILTER": "cast, rules, keys",
    "STREAMING_WINDOW": "row numbers",
    "BATCH_COPY_TO_FILE": "Parquet written",
    "COPY_TO_FILE": "Parquet written",
}


@contextmanager
def timed_steps() -> Iterator[dict[str, float]]:
    """Seconds by step of what runs inside, each step without those it contains."""
    seconds = dict.fromkeys((label for label, *_ in _STEPS), 0.0)
    open_steps: list[str] = []

    def timer(label: str, function: Callable[..., Any]) -> Callable[..., Any]:
        def run(*arguments: Any, **named: Any) -> Any:
            began = time.perf_counter()
            open_steps.append(label)
            try:
                return function(*arguments, **named)
            finally:
                open_steps.pop()
                spent = time.perf_counter() - began
                seconds[label] += spent
                if open_steps:
                    seconds[open_steps[-1]] -= spent

        return run

    places = []
    for label, module, owner, name in _STEPS:
        place = getattr(import_module(module), owner) if owner else import_module(module)
        places.append((place, name, getattr(place, name)))
        setattr(place, name, timer(label, places[-1][2]))
    try:
        yield seconds
    finally:
        for place, name, function in places:
            setattr(place, name, function)


@contextmanager
def profiled_lane(folder: Path) -> Iterator[dict[str, float]]:
    """CPU seconds by kind of operator of the statement that lands the pieces, filled on leaving."""
    from assets.ingest.landing import text_pieces as lane

    seconds: dict[str, float] = {}
    original, outputs = lane.parquet_copy, list[Path]()

    def profiled(query: str, target: Path) -> str:
        outputs.append(folder / f"profile-{len(outputs)}.json")
        return (
            f"PRAGMA enable_profiling = 'json'; PRAGMA profiling_output = '{outputs[-1]}'; "
            f"{original(query, target)}; PRAGMA disable_profiling"
        )

    lane.parquet_copy = profiled
    try:
        yield seconds
    finally:
        lane.parquet_copy = original
        for output in outputs:
            for name, spent in _operators(json.loads(output.read_text(encoding="utf-8"))):
                label = _GROUPS.get(name, "other")
                seconds[label] = seconds.get(label, 0.0) + spent


def _operators(node: dict[str, Any]) -> Iterator[tuple[str, float]]:
    if "operator_type" in node or "operator_name" in node:
        name = str(node.get("operator_name") or node.get("operator_type")).strip()
        yield ("READ_CSV" if name.startswith("READ_CSV") else name), float(node.get("operator_timing", 0.0))
    for child in node.get("children", []):
        yield from _operators(child)
