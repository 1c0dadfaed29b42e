"""What one model over all series reads about a series at a week: levels, movement of its kin, season, what it is.

Only weeks up to the origin are read for a row's own figures. Shapes: (n, T) demand in units, `ok` True where the shelf was
filled (an empty shelf says nothing about demand).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

LEVEL_RATES = (0.02, 0.05, 0.12, 0.3)
WINDOWS = (1, 2, 4, 8, 13, 26, 52)
KIN_WINDOWS = (2, 4, 13)
SEASON_WEIGHTS = (0.1, 0.2, 0.4, 0.2, 0.1)


@dataclass(frozen=True)
class PooledPanel:
    """units, ok (n, T); week (T + ahead,) number of the week in its year, 1..53; kin: name -> codes (n,) of its groups."""

    units: np.ndarray
    ok: np.ndarray
    week: np.ndarray
    kin: dict[str, np.ndarray]


def moving_level(values: np.ndarray, ok: np.ndarray, rate: float) -> np.ndarray:
    """(n, T) exponentially weighted mean of the known values up to each period; 0 before the first."""
    above, below = np.zeros(len(values)), np.zeros(len(values))
    result = np.empty(values.shape)
    for t in range(values.shape[1]):
        above = above * (1 - rate) + np.where(ok[:, t], values[:, t], 0.0)
        below = below * (1 - rate) + ok[:, t]
        result[:, t] = above / np.maximum(below, 1e-9)
    return result


def window_sum(values: np.ndarray, periods: int) -> np.ndarray:
    """(n, T) sum of the last `periods` values."""
    total = np.cumsum(values, axis=1)
    before = np.zeros_like(total)
    before[:, periods:] = total[:, :-periods] if periods < total.shape[1] else 0.0
    return total - before


def window_mean(values: np.ndarray, ok: np.ndarray, periods: int) -> np.ndarray:
    """(n, T) mean of the known values of the last `periods`; NaN where none is known."""
    known = window_sum(ok.astype(float), periods)
    total = window_sum(np.where(ok, values, 0.0), periods)
    return np.divide(total, known, out=np.full(values.shape, np.nan), where=known > 0)


def year_shape(panel: PooledPanel, end: int, smoothing: tuple[float, ...] = SEASON_WEIGHTS) -> np.ndarray:
    """(53,) demand of each week of the year over all series before column `end`, smoothed, mean 1."""
    ok = panel.ok[:, :end]
    known = ok.sum(axis=0)
    mean = np.where(ok, panel.units[:, :end], 0.0).sum(axis=0) / np.maximum(known, 1)
    week = panel.week[:end] - 1
    count = np.bincount(week[known > 0], minlength=53)
    shape = np.bincount(week[known > 0], mean[known > 0], 53) / np.maximum(count, 1)
    seen = np.flatnonzero(count)
    shape = np.interp(np.arange(53), seen, shape[seen])
    reach = len(smoothing) // 2
    round_year = np.concatenate([shape[-reach:], shape, shape[:reach]])
    smooth = np.convolve(round_year, smoothing, "valid")
    return np.maximum(smooth / smooth.mean(), 0.05)


class PooledFeatures:
    """Features of all series at any origin before `end`; see `row_block`."""

    def __init__(self, panel: PooledPanel, end: int) -> None:
        self._panel, self._end = panel, end
        self.season = year_shape(panel, end)[panel.week - 1]
        self._ok = panel.ok[:, :end]
        self._flat = panel.units[:, :end] / self.season[:end]
        flat, ok = self._flat, self._ok
        levels = [moving_level(flat, ok, rate) for rate in LEVEL_RATES]
        means = [window_mean(flat, ok, periods) for periods in WINDOWS]
        square = window_mean(flat**2, ok, 26)
        self.level = np.maximum(0.5 * (levels[1] + levels[2]), 0.03)
        rest = [
            window_mean((panel.units[:, :end] == 0).astype(float), ok, 26),
            window_mean(ok.astype(float), np.ones_like(ok), 13),
            np.sqrt(np.maximum(square - means[WINDOWS.index(26)] ** 2, 0)),
        ]
        self._own = np.stack(levels + means, axis=-1)
        self._rest = np.stack(rest + self._kin_moves(levels[1]), axis=-1)

    def _kin_moves(self, base: np.ndarray) -> list[np.ndarray]:
        """Demand of each group over the last weeks against the slow level of its members: one column a group and window."""
        found = []
        for codes in self._panel.kin.values():
            groups = int(codes.max()) + 1
            sold, usual = np.zeros((groups, self._end)), np.zeros((groups, self._end))
            np.add.at(sold, codes, np.where(self._ok, self._flat, 0.0))
            np.add.at(usual, codes, np.where(self._ok, base, 0.0))
            for periods in KIN_WINDOWS:
                moved = window_sum(sold, periods) / np.maximum(window_sum(usual, periods), 1e-6)
                found.append(moved[codes])
        return found

    def _last_year(self, origin: int, target: int) -> np.ndarray:
        """(n, 1 + groups) demand around the same week a year before the target, against the half-year around it."""
        near = [t for t in (target - 53, target - 52, target - 51) if 0 <= t <= origin]
        far = [t for t in range(target - 65, target - 39) if 0 <= t <= origin]
        rows = len(self._flat)
        if not near:
            return np.full((rows, 1 + len(self._panel.kin)), np.nan)
        columns = []
        for codes in [np.arange(rows), *self._panel.kin.values()]:
            groups = int(codes.max()) + 1
            figures = []
            for span in (near, far):
                units = np.bincount(codes, np.where(self._ok[:, span], self._flat[:, span], 0.0).sum(axis=1), groups)
                known = np.bincount(codes, self._ok[:, span].sum(axis=1), groups)
                figures.append(units / np.maximum(known, 1))
            columns.append((figures[0] / np.maximum(figures[1], 0.05))[codes])
        return np.column_stack(columns)

    def row_block(self, origin: int, ahead: int) -> tuple[np.ndarray, np.ndarray]:
        """Features (n, f) at an origin for `ahead` periods later, and the log of the plain forecast (n,) they correct."""
        target = origin + ahead
        level = self.level[:, origin]
        week = float(self._panel.week[target])
        angle = 2 * np.pi * week / 52
        rows = len(level)
        same = np.tile([ahead, week, self.season[target], np.sin(angle), np.cos(angle)], (rows, 1))
        codes = np.column_stack(list(self._panel.kin.values()))
        own = self._own[:, origin, :]
        block = np.column_stack(
            [
                own,
                own / level[:, None],
                self._rest[:, origin, :],
                self._last_year(origin, target),
                same,
                np.log(level),
                codes,
            ]
        )
        return block.astype(np.float32), np.log(level * self.season[target])
