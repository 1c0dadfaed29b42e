"""The order of planning: forecast, classes, lead-time demand, orders, what follows from them. Reads frames, calls each part once."""

from __future__ import annotations

from datetime import date

import duckdb
import pandas as pd

from assets.planning import reading
from assets.planning.classification.history import COLUMNS as HISTORY_COLUMNS
from assets.planning.classification.history import classes_and_history
from assets.planning.decisions import Planned, decide
from assets.planning.forecasting.engine import forecast
from assets.planning.forecasting.track_record import keep_track
from assets.planning.forecasting.vintage_store import VintageStore
from assets.planning.network.network import NETWORK_COLUMNS, company_network
from assets.planning.parameters.lead_time_demand import lead_time_demand
from assets.planning.parameters.lead_times import lead_times
from assets.planning.policy.assign import assign_policies
from assets.planning.policy.plan import PlanInputs, plan
from assets.planning.settings import PlanningSettings
from assets.planning.shape import shaped


def plan_everything(
    connection: duckdb.DuckDBPyConnection, as_of: date, settings: PlanningSettings, vintages: VintageStore
) -> dict[str, pd.DataFrame]:
    """All tables of the schema `planning` but the demand history, which must be there already.

    `vintages` takes this run's forecasts, and what is scored of earlier ones; nothing of it decides anything.
    """
    spine = reading.read_spine(connection)
    history = connection.execute("select * from planning.demand_history order by all").df()
    groups = spine.set_index(["item_id", "warehouse_id"])["category_name"]
    promotions = reading.read_promotions(connection)
    # from the data alone: what an earlier run chose must not decide, or the same landing would give another plan
    forecasts = forecast(history, settings=settings.forecast, groups=groups, promotions=promotions)
    daily, receipts = reading.read_demand(connection), reading.read_lead_times(connection)
    classified = classes_and_history(
        reading.read_consumption(connection, as_of, settings.classification.window_days),
        daily,
        history,
        forecasts.accuracy,
        spine,
        as_of=as_of,
        settings=settings.classification,
    )
    classes = classified.current
    assigned = assign_policies(spine, classes, settings.policy)
    times = lead_times(receipts, spine, as_of=as_of, settings=settings.parameters)
    network = company_network(
        spine, times, reading.read_supply_flows(connection), reading.read_supply_lanes(connection),
        reading.read_supply_sources(connection), settings=settings.network, parameters=settings.parameters,
        transfers=settings.transfers,
    )  # fmt: skip
    demand = lead_time_demand(
        forecasts.keys,
        forecasts,
        times,
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
    track = keep_track(
        vintages,
        forecasts.forecasts,
        history,
        attributes=spine[["item_id", "warehouse_id", "owner_name", "unit_cost_latest"]].merge(
            classes[["item_id", "warehouse_id", "abc_xyz_cell"]], on=["item_id", "warehouse_id"], how="left"
        ),
        groups=groups,
        promotions=promotions,
        settings=settings.forecast,
    )
    replenishment = plan(inputs, as_of=as_of, frequency=settings.forecast.frequency, settings=settings.policy)
    planned = Planned(spine, history, daily, receipts, classes, assigned, demand, replenishment)
    return {
        "forecasts": forecasts.forecasts,
        "forecast_accuracy": forecasts.accuracy,
        "forecast_effects": forecasts.effects,
        "vintage_accuracy": track.accuracy,
        "forecast_review": track.review,
        "item_classes": classes,
        "lead_time_demand": demand.table,
        "supply_network": shaped(network.table, NETWORK_COLUMNS),
        "class_history": shaped(classified.history, HISTORY_COLUMNS),
        **decide(connection, planned, as_of, settings),
    }
