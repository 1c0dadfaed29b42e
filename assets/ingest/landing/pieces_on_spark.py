"""The pieces of a large file as tasks of Spark. A worker runs the same SQL in a DuckDB of its own: a contract has one meaning, whatever
the engine. Only names of files come back to the driver."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import duckdb
import pyarrow as pa

from assets.ingest.landing.piece_tasks import Failed, Part, take
from assets.ingest.reading.pieces import Pieces
from assets.ingest.reading.raw_table import RawFile
from assets.ingest.sqltext import literal
from assets.spark.faults import explained
from assets.spark.session import start_session
from assets.spark.settings import SparkSettings

WORKER_MEMORY = "1200MB"
"""Of a worker's DuckDB for one piece; as much as the run's own (database.MEMORY_LIMIT)."""
_DONE = "number long, path string, keys string, rows long, rest string, is_failed boolean, is_short boolean"


@dataclass(frozen=True)
class _Task:
    """All that a worker needs; its files are in folders that driver and workers see at the same path."""

    database: Path
    pieces: Pieces
    query: str
    paths: Sequence[Path]

    def run(self, numbers: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        """A row of `_DONE` for each piece whose number is given."""
        for batch in numbers:
            done = [self._one(int(number)) for number in batch.column("id").to_pylist()]
            if done:
                yield pa.RecordBatch.from_pylist(done)

    def _one(self, number: int) -> dict[str, object]:
        piece, path = self.pieces.items[number], self.paths[number]
        # A task that runs twice, as one of a lost worker may, writes files of its own; the driver takes those that it is told of.
        attempt = uuid.uuid4().hex
        own = path.with_name(f"{path.name}.{attempt}.part")
        out = piece.path.with_name(f"{piece.path.stem}-{attempt}")
        with duckdb.connect(
            str(self.database), read_only=True, config={"threads": 1, "memory_limit": WORKER_MEMORY}
        ) as connection:
            part = take(connection, self.pieces, piece, self.query, own, out)
        if isinstance(part, Failed):
            nothing = {"path": "", "keys": "", "rows": 0, "rest": ""}
            return {"number": number, **nothing, "is_failed": True, "is_short": part.is_short}
        rest = str(part.rest or "")
        files = {"path": str(own), "keys": str(part.keys), "rows": part.rows, "rest": rest}
        return {"number": number, **files, "is_failed": False, "is_short": False}


class SparkPieces:
    """Where the pieces of a run are landed with `engine: spark`."""

    def __init__(self, settings: SparkSettings) -> None:
        self._settings = settings

    def take_all(
        self, connection: duckdb.DuckDBPyConnection, pieces: Pieces, query: str, paths: Sequence[Path], work: Path
    ) -> list[Part | Failed]:
        """`piece_tasks.take` for every piece; `paths` are the landing files to write, in the order of the pieces.

        Raises:
            assets.spark.faults.SparkError: Spark could not start or lost its workers.
        """
        database = work / f"{uuid.uuid4().hex}.duckdb"
        # Macros and known codes of the run, without which the SQL says nothing.
        connection.execute(f"ATTACH {literal(str(database))} AS shipped")
        try:
            row = connection.execute("SELECT current_database()").fetchone()
            connection.execute(f"COPY FROM DATABASE {row[0] if row else 'memory'} TO shipped")
        finally:
            connection.execute("DETACH shipped")
        task = _Task(database, replace(pieces, read_whole=_by_the_driver), query, tuple(paths))
        spark = start_session(self._settings)
        try:
            with explained(spark, "landing of a large file"):
                numbers = spark.range(0, len(pieces.items), 1, len(pieces.items))
                found = numbers.mapInArrow(task.run, _DONE).toArrow().sort_by("number").to_pylist()
        finally:
            database.unlink(missing_ok=True)
        return [_part(pieces, path, one) for path, one in zip(paths, found, strict=True)]


def _by_the_driver() -> RawFile:
    raise RuntimeError("a file is read whole by the driver only")


def _part(pieces: Pieces, path: Path, done: dict[str, object]) -> Part | Failed:
    if done["is_failed"]:
        return Failed(bool(done["is_short"]))
    Path(str(done["path"])).replace(path)
    rest = Path(str(done["rest"])) if done["rest"] else None
    return Part(pieces.items[int(str(done["number"]))], path, Path(str(done["keys"])), int(str(done["rows"])), rest)
