"""The bias monitor: what the forecasts of earlier origins were off by in one direction, corrected as far as it lasts.

A level that forgets slowly lags behind demand that grows; a choice by pinball loss does not see it in one series, the sum
over a segment does. Per segment, the log of actual over forecast at each origin, under models chosen on the *other*
origins, has a mean and a scatter between origins; the mean is applied as far as the scatter leaves it (positive-part
James-Stein). A series whose own error had one sign at every origin is flagged, not corrected: one series is too few.
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
#: Origins below which nothing lasting can be told, and the bias that is worth a flag.
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
    for code in np.unique(segments):
        member = (segments == code) & (size > 0)
        if not member.any():
            continue
        cap = _LARGEST_SHARE * float(np.median(size[member]))
        share = np.minimum(1.0, cap / size[member])[:, None]
        above, below = (share * actual[member]).sum(axis=0), (share * forecast[member]).sum(axis=0)
        good = (above > 0) & (below > 0)
        if good.sum() < _LEAST_ORIGINS:
            continue
        ratio, weight = np.log(above[good] / below[good]), weights[good] / weights[good].sum()
        mean = float((weight * ratio).sum())
        scatter = float((weight * (ratio - mean) ** 2).sum()) / max(1.0 - float((weight**2).sum()), 1e-9)
        doubt = scatter * float((weight**2).sum())
        series = float(member.sum())
        kept = max(0.0, 1.0 - doubt / max(mean**2, 1e-12)) * series / (series + _PRIOR_SERIES)
        out[segments == code] = float(np.clip(np.exp(kept * mean), *_BOUNDS))
    return out


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
