"""Planning as Dagster assets. Glue only: read, call one function, write."""

from collections.abc import Iterator, Sequence
from datetime import date

import dagster as dg
import duckdb
import pandas as pd
import pyarrow as pa

from assets.planning import reading
from assets.planning.demand.history import build_demand_history
from assets.planning.forecasting.vintage_store import VintageStore
from assets.planning.sentences import with_words
from assets.planning.settings import PlanningSettings
from assets.spark.spread import SparkSpread
from assets.stages import first_run
from assets.workspace import Workspace, write_table

PLANNING = (
    "forecasts",
    "forecast_accuracy",
    "forecast_effects",
    "forecast_nodes",
    "vintage_accuracy",
    "forecast_review",
    "forecast_overrides",
    "item_classes",
    "lead_time_demand",
    "supply_network",
    "supply_plan",
    "planned_orders",
    "order_exceptions",
    "replenishment",
    "class_history",
    "transfers",
    "disposals",
    "disposal_alternatives",
    "disposal_recoveries",
    "disposal_ways",
    "order_drafts",
    "order_draft_lines",
    "order_cash",
    "storage_forecast",
    "supplier_plan_checks",
    "dependent_demand",
    "component_requirements",
    "kit_completeness",
    "kit_parts",
    "kit_forecast",
    "promise",
    "policy_replay",
    "supplier_feed",
    "capital_curve",
    "class_cells",
    "class_review",
)


def build_planning_assets(partitions: dg.PartitionsDefinition, pool: str) -> Sequence[dg.AssetsDefinition]:
    """Demand history, then everything that is planned from it."""

    @dg.asset(
        key=["planning", "demand_history"],
        deps=[
            ["intermediate", "int_demand_daily"],
            ["intermediate", "int_item_warehouse_balances"],
            ["intermediate", "int_item_warehouses"],
        ],
        partitions_def=partitions,
        group_name="planning",
        kinds={"python"},
        pool=pool,
    )
    def demand_history(
        context: dg.AssetExecutionContext,
        workspace: dg.ResourceParam[Workspace],
        planning_settings: dg.ResourceParam[PlanningSettings],
    ) -> dg.MaterializeResult:
        """Demand per item x warehouse and period, censored where the shelf was empty."""
        as_of = date.fromisoformat(context.partition_key)
        with workspace.stage("demand", as_of, first_run(context.run)), workspace.connect() as connection:
            history = build_demand_history(
                reading.read_demand(connection),
                reading.read_balances(connection),
                reading.read_spine(connection),
                as_of=as_of,
                settings=planning_settings.demand,
            )
            rows = _write(connection, "demand_history", history)
        return dg.MaterializeResult(metadata={"rows": rows, "censored": int(history["is_censored"].sum())})

    specs = [
        dg.AssetSpec(["planning", name], deps=_PLANNED_FROM, group_name="planning", kinds={"python"})
        for name in PLANNING
    ]

    @dg.multi_asset(
        specs=specs,
        partitions_def=partitions,
        name="planning",
        pool=pool,
    )
    def planning(
        context: dg.AssetExecutionContext,
        workspace: dg.ResourceParam[Workspace],
        planning_settings: dg.ResourceParam[PlanningSettings],
    ) -> Iterator[dg.MaterializeResult]:
        from assets.planning.pipeline import plan_everything  # the forecasting libraries import slowly

        as_of = date.fromisoformat(context.partition_key)
        with workspace.stage("planning", as_of, first_run(context.run)), workspace.connect() as connection:
            vintages = VintageStore(workspace.forecast_vintages, as_of)
            spread = SparkSpread(workspace.spark, workspace.lake, "the forecasts") if workspace.spark else None
            frames = plan_everything(connection, as_of, planning_settings, vintages, spread)
            for name in PLANNING:
                yield dg.MaterializeResult(
                    asset_key=["planning", name], metadata={"rows": _write(connection, name, frames[name])}
                )

    return [demand_history, planning]


_PLANNED_FROM = [
    ["planning", "demand_history"],
    ["ledger", "movement_costs"],
    ["intermediate", "int_supply_flows"],
    ["intermediate", "int_supply_lanes"],
    ["intermediate", "int_supply_sources"],
    ["intermediate", "int_item_successors"],
    ["intermediate", "int_supplier_closures"],
    ["intermediate", "int_stock_lots"],
    ["intermediate", "int_open_supply_lines"],
    ["intermediate", "int_open_supply"],
    ["intermediate", "int_open_demand"],
    ["intermediate", "int_supplier_lead_times"],
    ["intermediate", "int_promotions"],
    ["intermediate", "int_order_lines"],
    ["staging", "stg_sales_shipment_lines"],
    ["staging", "stg_bills_of_materials"],
    ["staging", "stg_production_orders"],
    ["staging", "stg_price_breaks"],
    ["staging", "stg_supplier_terms"],
    ["staging", "stg_storage_limits"],
    ["staging", "stg_forecast_overrides"],
    ["staging", "stg_demand_regressors"],
    ["staging", "stg_supplier_plans"],
    ["staging", "stg_suppliers"],
    ["staging", "stg_items"],
]


def _write(connection: duckdb.DuckDBPyConnection, name: str, frame: pd.DataFrame) -> int:
    table = pa.Table.from_pandas(with_words(name, frame), preserve_index=False)
    return write_table(connection, f"planning.{name}", table)
