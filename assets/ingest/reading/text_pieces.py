"""A large text file in pieces that end where records end: how DuckDB reads one, and how single rows are taken out of it.

What belongs here is reading pieces; cutting.py makes them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import duckdb
import numpy as np
from numpy.typing import NDArray

from assets.ingest.reading.raw_table import RAW_TABLE, SOURCE_ROW, MalformedRow, RawFile
from assets.ingest.sqltext import literal, literal_list

_LINE_END, _RETURN = 10, 13
_SAMPLE_ROWS = 10_000
_READ_AGAIN = ".parquet"


@dataclass(frozen=True)
class Piece:
    """Consecutive records of a file. In a plain one every line is a record and every delimiter parts two fields."""

    path: Path
    first_row: int
    rows: int
    is_plain: bool


@dataclass(frozen=True)
class Pieces:
    """A file in pieces, how DuckDB reads one, and how to read the file whole where the pieces will not do."""

    items: tuple[Piece, ...]
    columns: int
    delimiter: str
    read_whole: Callable[[], RawFile]
    malformed: tuple[MalformedRow, ...] = ()

    def show(self, connection: duckdb.DuckDBPyConnection, piece: Piece, more: str = "") -> None:
        """Make `raw` of the connection a view of one piece, numbered as the rows of the file."""
        names = ", ".join(f"c{number}" for number in range(self.columns))
        connection.execute(
            f"CREATE OR REPLACE TEMP VIEW {RAW_TABLE} AS SELECT row_number() OVER () + {piece.first_row - 1} AS "
            f"{SOURCE_ROW}, {names} FROM {read_csv(piece.path, self.columns, self.delimiter, more)}"
        )

    def show_sample(self, connection: duckdb.DuckDBPyConnection) -> RawFile:
        """Make `raw` of the connection the first rows that have the header's shape; returns what is known of them."""
        self.show(connection, self.items[0], ", ignore_errors = true")
        connection.execute(f"CREATE OR REPLACE TEMP TABLE raw_sample AS SELECT * FROM {RAW_TABLE} LIMIT {_SAMPLE_ROWS}")
        connection.execute(f"CREATE OR REPLACE TEMP VIEW {RAW_TABLE} AS SELECT * FROM raw_sample")
        row = connection.execute("SELECT count(*) FROM raw_sample").fetchone()
        return RawFile((), int(row[0]) if row is not None else 0)

    def take_out(self, connection: duckdb.DuckDBPyConnection, piece: Piece, rows: NDArray[np.int64]) -> Path:
        """Write some rows of a piece to a file, each with its number in front; returns where. `rows` ascend.

        The lines of a plain piece are copied byte by byte; the others are read again.
        """
        target = piece.path.with_suffix(".rest")
        if piece.is_plain:
            data = piece.path.read_bytes()
            ends = line_ends(data)
            places = rows - piece.first_row
            view = np.frombuffer(data, np.uint8)
            starts = np.where(places > 0, ends[places - 1] + 1, 0)
            # One kind of line end in a file: DuckDB does not read two.
            stops = ends[places] - (view[ends[places] - 1] == _RETURN)
            mark = self.delimiter.encode()
            lines = zip(rows.tolist(), starts.tolist(), stops.tolist(), strict=True)
            target.write_bytes(b"".join(b"%d%b%b\n" % (row, mark, data[start:stop]) for row, start, stop in lines))
            return target
        target = target.with_suffix(_READ_AGAIN)
        self.show(connection, piece)
        connection.execute("CREATE OR REPLACE TEMP TABLE rows_out AS SELECT unnest($rows) AS row", {"rows": rows})
        connection.execute(
            f"COPY (SELECT * FROM {RAW_TABLE} SEMI JOIN rows_out ON {SOURCE_ROW} = row ORDER BY {SOURCE_ROW}) "
            f"TO {literal(str(target))} (FORMAT parquet)"
        )
        return target

    def read_out(self, paths: list[Path]) -> str:
        """SQL of the rows that `take_out` wrote: `source_row` and the columns of the file."""
        parts = []
        again = [str(path) for path in paths if path.suffix == _READ_AGAIN]
        if again:
            parts.append(f"SELECT * FROM read_parquet({literal_list(again)}, hive_partitioning = false)")
        lines = [str(path) for path in paths if path.suffix != _READ_AGAIN]
        if lines:
            parts.append(
                f"SELECT * FROM read_csv({literal_list(lines)}, auto_detect = false, header = false, "
                f"delim = {literal(self.delimiter)}, quote = '\"', escape = '\"', "
                f"columns = {{{literal(SOURCE_ROW)}: 'BIGINT', {_texts(self.columns)}}})"
            )
        return f"({' UNION ALL '.join(parts)})"


def shape(found: int, wanted: int) -> str:
    """The sentence about a row with another number of fields than the header."""
    return f"the row has {found} fields where the header has {wanted}"


def line_ends(data: bytes) -> NDArray[np.int64]:
    """Positions of the line ends, that of the last line included where it has none."""
    ends = np.flatnonzero(np.frombuffer(data, np.uint8) == _LINE_END)
    return ends if data.endswith(b"\n") or not data else np.append(ends, len(data))


def read_csv(path: Path, columns: int, delimiter: str, more: str = "") -> str:
    """The table function that reads a headless text file as texts c0, c1, ..."""
    return (
        f"read_csv({literal(str(path))}, auto_detect = false, header = false, delim = {literal(delimiter)}, "
        f"quote = '\"', escape = '\"', columns = {{{_texts(columns)}}}{more})"
    )


def _texts(columns: int) -> str:
    return ", ".join(f"'c{number}': 'VARCHAR'" for number in range(columns))
