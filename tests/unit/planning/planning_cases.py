"""Small inputs that the planning tests share: a spine, classes, demand and stock for a few rows."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd

from assets.planning.parameters.demand_sums import AnalyticSums
from assets.planning.parameters.lead_time_demand import LeadTimeDemandResult, lead_time_demand
from assets.planning.parameters.lead_times import lead_times
from assets.planning.parameters.settings import ParameterSettings
from assets.planning.policy.assign import assign_policies
from assets.planning.policy.plan import PlanInputs, plan
from assets.planning.policy.settings import PolicySettings

AS_OF = dt.date(2026, 1, 5)
NO_SUPPLY = pd.DataFrame(columns=["item_id", "warehouse_id", "due_date", "on_order_units"])


def spine(rows: int, **columns: object) -> pd.DataFrame:
    keys = {"item_id": [f"c/i{i:04d}" for i in range(rows)], "warehouse_id": ["c/w"] * rows}
    return pd.DataFrame({**keys, **columns})


def demand_of(
    rows: pd.DataFrame,
    mean: np.ndarray,
    sd: np.ndarray,
    *,
    review_days: float | np.ndarray = 1.0,
    parameters: ParameterSettings | None = None,
    receipts: pd.DataFrame | None = None,
) -> LeadTimeDemandResult:
    """Weekly demand with the given mean and deviation of a week."""
    settings = parameters or ParameterSettings()
    measured = lead_times(pd.DataFrame() if receipts is None else receipts, rows, as_of=AS_OF, settings=settings)
    sums = AnalyticSums(np.repeat(mean[:, None], 13, 1), np.repeat(sd[:, None], 13, 1))
    review = np.broadcast_to(np.asarray(review_days, float), (len(rows),))
    return lead_time_demand(rows, sums, measured, review, frequency="W", settings=settings)


def planned(
    rows: pd.DataFrame,
    mean: np.ndarray,
    sd: np.ndarray,
    *,
    cell: str | list[str] = "BY",
    on_hand: float | np.ndarray = 0.0,
    policies: PolicySettings | None = None,
    parameters: ParameterSettings | None = None,
    supply: pd.DataFrame | None = None,
    open_demand: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """The plan of a few rows."""
    settings = policies or PolicySettings()
    keys = rows[["item_id", "warehouse_id"]]
    assigned = assign_policies(rows, keys.assign(abc_xyz_cell=cell), settings)
    demand = demand_of(
        rows, mean, sd, review_days=assigned["review_period_days"].to_numpy(float), parameters=parameters
    )
    forecasts = keys.loc[keys.index.repeat(13)].assign(
        horizon_periods=np.tile(np.arange(1, 14), len(rows)), mean_units=np.repeat(mean, 13)
    )
    balances = keys.assign(on_hand_units=on_hand, available_units=on_hand)
    inputs = PlanInputs(
        rows, assigned, demand, forecasts, balances, NO_SUPPLY if supply is None else supply, open_demand
    )
    return plan(inputs, as_of=AS_OF, frequency="W", settings=settings)
