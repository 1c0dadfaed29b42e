"""Excess against need: every possible move, best first, until either side is used up."""

from __future__ import annotations

import numpy as np
import pandas as pd


def match(candidates: pd.DataFrame) -> np.ndarray:
    """Units moved on each candidate, in its order; candidates are taken in the order given within an item.

    Args:
        candidates: item_id, from_warehouse_id, to_warehouse_id, excess_units (of the donor), need_units (of the
            receiver), step_units (a move is a whole number of these; 0: any). Both sides are shared by all their rows.
    """
    left_excess: dict[tuple[str, str], float] = {}
    left_need: dict[tuple[str, str], float] = {}
    moved = np.zeros(len(candidates))
    columns = ("item_id", "from_warehouse_id", "to_warehouse_id", "excess_units", "need_units", "step_units")
    rows = zip(*(candidates[name] for name in columns), strict=True)
    for position, (item, source, target, excess, need, step) in enumerate(rows):
        give = left_excess.get((item, source), float(excess))
        take = left_need.get((item, target), float(need))
        units = min(give, take)
        if step > 0:
            # a need of part of a pack takes the whole pack where the donor has one to spare
            units = np.floor(min(np.ceil(take / step - 1e-9) * step, give) / step + 1e-9) * step
        if units <= 0:
            continue
        moved[position] = units
        left_excess[item, source], left_need[item, target] = give - units, max(take - units, 0.0)
    return moved
