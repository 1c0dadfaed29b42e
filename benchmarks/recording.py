"""Keeps a benchmark's figures with what is needed to compare them later: date, versions, seed, machine."""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

RESULTS = Path(__file__).parent / "results"


def save_result(name: str, figures: Mapping[str, Any], *, seed: int, packages: Sequence[str]) -> Path:
    """Write `results/<name>.json`."""
    record = {
        "benchmark": name,
        "date": datetime.now(UTC).date().isoformat(),
        "machine": {"cores": os.cpu_count(), "memory_gib": memory_gib(), "python": platform.python_version()},
        "versions": {package: version(package) for package in sorted(packages)},
        "seed": seed,
        "figures": figures,
    }
    path = RESULTS / f"{name}.json"
    path.write_text(json.dumps(record, ensure_ascii=False, indent=1, default=str) + "\n", encoding="utf-8")
    return path


def memory_gib() -> float:
    """Physical memory of this machine."""
    return round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30, 1)
