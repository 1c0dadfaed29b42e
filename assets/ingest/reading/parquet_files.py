"""Parquet: one file, or the files of a table of a lake as if they were one. Large ones are left to be read in pieces."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import duckdb

from assets.ingest.errors import IngestError
from assets.ingest.reading.limits import MOST_PARQUET_CELLS
from assets.ingest.reading.pieces import Piece, Pieces
from assets.ingest.reading.raw_table import RAW_TABLE, SOURCE_ROW, RawFile
from assets.ingest.reading.table_folders import DataFile
from assets.ingest.sqltext import ident, literal

PIECE_ROWS = 491_520
"""Four row groups of DuckDB's own size, about as many rows as a piece of text (text_cutting.PIECE_BYTES)."""
CUT_FROM_ROWS = 200_000
"""Smaller tables are read whole: as many rows as text has from the size on at which it is cut."""


@dataclass(frozen=True)
class _Part:
    """A file of a table: its rows and the columns that it has."""

    file: DataFile
    link: Path
    first_row: int
    rows: int
    columns: tuple[str, ...]

    def query(self, header: Sequence[str], begin: int = 0, end: int | None = None) -> str:
        """SQL of its rows from `begin` to before `end`, numbered as those of the table, all values as texts."""
        chosen = ", ".join(f"{self._value(title)} AS c{number}" for number, title in enumerate(header))
        rows = "" if end is None else f" WHERE file_row_number BETWEEN {begin} AND {end - 1}"
        return (
            f"SELECT file_row_number + {self.first_row} AS {SOURCE_ROW}, {chosen} FROM "
            f"read_parquet({literal(str(self.link))}, file_row_number = true, hive_partitioning = false){rows}"
        )

    def _value(self, title: str) -> str:
        if title in self.columns:
            return f"CAST({ident(title)} AS VARCHAR)"
        return f"CAST({literal(self.file.values.get(title))} AS VARCHAR)"


@dataclass(frozen=True)
class ParquetPiece(Piece):
    """Consecutive rows of one file; `query` reads them as `raw` has them."""

    query: str


@dataclass(frozen=True, kw_only=True)
class ParquetPieces(Pieces):
    """A Parquet file or a table of a lake; nothing is copied, its row groups are read where they are."""

    def show(self, connection: duckdb.DuckDBPyConnection, piece: Piece) -> None:
        """Make `raw` of the connection a view of one piece, numbered as the rows of the table."""
        if not isinstance(piece, ParquetPiece):
            raise TypeError(f"{piece} is no piece of a Parquet file")
        connection.execute(f"CREATE OR REPLACE TEMP VIEW {RAW_TABLE} AS {piece.query}")


def read_parquet_files(
    connection: duckdb.DuckDBPyConnection,
    files: Sequence[DataFile],
    name: str,
    work: Path,
    *,
    in_pieces: bool = False,
) -> RawFile:
    """Load Parquet files into `raw` as one table; rows are numbered on from file to file, from 1.

    Args:
        connection: of the run.
        files: in the order of their rows; columns go by name, and a file may lack some.
        name: of the file or table, for messages.
        work: folder for links to the files and for what comes of pieces.
        in_pieces: leave a large table unread; see RawFile.

    Returns:
        What is known of it. Of several files `notes` say which rows are whose.

    Raises:
        IngestError: one of them is no Parquet, or there are too many cells.
    """
    parts: list[_Part] = []
    for number, file in enumerate(files):
        parts.append(_look(connection, file, work / f"source_{number}.parquet", sum(part.rows for part in parts), name))
    inside = list(dict.fromkeys(column for part in parts for column in part.columns))
    header = tuple(dict.fromkeys([*inside, *(column for file in files for column in file.values)]))
    rows = sum(part.rows for part in parts)
    if rows * len(header) > MOST_PARQUET_CELLS:
        raise IngestError(
            f"holds {rows:,} rows by {len(header)} columns, more than {MOST_PARQUET_CELLS:,} cells",
            file=name,
            fix="Export it in parts.",
        )
    notes = tuple(
        f"rows {part.first_row}-{part.first_row + part.rows - 1}: {part.file.place}"
        for part in parts
        if len(parts) > 1 and part.rows
    )
    if in_pieces and rows >= CUT_FROM_ROWS:
        items = _cut(parts, header, work)
        read_whole = partial(read_parquet_files, connection, files, name, work)
        pieces = ParquetPieces(items=items, columns=len(header), read_whole=read_whole)
        return RawFile(header, rows, pieces=pieces, notes=notes)
    names = "".join(f", c{number} VARCHAR" for number in range(len(header)))
    connection.execute(f"CREATE OR REPLACE TEMP TABLE raw_store ({SOURCE_ROW} BIGINT{names})")
    for part in parts:
        try:
            connection.execute(f"INSERT INTO raw_store {part.query(header)}")
        except duckdb.Error as error:
            raise _unreadable(error, name) from error
    connection.execute(f"CREATE OR REPLACE TEMP VIEW {RAW_TABLE} AS SELECT * FROM raw_store")
    return RawFile(header, rows, notes=notes)


def _look(connection: duckdb.DuckDBPyConnection, file: DataFile, link: Path, before: int, name: str) -> _Part:
    # A link under a name of ours: DuckDB would take `*` or `[` in a file name for a pattern.
    link.unlink(missing_ok=True)
    link.symlink_to(file.path.resolve())
    try:
        described = connection.execute(
            f"DESCRIBE SELECT * FROM read_parquet({literal(str(link))}, hive_partitioning = false)"
        ).fetchall()
        said = connection.execute(f"SELECT num_rows FROM parquet_file_metadata({literal(str(link))})").fetchone()
    except duckdb.Error as error:
        raise _unreadable(error, name) from error
    return _Part(file, link, before + 1, int(said[0]) if said else 0, tuple(str(row[0]) for row in described))


def _unreadable(error: duckdb.Error, name: str) -> IngestError:
    return IngestError(f"cannot be read as Parquet ({error})", file=name, fix="Export it again.")


def _cut(parts: Sequence[_Part], header: Sequence[str], work: Path) -> tuple[ParquetPiece, ...]:
    folder = work / "pieces"
    folder.mkdir(exist_ok=True)
    return tuple(
        ParquetPiece(
            folder / f"{part.first_row + begin:015d}",
            part.first_row + begin,
            (end := min(begin + PIECE_ROWS, part.rows)) - begin,
            part.query(header, begin, end),
        )
        for part in parts
        for begin in range(0, part.rows, PIECE_ROWS)
    )
