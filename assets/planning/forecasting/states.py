"""State of each compiled model at an origin: level, slope and error variance of every series.

Belongs here: the list of base models and their states, over all series at once, because variances and the levels of
young series are pooled. Turning states into quantiles is in `families`.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from assets.planning.forecasting.analogy import credible_level
from assets.planning.forecasting.conditions import Conditions
from assets.planning.forecasting.intermittent import aggregated_level, croston_level, tsb_level
from assets.planning.forecasting.levels import damped_trend, weighted_moments
from assets.planning.forecasting.moments import pooled_variance
from assets.planning.forecasting.panel import Panel

#: Share of the level forgotten per period: from nearly all of history to a few periods.
DECAYS: tuple[float, ...] = (0.005, 0.02, 0.06, 0.15, 0.35)
#: Sparse demand's own levels; all share the variance of a slowly forgetting level.
SPARSE: tuple[str, ...] = ("croston_sba", "tsb", "imapa")
_SPARSE_DECAY = 0.02
DAMPING = 0.9
#: Rows handled by one thread at a time.
PIECE = 250


@dataclass(frozen=True)
class State:
    """A base model at an origin, arrays (n,): level and slope (units per period, without season), variance of one
    period's error, variance that is common to all periods ahead (the level itself is unsure), and the rate at which
    errors move the level."""

    level: NDArray[np.float64]
    slope: NDArray[np.float64]
    damping: float
    variance: NDArray[np.float64]
    doubt: NDArray[np.float64]
    rate: NDArray[np.float64]

    def rows(self, part: NDArray[np.int64]) -> State:
        """The state of some of the series."""
        return State(
            self.level[part], self.slope[part], self.damping, self.variance[part], self.doubt[part], self.rate[part]
        )


def pieces(count: int) -> list[NDArray[np.int64]]:
    """Row numbers in pieces of `PIECE`."""
    return [np.arange(a, min(a + PIECE, count)) for a in range(0, count, PIECE)]


def level_name(decay: float, kind: str) -> str:
    """Name of a base level: `level_020_own` forgets 2 % per period and carries the series' own season."""
    return f"level_{round(decay * 1000):03d}{kind}"


def _moments(panel: Panel, at: Conditions, kind: str, rows: NDArray) -> tuple[list[NDArray], NDArray]:
    flat, _ = at.flatten(panel, rows, kind)
    ok = panel.ok[rows, : at.end]
    levels = [weighted_moments(flat, ok, at.end, decay, min(0.06, decay)) for decay in DECAYS]
    return levels, damped_trend(flat, ok, at.end, DAMPING)


def base_states(
    panel: Panel, at: Conditions, kinds: tuple[str, ...], pool: NDArray[np.int64], workers: int
) -> dict[str, State]:
    """States of all base models at the origin of `at`, for all series.

    `pool` (n,) says over which series the law of the variance is fitted; levels of young series lean on
    `panel.group`.
    """
    n = len(panel.y)
    out: dict[str, State] = {}
    nothing = np.zeros(n)
    with ThreadPoolExecutor(max_workers=workers) as threads:
        for kind in kinds:
            parts = list(threads.map(lambda rows, k=kind: _moments(panel, at, k, rows), pieces(n)))
            for j, decay in enumerate(DECAYS):
                table = np.concatenate([levels[j] for levels, _ in parts])
                variance = pooled_variance(table[:, 0], table[:, 1], table[:, 3], pool)
                level, doubt = credible_level(table[:, 0], variance, table[:, 2], table[:, 4], panel.group)
                rate = np.full(n, decay / 2)
                out[level_name(decay, kind)] = State(level, nothing, 1.0, variance, doubt, rate)
            trend = np.concatenate([t for _, t in parts])
            seen = np.maximum(panel.ok[:, : at.end].sum(axis=1) / 2.0, 1.0)
            level = np.maximum(trend[:, 0], 0.0)
            variance = pooled_variance(level, trend[:, 2], seen, pool)
            out[f"damped_trend{kind}"] = State(level, trend[:, 1], DAMPING, variance, nothing, trend[:, 3])
        sparse = list(threads.map(lambda rows: _sparse_levels(panel, at, rows), pieces(n)))
    like = out[level_name(_SPARSE_DECAY, "")]
    for j, name in enumerate(SPARSE):
        level = np.concatenate([levels[j] for levels in sparse])
        out[name] = State(level, nothing, 1.0, like.variance, like.doubt, like.rate)
    return out


def _sparse_levels(panel: Panel, at: Conditions, rows: NDArray) -> list[NDArray[np.float64]]:
    flat, _ = at.flatten(panel, rows, "")
    ok = panel.ok[rows, : at.end]
    return [
        croston_level(flat, ok, at.end, 0.1, corrected=True),
        tsb_level(flat, ok, at.end),
        aggregated_level(flat, ok, at.end, (2, 3, 4, 6)),
    ]
