"""New items by analogy: what is not known of a series yet is taken from its family.

Buhlmann's credibility (1967): a level from w observations is worth w / (w + k), the family's mean the rest, where
k = variance within a series / variance between the series of the family. In a family of unlike items k is small and a
few observations suffice; a series without any is its family, with the family's whole spread.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def credible_level(
    level: NDArray[np.float64],
    variance: NDArray[np.float64],
    weight: NDArray[np.float64],
    seen: NDArray[np.float64],
    group: NDArray[np.int64],
    settled: float = 8.0,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Levels (n,) moved towards their group's mean, and the variance (n,) of what remains unknown about them.

    Args:
        level: mean demand per period of each series; variance: of its demand; weight: observations it rests on
            (their number, less what was forgotten).
        seen: observations of each series; group: its family.
        settled: series with this many observations describe the family, and keep their own level.

    A family without settled series teaches nothing: its series stay as they are.
    """
    out, doubt = level.copy(), np.where(weight > 0, variance / np.maximum(weight, 1e-9), 0.0)
    young = seen < settled
    if not young.any():
        return out, doubt
    for code in np.unique(group[young]):
        grown = (group == code) & ~young
        if grown.sum() < 3:
            continue
        mean, between = float(level[grown].mean()), float(level[grown].var())
        within = float(variance[grown].mean())
        member = (group == code) & young
        ratio = within / max(between, 1e-9)
        share = weight[member] / (weight[member] + ratio)
        out[member] = share * level[member] + (1.0 - share) * mean
        doubt[member] = (1.0 - share) * between
    return out, doubt
