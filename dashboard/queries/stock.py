"""Ageing and dead stock, and the nine cells."""

from __future__ import annotations

import pandas as pd

from dashboard.filters import Filter
from dashboard.release_reader import ReleaseReader

# Why stock is dead, first reason that fits; from the item's rows in the release.
CAUSES = """case
    when expired_units > 0 then 'expired'
    when not is_active then 'discontinued'
    when last_demand_date is null then 'never_sold'
    when coalesce(idle_item_days, 0) < idle_days then 'wrong_place'
    when idle_movement_days < idle_days then 'bought_after_demand_ended'
    else 'demand_ended' end"""


def buckets_now(reader: ReleaseReader, wanted: Filter) -> pd.DataFrame:
    """Value by age bucket at the newest snapshot."""
    return reader.frame(
        f"""select bucket_no, any_value(bucket_label) as bucket_label, sum(stock_value) as stock_value
            from {wanted.summary("ageing")}
            where snapshot_date = (select max(snapshot_date) from ageing)
            group by bucket_no order by bucket_no""",
        wanted.parameters,
    )


def buckets_over_time(reader: ReleaseReader, wanted: Filter, months: int = 24) -> pd.DataFrame:
    """Value by age bucket and snapshot of the last months."""
    return reader.frame(
        f"""select snapshot_date, bucket_no, any_value(bucket_label) as bucket_label, sum(stock_value) as stock_value
            from {wanted.summary("ageing")}
            where snapshot_date > (select max(snapshot_date) from ageing) - interval {int(months)} month
            group by snapshot_date, bucket_no order by snapshot_date, bucket_no""",
        wanted.parameters,
    )


def dead_by_cause(reader: ReleaseReader, wanted: Filter) -> pd.DataFrame:
    """Dead stock by cause."""
    return reader.frame(
        f"""select {CAUSES} as cause, count(*) as items, sum(dead_stock_value) as dead_stock_value
            from {wanted.health} where is_dead group by all order by dead_stock_value desc nulls last, cause""",
        wanted.parameters,
    )


def disposal_list(reader: ReleaseReader, wanted: Filter, limit: int = 200) -> pd.DataFrame:
    """Dead item-warehouses, most money first; with the best way out where the release has one."""
    has_ways = reader.has("fct_disposals")
    way = "d.way, d.expected_recovery_value," if has_ways else ""
    join = "left join (from fct_disposals where way_rank = 1) d using (item_id, warehouse_id)" if has_ways else ""
    return reader.frame(
        f"""select item_code, item_name, warehouse_name, dead_stock_value, {CAUSES} as cause, {way}
                on_hand_units, base_uom, idle_days, oldest_age_days, last_demand_date, category_name, owner_name,
                item_id, warehouse_id
            from {wanted.health} h {join} where is_dead
            order by dead_stock_value desc nulls last, item_id, warehouse_id limit {int(limit)}""",
        wanted.parameters,
    )


def cells(reader: ReleaseReader, wanted: Filter) -> pd.DataFrame:
    """The nine ABC-XYZ cells: item-warehouses, capital, yearly cost of goods sold, dead value, turnover."""
    return reader.frame(
        f"""select abc_class, xyz_class, count(*) as items, sum(inventory_value) as inventory_value,
                sum(cogs_value_365) as cogs_value_365, sum(dead_stock_value) as dead_stock_value,
                sum(cogs_value_365) / nullif(sum(average_inventory_value_365), 0) as turnover,
                sum(stockout_lines_365) / nullif(sum(due_lines_365), 0) as stockout_line_rate
            from {wanted.health} where abc_class is not null and xyz_class is not null
            group by all order by abc_class, xyz_class""",
        wanted.parameters,
    )


def items_of_cell(reader: ReleaseReader, wanted: Filter, abc: str, xyz: str, limit: int = 200) -> pd.DataFrame:
    """Item-warehouses of one cell, most capital first."""
    return reader.frame(
        f"""select item_code, item_name, warehouse_name, category_name, owner_name, inventory_value, cogs_value_365,
                inventory_turnover_annualised, cover_days, demand_pattern, policy, item_id, warehouse_id
            from {wanted.health} where abc_class = $abc and xyz_class = $xyz
            order by inventory_value desc nulls last, item_id, warehouse_id limit {int(limit)}""",
        {**wanted.parameters, "abc": abc, "xyz": xyz},
    )
