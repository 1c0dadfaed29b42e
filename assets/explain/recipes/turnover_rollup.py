"""`fct_turnover`: sums over the members of a roll-up, then one ratio."""

from __future__ import annotations

from assets.explain.model import MartRecipes, Recipe
from assets.explain.recipes.words import NO_COST, money, ratio, units

_FROM = ("month_members", "window_members", "sales", "any_revenue")
_MONEY = (
    "value_days",
    "opening_value",
    "ending_value",
    "points_value",
    "cogs_value",
    "sales_value",
    "margin_value",
    "margin_value_days",
)
_WHOLE = ", ".join(f"case when is_whole then {name} end as {name}" for name in _MONEY)


def _sum(known: str, amount: str) -> str:
    """Sum of an amount in the currency of the row: null where a company of the group has no rate."""
    converted = f"sum(case when {known} then ({amount}) * conversion_rate end)"
    return f"cast(case when count(*) = count(conversion_rate) then {converted} end as decimal(38, 6))"


_WORKING = {
    "sold": """select item_id, warehouse_id,
            case when (select period_kind from cell) like 'rolling%' then (select period_start_date from cell)
                 else month_start_date end as part_start_date,
            sum(revenue_value) as sales_value, count(*) - count(revenue_value) as unknown_sales
        from sales group by all""",
    "members": """select members.*, value_status = 'ok' and cogs_value is not null as is_known,
            coalesce(sold.sales_value, 0) as sales_value,
            value_status = 'ok' and cogs_value is not null and coalesce(sold.unknown_sales, 0) = 0
                and split_part(item_id, '/', 1) in (select company_code from any_revenue where has_revenue) as is_margin_known
        from (select * from month_members where (select period_kind from cell) not like 'rolling%'
              union all select * from window_members) members
        left join sold using (item_id, warehouse_id, part_start_date)""",
    "parts": f"""select part_start_date, max(part_end_date) as part_end_date, max(period_days) as period_days, count(*) as item_warehouses,
            count(*) filter (where is_known) as known_item_warehouses,
            count(*) = count(conversion_rate) as is_converted,
            {_sum('is_known', 'average_inventory_value * period_days')} as value_days,
            {_sum('is_known', 'opening_inventory_value')} as opening_value,
            {_sum('is_known', 'ending_inventory_value')} as ending_value,
            {_sum('is_known', 'points_value')} as points_value,
            {_sum('is_known', 'cogs_value')} as cogs_value,
            sum(average_inventory_units * period_days) as unit_days,
            sum(cogs_units) as cogs_units,
            {_sum('is_margin_known', 'sales_value')} as sales_value,
            {_sum('is_margin_known', 'sales_value - cogs_value')} as margin_value,
            {_sum('is_margin_known', 'average_inventory_value * period_days')} as margin_value_days
        from members group by part_start_date""",
    "held_parts": f"""select * replace ({_WHOLE}) from (select *, bool_and(is_converted) over () as is_whole from parts
        where part_start_date >= (select period_start_date from cell))""",
    "trends": f"""select part_start_date,
            case when count(value_days) over last_12 = 12 then
                {ratio('sum(cogs_value) over last_12 * 365', 'sum(value_days) over last_12')} end
                as turnover_12,
            case when count(value_days) over last_24 = 24 then
                {ratio('sum(cogs_value) over last_24 * 365', 'sum(value_days) over last_24')} end
                as turnover_24
        from parts
        window last_12 as (order by part_start_date rows between 11 preceding and current row),
               last_24 as (order by part_start_date rows between 23 preceding and current row)""",
    "own_trend": "select *, lag(turnover_12, 12) over (order by part_start_date) as turnover_12_year_before from trends",
    "target": """select coalesce(own.target_rate, company.target_rate) as target_rate,
            coalesce(own.floor_rate, company.floor_rate) as floor_rate,
            coalesce(own.ceiling_rate, company.ceiling_rate) as ceiling_rate
        from cell
        left join (select * from targets where scope <> 'company') own on cell.scope = own.scope and cell.scope_value = own.scope_value
        left join (select * from targets where scope = 'company' and scope_value in ('', (select company_code from cell))
            order by scope_value desc limit 1) company on true""",
}  # fmt: skip
_IS_SUM = "select period_kind in ('quarter', 'year') from cell"
_INPUTS = {
    "period_days": "select cast(sum(period_days) as bigint) from held_parts",
    "members": "select max(item_warehouses) from held_parts",
    "known_members": "select max(item_warehouses) - max(item_warehouses - known_item_warehouses) from held_parts",
    "value_days": "select sum(value_days) from held_parts",
    "opening_value": "select min_by(opening_value, part_start_date) from held_parts",
    "ending_value": "select max_by(ending_value, part_start_date) from held_parts",
    "points": f"""select case when ({_IS_SUM})
        then (min_by(opening_value, part_start_date) + sum(ending_value)) / (1 + count(ending_value)) else sum(points_value) end
        from held_parts""",
    "sold_value": "select sum(cogs_value) from held_parts",
    "unit_days": "select sum(unit_days) from held_parts",
    "sold_units": "select sum(cogs_units) from held_parts",
    "revenue": "select sum(sales_value) from held_parts",
    "margin": "select sum(margin_value) from held_parts",
    "margin_value_days": "select sum(margin_value_days) from held_parts",
    "turnover_12": "select turnover_12 from own_trend where part_start_date = (select period_start_date from cell)",
    "turnover_24": "select turnover_24 from own_trend where part_start_date = (select period_start_date from cell)",
    "turnover_12_year_before": "select turnover_12_year_before from own_trend where part_start_date = (select period_start_date from cell)",
    "is_month": "select period_kind = 'month' from cell",
    "target": "select max(target_rate) from target",
    "floor": "select max(floor_rate) from target",
    "ceiling": "select max(ceiling_rate) from target",
}  # fmt: skip
_STATUS = f"""case when value_days is null then {NO_COST} when value_days > 0 then 'ok' when sold_value = 0 then 'no_sales'
    when unit_days > 0 then 'not_available: the stock of the period has no value' else 'not_available: no stock held in the period' end"""
