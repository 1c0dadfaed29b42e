"""Ten folders of files as clerks make them: from the folder to a release by one command, with the figures that the files say.

The answers file holds what the files cannot say; every other decision is the command's. Row accounting closes on each.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest
from clerk_folders import CLERKS, Clerk

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("clerk", CLERKS, ids=lambda clerk: clerk.name)
def test_from_a_folder_to_a_release(tmp_path: Path, clerk: Clerk) -> None:
    inbox = tmp_path / "inbox"
    inbox.mkdir()
    clerk.write(inbox)
    answers = tmp_path / "answers.yml"
    answers.write_text(json.dumps(clerk.answers, ensure_ascii=False), encoding="utf-8")
    project = tmp_path / "shop"
    command = ["-m", "orchestration.cli", "init", str(project), "--from", str(inbox), "--answers", str(answers)]
    done = subprocess.run(
        [sys.executable, *command, "--code", "CLERK", "--run"], capture_output=True, text=True, check=False
    )
    assert done.returncode in (0, 1), done.stdout[-3000:] + done.stderr[-3000:]
    assert "Traceback" not in done.stdout + done.stderr
    [released] = (project / "var" / "releases").glob("current/stockturn.duckdb")
    with duckdb.connect(str(released), read_only=True) as connection:
        for query, expected in clerk.expected:
            assert connection.execute(query).fetchall() == expected, query
