"""Which model each series gets, and why.

The loss of a series over a few origins is noisy; the loss of its segment is not. Each model's loss, relative to the
mean of all models on that series, is averaged with the segment's, the segment counting for a set number of origins.
A former choice stays unless it is beaten by a margin.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from assets.planning.forecasting.evidence import Evidence


@dataclass(frozen=True)
class Choice:
    """Index of the chosen model (n,), the shrunken relative losses (n, C) and the reason of each choice (n,)."""

    model: NDArray[np.int64]
    shrunken: NDArray[np.float64]
    reason: NDArray[np.object_]


def relative_losses(evidence: Evidence) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Loss of each model over the mean of all models (n, C), NaN without an origin; and origins that counted (n,)."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        loss = np.nanmean(evidence.loss, axis=2)
    level = loss.mean(axis=1, keepdims=True)
    relative = np.divide(loss, level, out=np.ones_like(loss), where=level > 0)
    relative[np.isnan(loss)] = np.nan
    return relative, evidence.scored.sum(axis=1)


def segment_losses(relative: NDArray, segments: NDArray) -> NDArray[np.float64]:
    """Mean relative loss of each model in the segment of each series (n, C); of all series where a segment has none."""
    count = int(segments.max()) + 1
    known = ~np.isnan(relative[:, 0])
    overall = relative[known].mean(axis=0) if known.any() else np.ones(relative.shape[1])
    table = np.tile(overall, (count, 1))
    for code in range(count):
        member = known & (segments == code)
        if member.any():
            weight = member.sum() / (member.sum() + 20.0)
            table[code] = weight * relative[member].mean(axis=0) + (1 - weight) * overall
    return table[segments]


def choose(
    evidence: Evidence,
    segments: NDArray[np.int64],
    segment_names: tuple[str, ...],
    *,
    segment_weight: float,
    hysteresis: float,
    previous: NDArray[np.int64] | None = None,
) -> Choice:
    """Pick a model per series.

    `previous` (n,) holds the index of the model of the last vintage, -1 for none. Ties go to the earlier model.
    """
    relative, origins = relative_losses(evidence)
    prior = segment_losses(relative, segments)
    own = np.where(np.isnan(relative), 0.0, relative)
    shrunken = (own * origins[:, None] + prior * segment_weight) / np.maximum(origins + segment_weight, 1e-12)[:, None]
    if segment_weight == 0:
        shrunken[origins == 0] = prior[origins == 0]
    best = shrunken.argmin(axis=1)
    model = best.copy()
    rows = np.arange(len(best))
    former = np.full(len(best), -1) if previous is None else previous
    held = (former >= 0) & (former != best)
    held &= shrunken[rows, np.maximum(former, 0)] <= shrunken[rows, best] * (1.0 + hysteresis)
    model[held] = former[held]
    return Choice(
        model, shrunken, _reasons(evidence, shrunken, prior, origins, best, model, held, segments, segment_names)
    )


def _reasons(
    evidence: Evidence,
    shrunken: NDArray,
    prior: NDArray,
    origins: NDArray,
    best: NDArray,
    model: NDArray,
    held: NDArray,
    segments: NDArray,
    names: tuple[str, ...],
) -> NDArray[np.object_]:
    """One sentence per series."""
    order = np.sort(shrunken, axis=1)
    second = order[:, 1] if order.shape[1] > 1 else order[:, 0]
    out = np.empty(len(model), dtype=object)
    favourite = prior.argmin(axis=1)
    for i in range(len(model)):
        segment = names[segments[i]]
        if origins[i] == 0:
            out[i] = f"no origin with enough history: the best of segment {segment}"
        elif held[i]:
            rival = evidence.models[best[i]]
            out[i] = f"kept from the last vintage: {rival} is better by less than the margin"
        elif model[i] == favourite[i]:
            lead = second[i] / max(shrunken[i, model[i]], 1e-12) - 1
            out[i] = f"best of segment {segment} and of the series over {origins[i]} origins, by {lead:.1%}"
        else:
            gain = shrunken[i, favourite[i]] / max(shrunken[i, model[i]], 1e-12) - 1
            out[i] = (
                f"over {origins[i]} origins {gain:.1%} better than {evidence.models[favourite[i]]}, best of {segment}"
            )
    return out
