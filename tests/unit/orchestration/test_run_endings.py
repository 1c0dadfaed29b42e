"""How a run ended is one exit status and one text, both true: refused, crashed before or after the release, killed."""

from __future__ import annotations

import errno
import io
import json
import os
import signal
import subprocess
import sys
from datetime import date
from pathlib import Path

import pytest
from rich.console import Console
from typer.testing import CliRunner, Result

from assets.publish.releases import read_release
from benchmarks.companies import configure_demo
from benchmarks.synthetic_release import write_release
from orchestration.cli import app
from orchestration.faults import RunCrashedError
from orchestration.last_run import kept, read_last_run
from orchestration.run import RunOutcome, run_daily
from orchestration.settings import Settings
from orchestration.summary import print_summary

DAY = date(2026, 6, 30)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return configure_demo(tmp_path)


def _command(settings: Settings, *arguments: str) -> Result:
    config = settings.workspace().root.parent / "demo.yml"
    return CliRunner().invoke(app, [*arguments, "--config", str(config)])


def _flat(result: Result) -> str:
    return " ".join(result.output.replace("│", " ").split())


@pytest.mark.parametrize(
    ("errors", "is_crash", "is_live", "status", "said"),
    [
        ((), False, True, 0, "released, every check passes"),
        (("release: a check that blocks failed",), False, False, 2, "not released"),
        (("ledger: No space left on device",), True, False, 3, "crashed, not released"),
        (("incidents: file is not a database",), True, True, 3, "released; what comes after the release failed"),
        (("incidents: another day is published",), False, True, 3, "released; what comes after the release failed"),
    ],
)
def test_the_verdict_says_what_is_so(
    settings: Settings, errors: tuple[str, ...], is_crash: bool, is_live: bool, status: int, said: str
) -> None:
    facts = {
        "rows_in": 0,
        "rows_loaded": 0,
        "rows_quarantined": 0,
        "rows_duplicate": 0,
        "rows_excluded": 0,
        "batches": 0,
    }
    folder = settings.workspace().releases / "r1"
    folder.mkdir(parents=True)
    manifest = {"as_of_date": str(DAY), "marts": [], "accounting": facts}
    (folder / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    outcome = RunOutcome("run", DAY, read_release(folder) if is_live else None, (), errors, is_crash=is_crash)
    console = Console(file=io.StringIO(), width=200)
    print_summary(console, outcome)
    text = console.file.getvalue()  # type: ignore[attr-defined]
    assert outcome.exit_status == status and f"{said}" in text and f"(exit status {status})" in text
    assert not (is_live and "not released" in text)


@pytest.mark.parametrize("broken", ["dagster", "logs"])
def test_a_folder_that_cannot_be_written_is_a_crash(settings: Settings, broken: str) -> None:
    """The metadata of runs has no place: before, the exit status was that of a released run."""
    root = settings.workspace().root
    root.mkdir(parents=True)
    (root / broken).write_text("a file where a folder should be", encoding="utf-8")
    result = _command(settings, "run", "--as-of", str(DAY))
    assert result.exit_code == 3, result.output
    assert "the run crashed: " in result.output and "Traceback" not in result.output
    if broken == "dagster":  # without a place for logs nothing can be kept
        said = _flat(_command(settings, "status"))
        assert "the last run failed" in said and "FileExistsError" in said and f"stockturn run --as-of {DAY}" in said


def test_status_after_a_run_that_was_killed(settings: Settings) -> None:
    """It names the day, that it never ended, and what is still published. While it runs, it says that."""
    workspace = settings.workspace()
    write_release(workspace.releases, 60, 3)
    script = (
        "import os, sys, time; from datetime import date; from pathlib import Path\n"
        "from assets.workspace import Workspace; from orchestration.last_run import kept\n"
        "workspace = Workspace(Path(sys.argv[1]))\n"
        "with workspace.exclusive(), kept(workspace, date(2026, 6, 30)):\n"
        "    print('held', flush=True); time.sleep(600)\n"
    )
    process = subprocess.Popen([sys.executable, "-c", script, str(workspace.root)], stdout=subprocess.PIPE)
    assert process.stdout is not None and process.stdout.readline().strip() == b"held"
    going = _flat(_command(settings, "status"))
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    process.stdout.close()
    killed = _flat(_command(settings, "status"))
    assert "a run is in progress" in going and "the last run failed" not in going
    assert "the last run failed" in killed and "never ended" in killed and "interrupted" in killed
    assert "synthetic, as of 2026-06-30" in killed and "stockturn run --as-of 2026-06-30" in killed


def test_a_good_run_takes_the_word_of_failure_away(settings: Settings) -> None:
    workspace = settings.workspace()
    with pytest.raises(OSError), kept(workspace, DAY):
        raise OSError(errno.ENOSPC, "No space left on device")
    run = read_last_run(workspace)
    assert run is not None and run.exit_status == 3 and "No space left on device" in run.errors[0]
    assert "No space left on device" in _flat(_command(settings, "status"))
    with kept(workspace, DAY) as going:
        going.end(0, (), "r1")
    assert "the last run failed" not in _flat(_command(settings, "status"))


def test_a_damaged_word_is_no_word(settings: Settings) -> None:
    workspace = settings.workspace()
    (workspace.root / "logs").mkdir(parents=True)
    for text in ("", "{", "[]", '{"as_of_date": 1}'):
        (workspace.root / "logs" / "last_run.json").write_text(text, encoding="utf-8")
        assert read_last_run(workspace) is None
        assert _command(settings, "status").exit_code == 0


def test_a_mistake_of_the_user_is_no_crash(settings: Settings) -> None:
    with pytest.raises(ValueError, match="no such asset") as caught:
        run_daily(settings, DAY, select=["marts/fct_nothing"])
    assert not isinstance(caught.value, RunCrashedError)
    run = read_last_run(settings.workspace())
    assert run is not None and run.exit_status == 2 and "no such asset" in run.errors[0]
