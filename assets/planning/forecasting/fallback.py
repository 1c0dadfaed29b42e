"""No series may stop a run: what is forecast where the models fail, and how the failing series are separated from the others.

A run that fails is run again on its halves until the failing series are alone; these get their plain mean with the
spread of their own history, named `fallback_mean` with the reason on the row. The halves pool among themselves, which
costs a little accuracy on a day that would otherwise have had no forecast at all.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd

from assets.planning.demand.periods import mean_period_days
from assets.planning.forecasting.counts import moment_grid
from assets.planning.forecasting.distribution import DemandDistribution
from assets.planning.forecasting.grids import sum_knots
from assets.planning.forecasting.panel import Panel, demand_unit
from assets.planning.forecasting.result import ForecastResult
from assets.planning.forecasting.tables import forecast_table
from assets.planning.sentences import say

FALLBACK_MODEL = "fallback_mean"
#: What numbers can do to a model; anything else is a mistake of the program and is raised.
NUMERIC_ERRORS = (ValueError, ArithmeticError, np.linalg.LinAlgError)
#: Runs that may fail before all series left get the fallback: a fault of every series is not searched for in each.
_MOST_FAILURES = 64
_MEASURES = ("wape", "bias", "mase", "rmsse", "scaled_pinball", "coverage_90", "naive_scaled_pinball")


def isolated(
    panel: Panel, run: Callable[[Panel], ForecastResult], horizon: int, quantiles: tuple[float, ...] | None
) -> ForecastResult:
    """Result of `run` on all series of the panel, in its order; the series on which it fails get the fallback."""
    parts: dict[int, ForecastResult] = {}
    waiting, failures = [np.arange(len(panel.keys))], 0
    while waiting:
        rows = waiting.pop()
        part = panel.rows(rows)
        try:
            result = run(part)
            bad = ~_is_finite(result)
            if not bad.any():
                parts[int(rows[0])] = result
                continue
            error: Exception = ValueError("a forecast is no finite number")
            pieces = [rows[~bad], rows[bad]] if not bad.all() else []
        except NUMERIC_ERRORS as caught:
            error, pieces = caught, np.array_split(rows, 2) if len(rows) > 1 else []
        failures += 1
        if len(rows) == 1 or failures > _MOST_FAILURES or not pieces:
            parts[int(rows[0])] = plain_forecast(part, horizon, quantiles, str(error))
        else:
            waiting += [piece for piece in pieces if len(piece)]
    return _joined(panel, [parts[first] for first in sorted(parts)])


def _is_finite(result: ForecastResult) -> np.ndarray:
    """Series (n,) whose means and quantiles are all finite."""
    n = len(result.keys)
    numbers = result.forecasts.select_dtypes("number").to_numpy(dtype=float).reshape(n, -1)
    return np.isfinite(numbers).all(axis=1) & np.isfinite(result.demand.grid).all(axis=(1, 2))


def _joined(panel: Panel, parts: list[ForecastResult]) -> ForecastResult:
    """Results of parts of a panel as one, series in the panel's order."""
    if len(parts) == 1:
        return parts[0]
    place = pd.MultiIndex.from_frame(panel.keys)
    keys = pd.concat([part.keys for part in parts])
    order = place.get_indexer(pd.MultiIndex.from_frame(keys)).argsort()

    def stacked(table: str) -> pd.DataFrame:
        rows = pd.concat([getattr(part, table) for part in parts], ignore_index=True)
        at = place.get_indexer(pd.MultiIndex.from_frame(rows[list(panel.keys.columns)]))
        return rows.iloc[at.argsort(kind="stable")].reset_index(drop=True)

    first = parts[0].demand
    demand = DemandDistribution(
        panel.keys,
        first.period_days,
        first.knots,
        np.concatenate([part.demand.grid for part in parts])[order],
        np.concatenate([part.demand.mean for part in parts])[order],
        np.concatenate([part.demand.unit for part in parts])[order],
    )
    effects = pd.concat([part.effects for part in parts], ignore_index=True)
    return ForecastResult(stacked("forecasts"), stacked("accuracy"), demand, effects)


def plain_forecast(panel: Panel, horizon: int, quantiles: tuple[float, ...] | None, why: str) -> ForecastResult:
    """The mean of each series' known figures, with their variance (a Poisson one where there is none)."""
    n, knots = len(panel.keys), sum_knots(horizon)
    largest = np.sqrt(np.finfo(float).max) / 1e9
    y = np.where(panel.ok & np.isfinite(panel.y), np.clip(panel.y, 0.0, largest), 0.0)
    count = np.maximum(panel.ok.sum(axis=1), 1)
    mean = y.sum(axis=1) / count
    spread = np.where(panel.ok, (y - mean[:, None]) ** 2, 0.0).sum(axis=1) / np.maximum(count - 1, 1)
    var = np.maximum(spread, mean)
    unit = demand_unit(panel, panel.size[1])
    flat = np.repeat(mean[:, None], horizon, axis=1)
    period = moment_grid(flat, np.repeat(var[:, None], horizon, axis=1), unit)
    # the mean itself is as unsure as its count of figures leaves it, and that error is common to all periods ahead
    sums = var[:, None] * knots * (1.0 + knots / count[:, None])
    total = moment_grid(mean[:, None] * knots, sums, unit)
    models = np.full(n, FALLBACK_MODEL, dtype=object)
    table = forecast_table(panel, flat, period, unit, models, quantiles)
    reason = say("fallback", why.strip()[:120])
    accuracy = panel.keys.reset_index(drop=True).assign(
        model=models, is_chosen=True, reason=reason, origins=0, **dict.fromkeys(_MEASURES, np.nan)
    )
    demand = DemandDistribution(
        panel.keys, mean_period_days(panel.frequency), knots, total, np.cumsum(flat, axis=1)[:, knots - 1], unit
    )
    return ForecastResult(table, accuracy, demand)
