"""Speed: full quantiles for a panel of the size and mix of M5, on this machine.

Synthetic, because M5 may not be copied: 30,490 daily series over 1,941 days with staggered starts, weekly season,
negative-binomial demand whose rates are spread so that about two thirds of all days are zero, as in M5.
"""

from __future__ import annotations

import resource
import time
from typing import Any

import numpy as np
import pandas as pd

from assets.planning.forecasting.batch import MEMBER_SECONDS, batch_points
from assets.planning.forecasting.conditions import conditions_at
from assets.planning.forecasting.engine import forecast_panel
from assets.planning.forecasting.families import Ahead, family_grids
from assets.planning.forecasting.grids import sum_knots
from assets.planning.forecasting.panel import Panel
from assets.planning.forecasting.settings import ForecastSettings
from assets.planning.forecasting.states import base_states

HORIZON = 28
_GROUPS = 70


def m5_like(series: int, periods: int, seed: int) -> Panel:
    """A synthetic daily panel: lognormal rates, weekend peaks by group, starts spread over the first two thirds."""
    rng = np.random.default_rng(seed)
    rate = np.exp(rng.normal(-0.75, 1.3, series))
    group = rng.integers(0, _GROUPS, series)
    week = 1.0 + 0.35 * rng.random((_GROUPS, 7)) * np.array([0.2, 0.0, 0.0, 0.2, 0.5, 1.0, 0.9])
    start = np.where(rng.random(series) < 0.6, 0, rng.integers(0, max(2 * periods // 3, 1), series))
    y = np.empty((series, periods))
    day = np.arange(periods)
    for a in range(0, series, 1000):
        part = slice(a, min(a + 1000, series))
        mean = rate[part, None] * week[group[part]][:, day % 7]
        y[part] = rng.poisson(mean * rng.gamma(1.2, 1 / 1.2, mean.shape))
    ok = day[None, :] >= start[:, None]
    y[~ok] = 0.0
    keys = pd.DataFrame({"series_id": [f"s{k:05d}" for k in range(series)]})
    return Panel(keys, y, ok, ok, start.astype(np.int64), group.astype(np.int64), 15000, "D")


def _model_speeds(panel: Panel, settings: ForecastSettings) -> dict[str, float]:
    """Series per second of each model at one origin, one thread, on a sample."""
    sample = panel.rows(np.arange(min(1000, panel.size[0])))
    count, knots, kinds = sample.size[1], sum_knots(HORIZON), ("", "_family", "_own")
    rows = np.arange(sample.size[0])
    started = time.perf_counter()
    at = conditions_at(sample, count, HORIZON, 7, pd.DataFrame(index=range(count + HORIZON)), kinds)
    states = base_states(sample, at, kinds, np.zeros(len(rows), dtype=np.int64), 1)
    out = {"states_of_all_compiled_models": len(rows) / (time.perf_counter() - started)}
    started = time.perf_counter()
    for name, _ in family_grids(sample, at, states, kinds, rows, 7, Ahead(HORIZON, np.arange(1, HORIZON + 1), knots)):
        out[name] = len(rows) / (time.perf_counter() - started)
        started = time.perf_counter()
    few = [sample.y[k, sample.start[k] :] for k in range(min(8, len(rows)))]
    for name in MEMBER_SECONDS:
        started = time.perf_counter()
        batch_points(few, HORIZON, [name], 7)
        out[f"statsforecast_{name}"] = len(few) / (time.perf_counter() - started)
    return {name: round(value, 1) for name, value in out.items()}


def run_speed(series: int, periods: int, seed: int) -> dict[str, Any]:
    """Wall and processor time of the whole run: rolling origins, tournament, calibration, forecast."""
    panel = m5_like(series, periods, seed)
    settings = ForecastSettings(frequency="D", horizon=HORIZON, calendars=(), seed=seed)
    forecast_panel(m5_like(50, 200, seed), settings)
    started, used = time.perf_counter(), time.process_time()
    result = forecast_panel(panel, settings)
    wall, cpu = time.perf_counter() - started, time.process_time() - used
    return {
        "series": series,
        "periods": periods,
        "horizon": HORIZON,
        "zero_share": round(float((panel.y == 0)[panel.ok].mean()), 3),
        "wall_minutes": round(wall / 60, 2),
        "processor_minutes": round(cpu / 60, 2),
        "processor_minutes_over_two_cores": round(cpu / 120, 2),
        "peak_memory_gib": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20, 2),
        "rows_out": len(result.forecasts),
        "models_in_the_tournament": int(result.accuracy["model"].nunique()),
        "series_per_second": round(series / wall, 1),
        "series_per_second_by_model_one_thread": _model_speeds(panel, settings),
    }
