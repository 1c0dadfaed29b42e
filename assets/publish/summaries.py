"""Sums that pages show of a whole company, made once when a release is built, not at every visit.

They stand in the release's DuckDB file beside the marts (schema `summaries`), add nothing that the marts do not say, and
are no part of what BI tools are promised: only the dashboard reads them. A row is a month and a group of item-warehouses
that no filter of the dashboard tells apart: warehouse, category, owner and classes. At 100,000 item-warehouses x 24 months
that is a twentieth of the rows (2026-11-22: 2.4 million to 130,000).
"""

from __future__ import annotations

from collections.abc import Collection

import duckdb

SCHEMA = "summaries"

_GROUP = "m.warehouse_id, h.category_name, h.owner_name, h.abc_class, h.xyz_class"
_HEALTH = "left join marts.fct_inventory_health h on h.item_id = m.item_id and h.warehouse_id = m.warehouse_id"
_KNOWN = "filter (where m.turnover_status in ('ok', 'no_sales'))"

# Exact sums, then DOUBLE: a chart needs no more digits, and adding 38-digit decimals again is five times dearer.
# Summary -> the marts that it is made of, and how. Group columns have the names that the filter asks for.
SUMMARIES: dict[str, tuple[tuple[str, ...], str]] = {
    "ageing": (
        ("fct_stock_ageing", "fct_inventory_health"),
        f"""select m.snapshot_date, m.bucket_no, any_value(m.bucket_label) as bucket_label, {_GROUP},
                cast(sum(m.stock_value) as double) as stock_value
            from marts.fct_stock_ageing m {_HEALTH} group by m.snapshot_date, m.bucket_no, {_GROUP}""",
    ),
    "turnover": (
        ("fct_turnover_monthly", "fct_inventory_health"),
        f"""select m.month_start_date, {_GROUP}, cast(sum(m.ending_inventory_value) as double) as ending_value,
                cast(sum(m.cogs_value) {_KNOWN} as double) as cogs_value,
                cast(sum(m.average_inventory_value * m.period_days) {_KNOWN} as double) as average_value_days
            from marts.fct_turnover_monthly m {_HEALTH} group by m.month_start_date, {_GROUP}""",
    ),
    "service": (
        ("fct_order_service", "fct_inventory_health"),
        f"""select m.month_start_date, {_GROUP}, sum(m.stockout_lines) as stockout_lines, sum(m.due_lines) as due_lines
            from marts.fct_order_service m {_HEALTH} group by m.month_start_date, {_GROUP}""",
    ),
}


def summaries_of(marts: Collection[str]) -> list[str]:
    """Those that can be made of these marts."""
    return [name for name, (needed, _) in SUMMARIES.items() if set(needed) <= set(marts)]


def write_summaries(connection: duckdb.DuckDBPyConnection, marts: Collection[str], target: str = SCHEMA) -> None:
    """Make them as tables of `target` (a schema, or a catalog) on a connection that sees the marts as `marts.<name>`."""
    for name in summaries_of(marts):
        connection.execute(f"create or replace table {target}.{name} as {SUMMARIES[name][1]}")
