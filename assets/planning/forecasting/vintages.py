"""Accuracy of forecasts that were published: every vintage against what came, by horizon and by any attribute.

Belongs here: scoring kept `planning.forecasts` rows, numerators and denominators beside each ratio, so that any
roll-up is a sum of numerators over a sum of denominators. `error = forecast - actual`.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from assets.planning.backtest.scores import difference_scale, pinball, squared_difference_scale
from assets.planning.forecasting.engine import KEYS
from assets.planning.forecasting.panel import Panel, panel_of_history
from assets.planning.forecasting.settings import PUBLISHED_QUANTILES, SCORED_QUANTILES
from assets.planning.forecasting.tables import quantile_column


def matched_forecasts(
    forecasts: pd.DataFrame, history: pd.DataFrame, *, frequency: str, season: int, panel: Panel | None = None
) -> pd.DataFrame:
    """Forecast rows whose period has an uncensored actual, with errors, losses and the seasonal naive beside them.

    Adds actual_units, error_units, naive_units (the value one season earlier, or the newest known one), scale_units
    (mean absolute one-period difference before the origin; 1 where there is none), square_scale_units (the mean of its
    square), pinball_units, is_inside_90. `panel` is the panel of `history` where it is at hand already. Series that
    the history no longer has are left out.
    """
    known = history.loc[~history["is_censored"], [*KEYS, "period_start_date", "demand_units"]]
    rows = forecasts.merge(known, on=[*KEYS, "period_start_date"], how="inner")
    rows = rows.rename(columns={"demand_units": "actual_units"})
    panel = panel or panel_of_history(history, key_columns=KEYS, frequency=frequency)
    place = pd.MultiIndex.from_frame(panel.keys).get_indexer(pd.MultiIndex.from_frame(rows[KEYS]))
    starts = pd.DatetimeIndex(np.sort(history["period_start_date"].unique()))
    origin = starts.searchsorted(pd.DatetimeIndex(rows["origin_date"]), side="right")
    back = origin - season + (rows["horizon_periods"].to_numpy() - 1) % season
    column = np.where(back >= panel.start[place], back, np.maximum(origin - 1, 0))
    rows["naive_units"] = panel.y[place, np.minimum(column, panel.y.shape[1] - 1)]
    scale, square = np.ones(len(rows)), np.ones(len(rows))
    for end in np.unique(origin[origin > 1]):
        at = origin == end
        scale[at] = difference_scale(panel.y[:, :end], panel.exact[:, :end])[place[at]]
        square[at] = squared_difference_scale(panel.y[:, :end], panel.exact[:, :end])[place[at]]
    rows["scale_units"], rows["square_scale_units"] = scale, square
    actual = rows["actual_units"].to_numpy(dtype=float)
    rows["error_units"] = rows["mean_units"] - actual
    scored = [q for q in SCORED_QUANTILES if q in PUBLISHED_QUANTILES]
    table = rows[[quantile_column(q) for q in scored]].to_numpy(dtype=float)
    rows["pinball_units"] = pinball(actual, table, np.array(scored))
    rows["is_inside_90"] = (rows["q05_units"] <= actual) & (actual <= rows["q95_units"])
    return rows


def accuracy_by(matched: pd.DataFrame, by: list[str]) -> pd.DataFrame:
    """Accuracy of `matched_forecasts` rows by any of their columns (origin_date, horizon_periods, class, owner).

    Returns `by`, then scored_periods (rows) and the sums that may be added up: actual_units, error_units,
    absolute_error_units, naive_absolute_error_units, scaled_error_total, squared_scaled_error_total,
    scaled_pinball_total, inside_90_periods; then the ratios wape, bias, mase, rmsse, scaled_pinball, coverage_90 and
    forecast_value_added_rate (share of the seasonal naive's absolute error that the forecast saves). Ratios without a
    denominator are null.
    """
    work = matched.assign(
        absolute=matched["error_units"].abs(),
        naive=(matched["naive_units"] - matched["actual_units"]).abs(),
        scaled=matched["error_units"].abs() / matched["scale_units"],
        squared=matched["error_units"] ** 2 / matched["square_scale_units"],
        loss=matched["pinball_units"] / matched["scale_units"],
    )
    out = (
        work.groupby(by, sort=True, dropna=False)
        .agg(
            scored_periods=("absolute", "size"),
            actual_units=("actual_units", "sum"),
            error_units=("error_units", "sum"),
            absolute_error_units=("absolute", "sum"),
            naive_absolute_error_units=("naive", "sum"),
            scaled_error_total=("scaled", "sum"),
            squared_scaled_error_total=("squared", "sum"),
            scaled_pinball_total=("loss", "sum"),
            inside_90_periods=("is_inside_90", "sum"),
        )
        .reset_index()
    )
    actual = out["actual_units"].where(out["actual_units"] > 0)
    naive = out["naive_absolute_error_units"].where(out["naive_absolute_error_units"] > 0)
    out["wape"] = out["absolute_error_units"] / actual
    out["bias"] = out["error_units"] / actual
    out["mase"] = out["scaled_error_total"] / out["scored_periods"]
    out["rmsse"] = np.sqrt(out["squared_scaled_error_total"] / out["scored_periods"])
    out["scaled_pinball"] = out["scaled_pinball_total"] / out["scored_periods"]
    out["coverage_90"] = out["inside_90_periods"] / out["scored_periods"]
    out["forecast_value_added_rate"] = 1.0 - out["absolute_error_units"] / naive
    return out
