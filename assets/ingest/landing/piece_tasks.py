"""What is done with one piece of a large file, wherever it is done: in a thread of the run, or in a task of Spark."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import duckdb
import numpy as np

from assets.ingest.landing.key_runs import write_run
from assets.ingest.landing.store import parquet_copy
from assets.ingest.reading.pieces import Piece, Pieces
from assets.ingest.reading.raw_table import SOURCE_ROW
from assets.ingest.sqltext import literal


@dataclass(frozen=True)
class Part:
    """What came of a piece: its landing rows as a file, their keys as a run, and the rows left over as text."""

    piece: Piece
    path: Path
    keys: Path
    rows: int
    rest: Path | None


@dataclass(frozen=True)
class Failed:
    """A piece that could not be read as it was cut; `is_short` where there was no room for it."""

    is_short: bool


def take(
    cursor: duckdb.DuckDBPyConnection, pieces: Pieces, piece: Piece, query: str, path: Path, out: Path
) -> Part | Failed:
    """Land what is good of one piece.

    Args:
        cursor: a connection to a database with the macros of the run and what its checks look up.
        pieces: the file.
        piece: one of its pieces.
        query: SQL of the landing rows over `raw`.
        path: the landing file to write.
        out: where keys and rows left over are written, without a suffix.
    """
    try:
        cursor.execute("SET TimeZone = 'UTC'")
        pieces.show(cursor, piece)
        cursor.execute(parquet_copy(query, path))
        return _part(cursor, pieces, piece, path, out)
    except (duckdb.Error, ValueError) as error:
        path.unlink(missing_ok=True)
        return Failed(isinstance(error, duckdb.OutOfMemoryException))


def _part(cursor: duckdb.DuckDBPyConnection, pieces: Pieces, piece: Piece, path: Path, out: Path) -> Part:
    """What a finished landing file holds and what it lacks; raises ValueError where it has rows that are not its."""
    rows, hashes = (
        cursor.execute(f"SELECT {SOURCE_ROW}, hash(source_key) FROM {parquet_of(path)}").fetchnumpy().values()
    )
    places = np.asarray(rows, np.int64) - piece.first_row
    is_left = np.ones(piece.rows, np.bool_)
    if len(places) and not 0 <= int(places.min()) <= int(places.max()) < piece.rows:
        raise ValueError(f"{path.name} has rows beyond its piece")
    is_left[places] = False
    keys = write_run(out.with_suffix(".keys"), np.asarray(hashes, np.uint64))
    left = np.flatnonzero(is_left) + piece.first_row
    rest = pieces.take_out(cursor, piece, left, out) if len(left) else None
    return Part(piece, path, keys, len(places), rest)


def parquet_of(path: Path) -> str:
    """SQL of the rows of one landing file."""
    return f"read_parquet({literal(str(path))}, hive_partitioning = false)"
