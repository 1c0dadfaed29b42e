"""The fast lane of a large text file: rows that the cheap reading settles go from the file to landing in one pass.

Nothing is kept in between. What the cheap reading leaves open, what breaks a rule and what a `where` excludes is
collected in table `raw`, few rows as a rule, and judged there by the engine with all its care; so are rows whose key
stands twice or has been landed before. A lane decides nothing itself but that a row is good.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import duckdb

from assets.ingest.contracts import ColumnType, Contract, load_envelope
from assets.ingest.leaves import Leaves
from assets.ingest.mapping import MAPPABLE_ENVELOPE
from assets.ingest.readers.pieces import Piece, Pieces
from assets.ingest.readers.raw import RAW_TABLE, SOURCE_ROW
from assets.ingest.sqltext import literal, literal_list
from assets.ingest.stamping import landing_list, one_text
from assets.ingest.store import parquet_copy
from assets.ingest.versions import KNOWN_VERSIONS

_SAMPLE_ROWS = 10_000
_OPEN_SHARE = 0.05
"""A leaf that the cheap reading leaves open in more rows of the sample than this is read in full in the lane: sending
a row to the engine costs some twenty times a full reading in place (measured 2026-11)."""
_TEXTS = (ColumnType.TEXT, ColumnType.ENUM)


@dataclass(frozen=True)
class _Part:
    """What came of a piece: its landing rows as a file, and the table of the rows left over."""

    piece: Piece
    path: Path
    rest: str


class Lane:
    """One file in pieces on its way to landing."""

    def __init__(
        self,
        connection: duckdb.DuckDBPyConnection,
        contract: Contract,
        pieces: Pieces,
        part_of: Callable[[str], Path],
    ) -> None:
        self.connection, self.contract, self.pieces, self.part_of = connection, contract, pieces, part_of
        self.parts: list[_Part] = []

    @property
    def paths(self) -> list[Path]:
        """Parquet files with the rows that are to be landed."""
        return [part.path for part in self.parts]

    @property
    def source(self) -> str:
        """SQL of those rows."""
        return f"read_parquet({literal_list(map(str, self.paths))}, hive_partitioning = false)"

    def run(self, leaves: Leaves, staged_sql: Callable[[set[str]], str], stamp: Mapping[str, str]) -> int | None:
        """Write the good rows of every piece and leave the others in `raw`; returns how many those are.

        `staged_sql` gives the contract rows over `raw` with these leaves read in full. None where a piece cannot be
        read: then nothing has been done and the file must be read whole.
        """
        in_full = self._needed_in_full(leaves)
        # The second row number keeps DuckDB from pushing the filter below the readings, which it would then do twice.
        query = (
            f"SELECT {landing_list(self.contract, stamp)} FROM (SELECT *, row_number() OVER () AS lane_row FROM "
            f"({staged_sql(in_full)})) WHERE lane_row > 0 AND NOT is_bad AND NOT is_open"
        )
        threads = self._number("SELECT current_setting('threads')")
        with ThreadPoolExecutor(threads) as pool:
            found = list(pool.map(lambda piece: self._take(piece, query), self.pieces.items))
        parts = [part for part in found if part is not None]
        if len(parts) < len(found):
            self._drop([part.rest for part in parts])
            for part in parts:
                part.path.unlink(missing_ok=True)
            return None
        self.parts = [part for part in parts if self._has_rows(part)]
        rest = " UNION ALL ".join(f"FROM {part.rest}" for part in parts)
        names = ", ".join(f"c{number}" for number in range(self.pieces.columns))
        # Rows without any value are no rows.
        self.connection.execute(
            f"CREATE OR REPLACE TEMP TABLE raw_store AS FROM ({rest}) WHERE COALESCE({names}, NULL) IS NOT NULL"
        )
        self._drop([part.rest for part in parts])
        return self._show_rest()

    def _needed_in_full(self, leaves: Leaves) -> set[str]:
        self.pieces.show(self.connection, self.pieces.items[0])
        self.connection.execute(
            f"CREATE OR REPLACE TEMP TABLE lane_sample AS SELECT * FROM {RAW_TABLE} LIMIT {_SAMPLE_ROWS}"
        )
        self.connection.execute(f"CREATE OR REPLACE TEMP VIEW {RAW_TABLE} AS SELECT * FROM lane_sample")
        rows = self._number("SELECT count(*) FROM lane_sample")
        names, query = leaves.open_sql(set())
        counts = self.connection.execute(query).fetchone() or ()
        return {name for name, count in zip(names, counts, strict=True) if count > rows * _OPEN_SHARE}

    def _take(self, piece: Piece, query: str) -> _Part | None:
        """Land what is good of one piece; None where it cannot be read or has not the rows it was cut with."""
        part = _Part(piece, self.part_of(piece.path.stem), f"lane_rest_{piece.path.stem}")
        cursor = self.connection.cursor()
        try:
            cursor.execute("SET TimeZone = 'UTC'")
            self.pieces.show(cursor, piece)
            cursor.execute(parquet_copy(query, part.path))
            cursor.execute(
                f"CREATE OR REPLACE TABLE {part.rest} AS SELECT * FROM {RAW_TABLE} "
                f"ANTI JOIN {_read(part.path)} USING ({SOURCE_ROW}) ORDER BY {SOURCE_ROW}"
            )
            counts = f"SELECT (SELECT count(*) FROM {_read(part.path)}) + (SELECT count(*) FROM {part.rest})"
            found = cursor.execute(counts).fetchone()
            if found is not None and found[0] == piece.rows:
                return part
        except duckdb.Error:
            pass  # not readable as it was cut: the careful way gives the reason, with its row
        finally:
            cursor.close()
        part.path.unlink(missing_ok=True)
        return None

    def call_back(self, *, place: int | None) -> bool:
        """Move rows to `raw` whose key stands twice among the rows of the file or, with `place`, was landed before it.

        Looks at table `staged`, which the rows of `raw` have filled; True where rows were moved, so that it must be
        filled again.
        """
        if not self.parts:
            return False
        execute = self.connection.execute
        execute(f"CREATE OR REPLACE TEMP TABLE lane_keys AS SELECT hash(source_key) AS key_hash FROM {self.source}")
        every = "SELECT key_hash FROM lane_keys UNION ALL SELECT hash(source_key) FROM staged WHERE NOT is_bad"
        is_unique = self._number(f"SELECT count(*) - count(DISTINCT key_hash) FROM ({every})") == 0
        doubtful = [] if is_unique else [f"SELECT key_hash FROM ({every}) GROUP BY key_hash HAVING count(*) > 1"]
        if place is not None:
            doubtful.append(
                f"SELECT key_hash FROM lane_keys WHERE key_hash IN (SELECT key_hash FROM {KNOWN_VERSIONS} "
                f"WHERE place < {place})"
            )
        execute(f"CREATE OR REPLACE TEMP TABLE doubtful_keys AS {' UNION '.join(doubtful) or 'SELECT 1 LIMIT 0'}")
        execute("DROP TABLE lane_keys")
        moved = 0
        if self._number("SELECT count(*) FROM doubtful_keys"):
            moved = sum([self._give_back(part) for part in self.parts])
            self.parts = [part for part in self.parts if part.path.exists()]
            self._show_rest()
        execute("DROP TABLE doubtful_keys")
        return moved > 0

    def _give_back(self, part: _Part) -> int:
        """Take the rows with doubtful keys out of a part; returns their number."""
        execute = self.connection.execute
        execute(
            f"CREATE OR REPLACE TEMP TABLE given_back AS SELECT {SOURCE_ROW} FROM {_read(part.path)} "
            "WHERE hash(source_key) IN (SELECT key_hash FROM doubtful_keys)"
        )
        moved = self._number("SELECT count(*) FROM given_back")
        if moved:
            self.pieces.show(self.connection, part.piece)
            execute(f"INSERT INTO raw_store SELECT * FROM {RAW_TABLE} SEMI JOIN given_back USING ({SOURCE_ROW})")
            kept = f"SELECT * FROM {_read(part.path)} ANTI JOIN given_back USING ({SOURCE_ROW}) ORDER BY {SOURCE_ROW}"
            target = self.part_of(f"{part.piece.path.stem}-kept")
            execute(parquet_copy(kept, target))
            target.replace(part.path)
            self._has_rows(part)
        return moved

    def _has_rows(self, part: _Part) -> bool:
        """False for a part without rows, which is removed."""
        if self._number(f"SELECT count(*) FROM {_read(part.path)}"):
            return True
        part.path.unlink()
        return False

    def _show_rest(self) -> int:
        self.connection.execute(
            f"CREATE OR REPLACE TEMP VIEW {RAW_TABLE} AS SELECT * FROM raw_store ORDER BY {SOURCE_ROW}"
        )
        return self._number("SELECT count(*) FROM raw_store")

    def _drop(self, tables: Sequence[str]) -> None:
        for table in tables:
            self.connection.execute(f"DROP TABLE IF EXISTS {table}")

    def _number(self, query: str) -> int:
        row = self.connection.execute(query).fetchone()
        return int(row[0]) if row is not None else 0


def _read(path: Path) -> str:
    return f"read_parquet({literal(str(path))}, hive_partitioning = false)"


def constant_texts(contract: Contract, is_given: Callable[[str], bool], stamp: Mapping[str, str]) -> dict[str, str]:
    """`stamp` with the texts that no row brings, all in the form that is written fastest. Values stay the same."""
    envelope = load_envelope()
    columns = [*contract.columns.values(), *(envelope[name] for name in MAPPABLE_ENVELOPE)]
    absent = {
        column.name: one_text(column.default)
        for column in columns
        if column.type in _TEXTS and not is_given(column.name)
    }
    texts = {name: f"CAST({sql} AS ENUM({sql}))" for name, sql in stamp.items() if sql.startswith("'")}
    return {**stamp, **absent, **texts}
