"""The compiled models: exponentially weighted levels and damped trends, with counts or with their own past as shape.

Belongs here: one origin, all series, from arrays to grids. Which model is best is the tournament's business.
Names: `level_020_nb` is a level that forgets 2 % per period with a negative-binomial shape; `_own` and `_family` say
whose season it carries; `_mix` is the average with the empirical shape.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from assets.planning.forecasting.counts import moment_grid
from assets.planning.forecasting.empirical import window_grid
from assets.planning.forecasting.levels import damped_trend, weighted_moments
from assets.planning.forecasting.moments import future_moments, pooled_variance
from assets.planning.forecasting.panel import Panel, demand_unit
from assets.planning.forecasting.season import FAMILY_CYCLES, OWN_CYCLES, Seasons


@dataclass(frozen=True)
class Grids:
    """A model's answer at one origin: means (n, H), quantiles of single periods (n, P, K) and of sums (n, S, K)."""

    mean: NDArray[np.float64]
    period: NDArray[np.float64]
    total: NDArray[np.float64]


@dataclass(frozen=True)
class Ahead:
    """What is asked for: `horizon` means, quantiles of the periods `at` (1-based) and of sums to `knots`."""

    horizon: int
    at: NDArray[np.int64]
    knots: NDArray[np.int64]


#: Share of the level forgotten per period: from nearly all of history to a few periods.
DECAYS: tuple[float, ...] = (0.005, 0.02, 0.06, 0.15, 0.35)


def season_kinds(season: int, first_origin: int) -> tuple[str, ...]:
    """Kinds of season that can be judged from the first origin on; one that cannot be judged is not offered."""
    kinds = [""]
    if season > 1 and first_origin >= FAMILY_CYCLES * season:
        kinds.append("_family")
    if season > 1 and first_origin >= OWN_CYCLES * season:
        kinds.append("_own")
    return tuple(kinds)


def model_names(kinds: tuple[str, ...]) -> list[str]:
    """Names of the models that `family_grids` yields, in its order."""
    names = []
    for end in kinds:
        for decay in DECAYS:
            names.append(f"level_{round(decay * 1000):03d}_nb{end}")
            names.append(f"level_{round(decay * 1000):03d}_mix{end}")
        names.append(f"damped_trend{end}")
    return [*names, "seasonal_naive"]


