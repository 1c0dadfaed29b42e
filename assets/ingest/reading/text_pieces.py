"""A large text file in pieces that end where records end: how DuckDB reads one, and how single rows are taken out of it.

What belongs here is reading pieces; text_cutting.py makes them.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import duckdb
import numpy as np
from numpy.typing import NDArray

from assets.ingest.reading.pieces import Piece, Pieces
from assets.ingest.reading.raw_table import RAW_TABLE, SOURCE_ROW
from assets.ingest.sqltext import literal, literal_list

_LINE_END, _RETURN = 10, 13


@dataclass(frozen=True)
class TextPiece(Piece):
    """In a plain piece every line is a record and every delimiter parts two fields."""

    is_plain: bool


@dataclass(frozen=True, kw_only=True)
class TextPieces(Pieces):
    """A text file that was cut into files of the work folder."""

    delimiter: str

    def show(self, connection: duckdb.DuckDBPyConnection, piece: Piece, more: str = "") -> None:
        """Make `raw` of the connection a view of one piece, numbered as the rows of the file."""
        connection.execute(
            f"CREATE OR REPLACE TEMP VIEW {RAW_TABLE} AS SELECT row_number() OVER () + {piece.first_row - 1} AS "
            f"{SOURCE_ROW}, {self.names} FROM {read_csv(piece.path, self.columns, self.delimiter, more)}"
        )

    def show_first(self, connection: duckdb.DuckDBPyConnection) -> None:
        """Make `raw` of the connection a view of the first piece, without rows that have not the header's shape."""
        self.show(connection, self.items[0], ", ignore_errors = true")

    def take_out(self, connection: duckdb.DuckDBPyConnection, piece: Piece, rows: NDArray[np.int64], out: Path) -> Path:
        """See `Pieces.take_out`. The lines of a plain piece are copied byte by byte; the others are read again."""
        if not isinstance(piece, TextPiece) or not piece.is_plain:
            return super().take_out(connection, piece, rows, out)
        target = out.with_suffix(".rest")
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

    def read_out(self, paths: list[Path]) -> str:
        """SQL of the rows that `take_out` wrote; a line without any value is no row."""
        again = [path for path in paths if path.suffix == ".parquet"]
        parts = [f"SELECT * FROM {super().read_out(again)}"] if again else []
        lines = [str(path) for path in paths if path.suffix != ".parquet"]
        if lines:
            parts.append(
                f"SELECT * FROM read_csv({literal_list(lines)}, auto_detect = false, header = false, "
                f"delim = {literal(self.delimiter)}, quote = '\"', escape = '\"', "
                f"columns = {{{literal(SOURCE_ROW)}: 'BIGINT', {_texts(self.columns)}}})"
            )
        return f"(SELECT * FROM ({' UNION ALL '.join(parts)}) WHERE COALESCE({self.names}, NULL) IS NOT NULL)"


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
