"""Policies and demand of all rows along the network: what the plan of today and the replay of the past have in common."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import numpy as np
import pandas as pd

from assets.planning.network.network import Network
from assets.planning.network.stages import (
    echelon_history,
    echelon_lead_times,
    echelon_service,
    head_classes,
    heads,
    on_lanes,
    with_echelons,
)
from assets.planning.parameters.demand_sums import LeadTimeDemand
from assets.planning.parameters.lead_time_demand import LeadTimeDemandResult, lead_time_demand
from assets.planning.parameters.settings import ParameterSettings
from assets.planning.policy.assign import assign_policies
from assets.planning.policy.settings import PolicySettings

#: Whatever a forecaster gives.
Forecast = TypeVar("Forecast")


def staged_policies(
    spine: pd.DataFrame, classes: pd.DataFrame, network: Network, settings: PolicySettings
) -> pd.DataFrame:
    """`assign_policies` along the network: heads by the class of what they feed, rows on lanes by the days of the lane."""
    assigned = assign_policies(spine, head_classes(classes, spine, network.above), settings)
    rate = assigned["service_level_rate"].to_numpy(float)
    is_head = heads(network.above)
    above = echelon_service(rate, network.branch_premium_rate)
    assigned["service_level_rate"] = np.where(is_head & (rate < above), above, rate)
    return on_lanes(assigned, network.is_moved, network.lead_times["lane_interval_days"].to_numpy(float))


def of_echelons(
    history: pd.DataFrame, spine: pd.DataFrame, network: Network, forecaster: Callable[[pd.DataFrame], Forecast]
) -> Forecast | None:
    """A forecast of what each feeding row and all below it sell together, a series each; None where no row feeds another.

    history: planning.demand_history.
    """
    if not heads(network.above).any():
        return None
    whole = echelon_history(history, spine, network.above)
    return None if whole.empty else forecaster(whole)


def staged_demand(
    series: pd.DataFrame,
    sums: LeadTimeDemand,
    whole: tuple[pd.DataFrame, LeadTimeDemand] | None,
    network: Network,
    review_period_days: np.ndarray,
    *,
    frequency: str,
    settings: ParameterSettings,
) -> LeadTimeDemandResult:
    """The demand that the levels of each row must cover: its own, of a row that feeds others that of its echelon.

    Args:
        series, sums: forecast of every row. whole: the same `of_echelons`, None where no row feeds another.
    """
    own = lead_time_demand(
        series, sums, network.lead_times, review_period_days, frequency=frequency, settings=settings
    )  # fmt: skip
    if whole is None:
        return own
    days = own.table["protection_days"].to_numpy(float)
    day_units = np.divide(own.protection.mean, days, out=np.zeros(len(days)), where=days > 0)
    times = echelon_lead_times(network.lead_times, network.above, day_units)
    together = lead_time_demand(*whole, times, review_period_days, frequency=frequency, settings=settings)
    return with_echelons(own, together, heads(network.above))
