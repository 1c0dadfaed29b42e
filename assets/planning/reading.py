"""What planning reads from the warehouse, one query per frame (columns: docs/interfaces.md)."""

from __future__ import annotations

from datetime import date

import duckdb
import pandas as pd


def read_spine(connection: duckdb.DuckDBPyConnection) -> pd.DataFrame:
    """Every item x warehouse, in the order that all planning frames share."""
    return connection.execute("select * from intermediate.int_item_warehouses order by item_id, warehouse_id").df()


def read_demand(connection: duckdb.DuckDBPyConnection) -> pd.DataFrame:
    """Demand by day."""
    return connection.execute(
        "select * from intermediate.int_demand_daily order by item_id, warehouse_id, business_date"
    ).df()


def read_promotions(connection: duckdb.DuckDBPyConnection) -> pd.DataFrame:
    """Past and planned promotions, as landed up to the day."""
    return connection.execute(
        """select item_id, warehouse_id, start_date, end_date, cast(uplift_expected_rate as double) as uplift_expected_rate
           from intermediate.int_promotions order by all"""
    ).df()


def read_regressors(connection: duckdb.DuckDBPyConnection) -> pd.DataFrame:
    """Past and future values of what moves demand, as landed up to the day."""
    return connection.execute(
        """select company_code, regressor_name, start_date, end_date, item_id, warehouse_id, category_name,
                  cast(regressor_value as double) as regressor_value
           from staging.stg_demand_regressors where end_date >= start_date order by all"""
    ).df()


def read_balances(connection: duckdb.DuckDBPyConnection) -> pd.DataFrame:
    """Stock intervals at item x warehouse."""
    return connection.execute(
        "select * from intermediate.int_item_warehouse_balances order by item_id, warehouse_id, valid_from_date"
    ).df()


def read_balances_now(connection: duckdb.DuckDBPyConnection, as_of: date) -> pd.DataFrame:
    """Stock at the end of a day: item_id, warehouse_id, on_hand_units (all of it), available_units (nettable)."""
    return connection.execute(
        """select item_id, warehouse_id, cast(on_hand_units as double) as on_hand_units,
                  cast(available_units as double) as available_units
           from intermediate.int_item_warehouse_balances
           where cast($day as date) between valid_from_date and valid_to_date order by item_id, warehouse_id""",
        {"day": as_of},
    ).df()


def read_open_demand(connection: duckdb.DuckDBPyConnection) -> pd.DataFrame:
    """What is promised and not yet shipped."""
    return connection.execute("select * from intermediate.int_open_demand order by item_id, warehouse_id").df()


def read_lead_times(connection: duckdb.DuckDBPyConnection) -> pd.DataFrame:
    """A row per received part of a purchase order line."""
    return connection.execute("select * from intermediate.int_supplier_lead_times order by all").df()


def read_supply_flows(connection: duckdb.DuckDBPyConnection) -> pd.DataFrame:
    """What came into each item x warehouse over the last year, by way and source."""
    return connection.execute("select * from intermediate.int_supply_flows order by all").df()


def read_supply_lanes(connection: duckdb.DuckDBPyConnection) -> pd.DataFrame:
    """How goods moved between two warehouses over the last year."""
    return connection.execute("select * from intermediate.int_supply_lanes order by all").df()


def read_supply_sources(connection: duckdb.DuckDBPyConnection) -> pd.DataFrame:
    """Sources that the company states, and the warehouses above each other."""
    return connection.execute("select * from intermediate.int_supply_sources order by all").df()


def read_write_offs(connection: duckdb.DuckDBPyConnection) -> pd.DataFrame:
    """What was scrapped because its life was over: item_id, warehouse_id, business_date, units.

    Goods scrapped in the last 14 days of their life count (stores are closed for up to 10 days around Spring Festival, and
    clear the shelf before); what is scrapped earlier was broken, which no policy changes.
    """
    return connection.execute(
        """select item_id, warehouse_id, business_date, cast(-sum(quantity_units) as double) as units
           from intermediate.int_stock_movements
           where movement_type = 'scrap' and quantity_units < 0 and lot_expiry_date <= cast(business_date as date) + 14
           group by all order by all"""
    ).df()


def read_successors(connection: duckdb.DuckDBPyConnection) -> pd.DataFrame:
    """Which item replaces which."""
    return connection.execute("select * from intermediate.int_item_successors order by all").df()


def read_closures(connection: duckdb.DuckDBPyConnection) -> pd.DataFrame:
    """Closed days of suppliers."""
    return connection.execute("select * from intermediate.int_supplier_closures order by all").df()


def read_lots(connection: duckdb.DuckDBPyConnection) -> pd.DataFrame:
    """What is on hand by lot and status."""
    return connection.execute("select * from intermediate.int_stock_lots order by all").df()


def read_open_lines(connection: duckdb.DuckDBPyConnection) -> pd.DataFrame:
    """Every order line and transfer that is still to come."""
    return connection.execute("select * from intermediate.int_open_supply_lines order by all").df()


