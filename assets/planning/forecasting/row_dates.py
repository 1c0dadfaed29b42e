"""Days of long frames: read as the writer's clock says, and added up to periods where rows are finer than the period.

Belongs here: what a row's day is, and rows of days made rows of periods. What is wrong with a series is in `screening`.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from assets.planning.demand.periods import period_of_day, period_start_day, to_dates

#: An offset from UTC behind a time of day: the day is the one on the wall where the row was written.
_ZONE = r"(?<=\d)\s*(?:[+-]\d{2}:?\d{2}|Z|UTC)$"

_DAY_NAMES = {"D": "daily", "W": "weekly", "M": "monthly"}


def filled_share(frame: pd.DataFrame) -> NDArray[np.float64]:
    """Share of the period with a filled shelf: booleans, their texts, or rates; 1 where not said."""
    if "in_stock" not in frame.columns:
        return np.ones(len(frame))
    column = frame["in_stock"]
    if column.dtype == object or pd.api.types.is_string_dtype(column):
        text = column.astype(str).str.strip().str.lower()
        column = text.map({"true": 1.0, "false": 0.0, "yes": 1.0, "no": 0.0}).fillna(
            pd.to_numeric(text, errors="coerce")
        )
    return np.clip(pd.to_numeric(column, errors="coerce").fillna(1.0).to_numpy(dtype=float), 0.0, 1.0)


def days_of(column: pd.Series) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Day number of each row, as its own clock says, and whether it could be read.

    Of a categorical column each category is read once: a file of 30,000 series has 30,000 rows of every day.
    """
    if isinstance(column.dtype, pd.CategoricalDtype):
        days, good = days_of(pd.Series(column.cat.categories))
        code = column.cat.codes.to_numpy()  # -1, a missing day, reads what is put at the end
        return np.append(days, 0)[code], np.append(good, False)[code]
    if isinstance(column.dtype, pd.DatetimeTZDtype):
        column = column.dt.tz_localize(None)
    elif not pd.api.types.is_datetime64_any_dtype(column):
        text = column.astype("string").str.strip()
        has_time = text.str.contains(":", regex=False).fillna(False)
        column = text.where(~has_time, text.str.replace(_ZONE, "", regex=True))
    stamps = pd.to_datetime(column, errors="coerce")
    good = stamps.notna().to_numpy()
    days = stamps.fillna(pd.Timestamp(0)).to_numpy().astype("datetime64[D]").astype(np.int64)
    return days, good


def series_codes(column: pd.Series) -> tuple[NDArray[np.int32], list[str]]:
    """Number of the series of each row in the order of the names, and the names, stripped; a missing one is empty."""
    found = column if isinstance(column.dtype, pd.CategoricalDtype) else column.astype("category")
    names = np.append(found.cat.categories.astype("string").str.strip().to_numpy(dtype=str, na_value=""), "")
    code = found.cat.codes.to_numpy()
    used = np.bincount(code + 1, minlength=len(names)) > 0
    here = np.append(used[1:], used[0])  # code -1 is the last name
    unique, inverse = np.unique(names[here], return_inverse=True)
    number = np.zeros(len(names), dtype=np.int32)
    number[here] = inverse
    return number[code], [str(name) for name in unique]


def source_rows(frame: pd.DataFrame) -> NDArray[np.int64]:
    """Position of each row in the frame that people sent, which an aggregated frame keeps in `source_row`."""
    return frame["source_row"].to_numpy(np.int64) if "source_row" in frame.columns else np.arange(len(frame))


def finer_rows(frame: pd.DataFrame, freq: str) -> str:
    """What the rows are where several days of a series fall into one period: `daily`, `weekly`; empty where none do.

    The judgement is over the whole frame: a stray double row in one series is that series' own fault.
    """
    if "period_start_date" not in frame.columns or freq == "D":
        return ""
    days, good = days_of(frame["period_start_date"])
    code, _ = series_codes(frame["series_id"])
    period = period_of_day(days, freq)
    order = np.lexsort((days, code))
    order = order[good[order]]
    same = code[order][1:] == code[order][:-1]
    gap = np.diff(days[order])[same]
    shared = (np.diff(period[order])[same] == 0) & (gap > 0)
    if shared.sum() <= 0.25 * max(len(gap), 1) or not len(gap):
        return ""
    return _DAY_NAMES["D" if np.median(gap[gap > 0]) < 4 else "W"]


def aggregated(frame: pd.DataFrame, freq: str) -> pd.DataFrame:
    """Rows of days added up to periods: units summed, the filled share of the shelf averaged; rows that cannot be read
    are kept as they are, to be judged. A last period that the frame's newest day does not complete is left out.
    """
    days, good = days_of(frame["period_start_date"])
    units = pd.to_numeric(frame["demand_units"], errors="coerce")
    good &= np.isfinite(units.to_numpy(float)) | frame["demand_units"].isna().to_numpy()
    period = period_of_day(days, freq)
    newest = days[good].max() if good.any() else 0
    whole = good & (period_start_day(period + 1, freq) <= newest + 1)
    work = pd.DataFrame(
        {"series_id": frame["series_id"].to_numpy(), "period": period, "demand_units": units.to_numpy(float),
         "in_stock": filled_share(frame), "source_row": np.arange(len(frame))}
    )[whole]  # fmt: skip
    grouped = work.groupby(["series_id", "period"], dropna=False, sort=True)
    out = grouped.agg(in_stock=("in_stock", "mean"), source_row=("source_row", "first"))
    kept = [c for c in frame.columns if c not in ("series_id", "period_start_date", "demand_units", "in_stock")]
    if kept:  # what names a family or a place of the hierarchy is the same in all rows of a series
        work[kept] = frame.loc[whole, kept].to_numpy()
        out = out.join(work.groupby(["series_id", "period"], dropna=False, sort=True)[kept].first())
    out = out.assign(demand_units=grouped["demand_units"].sum(min_count=1)).reset_index()
    out.insert(1, "period_start_date", to_dates(period_start_day(out.pop("period").to_numpy(), freq)))
    bad = frame.assign(source_row=np.arange(len(frame))).loc[~good]
    bad = bad[[c for c in out.columns if c in bad.columns]]
    return out if bad.empty else pd.concat([out.astype(object), bad.astype(object)], ignore_index=True)
