"""Long frames to ragged arrays: what each row of a kernel reads, one after the other."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd

from assets.planning.shape import timestamps

KEYS = ["item_id", "warehouse_id"]


class Ragged(NamedTuple):
    """start (rows + 1,), day and units: entries start[i] .. start[i + 1] - 1 belong to row i, by day."""

    start: np.ndarray
    day: np.ndarray
    units: np.ndarray


def row_codes(keys: pd.DataFrame, frame: pd.DataFrame) -> np.ndarray:
    """Position of each row of `frame` among `keys`, -1 where it is not there."""
    return pd.MultiIndex.from_frame(keys[KEYS]).get_indexer(pd.MultiIndex.from_frame(frame[KEYS]))


def ragged(codes: np.ndarray, day: np.ndarray, units: np.ndarray, rows: int) -> Ragged:
    """Entries sorted by row and day; entries with code -1 or a day below 0 are left out."""
    use = (codes >= 0) & (day >= 0)
    codes, day, units = codes[use], day[use], units[use]
    order = np.lexsort((day, codes))
    start = np.concatenate([[0], np.cumsum(np.bincount(codes, minlength=rows))]).astype(np.int64)
    return Ragged(start, day[order].astype(np.int64), units[order].astype(float))


def days_from(dates: pd.Series, first: pd.Timestamp) -> np.ndarray:
    """Whole days from `first`; missing dates are -1."""
    return (timestamps(dates) - first).dt.days.fillna(-1).to_numpy(int)
