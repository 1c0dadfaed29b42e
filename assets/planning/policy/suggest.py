"""The order itself: whether one is due, how much, and what keeps it from being what the level asks."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from assets.planning.policy.levels import Levels
from assets.planning.policy.rounding import round_down, round_up, smallest_order

LOTS = ("r_q", "two_bin")


@dataclass(frozen=True)
class Suggestion:
    """Per row: units to order (>= 0, deliverable) and what happened to it on the way."""

    units: np.ndarray
    is_due: np.ndarray
    is_cut: np.ndarray
    is_refused: np.ndarray


def suggest(
    policy: np.ndarray,
    level: Levels,
    position: np.ndarray,
    minimum: np.ndarray,
    multiple: np.ndarray,
    most_units: np.ndarray,
    max_waste_rate: float,
) -> Suggestion:
    """Order of each row now.

    Args:
        most_units: position after the order above which it would expire or not fit (infinite: no bound).
        max_waste_rate: a lot that cannot be made smaller (MOQ, pack) and of which more than this share exceeds
            most_units is refused: a planner must decide.
    """
    is_due = position <= level.reorder_point
    stockless = level.order_up_to <= 0
    is_due = np.where(stockless, position < 0, is_due)
    gap = np.clip(level.order_up_to - position, 0, None)
    step = np.maximum(level.quantity, 1e-9)
    # (r, Q): the fewest lots that lift the position above the reorder point
    lots = (np.floor(np.clip(level.reorder_point - position, 0, None) / step + 1e-9) + 1) * level.quantity
    wanted = np.where(np.isin(policy, LOTS) & (level.quantity > 0), lots, gap)
    wanted = round_up(np.where(is_due, wanted, 0.0), minimum, multiple)
    room = np.clip(most_units - position, 0, None)
    fits = np.where(np.isfinite(room), round_down(np.where(np.isfinite(room), room, 0.0), multiple), wanted)
    cut = wanted > fits
    smallest = np.where(wanted > 0, smallest_order(minimum, multiple), 0.0)
    held = np.where(cut, np.maximum(fits, smallest), wanted)
    waste = np.divide(held - room, held, out=np.zeros_like(held), where=np.isfinite(room) & (held > 0))
    refused = cut & (waste > max_waste_rate)
    return Suggestion(np.where(refused, 0.0, held), is_due & (wanted > 0), cut, refused)