def eligible_models(names: list[str], interval: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Models (n, C) that may be chosen for series with a mean `interval` (n,) between demands.

    A level that forgets faster than demands come calls every quiet spell the end of demand, and a few quiet origins
    would reward it. Trends and last season's value need demand in most periods.
    """
    out = np.ones((len(interval), len(names)), dtype=bool)
    for k, name in enumerate(names):
        if name.startswith("level_"):
            out[:, k] = int(name[6:9]) / 1000 <= np.maximum(0.75 / interval, min(DECAYS))
        else:
            out[:, k] = interval < 2.0
    return out


def _factors(seasons: Seasons | None, kind: str, y: NDArray, end: int, horizon: int) -> tuple[NDArray, NDArray]:
    """Deseasonalised history and the factors ahead."""
    if seasons is None or kind == "":
        return y, np.ones((len(y), horizon))
    both = seasons.family if kind == "_family" else seasons.own
    window = end - seasons.first_column
    flat = y.copy()
    flat[:, seasons.first_column : end] /= both[:, :window]
    return flat, both[:, window : window + horizon]


def _empirical(flat: NDArray, ok: NDArray, end: int, decay: float, factors: NDArray, ahead: Ahead) -> tuple:
    """Empirical grids of periods and sums; sums carry the mean factor of their periods."""
    single = window_grid(flat, ok, end, 1, decay)
    period = single[:, None, :] * factors[:, ahead.at - 1, None]
    mean_factor = np.cumsum(factors, axis=1)[:, ahead.knots - 1] / ahead.knots
    total = np.stack([window_grid(flat, ok, end, int(k), decay) for k in ahead.knots], axis=1)
    return period, total * mean_factor[:, :, None]


def seasonal_naive(panel: Panel, end: int, season: int, ahead: Ahead, unit: NDArray) -> Grids:
    """The reference: last season's value, with the variance of seasonal differences."""
    lag = season if end >= 2 * season else 1
    y, ok = panel.y[:, :end], panel.ok[:, :end]
    back = [end - lag + (h % lag) for h in range(ahead.horizon)]
    mean = np.maximum(y[:, back], 0.0)
    both = ok[:, lag:] & ok[:, :-lag]
    gap = np.where(both, y[:, lag:] - y[:, :-lag], 0.0)
    var = (gap**2).sum(axis=1) / np.maximum(both.sum(axis=1), 1)
    turns = 1 + (np.arange(ahead.horizon) // lag)
    period_var = var[:, None] * turns
    total = np.cumsum(mean, axis=1)
    total_var = np.cumsum(period_var * turns, axis=1)
    return Grids(
        mean,
        moment_grid(mean[:, ahead.at - 1], period_var[:, ahead.at - 1], unit),
        moment_grid(total[:, ahead.knots - 1], total_var[:, ahead.knots - 1], unit),
    )


def family_grids(
    panel: Panel, end: int, season: int, seasons: Seasons | None, kinds: tuple[str, ...], ahead: Ahead, pool: NDArray
) -> Iterator[tuple[str, Grids]]:
    """All compiled models at the origin `end` (exclusive column), one after the other.

    `pool` (n,) says over which series the law of the variance is fitted. Only columns before `end` are read.
    """
    unit = demand_unit(panel, end)
    ok = panel.ok
    for kind in kinds:
        flat, factors = _factors(seasons, kind, panel.y, end, ahead.horizon)
        empirical = {d: _empirical(flat, ok, end, d, factors, ahead) for d in sorted({_memory(d) for d in DECAYS})}
        for decay in DECAYS:
            state = weighted_moments(flat, ok, end, decay, min(0.06, decay))
            variance = pooled_variance(state[:, 0], state[:, 1], state[:, 3], pool)
            none = np.zeros(len(flat))
            # The level that is estimated from few observations is itself uncertain.
            variance = variance * (1.0 + 1.0 / np.maximum(state[:, 2], 1.0))
            rate = np.full(len(flat), decay / 2)
            mean, var, sum_mean, sum_var = future_moments(state[:, 0], none, 1.0, variance, rate, factors, ahead.knots)
            period = moment_grid(mean[:, ahead.at - 1], var[:, ahead.at - 1], unit)
            total = moment_grid(sum_mean, sum_var, unit)
            label = f"level_{round(decay * 1000):03d}"
            yield f"{label}_nb{kind}", Grids(mean, period, total)
            own_period, own_total = empirical[_memory(decay)]
            yield (
                f"{label}_mix{kind}",
                Grids(mean, _average(period, own_period), _average(total, own_total)),
            )
        trend = damped_trend(flat, ok, end)
        variance = pooled_variance(
            np.maximum(trend[:, 0], 0.0), trend[:, 2], np.maximum(panel.ok[:, :end].sum(1) / 2.0, 1), pool
        )
        mean, var, sum_mean, sum_var = future_moments(
            np.maximum(trend[:, 0], 0.0), trend[:, 1], 0.9, variance, trend[:, 3], factors, ahead.knots
        )
        yield (
            f"damped_trend{kind}",
            Grids(
                mean,
                moment_grid(mean[:, ahead.at - 1], var[:, ahead.at - 1], unit),
                moment_grid(sum_mean, sum_var, unit),
            ),
        )
    yield "seasonal_naive", seasonal_naive(panel, end, season, ahead, unit)


def _memory(decay: float) -> float:
    """Weight that the empirical shape forgets per period: slower than the level, for a shape needs more periods."""
    return 0.005 if decay < 0.03 else 0.03


def _average(first: NDArray, second: NDArray) -> NDArray[np.float64]:
    """Mean of two grids; the first where the second is unknown."""
    return np.where(np.isnan(second), first, 0.5 * (first + np.nan_to_num(second)))
