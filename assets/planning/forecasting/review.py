"""The monthly review: the forecasts that missed most, in money where prices are known, each with its likely cause.

Belongs here: from matched vintages to a short table for people. Causes are tried in a fixed order, the most certain
first; what fits none is chance as long as the actuals kept inside the interval.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from assets.planning.forecasting.engine import KEYS

CAUSES = (
    "shelf was empty in part of the period",
    "promotion that the forecast did not have",
    "promotion sold otherwise than the forecast knew",
    "one large order",
    "item ended",
    "new item",
    "level shifted",
    "chance: inside the 90 % interval",
    "wider spread than forecast",
)


def worst_misses(
    matched: pd.DataFrame,
    history: pd.DataFrame,
    *,
    unit_values: pd.Series | None = None,
    top: int = 20,
    new_periods: int = 13,
) -> pd.DataFrame:
    """The `top` series by absolute error of the matched rows, with the likely cause.

    Args:
        matched: rows of `vintages.matched_forecasts`, usually one month of one vintage.
        history: `planning.demand_history`.
        unit_values: value of a unit, indexed by item_id, warehouse_id; misses are then ranked by value.

    Returns item_id, warehouse_id, periods, actual_units, forecast_units, error_units, absolute_error_units,
    absolute_error_value (null without a value), largest_share_rate (of the absolute error in one period), cause.
    """
    flags = history[[*KEYS, "period_start_date", "is_promotion", "in_stock_rate"]]
    rows = matched.merge(flags, on=[*KEYS, "period_start_date"], how="left")
    if "promotion_uplift_rate" not in rows:
        rows["promotion_uplift_rate"] = 0.0  # vintages of the time before forecasts knew promotions
    rows["promotion_uplift_rate"] = rows["promotion_uplift_rate"].fillna(0.0)
    rows["absolute"] = rows["error_units"].abs()
    rows["is_partly_empty"] = rows["in_stock_rate"] < 1.0
    grouped = rows.groupby(KEYS, sort=True)
    out = grouped.agg(
        periods=("absolute", "size"),
        actual_units=("actual_units", "sum"),
        forecast_units=("mean_units", "sum"),
        error_units=("error_units", "sum"),
        absolute_error_units=("absolute", "sum"),
        largest=("absolute", "max"),
        highest_actual=("actual_units", "max"),
        highest_q99=("q99_units", "max"),
        last_actual=("actual_units", "last"),
        inside=("is_inside_90", "mean"),
        promoted=("is_promotion", "any"),
        known_uplift=("promotion_uplift_rate", "max"),
        empty=("is_partly_empty", "any"),
    ).reset_index()
    ages = history.groupby(KEYS).size().rename("age").reset_index()
    out = out.merge(ages, on=KEYS, how="left")
    total = out["absolute_error_units"].where(out["absolute_error_units"] > 0)
    out["largest_share_rate"] = out["largest"] / total
    same_sign = out["error_units"].abs() >= 0.9 * out["absolute_error_units"]
    conditions = [
        out["empty"] & (out["error_units"] > 0),
        out["promoted"] & (out["error_units"] < 0) & (out["known_uplift"] <= 0),
        (out["known_uplift"] > 0) & (out["inside"] < 0.7),
        (out["highest_actual"] > out["highest_q99"]) & (out["largest_share_rate"] > 0.6),
        (out["actual_units"] == 0) & (out["forecast_units"] > 0) & (out["periods"] >= 3),
        out["age"] < new_periods,
        same_sign & (out["inside"] < 0.7) & (out["periods"] >= 3),
        out["inside"] >= 0.7,
    ]
    out["cause"] = np.select(conditions, CAUSES[:-1], CAUSES[-1])
    value = pd.Series(np.nan, index=out.index)
    if unit_values is not None:
        known = unit_values.reindex(pd.MultiIndex.from_frame(out[KEYS])).to_numpy(dtype=float)
        value = out["absolute_error_units"] * known
    out["absolute_error_value"] = value
    rank = out["absolute_error_value"].fillna(0.0) if unit_values is not None else out["absolute_error_units"]
    order = np.lexsort((np.arange(len(out)), -rank.to_numpy()))[:top]
    columns = [
        *KEYS,
        "periods",
        "actual_units",
        "forecast_units",
        "error_units",
        "absolute_error_units",
        "absolute_error_value",
        "largest_share_rate",
        "cause",
    ]
    return out.iloc[order][columns].reset_index(drop=True)
