"""Movements for the ledger benchmark, made by DuckDB from a seed: one distribution centre and four shops per item, two years.

10 % of the documents are transfers (two legs, 0 to 3 days apart), 25 % receipts, 60 % sales, 1 % returns (half by order), 4 % counts.
The last day holds another 1 %. Files follow one another in time and hold all items, as a warehouse does; each is made by itself, so that
the memory does not grow with the ledger.
"""

from __future__ import annotations

from pathlib import Path

import duckdb

DAYS = 730
"""Before the last day."""
FIRST_DAY = "2024-01-01"
LAST_DAY = "2025-12-31"
SHOPS = 4
MOVEMENTS_PER_ITEM = 1000
"""10 M movements over 50,000 item-warehouses: 200 each, and five warehouses to an item."""
ROWS_PER_FILE = 2_500_000

_DOCUMENTS = """
create or replace temp view documents as
with drawn as (
    select
        range as n,
        hash(range * 8 + 1 + {seed} * 1000003) / 18446744073709551616.0 as u_kind,
        cast(hash(range * 8 + 2 + {seed} * 1000003) % {items} as integer) as item,
        hash(range * 8 + 3 + {seed} * 1000003) / 18446744073709551616.0 as u_day,
        cast(hash(range * 8 + 4 + {seed} * 1000003) % {shops} as integer) as shop,
        hash(range * 8 + 5 + {seed} * 1000003) / 18446744073709551616.0 as u_units,
        hash(range * 8 + 6 + {seed} * 1000003) / 18446744073709551616.0 as u_where,
        cast(hash(range * 8 + 7 + {seed} * 1000003) % 4 as integer) as delay
    from range({first}, {last})
)
select n, item, shop, delay, u_kind, u_units, u_where, date '{first_day}' + cast(floor({from_day} + u_day * {days}) as integer) as day
from drawn
"""

_ROWS = """
select
    'doc' || n || '|0' as movement_key, n * 2 as tie, item, day,
    case when u_kind >= 0.10 and u_kind < 0.35 then 'purchase_receipt' when u_kind < 0.95 then 'sales_issue'
         when u_kind < 0.96 then 'sales_return' when u_kind < 0.98 then 'count_loss' else 'count_gain' end as movement_type,
    case when u_kind < 0.10 then null
         when u_kind < 0.35 then case when u_where < 0.45 then -1 else shop end
         else case when u_where < 0.2 then -1 else shop end end as place,
    case when u_kind < 0.35 then case when u_where < 0.45 then 6 + floor(u_units * 21) else 2 + floor(u_units * 13) end
         when u_kind < 0.95 then -(1 + floor(u_units * 7))
         when u_kind < 0.96 then 1 when u_kind < 0.98 then -1 else 1 end as units,
    case when u_kind < 0.35 then round(1 + (item % 500) * (0.9 + 0.2 * u_units), 2) end as cost,
    null as transfer_group,
    case when u_kind >= 0.35 and u_kind < 0.95 then 'SO' || (n % 997) when u_kind >= 0.95 and u_kind < 0.96 and u_where < 0.5
         then 'SO' || (n % 997) end as order_no
from documents where u_kind >= 0.10
union all
select 'doc' || n || '|1', n * 2, item, day, 'transfer_out', -1, -(1 + floor(u_units * 23)), null, 'T' || n, null
from documents where u_kind < 0.10
union all
select 'doc' || n || '|2', n * 2 + 1, item, least(day + delay, date '{last_day}'), 'transfer_in', shop, 1 + floor(u_units * 23), null,
    'T' || n, null
from documents where u_kind < 0.10
"""

_FINAL = """
copy (
    select
        movement_key, cast(null as varchar) as corrects_key,
        -- By day, kind and document: a total order, though not dense.
        (day - date '{first_day}') * 1000000000000 + rank * 100000000000 + tie as movement_sequence,
        'C/' || lpad(cast(item as varchar), 7, '0') as item_id,
        case when place < 0 then 'C/DC' else 'C/S' || place end as warehouse_id,
        '' as lot_no, 'available' as stock_status, 'own' as owner_type, '' as owner_code,
        day as business_date, movement_type,
        movement_type in ('sales_issue', 'sales_return') as is_demand, true as is_valued,
        cast(units as decimal(28, 6)) as quantity_units, cast(cost as decimal(28, 8)) as unit_cost,
        cast(null as decimal(24, 4)) as document_value,
        transfer_group as transfer_group_id, order_no as ref_doc_no, cast(null as varchar) as ref_line_id,
        cast(null as date) as lot_expiry_date
    from (
        select *, case movement_type when 'purchase_receipt' then 1 when 'sales_return' then 2 when 'transfer_out' then 3
            when 'transfer_in' then 4 when 'sales_issue' then 5 else 6 end as rank
        from ({rows})
    )
    order by movement_sequence
) to '{path}' (format parquet, row_group_size 200000)
"""


def item_count(movements: int) -> int:
    """Items in a ledger of this size."""
    return max(1, movements // MOVEMENTS_PER_ITEM)


def write_movements(folder: Path, movements: int, seed: int) -> list[Path]:
    """Parquet files of about `movements` rows before the last day and a hundredth of that on it, kept where they exist."""
    folder.mkdir(parents=True, exist_ok=True)
    # A transfer has two rows.
    documents = int(movements / 1.1)
    files = max(1, round(movements / ROWS_PER_FILE))
    edges = [documents * number // files for number in range(files + 1)]
    spans = [(edges[k], edges[k + 1], k * DAYS / files, DAYS / files) for k in range(files)]
    spans.append((documents, documents + max(1, documents // 100), DAYS, 1))
    paths = []
    for number, (first, last, from_day, days) in enumerate(spans):
        path = folder / f"movements-{movements}-{seed}-{number:03d}.parquet"
        paths.append(path)
        if path.exists():
            continue
        with duckdb.connect(
            config={"threads": 2, "memory_limit": "2GB", "temp_directory": str(folder / "spill")}
        ) as connection:
            connection.execute("set enable_progress_bar = false")
            connection.execute(
                _DOCUMENTS.format(
                    seed=seed, items=item_count(movements), shops=SHOPS, first=first, last=last, first_day=FIRST_DAY, from_day=from_day,
                    days=days,
                )
            )  # fmt: skip
            pending = path.with_suffix(".tmp")
            rows = _ROWS.format(last_day=LAST_DAY)
            connection.execute(_FINAL.format(rows=rows, path=pending, first_day=FIRST_DAY))
            pending.rename(path)
    return paths
