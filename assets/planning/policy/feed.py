"""What a supplier who keeps our stock (VMI) or delivers to our pace (JIT) needs to know, a feed per supplier."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd

from assets.planning.policy.suppliers import SupplierFeed

KEYS = ["item_id", "warehouse_id"]
COLUMNS = [
    "supplier_id", "feed_kind", *KEYS, "feed_date", "on_hand_units", "on_order_units", "minimum_units",
    "maximum_units", "forecast_units", "call_off_units",
]  # fmt: skip


def supplier_feed(
    feed: SupplierFeed, replenishment: pd.DataFrame, suppliers: pd.DataFrame, pace: np.ndarray, as_of: dt.date
) -> pd.DataFrame:
    """Lines for one supplier.

    Args:
        replenishment: planning.replenishment. suppliers: item_id, warehouse_id, supplier_id. pace: mean demand a day of
            each row of replenishment.

    Returns:
        supplier_id, feed_kind, item_id, warehouse_id, feed_date, on_hand_units, on_order_units, minimum_units,
        maximum_units, forecast_units, call_off_units. VMI: one line a row, call-off 0: the supplier decides between
        minimum and maximum. JIT: one line a row and delivery; call-offs are whole units, and their sum over the feed is
        what the forecast needs beyond stock and orders, plus safety stock.
    """
    own = suppliers[suppliers["supplier_id"] == feed.supplier_id][KEYS]
    rows = replenishment.assign(pace=pace).merge(own, on=KEYS).sort_values(KEYS, ignore_index=True)
    position = (rows["on_hand_units"] + rows["on_order_units"]).to_numpy(float)
    day_units = rows["pace"].to_numpy(float)
    lines = pd.DataFrame(
        {
            "supplier_id": feed.supplier_id,
            "feed_kind": feed.kind,
            "item_id": rows["item_id"],
            "warehouse_id": rows["warehouse_id"],
            "feed_date": pd.Timestamp(as_of),
            "on_hand_units": rows["on_hand_units"],
            "on_order_units": rows["on_order_units"],
            "minimum_units": rows["reorder_point_units"],
            "maximum_units": rows["order_up_to_units"],
            "forecast_units": day_units * feed.days,
            "call_off_units": 0.0,
        }
    )
    if feed.kind == "vmi" or lines.empty:
        return lines
    steps = np.arange(feed.delivery_every_days, feed.days + 1, feed.delivery_every_days)
    needed = day_units[:, None] * steps[None, :] + rows["safety_stock_units"].to_numpy(float)[:, None]
    wanted = np.ceil(np.clip(needed - position[:, None], 0, None) - 1e-9)
    calls = np.diff(wanted, axis=1, prepend=0.0)
    result = lines.loc[lines.index.repeat(len(steps))].reset_index(drop=True)
    result["feed_date"] = pd.Timestamp(as_of) + pd.to_timedelta(np.tile(steps, len(lines)), unit="D")
    result["forecast_units"] = np.repeat(day_units * feed.delivery_every_days, len(steps))
    result["call_off_units"] = np.clip(calls, 0, None).ravel()
    return result
