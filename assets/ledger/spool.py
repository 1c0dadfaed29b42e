"""The movements of a run, bucket by bucket: one pass over the movement table deals them out to Parquet files, so that the memory of a run
is that of one bucket. A ledger of one bucket is read straight from the table.

Only reading and dealing out; which items are wanted, and in which bucket they are, is `daily`'s to say.
"""

from __future__ import annotations

import shutil
from datetime import date
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as parquet

from assets.ledger.prepare import GRAIN_COLUMNS, REQUIRED

ROW_GROUP = 40_960
"""Rows that a bucket collects per thread before they are written: 8 MB, of which there are as many as buckets x threads."""

_CODED = [*GRAIN_COLUMNS, "movement_type"]


class Spool:
    """The movements of some items by bucket, with the columns of `prepare.REQUIRED`; gone when it is left."""

    def __init__(
        self,
        connection: duckdb.DuckDBPyConnection,
        movements: str,
        wanted: pa.Table,
        buckets: int,
        since: date | None,
        folder: Path,
    ) -> None:
        """`wanted` (item_id, bucket, is_whole) names the items: of a whole one every movement, of the others those after `since`."""
        self._folder = folder
        columns = ", ".join(f"now.{name}" for name in REQUIRED)
        chosen = f"from {movements} now join _wanted using (item_id)"
        if since is not None:
            chosen += f" where is_whole or business_date > date '{since}'"
        connection.register("_wanted", wanted)
        try:
            if buckets == 1:
                self._first = connection.execute(
                    f"select {columns} {chosen} order by movement_sequence"
                ).to_arrow_table()
                return
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir(parents=True)
            connection.execute(
                f"copy (select {columns}, bucket {chosen}) to '{folder}' "
                f"(format parquet, partition_by (bucket), row_group_size {ROW_GROUP}, compression lz4_raw)"
            )
            self._first = connection.execute(f"select {columns} {chosen} limit 0").to_arrow_table()
        finally:
            connection.unregister("_wanted")

    def read(self, bucket: int) -> pa.Table:
        """The movements of a bucket; once, as what is read is gone from the disk."""
        parts = []
        for path in sorted((self._folder / f"bucket={bucket}").glob("*.parquet")):
            parts.append(parquet.ParquetFile(path, read_dictionary=_CODED).read(columns=list(REQUIRED)))
            path.unlink()
        return pa.concat_tables(parts).unify_dictionaries() if parts else self._first

    def __enter__(self) -> Spool:
        return self

    def __exit__(self, *_: object) -> None:
        shutil.rmtree(self._folder, ignore_errors=True)
