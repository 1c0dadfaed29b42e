"""Questions to a demand distribution that is a quantile grid: quantiles, expected shortage, levels for a fill rate.

All functions are vectorised over rows: grids are (n, levels), everything else (n,).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from assets.planning.parameters.mixture import LEVELS, level_weights

_WEIGHTS = level_weights(LEVELS)


@dataclass(frozen=True)
class Bracket:
    """The two levels of the grid between which a quantile of each row lies, and its probability held to the grid's; all (n,)."""

    probability: np.ndarray
    below: np.ndarray
    below_units: np.ndarray
    above: np.ndarray
    above_units: np.ndarray


def bracket(grid: np.ndarray, probability: np.ndarray) -> Bracket:
    """Where each row's quantile is read."""
    p = np.clip(probability, LEVELS[0], LEVELS[-1])
    right = np.searchsorted(LEVELS, p, side="left").clip(1, len(LEVELS) - 1)
    rows = np.arange(len(grid))
    return Bracket(p, LEVELS[right - 1], grid[rows, right - 1], LEVELS[right], grid[rows, right])


def quantile(grid: np.ndarray, probability: np.ndarray) -> np.ndarray:
    """Quantile of each row at its own probability, linear between the levels, held to the outermost ones."""
    found = bracket(grid, probability)
    share = (found.probability - found.below) / (found.above - found.below)
    return (1 - share) * found.below_units + share * found.above_units


def expected_shortage(grid: np.ndarray, stock: np.ndarray) -> np.ndarray:
    """E[(demand - stock)+], units."""
    return np.clip(grid - np.asarray(stock)[:, None], 0, None) @ _WEIGHTS


def cycle_shortage(protection: np.ndarray, lead: np.ndarray, level: np.ndarray, credit: np.ndarray) -> np.ndarray:
    """Units that go short in a cycle: E[(D_protection - level)+] less E[(D_lead - level - credit)+].

    The second is what was already short before the cycle.

    credit: the lot where orders are lots above a reorder level (it arrives before the cycle begins), 0 where the level
    is an order-up-to level. Silver, Pyke and Thomas, 4th ed., 7.9 and 7.A.4; Axsaeter, Inventory Control, 5.3.2.
    """
    return expected_shortage(protection, level) - expected_shortage(lead, level + credit)


def level_for_fill(
    protection: np.ndarray,
    lead: np.ndarray,
    sold: np.ndarray,
    credit: np.ndarray,
    fill_rate: np.ndarray,
    steps: int = 40,
) -> np.ndarray:
    """Lowest level at which the units short in a cycle are (1 - fill_rate) of the units `sold` in it.

    Bisection; the level is never negative nor above the last point of the protection grid.
    """
    target = (1 - fill_rate) * sold
    low, high = np.zeros(len(sold)), protection[:, -1].copy()
    for _ in range(steps):
        middle = (low + high) / 2
        enough = cycle_shortage(protection, lead, middle, credit) <= target
        high, low = np.where(enough, middle, high), np.where(enough, low, middle)
    return high


def fill_rate_of(
    protection: np.ndarray, lead: np.ndarray, sold: np.ndarray, credit: np.ndarray, level: np.ndarray
) -> np.ndarray:
    """Share of units shipped from stock at a level; 1 where nothing sells."""
    short = cycle_shortage(protection, lead, level, credit)
    return np.clip(1 - np.divide(short, sold, out=np.zeros_like(short), where=sold > 0), 0, 1)


def cycle_service_of(protection: np.ndarray, level: np.ndarray) -> np.ndarray:
    """P(demand of the protection interval <= level), from the grid."""
    below = (protection < level[:, None]).sum(axis=1).clip(1, len(LEVELS) - 1)
    rows = np.arange(len(level))
    low, high = protection[rows, below - 1], protection[rows, below]
    share = np.clip(np.divide(level - low, high - low, out=np.ones_like(level), where=high > low), 0, 1)
    probability = LEVELS[below - 1] + share * (LEVELS[below] - LEVELS[below - 1])
    return np.where(level >= protection[:, -1], 1.0, np.where(level < protection[:, 0], 0.0, probability))
