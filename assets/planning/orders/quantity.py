"""How much of what is wanted is ordered: cover is limited, and what a supplier keeps stocked itself is not ordered at all.

The limit is the most cover that the item's cell allows, or what lifts the position to its reorder point and over the
next review, whichever is more: an order must never make the excess that the same plan would then advise to get rid of.
A supplier's smallest lot may exceed it; then the order stays and says why.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from assets.planning.policy.flags import with_flag
from assets.planning.policy.rounding import clean_limits, round_down, round_up, smallest_order
from assets.planning.policy.row_levels import number
from assets.planning.sentences import say, with_clause

KEYS = ["item_id", "warehouse_id"]
OK = "ok"


def bounded_orders(
    replenishment: pd.DataFrame,
    spine: pd.DataFrame,
    assigned: pd.DataFrame,
    pace: np.ndarray,
    fed: np.ndarray,
    *,
    is_whole_units: bool,
) -> pd.DataFrame:
    """The plan with orders within their cover limits.

    Args:
        replenishment, spine, assigned: rows in one order. pace: (n,) mean demand a day. fed: (n,) whether a VMI or JIT
            supplier keeps the row stocked.

    Returns:
        replenishment with suggested_order_units bounded, order_cover_days (of the position after the order; null without
        an order or demand), cover_limit_days, cover_status (`ok`, or why the order exceeds the limit), and flags and
        reason given for what changed.
    """
    result = replenishment.copy()
    wanted = result["suggested_order_units"].to_numpy(float)
    transfer_in = number(result, "transfer_in_units")
    position = result["position_units"].to_numpy(float) + np.nan_to_num(transfer_in)
    minimum, multiple = clean_limits(number(spine, "moq_units"), number(spine, "order_multiple_units"), is_whole_units)
    reorder = result["reorder_point_units"].to_numpy(float)
    review = assigned["review_period_days"].to_numpy(float) * pace
    most_days = assigned["max_cover_days"].to_numpy(float)
    limit = np.maximum(pace * most_days, reorder + review)
    allowed = round_down(np.clip(limit - position, 0, None), multiple)
    smallest = np.where(wanted > 0, smallest_order(minimum, multiple), 0.0)
    # what lifts the position to its reorder point is never cut away, nor the smallest order of a row that is at it
    lifting = round_up(np.clip(reorder - position, 0, None), minimum, multiple)
    needed = np.where(wanted > 0, np.maximum(lifting, smallest), 0.0)
    held = np.where(pace > 0, np.minimum(wanted, np.maximum(allowed, needed)), wanted)
    units = np.where(fed, 0.0, held)
    is_over = (units > 0) & (pace > 0) & (position + units > limit + 1e-6)
    after = np.divide(position + units, pace, out=np.full(len(pace), np.nan), where=(pace > 0) & (units > 0))
    limit_days = np.divide(limit, pace, out=np.full(len(pace), np.nan), where=pace > 0)
    by_moq = is_over & (units <= needed + 1e-6) & (minimum >= multiple)
    status = np.where(
        is_over,
        np.where(by_moq, "above the limit: the supplier's smallest order", "above the limit: whole packs"),
        np.where((units > 0) & (pace <= 0), "no limit: ordered for what is owed, without a forecast", OK),
    )
    result["suggested_order_units"] = units
    result["order_cover_days"], result["cover_limit_days"] = after, limit_days
    result["cover_status"] = status
    cut, off = (units < wanted - 1e-9) & ~fed, fed & (wanted > 0)
    marks = {"cut_by_cover": cut, "cover_above_limit": is_over, "supplied_by_feed": fed}
    texts = {
        "cut_by_cover": [say("cut_by_cover", was, now, f"{days:.0f}")
                         for was, now, days in zip(wanted, units, np.nan_to_num(limit_days), strict=True)],
        "cover_above_limit": [say("cover_above_limit", f"{days:.0f}", text)
                              for days, text in zip(np.nan_to_num(after), status, strict=True)],
    }  # fmt: skip
    for name, mark in marks.items():
        result["flags"] = with_flag(result["flags"], mark, name)
        if name in texts:
            result["reason"] = with_clause(result["reason"], mark, texts[name])
    result["reason"] = with_clause(result["reason"], off, say("supplied_by_feed"))
    return result
