"""Long frames to dense arrays: series as rows, periods as columns, the newest period last.

Belongs here: the shape of the data. A `Panel` is what every model reads; nothing else in the stage knows frames.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numba import njit
from numpy.typing import NDArray

from assets.planning.demand.periods import period_of_day


@dataclass(frozen=True)
class Panel:
    """Demand of n series over T periods.

    Attributes:
        keys: identity of the series, n rows.
        y: demand in units per period (n, T); 0 before a series starts and where unknown.
        ok: periods that show demand (n, T): started, present and not hidden by an empty shelf.
        exact: the ones among them whose value is as recorded, not partly imputed (n, T).
        start: first column of each series (n,).
        group: code of the family that a series borrows its season and its beginnings from (n,).
        promotion: periods marked as promoted (n, T + periods ahead that are planned), None where nothing is marked.
        first_period: number of column 0 (see `demand.periods`).
    """

    keys: pd.DataFrame
    y: NDArray[np.float64]
    ok: NDArray[np.bool_]
    exact: NDArray[np.bool_]
    start: NDArray[np.int64]
    group: NDArray[np.int64]
    first_period: int
    frequency: str
    promotion: NDArray[np.bool_] | None = None

    @property
    def size(self) -> tuple[int, int]:
        """Number of series, number of periods."""
        return self.y.shape[0], self.y.shape[1]

    def rows(self, part: slice | NDArray) -> Panel:
        """The same panel with some of its series."""
        return replace(
            self,
            keys=self.keys.iloc[part],
            y=self.y[part],
            ok=self.ok[part],
            exact=self.exact[part],
            start=self.start[part],
            group=self.group[part],
            promotion=None if self.promotion is None else self.promotion[part],
        )


def panel_of_history(
    history: pd.DataFrame,
    *,
    key_columns: list[str],
    frequency: str,
    groups: pd.Series | None = None,
    future_promotions: pd.DataFrame | None = None,
    horizon: int = 0,
) -> Panel:
    """Panel of a demand history that holds one row per series and period without gaps.

    Args:
        history: key columns, period_start_date, demand_units_imputed, in_stock_rate, is_censored.
        key_columns: identity of a series.
        frequency: D, W or M.
        groups: name of the family of each series, indexed by the key columns; missing ones form one family.
        future_promotions: key columns and period_start_date of promotions planned for the `horizon` periods ahead.

    Censored periods in which the shelf was filled for less than half of the days count as unknown; the milder ones
    enter with their imputed value.
    """
    day = history["period_start_date"].to_numpy().astype("datetime64[D]").astype(np.int64)
    period = period_of_day(day, frequency)
    # numbers and keys apart: factorising the pairs of texts themselves takes ten times as long
    codes = history.groupby(key_columns, sort=True).ngroup().to_numpy()
    keys = history[key_columns].drop_duplicates().sort_values(key_columns, ignore_index=True)
    first = int(period.min()) if len(period) else 0
    count = int(period.max()) - first + 1 if len(period) else 0
    y = np.zeros((len(keys), count))
    ok = np.zeros((len(keys), count), dtype=bool)
    column = period - first
    y[codes, column] = history["demand_units_imputed"].to_numpy(dtype=float)
    censored = history["is_censored"].to_numpy(dtype=bool)
    ok[codes, column] = ~(censored & (history["in_stock_rate"].to_numpy(dtype=float) < 0.5))
    exact = np.zeros_like(ok)
    exact[codes, column] = ~censored
    start = np.full(len(keys), count, dtype=np.int64)
    np.minimum.at(start, codes, column)
    group = np.zeros(len(keys), dtype=np.int64)
    if groups is not None:
        names = groups.reindex(pd.MultiIndex.from_frame(keys)).fillna("").to_numpy()
        group = pd.factorize(names, sort=True)[0].astype(np.int64)
    promotion = np.zeros((len(keys), count + horizon), dtype=bool)
    promotion[codes, column] = history["is_promotion"].to_numpy(dtype=bool)
    if future_promotions is not None:
        planned = future_promotions["period_start_date"].to_numpy().astype("datetime64[D]").astype(np.int64)
        at = period_of_day(planned, frequency) - first
        row = pd.MultiIndex.from_frame(keys).get_indexer(pd.MultiIndex.from_frame(future_promotions[key_columns]))
        inside = (row >= 0) & (at >= count) & (at < count + horizon)
        promotion[row[inside], at[inside]] = True
    return Panel(keys, y, ok, exact, start, group, first, frequency, promotion if promotion.any() else None)


@njit(cache=True, nogil=True)
def _units(y, exact, end, out):  # type: ignore[no-untyped-def]  # pragma: no cover - compiled
    for i in range(y.shape[0]):
        divisor = 0
        for t in range(end):
            if not exact[i, t] or y[i, t] <= 0:
                continue
            value = y[i, t]
            if value > 1e9 or value != np.floor(value):
                divisor = -1
                break
            whole = int(value)
            while whole:
                divisor, whole = whole, divisor % whole
            if divisor == 1:
                break
        out[i] = 0.0 if divisor < 0 else max(divisor, 1)


def demand_unit(panel: Panel, end: int) -> NDArray[np.float64]:
    """Greatest common divisor of each series' recorded demand before column `end`; 0 for measures, 1 where unknown.

    A part sold by the dozen has a unit of twelve.
    """
    out = np.empty(len(panel.y))
    _units(panel.y, panel.exact, end, out)
    return out
