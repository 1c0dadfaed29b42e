"""What every model would have said at the rolling origins, and how wrong it was.

Belongs here: one pass over chunks of series, origins and models that keeps scores and levels (PIT), never grids.
The origin's models read columns before it only; `tests/unit/forecasting` moves the future to prove it.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace

import numpy as np
from numpy.typing import NDArray

from assets.planning.backtest.scores import difference_scale, pinball
from assets.planning.forecasting.families import Ahead
from assets.planning.forecasting.grids import at_levels, level_of
from assets.planning.forecasting.settings import SCORED_QUANTILES
from assets.planning.forecasting.sources import ModelSource
from assets.planning.forecasting.spread import Spread
from assets.planning.forecasting.states import pieces


@dataclass
class Evidence:
    """Scores by series (n), model (C) and origin (O); NaN where a series has too little history at an origin.

    loss: scaled pinball over `SCORED_QUANTILES`, periods and sums alike. error, absolute, square: of the means, summed
    over the horizon. inside_90: share of periods within the 5-95 % interval. level: PIT of periods and sums (P + S).
    """

    models: list[str]
    origins: list[int]
    loss: NDArray[np.float64]
    error: NDArray[np.float64]
    absolute: NDArray[np.float64]
    square: NDArray[np.float64]
    inside_90: NDArray[np.float64]
    level: NDArray[np.float32]
    actual: NDArray[np.float64]
    scored: NDArray[np.bool_]

    def without_origin(self, j: int) -> Evidence:
        """The losses of all origins but one, for a choice that has not seen it."""
        rest = np.arange(len(self.origins)) != j
        ends = [end for k, end in enumerate(self.origins) if k != j]
        return replace(self, origins=ends, loss=self.loss[:, :, rest], scored=self.scored[:, rest])


@dataclass(frozen=True)
class _Piece:
    """Some series to score: all that is needed, and nothing of the others."""

    source: ModelSource
    models: list[str]
    origins: list[int]
    min_train: int
    uniform: NDArray[np.float64]


def gather_evidence(
    source: ModelSource, models: list[str], origins: list[int], *, min_train: int, seed: int, spread: Spread
) -> Evidence:
    """Run `models` of `source` at every origin and score them on the periods ahead that follow.

    Pieces of series are scored apart, wherever `spread` has them done.
    """
    n, ahead = len(source.panel.y), source.ahead
    uniform = np.random.default_rng(seed).random((n, len(origins), len(ahead.at) + len(ahead.knots)))
    rows = pieces(n)
    out = _unscored(models, origins, n, ahead)
    parts = spread(
        _score_piece, lambda part: _Piece(source.part(part), models, origins, min_train, uniform[part]), rows
    )
    for part, found in zip(rows, parts, strict=True):
        for field in fields(Evidence)[2:]:
            getattr(out, field.name)[part] = getattr(found, field.name)
    return out


def _unscored(models: list[str], origins: list[int], n: int, ahead: Ahead) -> Evidence:
    shape = (n, len(models), len(origins))
    return Evidence(
        models,
        origins,
        np.full(shape, np.nan),
        np.full(shape, np.nan),
        np.full(shape, np.nan),
        np.full(shape, np.nan),
        np.full(shape, np.nan),
        np.full((*shape, len(ahead.at) + len(ahead.knots)), np.nan, dtype=np.float32),
        np.zeros((n, len(origins))),
        np.zeros((n, len(origins)), dtype=bool),
    )


def _score_piece(piece: _Piece) -> Evidence:
    out = _unscored(piece.models, piece.origins, len(piece.source.panel.y), piece.source.ahead)
    for j, end in enumerate(piece.origins):
        _score_origin(piece.source, end, j, piece.min_train, piece.uniform[:, j], out)
    return out


def _score_origin(
    source: ModelSource, end: int, j: int, min_train: int, uniform: NDArray[np.float64], out: Evidence
) -> None:
    """Score all models at one origin, writing into `out`."""
    panel, ahead = source.panel, source.ahead
    levels = np.array(SCORED_QUANTILES)
    future = panel.y[:, end : end + ahead.horizon]
    known = panel.ok[:, end : end + ahead.horizon]
    scale = difference_scale(panel.y[:, :end], panel.exact[:, :end])
    scored = (panel.ok[:, :end].sum(axis=1) >= min_train) & known.any(axis=1)
    actual, ok_at = future[:, ahead.at - 1], known[:, ahead.at - 1]
    sums = np.cumsum(future, axis=1)[:, ahead.knots - 1]
    ok_sum = np.cumsum(~known, axis=1)[:, ahead.knots - 1] == 0
    weight = np.concatenate([ok_at, ok_sum], axis=1).astype(float)
    weight[:, len(ahead.at) :] /= np.sqrt(ahead.knots)
    truth = np.concatenate([actual, sums], axis=1)
    weight_sum = np.maximum(weight.sum(axis=1), 1e-12)
    out.actual[:, j] = np.where(scored, np.where(known, future, 0.0).sum(axis=1), 0.0)
    out.scored[:, j] = scored
    position = {name: k for k, name in enumerate(out.models)}
    for name, grids in source.grids(end):
        k = position[name]
        grid = np.concatenate([grids.period, grids.total], axis=1)
        loss = (pinball(truth, at_levels(grid, levels), levels) * weight).sum(axis=1) / weight_sum / scale
        error = np.where(known, grids.mean - future, 0.0)
        inside = (actual >= at_levels(grids.period, np.array([0.05]))[..., 0]) & (
            actual <= at_levels(grids.period, np.array([0.95]))[..., 0]
        )
        pit = np.where(weight > 0, level_of(grid, truth, uniform), np.nan)
        hide = ~scored
        for target, value in (
            (out.loss, loss),
            (out.error, error.sum(axis=1)),
            (out.absolute, np.abs(error).sum(axis=1)),
            (out.square, (error**2).sum(axis=1)),
            (out.inside_90, (inside & ok_at).sum(axis=1) / np.maximum(ok_at.sum(axis=1), 1)),
        ):
            target[:, k, j] = np.where(hide, np.nan, value)
        pit[hide] = np.nan
        out.level[:, k, j] = pit
