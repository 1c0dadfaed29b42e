"""The movements of a run, bucket by bucket: one pass over the movement table deals them out to Parquet files, so that the memory of a run
is that of one bucket. What fits into memory is not dealt out.

Only reading and dealing out; which items are wanted, and in which bucket they are, is `daily`'s to say.
"""

from __future__ import annotations

import shutil
from datetime import date
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.parquet as parquet

from assets.ledger.prepare import GRAIN_COLUMNS, NOTHING, REQUIRED

ROW_GROUP = 16_384
"""Rows that a bucket collects per thread before they are written: 3 MB, of which there are as many as buckets x threads."""

IN_MEMORY = 1_500_000
"""Movements that are not spooled but kept in memory: no more than one bucket holds."""

_CODED = [*GRAIN_COLUMNS, "movement_type"]


class Spool:
    """The movements of some items by bucket, with the columns of `prepare.REQUIRED`; gone when it is left."""

    def __init__(
        self,
        connection: duckdb.DuckDBPyConnection,
        movements: str,
        wanted: pa.Table,
        rows: int,
        since: date | None,
        folder: Path,
    ) -> None:
        """`wanted` (item_id, bucket, is_whole) names the items: of a whole one every movement, of the others those after `since`.

        `rows` is how many movements that makes.
        """
        self._folder = folder
        self._table: pa.Table | None = None
        columns = ", ".join(f"now.{name}" for name in REQUIRED)
        chosen = f"select {columns}, bucket from {movements} now join _wanted using (item_id)"
        if since is not None:
            # Two halves, so that the days already closed are read for few items and the others' not at all.
            closed = f"{columns}, bucket from {movements} now join _whole using (item_id) where business_date <= date '{since}'"
            chosen += f" where business_date > date '{since}' union all select {closed}"
        connection.register("_wanted", wanted)
        connection.register("_whole", wanted.filter(wanted["is_whole"]))
        try:
            if rows <= IN_MEMORY:
                self._table = connection.execute(f"from ({chosen}) order by bucket, movement_sequence").to_arrow_table()
                return
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir(parents=True)
            # By default each thread keeps half a million rows of every bucket before it writes any.
            connection.execute(f"set partitioned_write_flush_threshold = {ROW_GROUP}")
            connection.execute(
                f"copy ({chosen}) to '{folder}' "
                f"(format parquet, partition_by (bucket), row_group_size {ROW_GROUP}, compression lz4_raw)"
            )
        finally:
            connection.unregister("_wanted")
            connection.unregister("_whole")

    def read(self, bucket: int) -> pa.Table:
        """The movements of a bucket; once, as what is read is gone from the disk."""
        if self._table is not None:
            at = self._table["bucket"].to_numpy()
            first, after = np.searchsorted(at, [bucket, bucket + 1])
            return self._table.slice(first, after - first).drop_columns(["bucket"])
        parts = []
        for path in sorted((self._folder / f"bucket={bucket}").glob("*.parquet")):
            parts.append(parquet.ParquetFile(path, read_dictionary=_CODED).read(columns=list(REQUIRED)))
            path.unlink()
        return pa.concat_tables(parts).unify_dictionaries() if parts else NOTHING

    def __enter__(self) -> Spool:
        return self

    def __exit__(self, *_: object) -> None:
        shutil.rmtree(self._folder, ignore_errors=True)
