"""The wheel holds everything that an installation needs: no file of the sources is looked for beside it."""

from __future__ import annotations

import subprocess
import zipfile
from pathlib import Path

from wheel import ROOT, Installed, installed

__all__ = ["installed"]
PACKAGES = ("orchestration", "assets", "expectations", "dashboard", "demo", "dbt_project")
LEFT_OUT = ("dbt_project/lint/",)  # only the linter's configuration of the sources reads it


def test_every_file_of_the_packages_is_in_the_wheel(installed: Installed) -> None:
    """A mapping, model or template that no pattern of pyproject.toml names would be missing after installation only."""
    tracked = subprocess.run(
        ["git", "ls-files", *PACKAGES], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout
    wanted = {name for name in tracked.splitlines() if not name.startswith(LEFT_OUT) and (ROOT / name).is_file()}
    with zipfile.ZipFile(installed.wheel) as archive:
        found = set(archive.namelist())
    assert sorted(wanted - found) == []
    assert sorted(name for name in found if name.startswith(("tests/", "benchmarks/", "dbt_project/target/"))) == []
    assert any(name.endswith("/licenses/LICENSE") for name in found)


def test_the_command_starts_from_the_wheel(installed: Installed, tmp_path: Path) -> None:
    shown = installed.run("--help", folder=tmp_path)
    assert shown.returncode == 0, shown.stderr
    assert "Inventory health" in shown.stdout
