"""Files that may take a process down with them are read by a process of their own, within limits of memory and time.

A damaged .xls aborts the library that reads it, and a workbook of a few kilobytes can ask for more memory than there is (cells that
repeat one long text). Such a process ends alone: its file is refused and the run continues with the next one. One process serves all
files of a run, one after the other; a new one is started where it was ended. Nothing but the file's own table comes back from it.
"""

from __future__ import annotations

import atexit
import os
import resource
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection, Pipe
from pathlib import Path
from typing import Any

import duckdb

from assets.ingest.errors import IngestError
from assets.ingest.mapping.language import Dataset
from assets.ingest.reading.limits import memory_limit, seconds_limit
from assets.ingest.reading.raw_table import RAW_TABLE, RawFile
from assets.ingest.sqltext import literal
from assets.ingest.typing.text_macros import install_macros

Reader = Callable[[duckdb.DuckDBPyConnection, Path, str, Dataset, Sequence[str], Path], RawFile]

_PARTS = "Export it in parts, or as CSV or Parquet."
_AGAIN = "Open it in Excel and save it again as .xlsx, or export it as CSV."
_START = "import sys; sys.path[:] = {path!r}; from assets.ingest.reading.own_process import serve; serve({pipe})"
_STORE = "raw_store"
_LOOK_SECONDS = 0.05
"""How often the process is looked at; the fastest allocation seen took 1.5 GB a second (2026-11)."""


def read_apart(
    connection: duckdb.DuckDBPyConnection, path: Path, name: str, dataset: Dataset, expected: Sequence[str], work: Path
) -> RawFile:
    """Load a file into the table `raw` like `read_file`, in another process.

    Raises:
        IngestError: the reader's own refusal, or the process reached a limit or ended.
    """
    work.mkdir(parents=True, exist_ok=True)
    table = work / "apart.parquet"
    raw = _PROCESS.ask((path.resolve(), name, dataset, tuple(expected), work.resolve(), table.resolve()), name)
    try:
        connection.execute(
            f"CREATE OR REPLACE TEMP TABLE {_STORE} AS SELECT * FROM read_parquet({literal(str(table))}, hive_partitioning = false)"
        )
        connection.execute(f"CREATE OR REPLACE TEMP VIEW {RAW_TABLE} AS SELECT * FROM {_STORE}")
    finally:
        table.unlink(missing_ok=True)
    return raw


def stop_reading() -> None:
    """End the reading process, which would wait for files as long as this process runs."""
    _PROCESS.stop()


@dataclass(frozen=True)
class _Answer:
    """What the process says of one file."""

    outcome: RawFile | IngestError


class _Process:
    """The reading process of this process: started with the first file, again after it was ended."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._running: tuple[subprocess.Popen[bytes], Connection] | None = None
        self._owner = 0

    def ask(self, request: tuple[Any, ...], name: str) -> RawFile:
        """What the process answers; IngestError where it ended over the file or refused it."""
        with self._lock:
            process, pipe = self._start()
            answer: _Answer | None = None
            try:
                pipe.send(request)
                _wait(process.pid, pipe, name)
                answer = pipe.recv()
            except (EOFError, OSError):
                raise _ended(process.wait(), name) from None
            finally:
                # Whatever else ended the wait, an interrupt included: the next file gets a new process.
                if answer is None:
                    self.stop()
        assert answer is not None
        if isinstance(answer.outcome, RawFile):
            return answer.outcome
        raise answer.outcome

    def stop(self) -> None:
        """End the process, whatever it does."""
        if self._running is not None and self._owner == os.getpid():
            process, pipe = self._running
            self._running = None
            pipe.close()
            process.kill()
            process.wait()

    def _start(self) -> tuple[subprocess.Popen[bytes], Connection]:
        if self._running is not None and self._owner == os.getpid() and self._running[0].poll() is None:
            return self._running
        ours, theirs = Pipe()
        code = _START.format(path=sys.path, pipe=theirs.fileno())
        process = subprocess.Popen(
            [sys.executable, "-c", code],
            pass_fds=(theirs.fileno(),),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        theirs.close()
        self._running, self._owner = (process, ours), os.getpid()
        return self._running


_PROCESS = _Process()
atexit.register(_PROCESS.stop)


def _wait(process: int, pipe: Connection, name: str) -> None:
    """Wait for an answer; raises IngestError where the process takes too much memory or time before it has one.

    Memory is watched from here and not limited there: libraries that are refused memory abort, or wait for ever.
    """
    most_bytes, end = memory_limit(), time.monotonic() + seconds_limit()
    while not pipe.poll(_LOOK_SECONDS):
        if _memory_of(process) > most_bytes:
            raise IngestError(f"takes more than {most_bytes >> 20:,} MB of memory to read", file=name, fix=_PARTS)
        if time.monotonic() > end:
            raise IngestError(f"was not read within {seconds_limit():,} seconds", file=name, fix=_PARTS)


def _memory_of(process: int) -> int:
    """Bytes of memory that a process holds; 0 where the system does not say."""
    try:
        return int(Path(f"/proc/{process}/statm").read_text(encoding="ascii").split()[1]) * resource.getpagesize()
    except (OSError, IndexError, ValueError):
        return 0


def _ended(status: int, name: str) -> IngestError:
    """The refusal of a file over which the process ended."""
    how = signal.Signals(-status).name if status < 0 else f"status {status}"
    return IngestError(f"ended the process that read it ({how}); it is damaged", file=name, fix=_AGAIN)


def serve(pipe: int) -> None:
    """Answer requests until the other end is closed. The reading process runs this and nothing else."""
    from assets.ingest.reading.any_file import read_here

    with suppress(OSError):  # where memory runs out all the same, this process goes before the others
        Path("/proc/self/oom_score_adj").write_text("1000", encoding="ascii")
    requests = Connection(pipe)
    while True:
        try:
            request = requests.recv()
        except EOFError:
            return
        signal.alarm(2 * seconds_limit())  # ends a process whose parent is gone
        answer = _Answer(_outcome(read_here, *request))
        signal.alarm(0)
        try:
            requests.send(answer)
        except BrokenPipeError:
            return


def _outcome(
    read: Reader, path: Path, name: str, dataset: Dataset, expected: Sequence[str], work: Path, table: Path
) -> RawFile | IngestError:
    try:
        with duckdb.connect(":memory:", config={"threads": 1}) as connection:
            connection.execute(f"SET temp_directory = {literal(str(work / 'spill_apart'))}; SET TimeZone = 'UTC'")
            install_macros(connection)
            raw = read(connection, path, name, dataset, expected, work)
            connection.execute(f"COPY (SELECT * FROM {RAW_TABLE}) TO {literal(str(table))} (FORMAT parquet)")
            return raw
    except IngestError as refusal:
        return refusal
    except BaseException as error:  # a panic of a library derives from BaseException alone
        said = " ".join(str(error).split())[:200]
        return IngestError(f"cannot be read ({type(error).__name__}: {said})", file=name, fix=_AGAIN)
