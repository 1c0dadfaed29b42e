"""Regressors as columns of a long frame: what is known of them in the past and ahead, as arrays beside the demand."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from assets.planning.demand.periods import period_of_day, period_start_day, to_dates
from assets.planning.demand.settings import Frequency
from assets.planning.forecasting.row_dates import days_of


@dataclass(frozen=True)
class KnownAhead:
    """past: the frame without its rows ahead; rows: their positions in the frame. values: series_id, day and the regressors of
    every row.
    """

    past: pd.DataFrame
    rows: NDArray[np.int64]
    values: pd.DataFrame

    def rows_of_frame(self, rows: pd.Series) -> pd.Series:
        """Positions in the whole frame of positions in `past`."""
        return pd.Series(self.rows[rows.to_numpy(int)], index=rows.index) if len(rows) else rows

    def array(
        self, series: Sequence[str], first: int, count: int, horizon: int, freq: Frequency
    ) -> NDArray[np.float64]:
        """(regressors, series, count + horizon) mean of each in each period from number `first` on; NaN: unknown in the past.

        Raises:
            ValueError: a value ahead is missing: names regressor, series and period.
        """
        names = [name for name in self.values.columns if name not in ("series_id", "day")]
        wide = count + horizon
        out = np.full((len(names), len(series), wide), np.nan)
        code = pd.Index(series).get_indexer(pd.Index(self.values["series_id"]))
        column = period_of_day(self.values["day"].to_numpy(np.int64), freq) - first
        use = (code >= 0) & (column >= 0) & (column < wide)
        for k, name in enumerate(names):
            units = self.values[name].to_numpy(float)
            given = use & np.isfinite(units)
            total, number = np.zeros((len(series), wide)), np.zeros((len(series), wide))
            np.add.at(total, (code[given], column[given]), units[given])
            np.add.at(number, (code[given], column[given]), 1.0)
            out[k] = np.divide(total, number, out=out[k], where=number > 0)
            lacking = np.argwhere(~np.isfinite(out[k, :, count:]))
            if len(lacking):
                row, step = lacking[0]
                period = to_dates(period_start_day(np.array([first + count + step]), freq))[0]
                raise ValueError(
                    f"regressor {name}: series {series[row]!r} has no value for the period {str(period)[:10]}; add rows "
                    f"without demand for the {horizon} periods ahead"
                )
        return out


def split_ahead(frame: pd.DataFrame, names: Sequence[str]) -> KnownAhead:
    """The past of a frame, and what its regressors are in the past and ahead.

    A row ahead has no demand and lies after the last row with demand in the frame.

    Raises:
        ValueError: a column is missing or holds what is no number; the frame has no dates.
    """
    if "period_start_date" not in frame.columns:
        raise ValueError("regressors need period_start_date in the demand: numbered periods have no days")
    missing = [name for name in (*names, "series_id", "demand_units") if name not in frame.columns]
    if missing:
        raise ValueError(f"no column {', '.join(missing)}; the columns are {', '.join(map(str, frame.columns))}")
    day, good = days_of(frame["period_start_date"])
    series = frame["series_id"].astype("string").str.strip()
    values = pd.DataFrame({"series_id": series.to_numpy(object), "day": np.where(good, day, -1)})
    for name in names:
        number = pd.to_numeric(frame[name], errors="coerce")
        wrong = np.flatnonzero(number.isna().to_numpy() & frame[name].notna().to_numpy())
        if len(wrong):
            raise ValueError(f"row {wrong[0] + 2}, column {name}: {frame[name].iloc[wrong[0]]!r} is no number")
        values[name] = number.to_numpy(float)
    has_demand = frame["demand_units"].astype("string").str.strip().fillna("").ne("").to_numpy(bool)
    with_day = np.flatnonzero(has_demand & good)
    last = day[with_day].max() if len(with_day) else -1
    rows = np.flatnonzero(has_demand | ~good | (day <= last))
    return KnownAhead(frame.iloc[rows].reset_index(drop=True), rows, values[good].reset_index(drop=True))


def regressor_remarks(effects: Sequence[pd.DataFrame], names: Sequence[str]) -> tuple[str, ...]:
    """A sentence on what each regressor does, or that it is not used and why."""
    said = []
    for name in names:
        rows = pd.concat([part[part["feature"] == name] for part in effects], ignore_index=True)
        used = rows[rows["learned_from"] == "family"]
        if used.empty:
            why = (
                "it has no clear effect, or brought demand no nearer at earlier cuts"
                if (rows["learned_from"] == "not_used").any()
                else "too little is known of it"
            )
            said.append(f"{name}: not used; {why}")
            continue
        effect = float(used["effect_rate"].median())
        said.append(f"{name}: one more changes demand by {effect:+.1%}" + (
            f" (median of {len(used)} families)" if len(used) > 1 else ""
        ))  # fmt: skip
    return tuple(said)
