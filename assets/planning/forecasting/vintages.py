"""Accuracy of forecasts that were published: every vintage against what came, by horizon and by any attribute.

Belongs here: scoring kept `planning.forecasts` rows, numerators and denominators beside each ratio, so that any
roll-up is a sum of numerators over a sum of denominators. `error = forecast - actual`.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from assets.planning.backtest.scores import difference_scale, pinball
from assets.planning.forecasting.engine import KEYS
from assets.planning.forecasting.panel import panel_of_history
from assets.planning.forecasting.settings import PUBLISHED_QUANTILES, SCORED_QUANTILES
from assets.planning.forecasting.tables import quantile_column


def matched_forecasts(forecasts: pd.DataFrame, history: pd.DataFrame, *, frequency: str, season: int) -> pd.DataFrame:
    """Forecast rows whose period has an uncensored actual, with errors, losses and the seasonal naive beside them.

    Adds actual_units, error_units, naive_units (the value one season earlier, or the newest known one), scale_units
    (mean absolute one-period difference before the origin; 1 where there is none), pinball_units, is_inside_90.
    """
    known = history.loc[~history["is_censored"], [*KEYS, "period_start_date", "demand_units"]]
    rows = forecasts.merge(known, on=[*KEYS, "period_start_date"], how="inner")
    rows = rows.rename(columns={"demand_units": "actual_units"})
    panel = panel_of_history(history, key_columns=KEYS, frequency=frequency)
    place = pd.MultiIndex.from_frame(panel.keys).get_indexer(pd.MultiIndex.from_frame(rows[KEYS]))
    starts = pd.DatetimeIndex(np.sort(history["period_start_date"].unique()))
    origin = starts.searchsorted(pd.DatetimeIndex(rows["origin_date"]), side="right")
    back = origin - season + (rows["horizon_periods"].to_numpy() - 1) % season
    column = np.where(back >= 0, back, np.maximum(origin - 1, 0))
    rows["naive_units"] = panel.y[place, np.minimum(column, panel.y.shape[1] - 1)]
    scale = np.ones(len(rows))
    for end in np.unique(origin):
        at = origin == end
        scale[at] = difference_scale(panel.y[:, :end], panel.exact[:, :end])[place[at]] if end > 1 else 1.0
    rows["scale_units"] = scale
    actual = rows["actual_units"].to_numpy(dtype=float)
    rows["error_units"] = rows["mean_units"] - actual
    scored = [q for q in SCORED_QUANTILES if q in PUBLISHED_QUANTILES]
    table = rows[[quantile_column(q) for q in scored]].to_numpy(dtype=float)
    rows["pinball_units"] = pinball(actual, table, np.array(scored))
    rows["is_inside_90"] = (rows["q05_units"] <= actual) & (actual <= rows["q95_units"])
    return rows


def accuracy_by(matched: pd.DataFrame, by: list[str]) -> pd.DataFrame:
    """Accuracy of `matched_forecasts` rows by any of their columns (origin_date, horizon_periods, class, owner).

    Returns `by`, rows, absolute_error_units, error_units, actual_units, wape, bias, mase, rmsse, scaled_pinball,
    coverage_90, naive_absolute_error_units and forecast_value_added_rate (share of the seasonal naive's absolute error
    that the forecast saves). Ratios without a denominator are null.
    """
    work = matched.assign(
        absolute=matched["error_units"].abs(),
        naive=(matched["naive_units"] - matched["actual_units"]).abs(),
        scaled=matched["error_units"].abs() / matched["scale_units"],
        squared=(matched["error_units"] / matched["scale_units"]) ** 2,
        loss=matched["pinball_units"] / matched["scale_units"],
    )
    out = (
        work.groupby(by, sort=True, dropna=False)
        .agg(
            rows=("absolute", "size"),
            absolute_error_units=("absolute", "sum"),
            error_units=("error_units", "sum"),
            actual_units=("actual_units", "sum"),
            mase=("scaled", "mean"),
            rmsse=("squared", "mean"),
            scaled_pinball=("loss", "mean"),
            coverage_90=("is_inside_90", "mean"),
            naive_absolute_error_units=("naive", "sum"),
        )
        .reset_index()
    )
    out["rmsse"] = np.sqrt(out["rmsse"])
    actual = out["actual_units"].where(out["actual_units"] > 0)
    naive = out["naive_absolute_error_units"].where(out["naive_absolute_error_units"] > 0)
    out["wape"] = out["absolute_error_units"] / actual
    out["bias"] = out["error_units"] / actual
    out["forecast_value_added_rate"] = 1.0 - out["absolute_error_units"] / naive
    return out