_OK = f"({_STATUS}) = 'ok'"
_TWO_POINT = "(opening_value + ending_value) / 2"


def _recipe(result: str, names: str, *more: str) -> Recipe:
    return Recipe(result, {name: _INPUTS[name] for name in names.split()}, (*_FROM, *more))


def _annualised(average: str, names: str) -> Recipe:
    return _recipe(
        f"case when {_OK} then {ratio('sold_value * 365', f'({average}) * period_days')} end",
        " ".join(dict.fromkeys(f"value_days sold_value period_days unit_days {names}".split())),
    )


_ANNUALISED = _annualised("value_days / period_days", "")
TURNOVER = MartRecipes(
    key=("company_code", "scope", "scope_value", "period_kind", "period_start_date"),
    context=(
        "period_end_date",
        """case when period_kind = 'month' then cast(period_start_date - interval 24 month as date) else period_start_date end
            as trend_start_date""",
    ),
    working=_WORKING,
    recipes={
        "period_days": _recipe("period_days", "period_days"),
        "item_warehouses": _recipe("members", "members"),
        "known_item_warehouses": _recipe("known_members", "known_members"),
        "coverage_rate": _recipe(ratio("known_members", "members"), "known_members members"),
        "opening_inventory_value": _recipe(money("opening_value"), "opening_value"),
        "ending_inventory_value": _recipe(money("ending_value"), "ending_value"),
        "average_inventory_value": _recipe(money("value_days / period_days"), "value_days period_days"),
        "average_inventory_value_two_point": _recipe(money(_TWO_POINT), "opening_value ending_value"),
        "average_inventory_value_month_end_points": _recipe(money("points"), "points"),
        "average_inventory_units": _recipe(units("unit_days / period_days"), "unit_days period_days"),
        "cogs_value": _recipe(money("sold_value"), "sold_value"),
        "cogs_units": _recipe(units("sold_units"), "sold_units"),
        "inventory_turnover": _recipe(
            f"case when {_OK} then {ratio('sold_value * period_days', 'value_days')} end",
            "value_days sold_value period_days unit_days",
        ),
        "inventory_turnover_annualised": _ANNUALISED,
        "inventory_turnover_annualised_two_point": _annualised(_TWO_POINT, "opening_value ending_value"),
        "inventory_turnover_annualised_month_end_points": _annualised("points", "points"),
        "inventory_turnover_annualised_ending": _annualised("ending_value", "ending_value"),
        "inventory_turnover_annualised_units": _recipe(ratio("sold_units * 365", "unit_days"), "sold_units unit_days"),
        "days_inventory_outstanding": _recipe(
            f"case when {_OK} and sold_value > 0 then {ratio('value_days', 'sold_value')} end",
            "value_days sold_value unit_days",
        ),
        "sales_value": _recipe(money("revenue"), "revenue"),
        "gross_margin_value": _recipe(money("margin"), "margin"),
        "gmroi_inventory_value": _recipe(money("margin_value_days / period_days"), "margin_value_days period_days"),
        "gmroi": _recipe(
            f"case when margin_value_days > 0 then {ratio('margin * 365', 'margin_value_days')} end",
            "margin margin_value_days",
        ),
        "inventory_turnover_12_months": _recipe("case when is_month then turnover_12 end", "is_month turnover_12"),
        "inventory_turnover_24_months": _recipe("case when is_month then turnover_24 end", "is_month turnover_24"),
        "turnover_12_months_change_rate": _recipe(
            f"case when is_month then {ratio('turnover_12 - turnover_12_year_before', 'turnover_12_year_before')} end",
            "is_month turnover_12 turnover_12_year_before",
        ),
        "target_rate": _recipe("target", "target", "targets"),
        "floor_rate": _recipe("floor", "floor", "targets"),
        "ceiling_rate": _recipe("ceiling", "ceiling", "targets"),
        "attainment_rate": Recipe(
            ratio(f"({_ANNUALISED.result})", "target"),
            {**_ANNUALISED.inputs, "target": _INPUTS["target"]},
            (*_FROM, "targets"),
        ),
    },
)
