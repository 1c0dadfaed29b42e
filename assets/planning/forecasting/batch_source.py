"""The slower families as one more model of the tournament, for the series where they pay and the budget lasts.

Belongs here: the plan of which series, by stated costs and never by the clock, so that the same data choose the same
models; and the model `batch_nb`: the median of statsforecast's families, where a season is long of CES, `analogues` and the
`pooled` autoregression over one and two seasons, and the spread of the compiled damped trend.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from assets.planning.forecasting.analogues import analogue_points
from assets.planning.forecasting.batch import batch_points, combined, member_cost
from assets.planning.forecasting.conditions import Conditions
from assets.planning.forecasting.counts import moment_grid
from assets.planning.forecasting.families import Ahead, Grids
from assets.planning.forecasting.moments import future_moments
from assets.planning.forecasting.panel import Panel, demand_unit
from assets.planning.forecasting.pooled import pooled_points
from assets.planning.forecasting.states import State

BATCH_MODEL = "batch_nb"
#: Newest periods that a family reads: beyond, length costs more than it tells (weeks: fifteen years).
_CAP, _LONG_CAP = 400, 780
#: Seconds of one comparison of two periods; analogues are looked for by windows of one season.
_ANALOGUE_SECONDS = 1.2e-9


def members_of(season: int) -> tuple[str, ...]:
    """Families whose median is the model. Smoothing state spaces carry no season of more than 24 periods; Theta gives way to the
    pooled autoregression where there is one."""
    return ("theta", "ces", "ets") if season <= 12 else ("theta", "ces")


def _has_analogues(season: int, lengths: NDArray[np.int64], fits: int, budget_seconds: float) -> bool:
    """Whether all series may be compared with all, which grows with the square of their number."""
    pairs = float(lengths.sum()) * len(lengths) * season
    return season > 12 and len(lengths) > 0 and pairs * _ANALOGUE_SECONDS * fits <= budget_seconds / 2


@dataclass(frozen=True)
class BatchPlan:
    """Rows that the families are run on, and whether analogues are among the families."""

    rows: NDArray[np.int64]
    has_analogues: bool


def planned_batch(
    panel: Panel, interval: NDArray[np.float64], fits: int, season: int, budget_seconds: float
) -> BatchPlan:
    """Rows that the families are run on, largest mean demand first, as far as `fits` fits each stay in the budget.

    Only series with demand in most periods and two seasons (ten periods without one) of history are worth the cost.
    """
    seen = panel.ok.sum(axis=1)
    least = 10 if season > 12 else max(2 * season, 10)
    worth = np.flatnonzero((interval < 1.5) & (seen >= least))
    mean = np.where(panel.ok, panel.y, 0.0).sum(axis=1) / np.maximum(seen, 1)
    order = worth[np.lexsort((worth, -mean[worth]))]
    per_fit = np.array([_fit_seconds(int(k), season) for k in seen[order]])
    rows = np.sort(order[np.cumsum(per_fit * fits) <= budget_seconds])
    return BatchPlan(rows, _has_analogues(season, seen[rows], fits, budget_seconds))


def _fit_seconds(periods: int, season: int) -> float:
    """Seconds that one fit of all families takes for a series of `periods` periods."""
    cap = _CAP if season <= 12 else _LONG_CAP
    length = season if periods >= 2 * season else 1
    return sum(member_cost(name, length, min(float(periods), cap)) for name in members_of(length))


def batch_means(
    panel: Panel, at: Conditions, plan: BatchPlan, kind: str, season: int, processes: int
) -> NDArray[np.float64]:
    """Mean demand (rows, horizon) at the origin of `at`.

    Series with two seasons of history are fitted with the season; the others without one, after that of `kind`, which
    they may have from their family, is taken out.
    """
    rows, cap = plan.rows, _CAP if season <= 12 else _LONG_CAP
    begin = np.minimum(panel.start[rows], max(at.end - 1, 0))
    seen = at.end - begin
    out = np.empty((len(rows), at.horizon))
    for length, part in ((season, seen >= 2 * season), (1, seen < 2 * season)):
        mine = np.flatnonzero(part)
        if len(mine) == 0:
            continue
        flat, factors = at.flatten(panel, rows[mine], "" if length > 1 else kind)
        whole = [flat[k, begin[row] :] for k, row in enumerate(mine)]
        fit = [np.repeat(values, 4) if len(values) < 4 else values[-cap:] for values in whole]
        pooled = _pooled(whole, at.horizon, season) if length > 12 else {}
        members = tuple(name for name in members_of(length) if not (pooled and name == "theta"))
        points = {**batch_points(fit, at.horizon, members, length, processes), **pooled}
        names = [*members, *pooled]
        if plan.has_analogues and length > 1:
            names.append("analogues")
            points["analogues"] = analogue_points(whole, at.horizon, season)
        out[mine] = np.maximum(combined(points, names), 0.0) * factors
    return out


def _pooled(series: list[NDArray[np.float64]], horizon: int, season: int) -> dict[str, NDArray[np.float64]]:
    """Forecasts of the pooled autoregression over one and two seasons; none where the series are too few for it."""
    found = {f"pooled_{k}": pooled_points(series, horizon, k * season) for k in (1, 2)}
    return {name: points for name, points in found.items() if np.isfinite(points).any()}


@dataclass(frozen=True)
class Added:
    """A model beside the compiled ones, of which only means are known: (rows, horizon) by origin.

    place: (n,) row of each series in the means, -1 for a series that it was not fitted to.
    """

    name: str
    means: dict[int, NDArray[np.float64]]
    place: NDArray[np.int64]

    def rows(self, part: NDArray[np.int64]) -> Added:
        """The model of some of the series."""
        mine = self.place[part]
        kept = mine[mine >= 0]
        place = np.full(len(part), -1)
        place[mine >= 0] = np.arange(len(kept))
        return Added(self.name, {end: means[kept] for end, means in self.means.items()}, place)


def added_grids(
    model: Added, panel: Panel, at: Conditions, states: dict[str, State], kind: str, ahead: Ahead, trend: Grids
) -> Grids:
    """The grids of such a model at the origin of `at`, with the spread of the damped trend; of series that it was not fitted to those
    of the damped trend itself."""
    mine = model.place >= 0
    out = Grids(trend.mean.copy(), trend.period.copy(), trend.total.copy())
    if mine.any():
        use = np.flatnonzero(mine)
        state, factors = states[f"damped_trend{kind}"], at.flatten(panel, use, kind)[1]
        mean = model.means[at.end][model.place[use]]
        level = np.maximum(mean.mean(axis=1) / factors.mean(axis=1), 0.0)
        _, var, _, sum_var = future_moments(
            level,
            np.zeros(len(use)),
            1.0,
            state.variance[use],
            state.doubt[use],
            state.rate[use],
            factors,
            ahead.knots,
        )
        unit = demand_unit(panel.rows(use), at.end)
        out.mean[mine] = mean
        out.period[mine] = moment_grid(mean[:, ahead.at - 1], var[:, ahead.at - 1], unit)
        out.total[mine] = moment_grid(np.cumsum(mean, axis=1)[:, ahead.knots - 1], sum_var, unit)
    return out
