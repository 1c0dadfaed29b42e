"""The worlds, built once for all tests of this folder."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from worlds import Worlds, judged_again, run_worlds


@pytest.fixture(scope="session")
def worlds(tmp_path_factory: pytest.TempPathFactory) -> Worlds:
    if given := os.environ.get("STOCKTURN_TEST_FAULTS"):  # `python -m benchmarks mutants`: with a fault in a model
        return judged_again(Path(given))
    return run_worlds(tmp_path_factory.mktemp("faults"))
