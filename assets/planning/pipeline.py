"""The order of planning: forecast, classes, lead-time demand, orders, what follows from them. Reads frames, calls each part once.

What is known of the company (`known`) is apart from what is planned on it (`planned_on`), so that a what-if plans twice on
one and the same forecast.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import duckdb
import numpy as np
import pandas as pd

from assets.planning import reading, reading_terms
from assets.planning.classification.history import COLUMNS as HISTORY_COLUMNS
from assets.planning.classification.history import Classes, classes_and_history
from assets.planning.decisions import KEYS, Planned, decide
from assets.planning.demand.life_cycle import life_stages
from assets.planning.demand.successors import effective_links, inherit_demand
from assets.planning.forecasting.engine import forecast
from assets.planning.forecasting.hierarchy import NODE_COLUMNS, company_nodes
from assets.planning.forecasting.overrides import VALUE_COLUMNS, of_heads, with_overrides
from assets.planning.forecasting.result import ForecastResult
from assets.planning.forecasting.spread import Spread
from assets.planning.forecasting.track_record import keep_track
from assets.planning.forecasting.vintage_store import VintageStore
from assets.planning.making import made_goods
from assets.planning.network.network import NETWORK_COLUMNS, Network
from assets.planning.network.staged import of_echelons, staged_demand, staged_policies
from assets.planning.network.stages import members
from assets.planning.orders.inputs import breaks_of_suppliers, with_room
from assets.planning.parameters.lead_time_demand import PERIOD_DAYS
from assets.planning.policy.assign import as_replayed
from assets.planning.policy.plan import PlanInputs, as_decided, timed_plan
from assets.planning.reading_network import read_network
from assets.planning.replay.daily import replayed
from assets.planning.replay.replay import ReplayInputs, ReplayResult
from assets.planning.schedule.tables import over_time
from assets.planning.settings import PlanningSettings
from assets.planning.shape import shaped


@dataclass(frozen=True)
class Known:
    """What is known of the company on the day, before anything is decided: what a what-if leaves as it is, or changes.

    own_history, history: planning.demand_history as it is and with what a successor inherits. forecasts, whole: of each
    item x warehouse, and of what each feeding place and all below it sell together. stage: (n,) life stage. links: which
    item replaces which. choice: which policies the company's own history prefers (`replay`, None: too short).
    """

    spine: pd.DataFrame
    own_history: pd.DataFrame
    history: pd.DataFrame
    daily: pd.DataFrame
    receipts: pd.DataFrame
    promotions: pd.DataFrame
    regressors: pd.DataFrame
    links: pd.DataFrame
    stage: np.ndarray
    forecasts: ForecastResult
    whole: ForecastResult | None
    classified: Classes
    network: Network
    replay: ReplayResult | None


def plan_everything(
    connection: duckdb.DuckDBPyConnection,
    as_of: date,
    settings: PlanningSettings,
    vintages: VintageStore,
    spread: Spread | None = None,
) -> dict[str, pd.DataFrame]:
    """All tables of the schema `planning` but the demand history, which must be there already.

    `vintages` takes this run's forecasts, and what is scored of earlier ones; nothing of it decides anything. `spread` is where
    pieces of series are forecast, by default threads.
    """
    found = known(connection, as_of, settings, spread)
    tables = planned_on(connection, found, as_of, settings)
    groups = found.spine.set_index(KEYS)["category_name"]
    classes = found.classified.current
    track = keep_track(
        vintages,
        found.forecasts.forecasts,
        found.history,
        attributes=found.spine[[*KEYS, "owner_name", "unit_cost_latest"]].merge(
            classes[[*KEYS, "abc_xyz_cell"]], on=KEYS, how="left"
        ),
        groups=groups,
        promotions=found.promotions,
        regressors=found.regressors,
        settings=settings.forecast,
        spread=spread,
    )
    return {
        "forecasts": found.forecasts.forecasts,
        "forecast_accuracy": found.forecasts.accuracy,
        "forecast_effects": found.forecasts.effects,
        "forecast_nodes": shaped(
            company_nodes(
                found.history, found.forecasts, settings=settings.forecast, groups=groups, promotions=found.promotions
            ),
            NODE_COLUMNS,
        ),
        "vintage_accuracy": track.accuracy,
        "forecast_review": track.review,
        "forecast_overrides": shaped(track.overrides, VALUE_COLUMNS),
        "item_classes": classes,
        "class_history": shaped(found.classified.history, HISTORY_COLUMNS),
        **tables,
    }


def known(
    connection: duckdb.DuckDBPyConnection, as_of: date, settings: PlanningSettings, spread: Spread | None = None
) -> Known:
    """Reads the company and forecasts it; the expensive half of planning."""
    spine = with_room(reading.read_spine(connection), reading_terms.read_storage_limits(connection))
    own_history = connection.execute("select * from planning.demand_history order by all").df()
    groups = spine.set_index(KEYS)["category_name"]
    promotions, regressors = reading.read_promotions(connection), reading.read_regressors(connection)
    today, links = pd.Timestamp(as_of), reading.read_successors(connection)
    history = inherit_demand(own_history, effective_links(links, today))
    # from the data alone: what an earlier run chose must not decide, or the same landing would give another plan
    statistical = forecast(
        history, settings=settings.forecast, groups=groups, promotions=promotions, regressors=regressors, spread=spread
    )
    forecasts = with_overrides(
        statistical, reading_terms.read_forecast_overrides(connection, as_of), settings.forecast.frequency
    )
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
    stage = life_stages(spine, own_history, links, as_of=today, settings=settings.life_cycle)
    network = read_network(connection, spine, receipts, as_of, settings)
    replay = replayed(
        ReplayInputs(
            spine, daily, reading.read_balances(connection), receipts, history, classified.current, network,
            reading.read_write_offs(connection),
        ), as_of,
        policies=settings.policy, parameters=settings.parameters, forecasts=settings.forecast, settings=settings.replay,
    )  # fmt: skip
    whole = of_echelons(
        history, spine, network,
        lambda rows: forecast(
            rows, settings=settings.forecast, groups=groups, promotions=promotions, regressors=regressors,
            spread=spread,
        ),
    )  # fmt: skip
    if whole is not None:
        rows = pd.MultiIndex.from_frame(spine[KEYS])
        member, head = members(network.above)
        whole = of_heads(whole, forecasts, rows[member], rows[head])
    return Known(
        spine, own_history, history, daily, receipts, promotions, regressors, links, stage, forecasts, whole, classified, network,
        replay,
    )  # fmt: skip


def planned_on(
    connection: duckdb.DuckDBPyConnection, found: Known, as_of: date, settings: PlanningSettings
) -> dict[str, pd.DataFrame]:
    """The tables of the schema `planning` that decide: from lead-time demand and network to orders, moves and disposals."""
    spine, network, forecasts, replay = found.spine, found.network, found.forecasts, found.replay
    today, frequency = pd.Timestamp(as_of), settings.forecast.frequency
    assigned = as_replayed(
        staged_policies(spine, found.classified.current, network, settings.policy),
        replay.choice if replay else None, network.is_moved,
    )  # fmt: skip
    demand = staged_demand(
        forecasts.keys, forecasts, (found.whole.keys, found.whole) if found.whole else None, network,
        assigned["review_period_days"].to_numpy(float), frequency=frequency, settings=settings.parameters,
    )  # fmt: skip
    made = made_goods(connection, spine, forecasts.forecasts, as_of, PERIOD_DAYS[frequency])
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
        life_stage=found.stage,
        successors=found.links,
        price_breaks=breaks_of_suppliers(reading_terms.read_price_breaks(connection, as_of), network.table),
        requirements=made.requirements,
    )
    timed = timed_plan(
        inputs, as_of=as_of, frequency=frequency, settings=settings.policy, schedule=settings.schedule
    )  # fmt: skip
    planned = Planned(
        spine, found.history, found.daily, found.receipts, found.classified.current, assigned, demand, timed.table,
        network, replay,
    )  # fmt: skip
    decided = decide(connection, planned, as_of, settings)
    return {
        "lead_time_demand": demand.table,
        "supply_network": shaped(network.table, NETWORK_COLUMNS),
        **made.tables,
        **over_time(inputs.supply, as_decided(timed, decided["replenishment"]), network, today, settings.schedule),
        **decided,
    }
