"""What ordering reads from the warehouse beside the plan: prices, terms, sizes, room and suppliers' plans."""

from __future__ import annotations

from datetime import date

import duckdb
import pandas as pd


def read_price_breaks(connection: duckdb.DuckDBPyConnection, as_of: date) -> pd.DataFrame:
    """Prices in effect: supplier_id, item_id, from_units, unit_price; of several the latest to begin."""
    return connection.execute(
        """select supplier_id, item_id, cast(from_units as double) as from_units, cast(unit_price as double) as unit_price
           from staging.stg_price_breaks
           where valid_from_date <= cast($day as date) and coalesce(valid_to_date >= cast($day as date), true)
           qualify row_number() over (
               partition by supplier_id, item_id, from_units order by valid_from_date desc, source_instance) = 1
           order by supplier_id, item_id, from_units""",
        {"day": as_of},
    ).df()


def read_terms(connection: duckdb.DuckDBPyConnection) -> pd.DataFrame:
    """What each supplier asks of an order, with its credit days: one row per supplier that is known."""
    return connection.execute(
        """with masters as (select supplier_id, max(payment_term_days) as payment_term_days from staging.stg_suppliers group by 1),
           terms as (
               select * from staging.stg_supplier_terms
               qualify row_number() over (partition by supplier_id order by source_instance) = 1
           )
           select coalesce(m.supplier_id, t.supplier_id) as supplier_id, cast(m.payment_term_days as double) as payment_term_days,
                  cast(t.min_order_value as double) as min_order_value, cast(t.min_order_units as double) as min_order_units,
                  cast(t.load_volume_m3 as double) as load_volume_m3, cast(t.load_weight_kg as double) as load_weight_kg,
                  cast(t.min_load_rate as double) as min_load_rate
           from masters as m full join terms as t using (supplier_id)
           where coalesce(m.supplier_id, t.supplier_id) is not null order by 1"""
    ).df()


def read_item_sizes(connection: duckdb.DuckDBPyConnection) -> pd.DataFrame:
    """Volume and weight of a base unit: item_id, volume_m3, weight_kg."""
    return connection.execute(
        """select item_id, cast(max(volume_m3) as double) as volume_m3, cast(max(weight_kg) as double) as weight_kg
           from staging.stg_items group by item_id order by item_id"""
    ).df()


def read_storage_limits(connection: duckdb.DuckDBPyConnection) -> pd.DataFrame:
    """Room of warehouses as a whole (item_id null) and of single items: item_id, warehouse_id, max_units, max_volume_m3."""
    return connection.execute(
        """select case when item_code <> '' then item_id end as item_id, warehouse_id,
                  cast(min(max_units) as double) as max_units, cast(min(max_volume_m3) as double) as max_volume_m3
           from staging.stg_storage_limits group by all order by all"""
    ).df()


def read_supplier_plans(connection: duckdb.DuckDBPyConnection) -> pd.DataFrame:
    """Deliveries that suppliers plan: supplier_id, item_id, warehouse_id, delivery_date, planned_units."""
    return connection.execute(
        """select supplier_id, item_id, warehouse_id, delivery_date, cast(sum(planned_units) as double) as planned_units
           from staging.stg_supplier_plans group by all order by all"""
    ).df()


def read_arrivals(connection: duckdb.DuckDBPyConnection) -> pd.DataFrame:
    """What is still to come, by place: item_id, warehouse_id, due_date, units."""
    return connection.execute(
        """select item_id, warehouse_id, due_date, cast(on_order_units as double) as units
           from intermediate.int_open_supply order by all"""
    ).df()


def read_forecast_overrides(connection: duckdb.DuckDBPyConnection, as_of: date) -> pd.DataFrame:
    """Planners' figures in effect: the keys, start_date, end_date, demand_units, planner_name, override_reason, entered_date."""
    return connection.execute(
        """select item_id, warehouse_id, start_date, end_date, cast(demand_units as double) as demand_units, planner_name,
                  override_reason, entered_date
           from staging.stg_forecast_overrides
           where entered_date <= cast($day as date) and coalesce(expires_date > cast($day as date), true)
                 and end_date >= start_date
           order by all""",
        {"day": as_of},
    ).df()
