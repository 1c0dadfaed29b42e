"""What costs most today, what to do about it and by whom: the open work of a company by kind and owner, in money."""

from __future__ import annotations

import pandas as pd

from dashboard.filters import Filter
from dashboard.release_reader import ReleaseReader

# Kind of work -> the page on which it is done.
PAGES = {
    "order_now": "replenishment",
    "let_go": "ageing",
    "sell_before_expiry": "ageing",
    "stop_buying": "replenishment",
    "expedite": "replenishment",
}


def worklist(reader: ReleaseReader, wanted: Filter, limit: int = 10) -> pd.DataFrame:
    """Kinds of work by owner, the most money first, with the item-warehouse in which most of it is.

    Money at stake, one kind an item: `order_now` - sales that are missed between the day on which the stock runs out and the day on
    which goods that are ordered today come, at selling price (cost where there is none); `expedite` - the same where
    the goods are on order already; `sell_before_expiry` - value that is near its expiry; `let_go` - value of dead stock;
    `stop_buying` - value above the highest cover of an item that sells.

    Args:
        wanted: filter and limits of the user.
        limit: rows at most.

    Returns:
        kind, owner_name, items, at_stake_value, first_item_code, first_item_name, first_value, first_date; by row.
    """
    return reader.frame(
        f"""with stock as (
                select h.*, r.order_by_date, coalesce(p.unit_price, h.unit_cost_latest) as worth,
                    greatest(0, date_diff('day', r.projected_stockout_date, r.expected_arrival_date)) as missed_days
                from {wanted.health} h left join fct_replenishment r using (item_id, warehouse_id)
                left join (select item_id, warehouse_id, unit_price from dim_item_warehouses) p using (item_id, warehouse_id)
                where h.is_stocked
            ),
            work as (
                select case when suggested_order_units > 0 then 'order_now' else 'expedite' end as kind, owner_name,
                    item_code, item_name, order_by_date as due_date,
                    cast(missed_days * forecast_daily_units * worth as double) as at_stake_value
                from stock where missed_days > 0 and (suggested_order_units > 0 or on_order_units > 0)
                union all
                select 'sell_before_expiry', owner_name, item_code, item_name, as_of_date, cast(near_expiry_value as double)
                from stock where near_expiry_value > 0
                union all
                select 'let_go', owner_name, item_code, item_name, as_of_date,
                    cast(dead_stock_value - coalesce(near_expiry_value, 0) as double)
                from stock where is_dead
                union all
                select 'stop_buying', owner_name, item_code, item_name, as_of_date, cast(excess_stock_value as double)
                from stock where not coalesce(is_dead, false) and excess_stock_value > 0
            )
            select kind, owner_name, count(*) as items, sum(at_stake_value) as at_stake_value,
                arg_max(item_code, at_stake_value) as first_item_code, arg_max(item_name, at_stake_value) as first_item_name,
                max(at_stake_value) as first_value, min(due_date) as first_date
            from work where at_stake_value > 0 group by kind, owner_name
            order by at_stake_value desc nulls last, kind, owner_name limit {int(limit)}""",
        wanted.parameters,
    )
