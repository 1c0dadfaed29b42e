"""Orders that are no longer wanted: cancelled or put off before anything that is there is sold at a loss.

A unit on order that is not received saves its cost c. Cancelled it saves c less the fee for good; put off until the day
on which it is needed it saves c now, and brings its margin p - c then. Both are set against receiving it as ordered,
which is worth what keeping it is worth.
"""

from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd

from assets.planning.disposal.keep import YEAR, Keeping
from assets.planning.disposal.settings import DisposalSettings
from assets.planning.sentences import say

KEYS = ["item_id", "warehouse_id"]
ORDER_WAYS = ("cancel_order", "put_off_order")


def order_options(rows: pd.DataFrame, keep: Keeping, *, settings: DisposalSettings, as_of: dt.date) -> pd.DataFrame:
    """Both ways of every row with a surplus on order, with what a unit brings and what receiving it is worth.

    Args:
        rows: `described` rows with order_surplus_units > 0 (whole units where the company counts so). keep: of them.

    Returns:
        KEYS, way, destination, capacity_units, value_per_unit, keep_per_unit_value, gain_per_unit_value, is_chosen,
        done_by_date, text; is_chosen marks the better of the two where it beats receiving.
    """
    surplus = rows["order_surplus_units"].to_numpy(float)
    there = (rows["on_hand_units"] + rows["on_order_units"]).to_numpy(float) - surplus
    last = there + surplus
    worth = keep.mean(there, last)
    pace = rows["day_units"].to_numpy(float)
    wait = np.divide(there + surplus / 2, pace, out=np.full(len(rows), np.inf), where=pace > 0)
    years = wait / YEAR
    fade = np.where(np.isfinite(years), np.exp(-(settings.discount_rate + settings.obsolescence_rate) * years), 0.0)
    cancel = keep.cost * (1 - settings.cancel_cost_rate)
    put_off = keep.cost * (1 - settings.put_off_cost_rate) + (keep.price - keep.cost) * fade
    first = np.divide(there, pace, out=np.full(len(rows), np.inf), where=pace > 0)
    can_wait = (first <= settings.max_put_off_days) & rows["is_active"].to_numpy(bool)
    hurdle = settings.min_gain_rate * keep.cost
    put_off = np.where(can_wait, put_off, -np.inf)
    parts = []
    for way, value, other in (("cancel_order", cancel, put_off), ("put_off_order", put_off, cancel)):
        part = rows[KEYS].assign(way=way, destination=rows["default_supplier_id"], capacity_units=surplus)
        part["value_per_unit"], part["keep_per_unit_value"] = value, worth
        part["gain_per_unit_value"] = value - worth
        better = value > other if way == "cancel_order" else value >= other
        part["is_chosen"] = better & (value - worth > hurdle)
        ahead = first if way == "put_off_order" else np.zeros(len(rows))
        days = np.where(np.isfinite(ahead), np.floor(ahead), 0.0)
        part["done_by_date"] = pd.Timestamp(as_of) + pd.to_timedelta(days, unit="D")
        part["text"] = say("cancel_order" if way == "cancel_order" else "put_off_order")
        parts.append(part[np.isfinite(value)])
    return pd.concat(parts, ignore_index=True).sort_values([*KEYS, "way"], ignore_index=True)
