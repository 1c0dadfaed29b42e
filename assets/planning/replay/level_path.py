"""Levels as they would have been set in the past: computed again at intervals, each time from the past alone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from assets.planning.network.network import Network
from assets.planning.network.staged import of_echelons, staged_demand
from assets.planning.parameters.demand_sums import LeadTimeDemand
from assets.planning.parameters.lead_time_demand import PERIOD_DAYS, LeadTimeDemandResult, lead_time_demand
from assets.planning.parameters.lead_times import lead_times
from assets.planning.parameters.settings import ParameterSettings
from assets.planning.policy.row_levels import row_levels
from assets.planning.policy.settings import PolicySettings
from assets.planning.shape import timestamps

KEYS = ["item_id", "warehouse_id"]
#: From a demand history to the rows of a forecast and its demand sums.
Forecaster = Callable[[pd.DataFrame], tuple[pd.DataFrame, LeadTimeDemand]]


@dataclass(frozen=True)
class LevelPath:
    """day (vintages,): first day of each vintage, counted from the first day of the run; the rest (rows, vintages).

    keep: what a row that feeds others holds back for its own customers; None: nothing.
    """

    day: np.ndarray
    reorder: np.ndarray
    up_to: np.ndarray
    lot: np.ndarray
    safety: np.ndarray
    keep: np.ndarray | None = None

    def scaled(self, factor: float | np.ndarray) -> LevelPath:
        """The same path with `factor` (one, or (rows,)) times the safety stock."""
        factor = np.asarray(factor, float)
        factor = factor[:, None] if factor.ndim else factor
        change = (factor - 1) * self.safety
        reorder = np.clip(self.reorder + change, 0, None)
        up_to = np.maximum(self.up_to + change, reorder)
        return LevelPath(self.day, reorder, up_to, self.lot, self.safety * factor, self.keep)

    def mixed(self, other: LevelPath, is_other: np.ndarray) -> LevelPath:
        """This path, with the rows of another one where is_other (rows,) says so."""
        take = is_other[:, None]
        parts = [
            (self.reorder, other.reorder),
            (self.up_to, other.up_to),
            (self.lot, other.lot),
            (self.safety, other.safety),
        ]
        reorder, up_to, lot, safety = (np.where(take, two, one) for one, two in parts)
        return LevelPath(self.day, reorder, up_to, lot, safety, self.keep)


@dataclass(frozen=True)
class DemandPath:
    """day (vintages,): first day of each; demand: what levels must cover, as it was known then; keep: see LevelPath."""

    day: np.ndarray
    demand: list[LeadTimeDemandResult]
    keep: np.ndarray


def complete_periods(history: pd.DataFrame, day: pd.Timestamp, frequency: str) -> pd.DataFrame:
    """Rows of the periods that are over on the morning of a day."""
    start = timestamps(history["period_start_date"])
    if frequency == "M":
        end = start + pd.offsets.MonthBegin(1)
    else:
        end = start + pd.Timedelta(days=PERIOD_DAYS[frequency])
    return history[end <= day]


def demand_path(
    spine: pd.DataFrame,
    assigned: pd.DataFrame,
    history: pd.DataFrame,
    receipts: pd.DataFrame,
    forecaster: Forecaster,
    network: Network | None,
    *,
    first: pd.Timestamp,
    days: int,
    refit_days: int,
    frequency: str,
    parameters: ParameterSettings,
) -> DemandPath:
    """Demand over the protection interval of every row over a run of `days` days from `first`, from the past of each vintage.

    The sources of the network and the times of its lanes are those of today: they change too rarely to be measured again.

    Raises:
        ValueError: no complete period of demand lies before the first day.
    """
    starts = np.arange(0, days, refit_days)
    review = assigned["review_period_days"].to_numpy(float)
    found, keeps = [], []
    for start in starts:
        today = first + pd.Timedelta(days=int(start))
        known = complete_periods(history, today, frequency)
        if known.empty:
            raise ValueError(f"no demand history before {today.date()}: replay a later window")
        series, sums = forecaster(known)
        measured = lead_times(receipts, spine, as_of=today.date(), settings=parameters)
        if network is None:
            found.append(lead_time_demand(series, sums, measured, review, frequency=frequency, settings=parameters))
            keeps.append(np.zeros(len(spine)))
            continue
        then = network.at_times(measured)
        whole = of_echelons(known, spine, then, forecaster)
        found.append(staged_demand(series, sums, whole, then, review, frequency=frequency, settings=parameters))
        period = PERIOD_DAYS[frequency]
        at = pd.MultiIndex.from_frame(series[KEYS]).get_indexer(pd.MultiIndex.from_frame(spine[KEYS]))
        longest = 1 + float(review[network.is_moved].max(initial=0))
        mean = sums.sum_mean(np.full(len(series), longest / period))
        keeps.append(np.where(at >= 0, mean[at], 0.0))
    return DemandPath(starts, found, np.column_stack(keeps))


def level_path(
    spine: pd.DataFrame,
    assigned: pd.DataFrame,
    known: DemandPath,
    policies: PolicySettings,
    is_moved: np.ndarray | None = None,
) -> LevelPath:
    """Levels of every row of the spine, from the demand of each vintage."""
    columns = []
    for demand in known.demand:
        days = demand.table["protection_days"].to_numpy(float)
        per_day = np.divide(demand.protection.mean, days, out=np.zeros(len(spine)), where=days > 0)
        level = row_levels(spine, assigned, demand, per_day * 365, policies, None, is_moved).level
        columns.append((level.reorder_point, level.order_up_to, level.quantity, level.safety_stock))
    reorder, up_to, lot, safety = (np.column_stack(each) for each in zip(*columns, strict=True))
    return LevelPath(known.day, reorder, up_to, lot, safety, known.keep)
