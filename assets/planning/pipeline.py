"""The order of planning: forecast, classes, lead-time demand, orders. Reads frames, calls each part once."""

from __future__ import annotations

from datetime import date

import duckdb
import pandas as pd

from assets.planning import reading
from assets.planning.classification.classify import classify
from assets.planning.forecasting import forecast
from assets.planning.parameters.lead_time_demand import lead_time_demand
from assets.planning.parameters.lead_times import lead_times
from assets.planning.policy.assign import assign_policies
from assets.planning.policy.plan import PlanInputs, plan
from assets.planning.settings import PlanningSettings


def plan_everything(
    connection: duckdb.DuckDBPyConnection, as_of: date, settings: PlanningSettings
) -> dict[str, pd.DataFrame]:
    """All tables of the schema `planning` but the demand history, which must be there already."""
    spine = reading.read_spine(connection)
    history = connection.execute("select * from planning.demand_history order by all").df()
    groups = spine.set_index(["item_id", "warehouse_id"])["category_name"]
    forecasts = forecast(history, settings=settings.forecast, groups=groups)
    classes = classify(
        reading.read_consumption(connection, as_of, settings.classification.window_days),
        history,
        forecasts.accuracy,
        spine,
        as_of=as_of,
        settings=settings.classification,
        previous=None,
    )
    assigned = assign_policies(spine, classes, settings.policy)
    demand = lead_time_demand(
        forecasts.keys,
        forecasts,
        lead_times(reading.read_lead_times(connection), spine, as_of=as_of, settings=settings.parameters),
        assigned["review_period_days"].to_numpy(float),
        frequency=settings.forecast.frequency,
        settings=settings.parameters,
    )
    inputs = PlanInputs(
        spine=spine,
        assigned=assigned,
        demand=demand,
        forecasts=forecasts.forecasts,
        balances=reading.read_balances_now(connection, as_of),
        supply=reading.read_supply(connection),
        open_demand=reading.read_open_demand(connection),
    )
    return {
        "forecasts": forecasts.forecasts,
        "forecast_accuracy": forecasts.accuracy,
        "item_classes": classes,
        "lead_time_demand": demand.table,
        "replenishment": plan(inputs, as_of=as_of, frequency=settings.forecast.frequency, settings=settings.policy),
    }
