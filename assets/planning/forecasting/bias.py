"""The bias monitor: what the forecasts of earlier origins were off by in one direction, corrected as far as it lasts.

A level that forgets slowly lags behind demand that grows or falls; a choice by pinball loss does not see it in one series, the
sum over a segment does. Stages: (1) per segment the log of actual over forecast at each origin, under models chosen on the
*other* origins; (2) what it will be next, from the origins before: their mean (a lasting bias) or a level that follows the newest
of them (a drift that began lately), whichever predicted the later origins best over all segments, by their series; (3) applied as far
as the doubt about it leaves it (positive-part James-Stein). A series whose own error had one sign at every origin is flagged,
not corrected: one series is too few.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from assets.planning.forecasting.evidence import Evidence
from assets.planning.sentences import joined, say

#: A series counts at most for this many median series of its segment: units of unlike items do not add up.
_LARGEST_SHARE = 20.0
#: Bounds of a correction; a segment that is off by more has another fault than a lag.
_BOUNDS = (0.8, 1.25)
#: Series that "no bias" counts for, as in the tournament's choice: a few series have no bias but accidents.
_PRIOR_SERIES = 20.0
#: Rules of what comes next: the mean of the origins (0), or a level that follows the newest by that share.
_RULES = (0.0, 0.4, 0.8)
#: Origins below which no lasting bias can be found, and the bias that is worth a flag.
_LEAST_ORIGINS, _FLAG_RATE = 3, 0.2


def bias_factors(
    evidence: Evidence, chosen: NDArray[np.int64], segments: NDArray[np.int64], weights: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Factor (n,) for the means of each series, that of its segment.

    chosen (n, O): model held at each origin by a choice that has not seen it. weights (O,): trust in each origin.
    """
    n, count = evidence.actual.shape
    out = np.ones(n)
    if count < _LEAST_ORIGINS:
        return out
    rows = np.arange(n)[:, None]
    error = evidence.error[rows, chosen, np.arange(count)[None, :]]
    known = evidence.scored & np.isfinite(error)
    actual, forecast = np.where(known, evidence.actual, 0.0), np.where(known, evidence.actual + error, 0.0)
    size = actual.sum(axis=1) / np.maximum(known.sum(axis=1), 1)
    ratios: dict[int, NDArray[np.float64]] = {}
    for code in np.unique(segments):
        member = (segments == code) & (size > 0)
        if not member.any():
            continue
        cap = _LARGEST_SHARE * float(np.median(size[member]))
        share = np.minimum(1.0, cap / size[member])[:, None]
        above, below = (share * actual[member]).sum(axis=0), (share * forecast[member]).sum(axis=0)
        good = (above > 0) & (below > 0)
        if good.sum() >= _LEAST_ORIGINS:
            ratios[int(code)] = np.where(good, np.log(np.where(good, above, 1.0) / np.where(good, below, 1.0)), np.nan)
    if not ratios:
        return out
    series = {code: float((segments == code).sum()) for code in ratios}
    missed = {
        rule: {code: float(np.mean(_errors(ratio, weights, rule) ** 2)) for code, ratio in ratios.items()}
        for rule in _RULES
    }
    rule = min(
        _RULES,
        key=lambda each: sum(series[code] * missed[each][code] / max(missed[0.0][code], 1e-12) for code in ratios),
    )
    for code, ratio in ratios.items():
        expected = _next(ratio, weights, rule)
        kept = max(0.0, 1.0 - _doubt(ratio, weights, rule, missed[rule][code]) / max(expected**2, 1e-12))
        kept *= series[code] / (series[code] + _PRIOR_SERIES)
        out[segments == code] = float(np.clip(np.exp(kept * expected), *_BOUNDS))
    return out


def _next(ratio: NDArray[np.float64], weights: NDArray[np.float64], rule: float) -> float:
    """The log ratio to expect after origins with `ratio` (O,), oldest first, NaN where unknown; 0 where none is known."""
    known = np.isfinite(ratio)
    if not known.any():
        return 0.0
    values, trust = ratio[known], weights[known]
    if rule == 0.0:
        return float((trust * values).sum() / trust.sum())
    level = 0.0
    for value in values:
        level += rule * (value - level)
    return float(level)


def _doubt(ratio: NDArray[np.float64], weights: NDArray[np.float64], rule: float, missed: float) -> float:
    """Variance of what `_next` says: of a mean, the scatter over the origins that it rests on; of a level that follows by the share
    `rule`, that part of its squared misses that is not the scatter of the next origin itself."""
    if rule > 0.0:
        return missed * rule / 2.0
    known = np.isfinite(ratio)
    share = weights[known] / weights[known].sum()
    scatter = float((share * (ratio[known] - (share * ratio[known]).sum()) ** 2).sum())
    return scatter / max(1.0 - float((share**2).sum()), 1e-9) * float((share**2).sum())


def _errors(ratio: NDArray[np.float64], weights: NDArray[np.float64], rule: float) -> NDArray[np.float64]:
    """What a rule missed each origin by that has one before it, reading the earlier ones alone."""
    at = [j for j in range(1, len(ratio)) if np.isfinite(ratio[j])]
    return np.array([_next(ratio[:j], weights[:j], rule) - ratio[j] for j in at])


def monitored(
    reasons: NDArray[np.object_], evidence: Evidence, model: NDArray[np.int64], factors: NDArray[np.float64]
) -> NDArray[np.object_]:
    """The reasons (n,), with the correction of each series' mean and a flag on lasting bias of its own."""
    out = reasons.copy()
    error = evidence.error[np.arange(len(model)), model]
    known = evidence.scored & np.isfinite(error)
    total = np.where(known, evidence.actual, 0.0).sum(axis=1)
    rate = np.where(known, error, 0.0).sum(axis=1) / np.where(total > 0, total, np.inf)
    signs = np.where(known, np.sign(error), 0.0).sum(axis=1)
    lasting = (known.sum(axis=1) > _LEAST_ORIGINS) & (np.abs(signs) == known.sum(axis=1)) & (np.abs(rate) >= _FLAG_RATE)
    for i in range(len(out)):
        if abs(factors[i] - 1.0) >= 0.005:
            out[i] = joined(out[i], say("mean_moved", f"{factors[i] - 1.0:+.1%}"))
        if lasting[i]:
            out[i] = joined(out[i], say("lasting_bias", f"{rate[i]:+.0%}"))
    return out
