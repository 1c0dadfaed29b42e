"""Quantile sets: our engine against single statsforecast models with conformal intervals, over rolling origins.

Scaled pinball at .5 .8 .9 .95 .99 of the periods ahead, averaged over series, horizons and levels; the scale is the
mean absolute one-step difference of the series before the origin. Coverage is given twice: the share of actuals not
above a quantile (for counts it cannot fall below the share of zeros) and the same with ties broken at random (PIT),
which is what "the 90 % quantile holds 90 %" means for counts.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from assets.planning.backtest.scores import difference_scale, pinball
from assets.planning.forecasting.engine import forecast_panel
from assets.planning.forecasting.grids import LEVELS, level_of
from assets.planning.forecasting.panel import Panel
from assets.planning.forecasting.settings import ForecastSettings
from benchmarks.forecast_data import carparts, raf_spares, until, vn2, vn2_departments
from benchmarks.forecast_rivals import rival_models, rival_quantiles

SCORED = (0.5, 0.8, 0.9, 0.95, 0.99)
CHEAP = [
    "SeasonalNaive",
    "HistoricAverage",
    "WindowAverage",
    "SESOptimized",
    "CrostonClassic",
    "CrostonSBA",
    "CrostonOptimized",
    "TSB",
    "ADIDA",
    "IMAPA",
]
SLOW = ["AutoETS", "DynamicOptimizedTheta"]


@dataclass(frozen=True)
class QuantileSet:
    """A data set, its horizon, its season and the number of origins, a horizon apart, the last ending with the data."""

    load: Callable[[], Panel]
    horizon: int
    season: int
    origins: int


SETS = {
    "raf_spares": QuantileSet(raf_spares, 6, 12, 4),
    "carparts": QuantileSet(carparts, 6, 12, 3),
    "vn2": QuantileSet(vn2, 4, 52, 8),
}


def _score(panel: Panel, end: int, horizon: int, quantiles: NDArray) -> dict[str, Any]:
    scale = difference_scale(panel.y[:, :end], panel.ok[:, :end])
    actual, known = panel.y[:, end : end + horizon], panel.ok[:, end : end + horizon]
    loss = pinball(actual, quantiles, np.array(SCORED)) / scale[:, None]
    return {
        "scaled_pinball": float(loss[known].mean()),
        "coverage": [float((actual <= quantiles[..., k])[known].mean()) for k in range(len(SCORED))],
    }


def _ours(told: Panel, panel: Panel, end: int, horizon: int, settings: ForecastSettings) -> dict[str, Any]:
    """Scores of the engine, which is given `told` up to `end`, on the known periods of `panel` after it."""
    started = time.perf_counter()
    known = until(told, end)
    result = forecast_panel(known, settings, quantiles=tuple(LEVELS))
    grid = result.forecasts[[f"q_{q:g}" for q in LEVELS]].to_numpy().reshape(-1, horizon, len(LEVELS))
    out = _score(panel, end, horizon, grid[..., np.searchsorted(LEVELS, SCORED)])
    actual, ok = panel.y[:, end : end + horizon], panel.ok[:, end : end + horizon]
    uniform = np.random.default_rng(settings.seed).random(actual.shape)
    level = level_of(grid, actual, uniform)[ok]
    out["pit_coverage"] = [float((level <= q).mean()) for q in SCORED]
    whole = ok.all(axis=1)
    sums = level_of(result.demand.grid[whole, -1], actual[whole].sum(axis=1), uniform[whole, 0])
    out["sum_pit_coverage"] = [float((sums <= q).mean()) for q in SCORED]
    out["seconds"] = time.perf_counter() - started
    table = result.accuracy.groupby("model")["scaled_pinball"].mean()
    out["tournament"] = {str(name): float(value) for name, value in table.sort_values().items()}
    out["chosen"] = {
        str(k): int(v) for k, v in result.accuracy.loc[result.accuracy["is_chosen"], "model"].value_counts().items()
    }
    return out


def _mean(rows: list[dict[str, Any]], key: str) -> Any:
    return np.mean([row[key] for row in rows], axis=0).round(4).tolist()


def _variants(name: str, panel: Panel) -> dict[str, tuple[Panel, ForecastSettings]]:
    """Ours first, then the variants that lost, kept in the report."""
    chosen = SETS[name]
    base = ForecastSettings(frequency=panel.frequency, horizon=chosen.horizon, calendars=())  # type: ignore[arg-type]
    out = {"ours": (panel, base), "ours_of_one_origin": (panel, base.model_copy(update={"origins": 1}))}
    if name == "vn2":
        out = {
            "ours": (vn2_departments(panel), base),
            "ours_one_family": (panel, base),
            "ours_without_stock_flags": (vn2_departments(vn2(use_stock_flags=False)), base),
        }
    return out


def run_set(name: str, *, rivals: list[str], origins: int | None, variants: bool, jobs: int = 1) -> dict[str, Any]:
    """Scores of ours, its variants and the rivals on one set."""
    chosen = SETS[name]
    panel = chosen.load()
    horizon, count = chosen.horizon, origins or chosen.origins
    ends = [panel.size[1] - horizon * k for k in range(count, 0, -1)]
    figures: dict[str, Any] = {"horizon": horizon, "origins": count, "series": panel.size[0], "levels": SCORED}
    ours: dict[str, Any] = {}
    for label, (data, settings) in _variants(name, panel).items():
        if label != "ours" and not variants:
            continue
        rows = [_ours(data, panel, end, horizon, settings) for end in ends]
        ours[label] = {
            "scaled_pinball": _mean(rows, "scaled_pinball"),
            "by_origin": [round(row["scaled_pinball"], 4) for row in rows],
            "coverage": _mean(rows, "coverage"),
            "pit_coverage": _mean(rows, "pit_coverage"),
            "horizon_sum_pit_coverage": _mean(rows, "sum_pit_coverage"),
            "seconds_per_origin": round(float(np.mean([row["seconds"] for row in rows])), 1),
        }
        if label == "ours":
            figures["tournament_of_last_origin"] = {k: round(v, 4) for k, v in rows[-1]["tournament"].items()}
            figures["chosen_at_last_origin"] = rows[-1]["chosen"]
        print(
            name,
            label,
            ours[label]["scaled_pinball"],
            ours[label]["by_origin"],
            ours[label]["pit_coverage"],
            flush=True,
        )
    figures["ours"] = ours
    others: dict[str, Any] = {}
    for label, model in rival_models(chosen.season, rivals).items():
        scores, seconds = [], 0.0
        for end in ends:
            quantiles, took = rival_quantiles(panel, end, horizon, model, SCORED, 8, jobs)
            scores.append(_score(panel, end, horizon, quantiles))
            seconds += took
        others[label] = {
            "scaled_pinball": _mean(scores, "scaled_pinball"),
            "by_origin": [round(row["scaled_pinball"], 4) for row in scores],
            "coverage": _mean(scores, "coverage"),
            "series_per_second": round(panel.size[0] * count / max(seconds, 1e-9), 1),
        }
        print(name, label, others[label]["scaled_pinball"], others[label]["by_origin"], flush=True)
    figures["rivals"] = others
    if others:
        best = min(others, key=lambda k: others[k]["scaled_pinball"])
        figures["best_rival"] = best
        figures["ratio_to_best_rival"] = round(ours["ours"]["scaled_pinball"] / others[best]["scaled_pinball"], 4)
    figures["coverage_gap_points"] = [
        round(100 * (c - q), 1) for c, q in zip(ours["ours"]["pit_coverage"], SCORED, strict=True)
    ]
    return figures
