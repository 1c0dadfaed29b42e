"""What the planning of made goods reads from the warehouse, one query per frame."""

from __future__ import annotations

from datetime import date

import duckdb
import pandas as pd


def read_bills(connection: duckdb.DuckDBPyConnection) -> pd.DataFrame:
    """Lines of all bills of materials; where two systems describe one item, the first by name."""
    return connection.execute(
        """select item_id, component_item_id, component_units, parent_units, scrap_rate, valid_from_date, valid_to_date,
                  substitute_group, substitute_priority, is_phantom, issue_warehouse_id, bom_version, is_active, is_default
           from staging.stg_bills_of_materials
           qualify source_instance = min(source_instance) over (partition by item_id)
           order by item_id, bom_version, component_item_id, line_id"""
    ).df()


def read_production_orders(connection: duckdb.DuckDBPyConnection, as_of: date) -> pd.DataFrame:
    """Production orders that are open: order_kind `production`; a start that is not known is the due date, or today."""
    return connection.execute(
        """select 'production' as order_kind, order_no, order_line_id, item_id, warehouse_id, bom_version,
                  coalesce(start_date, due_date, cast($day as date)) as start_date, due_date,
                  cast(planned_units as double) as planned_units,
                  cast(planned_units - coalesce(finished_units, 0) as double) as open_units
           from staging.stg_production_orders
           where not is_closed and doc_status in ('submitted', 'approved', 'posted')
                 and planned_units > coalesce(finished_units, 0) and order_date <= cast($day as date)
           order by start_date, order_no, order_line_id""",
        {"day": as_of},
    ).df()


def read_open_sales_of(connection: duckdb.DuckDBPyConnection, items: list[str]) -> pd.DataFrame:
    """Open sales lines of some items, as orders to be put together: order_kind `sales`."""
    return connection.execute(
        """select 'sales' as order_kind, so_no as order_no, so_line_id as order_line_id, item_id, warehouse_id,
                  cast(null as varchar) as bom_version, requested_date as start_date, requested_date as due_date,
                  cast(open_units as double) as planned_units, cast(open_units as double) as open_units
           from intermediate.int_order_lines
           where open_units > 0 and item_id in (select unnest($items))
           order by requested_date, so_no, so_line_id""",
        {"items": items},
    ).df()


def read_receipts(connection: duckdb.DuckDBPyConnection) -> pd.DataFrame:
    """What is still to come, wherever: item_id, due_date, units."""
    return connection.execute(
        """select item_id, due_date, cast(sum(on_order_units) as double) as units
           from intermediate.int_open_supply group by item_id, due_date order by item_id, due_date"""
    ).df()


def read_promised(connection: duckdb.DuckDBPyConnection) -> pd.DataFrame:
    """Open sales lines: item_id, need_date (requested), units."""
    return connection.execute(
        """select item_id, requested_date as need_date, cast(sum(open_units) as double) as units
           from intermediate.int_order_lines where open_units > 0 group by all order by all"""
    ).df()


def read_issues(connection: duckdb.DuckDBPyConnection, as_of: date) -> pd.DataFrame:
    """Issued to production in the last year: item_id, warehouse_id, units."""
    return connection.execute(
        """select item_id, warehouse_id, cast(-sum(quantity_units) as double) as units
           from intermediate.int_stock_movements
           where movement_type in ('production_issue', 'production_issue_return', 'subcontract_issue')
                 and business_date > cast($day as date) - 365
           group by all order by all""",
        {"day": as_of},
    ).df()


def read_issued(connection: duckdb.DuckDBPyConnection) -> pd.DataFrame:
    """Issued to each open production order so far: order_no, component_item_id, units."""
    return connection.execute(
        """select m.ref_doc_no as order_no, m.item_id as component_item_id, cast(-sum(m.quantity_units) as double) as units
           from intermediate.int_stock_movements as m
           where m.movement_type in ('production_issue', 'production_issue_return', 'subcontract_issue')
                 and m.ref_doc_no in (select order_no from staging.stg_production_orders where not is_closed)
           group by all order by all"""
    ).df()
