"""Days as numbers since 1970-01-01, and the month ends between them."""

from __future__ import annotations

from datetime import date

import numpy as np

_EPOCH = date(1970, 1, 1)


def day_number(day: date) -> int:
    """Days since 1970-01-01."""
    return (day - _EPOCH).days


def month_ends(first_day: int, last_day: int) -> list[int]:
    """Month ends from the month of `first_day` up to and including `last_day`."""
    first, after = (np.datetime64(day, "D").astype("datetime64[M]") for day in (first_day, last_day + 1))
    return [int((month + 1).astype("datetime64[D]").astype(np.int64)) - 1 for month in np.arange(first, after)]
