"""Policies and demand of all rows along the network: what the plan of today and the replay of the past have in common."""

from __future__ import annotations

from collections.abc import Callable

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


def staged_demand(
    spine: pd.DataFrame,
    history: pd.DataFrame,
    series: pd.DataFrame,
    sums: LeadTimeDemand,
    network: Network,
    review_period_days: np.ndarray,
    forecaster: Callable[[pd.DataFrame], tuple[pd.DataFrame, LeadTimeDemand]],
    *,
    frequency: str,
    settings: ParameterSettings,
) -> LeadTimeDemandResult:
    """The demand that the levels of each row must cover: its own, of a row that feeds others that of its echelon.

    Args:
        history: planning.demand_history. series, sums: forecast of it. forecaster: forecasts the summed histories of the
            echelons, as a series each.
    """
    own = lead_time_demand(
        series, sums, network.lead_times, review_period_days, frequency=frequency, settings=settings
    )  # fmt: skip
    is_head = heads(network.above)
    whole_history = echelon_history(history, spine, network.above) if is_head.any() else history.iloc[:0]
    if whole_history.empty:
        return own
    days = own.table["protection_days"].to_numpy(float)
    day_units = np.divide(own.protection.mean, days, out=np.zeros(len(days)), where=days > 0)
    times = echelon_lead_times(network.lead_times, network.above, day_units)
    whole_series, whole_sums = forecaster(whole_history)
    whole = lead_time_demand(
        whole_series, whole_sums, times, review_period_days, frequency=frequency, settings=settings
    )  # fmt: skip
    return with_echelons(own, whole, is_head)
