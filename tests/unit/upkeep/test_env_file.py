"""`.env` of a project: every command and service reads it, the environment comes first, one project never sees another's."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from typer.testing import CliRunner

from orchestration.cli import app
from orchestration.upkeep.environment import EnvFileError, read_environment


def _project(folder: Path, text: str) -> Path:
    folder.mkdir()
    (folder / ".env").write_text(text, encoding="utf-8")
    return folder


def test_what_the_environment_sets_comes_first(tmp_path: Path) -> None:
    secret = tmp_path / "url"
    secret.write_text("mailto://u:p@h\n")
    text = f"""# 说明
STOCKTURN_CONFIG=config/company.yml
STOCKTURN_SOURCE_ERP_URL='sqlite:////srv/金蝶 k$3.db'
export STOCKTURN_LOG_FORMAT=json
STOCKTURN_NOTIFY_OPS_FILE={secret}
"""
    known = {"STOCKTURN_LOG_FORMAT": "text"}
    read_environment(_project(tmp_path / "a", text), known)
    assert known == {
        "STOCKTURN_LOG_FORMAT": "text",
        "STOCKTURN_SOURCE_ERP_URL": "sqlite:////srv/金蝶 k$3.db",
        "STOCKTURN_NOTIFY_OPS_FILE": str(secret),
        "STOCKTURN_NOTIFY_OPS": "mailto://u:p@h",
    }
    read_environment(tmp_path, known)  # a project without the file
    assert known == {"STOCKTURN_LOG_FORMAT": "text"}


def test_one_project_does_not_see_the_variables_of_another(tmp_path: Path) -> None:
    known: dict[str, str] = {}
    one = _project(tmp_path / "one", "STOCKTURN_POSTGRES_URL=postgresql://one\nSTOCKTURN_INCIDENTS_URL=sqlite:///one\n")
    two = _project(tmp_path / "two", "STOCKTURN_POSTGRES_URL=postgresql://two\n")
    for _ in range(2):
        read_environment(one, known)
        read_environment(two, known)
        assert known == {"STOCKTURN_POSTGRES_URL": "postgresql://two"}


@pytest.mark.parametrize("text", ["A=1\ngeheim\n", "A=1\nB='geheim\n"])
def test_a_line_that_sets_nothing_is_named_and_not_shown(tmp_path: Path, text: str) -> None:
    with pytest.raises(EnvFileError, match=r"\.env, line 2: write NAME=value") as caught:
        read_environment(_project(tmp_path / "a", text), {})
    assert "geheim" not in str(caught.value)


def test_a_command_reads_the_file_of_its_project(tmp_path: Path) -> None:
    made = CliRunner().invoke(app, ["init", str(tmp_path / "shop"), "--code", "SHOP"])
    assert made.exit_code == 0, made.output
    with (tmp_path / "shop" / ".env").open("a") as file:
        file.write("STOCKTURN_NOTIFY_OPS_FILE=/nowhere/url\n")
    done = CliRunner().invoke(app, ["status", "-c", str(tmp_path / "shop" / "config" / "company.yml")])
    assert done.exit_code == 2 and "STOCKTURN_NOTIFY_OPS_FILE: /nowhere/url cannot be read" in done.output
    assert "STOCKTURN_NOTIFY_OPS_FILE" not in os.environ
