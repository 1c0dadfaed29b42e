"""The ledger on Spark: the same kernel, on each worker for the items of one bucket; what comes back is written by the worker itself.

Items never meet in one computation unless a conversion ties them (`buckets`), so buckets are computed apart and their tables are
those of `stage.compute`, row for row. A task that runs twice, as one of a lost worker does, writes the same file again.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as parquet

from assets.ledger import buckets, warehouse
from assets.ledger.daily import LedgerRun
from assets.ledger.kinds import CONVERSION_TYPES
from assets.ledger.prepare import NOTHING, REQUIRED
from assets.ledger.settings import LedgerSettings
from assets.ledger.stage import compute
from assets.spark.lake import Lake, columns_of

SCHEMA = "ledger"
_DONE = "bucket int, movements long, kernel_seconds double, writing_seconds double"


def run_ledger_on_spark(
    connection: duckdb.DuckDBPyConnection, lake: Lake, *, as_of: date, settings: LedgerSettings, rows_per_task: int
) -> LedgerRun:
    """Bring schema `ledger` of the warehouse to `as_of`: everything is computed, in tasks of about `rows_per_task` movements.

    Tables are shown together when all of them are complete. No state is kept: a later run on DuckDB computes everything too.
    """
    begun = time.perf_counter()
    settings = settings.model_copy(update={"calendars": warehouse.calendars(connection)})
    lake.sweep(connection)
    known = lake.show(connection, "intermediate", "int_ledger_movements")
    movements = lake.spark.table(known).where(f"business_date <= date '{as_of}'").select(*REQUIRED)
    items = movements.groupBy("item_id").count().orderBy("item_id").toArrow()
    total = sum(items["count"].to_pylist())
    converted = movements.where(f"movement_type in {CONVERSION_TYPES} and transfer_group_id is not null")
    legs = converted.select("item_id", "transfer_group_id").distinct().orderBy("item_id", "transfer_group_id").toArrow()
    count = max(1, -(-total // rows_per_task), min(len(items), lake.spark.sparkContext.defaultParallelism))
    wanted = buckets.deal(items["item_id"], legs, count).select(["item_id", "bucket"])
    targets = {name: lake.folder / SCHEMA / name / uuid.uuid4().hex for name in warehouse.TABLES}
    for target in targets.values():
        target.mkdir(parents=True)
    standards = warehouse.standard_costs(connection, as_of) if settings.cost == "standard" else None
    surveyed = time.perf_counter()
    worked = {"kernel": 0.0, "writing": 0.0}
    if count and total:
        dealt = movements.join(lake.spark.createDataFrame(wanted).hint("broadcast"), "item_id")
        done = dealt.groupBy("bucket").applyInArrow(_task(targets, as_of, settings, standards), _DONE).toArrow()
        worked = {name: sum(done[f"{name}_seconds"].to_pylist()) for name in worked}
    else:
        _write(targets, 0, NOTHING, as_of, settings, standards)
    computed = time.perf_counter()
    connection.begin()
    try:
        for name, target in targets.items():
            columns = columns_of(connection, f"read_parquet('{target}/*.parquet')")
            lake.publish(connection, SCHEMA, name, target, columns)
        connection.execute(f"drop table if exists {warehouse.LINK}")
    except BaseException:
        connection.rollback()
        raise
    connection.commit()
    seconds = {
        "survey": surveyed - begun,
        "compute": computed - surveyed,
        **worked,
    }  # the last two are sums over the tasks
    seconds = {name: round(value, 3) for name, value in seconds.items()}
    return LedgerRun(False, f"the engine spark computes everything, in {count} buckets", total, len(items), seconds)


def _task(
    targets: dict[str, Path], as_of: date, settings: LedgerSettings, standards: pa.Table | None
) -> Callable[[tuple[Any, ...], pa.Table], pa.Table]:
    def compute_bucket(key: tuple[Any, ...], table: pa.Table) -> pa.Table:
        bucket = int(key[0].as_py())
        kernel, writing = _write(targets, bucket, table.drop_columns(["bucket"]), as_of, settings, standards)
        return pa.table(
            {
                "bucket": pa.array([bucket], pa.int32()),
                "movements": pa.array([table.num_rows], pa.int64()),
                "kernel_seconds": pa.array([kernel], pa.float64()),
                "writing_seconds": pa.array([writing], pa.float64()),
            }
        )

    return compute_bucket


def _write(
    targets: dict[str, Path],
    bucket: int,
    movements: pa.Table,
    as_of: date,
    settings: LedgerSettings,
    standards: pa.Table | None,
) -> tuple[float, float]:
    """Compute one bucket and write its tables, each under its name in one rename; seconds of the two."""
    begun = time.perf_counter()
    ordered = movements.sort_by("movement_sequence")
    tables = compute(ordered, as_of=as_of, settings=settings, standard_costs=standards, threads=1)
    computed = time.perf_counter()
    for name, table in tables.items():
        partial = targets[name] / f".{bucket}.{uuid.uuid4().hex}"
        parquet.write_table(warehouse.as_stored(table), partial)
        partial.replace(targets[name] / f"bucket-{bucket:06d}.parquet")
    return computed - begun, time.perf_counter() - computed