def read_firm_orders(connection: duckdb.DuckDBPyConnection, as_of: date) -> pd.DataFrame:
    """Customer orders for a later day: item_id, warehouse_id, need_date, units."""
    return connection.execute(
        """select item_id, warehouse_id, requested_date as need_date, cast(sum(open_units) as double) as units
           from intermediate.int_order_lines where open_units > 0 and requested_date > $day group by all order by all""",
        {"day": as_of},
    ).df()


def read_turnover_target(connection: duckdb.DuckDBPyConnection) -> float | None:
    """The company's target of inventory turnover, None where it has none; of several companies the lowest, which binds least."""
    found = connection.execute(
        "select min(target_rate) from control.kpi_targets where kpi = 'inventory_turnover' and scope = 'company'"
    ).fetchone()
    return None if found is None or found[0] is None else float(found[0])


def read_consumption(connection: duckdb.DuckDBPyConnection, as_of: date, window_days: int) -> pd.DataFrame:
    """Demand movements of the last `window_days`, in units, and what they cost by the value ledger.

    The cost is null where a part of them has none: the known part alone would rank an item behind what it uses.
    """
    return connection.execute(
        """with moved as (
               select item_id, warehouse_id, cast(-sum(quantity_units) as double) as consumption_units
               from intermediate.int_stock_movements
               where is_demand and business_date > cast($day as date) - cast($window as integer)
               group by all
           ),
           sold as (
               select item_id, warehouse_id,
                   case when coalesce(sum(uncosted_units), 0) = 0 then cast(-sum(entry_value) as double) end as consumption_value
               from ledger.value_entries
               where entry_kind in ('cogs', 'cogs_settlement', 'cogs_correction')
                   and business_date > cast($day as date) - cast($window as integer)
               group by all
           )
           select item_id, warehouse_id, consumption_units, consumption_value
           from moved left join sold using (item_id, warehouse_id) order by all""",
        {"day": as_of, "window": window_days},
    ).df()


def read_lines_beside(
    connection: duckdb.DuckDBPyConnection, items: list[str], as_of: date, window_days: int
) -> pd.DataFrame:
    """order_no, item_id of every line of the orders of the last days that hold one of the items."""
    return connection.execute(
        """with wanted as (select unnest($items) as item_id),
           lines as (
               select distinct source_instance || '|' || so_no as order_no, item_id
               from intermediate.int_order_lines
               where order_date > cast($day as date) - cast($window as integer) and order_date <= cast($day as date)
           )
           select order_no, item_id from lines
           where order_no in (select order_no from lines inner join wanted using (item_id))
           order by all""",
        {"items": items, "day": as_of, "window": window_days},
    ).df()


def read_disposal_events(connection: duckdb.DuckDBPyConnection, as_of: date, window_days: int) -> pd.DataFrame:
    """Sales, returns to suppliers and scrapping of the last days, a row per item, warehouse, kind and day.

    Columns: item_id, warehouse_id, kind, business_date, units, brought_value, cost_value, usual_price (median price of a
    unit of the item over the window).
    """
    return connection.execute(
        """with sales as (
               select item_id, warehouse_id, shipment_date as business_date, sum(shipped_units) as units,
                      sum(revenue_value) as brought_value
               from staging.stg_sales_shipment_lines
               where shipped_units > 0 and doc_status in ('approved', 'posted', 'closed')
                     and shipment_date > cast($day as date) - cast($window as integer) and shipment_date <= cast($day as date)
               group by all
           ),
           usual as (
               select item_id, median(cast(brought_value as double) / cast(units as double)) as usual_price
               from sales where brought_value is not null group by item_id
           ),
           costs as (
               select item_id, warehouse_id, max(cast(unit_cost_latest as double)) as unit_cost
               from intermediate.int_item_warehouses group by all
           ),
           gone as (
               select m.item_id, m.warehouse_id,
                      case m.movement_type when 'scrap' then 'scrap' else 'return_to_supplier' end as kind,
                      m.business_date, -sum(m.quantity_units) as units,
                      sum(case when m.movement_type = 'purchase_return' then -m.quantity_units * m.unit_cost end)
                          as brought_value,
                      -sum(c.cost_value) as cost_value
               from intermediate.int_stock_movements as m
               inner join ledger.movement_costs as c on c.movement_key = m.movement_key
               where m.movement_type in ('purchase_return', 'scrap') and m.quantity_units < 0
                     and m.business_date > cast($day as date) - cast($window as integer)
               group by all
           )
           select s.item_id, s.warehouse_id, 'sale' as kind, s.business_date, cast(s.units as double) as units,
                  cast(s.brought_value as double) as brought_value, cast(s.units as double) * k.unit_cost as cost_value,
                  u.usual_price
           from sales as s left join usual as u using (item_id) left join costs as k using (item_id, warehouse_id)
           union all
           select item_id, warehouse_id, kind, business_date, cast(units as double), cast(brought_value as double),
                  cast(cost_value as double), cast(null as double)
           from gone
           order by item_id, warehouse_id, business_date, kind""",
        {"day": as_of, "window": window_days},
    ).df()
