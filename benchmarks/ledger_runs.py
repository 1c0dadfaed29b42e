"""The timed runs of the ledger benchmark. Each is called in a process of its own, so that its peak memory is its own."""

from __future__ import annotations

import os
import resource
import time
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as parquet

from assets.ledger.incremental import compute_incremental
from assets.ledger.prepare import REQUIRED
from assets.ledger.settings import LedgerSettings
from assets.ledger.stage import compute_with_state
from assets.ledger.state_store import load, save
from assets.ledger.tables import LedgerTables
from benchmarks.ledger_data import LAST_DAY
from benchmarks.ledger_yardstick import run_yardstick

AS_OF = date.fromisoformat(LAST_DAY)
SETTINGS = LedgerSettings()

_AGEING = """
copy (
    select
        snapshot_date, item_id, warehouse_id,
        case when age <= 30 then 1 when age <= 60 then 2 when age <= 90 then 3 when age <= 180 then 4
            when age <= 365 then 5 else 6 end as bucket_no,
        sum(quantity_units) as quantity_units, sum(layer_value) as layer_value
    from (select *, snapshot_date - origin_date as age from read_parquet('{folder}/open_layers-{part}.parquet'))
    group by all
) to '{folder}/fct_ageing-{part}.parquet'
"""
_COGS = """
copy (
    select item_id, warehouse_id, business_date, -sum(entry_value) as cogs_value
    from read_parquet('{folder}/value_entries-{part}.parquet') where entry_kind in ('cogs', 'settlement') group by all
) to '{folder}/fct_cogs-{part}.parquet'
"""


def _connect(folder: Path) -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect(
        config={"threads": 2, "memory_limit": "1500MB", "temp_directory": str(folder / "spill")}
    )
    connection.execute("set enable_progress_bar = false")
    return connection


def _warm_up(path: Path) -> float:
    """Load the compiled kernel, as a process does once. Seconds."""
    begun = time.perf_counter()
    with duckdb.connect() as connection:
        few = _read(connection, path, "movement_sequence <= 10")
    _, state = compute_with_state(few, as_of=AS_OF, settings=SETTINGS)
    compute_incremental(few.slice(0, 0), state=state, history=lambda items: few, as_of=AS_OF, settings=SETTINGS)
    return round(time.perf_counter() - begun, 2)


def _read(connection: duckdb.DuckDBPyConnection, path: Path, where: str) -> pa.Table:
    """Rows of a part in ledger order, which is the order of the file."""
    columns = ", ".join(REQUIRED)
    return connection.execute(f"select {columns} from read_parquet('{path}') where {where}").to_arrow_table()


def _write(folder: Path, tables: LedgerTables, part: str) -> None:
    for name, table in tables.items():
        parquet.write_table(table, folder / f"{name}-{part}.parquet", compression="snappy")


def _peak_gib() -> float:
    return round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20, 2)


def full(files: list[Path], folder: Path) -> dict[str, Any]:
    """All movements but those of the last day, from Parquet; all ledger tables and marts to Parquet; state saved.

    One part (whole items) at a time bounds the memory.
    """
    as_of = AS_OF - timedelta(days=1)
    seconds = {"read": 0.0, "compute": 0.0, "write": 0.0, "state": 0.0, "marts": 0.0}
    rows = layer_rows = 0
    is_closed = True
    started = _warm_up(files[0])
    begun, cpu = time.perf_counter(), time.process_time()
    with _connect(folder) as connection:
        for part, path in enumerate(files):
            clock = time.perf_counter()
            movements = _read(connection, path, f"business_date <= date '{as_of}'")
            clock = _tick(seconds, "read", clock)
            tables, state = compute_with_state(movements, as_of=as_of, settings=SETTINGS)
            rows += len(movements)
            layer_rows += len(tables.open_layers)
            is_closed = is_closed and bool(pc.all(tables.conservation["is_closed"]).as_py())
            del movements
            clock = _tick(seconds, "compute", clock)
            _write(folder, tables, str(part))
            del tables
            clock = _tick(seconds, "write", clock)
            save(state, folder / f"state-of-part-{part}")
            del state
            clock = _tick(seconds, "state", clock)
            connection.execute(_AGEING.format(folder=folder, part=part))
            connection.execute(_COGS.format(folder=folder, part=part))
            _tick(seconds, "marts", clock)
    return {
        "rows": rows,
        "layer_rows": layer_rows,
        "seconds": {name: round(value, 2) for name, value in seconds.items()},
        "total_seconds": round(time.perf_counter() - begun, 2),
        "cpu_seconds": round(time.process_time() - cpu, 2),
        "start_seconds": started,
        "load_average": os.getloadavg()[0],
        "peak_gib": _peak_gib(),
        "is_closed": is_closed,
    }


def _tick(seconds: dict[str, float], name: str, since: float) -> float:
    now = time.perf_counter()
    seconds[name] += now - since
    return now


def day(files: list[Path], folder: Path) -> dict[str, Any]:
    """The last day, which holds 1 % of the rows, on top of the saved states: read, compute, write what changed, save."""
    rows = 0
    _warm_up(files[0])
    begun, cpu = time.perf_counter(), time.process_time()
    with _connect(folder) as connection:
        for part, path in enumerate(files):
            state = load(folder / f"state-of-part-{part}")
            changed = _read(connection, path, f"business_date = date '{AS_OF}'")
            rows += len(changed)
            delta = compute_incremental(
                changed, state=state, history=_history(connection, path), as_of=AS_OF, settings=SETTINGS
            )
            _write(folder, delta.tables, f"{part}-day")
            save(delta.state, folder / f"state-of-part-{part}")
    return {
        "rows": rows,
        "total_seconds": round(time.perf_counter() - begun, 2),
        "cpu_seconds": round(time.process_time() - cpu, 2),
        "load_average": os.getloadavg()[0],
        "peak_gib": _peak_gib(),
    }


def _history(connection: duckdb.DuckDBPyConnection, path: Path) -> Any:
    def history(items: list[str]) -> pa.Table:
        connection.register("asked", pa.table({"item_id": items}))
        return _read(connection, path, f"business_date <= date '{AS_OF}' and item_id in (select item_id from asked)")

    return history


def fixes(files: list[Path], folder: Path, counts: list[int]) -> list[dict[str, Any]]:
    """Back-dated documents that touch so many items: re-computed and given out again; the day's state is left as it was."""
    states = [load(folder / f"state-of-part-{number}") for number in range(len(files))]
    result = []
    _warm_up(files[0])
    with _connect(folder) as connection:
        for count in counts:
            begun, cpu = time.perf_counter(), time.process_time()
            left = count
            for path, state in zip(files, states, strict=True):
                names = state.items["item_id"].cast(pa.string()).to_pylist()
                touched = names[:left]
                left -= len(touched)
                if not touched:
                    break
                nothing = _read(connection, path, "false")
                delta = compute_incremental(
                    nothing,
                    state=state,
                    history=_history(connection, path),
                    as_of=AS_OF,
                    settings=SETTINGS,
                    touched_items=touched,
                )
                _write(folder, delta.tables, "fix")
            if left == 0:
                result.append(
                    {
                        "items": count,
                        "seconds": round(time.perf_counter() - begun, 3),
                        "cpu_seconds": round(time.process_time() - cpu, 3),
                    }
                )
    return result


def yardstick(files: list[Path], folder: Path) -> dict[str, Any]:
    """The raw SQL, with its peak memory."""
    return {**run_yardstick(files, folder), "peak_gib": _peak_gib()}
