"""Description length of differences, in bits: the common scale on which explanations of a list compete.

A cell that agrees costs (almost) nothing; a cell that differs costs the surprise that it differs at all plus the length of
its amount (Rissanen's universal code for integers, to two leading terms). An explanation replaces the expected figures by
others, and pays for itself: for being an explanation, and for having been chosen among alternatives.

Bound on false alarms: a code length is a (sub-)probability, so by Markov's inequality an explanation that saves `t` bits
arises by chance with probability at most 2**-t for each list (Barron's no-hypercompression inequality; P. Gruenwald, The
Minimum Description Length Principle, 2007, section 3.3).
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Units = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]

# Quantities have six decimals (DECIMAL(28,6)); below half of the last one they are equal.
SMALLEST_UNITS = 5e-7


def differs(units: Units) -> Mask:
    """True where a difference is not zero at the precision of quantities."""
    return np.abs(units) > SMALLEST_UNITS


def surprise_bits(changed_cells: int, cells: int) -> float:
    """Bits that one differing cell costs before its amount, from how many cells usually differ (Laplace's estimate)."""
    return float(-np.log2((changed_cells + 1) / (cells + 2)))


def amount_bits(units: Units) -> Units:
    """Bits of the amounts of differences, 0 where there is none."""
    return np.where(differs(units), 1.0 + 2.0 * np.log2(1.0 + np.abs(units)), 0.0)


def length_bits(units: Units, surprise: float) -> Units:
    """Bits of each cell of a list of differences.

    Args:
        units: differences from what was expected, base units, any shape.
        surprise: bits of a cell that differs at all (`surprise_bits`).

    Returns:
        Bits per cell, same shape.
    """
    return np.where(differs(units), surprise + amount_bits(units), 0.0)
