"""Capital that a policy frees at the service the company had: read off the trade-off curve."""

from __future__ import annotations

import numpy as np
import pandas as pd


def capital_at_equal_fill(curve: pd.DataFrame, summary: dict[str, float | str]) -> dict[str, float | str]:
    """Stock that the policy needs for the fill rate that was had, and what that frees.

    Args:
        curve, summary: of a `ReplayResult`. Between two points of the curve the stock is taken linearly.

    Returns:
        fill_rate (by value), actual_stock_value, policy_stock_value, freed_value, freed_rate (negative: it needs more)
        and status: `ok`; `below_curve` / `above_curve` where the fill that was had lies outside, and the nearest point is
        compared instead; above the curve nothing is freed at equal service.
    """
    ordered = curve.sort_values("fill_rate_by_value")
    fills, stocks = ordered["fill_rate_by_value"].to_numpy(float), ordered["average_stock_value"].to_numpy(float)
    target, actual = float(summary["actual_fill_rate_by_value"]), float(summary["actual_average_stock_value"])
    needed = float(np.interp(target, fills, stocks))
    status = "below_curve" if target < fills[0] else "above_curve" if target > fills[-1] else "ok"
    return {
        "fill_rate": target,
        "actual_stock_value": actual,
        "policy_stock_value": needed,
        "freed_value": actual - needed,
        "freed_rate": (actual - needed) / actual if actual > 0 else 0.0,
        "status": status,
    }
