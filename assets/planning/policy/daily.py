"""The order of the daily run: policies, lead times, demand over them, plan. Only the sequence belongs here."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import pandas as pd

from assets.planning.parameters.demand_sums import LeadTimeDemand
from assets.planning.parameters.lead_time_demand import lead_time_demand
from assets.planning.parameters.lead_times import lead_times
from assets.planning.parameters.settings import ParameterSettings
from assets.planning.policy.assign import assign_policies
from assets.planning.policy.plan import PlanInputs, plan
from assets.planning.policy.settings import PolicySettings


@dataclass(frozen=True)
class ForecastInput:
    """What a forecast hands over: the rows of `sums` in order, the sums, planning.forecasts, and how it is cut.

    frequency: `D`, `W` or `M`. horizon_periods: how far the sums reach.
    """

    series: pd.DataFrame
    sums: LeadTimeDemand
    forecasts: pd.DataFrame
    frequency: str
    horizon_periods: int


@dataclass(frozen=True)
class StockInput:
    """Stock as of the day: balances (on_hand_units, available_units), int_open_supply, promised units or None."""

    balances: pd.DataFrame
    supply: pd.DataFrame
    open_demand: pd.DataFrame | None = None


@dataclass(frozen=True)
class DailyPlan:
    """policies: of `assign_policies`; lead_time_demand and replenishment: the planning tables of these names."""

    policies: pd.DataFrame
    lead_time_demand: pd.DataFrame
    replenishment: pd.DataFrame


def daily_plan(
    spine: pd.DataFrame,
    classes: pd.DataFrame,
    receipts: pd.DataFrame,
    forecast: ForecastInput,
    stock: StockInput,
    *,
    as_of: dt.date,
    parameters: ParameterSettings,
    policies: PolicySettings,
) -> DailyPlan:
    """Everything between classes and suggestions, for every item x warehouse of the spine, sorted by both."""
    rows = spine.drop_duplicates(["item_id", "warehouse_id"]).sort_values(
        ["item_id", "warehouse_id"], ignore_index=True
    )
    assigned = assign_policies(rows, classes, policies)
    measured = lead_times(receipts, rows, as_of=as_of, settings=parameters)
    demand = lead_time_demand(
        forecast.series,
        forecast.sums,
        measured,
        assigned["review_period_days"].to_numpy(float),
        frequency=forecast.frequency,
        settings=parameters,
        max_periods=forecast.horizon_periods,
    )
    inputs = PlanInputs(rows, assigned, demand, forecast.forecasts, stock.balances, stock.supply, stock.open_demand)
    replenishment = plan(inputs, as_of=as_of, frequency=forecast.frequency, settings=policies)
    return DailyPlan(assigned, demand.table, replenishment)
