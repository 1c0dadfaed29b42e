"""`fct_stock_balances`: the running sums of the movements and of the value entries."""

from __future__ import annotations

from assets.explain.model import MartRecipes, Recipe
from assets.explain.recipes.words import NO_COST, NOT_VALUED, units

_FROM = ("movements", "entries", "warehouse")
VALUE_FROM = ("movements", "entries")
_UNDER_WAY = "(select sum(quantity_units) from entries where is_in_transit)"
ON_HAND = f"select coalesce(sum(quantity_units), {_UNDER_WAY}) from movements"
AVAILABLE = """select sum(quantity_units) from movements
    where stock_status = 'available' and owner_type = 'own' and (select coalesce(max(is_nettable), true) from warehouse)"""
VALUED = f"select coalesce(sum(quantity_units) filter (where is_valued), {_UNDER_WAY}) from movements"
NET_VALUE = "select sum(coalesce(entry_value, 0)) from entries"
UNCOSTED = "select sum(uncosted_stock_units) from entries"
VALUE_STATUS = f"""select case
        when (select coalesce(sum(uncosted_stock_units), 0) from entries) > 0 then {NO_COST}
        when (select count(*) from entries) > 0 then 'ok'
        when coalesce(sum(quantity_units) filter (where is_valued), 0) = 0 and sum(quantity_units) <> 0 then {NOT_VALUED}
        else 'ok'
    end from movements"""
QUANTITIES = {
    "on_hand_units": Recipe(units("coalesce(moved_units, 0)"), {"moved_units": ON_HAND}, _FROM),
    "available_units": Recipe(units("coalesce(moved_available_units, 0)"), {"moved_available_units": AVAILABLE}, _FROM),
    "valued_units": Recipe(units("coalesce(moved_valued_units, 0)"), {"moved_valued_units": VALUED}, _FROM),
}

BALANCES = MartRecipes(
    key=("item_id", "warehouse_id", "valid_from_date"),
    context=("valid_to_date", "valid_from_date as until_date"),
    recipes={
        **QUANTITIES,
        "inventory_value": Recipe(
            "case when value_status = 'ok' then cast(coalesce(net_value, 0) as decimal(24, 4)) end",
            {"value_status": VALUE_STATUS, "net_value": NET_VALUE},
            VALUE_FROM,
        ),
        "uncosted_units": Recipe(units("coalesce(uncosted, 0)"), {"uncosted": UNCOSTED}, VALUE_FROM),
    },
)
