"""The repository is a project of Dagster's `dg` command: its configuration and its definitions pass `dg check`."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def _dg(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(Path(sys.executable).with_name("dg")), *arguments],
        cwd=ROOT,
        env={**os.environ, "VIRTUAL_ENV": sys.prefix, "DAGSTER_DISABLE_TELEMETRY": "1"},
        capture_output=True,
        text=True,
        check=False,
        timeout=600,
    )


def test_the_configuration_is_a_project_of_dg() -> None:
    checked = _dg("check", "toml")
    assert checked.returncode == 0, checked.stdout + checked.stderr
    assert "All TOML configuration files are valid" in checked.stdout + checked.stderr


@pytest.mark.slow
def test_the_definitions_pass() -> None:
    """Loaded in a process of their own, as a deployment loads them."""
    checked = _dg("check", "defs")
    assert checked.returncode == 0, checked.stdout + checked.stderr
    assert "All definitions loaded successfully" in checked.stdout + checked.stderr
    assert "BetaWarning" not in checked.stdout + checked.stderr
