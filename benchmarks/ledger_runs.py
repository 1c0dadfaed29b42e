"""The timed runs of the ledger benchmark: the product's own daily run (`assets.ledger.daily.run_ledger`), and the marts on it.

Each is called in a process of its own, so that its peak memory is its own.
"""

from __future__ import annotations

import os
import resource
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import duckdb

from assets.ledger.daily import LedgerRun, run_ledger
from assets.ledger.prepare import REQUIRED
from assets.ledger.settings import LedgerSettings
from assets.ledger.warehouse import MOVEMENTS
from benchmarks.ledger_data import LAST_DAY
from benchmarks.ledger_yardstick import run_yardstick

AS_OF = date.fromisoformat(LAST_DAY)
EVE = AS_OF - timedelta(days=1)
BEFORE = date(2000, 1, 1)
SETTINGS = LedgerSettings()

AGEING = """
select
    snapshot_date, item_id, warehouse_id,
    case when age <= 30 then 1 when age <= 60 then 2 when age <= 90 then 3 when age <= 180 then 4
        when age <= 365 then 5 else 6 end as bucket_no,
    sum(quantity_units) as quantity_units, sum(layer_value) as layer_value
from (
    select snapshot_date, item_id, warehouse_id, date_diff('day', origin_date, snapshot_date) as age, quantity_units, layer_value
    from ledger.open_layers{where}
) as layers
group by all
"""
MEASURES = {"fct_ageing": "layer_value", "fct_cogs": "cogs_value"}
"""What is summed to compare two makings of the marts."""
COGS = """
select item_id, warehouse_id, business_date, -sum(entry_value) as cogs_value
from ledger.value_entries where entry_kind in ('cogs', 'cogs_settlement') and business_date > date '{since}'
group by all
"""


@contextmanager
def _warehouse(folder: Path, files: list[Path], as_of: date) -> Iterator[duckdb.DuckDBPyConnection]:
    """The warehouse of the benchmark, in which the movements up to a day and the late ones (`main.late`) can be seen."""
    with duckdb.connect(
        str(folder / "warehouse.duckdb"),
        config={"threads": 2, "memory_limit": "1500MB", "temp_directory": str(folder / "spill")},
    ) as connection:
        connection.execute("set enable_progress_bar = false")
        columns, names = ", ".join(REQUIRED), [str(path) for path in files]
        connection.execute("create schema if not exists intermediate")
        connection.execute(f"create table if not exists late as select {columns} from read_parquet({names}) limit 0")
        connection.execute(
            f"""
            create or replace view {MOVEMENTS} as
            select {columns} from read_parquet({names}) where business_date <= date '{as_of}' union all by name select {columns} from late
            """
        )
        yield connection


def _ledger(connection: duckdb.DuckDBPyConnection, folder: Path, as_of: date) -> LedgerRun:
    return run_ledger(connection, folder / "state", as_of=as_of, settings=SETTINGS)


def ledger_of(folder: Path, files: list[Path], as_of: date) -> None:
    """The ledger of a day in the warehouse and state of `folder`, continuing from what is there."""
    with _warehouse(folder, files, as_of) as connection:
        _ledger(connection, folder, as_of)


def _warm_up(files: list[Path]) -> float:
    """Load the compiled kernel, as a process does once. Seconds."""
    begun = time.perf_counter()
    with tempfile.TemporaryDirectory() as name:
        for as_of in (EVE, AS_OF):
            with _warehouse(Path(name), files, as_of) as connection:
                connection.execute(
                    f"create table few as select * from {MOVEMENTS} where movement_sequence < 1000000000000 limit 500"
                )
                connection.execute(f"create or replace view {MOVEMENTS} as select * from few")
                _ledger(connection, Path(name), as_of)
                connection.execute(f"drop view if exists {MOVEMENTS}; drop table few")
    return round(time.perf_counter() - begun, 2)


class _Clock:
    """Elapsed and processor seconds since it was made."""

    def __init__(self) -> None:
        self.begun, self.cpu = time.perf_counter(), time.process_time()

    def read(self) -> dict[str, float]:
        return {
            "total_seconds": round(time.perf_counter() - self.begun, 2),
            "cpu_seconds": round(time.process_time() - self.cpu, 2),
            "load_average": round(os.getloadavg()[0], 2),
        }


def _peak_gib() -> float:
    return round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20, 2)


def _count(connection: duckdb.DuckDBPyConnection, table: str) -> int:
    return int(connection.execute(f"select count(*) from {table}").fetchall()[0][0])


