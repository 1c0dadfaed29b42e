"""statsforecast's families as one more model of the tournament, for the series where they pay and the budget lasts.

Belongs here: the plan of which series, by stated costs and never by the clock, so that the same data choose the same
models; and the model `batch_nb`: the median of the families with the spread of the compiled damped trend.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from assets.planning.forecasting.batch import batch_points, combined, member_cost
from assets.planning.forecasting.conditions import Conditions
from assets.planning.forecasting.counts import moment_grid
from assets.planning.forecasting.evidence import GridSource
from assets.planning.forecasting.families import Ahead, Grids
from assets.planning.forecasting.moments import future_moments
from assets.planning.forecasting.panel import Panel, demand_unit
from assets.planning.forecasting.states import State

BATCH_MODEL = "batch_nb"
MEMBERS = ("theta", "ces", "ets")
#: Newest periods that a family reads: beyond, length costs more than it tells.
_CAP = 400


def planned_series(
    panel: Panel, interval: NDArray[np.float64], fits: int, season: int, budget_seconds: float
) -> NDArray[np.int64]:
    """Rows that the families are run on, largest mean demand first, as far as `fits` fits each stay in the budget.

    Only series with demand in most periods and two seasons (ten periods without one) of history are worth the cost.
    """
    seen = panel.ok.sum(axis=1)
    inner = season if season <= 12 else 1
    worth = np.flatnonzero((interval < 1.5) & (seen >= max(2 * inner, 10)))
    mean = np.where(panel.ok, panel.y, 0.0).sum(axis=1) / np.maximum(seen, 1)
    order = worth[np.lexsort((worth, -mean[worth]))]
    per_fit = [sum(member_cost(m, inner, min(float(k), _CAP)) for m in MEMBERS) for k in seen[order]]
    spent = np.cumsum(np.array(per_fit) * fits) if len(order) else np.zeros(0)
    return np.sort(order[spent <= budget_seconds])


def batch_means(
    panel: Panel, at: Conditions, rows: NDArray[np.int64], kind: str, season: int, processes: int
) -> NDArray[np.float64]:
    """Mean demand (rows, horizon) at the origin of `at`; seasons longer than a year's months are taken out first."""
    inner = season if season <= 12 else 1
    flat, factors = at.flatten(panel, rows, "" if inner > 1 else kind)
    begin = np.maximum(panel.start[rows], at.end - _CAP)
    series = [flat[k, b:] if b < at.end else np.zeros(1) for k, b in enumerate(begin)]
    short = np.array([len(s) < 4 for s in series])
    fit = [np.repeat(s, 4) if k else s for s, k in zip(series, short, strict=True)]
    points = batch_points(fit, at.horizon, MEMBERS, inner, processes)
    return np.maximum(combined(points, MEMBERS), 0.0) * factors


def with_batch(
    source: GridSource,
    panel: Panel,
    known: dict[int, tuple[Conditions, dict[str, State]]],
    means: dict[int, NDArray[np.float64]],
    planned: NDArray[np.int64],
    kind: str,
    ahead: Ahead,
) -> GridSource:
    """The source and, after its models, `BATCH_MODEL`; series that were not planned get the damped trend there."""
    place = np.full(len(panel.y), -1)
    place[planned] = np.arange(len(planned))

    def both(rows: NDArray[np.int64], end: int) -> Iterator[tuple[str, Grids]]:
        stand_in: Grids | None = None
        for name, grids in source(rows, end):
            if name == f"damped_trend{kind}_nb":
                stand_in = grids
            yield name, grids
        if stand_in is None:
            raise ValueError("the source yields no damped trend")
        at, states = known[end]
        mine = place[rows] >= 0
        out = Grids(stand_in.mean.copy(), stand_in.period.copy(), stand_in.total.copy())
        if mine.any():
            use = rows[mine]
            state, factors = states[f"damped_trend{kind}"], at.flatten(panel, use, kind)[1]
            level = np.maximum(means[end][place[use]].mean(axis=1) / factors.mean(axis=1), 0.0)
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
            mean = means[end][place[use]]
            unit = demand_unit(panel.rows(use), end)
            out.mean[mine] = mean
            out.period[mine] = moment_grid(mean[:, ahead.at - 1], var[:, ahead.at - 1], unit)
            out.total[mine] = moment_grid(np.cumsum(mean, axis=1)[:, ahead.knots - 1], sum_var, unit)
        yield BATCH_MODEL, out

    return both
