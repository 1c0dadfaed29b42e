"""What the wheel asks for is to be had, as wheels and by pip alone, for every Python that it names."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow  # asks the package index

ROOT = Path(__file__).resolve().parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
PREFIX = "Programming Language :: Python :: "
PYTHONS = [text.removeprefix(PREFIX) for text in PROJECT["classifiers"] if text.startswith(PREFIX)]
EXTRAS = ("dashboard", "observability", "postgres", "web")


@pytest.mark.parametrize("python", PYTHONS)
def test_the_requirements_resolve(python: str, tmp_path: Path) -> None:
    """No lock and no constraints: what a user gets who types `pip install stockturn[...]`."""
    asked = [*PROJECT["dependencies"], *(text for extra in EXTRAS for text in PROJECT["optional-dependencies"][extra])]
    command = [sys.executable, "-m", "pip", "install", "--dry-run", "--ignore-installed", "--only-binary=:all:"]
    command += ["--python-version", python, "--target", str(tmp_path), "--report", str(tmp_path / "report.json")]
    done = subprocess.run(
        [*command, "--quiet", *asked],
        env={**os.environ, "PIP_DISABLE_PIP_VERSION_CHECK": "1"},
        capture_output=True,
        text=True,
        check=False,
        timeout=900,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    report = json.loads((tmp_path / "report.json").read_text(encoding="utf-8"))
    chosen = {one["metadata"]["name"].lower(): one["metadata"]["version"] for one in report["install"]}
    assert len(chosen) > 100
    assert chosen["dbt-core"].startswith("1.11.") and chosen["duckdb"] == "1.5.5"
