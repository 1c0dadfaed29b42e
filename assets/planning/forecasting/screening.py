"""What is wrong with a series, and what is done about it: refused with one reason, or taken with a note.

Belongs here: the defined answer to every kind of bad input. Series in = series forecast + series refused, always.

Refused: no identity, an unreadable, infinite or absurd figure, a day of another century, the same period twice, rows of
another frequency. Taken, with a note: gaps (no demand, or unknown on request), missing figures (unknown), negative demand (zero: returns
are beside demand, not inside it), a huge outlier (unknown), all zeros, one observation, an early end.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from assets.planning.demand.periods import period_of_day
from assets.planning.forecasting.row_dates import days_of, filled_share, series_codes, source_rows

#: A figure this many times the largest other one, in a series with eight others, is no demand but a slip of the
#: keyboard: two digits too many. Set 2026-11-21; the largest honest ratio in M3, M4 weekly, carparts and vn2 is 41.
OUTLIER_RATIO = 50.0
_OUTLIER_OTHERS = 8

#: No company asks for so many units in a period, and beyond it a float no longer counts single ones.
LARGEST_UNITS = 1e15

#: Years that a day of demand can be in, and the years without a row after which one of two rows is misdated.
_YEARS, _GAP_YEARS = (1900, 2100), 10


@dataclass(frozen=True)
class Refusal:
    """Why a series was refused, with the first row (position in the frame), the column and the value that say so."""

    row: int
    column: str
    value: str
    reason: str


@dataclass
class Screened:
    """Clean long columns of the series that were taken, and what was said about the others.

    `code` numbers the series in the order of `names`; `units` is NaN where unknown.
    """

    names: list[str]
    code: NDArray[np.int32]
    period: NDArray[np.int64]
    units: NDArray[np.float64]
    in_stock: NDArray[np.float64]
    row: NDArray[np.int64]
    refused: dict[str, Refusal] = field(default_factory=dict)
    notes: dict[str, list[str]] = field(default_factory=dict)

    def note(self, code: int, text: str) -> None:
        """Add a note to a series."""
        self.notes.setdefault(self.names[code], []).append(text)


def _periods(frame: pd.DataFrame, freq: str) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Period number of each row and whether it could be read."""
    if "period_start_date" in frame.columns:
        days, good = days_of(frame["period_start_date"])
        return period_of_day(days, freq), good
    if "t" in frame.columns:
        number = pd.to_numeric(frame["t"], errors="coerce").to_numpy(dtype=float)
        good = np.isfinite(number) & (number == np.floor(number))
        return np.where(good, number, 0).astype(np.int64), good
    raise ValueError("there is neither period_start_date nor t")


