"""Long frames to dense arrays: series as rows, periods as columns, the newest period last.

Belongs here: the shape of the data. A `Panel` is what every model reads; nothing else in the stage uses frames.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numba import njit
from numpy.typing import NDArray

from assets.planning.demand.periods import period_of_day
from assets.planning.demand.promotions import UNSAID_UPLIFT, promotion_intensity
from assets.planning.demand.regressors import regressor_array


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
        families: names of the codes of `group`, empty where they have none.
        promotion: intensity of promotions (n, T + periods ahead that are planned): expected uplift x share of the
            period's days; None where nothing is promoted.
        regressors: values (k, n, T + periods ahead) of the regressors `regressor_names`, NaN where a past one is unknown; None
            where there are none.
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
    promotion: NDArray[np.float64] | None = None
    families: tuple[str, ...] = ()
    regressors: NDArray[np.float64] | None = None
    regressor_names: tuple[str, ...] = ()

    @property
    def family_names(self) -> NDArray[np.object_]:
        """Name of every code of `group`, empty where it has none."""
        count = int(self.group.max(initial=-1)) + 1
        return np.array([*self.families, *[""] * count][: max(count, len(self.families))], dtype=object)

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
            regressors=None if self.regressors is None else self.regressors[:, part],
        )


def panel_of_history(
    history: pd.DataFrame,
    *,
    key_columns: list[str],
    frequency: str,
    groups: pd.Series | None = None,
    promotions: pd.DataFrame | None = None,
    regressors: pd.DataFrame | None = None,
    regressor_names: tuple[str, ...] = (),
    horizon: int = 0,
) -> Panel:
    """Panel of a demand history that holds one row per series and period without gaps.

    Args:
        history: key columns, period_start_date, demand_units_imputed, in_stock_rate, is_censored.
        key_columns: identity of a series.
        frequency: D, W or M.
        groups: name of the family of each series, indexed by the key columns; missing ones form one family.
        promotions: past and planned ones (`demand.promotions`); without them the history's own flags are of the
            past, each as a promotion without an expectation, and nothing is known of the `horizon` periods ahead.
        regressors: past and future values (`demand.regressors`) of the declared `regressor_names`.

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
    families: tuple[str, ...] = ()
    if groups is not None:
        names = groups.reindex(pd.MultiIndex.from_frame(keys)).fillna("").to_numpy()
        codes_of, found = pd.factorize(names, sort=True)
        group, families = codes_of.astype(np.int64), tuple(str(name) for name in found)
    promotion = None
    if promotions is not None:
        promotion = promotion_intensity(promotions, keys, first, count + horizon, frequency)
    elif history["is_promotion"].any():
        promotion = np.zeros((len(keys), count + horizon))
        promotion[codes, column] = UNSAID_UPLIFT * history["is_promotion"].to_numpy(dtype=float)
    values = None
    if regressors is not None and regressor_names:
        named = keys.assign(category_name=np.array([*families, ""], dtype=object)[group] if families else "")
        values = regressor_array(regressors, named, regressor_names, first, count, horizon, frequency)
    return Panel(
        keys, y, ok, exact, start, group, first, frequency, promotion, families, values,
        regressor_names if values is not None else (),
    )  # fmt: skip


@njit(cache=True, nogil=True)
def _units(y, exact, end, out):  # type: ignore[no-untyped-def]  # pragma: no cover - compiled
    for i in range(y.shape[0]):
        divisor, sales = 0, 0
        for t in range(end):
            if not exact[i, t] or y[i, t] <= 0:
                continue
            value = y[i, t]
            sales += 1
            if value > 1e9 or value != np.floor(value):
                divisor = -1
                break
            whole = int(value)
            while whole:
                divisor, whole = whole, divisor % whole
            if divisor == 1:
                break
        if 0 < sales < 3 and divisor > 1:
            divisor = 1
        out[i] = 0.0 if divisor < 0 else max(divisor, 1)


def demand_unit(panel: Panel, end: int) -> NDArray[np.float64]:
    """Greatest common divisor of each series' recorded demand before column `end`; 0 for measures, 1 where fewer
    than three demands leave it unknown.

    A part sold by the dozen has a unit of twelve.
    """
    out = np.empty(len(panel.y))
    _units(panel.y, panel.exact, end, out)
    return out
