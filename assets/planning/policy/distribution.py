"""Questions to a demand distribution that is a quantile grid: quantiles, expected shortage, levels for a fill rate.

All functions are vectorised over rows: grids are (n, levels), everything else (n,).
"""

from __future__ import annotations

import numpy as np

from assets.planning.parameters.mixture import LEVELS, level_weights

_WEIGHTS = level_weights(LEVELS)


def quantile(grid: np.ndarray, probability: np.ndarray) -> np.ndarray:
    """Quantile of each row at its own probability, linear between the levels, held to the outermost ones."""
    p = np.clip(probability, LEVELS[0], LEVELS[-1])
    right = np.searchsorted(LEVELS, p, side="left").clip(1, len(LEVELS) - 1)
    share = (p - LEVELS[right - 1]) / (LEVELS[right] - LEVELS[right - 1])
    rows = np.arange(len(grid))
    return (1 - share) * grid[rows, right - 1] + share * grid[rows, right]


def expected_shortage(grid: np.ndarray, stock: np.ndarray) -> np.ndarray:
    """E[(demand - stock)+], units."""
    return np.clip(grid - np.asarray(stock)[:, None], 0, None) @ _WEIGHTS


def level_for_fill(
    protection: np.ndarray, lead: np.ndarray, lot: np.ndarray, fill_rate: np.ndarray, steps: int = 40
) -> np.ndarray:
    """Lowest reorder level at which the share of units not shipped from stock is 1 - fill_rate, per cycle.

    The shortage of a cycle that starts at level x and brings `lot` units is E[(D_protection - x)+] less what was
    already short when the last lot came, E[(D_lead - x - lot)+]; the cycle sells `lot` units (Silver, Pyke and
    Thomas, 4th ed., 7.A.4; Axsaeter, Inventory Control, 3rd ed., 5.3.2). Bisection; the level is never negative.
    """
    target = (1 - fill_rate) * lot
    low, high = np.zeros(len(lot)), protection[:, -1].copy()
    for _ in range(steps):
        middle = (low + high) / 2
        short = expected_shortage(protection, middle) - expected_shortage(lead, middle + lot)
        enough = short <= target
        high, low = np.where(enough, middle, high), np.where(enough, low, middle)
    return high


def fill_rate_of(protection: np.ndarray, lead: np.ndarray, lot: np.ndarray, level: np.ndarray) -> np.ndarray:
    """Share of units shipped from stock at a reorder level and lot; 1 where nothing sells."""
    short = expected_shortage(protection, level) - expected_shortage(lead, level + lot)
    return np.clip(1 - np.divide(short, lot, out=np.zeros_like(short), where=lot > 0), 0, 1)


def cycle_service_of(protection: np.ndarray, level: np.ndarray) -> np.ndarray:
    """P(demand of the protection interval <= level), from the grid."""
    below = (protection < level[:, None]).sum(axis=1).clip(1, len(LEVELS) - 1)
    rows = np.arange(len(level))
    low, high = protection[rows, below - 1], protection[rows, below]
    share = np.clip(np.divide(level - low, high - low, out=np.ones_like(level), where=high > low), 0, 1)
    probability = LEVELS[below - 1] + share * (LEVELS[below] - LEVELS[below - 1])
    return np.where(level >= protection[:, -1], 1.0, np.where(level < protection[:, 0], 0.0, probability))
