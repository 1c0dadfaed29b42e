"""Units of each option: best gain first, while a unit let go is worth more than a unit kept."""

from __future__ import annotations

import numpy as np
import pandas as pd


def allocate(
    found: pd.DataFrame, surplus_units: np.ndarray, worth_units: np.ndarray, step_units: np.ndarray
) -> np.ndarray:
    """Units placed on each option, in its order; options come best first.

    Args:
        found: row, shared_by, capacity_units. surplus_units: (rows,) what is too much. worth_units: (options,) units at
            the end of the row's queue that are worth less kept than by this option. step_units: (options,) units are a
            whole number of these; 0: any.
    """
    left = surplus_units.astype(float).copy()
    placed = np.zeros(len(left))
    room: dict[str, float] = {}
    units = np.zeros(len(found))
    columns = zip(found["row"], found["shared_by"], found["capacity_units"], strict=True)
    for at, (row, shared, capacity) in enumerate(columns):
        most = room.get(shared, float(capacity)) if shared else float(capacity)
        here = min(left[row], most, worth_units[at] - placed[row])
        if step_units[at] > 0:
            here = np.floor(here / step_units[at] + 1e-9) * step_units[at]
        if here <= 0:
            continue
        units[at] = here
        left[row] -= here
        placed[row] += here
        if shared:
            room[shared] = most - here
    return units
