"""Pieces of work as tasks of Spark: each is a file that a worker reads, and what comes of it a file that the driver reads.

Files, because driver and workers see the lake at the same path: nothing of it passes through the JVMs, and the driver holds one
piece at a time.
"""

from __future__ import annotations

import pickle
import shutil
import uuid
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa

from assets.spark.faults import explained
from assets.spark.session import start_session
from assets.spark.settings import SparkSettings

_JOB, _DONE = "job", "done"


class SparkSpread:
    """Does pieces of work on the workers of a session."""

    def __init__(self, settings: SparkSettings, folder: Path, what: str) -> None:
        """
        Args:
            settings: of the session, which is started when there is something to do.
            folder: of the lake, which driver and workers see at the same path.
            what: is done, for messages of Spark's faults.
        """
        self._settings, self._folder, self._what = settings, folder.resolve() / "scratch", what

    def __call__(self, work: Callable[[Any], Any], job: Callable[[Any], Any], pieces: Sequence[Any]) -> Iterable[Any]:
        """The results of `work` on the job of each piece, in their order.

        Args:
            work: a function of a module that the workers have.
            job: what `work` needs for one piece; it is pickled, and made when it is written.
            pieces: what `job` is given.

        Raises:
            Exception: what `work` raised, as it was.
            assets.spark.faults.SparkError: a fault of Spark.
        """
        if not pieces:
            return
        spark = start_session(self._settings)
        folder = self._folder / uuid.uuid4().hex
        folder.mkdir(parents=True)
        try:
            for number, piece in enumerate(pieces):
                (folder / f"{number}.{_JOB}").write_bytes(pickle.dumps((work, job(piece)), protocol=5))
            with explained(spark, self._what):
                numbers = spark.range(0, len(pieces), 1, len(pieces))
                done = numbers.mapInArrow(_Task(folder), "id long, done string").toArrow()
            for name in done.sort_by("id").column("done").to_pylist():
                # our own file of a minute ago, in a folder that only the run writes to
                found, error = pickle.loads((folder / name).read_bytes())
                if error is not None:
                    raise error
                yield found
        finally:
            shutil.rmtree(folder, ignore_errors=True)


class _Task:
    """What a worker does with the numbers of pieces."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __call__(self, numbers: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for batch in numbers:
            rows = [{"id": number, "done": self._one(number)} for number in batch.column("id").to_pylist()]
            if rows:
                yield pa.RecordBatch.from_pylist(rows)

    def _one(self, number: int) -> str:
        """Do one piece; the name of the file of its result. A task that runs twice writes two."""
        work, job = pickle.loads((self.folder / f"{number}.{_JOB}").read_bytes())
        found, error = None, None
        try:
            found = work(job)
        except Exception as caught:  # the driver raises it: what a fault of numbers means is decided there
            error = caught
        name = f"{number}-{uuid.uuid4().hex}.{_DONE}"
        (self.folder / name).write_bytes(pickle.dumps((found, error), protocol=5))
        return name
