"""Sums that pages show of a whole company, made once when a release is built, not at every visit.

They are in the release's DuckDB file beside the marts (schema `summaries`), add nothing that the marts do not say, and
are no part of what BI tools are promised: only the dashboard reads them. A row is a month and a group of item-warehouses
that no filter of the dashboard tells apart: warehouse, category, owner and classes. At 100,000 item-warehouses x 24 months
that is a twentieth of the rows (2026-11-22: 2.4 million to 130,000).
"""

from __future__ import annotations

from collections.abc import Collection

import duckdb

from assets.publish.kpis import Kpi, KpiCatalogue

SCHEMA = "summaries"

_GROUP = "m.warehouse_id, h.category_name, h.owner_name, h.abc_class, h.xyz_class"
_HEALTH = "left join marts.fct_inventory_health h on h.item_id = m.item_id and h.warehouse_id = m.warehouse_id"
_KNOWN = "filter (where m.cogs_value is not null and m.average_inventory_value is not null)"


def rolled_kpis(kpis: KpiCatalogue) -> dict[str, Kpi]:
    """KPIs of any choice of item-warehouses: sums of numerators over sums of denominators, as the catalogue has them. They are those
    whose base is the health mart. A row whose input is missing is in neither sum."""
    return kpis.of_base("item_warehouses")


def _kpi_sums(kpis: KpiCatalogue) -> str:
    parts = []
    for name, kpi in rolled_kpis(kpis).items():
        parts.append(f"sum(cast({kpi.numerator} as double)) filter (where {kpi.known}) as {name}_n")
        divisor = f"sum(cast({kpi.denominator} as double)) filter (where {kpi.known})"
        parts.append(f"{'cast(1 as double)' if kpi.is_amount else divisor} as {name}_d")
        parts.append(f"count(*) filter (where {kpi.known}) as {name}_k")
    return ", ".join(parts)


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
    "health": (
        ("fct_inventory_health",),
        """select warehouse_id, any_value(warehouse_name) as warehouse_name, category_name, owner_name, abc_class, xyz_class,
                count(*) as item_warehouses, {kpi_sums},
                count(*) filter (where suggested_order_units > 0) as order_items,
                cast(sum(suggested_order_value) as double) as order_value,
                count(*) filter (where projected_stockout_date <= as_of_date + 14) as stockout_soon_items,
                count(*) filter (where is_dead) as dead_items, cast(sum(dead_stock_value) as double) as dead_value,
                count(*) filter (where near_expiry_value > 0) as expiry_items,
                cast(sum(near_expiry_value) as double) as expiry_value,
                count(*) filter (where critical_findings > 0) as mismatch_items,
                cast(sum(inventory_value) filter (where value_status = 'ok') as double) as known_value,
                cast(sum(dead_stock_value) filter (where value_status = 'ok') as double) as known_dead_value,
                cast(sum(case when not coalesce(is_dead, false) then coalesce(excess_stock_value, 0) end)
                    filter (where value_status = 'ok') as double) as known_excess_value
            from marts.fct_inventory_health where is_stocked
            group by warehouse_id, category_name, owner_name, abc_class, xyz_class""",
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


def write_summaries(
    connection: duckdb.DuckDBPyConnection, marts: Collection[str], kpis: KpiCatalogue, target: str = SCHEMA
) -> None:
    """Make them as tables of `target` (a schema, or a catalog) on a connection that sees the marts as `marts.<name>`."""
    for name in summaries_of(marts):
        connection.execute(
            f"create or replace table {target}.{name} as {SUMMARIES[name][1].format(kpi_sums=_kpi_sums(kpis))}"
        )
