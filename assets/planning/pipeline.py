"""The order of planning: forecast, classes, lead-time demand, orders, what follows from them. Reads frames, calls each part once."""

from __future__ import annotations

from datetime import date

import duckdb
import pandas as pd

from assets.planning import reading, reading_terms
from assets.planning.classification.history import COLUMNS as HISTORY_COLUMNS
from assets.planning.classification.history import classes_and_history
from assets.planning.decisions import Planned, decide
from assets.planning.demand.life_cycle import life_stages
from assets.planning.demand.successors import effective_links, inherit_demand
from assets.planning.forecasting.distribution import DemandDistribution
from assets.planning.forecasting.engine import forecast
from assets.planning.forecasting.result import ForecastResult
from assets.planning.forecasting.track_record import keep_track
from assets.planning.forecasting.vintage_store import VintageStore
from assets.planning.making import made_goods
from assets.planning.network.network import NETWORK_COLUMNS
from assets.planning.network.staged import staged_demand, staged_policies
from assets.planning.orders.inputs import breaks_of_suppliers, with_room
from assets.planning.parameters.lead_time_demand import PERIOD_DAYS
from assets.planning.policy.assign import as_replayed
from assets.planning.policy.plan import PlanInputs, timed_plan
from assets.planning.reading_network import read_network
from assets.planning.replay.daily import replayed
from assets.planning.replay.replay import ReplayInputs
from assets.planning.schedule.tables import over_time
from assets.planning.settings import PlanningSettings
from assets.planning.shape import shaped


def plan_everything(
    connection: duckdb.DuckDBPyConnection, as_of: date, settings: PlanningSettings, vintages: VintageStore
) -> dict[str, pd.DataFrame]:
    """All tables of the schema `planning` but the demand history, which must be there already.

    `vintages` takes this run's forecasts, and what is scored of earlier ones; nothing of it decides anything.
    """
    spine = with_room(reading.read_spine(connection), reading_terms.read_item_limits(connection))
    history = connection.execute("select * from planning.demand_history order by all").df()
    groups = spine.set_index(["item_id", "warehouse_id"])["category_name"]
    promotions = reading.read_promotions(connection)
    today, links = pd.Timestamp(as_of), reading.read_successors(connection)
    own_history = history
    history = inherit_demand(own_history, effective_links(links, today))
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
    stage = life_stages(spine, own_history, links, as_of=today, settings=settings.life_cycle)
    network = read_network(connection, spine, receipts, as_of, settings)
    replay = replayed(
        ReplayInputs(spine, daily, reading.read_balances(connection), receipts, history, classes, network), as_of,
        policies=settings.policy, parameters=settings.parameters, forecasts=settings.forecast, settings=settings.replay,
    )  # fmt: skip
    assigned = as_replayed(
        staged_policies(spine, classes, network, settings.policy), replay.choice if replay else None, network.is_moved
    )
    demand = staged_demand(
        spine, history, forecasts.keys, forecasts, network, assigned["review_period_days"].to_numpy(float),
        lambda whole: _whole(forecast(whole, settings=settings.forecast, groups=groups, promotions=promotions)),
        frequency=settings.forecast.frequency, settings=settings.parameters,
    )  # fmt: skip
    made = made_goods(connection, spine, forecasts.forecasts, as_of, PERIOD_DAYS[settings.forecast.frequency])
    inputs = PlanInputs(
        spine=spine,
        assigned=assigned,
        demand=demand,
        forecasts=forecasts.forecasts,
        balances=reading.read_balances_now(connection, as_of),
        supply=reading.read_open_lines(connection),
        open_demand=reading.read_open_demand(connection),
        network=network,
        lots=reading.read_lots(connection),
        firm=reading.read_firm_orders(connection, as_of),
        closures=reading.read_closures(connection),
        life_stage=stage,
        successors=links,
        price_breaks=breaks_of_suppliers(reading_terms.read_price_breaks(connection, as_of), network.table),
        requirements=made.requirements,
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
    timed = timed_plan(
        inputs, as_of=as_of, frequency=settings.forecast.frequency, settings=settings.policy, schedule=settings.schedule
    )
    planned = Planned(spine, history, daily, receipts, classes, assigned, demand, timed.table, network, replay)
    return {
        "forecasts": forecasts.forecasts,
        "forecast_accuracy": forecasts.accuracy,
        "forecast_effects": forecasts.effects,
        "vintage_accuracy": track.accuracy,
        "forecast_review": track.review,
        "item_classes": classes,
        "lead_time_demand": demand.table,
        "supply_network": shaped(network.table, NETWORK_COLUMNS),
        **made.tables,
        "class_history": shaped(classified.history, HISTORY_COLUMNS),
        **over_time(inputs.supply, timed, network, today, settings.schedule),
        **decide(connection, planned, as_of, settings),
    }


def _whole(result: ForecastResult) -> tuple[pd.DataFrame, DemandDistribution]:
    return result.keys, result.demand
