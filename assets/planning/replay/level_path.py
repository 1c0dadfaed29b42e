"""Levels as they would have been set in the past: computed anew at intervals, each time from the past alone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from assets.planning.parameters.demand_sums import LeadTimeDemand
from assets.planning.parameters.lead_time_demand import PERIOD_DAYS, lead_time_demand
from assets.planning.parameters.lead_times import lead_times
from assets.planning.parameters.settings import ParameterSettings
from assets.planning.policy.row_levels import row_levels
from assets.planning.policy.settings import PolicySettings
from assets.planning.shape import timestamps

#: From a demand history to the rows of a forecast and its demand sums.
Forecaster = Callable[[pd.DataFrame], tuple[pd.DataFrame, LeadTimeDemand]]


@dataclass(frozen=True)
class LevelPath:
    """day (vintages,): first day of each vintage, counted from the first day of the run; the rest (rows, vintages)."""

    day: np.ndarray
    reorder: np.ndarray
    up_to: np.ndarray
    lot: np.ndarray
    safety: np.ndarray

    def scaled(self, factor: float) -> LevelPath:
        """The same path with `factor` times the safety stock."""
        change = (factor - 1) * self.safety
        reorder = np.clip(self.reorder + change, 0, None)
        return LevelPath(self.day, reorder, np.maximum(self.up_to + change, reorder), self.lot, self.safety * factor)


def complete_periods(history: pd.DataFrame, day: pd.Timestamp, frequency: str) -> pd.DataFrame:
    """Rows of the periods that are over on the morning of a day."""
    start = timestamps(history["period_start_date"])
    if frequency == "M":
        end = start + pd.offsets.MonthBegin(1)
    else:
        end = start + pd.Timedelta(days=PERIOD_DAYS[frequency])
    return history[end <= day]


def level_path(
    spine: pd.DataFrame,
    assigned: pd.DataFrame,
    history: pd.DataFrame,
    receipts: pd.DataFrame,
    forecaster: Forecaster,
    *,
    first: pd.Timestamp,
    days: int,
    refit_days: int,
    frequency: str,
    parameters: ParameterSettings,
    policies: PolicySettings,
) -> LevelPath:
    """Levels of every row of the spine over a run of `days` days from `first`.

    Raises:
        ValueError: no complete period of demand lies before the first day.
    """
    starts = np.arange(0, days, refit_days)
    columns = []
    for start in starts:
        today = first + pd.Timedelta(days=int(start))
        known = complete_periods(history, today, frequency)
        if known.empty:
            raise ValueError(f"no demand history before {today.date()}: replay a later window")
        series, sums = forecaster(known)
        measured = lead_times(receipts, spine, as_of=today.date(), settings=parameters)
        review = assigned["review_period_days"].to_numpy(float)
        demand = lead_time_demand(series, sums, measured, review, frequency=frequency, settings=parameters)
        per_day = np.divide(
            demand.protection.mean, demand.table["protection_days"].to_numpy(float),
            out=np.zeros(len(spine)), where=demand.table["protection_days"].to_numpy(float) > 0,
        )  # fmt: skip
        level = row_levels(spine, assigned, demand, per_day * 365, policies).level
        columns.append((level.reorder_point, level.order_up_to, level.quantity, level.safety_stock))
    reorder, up_to, lot, safety = (np.column_stack(each) for each in zip(*columns, strict=True))
    return LevelPath(starts, reorder, up_to, lot, safety)
