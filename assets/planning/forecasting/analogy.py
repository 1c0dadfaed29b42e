"""New items by analogy: what is not known of a series yet is taken from its family, on the scale of logarithms.

Buhlmann's credibility (1967) of log levels: a level from w observations is worth w / (w + k), the family's middle the
rest, where k = squared relative error of one observation / spread between the series of the family (both of logs). Items
of one family sell at rates that differ by factors, so an arithmetic mean would be that of its largest member: one series
of 1e12 made a new item with one sale of 3 a forecast of 4.5e10. Middle and spread are the median and the median
deviation, which no single member moves.
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

    A family without three settled series that sell teaches nothing: its series stay as they are.
    """
    out, doubt = level.copy(), np.where(weight > 0, variance / np.maximum(weight, 1e-9), 0.0)
    young = seen < settled
    if not young.any():
        return out, doubt
    for code in np.unique(group[young]):
        grown = (group == code) & ~young & (level > 0)
        if grown.sum() < 3:
            continue
        logs = np.log(level[grown])
        middle = float(np.median(logs))
        between = max(float((1.4826 * np.median(np.abs(logs - middle))) ** 2), 1e-4)
        within = float(np.median(variance[grown] / level[grown] ** 2))
        member = (group == code) & young
        mass = weight[member]
        # a series that has not sold yet has sold less than half a unit in the time seen
        own = np.log(np.maximum(level[member], 0.5 / np.maximum(mass, 1.0)))
        share = mass / (mass + within / between)
        left = (1.0 - share) * between
        # the mean of a lognormal lies above its median; by at most a half, whatever the family's spread
        out[member] = np.exp(share * own + (1.0 - share) * middle + np.minimum(left / 2.0, 0.4))
        doubt[member] = out[member] ** 2 * np.expm1(np.minimum(left, 2.0))
    return out, doubt
