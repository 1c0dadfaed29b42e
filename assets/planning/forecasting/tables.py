"""The table of forecasts (`planning.forecasts`): from arrays to rows. Nothing is computed here but dates and rounding."""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from assets.planning.demand.periods import period_start_day, to_dates
from assets.planning.forecasting.grids import at_levels, to_units
from assets.planning.forecasting.panel import Panel
from assets.planning.forecasting.settings import PUBLISHED_QUANTILES


def quantile_column(level: float) -> str:
    """Column of a published quantile: 0.05 is `q05_units`."""
    return f"q{round(level * 100):02d}_units"


def forecast_table(
    panel: Panel,
    mean: NDArray,
    period: NDArray,
    unit: NDArray,
    models: NDArray[np.object_],
    levels: tuple[float, ...] | None,
    uplift: NDArray[np.float64] | None = None,
    moved: NDArray[np.float64] | None = None,
) -> pd.DataFrame:
    """One row per series and horizon period in the columns of docs/interfaces.md.

    mean (n, H) and the grids `period` (n, H, K) in units; `unit` (n,) as in `DemandDistribution`; `models` (n,) names;
    `levels` replaces the published quantiles by columns named `q_<level>`; `uplift` (n, H) is the share of the usual
    that promotions add, `moved` that regressors add, both already inside mean and quantiles.
    """
    n, horizon = mean.shape
    numbers = panel.first_period + panel.size[1] + np.arange(horizon)
    starts = to_dates(period_start_day(numbers, panel.frequency))
    keys = panel.keys.loc[panel.keys.index.repeat(horizon)].reset_index(drop=True)
    next_start = date.fromisoformat(str(starts[0])[:10])
    columns: dict[str, object] = {
        "origin_date": pd.Timestamp(next_start) - pd.Timedelta(days=1),
        "period_start_date": np.tile(starts, n),
        "horizon_periods": np.tile(np.arange(1, horizon + 1), n),
        "model": np.repeat(models, horizon),
        "mean_units": mean.ravel(),
    }
    read = levels or PUBLISHED_QUANTILES
    quantiles = to_units(at_levels(period, np.array(read)), unit[:, None, None])
    for j, level in enumerate(read):
        columns[quantile_column(level) if levels is None else f"q_{level:g}"] = quantiles[..., j].ravel()
    columns["promotion_uplift_rate"] = np.zeros(n * horizon) if uplift is None else uplift.ravel()
    columns["regressor_effect_rate"] = np.zeros(n * horizon) if moved is None else moved.ravel()
    return pd.concat([keys, pd.DataFrame(columns)], axis=1)
