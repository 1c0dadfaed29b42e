"""Shape and types of frames: dates as timestamps, and tables that keep their types without rows. No figures are made here."""

from __future__ import annotations

import numpy as np
import pandas as pd

_DATE = ("_date",)
_NUMBER = (
    "_units",
    "_value",
    "_rate",
    "_days",
    "_rank",
    "point_no",
    "stage_no",
    "alternative_no",
    "events_no",
    "level_no",
    "lines_no",
    "components_no",
    "_orders",
    "_cycles",
    "_warehouses",
)


def shaped(frame: pd.DataFrame, columns: list[str]) -> pd.DataFrame:
    """The columns in that order; `_date` as timestamps, `_units`, `_value`, `_rate`, `_days` and counts as numbers.

    An empty frame has no types; a table made of it would have integers where the next run has dates.
    """
    result = frame.reindex(columns=columns)
    for name in columns:
        if name.endswith(_DATE):
            result[name] = pd.to_datetime(result[name]).astype("datetime64[ns]")
        elif name.endswith(_NUMBER):
            result[name] = result[name].astype(float)
        else:
            result[name] = result[name].astype(object if len(result) else str)
    return result


def timestamps(column: pd.Series) -> pd.Series:
    """A column of dates as timestamps; one that is of that kind already is given back untouched, which is quick."""
    return column if pd.api.types.is_datetime64_any_dtype(column) else pd.to_datetime(column)


def not_before(dates: pd.Series, day: pd.Timestamp) -> pd.Series:
    """Dates as timestamps, none before `day`; what is not known stays so."""
    known = timestamps(dates)
    return known.where(known.isna() | (known >= day), day)


def company_of(item_id: pd.Series) -> np.ndarray:
    """(n,) company of each item (`company/item`): values of companies are in their own currencies and are not ranked together."""
    if item_id.empty:  # partitioned, nothing has no columns
        return np.array([], dtype=object)
    parts = item_id.astype(str).str.partition("/")
    return np.where(parts[1] == "/", parts[0], "")
