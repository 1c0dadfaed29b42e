"""Lands a large file in pieces: rows that the cheap reading decides go from the file to landing in one pass.

Nothing is kept in between. What the cheap reading leaves open, what breaks a rule and what a `where` excludes is
collected in table `raw`, few rows as a rule, and judged there by the engine with all its care; so are rows whose key
appears twice or has been landed before. This module decides nothing itself but that a row is good.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

import duckdb
import numpy as np

from assets.ingest.contracts import ColumnType, Contract, load_envelope
from assets.ingest.landing.batch_columns import landing_list, one_text
from assets.ingest.landing.key_runs import Hashes, holds_any, read_run, repeated, shared
from assets.ingest.landing.known_versions import KNOWN_VERSIONS
from assets.ingest.landing.piece_tasks import Failed, Part, parquet_of, take
from assets.ingest.landing.pieces_on_spark import SparkPieces
from assets.ingest.landing.store import parquet_copy
from assets.ingest.mapping.language import MAPPABLE_ENVELOPE
from assets.ingest.reading.pieces import Piece, Pieces
from assets.ingest.reading.raw_table import RAW_TABLE, SOURCE_ROW
from assets.ingest.sqltext import literal_list
from assets.ingest.typing.source_values import SourceValues

_OPEN_SHARE = 0.05
"""A source value that the cheap reading leaves open in more rows of the sample than this is read in full at once: sending
a row to the engine costs some twenty times a full reading in place (measured 2026-11)."""
_TEXTS = (ColumnType.TEXT, ColumnType.ENUM)
_Item = TypeVar("_Item")
_Result = TypeVar("_Result")


class PieceLanding:
    """One file in pieces on its way to landing."""

    def __init__(
        self,
        connection: duckdb.DuckDBPyConnection,
        contract: Contract,
        pieces: Pieces,
        part_of: Callable[[str], Path],
        spark: SparkPieces | None = None,
    ) -> None:
        self.connection, self.contract, self.pieces, self.part_of = connection, contract, pieces, part_of
        self._spark = spark
        self.parts: list[Part] = []
        self.malformed = pieces.malformed

    @property
    def paths(self) -> list[Path]:
        """Parquet files with the rows that are to be landed."""
        return [part.path for part in self.parts]

    @property
    def rows(self) -> int:
        """Number of those rows."""
        return sum(part.rows for part in self.parts)

    @property
    def source(self) -> str:
        """SQL of those rows."""
        return f"read_parquet({literal_list(map(str, self.paths))}, hive_partitioning = false)"

    def run(
        self, source_values: SourceValues, staged_sql: Callable[[set[str]], str], stamp: Mapping[str, str]
    ) -> int | None:
        """Write the good rows of every piece and leave the others in `raw`; returns how many those are.

        `staged_sql` gives the contract rows over `raw` with these source values read in full. None where a piece cannot be
        read: then nothing has been done and the file must be read whole.
        """
        in_full = self._needed_in_full(source_values)
        # The second row number keeps DuckDB from pushing the filter below the columns_sql, which it would then do twice.
        query = (
            f"SELECT {landing_list(self.contract, stamp)} FROM (SELECT *, row_number() OVER () AS piece_row FROM "
            f"({staged_sql(in_full)})) WHERE piece_row > 0 AND NOT is_bad AND NOT is_open"
        )
        found = self._take_all(query)
        parts = [part for part in found if isinstance(part, Part)]
        if len(parts) < len(found):
            for part in parts:
                part.path.unlink(missing_ok=True)
            return None
        self.parts = self._with_rows(parts)
        self.connection.execute(
            f"CREATE OR REPLACE TEMP TABLE raw_store ({SOURCE_ROW} BIGINT, "
            f"{', '.join(f'c{number} VARCHAR' for number in range(self.pieces.columns))})"
        )
        return self._add_rest([part.rest for part in parts])

    def _needed_in_full(self, source_values: SourceValues) -> set[str]:
        rows = self.pieces.show_sample(self.connection).rows
        names, query = source_values.open_sql(set())
        counts = self.connection.execute(query).fetchone() or ()
        return {name for name, count in zip(names, counts, strict=True) if count > rows * _OPEN_SHARE}

    def _each(self, items: Sequence[_Item], work: Callable[[_Item], _Result]) -> list[_Result]:
        """The results of some work on each, by as many threads as DuckDB may use.

        A piece is a pipeline that cannot be shared out. DuckDB's own threads would look for a share all the same, at half
        as much processor time again (measured 2026-11, two pieces on two cores), so they rest meanwhile.
        """
        threads = self._number("SELECT current_setting('threads')")
        self.connection.execute("SET threads = 1")
        try:
            with ThreadPoolExecutor(threads) as pool:
                return list(pool.map(work, items))
        finally:
            self.connection.execute(f"SET threads = {threads}")

    def _take_all(self, query: str) -> list[Part | Failed]:
        """What comes of every piece; one that failed is left to the careful way, which gives the reason, with its row."""
        items = self.pieces.items
        if self._spark is not None:
            paths = [self.part_of(piece.path.stem) for piece in items]
            return self._spark.take_all(self.connection, self.pieces, query, paths, items[0].path.parent)
        found = self._each(items, lambda piece: self._take(piece, query))
        if any(isinstance(part, Failed) and part.is_short for part in found):
            # What several pieces at once have no room for, one may have.
            found = [
                self._take(piece, query) if isinstance(part, Failed) else part
                for piece, part in zip(items, found, strict=True)
            ]
        return found

    def _take(self, piece: Piece, query: str) -> Part | Failed:
        cursor = self.connection.cursor()
        try:
            return take(cursor, self.pieces, piece, query, self.part_of(piece.path.stem), piece.path)
        finally:
            cursor.close()

    def _with_rows(self, parts: Iterable[Part]) -> list[Part]:
        """Parts without those that have no rows, which are removed."""
        kept = []
        for part in parts:
            if part.rows:
                kept.append(part)
            else:
                part.path.unlink()
        return kept

    def _add_rest(self, paths: Iterable[Path | None]) -> int:
        """Take rows that were left over into `raw`; returns how many are there now."""
        files = [path for path in paths if path is not None]
        if files:
            self.connection.execute(f"INSERT INTO raw_store FROM {self.pieces.read_out(files)}")
        self.connection.execute(
            f"CREATE OR REPLACE TEMP VIEW {RAW_TABLE} AS SELECT * FROM raw_store ORDER BY {SOURCE_ROW}"
        )
        return self._number("SELECT count(*) FROM raw_store")

    def call_back(self, *, place: int | None) -> bool:
        """Move rows to `raw` whose key appears twice among the rows of the file or, with `place`, was landed before it.

        Looks at table `staged`, which the rows of `raw` have filled; True where rows were moved, so that it must be
        filled again.
        """
        if not self.parts:
            return False
        runs = [read_run(part.keys) for part in self.parts]
        doubtful = repeated([*runs, self._hashes("SELECT hash(source_key) FROM staged WHERE NOT is_bad")])
        if place is not None:
            known = self._hashes(f"SELECT DISTINCT key_hash FROM {KNOWN_VERSIONS} WHERE place < {place}")
            doubtful = np.union1d(doubtful, shared(runs, np.sort(known)))
        called = [part for part, run in zip(self.parts, runs, strict=True) if holds_any(run, doubtful)]
        if not called:
            return False
        self.connection.execute("CREATE OR REPLACE TABLE doubtful_keys (key_hash UBIGINT)")
        self.connection.execute("INSERT INTO doubtful_keys SELECT unnest($keys)", {"keys": doubtful})
        again = dict(zip(called, self._each(called, self._give_back), strict=True))
        self.connection.execute("DROP TABLE doubtful_keys")
        self._add_rest(part.rest for part in again.values())
        self.parts = self._with_rows(again.get(part, part) for part in self.parts)
        return True

    def _give_back(self, part: Part) -> Part:
        """Take the rows with doubtful keys out of a part; the text of those rows is the `rest` of what is returned."""
        target = self.part_of(f"{part.piece.path.stem}-kept")
        cursor = self.connection.cursor()
        try:
            cursor.execute("SET TimeZone = 'UTC'")
            kept = f"SELECT * FROM {parquet_of(part.path)} WHERE hash(source_key) {{}} (SELECT key_hash FROM doubtful_keys)"
            (moved,) = (
                cursor.execute(f"SELECT {SOURCE_ROW} FROM ({kept.format('IN')}) ORDER BY ALL").fetchnumpy().values()
            )
            cursor.execute(parquet_copy(f"{kept.format('NOT IN')} ORDER BY {SOURCE_ROW}", target))
            rows = np.asarray(moved, np.int64)
            rest = self.pieces.take_out(cursor, part.piece, rows, part.piece.path)
        finally:
            cursor.close()
        target.replace(part.path)
        return Part(part.piece, part.path, part.keys, part.rows - len(rows), rest)

    def _hashes(self, query: str) -> Hashes:
        """The one column of a query over hashes."""
        (found,) = self.connection.execute(query).fetchnumpy().values()
        return np.asarray(found, np.uint64)

    def _number(self, query: str) -> int:
        row = self.connection.execute(query).fetchone()
        return int(row[0]) if row is not None else 0


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
