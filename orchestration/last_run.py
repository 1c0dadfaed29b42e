"""What became of the last run of a workspace, kept in one small file: a run that was killed cannot say so itself.

The file is written when a run begins and again when it ends. A beginning without an end, while nobody holds the workspace, is a
run that was interrupted.
"""

from __future__ import annotations

import fcntl
import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, replace
from datetime import UTC, date, datetime
from pathlib import Path

from assets.whole_files import write_whole
from assets.workspace import Workspace
from orchestration.faults import CRASHED, NOT_RELEASED, is_refusal


@dataclass(frozen=True)
class LastRun:
    """A run as it is kept; `ended_at` and `exit_status` are None while it runs, or where it was interrupted."""

    as_of_date: str
    started_at: str
    ended_at: str | None = None
    exit_status: int | None = None
    errors: tuple[str, ...] = ()
    release_id: str | None = None


class KeptRun:
    """The run in progress."""

    def __init__(self, path: Path, run: LastRun) -> None:
        self._path, self._run = path, run
        _write(path, run)

    def end(self, exit_status: int, errors: Sequence[str], release_id: str | None) -> None:
        """Keep how it ended. A disk that cannot take it leaves an interrupted run, which is what it was."""
        ended = _now()
        run = replace(
            self._run, ended_at=ended, exit_status=exit_status, errors=tuple(errors), release_id=release_id
        )  # fmt: skip
        with suppress(OSError):
            _write(self._path, run)


@contextmanager
def kept(workspace: Workspace, as_of: date) -> Iterator[KeptRun]:
    """Keep the run of the block; the workspace is held by the caller.

    Raises:
        OSError: not even the beginning can be written.
    """
    run = KeptRun(_path(workspace), LastRun(as_of.isoformat(), _now()))
    try:
        yield run
    except Exception as error:
        run.end(
            NOT_RELEASED if is_refusal(error) else CRASHED,
            [f"{type(error).__name__}: {' '.join(str(error).split())}"],
            None,
        )
        raise


def read_last_run(workspace: Workspace) -> LastRun | None:
    """The last run by the command, or None where there was none or the file cannot be read."""
    try:
        facts = json.loads(_path(workspace).read_text(encoding="utf-8"))
        return LastRun(**{**facts, "errors": tuple(facts["errors"])})
    except (OSError, ValueError, TypeError, KeyError):
        return None


def is_held(workspace: Workspace) -> bool:
    """Whether a run holds the workspace now."""
    try:
        with (workspace.root / ".lock").open("r") as handle:
            fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return False
    return False


def _path(workspace: Workspace) -> Path:
    return workspace.root / "logs" / "last_run.json"


def _write(path: Path, run: LastRun) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    write_whole(path, json.dumps(asdict(run), ensure_ascii=False, indent=1))


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
