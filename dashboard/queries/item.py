"""Everything about one item, in one warehouse or all of them."""

from __future__ import annotations

import pandas as pd

from dashboard.filters import Filter
from dashboard.release_reader import ReleaseReader

RECORD = "dim_items"


def find(reader: ReleaseReader, wanted: Filter, text: str, limit: int = 50) -> pd.DataFrame:
    """Item-warehouses whose code or name holds the text; most capital first. Only those that the user may see."""
    return reader.frame(
        f"""select item_id, warehouse_id, item_code, item_name, warehouse_name, inventory_value
            from {wanted.health}
            where $text = '' or contains(lower(item_code || ' ' || coalesce(item_name, '')), lower($text))
            order by inventory_value desc nulls last, item_id, warehouse_id limit {int(limit)}""",
        {**wanted.parameters, "text": text.strip()},
    )


def places(reader: ReleaseReader, wanted: Filter, item_id: str) -> pd.DataFrame:
    """Where an item is, the most capital first."""
    return reader.frame(
        f"""select item_id, warehouse_id, item_code, item_name, warehouse_name, inventory_value
            from {wanted.health} where item_id = $item_id
            order by inventory_value desc nulls last, warehouse_id""",
        {**wanted.parameters, "item_id": item_id},
    )


def card(reader: ReleaseReader, wanted: Filter, item_id: str, warehouse_id: str) -> dict:
    """The health row with the levels of the plan; empty where there is none or the user may not see it."""
    return reader.row(
        f"""select h.*, r.service_level_rate, r.lead_time_days_mean, r.position_units, r.order_by_date,
                {reader.sentence("fct_replenishment", "r.reason", "plan_reason")}, r.flags as plan_flags
            from {wanted.health} h left join fct_replenishment r using (item_id, warehouse_id)
            where h.item_id = $item_id and h.warehouse_id = $warehouse_id""",
        {**wanted.parameters, "item_id": item_id, "warehouse_id": warehouse_id},
    )


def record(reader: ReleaseReader, item_id: str) -> dict:
    """The item's master record, every column of it."""
    return reader.row(f"select * from {RECORD} where item_id = $item_id", {"item_id": item_id})


def stock_line(reader: ReleaseReader, item_id: str, warehouse_id: str, days: int) -> pd.DataFrame:
    """On hand as steps: a row per interval of the last `days`."""
    return reader.frame(
        f"""select greatest(valid_from_date, last_day - {int(days)}) as from_date, valid_to_date, on_hand_units
            from (select *, max(valid_to_date) over () as last_day from fct_stock_balances
                  where item_id = $item_id and warehouse_id = $warehouse_id)
            where valid_to_date >= last_day - {int(days)} order by from_date""",
        {"item_id": item_id, "warehouse_id": warehouse_id},
    )


def demand(reader: ReleaseReader, item_id: str, warehouse_id: str, period: str, periods: int) -> pd.DataFrame:
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
        f"""select period_start_date, mean_units, q05_units, q25_units, q50_units, q75_units, q95_units, model,
               {reader.sentence("fct_forecasts", "f.model_reason")}
           from fct_forecasts f where item_id = $item_id and warehouse_id = $warehouse_id order by period_start_date""",
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


_LINES = """select m.business_date, m.movement_type, m.quantity_units, m.cost_value, m.cogs_value, m.doc_no, m.ref_doc_no,
                w.warehouse_name as counterpart_warehouse_name, m.lot_no, m.source_file, m.source_row
            from fct_stock_movements m left join dim_warehouses w on w.warehouse_id = m.counterpart_warehouse_id"""


def movements(reader: ReleaseReader, item_id: str, warehouse_id: str, months: int, limit: int = 200) -> pd.DataFrame:
    """The newest movements with the file and row they came from."""
    return reader.frame(
        f"""{_LINES} where m.item_id = $item_id and m.warehouse_id = $warehouse_id
                and m.business_date > (select max(as_of_date) from fct_inventory_health) - interval {int(months)} month
            order by m.movement_sequence desc limit {int(limit)}""",
        {"item_id": item_id, "warehouse_id": warehouse_id},
    )


def document(reader: ReleaseReader, wanted: Filter, doc_no: str, limit: int = 500) -> pd.DataFrame:
    """Every line of a document that the user may see, with the file and row it came from."""
    return reader.frame(
        f"""select m.business_date, m.movement_type, i.item_code, i.item_name, w.warehouse_name, m.lot_no,
                m.quantity_units, m.cost_value, m.ref_doc_no, m.source_instance, m.source_file, m.source_row,
                m.item_id, m.warehouse_id
            from {wanted.limits.of("fct_stock_movements")} m left join dim_items i on i.item_id = m.item_id
            left join dim_warehouses w on w.warehouse_id = m.warehouse_id
            where m.doc_no = $doc_no order by m.source_instance, m.movement_sequence limit {int(limit)}""",
        {**wanted.limits.parameters, "doc_no": doc_no},
    )
