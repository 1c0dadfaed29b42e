"""The compiled models: states at an origin turned into quantile grids, with counts or with their own past as shape.

Belongs here: one origin, some series, from states to grids. Which model is best is the tournament's business. Names:
`level_020_own_nb` is a level that forgets 2 % per period, carries the series' own season and has a negative-binomial
shape; `_family` is the season of its family; `_mix` is the average of that shape with the empirical one.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from assets.planning.forecasting.conditions import Conditions
from assets.planning.forecasting.counts import moment_grid
from assets.planning.forecasting.empirical import window_grids
from assets.planning.forecasting.moments import future_moments
from assets.planning.forecasting.panel import Panel, demand_unit
from assets.planning.forecasting.states import DECAYS, SPARSE, State, level_name


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


#: Weights that the empirical shape forgets per period, under slow and under quick levels: a shape needs more periods
#: than a level.
_MEMORIES = (0.005, 0.03)


def model_names(kinds: tuple[str, ...]) -> list[str]:
    """Names of the models that `family_grids` yields, in its order: base model and shape."""
    names = []
    for kind in kinds:
        for decay in DECAYS:
            base = level_name(decay, kind)
            names += [f"{base}_nb", f"{base}_mix"]
        names.append(f"damped_trend{kind}_nb")
    return [*names, *(f"{name}_nb" for name in SPARSE), "blend", "seasonal_naive"]


def eligible_models(names: list[str], interval: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Models (n, C) that may be chosen for series with a mean `interval` (n,) between demands.

    A level that forgets faster than demands come calls every quiet spell the end of demand, and a few quiet origins
    would reward it. Trends and last season's value need demand in most periods; Croston's family needs gaps.
    """
    out = np.ones((len(interval), len(names)), dtype=bool)
    for k, name in enumerate(names):
        if name.startswith("level_"):
            out[:, k] = int(name[6:9]) / 1000 <= np.maximum(0.75 / interval, min(DECAYS))
        elif name == "blend":
            out[:, k] = interval < 8.0
        elif name.removesuffix("_nb") in SPARSE:
            out[:, k] = interval >= 1.32
        else:
            out[:, k] = interval < 2.0
    return out


def _empirical(flat: NDArray, ok: NDArray, end: int, factors: NDArray, ahead: Ahead) -> list[tuple[NDArray, NDArray]]:
    """Empirical grids of periods and sums for each of `_MEMORIES`; sums carry the mean factor of their periods."""
    memories = np.array(_MEMORIES)
    single = window_grids(flat, ok, end, 1, memories)
    mean_factor = np.cumsum(factors, axis=1)[:, ahead.knots - 1] / ahead.knots
    sums = np.stack([window_grids(flat, ok, end, int(k), memories) for k in ahead.knots], axis=2)
    return [
        (single[:, d, None, :] * factors[:, ahead.at - 1, None], sums[:, d] * mean_factor[:, :, None])
        for d in range(len(memories))
    ]


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
    panel: Panel,
    at: Conditions,
    states: dict[str, State],
    kinds: tuple[str, ...],
    rows: NDArray[np.int64],
    season: int,
    ahead: Ahead,
) -> Iterator[tuple[str, Grids]]:
    """All compiled models of the series `rows` at the origin of `at`, one after the other."""
    mine = panel.rows(rows)
    unit = demand_unit(mine, at.end)

    def shaped(state: State, factors: NDArray) -> Grids:
        mean, var, sum_mean, sum_var = future_moments(
            state.level[rows],
            state.slope[rows],
            state.damping,
            state.variance[rows],
            state.doubt[rows],
            state.rate[rows],
            factors,
            ahead.knots,
        )
        period = moment_grid(mean[:, ahead.at - 1], var[:, ahead.at - 1], unit)
        return Grids(mean, period, moment_grid(sum_mean, sum_var, unit))

    blend = _Blend(kinds[1:] or kinds)
    for kind in kinds:
        flat, factors = at.flatten(panel, rows, kind)
        empirical = _empirical(flat, mine.ok, at.end, factors, ahead)
        for decay in DECAYS:
            base = level_name(decay, kind)
            grids = shaped(states[base], factors)
            yield f"{base}_nb", grids
            own_period, own_total = empirical[int(decay >= 0.03)]
            mix = Grids(grids.mean, _average(grids.period, own_period), _average(grids.total, own_total))
            blend.add(kind, decay, grids, mix)
            yield f"{base}_mix", mix
        yield f"damped_trend{kind}_nb", shaped(states[f"damped_trend{kind}"], factors)
    factors = at.flatten(panel, rows, "")[1]
    for name in SPARSE:
        yield f"{name}_nb", shaped(states[name], factors)
    yield "blend", blend.mean()
    yield "seasonal_naive", seasonal_naive(mine, at.end, season, ahead, unit)


class _Blend:
    """Vincent average of the slower levels in both shapes and all seasons: rarely the best, hardly ever bad."""

    def __init__(self, kinds: tuple[str, ...]) -> None:
        self._kinds = kinds
        self._parts: list[Grids] = []

    def add(self, kind: str, decay: float, *grids: Grids) -> None:
        """Take the grids of a level in if they belong to the blend."""
        if kind in self._kinds and decay < max(DECAYS):
            self._parts.extend(grids)

    def mean(self) -> Grids:
        """The average of what was taken in."""
        count = len(self._parts)
        return Grids(
            sum((g.mean for g in self._parts[1:]), self._parts[0].mean) / count,
            sum((g.period for g in self._parts[1:]), self._parts[0].period) / count,
            sum((g.total for g in self._parts[1:]), self._parts[0].total) / count,
        )


def _average(first: NDArray, second: NDArray) -> NDArray[np.float64]:
    """Mean of two grids; the first where the second is unknown."""
    return np.where(np.isnan(second), first, 0.5 * (first + np.nan_to_num(second)))