def _age(connection: duckdb.DuckDBPyConnection, folder: Path, day: date) -> None:
    query = AGEING.format(where=f" where snapshot_date = date '{day}'")
    connection.execute(f"copy ({query}) to '{folder}/fct_ageing-{day}.parquet'")


def _sell(connection: duckdb.DuckDBPyConnection, folder: Path, since: date) -> None:
    connection.execute(f"copy ({COGS.format(since=since)}) to '{folder}/fct_cogs-{since}.parquet'")


def full(files: list[Path], folder: Path) -> dict[str, Any]:
    """All movements but those of the last day: ledger, state and marts from nothing. A slice of the marts at a time bounds the memory."""
    started = _warm_up(files)
    clock = _Clock()
    with _warehouse(folder, files, EVE) as connection:
        run = _ledger(connection, folder, EVE)
        ledger, ledger_peak = clock.read(), _peak_gib()
        days = connection.execute("select distinct snapshot_date from ledger.open_layers").fetchall()
        for snapshot in sorted(row[0] for row in days):
            _age(connection, folder, snapshot)
        _sell(connection, folder, BEFORE)
        done = clock.read()
        is_closed = connection.execute("select bool_and(is_closed) from ledger.conservation").fetchall()[0][0]
        return {
            "rows": run.computed_movements,
            "layer_rows": _count(connection, "ledger.open_layers"),
            "seconds": run.seconds,
            "ledger_seconds": ledger["total_seconds"],
            "ledger_cpu_seconds": ledger["cpu_seconds"],
            "ledger_peak_gib": ledger_peak,
            **done,
            "start_seconds": started,
            "peak_gib": _peak_gib(),
            "warehouse_gib": round((folder / "warehouse.duckdb").stat().st_size / 2**30, 2),
            "is_closed": is_closed,
        }


def day(files: list[Path], folder: Path) -> dict[str, Any]:
    """The last day, which holds 1 % of the rows, on top: what is new is found, the ledger continues, the marts take the day in."""
    _warm_up(files)
    clock = _Clock()
    with _warehouse(folder, files, AS_OF) as connection:
        run = _ledger(connection, folder, AS_OF)
        ledger, ledger_peak = clock.read(), _peak_gib()
        (folder / f"fct_ageing-{EVE}.parquet").unlink()
        _age(connection, folder, AS_OF)
        _sell(connection, folder, EVE)
        done = clock.read()
        return {
            "rows": _count(connection, f"{MOVEMENTS} where business_date > date '{EVE}'"),
            "is_incremental": run.is_incremental,
            "computed_movements": run.computed_movements,
            "seconds": run.seconds,
            "ledger_seconds": ledger["total_seconds"],
            "ledger_cpu_seconds": ledger["cpu_seconds"],
            "ledger_peak_gib": ledger_peak,
            **done,
            "peak_gib": _peak_gib(),
        }


def fixes(files: list[Path], folder: Path, counts: list[int]) -> list[dict[str, Any]]:
    """A receipt of a hundred days ago is found for so many items: the ledger finds them, computes them again and gives them out again."""
    result = []
    _warm_up(files)
    with _warehouse(folder, files, AS_OF) as connection:
        for count in counts:
            connection.execute(
                f"""
                insert into late by name
                select 'late{count}|' || item_id as movement_key, 900000000000000 + {count} as movement_sequence, item_id,
                    'C/DC' as warehouse_id, '' as lot_no, 'available' as stock_status, 'own' as owner_type, '' as owner_code,
                    date '{AS_OF}' - 100 as business_date, 'purchase_receipt' as movement_type, false as is_demand, true as is_valued,
                    1 as quantity_units, 10 as unit_cost
                from (select 'C/' || lpad(cast(range as varchar), 7, '0') as item_id from range({count}))
                """
            )
            clock = _Clock()
            run = _ledger(connection, folder, AS_OF)
            read = clock.read()
            result.append(
                {
                    "items": count,
                    "restated_items": run.restated_items,
                    "is_incremental": run.is_incremental,
                    "seconds": read["total_seconds"],
                    "cpu_seconds": read["cpu_seconds"],
                    "steps": run.seconds,
                }
            )
    return result


def yardstick(files: list[Path], folder: Path) -> dict[str, Any]:
    """The raw SQL, with its peak memory."""
    return {**run_yardstick(files, folder), "peak_gib": _peak_gib()}
