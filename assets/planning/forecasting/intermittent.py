"""Croston's family: levels of sparse demand updated when demand comes (or, for TSB, when it stays away).

Belongs here: point levels of Croston 1972, SBA (Syntetos & Boylan 2005), TSB (Teunter, Syntetos & Babai 2011), ADIDA
(Nikolopoulos et al. 2011) and IMAPA (Petropoulos & Kourentzes 2015). Recurrence of Croston: the first size and the
1-based position of the first demand start the two averages; at each demand both move by `alpha`. Unknown periods do not
count as waiting. All zeros give 0 and one demand gives a finite rate, where R's forecast 4.0.4 raised an error.
"""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

from assets.planning.forecasting.levels import weighted_moments


@njit(cache=True, nogil=True)
def _croston(y, ok, end, alpha, out):  # type: ignore[no-untyped-def]  # pragma: no cover - compiled
    for i in range(y.shape[0]):
        size, gap, waited, started = 0.0, 1.0, 0, False
        for t in range(end):
            if not ok[i, t]:
                continue
            waited += 1
            if y[i, t] > 0:
                if started:
                    size += alpha * (y[i, t] - size)
                    gap += alpha * (waited - gap)
                else:
                    size, gap, started = y[i, t], float(waited), True
                waited = 0
        out[i] = size / gap if started else 0.0


@njit(cache=True, nogil=True)
def _tsb(y, ok, end, alpha_size, alpha_rate, out):  # type: ignore[no-untyped-def]  # pragma: no cover - compiled
    for i in range(y.shape[0]):
        size, rate, seen, started = 0.0, 0.0, 0, False
        for t in range(end):
            if not ok[i, t]:
                continue
            seen += 1
            hit = 1.0 if y[i, t] > 0 else 0.0
            rate = hit if seen == 1 else rate + alpha_rate * (hit - rate)
            if hit > 0:
                size = size + alpha_size * (y[i, t] - size) if started else y[i, t]
                started = True
        out[i] = size * rate if started else 0.0


def croston_level(
    y: NDArray[np.float64], ok: NDArray[np.bool_], end: int, alpha: float = 0.1, *, corrected: bool = False
) -> NDArray[np.float64]:
    """Mean demand per period (n,) by Croston; `corrected` multiplies by 1 - alpha / 2 (SBA)."""
    out = np.empty(len(y))
    _croston(y, ok, end, alpha, out)
    return out * (1.0 - alpha / 2.0) if corrected else out


def tsb_level(
    y: NDArray[np.float64], ok: NDArray[np.bool_], end: int, alpha_size: float = 0.2, alpha_rate: float = 0.05
) -> NDArray[np.float64]:
    """Mean demand per period (n,) by TSB, which lets an item that is no longer asked for fade out."""
    out = np.empty(len(y))
    _tsb(y, ok, end, alpha_size, alpha_rate, out)
    return out


def aggregated_level(
    y: NDArray[np.float64], ok: NDArray[np.bool_], end: int, spans: tuple[int, ...], decay: float = 0.1
) -> NDArray[np.float64]:
    """Mean of levels (n,) of demand added up over blocks of each of `spans` periods, divided by the span.

    One span near the mean interval is ADIDA; several are IMAPA. Blocks end at `end`, so the newest one is complete. A
    block's demand is scaled up for its unknown periods; a block without a known period is unknown.
    """
    total = np.zeros(len(y))
    for span in spans:
        blocks = end // span
        if blocks == 0:
            total += weighted_moments(y, ok, end, decay, decay)[:, 0]
            continue
        cut = slice(end - blocks * span, end)
        known = ok[:, cut].reshape(len(y), blocks, span).sum(axis=2)
        units = np.where(ok[:, cut], y[:, cut], 0.0).reshape(len(y), blocks, span).sum(axis=2)
        summed = np.divide(units * span, known, out=np.zeros_like(units), where=known > 0)
        total += weighted_moments(summed, known > 0, blocks, decay, decay)[:, 0] / span
    return total / len(spans)
