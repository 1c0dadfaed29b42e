"""`fct_inventory_health`: what a manager looks at first. Figures of other marts are explained by those marts' recipes."""

from __future__ import annotations

from assets.explain.model import MartRecipes, Recipe
from assets.explain.recipes import balances, turnover
from assets.explain.recipes.health_expiry import EXPIRY, EXPIRY_VIEWS
from assets.explain.recipes.replenishment import REPLENISHMENT
from assets.explain.recipes.words import money, overlap, ratio, units

_STOCK = ("movements", "entries", "warehouse", "master")
_DAYS = "date_diff('day', {since}, as_of_date)"
_AS_OF = "select as_of_date from cell"
_DEMAND = "select max(business_date) from movements where is_demand and quantity_units < 0"
_FIRST = "select min(business_date) from movements"
_IDLE = _DAYS.format(since="coalesce(last_demand_date, first_movement_date)")
_IS_NEW = _DAYS.format(since="first_movement_date") + " <= new_item_guard_days"

_WORTH = {
    "on_hand": f"select coalesce(({balances.ON_HAND}), 0)",
    "net_value": f"select coalesce(({balances.NET_VALUE}), 0)",
    "stock_status": balances.VALUE_STATUS,
}
_STATUS = "stock_status"
_VALUE = "case when stock_status = 'ok' then cast(net_value as decimal(24, 4)) end"
_IDLE_INPUTS = {
    "is_stocked": "select is_stocked and not is_in_transit from master",
    "first_movement_date": _FIRST,
    "last_demand_date": _DEMAND,
    "as_of_date": _AS_OF,
    "new_item_guard_days": "select new_item_guard_days from settings",
}


_YEAR = "(select as_of_date - 364 from cell)"
_EMPTY = f"greatest(0, date_diff('day', greatest(valid_from_date, {_YEAR}), least(valid_to_date, (select active_to_date from cell))) + 1)"
_IS_MISSED = "select is_stocked and is_active and (select active_to_date is not null from cell) from master"
_PERIOD = "date_diff('day', period_start_date, period_end_date) + 1"
_LOST_SHARE = f"cast({overlap(_YEAR, '(select as_of_date from cell)', 'period_start_date', 'period_end_date')} as double) / ({_PERIOD})"


def _dead(days: str) -> tuple[str, dict[str, str]]:
    condition = f"coalesce(is_stocked and on_hand > 0 and not ({_IS_NEW}) and {_IDLE} > {days}, false)"
    return condition, {**_WORTH, **_IDLE_INPUTS, days: f"select {days} from settings"}


def _worth_if(condition: str, inputs: dict[str, str], evidence: tuple[str, ...]) -> Recipe:
    return Recipe(money(f"case when {condition} then {_VALUE} when {_STATUS} = 'ok' then 0 end"), inputs, evidence)


_IS_DEAD, _DEAD_INPUTS = _dead("dead_days")
_IS_LONG_DEAD, _LONG_DEAD_INPUTS = _dead("long_dead_days")
_IS_SLOW = f"coalesce(not ({_IS_DEAD}) and on_hand > 0 and cover_days > dead_days, false)"
_SLOW_INPUTS = {**_DEAD_INPUTS, "cover_days": "select cover_days from plan"}
_IDLE_FROM = (*_STOCK, "settings")


_LOST_MOVES = """from movements where is_valued and movement_type in ('count_gain', 'count_loss', 'scrap')
    and business_date >= (select as_of_date - 364 from cell)"""
_LOSS = "cast(round(case when lost_moves = 0 then 0 when lost_moves = costed_moves then lost end, 4) as decimal(24, 4))"
_LOSS_INPUTS = {
    "lost_moves": f"select count(*) {_LOST_MOVES}",
    "costed_moves": f"select count(cost_value) {_LOST_MOVES}",
    "lost": f"select -sum(cost_value) {_LOST_MOVES}",
}
_HELD = {
    "held_value": "select average_inventory_value from year_window",
    "held_days": "select period_days from year_window",
}
_SHRINKAGE = """case when shrinkage_rate is not null then held_value * shrinkage_rate * held_days / 365
    when lost_moves = 0 then 0 when lost_moves = costed_moves then lost end"""
_SHRINKAGE_INPUTS = {**_HELD, **_LOSS_INPUTS, "shrinkage_rate": "select carrying_shrinkage_rate from settings"}


