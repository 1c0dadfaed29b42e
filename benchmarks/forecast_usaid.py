"""USAID contraceptive ledger by the command: three months ahead for every site x product, over rolling origins.

MASE with in-sample seasonal (12-month) scaling, as the forecasting prize on these data was judged by: errors over the
mean absolute 12-month difference before the origin; series that never differ over 12 months have no scale and are
counted apart. Bias: sum of forecast - actual over the sum of actuals. Rivals: medians and means of the last known months.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from assets.planning.forecasting.frame import forecast_frame
from benchmarks.forecast_data import shared

HORIZON = 3


def load() -> pd.DataFrame:
    """The long frame of the command: series_id, period_start_date, demand_units, product."""
    rows = pd.read_csv(shared("usaid_contraceptive", "stock_ledger_monthly.csv")).dropna(subset=["stock_distributed"])
    return pd.DataFrame(
        {
            "series_id": rows["site_code"].astype(str) + "/" + rows["product_code"].astype(str),
            "period_start_date": pd.to_datetime(rows[["year", "month"]].assign(day=1)),
            "demand_units": rows["stock_distributed"].clip(lower=0.0),
            "product": rows["product_code"].astype(str),
        }
    )


def _scores(points: NDArray, actual: NDArray, scale: NDArray) -> dict[str, float]:
    known = np.isfinite(actual) & np.isfinite(points)
    scaled = known & (scale > 0)[:, None]
    error = np.where(known, points - actual, 0.0)
    mase = (np.abs(error) / np.where(scale > 0, scale, 1.0)[:, None])[scaled].mean()
    return {"mase": round(float(mase), 4), "bias": round(float(error.sum() / actual[known].sum()), 4)}


def _origin(wide: pd.DataFrame, frame: pd.DataFrame, end: int) -> dict[str, dict[str, float]]:
    """Scores of the command and of the simple methods on the months `end` to `end + HORIZON` of the wide table."""
    months = wide.columns
    past = wide.iloc[:, :end]
    live = past.iloc[:, -HORIZON:].notna().any(axis=1) & wide.iloc[:, end : end + HORIZON].notna().any(axis=1)
    actual = wide.loc[live, months[end : end + HORIZON]].to_numpy(float)
    known = past[live].to_numpy(float)
    scale = pd.DataFrame(np.abs(known[:, 12:] - known[:, :-12])).mean(axis=1).fillna(0.0).to_numpy()
    told = frame[frame["period_start_date"] < months[end]]
    result = forecast_frame(told, freq="M", horizon=HORIZON, quantiles=[0.5], family="product")
    rows = result.forecasts[result.forecasts["period"].isin(months[end : end + HORIZON])]
    points: dict[str, NDArray] = {}
    for name in ("mean", "q_0.5"):
        table = rows.pivot(index="series_id", columns="period", values=name)
        points[f"command_{name}"] = table.reindex(wide.index[live]).to_numpy(float)
    recent = pd.DataFrame(known)
    for label, width in (("six_month", 6), ("three_month", 3)):
        window = recent.iloc[:, -width:]
        points[f"{label}_median"] = np.repeat(window.median(axis=1).to_numpy()[:, None], HORIZON, axis=1)
        points[f"{label}_mean"] = np.repeat(window.mean(axis=1).to_numpy()[:, None], HORIZON, axis=1)
    points["seasonal_naive"] = known[:, -12 : -12 + HORIZON]
    return {name: _scores(values, actual, scale) for name, values in points.items()}


def run_usaid(origins: int) -> dict[str, Any]:
    """MASE and bias at each of `origins` origins a month apart, the newest with the last three months as test."""
    frame = load()
    wide = frame.pivot_table(index="series_id", columns="period_start_date", values="demand_units", aggfunc="sum")
    wide = wide.sort_index(axis=1)
    by_origin = []
    for back in range(origins - 1, -1, -1):
        by_origin.append(_origin(wide, frame, wide.shape[1] - HORIZON - back))
        print("usaid", back, by_origin[-1], flush=True)
    mean = {
        name: {key: round(float(np.mean([row[name][key] for row in by_origin])), 4) for key in ("mase", "bias")}
        for name in by_origin[0]
    }
    return {
        "series": len(wide),
        "origins": origins,
        "mean_of_origins": mean,
        "newest_origin": by_origin[-1],
        "by_origin_oldest_first": by_origin,
        "mase_ratio_to_six_month_median": round(mean["command_q_0.5"]["mase"] / mean["six_month_median"]["mase"], 4),
    }
