"""A large text file cut into pieces at the ends of records, so that several can be read at once in bounded memory.

Each piece knows the number of its first row. Cutting never guesses: where the ends of records cannot be told from the
quotation marks, the file is left whole.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import duckdb

from assets.ingest.readers.raw import RAW_TABLE, SOURCE_ROW, RawFile
from assets.ingest.sqltext import literal

PIECE_BYTES = 48 << 20
"""About 600,000 movement rows: large enough for full row groups, small enough for an even load of the threads."""
CUT_FROM_BYTES = 24 << 20
"""Smaller files are read whole: planning the pieces costs more than it saves (measured 2026-11 at 100,000 rows)."""


@dataclass(frozen=True)
class Piece:
    """Consecutive records of a file."""

    path: Path
    first_row: int
    rows: int


@dataclass(frozen=True)
class Pieces:
    """A file in pieces, how DuckDB reads one, and how to read the file whole where the pieces will not do."""

    items: tuple[Piece, ...]
    columns: int
    delimiter: str
    read_whole: Callable[[], RawFile]

    def show(self, connection: duckdb.DuckDBPyConnection, piece: Piece) -> None:
        """Make `raw` of the connection a view of one piece, numbered as the rows of the file."""
        names = ", ".join(f"c{number}" for number in range(self.columns))
        connection.execute(
            f"CREATE OR REPLACE TEMP VIEW {RAW_TABLE} AS SELECT row_number() OVER () + {piece.first_row - 1} AS "
            f"{SOURCE_ROW}, {names} FROM {read_csv(piece.path, self.columns, self.delimiter)}"
        )


def read_csv(path: Path, columns: int, delimiter: str, more: str = "") -> str:
    """The table function that reads a headless text file as texts c0, c1, ..."""
    declared = ", ".join(f"'c{number}': 'VARCHAR'" for number in range(columns))
    return (
        f"read_csv({literal(str(path))}, auto_detect = false, header = false, delim = {literal(delimiter)}, "
        f"quote = '\"', escape = '\"', columns = {{{declared}}}{more})"
    )


def cut(
    connection: duckdb.DuckDBPyConnection,
    path: Path,
    lines: int,
    first_row: int,
    columns: int,
    delimiter: str,
    work: Path,
) -> tuple[Piece, ...]:
    """Cut all after the first `lines` lines into files of the work folder; empty where that cannot be done safely."""
    folder = work / "pieces"
    folder.mkdir(exist_ok=True)
    pieces: list[Piece] = []
    threads = connection.execute("SELECT current_setting('threads')").fetchone()
    for number, (body, is_quoted) in enumerate(_bodies(path, lines, _even_size(path, threads[0] if threads else 1))):
        if not body:
            return ()
        target = folder / f"{number:05d}.csv"
        target.write_bytes(body)
        rows = body.count(b"\n") + (not body.endswith(b"\n"))
        if is_quoted:
            try:
                found = connection.execute(f"SELECT count(*) FROM {read_csv(target, columns, delimiter)}").fetchone()
            except duckdb.Error:
                return ()
            rows = found[0] if found else 0
        pieces.append(Piece(target, first_row, rows))
        first_row += rows
    return tuple(pieces)


def _even_size(path: Path, threads: int) -> int:
    """Bytes of a piece so that every thread gets as many as the others."""
    size = path.stat().st_size
    rounds = -(-size // (PIECE_BYTES * threads))
    return size // (rounds * threads) + 1


def _bodies(path: Path, lines: int, size: int) -> Iterator[tuple[bytes, bool]]:
    """Bytes of each piece and whether quotation marks are in it; an empty body where no record ends in reach."""
    with path.open("rb") as stream:
        for _ in range(lines):
            stream.readline()
        rest = b""
        while block := stream.read(size):
            block = rest + block
            end = _record_end(block)
            if end:
                yield block[:end], b'"' in block[:end]
            elif len(block) > 2 * size + PIECE_BYTES:
                yield b"", True
            rest = block[end:]
        rest = rest.rstrip(b"\r\n")
        if rest:
            yield rest, b'"' in rest


def _record_end(block: bytes) -> int:
    """Position after the last line end that stands outside quotation marks; 0 where there is none."""
    end = block.rfind(b"\n") + 1
    is_open = block.count(b'"', 0, end) % 2
    while end and is_open:
        before = block.rfind(b"\n", 0, end - 1) + 1
        is_open ^= block.count(b'"', before, end) % 2
        end = before
    return end
