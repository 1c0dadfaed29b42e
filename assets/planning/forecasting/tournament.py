"""Which model each series gets, and why.

The loss of a series over a few origins is noisy; the loss of its segment is not. How far a series may leave its
segment's favourite is learned: by the variance of losses between series against their variance between origins
(empirical Bayes). A former choice stays unless it is beaten by a margin.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from assets.planning.forecasting.evidence import Evidence
from assets.planning.sentences import say


@dataclass(frozen=True)
class Choice:
    """Index of the chosen model (n,), the shrunken losses (n, C) and the reason of each choice (n,)."""

    model: NDArray[np.int64]
    shrunken: NDArray[np.float64]
    reason: NDArray[np.object_]


def series_losses(evidence: Evidence) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Scaled pinball of each model per series (n, C), NaN without an origin; and the origins that counted (n,)."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        loss = np.nanmean(evidence.loss, axis=2)
    return loss, evidence.scored.sum(axis=1)


def shrunken_losses(
    evidence: Evidence, segments: NDArray[np.int64], floor: float, overlap: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Losses (n, C) of each series shrunk to its segment's, and the segment's own (n, C).

    Per segment and model, the loss beside that of the segment's best model varies between origins of one series (noise)
    and between series (what may be chosen by). The segment weighs as many origins as noise exceeds signal, at least
    `floor`; origins that overlap by `overlap` horizons count for less by that factor.
    """
    loss, origins = series_losses(evidence)
    known = origins > 0
    overall = np.nanmean(loss[known], axis=0) if known.any() else np.ones(loss.shape[1])
    shrunken, prior = np.tile(overall, (len(loss), 1)), np.tile(overall, (len(loss), 1))
    for code in np.unique(segments):
        member = segments == code
        seen = np.flatnonzero(member & known)
        if len(seen) == 0:
            continue
        trust = len(seen) / (len(seen) + 20.0)
        centre = trust * loss[seen].mean(axis=0) + (1 - trust) * overall
        prior[member] = shrunken[member] = centre
        best = int(centre.argmin())
        gap = evidence.loss[seen] - evidence.loss[seen, best][:, None, :]
        weight = np.maximum(_noise_over_signal(gap, origins[seen]) * overlap, floor)
        share = origins[seen, None] / (origins[seen, None] + weight[None, :])
        own = loss[seen] - loss[seen, best][:, None]
        shrunken[seen] = centre[best] + share * own + (1 - share) * (centre - centre[best])
    return shrunken, prior


def _noise_over_signal(gap: NDArray[np.float64], origins: NDArray[np.int64]) -> NDArray[np.float64]:
    """Variance of `gap` (n, C, O) within series over its variance between them (C,); large where no signal is seen."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        mean = np.nanmean(gap, axis=2)
        within = (
            np.nanmean(np.nanvar(gap, axis=2)[origins > 1], axis=0) if (origins > 1).any() else np.zeros(gap.shape[1])
        )
    count = max(float(origins.mean()), 1.0)
    within = within * count / max(count - 1.0, 0.5)
    between = np.maximum(mean.var(axis=0) - within / count, 1e-9)
    return np.nan_to_num(within / between)


def choose(
    evidence: Evidence,
    segments: NDArray[np.int64],
    segment_names: tuple[str, ...],
    *,
    segment_weight: float,
    overlap: float,
    hysteresis: float,
    eligible: NDArray[np.bool_] | None = None,
    previous: NDArray[np.int64] | None = None,
) -> Choice:
    """Pick a model per series, among the `eligible` ones (n, C) where given.

    `previous` (n,) holds the index of the model of the last vintage, -1 for none. Ties go to the earlier model.
    """
    shrunken, prior = shrunken_losses(evidence, segments, segment_weight, overlap)
    origins = evidence.scored.sum(axis=1)
    if eligible is not None:
        shrunken, prior = np.where(eligible, shrunken, np.inf), np.where(eligible, prior, np.inf)
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
    """One sentence per series (`assets.planning.sentences`)."""
    order = np.sort(shrunken, axis=1)
    second = order[:, 1] if order.shape[1] > 1 else order[:, 0]
    out = np.empty(len(model), dtype=object)
    favourite = prior.argmin(axis=1)
    for i in range(len(model)):
        segment = names[segments[i]]
        if origins[i] == 0:
            out[i] = say("no_history_of_its_own", segment)
        elif held[i]:
            rival = evidence.models[best[i]]
            out[i] = say("kept_model", rival)
        elif model[i] == favourite[i]:
            lead = second[i] / max(shrunken[i, model[i]], 1e-12) - 1
            out[i] = say("best_of_both", segment, origins[i], f"{lead:.1%}")
        else:
            gain = shrunken[i, favourite[i]] / max(shrunken[i, model[i]], 1e-12) - 1
            out[i] = say("better_than_segment", origins[i], f"{gain:.1%}", evidence.models[favourite[i]], segment)
    return out
