"""Lots that will not be sold before they expire: first to expire, first out, at the forecast pace."""

from __future__ import annotations

from assets.explain.model import Recipe
from assets.explain.recipes.words import units

_FROM = ("layers", "item", "plan")
EXPIRY_VIEWS = {
    "expiring_lots": """select lot_expiry_date as expiry_date, sum(quantity_units) as lot_units,
            case when count(*) = count(layer_value) then sum(layer_value) end as lot_value
        from layers where lot_expiry_date is not null and quantity_units > 0 group by lot_expiry_date""",
    "lots_in_line": """select *, date_diff('day', (select as_of_date from cell), expiry_date) as remaining_days,
            sum(lot_units) over (order by expiry_date) as units_up_to_lot from expiring_lots""",
    "near_lots": """select *, remaining_days >= 0 and (
                remaining_days < coalesce((select max(expiry_warn_days) from item), 0)
                or coalesce(cast(units_up_to_lot as double) > remaining_days * (
                    select max(cast(protection_demand_units as double) / nullif(protection_days, 0)) from plan), false)
            ) as is_near from lots_in_line""",
}
EXPIRY = {
    "expired_units": Recipe(
        units("past_units"),
        {"past_units": "select coalesce(sum(lot_units) filter (where remaining_days < 0), 0) from near_lots"},
        _FROM,
    ),
    "near_expiry_units": Recipe(
        units("lots_units"),
        {"lots_units": "select coalesce(sum(lot_units) filter (where is_near), 0) from near_lots"},
        _FROM,
    ),
    "near_expiry_value": Recipe(
        "lots_value",
        {
            "lots_units": "select coalesce(sum(lot_units) filter (where is_near), 0) from near_lots",
            "lots_value": """select case when count(*) filter (where is_near and lot_value is null) = 0
                then coalesce(sum(lot_value) filter (where is_near), 0) end from near_lots""",
        },
        _FROM,
    ),
}
