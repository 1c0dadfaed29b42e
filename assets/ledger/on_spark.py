"""The ledger's run on Spark: the same decisions as `daily`, the buckets on the workers (`spark_tasks`), the tables in the lake.

Items never meet in one computation unless a conversion ties them (`buckets`), so buckets are computed apart and their tables are those
of one process, row for row. The driver holds one row per item, not the movements.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from typing import Any

import duckdb
import pyarrow as pa

from assets.ledger import buckets, spark_tasks, warehouse
from assets.ledger.daily import LedgerRun, Run, run_ledger
from assets.ledger.plan import Plan
from assets.ledger.prepare import NOTHING, REQUIRED
from assets.ledger.settings import LedgerSettings
from assets.ledger.spark_tasks import Before, Task
from assets.ledger.state_store import DamagedStateError, StateHead
from assets.ledger.warehouse import EFFECTIVE, PRINTED, Movements
from assets.spark.faults import explained
from assets.spark.lake import KEPT, Lake, columns_of

SCHEMA = "ledger"
_DONE = "bucket int, movements long, kernel_seconds double, writing_seconds double, digests map<string, string>"
# A null beside a text and a text beside a null have one hash in Spark, so what is hashed says which columns are null: a bit for each
# (with a text of zeros and ones the hashes took 7.6 CPU s a million movements, with bits 3.1; measured 2026-12).
_NULLS = " | ".join(f"shiftleft(bigint({name} is null), {bit})" for bit, name in enumerate(PRINTED))
_HASH = f"xxhash64({', '.join(PRINTED)}, {_NULLS})"


def run_ledger_on_spark(
    connection: duckdb.DuckDBPyConnection, lake: Lake, *, as_of: date, settings: LedgerSettings, rows_per_task: int
) -> LedgerRun:
    """Bring schema `ledger` of the warehouse to `as_of`, in tasks of about `rows_per_task` movements.

    It continues from the state in the lake as `run_ledger` does from that of one process. Tables are shown together when all are complete.
    """
    lake.sweep(connection)
    folder, engine = lake.folder / KEPT / SCHEMA, OnSpark(lake)
    with explained(lake.spark, "the ledger"):
        return run_ledger(
            connection, folder, as_of=as_of, settings=settings, rows_per_bucket=rows_per_task, engine=engine
        )


class InSpark:
    """`Movements` asked by Spark."""

    def __init__(self, lake: Lake, connection: duckdb.DuckDBPyConnection, as_of: date) -> None:
        self._lake, self._connection = lake, connection
        frame = lake.spark.table(lake.show(connection, *warehouse.MOVEMENTS.split(".")))
        frame = frame.where(f"business_date <= date '{as_of}'").select(*REQUIRED)
        frame.createOrReplaceTempView(EFFECTIVE)

    def count_items(self, is_new: str) -> None:
        # One pass: what is old is what is all less what is new, also of sums by exclusive or.
        counted = self.rows(
            f"""
            select item_id, count(*) as n, count_if(is_new) as new_count, bit_xor(print) as whole_print,
                coalesce(bit_xor(case when is_new then print end), 0) as new_print
            from (select item_id, {is_new} as is_new, {_HASH} as print from {EFFECTIVE}) group by item_id
            """
        )
        self._connection.register("_counted", counted)
        try:
            self._connection.execute(
                """
                create or replace temp table _items_now as
                select item_id, n - new_count as old_count, new_count,
                    case when n = new_count then 0 else xor(whole_print, new_print) end as old_print, whole_print
                from _counted
                """
            )
        finally:
            self._connection.unregister("_counted")

    def share(self, name: str) -> None:
        table = self._connection.execute(f"from {name}").to_arrow_table()
        self._lake.spark.createDataFrame(table).createOrReplaceTempView(name)

    def keep(self, name: str, query: str) -> bool:
        # Few rows (returns and conversions of a day), asked several times: computed once; each query over a view reads all movements.
        found = self.rows(query)
        self._lake.spark.createDataFrame(found).createOrReplaceTempView(name)
        return found.num_rows > 0

    def rows(self, query: str) -> pa.Table:
        return self._lake.spark.sql(query).toArrow()


class OnSpark:
    """Buckets as tasks of Spark."""

    name = "-spark"

    def __init__(self, lake: Lake) -> None:
        self._lake = lake

    def movements(self, run: Run) -> Movements:
        return InSpark(self._lake, run.connection, run.as_of)

    def from_start(self, run: Run, stamp: str, movements: Movements) -> tuple[int, int]:
        items = warehouse.item_counts(run.connection)
        total = sum(items["movements"].to_pylist())
        parallel = self._lake.spark.sparkContext.defaultParallelism
        count = max(1, -(-total // run.rows_per_bucket), min(len(items), parallel))
        wanted = buckets.deal(items["item_id"], warehouse.conversion_legs(movements), count)
        self._compute(run, stamp, wanted, count, None)
        return total, len(items)

    def go_on(
        self, run: Run, stamp: str, head: StateHead, seen: warehouse.Survey, homes: pa.Table, plan: Plan, rows: int
    ) -> None:
        wanted, moves = buckets.deal_again(homes, seen.documents, seen.moved_items, plan.recomputed, head.buckets)
        tables = {name: self._lake.folder_of(run.connection, SCHEMA, name) for name in warehouse.TABLES}
        self._compute(run, stamp, wanted, head.buckets, Before(run.folder, head, tables, plan, wanted, moves))

    def _compute(self, run: Run, stamp: str, wanted: pa.Table, count: int, before: Before | None) -> None:
        """Compute every bucket, and show what came out."""
        targets = {name: self._lake.folder / SCHEMA / name / uuid.uuid4().hex for name in warehouse.TABLES}
        for target in targets.values():
            target.mkdir(parents=True)
        with run.transaction() as states:
            task = Task(
                uuid.uuid4().hex[:8], run.as_of, run.settings, run.standards, targets, states.folder, before,
                spark_tasks.FILES_KEPT,
            )  # fmt: skip
            with run.timed("compute"), _damage_named():
                done = self._dealt(wanted, count, before).applyInArrow(_bucket_of(task), _DONE).toArrow()
            for step in ("kernel", "writing"):  # sums over the tasks
                run.seconds[step] = round(sum(done[f"{step}_seconds"].to_pylist()), 3)
            for row in sorted(done.to_pylist(), key=lambda row: int(row["bucket"])):
                states.take(dict(row["digests"]))
            with run.timed("show"):
                for name, target in targets.items():
                    columns = columns_of(run.connection, f"read_parquet('{target}/*.parquet')")
                    self._lake.publish(run.connection, SCHEMA, name, target, columns)
                warehouse.remember(run.connection, stamp, states.commit())

    def _dealt(self, wanted: pa.Table, count: int, before: Before | None) -> Any:
        """The movements to compute, by bucket; and every bucket, as its tables are written whether anything moved in it or not."""
        spark = self._lake.spark
        movements, items = spark.table(EFFECTIVE), spark.createDataFrame(wanted)
        dealt = movements.join(items.select("item_id", "bucket").hint("broadcast"), "item_id")
        if before is not None:
            since = before.head.as_of
            whole = items.where("is_whole").select("item_id", "bucket").hint("broadcast")
            # Two halves, so that the days already closed are read for few items.
            dealt = dealt.where(f"business_date > date '{since}'").unionByName(
                movements.where(f"business_date <= date '{since}'").join(whole, "item_id")
            )
        numbers = spark.range(count).selectExpr("int(id) as bucket")
        return dealt.repartition(count, "bucket").groupBy("bucket").cogroup(numbers.groupBy("bucket"))


@contextmanager
def _damage_named() -> Iterator[None]:
    """A worker's `DamagedStateError` comes back as text in an error of Spark; `run_ledger` computes everything for it."""
    try:
        yield
    except Exception as error:
        if found := re.search(rf"{DamagedStateError.__name__}: (.+)", str(error)):
            raise DamagedStateError(found[1]) from error
        raise


def _bucket_of(task: Task) -> Callable[[tuple[Any, ...], pa.Table, pa.Table], pa.Table]:
    def compute(key: tuple[Any, ...], movements: pa.Table, numbers: pa.Table) -> pa.Table:
        found = movements.select(list(REQUIRED)) if movements.num_rows else NOTHING
        return task.compute(int(key[0].as_py()), found)

    return compute
