"""How many units each way can take of each candidate within the horizon."""

from __future__ import annotations

import numpy as np
import pandas as pd

from assets.planning.disposal.settings import DisposalSettings

KEYS = ["item_id", "warehouse_id"]


def capacities(candidates: pd.DataFrame, partners: pd.DataFrame | None, settings: DisposalSettings) -> pd.DataFrame:
    """Units by way, a column each, rows as `candidates`.

    Args:
        candidates: excess_units, day_units (own mean demand), elsewhere_units (what other warehouses could sell
            within the horizon beyond their stock), days_since_receipt (NaN: unknown), has_supplier, category_name.
        partners: item_id, partner_item_id, partner_day_units of what an item sells with; None: not known.
    """
    most = np.full(len(candidates), np.inf)
    nothing = np.zeros(len(candidates))
    horizon = settings.horizon_days
    recent = candidates["days_since_receipt"].to_numpy(float) <= settings.return_window_days
    attached = nothing
    if partners is not None and not partners.empty:
        best = partners.groupby("item_id")["partner_day_units"].max()
        attached = candidates["item_id"].map(best).fillna(0.0).to_numpy(float)
    reworkable = candidates["category_name"].isin(settings.rework_categories).to_numpy()
    extra = candidates["day_units"].to_numpy(float) * (settings.markdown_uplift_rate - 1) * horizon
    return pd.DataFrame(
        {
            "transfer": candidates["elsewhere_units"].to_numpy(float),
            "return_to_supplier": np.where(recent & candidates["has_supplier"].to_numpy(bool), most, nothing),
            "bundle": attached * settings.bundle_attach_rate * horizon,
            "markdown": extra,
            "other_channel": most,
            "rework": np.where(reworkable, most, nothing),
            "donate": most,
            "scrap": most,
        },
        index=candidates.index,
    )


def sells_with(order_lines: pd.DataFrame, *, min_orders: int = 3) -> pd.DataFrame:
    """Partner of each item: the one that most of the orders with the item also hold.

    Args:
        order_lines: order_no, item_id, day_units (mean daily demand of the item).

    Returns:
        item_id, partner_item_id, partner_day_units, orders_together; items with fewer than min_orders in common absent.
    """
    lines = order_lines[["order_no", "item_id"]].drop_duplicates()
    pairs = lines.merge(lines, on="order_no", suffixes=("", "_partner"))
    pairs = pairs[pairs["item_id"] != pairs["item_id_partner"]]
    counted = pairs.groupby(["item_id", "item_id_partner"], sort=True).size().rename("orders_together").reset_index()
    counted = counted[counted["orders_together"] >= min_orders]
    best = counted.sort_values(["item_id", "orders_together", "item_id_partner"], ascending=[True, False, True])
    best = best.drop_duplicates("item_id").rename(columns={"item_id_partner": "partner_item_id"})
    day = order_lines.drop_duplicates("item_id").set_index("item_id")["day_units"]
    best["partner_day_units"] = best["partner_item_id"].map(day).astype(float)
    return best.reset_index(drop=True)