def screen(frame: pd.DataFrame, freq: str) -> Screened:
    """Check a long frame series by series.

    Raises ValueError only where series cannot be distinguished: a column is missing or the frame is empty.
    """
    missing = [c for c in ("series_id", "demand_units") if c not in frame.columns]
    if "period_start_date" not in frame.columns and "t" not in frame.columns:
        missing.insert(1 if "series_id" in missing else 0, "period_start_date or t")
    if missing:
        found = ", ".join(str(c) for c in frame.columns)
        raise ValueError(f"no column {', '.join(missing)}; the columns are {found}")
    if frame.empty:
        raise ValueError("the frame has no rows")
    period, readable = _periods(frame, freq)
    raw = frame["demand_units"]
    units = pd.to_numeric(raw, errors="coerce").to_numpy(dtype=float)
    is_text = raw.notna().to_numpy() & np.isnan(units)
    code, names = series_codes(frame["series_id"])
    out = Screened(names, code, period, units, filled_share(frame), source_rows(frame))
    count = len(names)

    def where(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
        return np.bincount(code[mask], minlength=count) > 0

    order = np.lexsort((period, code))
    again = np.zeros(len(code), dtype=bool)
    again[order[1:]] = (code[order[1:]] == code[order[:-1]]) & (period[order[1:]] == period[order[:-1]])
    named = np.array([name != "" for name in out.names])
    when = "period_start_date" if "period_start_date" in frame.columns else "t"
    coarse = f"rows are not of frequency {freq}: they lie further apart throughout"
    rules = [
        ("series_id", ~named[code], "series_id is missing"),
        (when, ~readable, "a period cannot be read"),
        ("demand_units", is_text, "demand_units holds text that is no number"),
        ("demand_units", np.isinf(units), "demand_units is infinite"),
        ("demand_units", np.abs(np.nan_to_num(units)) > LARGEST_UNITS, f"demand_units is beyond {LARGEST_UNITS:g}"),
        (
            when,
            _misdated(frame, code, readable),
            f"a day lies outside {_YEARS[0]} to {_YEARS[1]}, or {_GAP_YEARS} years from the row before it",
        ),
        (when, again, "a period appears twice: add its rows up or remove one"),
        (when, _other_frequency(frame, code, count, freq)[code], coarse),
        ("demand_units", (~where(np.isfinite(units)))[code], "no period has a figure"),
    ]
    bad = np.zeros(count, dtype=bool)
    for column, wrong, reason in rules:
        rows = np.flatnonzero(wrong)
        owners, first = np.unique(code[rows], return_index=True)
        for k, row in zip(owners, rows[first], strict=True):
            if not bad[k]:
                shown = frame[column].iloc[row]
                out.refused[out.names[k]] = Refusal(
                    int(out.row[row]), column, "" if pd.isna(shown) else str(shown), reason
                )
        bad[owners] = True
    keep = order[~bad[code[order]]]
    out.code, out.period, out.units = code[keep], period[keep], units[keep]
    out.in_stock, out.row = out.in_stock[keep], out.row[keep]
    _mend(out)
    return out


def _misdated(frame: pd.DataFrame, code: NDArray, readable: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Rows of another century, and the first row after a gap of years within a series."""
    if "period_start_date" not in frame.columns:
        return np.zeros(len(frame), dtype=bool)
    days, _ = days_of(frame["period_start_date"])
    year = days.astype("datetime64[D]").astype("datetime64[Y]").astype(np.int64) + 1970
    out = readable & ((year < _YEARS[0]) | (year > _YEARS[1]))
    order = np.lexsort((days, code))
    order = order[readable[order]]
    jump = (code[order][1:] == code[order][:-1]) & (np.diff(days[order]) > _GAP_YEARS * 366)
    out[order[1:][jump]] = True
    return out


def _other_frequency(frame: pd.DataFrame, code: NDArray, count: int, freq: str) -> NDArray[np.bool_]:
    """Series with eight rows or more whose dates all lie one coarser period apart: a week, a month or a quarter.

    Sparse demand is irregular; a monthly series in a weekly frame lies 28 to 31 days apart and never a whole number of
    weeks throughout.
    """
    if "period_start_date" not in frame.columns:
        return np.zeros(count, dtype=bool)
    days, _ = days_of(frame["period_start_date"])
    order = np.lexsort((days, code))
    same = code[order][1:] == code[order][:-1]
    gap = np.diff(days[order])[same]
    owner = code[order][1:][same]
    least, most = np.full(count, np.iinfo(np.int64).max), np.zeros(count, dtype=np.int64)
    np.minimum.at(least, owner, gap)
    np.maximum.at(most, owner, gap)
    weekly = (least == 7) & (most == 7)
    monthly = (least >= 28) & (most <= 31) & (least < most)
    quarterly = (least >= 90) & (most <= 92)
    coarser = {"D": weekly | monthly | quarterly, "W": monthly | quarterly, "M": quarterly}[freq]
    return (np.bincount(code, minlength=count) >= 8) & coarser


def _mend(out: Screened) -> None:
    """Negative demand becomes zero and huge outliers unknown; both are noted."""
    negative = out.units < 0
    for k, times in zip(*np.unique(out.code[negative], return_counts=True), strict=True):
        out.note(int(k), f"{times} negative figures taken as zero demand")
    out.units = np.where(negative, 0.0, out.units)
    known = np.isfinite(out.units)
    values = np.where(known, out.units, -np.inf)
    order = np.lexsort((values, out.code))
    last = np.flatnonzero(np.diff(np.append(out.code[order], -1)) != 0)
    others = np.bincount(out.code[known], minlength=len(out.names)) - 1
    for end in last:
        top, k = order[end], int(out.code[order[end]])
        runner = values[order[end - 1]] if end > 0 and out.code[order[end - 1]] == k else 0.0
        if others[k] >= _OUTLIER_OTHERS and runner > 0 and values[top] > OUTLIER_RATIO * runner:
            out.note(k, f"the figure {values[top]:g} is more than {OUTLIER_RATIO:g} times any other: taken as unknown")
            out.units[top] = np.nan
