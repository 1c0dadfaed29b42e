"""Replenishment and forecast review."""

from __future__ import annotations

import pandas as pd

from dashboard.filters import Filter
from dashboard.release_reader import ReleaseReader

_TODAY = "(select max(as_of_date) from fct_inventory_health)"


def order_summary(reader: ReleaseReader, wanted: Filter) -> dict:
    """What the suggestions add up to, and how urgent they are."""
    return reader.row(
        f"""select count(*) filter (where r.suggested_order_units > 0) as orders,
                sum(r.suggested_order_value) as order_value,
                count(*) filter (where r.suggested_order_units > 0 and r.order_by_date <= {_TODAY}) as due_now,
                count(*) filter (where r.projected_stockout_date <= {_TODAY} + 14) as stockout_soon,
                sum(r.excess_value) as excess_value, count(*) filter (where r.shortage_units > 0) as shortages
            from {wanted.of("fct_replenishment")} r""",
        wanted.parameters,
    )


def orders(reader: ReleaseReader, wanted: Filter, limit: int = 300) -> pd.DataFrame:
    """What to order, most urgent first. The names are looked up for the rows that are shown, not for all."""
    return reader.frame(
        f"""with chosen as (
                select * from {wanted.of("fct_replenishment")} where suggested_order_units > 0
                order by order_by_date nulls last, suggested_order_value desc nulls last, item_id, warehouse_id
                limit {int(limit)}
            )
            select h.item_code, h.item_name, h.warehouse_name, coalesce(s.supplier_name, i.default_supplier_id) as supplier_name,
                r.suggested_order_units, h.base_uom, r.suggested_order_value, r.order_by_date,
                r.projected_stockout_date, r.expected_arrival_date, r.position_units, r.reorder_point_units,
                r.cover_days, h.abc_xyz_cell, r.policy, {reader.sentence("fct_replenishment", "r.reason")},
                r.item_id, r.warehouse_id
            from chosen r join fct_inventory_health h using (item_id, warehouse_id)
            left join dim_items i on i.item_id = h.item_id
            left join dim_suppliers s on s.supplier_id = i.default_supplier_id
            order by r.order_by_date nulls last, r.suggested_order_value desc nulls last, r.item_id, r.warehouse_id""",
        wanted.parameters,
    )


def orders_by_week(reader: ReleaseReader, wanted: Filter) -> pd.DataFrame:
    """Order value by the week in which to order; what is overdue is in the first."""
    return reader.frame(
        f"""select cast(date_trunc('week', greatest(r.order_by_date, {_TODAY})) as date) as week_start_date,
                count(*) as orders, sum(r.suggested_order_value) as order_value
            from {wanted.of("fct_replenishment")} r
            where r.suggested_order_units > 0 and r.order_by_date is not null
            group by all order by 1 limit 13""",
        wanted.parameters,
    )


_ONE_EACH = "horizon_periods = 1"  # accuracy is on every period of an item's forecast; one row an item is enough


def forecast_summary(reader: ReleaseReader, wanted: Filter) -> dict:
    """How good the chosen models are. Medians and shares: a mean of ratios would mean nothing."""
    return reader.row(
        f"""select count(*) as series, median(wape) as median_wape, median(bias) as median_bias,
                count(*) filter (where scaled_pinball < naive_scaled_pinball)
                    / nullif(count(*) filter (where naive_scaled_pinball is not null), 0) as better_than_naive_rate,
                median(coverage_90) as median_coverage
            from {wanted.of("fct_forecasts")} where {_ONE_EACH}""",
        wanted.parameters,
    )


def forecast_models(reader: ReleaseReader, wanted: Filter) -> pd.DataFrame:
    """Which models were chosen, and how they did."""
    return reader.frame(
        f"""select model, count(*) as series, median(wape) as median_wape, median(bias) as median_bias,
                count(*) filter (where scaled_pinball < naive_scaled_pinball)
                    / nullif(count(*) filter (where naive_scaled_pinball is not null), 0) as better_than_naive_rate
            from {wanted.of("fct_forecasts")} where {_ONE_EACH} group by all order by series desc, model""",
        wanted.parameters,
    )


def wape_spread(reader: ReleaseReader, wanted: Filter) -> pd.DataFrame:
    """Item-warehouses by WAPE in steps of 0.1; the last step holds everything above 2."""
    return reader.frame(
        f"""select least(floor(wape * 10) / 10, 2.0) as wape_from, count(*) as series
            from {wanted.of("fct_forecasts")} where {_ONE_EACH} and wape is not null group by all order by 1""",
        wanted.parameters,
    )


def forecast_misses(reader: ReleaseReader, wanted: Filter, limit: int = 200) -> pd.DataFrame:
    """Where a wrong forecast costs most: relative bias times the demand that it covers."""
    return reader.frame(
        f"""select h.item_code, h.item_name, h.warehouse_name,
                abs(f.bias) * f.mean_units * h.unit_cost_latest as miss_value, f.bias, f.wape, f.mean_units,
                h.abc_xyz_cell, h.owner_name, f.model, f.scaled_pinball, f.naive_scaled_pinball,
                {reader.sentence("fct_forecasts", "f.model_reason")},
                h.item_id, h.warehouse_id
            from {wanted.health} h join fct_forecasts f using (item_id, warehouse_id)
            where f.{_ONE_EACH} and f.bias is not null
            order by miss_value desc nulls last, h.item_id, h.warehouse_id limit {int(limit)}""",
        wanted.parameters,
    )
