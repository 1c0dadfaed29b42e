"""On which days a supplier takes orders and delivers."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

import numpy as np
import pandas as pd

from assets.planning.policy.suppliers import ClosedPeriod, SupplierCalendar


def _open_days(weekdays: Sequence[int], closed: Sequence[ClosedPeriod]) -> np.busdaycalendar:
    mask = [day in weekdays for day in range(7)]
    shut = [np.arange(np.datetime64(each.from_date), np.datetime64(each.to_date) + 1) for each in closed]
    return np.busdaycalendar(weekmask=mask, holidays=np.concatenate(shut) if shut else np.array([], "datetime64[D]"))


def with_closures(calendars: Sequence[SupplierCalendar], closures: pd.DataFrame | None) -> tuple[SupplierCalendar, ...]:
    """The calendars of the settings with the closed days that the company's data says (supplier_id, from_date, to_date)."""
    if closures is None or closures.empty:
        return tuple(calendars)
    result = {calendar.supplier_id: calendar for calendar in calendars}
    for supplier, spans in closures.groupby("supplier_id", sort=True):
        closed = tuple(
            ClosedPeriod(from_date=pd.Timestamp(first).date(), to_date=pd.Timestamp(last).date())
            for first, last in zip(spans["from_date"], spans["to_date"], strict=True)
        )
        known = result.get(str(supplier), SupplierCalendar(supplier_id=str(supplier)))
        result[str(supplier)] = known.model_copy(update={"closed": (*known.closed, *closed)})
    return tuple(result.values())


def open_and_next(
    suppliers: np.ndarray, calendars: Sequence[SupplierCalendar], as_of: dt.date, days: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Calendars as the walk over the coming days reads them.

    Returns:
        (n,) line of each supplier, 0 where it has no calendar; (lines, days + 1) whether it takes orders on that day, and
        the first day from then on at which it delivers (at most the last).
    """
    lines = {calendar.supplier_id: 1 + place for place, calendar in enumerate(calendars)}
    line = np.array([lines.get(name, 0) if isinstance(name, str) else 0 for name in suppliers], np.int64)
    every = np.datetime64(as_of, "D") + np.arange(days + 1)
    takes = np.ones((len(lines) + 1, days + 1), np.bool_)
    first = np.tile(np.arange(days + 1), (len(lines) + 1, 1)).astype(np.int64)
    for place, calendar in enumerate(calendars):
        takes[place + 1] = np.is_busday(every, busdaycal=_open_days(calendar.order_weekdays, calendar.closed))
        brings = np.flatnonzero(np.is_busday(every, busdaycal=_open_days(calendar.delivery_weekdays, calendar.closed)))
        at = np.searchsorted(brings, np.arange(days + 1))
        first[place + 1] = np.append(brings, days)[at]
    return line, takes, first


def on_calendar(
    wanted: pd.Series, lead_days: np.ndarray, supplier: pd.Series, as_of: dt.date, calendars: Sequence[SupplierCalendar]
) -> tuple[pd.Series, pd.Series]:
    """Order and arrival dates that the suppliers allow.

    An order goes out on the last order day on or before the day on which it is wanted, so that it is not late; where
    that is past, on the next one. It arrives on the first delivery day after its lead time.

    Args:
        wanted: (n,) dates, NaT stays NaT. lead_days: (n,) whole days. supplier: (n,); without a calendar: every day.
    """
    order = wanted.to_numpy("datetime64[D]").copy()
    known = ~np.isnat(order)
    today = np.datetime64(as_of, "D")
    arrival = order + np.where(known, np.ceil(np.nan_to_num(lead_days)), 0).astype("timedelta64[D]")
    for calendar in calendars:
        here = known & (supplier == calendar.supplier_id).fillna(False).to_numpy(bool)
        if not here.any():
            continue
        takes = _open_days(calendar.order_weekdays, calendar.closed)
        brings = _open_days(calendar.delivery_weekdays, calendar.closed)
        early = np.busday_offset(order[here], 0, roll="backward", busdaycal=takes)
        late = np.busday_offset(np.full(len(early), today), 0, roll="forward", busdaycal=takes)
        order[here] = np.where(early >= today, early, late)
        reached = order[here] + np.ceil(np.nan_to_num(lead_days[here])).astype("timedelta64[D]")
        arrival[here] = np.busday_offset(reached, 0, roll="forward", busdaycal=brings)
    return pd.Series(order.astype("datetime64[ns]")), pd.Series(arrival.astype("datetime64[ns]"))
