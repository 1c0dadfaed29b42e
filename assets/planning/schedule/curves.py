"""Demand and receipts over the days of the plan, as the kernels read them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from assets.planning.network.stages import echelon_sum

KEYS = ["item_id", "warehouse_id"]


@dataclass(frozen=True)
class Curves:
    """total: (n, periods + 1) demand up to the end of each period, units; a period has period_days; days are planned."""

    total: np.ndarray
    period_days: float
    days: int

    def up_to(self, day: np.ndarray) -> np.ndarray:
        """(n,) demand of days 1..day of each row; beyond the last period its pace continues."""
        place = np.clip(np.asarray(day, float), 0, None) / self.period_days
        whole = np.minimum(place.astype(int), self.total.shape[1] - 2)
        rows = np.arange(len(self.total))
        base = self.total[rows, whole]
        return np.asarray(base + (place - whole) * (self.total[rows, whole + 1] - base))

    def day_reached(self, units: np.ndarray, rows: np.ndarray) -> np.ndarray:
        """Day on which the demand of `rows` goes beyond `units`; 0 where it already does, inf where it never does."""
        total = self.total[rows]
        over = total > np.asarray(units, float)[:, None] + 1e-9
        first = np.argmax(over, axis=1)
        at = np.arange(len(rows))
        before, after = total[at, np.maximum(first - 1, 0)], total[at, first]
        part = np.divide(units - before, after - before, out=np.zeros(len(rows)), where=after > before)
        day = (np.maximum(first - 1, 0) + np.clip(part, 0, 1)) * self.period_days
        return np.where(units < -1e-9, 0.0, np.where(over[at, first], day, np.inf))


def curves(demand: np.ndarray, period_days: float, days: int) -> Curves:
    """Curves of (n, periods) demand."""
    return Curves(np.concatenate([np.zeros((len(demand), 1)), np.cumsum(demand, axis=1)], axis=1), period_days, days)


def echelon_curves(own: Curves, above: np.ndarray) -> Curves:
    """Demand of each row with that of all rows it feeds."""
    return Curves(echelon_sum(own.total, above), own.period_days, own.days)


def with_firm_orders(
    demand: np.ndarray, keys: pd.DataFrame, firm: pd.DataFrame, as_of: pd.Timestamp, period_days: float
) -> np.ndarray:
    """(n, periods) the forecast or the orders in hand of each period, whichever is more.

    firm: item_id, warehouse_id, need_date, units of what customers have ordered for a later day.
    """
    return np.maximum(demand, _by_period(demand.shape, keys, firm, as_of, period_days))


def with_requirements(
    demand: np.ndarray, keys: pd.DataFrame, needs: pd.DataFrame, as_of: pd.Timestamp, period_days: float
) -> np.ndarray:
    """(n, periods) demand and what is needed beside it (parts of made goods): item_id, warehouse_id, need_date, units."""
    return demand + _by_period(demand.shape, keys, needs, as_of, period_days)


def _by_period(
    shape: tuple[int, ...], keys: pd.DataFrame, dated: pd.DataFrame, as_of: pd.Timestamp, period_days: float
) -> np.ndarray:
    matrix = np.zeros(shape)
    if dated.empty:
        return matrix
    at = pd.MultiIndex.from_frame(keys[KEYS]).get_indexer(pd.MultiIndex.from_frame(dated[KEYS]))
    day = (pd.to_datetime(dated["need_date"]) - as_of).dt.days.to_numpy(float)
    period = np.floor((np.maximum(day, 1) - 1) / period_days)
    use = (at >= 0) & np.isfinite(period) & (period < shape[1])
    np.add.at(matrix, (at[use], period[use].astype(int)), dated["units"].to_numpy(float)[use])
    return matrix


def expected_receipts(lines: pd.DataFrame, as_of: pd.Timestamp, overdue_days: int) -> pd.DataFrame:
    """What is to come with the day on which it is expected, counted from the as-of date, from 1.

    lines: int_open_supply_lines or int_open_supply. One that is due today or earlier and has no later date is expected in
    `overdue_days`: nobody knows, and tomorrow would be too good.
    """
    units = lines["open_units"] if "open_units" in lines else lines["on_order_units"]
    day = (pd.to_datetime(lines["due_date"]) - as_of).dt.days.to_numpy(float)
    day = np.where(np.isfinite(day) & (day >= 0), np.maximum(day, 1), overdue_days)
    source = lines["source"] if "source" in lines else pd.Series("purchase_order", index=lines.index)
    return lines[KEYS].assign(
        day=day.astype(int), units=np.clip(np.nan_to_num(units.to_numpy(float)), 0, None), source=source.to_numpy()
    )
