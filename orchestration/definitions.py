"""The code location that `dg dev` and the daemon load. The company is named by STOCKTURN_CONFIG."""

from __future__ import annotations

import os
from pathlib import Path

from orchestration.build import build_definitions
from orchestration.settings import project_folder
from orchestration.upkeep.environment import CONFIG_VARIABLE, read_environment

DEFAULT_CONFIG = Path(__file__).resolve().parent.parent / "config" / "demo.yml"

config = Path(os.environ.get(CONFIG_VARIABLE, str(DEFAULT_CONFIG)))
read_environment(project_folder(config))
defs = build_definitions(config)
