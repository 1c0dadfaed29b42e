"""Shared set-up: helpers of the integration tests can be imported by name; nothing phones home."""

from __future__ import annotations

import os
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
for folder in ("integration", "fixtures"):
    sys.path.insert(0, str(HERE / folder))

os.environ.setdefault("DAGSTER_DISABLE_TELEMETRY", "1")
os.environ.setdefault("GX_ANALYTICS_ENABLED", "false")
