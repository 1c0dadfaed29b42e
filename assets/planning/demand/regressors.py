"""Landed regressors as arrays: which value of price, weather or event each series has in each period.

Belongs here: scopes and periods. What a regressor does to demand is learned in `forecasting.regressors`. The narrowest scope
that has a value in a period counts: item and warehouse, item, category and warehouse, category, warehouse, the company.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from assets.planning.demand.periods import period_of_day, period_start_day, to_day_numbers

#: Scopes from the widest to the narrowest, as the columns that a row must name; every row names its company.
_SCOPES = (
    (), ("warehouse_id",), ("category_name",), ("category_name", "warehouse_id"), ("item_id",), ("item_id", "warehouse_id"),
)  # fmt: skip


def regressor_array(
    rows: pd.DataFrame,
    series: pd.DataFrame,
    names: Sequence[str],
    first_period: int,
    count: int,
    horizon: int,
    freq: str,
) -> NDArray[np.float64]:
    """Values (regressors, n, count + horizon) in the periods from `first_period` on; NaN where a past one is unknown.

    Args:
        rows: company_code, regressor_name, start_date, end_date, item_id, warehouse_id, category_name (null or empty: all),
            regressor_value.
        series: item_id, warehouse_id, category_name, a row per series; the company is the part of the item id before the first `/`.
        names: regressors in the order of the answer.

    A period has the mean of its days that have a value. A series for which one of the `horizon` periods ahead has no value
    has 0 throughout: what is not known ahead can neither be learned nor applied.
    """
    out = np.zeros((len(names), len(series), count + horizon))
    codes = series.assign(company_code=series["item_id"].str.split("/").str[0]).reset_index(drop=True)
    for k, name in enumerate(names):
        mine = rows[rows["regressor_name"] == name]
        values = np.full(out.shape[1:], np.nan)
        for scope in _SCOPES:
            blank = {column: _is_blank(mine[column]) for column in ("item_id", "warehouse_id", "category_name")}
            keep = np.logical_and.reduce([blank[column] != (column in scope) for column in blank])
            if keep.any():
                own = _of_scope(mine[keep], codes, ["company_code", *scope], first_period, count + horizon, freq)
                values = np.where(np.isfinite(own), own, values)
        known = np.isfinite(values[:, count:]).all(axis=1)
        out[k, known] = values[known]
    return out


def _is_blank(column: pd.Series) -> NDArray[np.bool_]:
    return column.fillna("").astype(str).eq("").to_numpy(bool)


def _of_scope(
    rows: pd.DataFrame, codes: pd.DataFrame, scope: list[str], first: int, width: int, freq: str
) -> NDArray[np.float64]:
    """Values (n, width) of the series by rows of one scope, NaN where no row covers a day of the period."""
    wanted = pd.MultiIndex.from_frame(codes[scope].fillna("").astype(str))
    unique = wanted.unique()
    key = unique.get_indexer(pd.MultiIndex.from_frame(rows[scope].astype(str)))
    opens = period_start_day(first + np.arange(width + 1), freq)
    start = np.maximum(to_day_numbers(rows["start_date"]), opens[0])
    end = np.minimum(to_day_numbers(rows["end_date"]), opens[-1] - 1)
    use = (key >= 0) & (end >= start)
    key, start, end = key[use], start[use], end[use]
    value = rows["regressor_value"].to_numpy(float)[use]
    low, high = period_of_day(start, freq) - first, period_of_day(end, freq) - first
    size = high - low + 1
    row = np.repeat(np.arange(len(key)), size)
    column = low[row] + np.arange(len(row)) - np.repeat(np.cumsum(size) - size, size)
    days = (np.minimum(end[row] + 1, opens[column + 1]) - np.maximum(start[row], opens[column])).astype(float)
    total, covered = np.zeros((len(unique), width)), np.zeros((len(unique), width))
    np.add.at(total, (key[row], column), days * value[row])
    np.add.at(covered, (key[row], column), days)
    mean = np.divide(total, covered, out=np.full(total.shape, np.nan), where=covered > 0)
    return mean[unique.get_indexer(wanted)]