def _of_window(column: str) -> Recipe:
    recipe = turnover.ROLLING.recipes[column]
    return Recipe(recipe.result, recipe.inputs, tuple(dict.fromkeys(("intervals", *recipe.evidence))))


def _lines(result: str, **inputs: str) -> Recipe:
    return Recipe(
        result, {name: f"select {query} from order_lines" for name, query in inputs.items()}, ("order_lines",)
    )


HEALTH = MartRecipes(
    key=("item_id", "warehouse_id"),
    context=(
        "as_of_date",
        "as_of_date as until_date",
        "as_of_date as snapshot_date",
        "(select max(period_start_date) from marts.fct_turnover_rolling where window_days = 365) as period_start_date",
        "as_of_date as period_end_date",
        "active_to_date",
    ),
    decided=REPLENISHMENT.decided,
    working={**turnover.ROLLING.working, **EXPIRY_VIEWS},
    recipes={
        "on_hand_units": balances.QUANTITIES["on_hand_units"],
        "available_units": balances.QUANTITIES["available_units"],
        "on_order_units": Recipe(
            units("to_come_units"),
            {"to_come_units": "select coalesce(sum(on_order_units), 0) from supply"},
            ("supply",),
        ),
        "overdue_units": Recipe(
            units("late_units"), {"late_units": "select coalesce(sum(overdue_units), 0) from supply"}, ("supply",)
        ),
        "unit_cost_latest": Recipe(
            "coalesce(warehouse_cost, company_cost, receipt_cost, receipt_cost_anywhere, standard_cost)",
            {
                "warehouse_cost": "select max(unit_cost) from item_costs where warehouse_id <> ''",
                "company_cost": "select max(unit_cost) from item_costs where warehouse_id = ''",
                "receipt_cost": """select max_by(source_unit_cost, movement_sequence) from receipts
                                   where warehouse_id = (select warehouse_id from cell)""",
                "receipt_cost_anywhere": "select max_by(source_unit_cost, movement_sequence) from receipts",
                "standard_cost": "select max(standard_cost) from item",
            },
            ("item_costs", "receipts", "item"),
        ),
        "inventory_value": Recipe(_VALUE, _WORTH, _STOCK),
        "idle_days": Recipe(
            _IDLE, {"last_demand_date": _DEMAND, "first_movement_date": _FIRST, "as_of_date": _AS_OF}, ("movements",)
        ),
        "idle_movement_days": Recipe(
            _DAYS.format(since="last_movement_date"),
            {"last_movement_date": "select max(business_date) from movements", "as_of_date": _AS_OF},
            ("movements",),
        ),
        "idle_item_days": Recipe(
            _IDLE,
            {
                "last_demand_date": "select max(last_demand_date) from item_dates",
                "first_movement_date": "select min(first_movement_date) from item_dates",
                "as_of_date": _AS_OF,
            },
            ("item_dates", "movements"),
        ),
        "average_age_days": Recipe(
            ratio("unit_days", "layer_units"),
            {
                "unit_days": "select sum(quantity_units * layer_age_days) from layers",
                "layer_units": "select sum(quantity_units) from layers",
            },
            ("layers",),
        ),
        "oldest_age_days": Recipe(
            "oldest_days", {"oldest_days": "select max(layer_age_days) from layers"}, ("layers",)
        ),
        "dead_stock_value": _worth_if(_IS_DEAD, _DEAD_INPUTS, (*_IDLE_FROM, "layers")),
        "long_dead_stock_value": _worth_if(_IS_LONG_DEAD, _LONG_DEAD_INPUTS, (*_IDLE_FROM, "layers")),
        "slow_moving_value": _worth_if(_IS_SLOW, _SLOW_INPUTS, (*_IDLE_FROM, "layers", "plan")),
        "expired_units": EXPIRY["expired_units"],
        "near_expiry_units": EXPIRY["near_expiry_units"],
        "near_expiry_value": Recipe(
            f"case when lots_units > 0 then lots_value when {_STATUS} = 'ok' then 0.0000 end",
            {**EXPIRY["near_expiry_value"].inputs, **_WORTH},
            (*EXPIRY["near_expiry_value"].evidence, *_STOCK),
        ),
        "cogs_value_365": _of_window("cogs_value"),
        "average_inventory_value_365": _of_window("average_inventory_value"),
        "turnover_period_days": _of_window("period_days"),
        "inventory_turnover_annualised": _of_window("inventory_turnover_annualised"),
        "inventory_turnover_annualised_units": _of_window("inventory_turnover_annualised_units"),
        "days_inventory_outstanding": _of_window("days_inventory_outstanding"),
        "booked_loss_value_365": Recipe(_LOSS, _LOSS_INPUTS, ("movements",)),
        **{
            f"carrying_{part}_value_365": Recipe(
                money(f"held_value * {part}_rate * held_days / 365"),
                {**_HELD, f"{part}_rate": f"select carrying_{part}_rate from settings"},
                ("year_window", "settings"),
            )
            for part in ("storage", "capital", "insurance")
        },
        "carrying_shrinkage_value_365": Recipe(
            money(f"case when held_value is not null then {_SHRINKAGE} end"),
            _SHRINKAGE_INPUTS,
            ("year_window", "settings", "movements"),
        ),
        "carrying_cost_value_365": Recipe(
            money(
                f"held_value * storage_rate * held_days / 365 + held_value * capital_rate * held_days / 365"
                f" + held_value * insurance_rate * held_days / 365 + {_SHRINKAGE}"
            ),
            {
                **_SHRINKAGE_INPUTS,
                **{
                    f"{part}_rate": f"select carrying_{part}_rate from settings"
                    for part in ("storage", "capital", "insurance")
                },
            },
            ("year_window", "settings", "movements"),
        ),
        "excess_stock_value": Recipe(
            money(f"case when {_STATUS} = 'ok' then least(excess_value, greatest({_VALUE}, 0)) end"),
            {**_WORTH, "excess_value": "select excess_value from plan"},
            (*_STOCK, "plan"),
        ),
        "due_lines_365": _lines("due_lines", due_lines="count(*) filter (where is_due)"),
        "stockout_lines_365": _lines("short_lines", short_lines="count(*) filter (where is_stockout)"),
        "stockout_line_rate": _lines(
            ratio("short_lines", "due_lines"),
            short_lines="count(*) filter (where is_stockout)",
            due_lines="count(*) filter (where is_due)",
        ),
        "ordered_units_365": _lines(units("ordered"), ordered="coalesce(sum(ordered_units), 0)"),
        "cancelled_units_365": _lines(units("cancelled"), cancelled="coalesce(sum(cancelled_units), 0)"),
        "due_units_365": _lines(units("due"), due="coalesce(sum(due_units), 0)"),
        "on_time_units_365": _lines(units("on_time"), on_time="coalesce(sum(on_time_units), 0)"),
        "fill_rate": _lines(ratio("on_time", "due"), on_time="sum(on_time_units)", due="sum(due_units)"),
        "stockout_days_365": Recipe(
            "empty_days",
            {"empty_days": f"select coalesce(sum({_EMPTY}), 0) from empty_shelf where ({_IS_MISSED})"},
            ("empty_shelf", "master"),
        ),
        "lost_sales_units_365": Recipe(
            units("lost"),
            {"lost": f"select coalesce(sum(lost_sales_units * {_LOST_SHARE}), 0) from lost_sales"},
            ("lost_sales",),
        ),
        "forecast_daily_units": Recipe(
            ratio("protection_demand_units", "protection_days"),
            {
                "protection_demand_units": "select protection_demand_units from plan",
                "protection_days": "select protection_days from plan",
            },
            ("plan", "forecast"),
        ),
        **{
            column: REPLENISHMENT.recipes[column]
            for column in (
                "safety_stock_units",
                "reorder_point_units",
                "order_up_to_units",
                "suggested_order_units",
                "suggested_order_value",
                "cover_days",
                "excess_units",
                "excess_value",
                "shortage_units",
            )
        },
        "disposal_units": Recipe(
            units("suggested_units"),
            {"suggested_units": "select coalesce(sum(disposal_units), 0) from disposals"},
            ("disposals",),
        ),
        "disposal_recovery_value": Recipe(
            money("recovery"), {"recovery": "select sum(expected_recovery_value) from disposals"}, ("disposals",)
        ),
        "open_findings": Recipe("findings_open", {"findings_open": "select count(*) from findings"}, ("findings",)),
        "critical_findings": Recipe(
            "findings_critical",
            {"findings_critical": "select count(*) filter (where severity = 'critical') from findings"},
            ("findings",),
        ),
    },
)
