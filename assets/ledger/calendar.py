"""Days as numbers since 1970-01-01, and the last days of the periods between them: of calendar months, or of a company's own periods."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

_EPOCH = date(1970, 1, 1)

Calendars = Mapping[str, Sequence[date]]
"""Last days of the accounting periods, ascending, of each company that does not close by calendar months."""


def day_number(day: date) -> int:
    """Days since 1970-01-01."""
    return (day - _EPOCH).days


def month_ends(first_day: int, last_day: int) -> list[int]:
    """Month ends from the month of `first_day` up to and including `last_day`."""
    first, after = (np.datetime64(day, "D").astype("datetime64[M]") for day in (first_day, last_day + 1))
    return [int((month + 1).astype("datetime64[D]").astype(np.int64)) - 1 for month in np.arange(first, after)]


def period_ends(calendars: Calendars, first_day: int, last_day: int) -> list[int]:
    """Days of `first_day` to `last_day` on which any company closes a period, ascending."""
    own = {day_number(day) for ends in calendars.values() for day in ends}
    return sorted({*month_ends(first_day, last_day), *(day for day in own if first_day <= day <= last_day)})


def closes(calendars: Calendars, company_code: str, day: date) -> bool:
    """Is it the last day of a period of the company?"""
    ends = calendars.get(company_code)
    return (day + timedelta(days=1)).day == 1 if ends is None else day in ends


def is_close(calendars: Calendars, layers: pa.Table) -> NDArray[np.bool_]:
    """Rows (columns item_id, snapshot_date) of days on which the item's own company closes a period."""
    company = pc.list_element(pc.split_pattern(layers["item_id"].cast(pa.string()), "/", max_splits=1), 0)
    companies = pc.unique(company).to_pylist()
    result = np.zeros(len(layers), dtype=np.bool_)
    for day in pc.unique(layers["snapshot_date"]).to_pylist():
        closing = pa.array([code for code in companies if closes(calendars, code, day)], pa.string())
        on_day = pc.equal(layers["snapshot_date"], pa.scalar(day, pa.date32()))
        result |= np.asarray(pc.and_(on_day, pc.is_in(company, value_set=closing)), dtype=np.bool_)
    return result


def of_own_periods(calendars: Calendars, layers: pa.Table, as_of: date) -> pa.Table:
    """Layers of days on which the item's own company closes a period, and of `as_of`."""
    if not calendars or not len(layers):
        return layers
    is_today = np.asarray(pc.equal(layers["snapshot_date"], pa.scalar(as_of, pa.date32())), dtype=np.bool_)
    return layers.filter(pa.array(is_today | is_close(calendars, layers)))


def months_of(days: NDArray[np.int32]) -> NDArray[np.int32]:
    """Months since 1970-01 of days since 1970-01-01."""
    return days.astype("datetime64[D]").astype("datetime64[M]").astype(np.int32)


def periods_of(
    calendars: Calendars, days: NDArray[np.int32], item: NDArray[np.int32], items: pa.Array
) -> NDArray[np.int32]:
    """A number that two days of an item share exactly where they are in one period of its company.

    Args:
        days: since 1970-01-01, one a row.
        item: code of each row's item into `items` (item_id).
    """
    periods = months_of(days)
    companies = np.array([str(name).split("/", 1)[0] for name in items.to_pylist()], dtype=object)
    for company, ends in calendars.items():
        rows = (companies == company)[item]
        periods[rows] = np.searchsorted([day_number(day) for day in ends], days[rows])
    return periods
