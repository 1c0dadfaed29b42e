"""The code location that `dagster dev` and the daemon load. The company is named by STOCKTURN_CONFIG."""

from __future__ import annotations

import os
from pathlib import Path

from orchestration.build import build_definitions
from orchestration.upkeep.environment import read_secret_files

DEFAULT_CONFIG = Path(__file__).resolve().parent.parent / "config" / "demo.yml"

read_secret_files()
defs = build_definitions(Path(os.environ.get("STOCKTURN_CONFIG", str(DEFAULT_CONFIG))))
