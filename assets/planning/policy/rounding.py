"""From a wished quantity to one that the supplier delivers and the shelf can hold."""

from __future__ import annotations

import numpy as np


def clean_limits(moq: np.ndarray, multiple: np.ndarray, is_whole_units: bool) -> tuple[np.ndarray, np.ndarray]:
    """MOQ and multiple with nonsense (missing, negative, infinite) as none; whole units are a multiple of 1."""
    smallest = 1.0 if is_whole_units else 0.0
    clean_moq = np.where(np.isfinite(moq) & (moq > 0), moq, 0.0)
    clean_multiple = np.where(np.isfinite(multiple) & (multiple > 0), multiple, smallest)
    return clean_moq, clean_multiple


def round_up(quantity: np.ndarray, minimum: np.ndarray, multiple: np.ndarray) -> np.ndarray:
    """Smallest deliverable quantity >= quantity: 0 stays 0, else at least the minimum, in whole multiples (0: any)."""
    wanted = np.where(quantity > 0, np.maximum(quantity, minimum), 0.0)
    step = np.where(multiple > 0, multiple, 1.0)
    # 1e-9: a quantity that is a multiple up to rounding is not pushed to the next pack
    packs = np.ceil(wanted / step - 1e-9)
    return np.where(multiple > 0, packs * step, wanted) + 0.0


def round_down(quantity: np.ndarray, multiple: np.ndarray) -> np.ndarray:
    """Largest whole number of multiples <= quantity."""
    step = np.where(multiple > 0, multiple, 1.0)
    return np.where(multiple > 0, np.floor(np.clip(quantity, 0, None) / step + 1e-9) * step, np.clip(quantity, 0, None))


def smallest_order(minimum: np.ndarray, multiple: np.ndarray) -> np.ndarray:
    """Smallest quantity above 0 that is delivered: the minimum in whole multiples, one multiple without a minimum (1e-9 without both)."""
    return round_up(np.maximum(minimum, np.where(multiple > 0, multiple, 1e-9)), minimum, multiple)
