"""`fct_replenishment`: what the planner decided, from what; and the money that follows from it."""

from __future__ import annotations

from assets.explain.model import MartRecipes, Recipe, decision
from assets.explain.recipes.words import money, units

PLAN = ("plan", "protection", "settings", "master", "classes", "forecast", "supply", "movements")
_DECIDED = {
    "service_level_rate": "policy abc_xyz_cell service_measure",
    "lead_time_days_mean": "lead_time_source",
    "lead_time_days_sd": "lead_time_source lead_time_days_mean",
    "protection_days": "lead_time_days_mean policy",
    "protection_demand_units": "protection_days",
    "protection_demand_sd_units": "protection_days lead_time_days_sd",
    "order_up_to_units": "reorder_point_units order_quantity_units policy",
    "order_quantity_units": "policy protection_demand_units",
    "position_units": "on_hand_units on_order_units late_supply_units stock_scope",
    "suggested_transfer_units": "position_units reorder_point_units order_up_to_units source_kind flags",
    "withheld_order_units": "replay_verdict flags",
    "late_supply_units": "on_order_units protection_days",
    "unavailable_units": "unavailable_reason",
    "on_hand_units": "flags",
    "on_order_units": "",
    "suggested_order_units": "position_units reorder_point_units order_up_to_units order_quantity_units policy flags",
    "cover_days": "position_units protection_demand_units protection_days",
    "day_units": "protection_demand_units protection_days stock_scope",
    "order_cover_days": "position_units suggested_order_units day_units",
    "cover_limit_days": "reorder_point_units day_units abc_xyz_cell",
    "excess_units": "position_units order_up_to_units cover_days policy",
    "shortage_units": "position_units safety_stock_units protection_demand_units lead_time_days_mean",
    "holding_cost_year_value": "safety_stock_units order_quantity_units on_hand_units",
    "quantile_rate": "service_level_rate service_measure policy",
    "quantile_below_rate": "quantile_rate",
    "quantile_below_units": "quantile_below_rate",
    "quantile_above_rate": "quantile_rate",
    "quantile_above_units": "quantile_above_rate",
    "safety_scale_rate": "replay_verdict policy",
    "level_step_units": "policy",
}
_LEVEL_INPUTS = {
    name: f"select {name} from plan"
    for name in (
        "quantile_rate", "quantile_below_rate", "quantile_below_units", "quantile_above_rate", "quantile_above_units",
        "safety_scale_rate", "level_step_units", "policy", "service_level_rate",
    )
} | {"mean_demand": "select mean_units from protection"}  # fmt: skip
_SHARE = "((quantile_rate - quantile_below_rate) / (quantile_above_rate - quantile_below_rate))"
_READ = f"((1 - {_SHARE}) * quantile_below_units + {_SHARE} * quantile_above_units)"
# As planning/policy/levels.py and row_levels.py have it: read, rounded up, then what the replay makes of the safety stock.
_LEVEL = f"""(case when policy in ('order_on_demand', 'none') then 0
    when level_step_units > 0 then greatest(ceil(({_READ}) / level_step_units - 1e-9), 0) * level_step_units else {_READ} end)"""
_SAFETY = f"(case when policy in ('order_on_demand', 'none') then 0 else greatest({_LEVEL} - mean_demand, 0) end)"
_SCALED = f"((safety_scale_rate - 1) * {_SAFETY})"
_CHANGE = f"""(case when safety_scale_rate = 1 then 0
    when level_step_units > 0 then ceil({_SCALED} / level_step_units - 1e-9) * level_step_units else {_SCALED} end)"""
UNIT_COST = "select unit_cost_latest from master"


def valued(units_column: str) -> Recipe:
    """Planned units at the latest cost."""
    return Recipe(
        money(f"cast({units_column} as decimal(28, 6)) * unit_cost_latest"),
        {units_column: f"select {units_column} from plan", "unit_cost_latest": UNIT_COST},
        PLAN,
    )


REPLENISHMENT = MartRecipes(
    key=("item_id", "warehouse_id"),
    context=("(select max(as_of_date) from marts.dim_run_parameters) as until_date",),
    decided=PLAN,
    recipes={
        **{column: decision(column, PLAN, names) for column, names in _DECIDED.items()},
        "reorder_point_units": Recipe(units(f"greatest({_LEVEL} + {_CHANGE}, 0)"), _LEVEL_INPUTS, PLAN),
        **{
            column: Recipe(f"{column}_used", {f"{column}_used": f"select {source} from protection"}, PLAN)
            for column, source in (
                ("lead_time_days_mean", "lead_time_days_mean"),
                ("lead_time_days_sd", "lead_time_days_sd"),
                ("protection_days", "protection_days"),
                ("protection_demand_units", "mean_units"),
                ("protection_demand_sd_units", "sd_units"),
            )
        },
        "safety_stock_units": Recipe(units(f"greatest({_SAFETY} + {_CHANGE}, 0)"), _LEVEL_INPUTS, PLAN),
        "order_up_to_units": Recipe(
            units(
                "case when policy in ('order_on_demand', 'none') then 0 when policy in ('r_s', 'base_stock') then reorder_point"
                " else reorder_point + lot end"
            ),
            {
                "policy": "select policy from plan",
                "reorder_point": "select reorder_point_units from plan",
                "lot": "select order_quantity_units from plan",
            },
            PLAN,
        ),
        "suggested_order_value": valued("suggested_order_units"),
        "excess_value": valued("excess_units"),
    },
)
