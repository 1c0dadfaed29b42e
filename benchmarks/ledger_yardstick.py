"""The yardstick: FIFO in plain SQL, re-dated at each receipt (no layer travels). Layers at 24 month ends, and COGS."""

from __future__ import annotations

import time
from pathlib import Path

import duckdb

from benchmarks.ledger_data import FIRST_DAY, LAST_DAY

_FLOWS = """
create temp table flows as
select
    item_id, warehouse_id, business_date, movement_sequence, quantity_units, unit_cost,
    sum(greatest(quantity_units, 0)) over w as in_units,
    sum(greatest(-quantity_units, 0)) over w as out_units,
    sum(greatest(quantity_units, 0) * coalesce(unit_cost, 0)) over w as in_value
from read_parquet({files})
window w as (partition by item_id, warehouse_id order by movement_sequence)
"""

_LAYERS = """
create table raw_layers as
with month_ends as (
    select cast(last_day(day) as date) as snapshot_date
    from range(date '{first}', date '{last}' + 1, interval 1 month) as days(day)
),
places as (select distinct item_id, warehouse_id from flows),
asked as (select places.*, month_ends.snapshot_date from places cross join month_ends),
standing as (
    select asked.item_id, asked.warehouse_id, asked.snapshot_date, daily.in_units, daily.out_units
    from asked
    asof join (
        select item_id, warehouse_id, business_date, max(in_units) as in_units, max(out_units) as out_units
        from flows group by all
    ) as daily
        on asked.item_id = daily.item_id and asked.warehouse_id = daily.warehouse_id and asked.snapshot_date >= daily.business_date
)
select
    standing.snapshot_date, receipts.item_id, receipts.warehouse_id, receipts.business_date as origin_date,
    least(receipts.quantity_units, receipts.in_units - standing.out_units) as quantity_units, receipts.unit_cost
from standing
join flows as receipts
    on standing.item_id = receipts.item_id and standing.warehouse_id = receipts.warehouse_id
    and receipts.quantity_units > 0
    and receipts.in_units > standing.out_units and receipts.in_units <= standing.in_units
"""

_COGS = """
create table raw_cogs as
with receipts as (
    select item_id, warehouse_id, in_units - quantity_units as from_units, in_value - quantity_units * coalesce(unit_cost, 0) as from_value,
        coalesce(unit_cost, 0) as unit_cost
    from flows where quantity_units > 0
),
issues as (
    select item_id, warehouse_id, business_date, movement_sequence, out_units + quantity_units as from_units, out_units as to_units
    from flows where quantity_units < 0
),
opened as (
    select issues.*, receipts.from_value + (issues.from_units - receipts.from_units) * receipts.unit_cost as from_value
    from issues asof left join receipts
        on issues.item_id = receipts.item_id and issues.warehouse_id = receipts.warehouse_id and issues.from_units >= receipts.from_units
)
select opened.item_id, opened.warehouse_id, opened.business_date,
    sum(receipts.from_value + (opened.to_units - receipts.from_units) * receipts.unit_cost - opened.from_value) as cogs_value
from opened asof left join receipts
    on opened.item_id = receipts.item_id and opened.warehouse_id = receipts.warehouse_id and opened.to_units >= receipts.from_units
group by all
"""


def run_yardstick(files: list[Path], folder: Path) -> dict[str, float | int]:
    """Seconds for the layers and for the COGS."""
    target = folder / "yardstick.duckdb"
    target.unlink(missing_ok=True)
    names = str([str(path) for path in files])
    with duckdb.connect(
        str(target), config={"threads": 2, "memory_limit": "3GB", "temp_directory": str(folder / "spill")}
    ) as connection:
        begun, cpu = time.perf_counter(), time.process_time()
        connection.execute("set enable_progress_bar = false")
        connection.execute(_FLOWS.format(files=names))
        flows = time.perf_counter()
        connection.execute(_LAYERS.format(first=FIRST_DAY, last=LAST_DAY))
        layers = time.perf_counter()
        connection.execute(_COGS)
        done, used = time.perf_counter(), time.process_time() - cpu
        rows = connection.execute("select count(*) from raw_layers").fetchall()[0][0]
    target.unlink()
    return {
        "flows_seconds": round(flows - begun, 2),
        "layers_seconds": round(layers - flows, 2),
        "cogs_seconds": round(done - layers, 2),
        "total_seconds": round(done - begun, 2),
        "cpu_seconds": round(used, 2),
        "layer_rows": rows,
    }
