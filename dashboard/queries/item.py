"""Everything about one item, in one warehouse or all of them."""

from __future__ import annotations

import pandas as pd

from dashboard.filters import Filter
from dashboard.release_reader import ReleaseReader


def find(reader: ReleaseReader, wanted: Filter, text: str, limit: int = 50) -> pd.DataFrame:
    """Item-warehouses whose code or name holds the text; most capital first. Only those that the user may see."""
    return reader.frame(
        f"""select item_id, warehouse_id, item_code, item_name, warehouse_name, inventory_value
            from {wanted.health}
            where $text = '' or contains(lower(item_code || ' ' || coalesce(item_name, '')), lower($text))
            order by inventory_value desc nulls last, item_id, warehouse_id limit {int(limit)}""",
        {**wanted.parameters, "text": text.strip()},
    )


def card(reader: ReleaseReader, wanted: Filter, item_id: str, warehouse_id: str) -> dict:
    """The health row with the levels of the plan; empty where there is none or the user may not see it."""
    return reader.row(
        f"""select h.*, r.service_level_rate, r.lead_time_days_mean, r.position_units, r.order_by_date,
                r.reason as plan_reason, r.flags as plan_flags
            from {wanted.health} h left join fct_replenishment r using (item_id, warehouse_id)
            where h.item_id = $item_id and h.warehouse_id = $warehouse_id""",
        {**wanted.parameters, "item_id": item_id, "warehouse_id": warehouse_id},
    )


def stock_line(reader: ReleaseReader, item_id: str, warehouse_id: str, days: int = 365) -> pd.DataFrame:
    """On hand as steps: a row per interval of the last `days`."""
    return reader.frame(
        f"""select greatest(valid_from_date, last_day - {int(days)}) as from_date, valid_to_date, on_hand_units
            from (select *, max(valid_to_date) over () as last_day from fct_stock_balances
                  where item_id = $item_id and warehouse_id = $warehouse_id)
            where valid_to_date >= last_day - {int(days)} order by from_date""",
        {"item_id": item_id, "warehouse_id": warehouse_id},
    )


def demand(reader: ReleaseReader, item_id: str, warehouse_id: str, period: str, periods: int = 52) -> pd.DataFrame:
    """Demand issues less returns per period (`week` or `month`), zero where there was none."""
    if period not in {"day", "week", "month"}:
        raise ValueError(f"no such period: {period}")
    return reader.frame(
        f"""with issues as (
                select cast(date_trunc('{period}', business_date) as date) as period_start_date,
                    -sum(quantity_units) as units
                from fct_stock_movements where item_id = $item_id and warehouse_id = $warehouse_id and is_demand
                group by all
            ), last as (select max(as_of_date) as day from fct_inventory_health),
            periods as (
                select cast(unnest(generate_series(
                    date_trunc('{period}', greatest((select min(period_start_date) from issues),
                        (select day from last) - interval {int(periods)} {period})),
                    (select day from last), interval 1 {period})) as date) as period_start_date
            )
            select period_start_date, coalesce(units, 0) as demand_units
            from periods left join issues using (period_start_date) order by 1""",
        {"item_id": item_id, "warehouse_id": warehouse_id},
    )


def fan(reader: ReleaseReader, item_id: str, warehouse_id: str) -> pd.DataFrame:
    """Forecast quantiles per period to come."""
    return reader.frame(
        """select period_start_date, mean_units, q05_units, q25_units, q50_units, q75_units, q95_units, model,
               model_reason
           from fct_forecasts where item_id = $item_id and warehouse_id = $warehouse_id order by period_start_date""",
        {"item_id": item_id, "warehouse_id": warehouse_id},
    )


def layers(reader: ReleaseReader, item_id: str, warehouse_id: str) -> pd.DataFrame:
    """What lies there, by age of its layers."""
    return reader.frame(
        """select bucket_no, bucket_label, quantity_units, stock_value, oldest_age_days, layers, value_status
           from fct_stock_ageing where item_id = $item_id and warehouse_id = $warehouse_id
               and snapshot_date = (select max(snapshot_date) from fct_stock_ageing) order by bucket_no""",
        {"item_id": item_id, "warehouse_id": warehouse_id},
    )


def movements(reader: ReleaseReader, item_id: str, warehouse_id: str, limit: int = 200) -> pd.DataFrame:
    """The newest movements with the file and row they came from."""
    return reader.frame(
        f"""select business_date, movement_type, quantity_units, cost_value, cogs_value, doc_no, ref_doc_no,
                counterpart_warehouse_id, lot_no, source_file, source_row
            from fct_stock_movements where item_id = $item_id and warehouse_id = $warehouse_id
            order by movement_sequence desc limit {int(limit)}""",
        {"item_id": item_id, "warehouse_id": warehouse_id},
    )
