"""Prices and room in the form in which levels and orders are set with them."""

from __future__ import annotations

import pandas as pd

KEYS = ["item_id", "warehouse_id"]


def breaks_of_suppliers(breaks: pd.DataFrame, sources: pd.DataFrame) -> pd.DataFrame | None:
    """Price breaks of the suppliers that items come from: item_id, from_units, unit_cost; None where there are none.

    Args:
        breaks: supplier_id, item_id, from_units, unit_price. sources: planning.supply_network.
    """
    if breaks.empty:
        return None
    used = sources[["item_id", "supplier_id"]].dropna().drop_duplicates()
    found = breaks.merge(used, on=["item_id", "supplier_id"]).rename(columns={"unit_price": "unit_cost"})
    return found[["item_id", "from_units", "unit_cost"]]


def with_room(spine: pd.DataFrame, limits: pd.DataFrame) -> pd.DataFrame:
    """The spine with max_stock_units, what its place can hold of an item; null where there is no note.

    Args:
        limits: item_id, warehouse_id, max_units.
    """
    room = limits.drop_duplicates(KEYS).set_index(KEYS)["max_units"]
    return spine.assign(max_stock_units=room.reindex(pd.MultiIndex.from_frame(spine[KEYS])).to_numpy(float))
