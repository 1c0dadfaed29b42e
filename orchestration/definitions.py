"""The code location that `dagster dev` and the daemon load. The company is named by STOCKTURN_CONFIG."""

from __future__ import annotations

import os
from pathlib import Path

from orchestration.build import build_definitions

DEFAULT_CONFIG = Path(__file__).resolve().parent.parent / "config" / "demo.yml"

defs = build_definitions(Path(os.environ.get("STOCKTURN_CONFIG", str(DEFAULT_CONFIG))))
