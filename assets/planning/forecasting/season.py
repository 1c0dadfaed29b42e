"""Seasonal factors by shrunken harmonics: of a family of series together, then of the series itself.

Stages: (1) the newest cycles of every series are divided by its mean; (2) the mean over the family (where nobody names families:
of the series whose season has the same shape, `season_families`) is regressed on a trend and harmonics; (3) the harmonics are
shrunk by the positive-part James-Stein rule, so that a family without a season gets factors of one; (4) what is left of each
series is treated the same way. Demand of short or sparse series gets the season of its family, and its own only as far as the
data insist.

Drawback: a season that moves (a lunar holiday) is smeared; the calendar regressors carry it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from assets.planning.forecasting.panel import Panel
from assets.planning.forecasting.season_families import Curves, season_families

#: True length of a season in periods: a year has 52.18 weeks, which matters after a few years.
_EXACT = {52: 365.25 / 7}
#: Newest cycles read, and harmonics of family and series, by season length.
_CYCLES = {7: 20, 12: 6, 52: 5}
_HARMONICS = {7: (3, 3), 12: (5, 5), 52: (6, 3)}
#: Cycles that must be seen before a season is estimated: the family's harmonics and trend part from each other after
#: about a cycle and a third; a single series needs two to tell a season from an accident.
FAMILY_CYCLES, OWN_CYCLES = 1.35, 2.0


@dataclass(frozen=True)
class Seasons:
    """Multiplicative factors (n, window + horizon) for the columns `first_column ..`; one elsewhere."""

    first_column: int
    family: NDArray[np.float64]
    own: NDArray[np.float64]


def _design(columns: NDArray[np.int64], season: int, harmonics: int) -> NDArray[np.float64]:
    angle = 2 * np.pi * columns[:, None] * np.arange(1, harmonics + 1)[None, :] / _EXACT.get(season, season)
    parts = [np.cos(angle), np.sin(angle)]
    if season == 2 * harmonics:
        parts[1] = parts[1][:, :-1]
    return np.concatenate(parts, axis=1)


def _shrunken_waves(z: NDArray, design: NDArray, rest: NDArray, ahead: NDArray) -> NDArray[np.float64]:
    """Seasonal part (g, columns ahead) of the rows of z (g, window), shrunk towards none; relative to the trend."""
    window, waves = design.shape
    base = np.stack([np.ones(window), np.linspace(-1, 1, window)], axis=1)
    full = np.concatenate([base, design], axis=1)
    penalty = np.diag([1e-9, 1.0] + [0.5] * waves)
    beta = np.linalg.solve(full.T @ full + penalty, full.T @ z.T)
    fitted = full @ beta
    residual = ((z.T - fitted) ** 2).sum(axis=0) / max(window - waves - 2, 1)
    wave_part = design @ beta[2:]
    strength = (wave_part**2).sum(axis=0)
    keep = np.clip(1.0 - waves * residual / np.maximum(strength, 1e-12), 0.0, 1.0)
    both = np.concatenate([design, ahead]) @ beta[2:] * keep
    trend = np.maximum(beta[0] + rest[:, None] * beta[1], 0.25 * np.maximum(beta[0], 1e-9))
    return np.clip(1.0 + (both / trend).T, 0.15, 8.0)


def seasonal_factors(panel: Panel, end: int, horizon: int, season: int) -> Seasons | None:
    """Factors estimated from columns before `end` for the window read and the `horizon` columns after it.

    None where the season is 1 or no family has seen enough of it.
    """
    if season < 2 or end < FAMILY_CYCLES * season:
        return None
    cycles = _CYCLES.get(season, 6)
    family_waves, own_waves = _HARMONICS.get(season, (min(season // 2, 4), min(season // 2, 2)))
    first = max(0, end - cycles * season)
    window = end - first
    if window < OWN_CYCLES * season:
        family_waves = min(family_waves, 3)
    y, ok = panel.y[:, first:end], panel.ok[:, first:end]
    seen = ok.sum(axis=1)
    mean = np.where(ok, y, 0.0).sum(axis=1) / np.maximum(seen, 1)
    usable = (seen >= FAMILY_CYCLES * season) & (mean > 0)
    if not usable.any():
        return None
    ratio = np.where(ok, y / np.where(mean > 0, mean, 1.0)[:, None], 1.0)
    columns = np.arange(first, end + horizon) + panel.first_period
    rest = np.linspace(-1, -1 + 2 * (window + horizon - 1) / max(window - 1, 1), window + horizon)
    design = _design(columns, season, family_waves)
    group = panel.group
    if len(np.unique(group)) == 1:

        def curves_of(width: int) -> Curves:
            return lambda means: _shrunken_waves(means, design[:width], rest, design[width:])

        group = season_families(ratio, ok, usable, season, curves_of)
    families = int(group.max()) + 1
    total = np.zeros((families, window))
    number = np.zeros((families, window))
    np.add.at(total, group[usable], np.where(ok[usable], np.minimum(ratio[usable], 20.0), 0.0))
    np.add.at(number, group[usable], ok[usable])
    z = np.where(number > 0, total / np.maximum(number, 1), 1.0)
    family = _shrunken_waves(z, design[:window], rest, design[window:])[group]
    left = np.where(ok, ratio / family[:, :window], 1.0)
    design = _design(columns, season, own_waves)
    own = _shrunken_waves(left, design[:window], rest, design[window:])
    own[seen < OWN_CYCLES * season] = 1.0
    return Seasons(first, family, family * own)
