"""Plans that suppliers send back (VMI, JIT): checked against the feed that they were sent."""

from __future__ import annotations

import numpy as np
import pandas as pd

from assets.planning.sentences import say

KEYS = ["supplier_id", "item_id", "warehouse_id"]
COLUMNS = [
    *KEYS, "delivery_date", "planned_units", "is_counted", "plan_status", "projected_units", "minimum_units",
    "maximum_units", "reason",
]  # fmt: skip


def checked_plans(plans: pd.DataFrame, feed: pd.DataFrame, pace: pd.DataFrame, today: pd.Timestamp) -> pd.DataFrame:
    """Each planned delivery with what it leads to, and whether it counts as supply.

    Args:
        plans: KEYS, delivery_date, planned_units. feed: planning.supplier_feed. pace: item_id, warehouse_id, day_units.

    Returns:
        COLUMNS. A delivery in the past does not count (`past`). One of an item that is not on the supplier's feed
        (`not_on_feed`), that leaves the stock below the minimum before it comes (`late`) or lifts it above the maximum
        (`too_much`) counts, as it is announced, and says so. projected_units: stock after the delivery.
    """
    limits = feed.groupby(KEYS, sort=True, as_index=False).agg(
        on_hand_units=("on_hand_units", "first"), minimum_units=("minimum_units", "first"),
        maximum_units=("maximum_units", "first"),
    )  # fmt: skip
    rows = plans.merge(limits, on=KEYS, how="left").merge(pace, on=["item_id", "warehouse_id"], how="left")
    rows = rows.sort_values([*KEYS, "delivery_date"], ignore_index=True)
    rows["delivery_date"] = pd.to_datetime(rows["delivery_date"])
    on_feed, past = rows["minimum_units"].notna(), rows["delivery_date"] < today
    counts = ~past
    units = rows["planned_units"].astype(float).where(counts, 0.0)
    days = (rows["delivery_date"] - today).dt.days.clip(lower=0)
    came = units.groupby([rows[name] for name in KEYS]).cumsum()
    used = rows["day_units"].astype(float).fillna(0.0) * days
    after = rows["on_hand_units"].astype(float) + came - used
    before = after - units
    late, much = before < rows["minimum_units"] - 1e-9, after > rows["maximum_units"] + 1e-9
    rows["is_counted"] = counts
    rows["projected_units"] = after.clip(lower=0).where(on_feed)
    rows["plan_status"] = np.select([past, ~on_feed, much, late], ["past", "not_on_feed", "too_much", "late"], "ok")
    texts = {
        "not_on_feed": "no_feed", "past": "day_past", "too_much": "lifts_above_maximum", "late": "late_for_minimum",
        "ok": "within_limits",
    }  # fmt: skip
    rows["reason"] = rows["plan_status"].map({status: say(name) for status, name in texts.items()})
    return rows[COLUMNS]
