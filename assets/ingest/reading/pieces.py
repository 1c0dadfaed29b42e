"""A large file in pieces: what all kinds have in common. How text is cut and read: text_pieces.py; Parquet: parquet_pieces.py."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import duckdb
import numpy as np
from numpy.typing import NDArray

from assets.ingest.reading.raw_table import RAW_TABLE, SOURCE_ROW, MalformedRow, RawFile
from assets.ingest.sqltext import literal, literal_list

_SAMPLE_ROWS = 10_000


@dataclass(frozen=True)
class Piece:
    """Consecutive records of a file. What comes of them is written beside `path`, under its stem."""

    path: Path
    first_row: int
    rows: int


@dataclass(frozen=True, kw_only=True)
class Pieces(ABC):
    """A file in pieces, how DuckDB reads one, and how to read the file whole where the pieces will not do.

    Sent to the workers of Spark as it is, but for `read_whole`, which belongs to the connection of the run.
    """

    items: tuple[Piece, ...]
    columns: int
    read_whole: Callable[[], RawFile]
    malformed: tuple[MalformedRow, ...] = ()

    @property
    def names(self) -> str:
        """SQL of the columns of `raw`."""
        return ", ".join(f"c{number}" for number in range(self.columns))

    @abstractmethod
    def show(self, connection: duckdb.DuckDBPyConnection, piece: Piece) -> None:
        """Make `raw` of the connection a view of one piece, numbered as the rows of the file."""

    def show_sample(self, connection: duckdb.DuckDBPyConnection) -> RawFile:
        """Make `raw` of the connection the first rows that have the header's shape; returns what is known of them."""
        self.show_first(connection)
        connection.execute(f"CREATE OR REPLACE TEMP TABLE raw_sample AS SELECT * FROM {RAW_TABLE} LIMIT {_SAMPLE_ROWS}")
        connection.execute(f"CREATE OR REPLACE TEMP VIEW {RAW_TABLE} AS SELECT * FROM raw_sample")
        row = connection.execute("SELECT count(*) FROM raw_sample").fetchone()
        return RawFile((), int(row[0]) if row is not None else 0)

    def show_first(self, connection: duckdb.DuckDBPyConnection) -> None:
        """Make `raw` of the connection a view of the first piece, without rows that have not the header's shape."""
        self.show(connection, self.items[0])

    def take_out(self, connection: duckdb.DuckDBPyConnection, piece: Piece, rows: NDArray[np.int64], out: Path) -> Path:
        """Write some rows of a piece to a file, each with its number in front; returns where. `rows` ascend.

        Args:
            connection: a cursor that may make tables of its own.
            piece: one of `items`.
            rows: numbers of the rows.
            out: the file to write, without its suffix.
        """
        target = out.with_suffix(".parquet")
        self.show(connection, piece)
        connection.execute("CREATE OR REPLACE TEMP TABLE rows_out AS SELECT unnest($rows) AS row", {"rows": rows})
        connection.execute(
            f"COPY (SELECT * FROM {RAW_TABLE} SEMI JOIN rows_out ON {SOURCE_ROW} = row ORDER BY {SOURCE_ROW}) "
            f"TO {literal(str(target))} (FORMAT parquet)"
        )
        return target

    def read_out(self, paths: list[Path]) -> str:
        """SQL of the rows that `take_out` wrote: `source_row` and the columns of the file."""
        return f"(SELECT * FROM read_parquet({literal_list(map(str, paths))}, hive_partitioning = false))"
