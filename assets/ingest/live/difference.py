"""What a reading of a live dataset means against what was read before: rows that are new, changed or gone, as extracts.

A changed row is first taken back as it was and then stated as it is now: so whatever the mapping makes of it (another key,
other legs, nothing at all), nothing of the old state is left. DuckDB compares; rows never pass through Python.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb

from assets.ingest.errors import IngestError
from assets.ingest.live.folder import DatasetFolder
from assets.ingest.mapping.source_keys import EXTRACT_DATE, IS_REMOVED, SOURCE_KEY
from assets.ingest.sqltext import ident, literal, literal_list
from assets.whole_files import take_place

MEMORY_LIMIT = "1200MB"
_KEY, _UNIT = ident(SOURCE_KEY), "chr(31)"


@dataclass(frozen=True)
class Outcome:
    """Rows read, and how many of them are news; names of the extracts that say so."""

    rows: int
    current: int
    removed: int
    files: tuple[str, ...]


class Difference:
    """One reading, loaded as table `read` (its headers, the key, `row_hash`): one row a key, the last one read."""

    def __init__(self, folder: DatasetFolder, headers: Sequence[str], *, is_keyed: bool, is_dated: bool) -> None:
        self.folder, self.headers, self.is_dated = folder, list(headers), is_dated
        folder.work.mkdir(parents=True, exist_ok=True)
        self.connection = duckdb.connect(":memory:", config={"memory_limit": MEMORY_LIMIT})
        self.connection.execute(
            f"SET temp_directory = {literal(str(folder.work / 'spill'))}; SET enable_progress_bar = false"
        )
        self._load(is_keyed)

    def close(self) -> None:
        """Drop the comparison."""
        self.connection.close()

    def _load(self, is_keyed: bool) -> None:
        parts = [str(path) for path in self.folder.parts()]
        columns = "".join(f", {ident(header)}" for header in self.headers)
        if not parts:
            empty = "".join(f", CAST(NULL AS VARCHAR) AS {ident(header)}" for header in self.headers)
            self.connection.execute(
                f"CREATE TABLE read AS SELECT CAST(NULL AS VARCHAR) AS {_KEY}{empty}, CAST(NULL AS VARCHAR) AS row_hash "
                "WHERE false"
            )
            return
        source = f"read_parquet({literal_list(parts)}, filename = true, file_row_number = true)"
        if is_keyed:
            self._refuse_repeated(source)
        texts = ", ".join(f"COALESCE({ident(header)}, chr(0))" for header in self.headers) or "''"
        place = "list_position(" + literal_list(parts) + ", filename)"
        keys, distinct = self._row(f"SELECT count(*), count(DISTINCT hash({_KEY})) FROM {source}")
        newest = "" if keys == distinct else (
            f" QUALIFY row_number() OVER (PARTITION BY {_KEY} ORDER BY {place} DESC, file_row_number DESC) = 1"
        )  # fmt: skip
        self.connection.execute(
            f"CREATE TABLE read AS SELECT {_KEY}{columns}, md5(concat_ws({_UNIT}, {texts})) AS row_hash FROM {source}{newest}"
        )

    def _refuse_repeated(self, source: str) -> None:
        reading = "regexp_extract(filename, 'part-(\\d+)-', 1)"
        twice = self.connection.execute(
            f"SELECT {_KEY}, count(*) FROM {source} GROUP BY {_KEY}, {reading} HAVING count(*) > 1 ORDER BY ALL LIMIT 1"
        ).fetchone()
        if twice is not None:
            raise IngestError(
                f"the key {twice[0]} is in {twice[1]} rows, so the rows cannot be distinguished",
                fix="Add a column to `key` of the source, or narrow a join to one row (`by`, `where`, `sum`).",
            )

    @property
    def rows(self) -> int:
        """Rows that were read, each key once."""
        return self._row("SELECT count(*) FROM read")[0]

    def whole(self, day: dt.date, sequence: int, kind: str, place: str) -> Outcome:
        """Everything that was read as one extract, which replaces what was before."""
        name = self.folder.name_of(day, sequence, f"0{kind}", place)
        self._write(name, "read", day, is_removed=False)
        self._index(sequence, [("read", name, False)])
        rows = self.rows
        return Outcome(rows, rows, 0, (name,))

    def changes(self, day: dt.date, sequence: int, place: str, keys: Path | None, *, is_full: bool) -> Outcome:
        """News against the extracts that count. `keys` lists every key of the source, where they were asked for; with
        `is_full` those that were read are all that there are."""
        self._load_known()
        self.connection.execute(
            "CREATE TABLE current AS SELECT r.* FROM read AS r LEFT JOIN known AS k ON k.key = r._source_key "
            "WHERE k.key IS NULL OR k.hash <> r.row_hash"
        )
        gone = "SELECT key FROM known WHERE key IN (SELECT _source_key FROM current)"
        if keys is not None or is_full:
            there = "SELECT _source_key FROM read"
            if keys is not None:
                there += f" UNION SELECT {_KEY} FROM read_parquet({literal(str(keys))})"
            gone += f" UNION SELECT key FROM known WHERE key NOT IN ({there})"
        self.connection.execute(f"CREATE TABLE gone AS SELECT * FROM known WHERE key IN ({gone})")
        self._load_removed()
        names = {
            table: self.folder.name_of(day, sequence, kind, place)
            for table, kind in (("removed", "1removed"), ("current", "2current"))
        }
        counts = {table: self._row(f"SELECT count(*) FROM {table}")[0] for table in names}
        written = [table for table, count in counts.items() if count]
        for table in written:
            self._write(names[table], table, day, is_removed=table == "removed")
        if written:
            self._index(sequence, [(table, names[table], table == "removed") for table in written])
        return Outcome(self.rows, counts["current"], counts["removed"], tuple(names[table] for table in written))

    def has_missing(self) -> bool:
        """True where a key that is known was not read."""
        self._load_known()
        return self._row("SELECT count(*) FROM known WHERE key NOT IN (SELECT _source_key FROM read)")[0] > 0

    def unknown_keys(self, keys: Path) -> int:
        """Keys of the source that neither this reading nor an earlier one has brought: changes that slipped through."""
        self._load_known()
        return self._row(
            f"SELECT count(*) FROM read_parquet({literal(str(keys))}) AS k WHERE k._source_key NOT IN "
            "(SELECT key FROM known UNION SELECT _source_key FROM read)"
        )[0]

    def _load_known(self) -> None:
        """Table `known`: newest state of every key that is still there (key, hash, file, row)."""
        indexes = sorted(str(path) for path in self.folder.indexes.glob("*.parquet"))
        kept = {path.name for path in self.folder.files()}
        query = "SELECT '' AS key, '' AS hash, '' AS file, 0 AS row WHERE false"
        if indexes and kept:
            query = (
                f"SELECT key, hash, file, row FROM (SELECT * FROM read_parquet({literal_list(indexes)}, filename = true) "
                f"WHERE file IN ({', '.join(map(literal, sorted(kept)))}) "
                "QUALIFY row_number() OVER (PARTITION BY key ORDER BY filename DESC, is_removed) = 1) WHERE NOT is_removed"
            )
        self.connection.execute(f"CREATE OR REPLACE TABLE known AS {query}")

    def _load_removed(self) -> None:
        """Table `removed`: the rows of `gone` as they were extracted."""
        files = [name for (name,) in self.connection.execute("SELECT DISTINCT file FROM gone ORDER BY 1").fetchall()]
        columns = ", ".join(f"d.{ident(header)}" for header in [SOURCE_KEY, *self.headers])
        if not files:
            self.connection.execute("CREATE TABLE removed AS SELECT * FROM read WHERE false")
            return
        paths = literal_list(str(self.folder.extracts / name) for name in files)
        self.connection.execute(
            f"CREATE TABLE removed AS SELECT {columns}, g.hash AS row_hash FROM read_parquet({paths}, filename = true, "
            "file_row_number = true, hive_partitioning = false) AS d JOIN gone AS g "
            "ON g.file = parse_filename(d.filename) AND g.row = d.file_row_number"
        )

    def _write(self, name: str, table: str, day: dt.date, *, is_removed: bool) -> None:
        self.folder.extracts.mkdir(parents=True, exist_ok=True)
        columns = ", ".join(ident(header) for header in [SOURCE_KEY, *self.headers])
        if self.is_dated:
            columns += f", {literal(day.isoformat())} AS {ident(EXTRACT_DATE)}"
        if is_removed:
            columns += f", 'true' AS {ident(IS_REMOVED)}"
        self._copy(f"SELECT {columns} FROM {table} ORDER BY {_KEY}", self.folder.extracts / name)

    def _index(self, sequence: int, tables: Sequence[tuple[str, str, bool]]) -> None:
        self.folder.indexes.mkdir(parents=True, exist_ok=True)
        query = " UNION ALL ".join(
            f"SELECT {_KEY} AS key, row_hash AS hash, {literal(name)} AS file, "
            f"row_number() OVER (ORDER BY {_KEY}) - 1 AS row, {str(is_removed).lower()} AS is_removed FROM {table}"
            for table, name, is_removed in tables
        )
        self._copy(query, self.folder.indexes / f"{sequence:05d}.parquet")

    def _copy(self, query: str, target: Path) -> None:
        part = target.with_suffix(".part")
        self.connection.execute(f"COPY ({query}) TO {literal(str(part))} (FORMAT parquet, COMPRESSION zstd)")
        take_place(part, target)

    def _row(self, query: str) -> tuple[int, ...]:
        return self.connection.execute(query).fetchone() or (0,)
