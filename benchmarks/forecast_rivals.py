"""statsforecast's models with their conformal intervals: the yardstick of the quantile sets.

Every model is used as its users do: fitted per series, quantiles from `ConformalIntervals`. The lower half of a
symmetric interval gives the quantiles below the median, the point forecast the median; negative quantiles are cut at
zero, which only helps them.
"""

from __future__ import annotations

import time
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from assets.planning.forecasting.panel import Panel


def rival_models(season: int, names: list[str]) -> dict[str, Any]:
    """statsforecast models by name, with a season where the model takes one."""
    from statsforecast import models as sf

    offered: dict[str, Any] = {
        "SeasonalNaive": lambda: sf.SeasonalNaive(season),
        "HistoricAverage": sf.HistoricAverage,
        "WindowAverage": lambda: sf.WindowAverage(6),
        "SESOptimized": sf.SimpleExponentialSmoothingOptimized,
        "CrostonClassic": sf.CrostonClassic,
        "CrostonSBA": sf.CrostonSBA,
        "CrostonOptimized": sf.CrostonOptimized,
        "TSB": lambda: sf.TSB(0.1, 0.1),
        "ADIDA": sf.ADIDA,
        "IMAPA": sf.IMAPA,
        "AutoETS": lambda: sf.AutoETS(season_length=1),
        "AutoETSSeasonal": lambda: sf.AutoETS(season_length=season),
        "DynamicOptimizedTheta": lambda: sf.DynamicOptimizedTheta(season_length=1),
        "DynamicOptimizedThetaSeasonal": lambda: sf.DynamicOptimizedTheta(season_length=season),
        "AutoCES": lambda: sf.AutoCES(season_length=1),
        "AutoARIMA": lambda: sf.AutoARIMA(season_length=1),
    }
    return {name: offered[name]() for name in names}


def rival_quantiles(
    panel: Panel, end: int, horizon: int, model: Any, levels: tuple[float, ...], windows: int, jobs: int
) -> tuple[NDArray[np.float64], float]:
    """Quantiles (n, H, Q) of one model at the origin `end`, and the seconds that it took.

    Series shorter than the conformal windows need get the model without intervals: all quantiles are then the point.
    Unknown periods carry their recorded figure, as a user of the library would have it.
    """
    from statsforecast import StatsForecast
    from statsforecast.utils import ConformalIntervals

    n = panel.y.shape[0]
    long = _long(panel, end)
    lengths = end - panel.start
    windows = int(max(2, min(windows, (int(lengths.min()) - 12) // horizon)))
    enough = lengths > windows * horizon + 1
    widths = sorted({round(abs(2 * q - 1) * 100) for q in levels if q != 0.5})
    started = time.perf_counter()
    engine: Any = StatsForecast(models=[model], freq=1, n_jobs=jobs)
    rows = np.repeat(enough, lengths)
    conformal = ConformalIntervals(n_windows=windows, h=horizon)
    frame: pd.DataFrame = engine.forecast(df=long[rows], h=horizon, level=widths, prediction_intervals=conformal)
    seconds = time.perf_counter() - started
    name = next(c for c in frame.columns if c not in ("unique_id", "ds") and "-lo-" not in c and "-hi-" not in c)
    out = np.zeros((n, horizon, len(levels)))
    ids = np.flatnonzero(enough)
    for k, q in enumerate(levels):
        side = "lo" if q < 0.5 else "hi"
        column = name if q == 0.5 else f"{name}-{side}-{round(abs(2 * q - 1) * 100)}"
        out[ids, :, k] = frame[column].to_numpy(float).reshape(len(ids), horizon)
    return np.maximum(np.nan_to_num(out), 0.0), seconds


def _long(panel: Panel, end: int) -> pd.DataFrame:
    """Columns unique_id, ds, y of all periods from each series' start to `end`."""
    lengths = end - panel.start
    series = np.repeat(np.arange(len(lengths)), lengths)
    offset = np.arange(len(series)) - np.repeat(np.cumsum(lengths) - lengths, lengths)
    column = panel.start[series] + offset
    return pd.DataFrame({"unique_id": series, "ds": column, "y": panel.y[series, column]})
