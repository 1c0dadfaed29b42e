"""Runs one benchmark by name. A benchmark is a module here with `main(argv) -> dict` of figures."""

from __future__ import annotations

import importlib
import json
import sys
from pathlib import Path


def names() -> list[str]:
    """Benchmarks that exist: modules of this folder with a `main`."""
    modules = sorted(path.stem for path in Path(__file__).parent.glob("*.py") if not path.stem.startswith("_"))
    return [name for name in modules if hasattr(importlib.import_module(f"benchmarks.{name}"), "main")]


def run(arguments: list[str]) -> int:
    """Exit status 0, or 2 where there is no such benchmark."""
    if not arguments or arguments[0] not in names():
        print("usage: python -m benchmarks NAME [options]; NAME is one of", ", ".join(names()))
        return 2
    figures = importlib.import_module(f"benchmarks.{arguments[0]}").main(arguments[1:])
    print(json.dumps(figures, ensure_ascii=False, default=str))
    return 0


if __name__ == "__main__":
    sys.exit(run(sys.argv[1:]))
