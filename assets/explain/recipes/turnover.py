"""`fct_turnover_monthly` and `fct_turnover_rolling`: value held by day, and the cost of what was sold."""

from __future__ import annotations

from collections.abc import Mapping

from assets.explain.model import MartRecipes, Recipe
from assets.explain.recipes.words import NO_COST, money, overlap, ratio, units

_START, _END = "(select period_start_date from cell)", "(select period_end_date from cell)"
_SOLD = "from period_entries where is_cogs"
_EVENING = f"from intervals where valid_from_date < {_START} and valid_to_date >= {_START} - 1"
_LAST = f"from intervals where valid_to_date >= {_END}"
_VALUE = ("intervals",)
_BOTH = ("intervals", "period_entries")
_POINTS = ("intervals", "period_entries", "months")

INPUTS: dict[str, str] = {
    "period_days": "select date_diff('day', period_start_date, period_end_date) + 1 from cell",
    "value_days": f"select sum(inventory_value * {overlap(_START, _END)}) from intervals",
    "unit_days": f"select sum(on_hand_units * {overlap(_START, _END)}) from intervals",
    "opening_value": f"select coalesce(sum(inventory_value), 0) {_EVENING}",
    "ending_value": f"select coalesce(sum(inventory_value), 0) {_LAST}",
    "closing_units": f"select coalesce(sum(on_hand_units), 0) {_LAST}",
    "value_status": "select coalesce(max(value_status) filter (where value_status <> 'ok' and is_counted), 'ok') from counted_intervals",
    "sold_value": f"select coalesce(-sum(entry_value), 0) {_SOLD}",
    "sold_units": f"select coalesce(sum(-quantity_units), 0) {_SOLD}",
    "unknown_sold": f"select coalesce(sum(uncosted_units), 0) {_SOLD}",
}
AVERAGE = "cast(round(value_days / period_days, 4) as decimal(24, 4))"
AVERAGE_UNITS = "cast(round(unit_days / period_days, 6) as decimal(28, 6))"
TWO_POINT = "cast(round((opening_value + ending_value) / 2, 4) as decimal(24, 4))"
STATUS = f"""case
        when value_status <> 'ok' then value_status
        when unknown_sold > 0 then {NO_COST}
        when value_days > 0 then 'ok'
        when sold_units = 0 then 'no_sales'
        when unit_days > 0 then 'not_available: the stock of the period has no value'
        else 'not_available: no stock held in the period'
    end"""
OK = f"({STATUS}) = 'ok'"


def _recipe(result: str, names: str, evidence: tuple[str, ...], inputs: Mapping[str, str]) -> Recipe:
    return Recipe(result, {name: inputs[name] for name in names.split()}, evidence)


def recipes(points: str, point_inputs: Mapping[str, str]) -> dict[str, Recipe]:
    """Recipes of the turnover family; `points` is the mean of the month-end points over its inputs."""
    every = {**INPUTS, **point_inputs}
    status = "value_status unknown_sold value_days sold_units unit_days"
    pointed = " ".join(point_inputs)
    known = "case when value_status = 'ok' then "
    result = {
        "period_days": _recipe("period_days", "period_days", _VALUE, every),
        "opening_inventory_value": _recipe(known + money("opening_value") + " end", "value_status opening_value", _VALUE, every),
        "cogs_value": _recipe(
            money("case when unknown_sold = 0 and (value_status = 'ok' or sold_value <> 0) then sold_value end"),
            "value_status unknown_sold sold_value", _BOTH, every,
        ),
        "cogs_units": _recipe(units("sold_units"), "sold_units", _BOTH, every),
        "average_inventory_value": _recipe(known + AVERAGE + " end", "value_status value_days period_days", _VALUE, every),
        "average_inventory_value_two_point": _recipe(
            known + TWO_POINT + " end", "value_status opening_value ending_value", _VALUE, every
        ),
        "average_inventory_value_month_end_points": _recipe(known + money(points) + " end", "value_status " + pointed, _POINTS, every),
        "ending_inventory_value": _recipe(known + money("ending_value") + " end", "value_status ending_value", _VALUE, every),
        "average_inventory_units": _recipe(AVERAGE_UNITS, "unit_days period_days", _VALUE, every),
        "ending_units": _recipe(units("closing_units"), "closing_units", _VALUE, every),
        "inventory_turnover": _recipe(
            f"case when {OK} then {ratio('sold_value', AVERAGE)} end", status + " sold_value period_days", _BOTH, every
        ),
        "inventory_turnover_annualised_units": _recipe(
            ratio("sold_units * 365", f"{AVERAGE_UNITS} * period_days"), "sold_units unit_days period_days", _BOTH, every
        ),
        "days_inventory_outstanding": _recipe(
            f"case when {OK} and sold_value > 0 then {ratio(f'{AVERAGE} * period_days', 'sold_value')} end",
            status + " sold_value period_days", _BOTH, every,
        ),
        "days_inventory_outstanding_units": _recipe(
            f"case when sold_units > 0 and {AVERAGE_UNITS} >= 0 then {ratio(f'{AVERAGE_UNITS} * period_days', 'sold_units')} end",
            "sold_units unit_days period_days", _BOTH, every,
        ),
    }  # fmt: skip
    for variant, average, needs in (
        ("", AVERAGE, ""),
        ("_two_point", TWO_POINT, " opening_value ending_value"),
        ("_month_end_points", f"({points})", " " + pointed),
        ("_ending", "ending_value", " ending_value"),
    ):
        result[f"inventory_turnover_annualised{variant}"] = _recipe(
            f"case when {OK} then {ratio('sold_value * 365', f'{average} * period_days')} end",
            " ".join(dict.fromkeys(f"{status} sold_value period_days{needs}".split())), _POINTS, every,
        )  # fmt: skip
    return result


MONTHLY = MartRecipes(
    key=("item_id", "warehouse_id", "month_start_date"),
    context=("month_start_date as period_start_date", "period_end_date"),
    recipes=recipes(
        "(opening_value + ending_value) / 2",
        {name: INPUTS[name] for name in ("opening_value", "ending_value")},
    ),
    working={"counted_intervals": f"select *, valid_to_date >= {_START} as is_counted from intervals"},
)
_ROLLING = recipes(
    "(opening_value + points_value) / (1 + points)",
    {
        "opening_value": INPUTS["opening_value"],
        "points_value": "select coalesce(sum(ending_inventory_value), 0) from months",
        "points": "select count(*) from months",
    },
)
ROLLING = MartRecipes(
    key=("item_id", "warehouse_id", "window_days"),
    context=("period_start_date", "period_end_date"),
    recipes={**_ROLLING, "window_days": Recipe("window_days", {"window_days": "select window_days from cell"}, _VALUE)},
    working={"counted_intervals": "select *, true as is_counted from intervals"},
)
