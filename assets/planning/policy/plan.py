"""`planning.replenishment`: the daily plan of every item x warehouse, put together from the modules beside it."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from assets.planning.demand.successors import taken_over
from assets.planning.network.network import Network
from assets.planning.network.stages import echelon_sum
from assets.planning.parameters.lead_time_demand import PERIOD_DAYS, LeadTimeDemandResult
from assets.planning.policy.calendar import on_calendar, open_and_next, with_closures
from assets.planning.policy.economics import excess_units, holding_cost_year, shortage_units
from assets.planning.policy.flags import flag_texts, reasons
from assets.planning.policy.levels import STOCKLESS
from assets.planning.policy.position import before_late_receipts, stock_position, timed_supply
from assets.planning.policy.projection import daily_demand, days_until
from assets.planning.policy.row_levels import number, row_levels, truth
from assets.planning.policy.settings import PolicySettings
from assets.planning.policy.sources import RowSources, row_sources, shared_out
from assets.planning.policy.status import stock_status
from assets.planning.policy.suggest import suggest
from assets.planning.replay.ragged import ragged, row_codes
from assets.planning.replay.run import groups, kinds
from assets.planning.schedule.availability import Availability, availability
from assets.planning.schedule.curves import (
    Curves,
    curves,
    echelon_curves,
    expected_receipts,
    with_firm_orders,
    with_requirements,
)
from assets.planning.schedule.messages import Standing
from assets.planning.schedule.settings import ScheduleSettings
from assets.planning.schedule.walk import Scene, walked

KEYS = ["item_id", "warehouse_id"]
NO_LOTS = pd.DataFrame(columns=[*KEYS, "lot_no", "expiry_date", "on_hand_units", "unavailable_reason"])


@dataclass(frozen=True)
class PlanInputs:
    """Frames that a plan is made from; see docs/interfaces.md for their columns.

    spine: int_item_warehouses. assigned: result of `assign_policies` on the same spine. demand: result of
    `lead_time_demand`, rows in the order of the spine; of a row that feeds others, that of its echelon. forecasts:
    planning.forecasts. balances: on hand now. supply: int_open_supply(_lines). open_demand: reserved and back-ordered
    units, None where no system keeps them. price_breaks: item_id, from_units, unit_cost of the whole lot from that size
    on, None where there are none. A column max_stock_units of the spine is the storage limit. network: where each row is
    supplied from; None: each from its own supplier. lots: int_stock_lots. firm: item_id, warehouse_id, need_date, units
    of customer orders for a later day; requirements: the same of what is needed beside the forecast (parts). closures:
    int_supplier_closures. life_stage: (n,) stage of each row; a `discontinued` one gets neither orders nor moves.
    successors: int_item_successors; an heir sells what is left of its predecessor first.
    """

    spine: pd.DataFrame
    assigned: pd.DataFrame
    demand: LeadTimeDemandResult
    forecasts: pd.DataFrame
    balances: pd.DataFrame
    supply: pd.DataFrame
    open_demand: pd.DataFrame | None = None
    price_breaks: pd.DataFrame | None = None
    network: Network | None = None
    lots: pd.DataFrame | None = None
    firm: pd.DataFrame | None = None
    requirements: pd.DataFrame | None = None
    closures: pd.DataFrame | None = None
    life_stage: np.ndarray | None = None
    successors: pd.DataFrame | None = None


@dataclass(frozen=True)
class TimedPlan:
    """table: planning.replenishment before what follows from it. scene: what the walk over the coming weeks starts from.

    standing, curves: what messages on open orders are judged by. availability: what cannot be sold. sources: per row.
    """

    table: pd.DataFrame
    scene: Scene
    standing: Standing
    curves: Curves
    availability: Availability
    sources: RowSources


def plan(inputs: PlanInputs, *, as_of: dt.date, frequency: str, settings: PolicySettings) -> pd.DataFrame:
    """The table of `timed_plan`."""
    return timed_plan(inputs, as_of=as_of, frequency=frequency, settings=settings, schedule=ScheduleSettings()).table


def timed_plan(
    inputs: PlanInputs, *, as_of: dt.date, frequency: str, settings: PolicySettings, schedule: ScheduleSettings
) -> TimedPlan:
    """Levels, position, dated suggestion and money of each item x warehouse, in the order of the spine.

    Nothing that comes out is NaN by accident, negative or infinite: a figure that lacks an input is null and `flags`
    names why; quantities are never negative. Flags are listed in docs/policy.md.

    Raises:
        ValueError: the frames do not describe the same rows.
    """
    spine = inputs.spine.reset_index(drop=True)
    table, assigned = inputs.demand.table, inputs.assigned.reset_index(drop=True)
    for name, frame in (("assigned", assigned), ("demand", table)):
        if len(frame) != len(spine) or not (frame[KEYS].to_numpy() == spine[KEYS].to_numpy()).all():
            raise ValueError(f"{name}: its rows are not those of the spine, in its order")
    day, period = pd.Timestamp(as_of), PERIOD_DAYS[frequency]
    sources = row_sources(spine, inputs.network)
    own, scope, horizon = _demand(inputs, spine, sources, day, period, settings, schedule)
    receipts = expected_receipts(inputs.supply, day, schedule.overdue_assumed_days)
    lots = NO_LOTS if inputs.lots is None else inputs.lots
    sellable = availability(spine, lots, receipts, number(spine, "shelf_life_days"), scope, day)
    position = stock_position(spine, inputs.balances, inputs.supply, inputs.open_demand, sellable)
    year_units = scope.total[:, -1] * 365 / horizon
    own_rate, rate = own.total[:, -1] / horizon, year_units / 365
    computed = row_levels(spine, assigned, inputs.demand, year_units, settings, inputs.price_breaks, sources.is_moved)
    level, cost = computed.level, computed.unit_cost
    policy = assigned["policy"].to_numpy(object)
    life = number(spine, "shelf_life_days")
    sells = np.where(np.isfinite(life) & (life > 0), rate * life * settings.shelf_life_use_rate, np.inf)
    room = number(spine, "max_stock_units")
    room = np.where(np.isfinite(room) & (room > 0), room, np.inf)
    most = np.minimum(sells, room)

    reach = np.ceil(table["protection_days"].to_numpy(float))
    supply = timed_supply(spine, receipts, reach, sources.above, sellable.inbound_short_dated)
    promised = position["reserved_units"].to_numpy() + position["backorder_units"].to_numpy()
    free = position["on_hand_units"].to_numpy() - promised
    if inputs.successors is not None:
        free = free + taken_over(spine, inputs.successors, free, day)
    held = np.where(sources.is_head, echelon_sum(free, sources.above), free)
    units = held + supply.in_time
    order = suggest(policy, level, units, computed.minimum, computed.multiple, most, settings.max_expected_waste_rate)
    gap = before_late_receipts(
        units, level.safety_stock, supply.first_late_day, scope, computed.minimum, computed.multiple
    )
    wanted = np.minimum(order.units, gap)
    is_closed = ~sources.is_moved & _supplier(spine, table).isin(settings.closed_suppliers).to_numpy()
    stage = inputs.life_stage if inputs.life_stage is not None else np.full(len(spine), "active", object)
    is_inactive, is_discontinued = ~truth(spine, "is_active"), stage == "discontinued"
    may_order = ~(is_closed | is_inactive | is_discontinued)
    wanted = np.where(may_order, wanted, 0.0)
    usable = position["on_hand_units"].to_numpy()
    lead_mean = table["lead_time_days_mean"].to_numpy(float)
    own_lead = lead_mean if inputs.network is None else inputs.network.lead_times["lead_time_days_mean"].to_numpy(float)
    review = np.maximum(np.rint(assigned["review_period_days"].to_numpy(float)), 1).astype(np.int64)
    keep = own.up_to(np.full(len(spine), 1.0 + review))
    given = shared_out(
        sources.above, usable - position["backorder_units"].to_numpy(), keep, units, np.where(sources.is_moved, wanted, 0),
        1.0 if settings.is_whole_units else 0.0,
    )  # fmt: skip
    bought = np.where(sources.is_moved, 0.0, wanted)

    calendars = with_closures(settings.supplier_calendars, inputs.closures)
    weeks = schedule.horizon_weeks
    line, takes, brings = open_and_next(_supplier(spine, table).to_numpy(object), calendars, as_of, weeks * 7)
    reach_days = days_until(units - level.reorder_point, np.diff(scope.total, axis=1), None, period)
    wait = np.where(order.is_due, 0.0, np.where(np.isin(policy, STOCKLESS), np.nan, reach_days))
    order_by, arrival = on_calendar(
        _date(day, wait, settings.horizon_days), own_lead, _supplier(spine, table), as_of, calendars
    )
    arrives = (arrival - day).dt.days.fillna(0).to_numpy(int)
    coming = ragged(
        row_codes(spine, receipts), receipts["day"].to_numpy(int), receipts["units"].to_numpy(float), len(spine)
    )
    inner = ragged(
        row_codes(spine, receipts), receipts["day"].to_numpy(int), (receipts["source"] == "transfer").to_numpy(float),
        len(spine),
    )  # fmt: skip
    scene = Scene(
        above=sources.above.astype(np.int64), group=groups(spine["item_id"]), stock=free, receipts=coming,
        inside=inner.units > 0, own=own, scope=scope, safety=level.safety_stock,
        gap=np.clip(level.order_up_to - level.reorder_point, 0, None), lot=level.quantity, kind=kinds(policy),
        lead=np.ceil(np.nan_to_num(own_lead)).astype(np.int64), review=review, minimum=computed.minimum,
        multiple=computed.multiple, calendar=line, takes_orders=takes, next_delivery=brings, may_order=may_order,
        first_units=np.where(sources.is_moved, given, bought),
        first_day=np.clip(arrives, 1, weeks * 7).astype(np.int64),
    )  # fmt: skip
    standing = Standing(
        held, level.safety_stock, own_lead, assigned["max_cover_days"].to_numpy(float), cost, may_order,
        settings.holding_rate, settings.shortage_cost_rate,
    )  # fmt: skip
    out = _known_stockout(scene, sources, held, weeks)
    local = np.where(sources.is_head, np.clip(2 * level.safety_stock - echelon_sum(level.safety_stock, sources.above), 0, None),
                     level.safety_stock)  # fmt: skip
    holding = holding_cost_year(usable, local, level.quantity, own_rate * 365, cost, settings.holding_rate)
    result = spine[KEYS].copy()
    result["source_kind"], result["from_warehouse_id"] = sources.kind, sources.from_warehouse_id
    result["stock_scope"] = np.where(sources.is_head, "echelon", "own")
    result["life_stage"] = stage
    result["policy"] = policy
    result["service_level_rate"] = assigned["service_level_rate"].to_numpy(float)
    result["service_measure"] = assigned["service_measure"].to_numpy(object)
    result["safety_stock_units"] = level.safety_stock
    result["reorder_point_units"] = level.reorder_point
    result["order_up_to_units"] = level.order_up_to
    result["order_quantity_units"] = level.quantity
    result["quantile_rate"] = level.read.probability
    result["quantile_below_rate"], result["quantile_below_units"] = level.read.below, level.read.below_units
    result["quantile_above_rate"], result["quantile_above_units"] = level.read.above, level.read.above_units
    result["safety_scale_rate"] = number(assigned, "safety_scale_rate") if "safety_scale_rate" in assigned else 1.0
    result["level_step_units"] = 1.0 if settings.is_whole_units else 0.0
    result["position_units"] = units
    result["late_supply_units"] = supply.late
    result["on_hand_units"] = usable
    result["on_order_units"] = position["on_order_units"].to_numpy()
    result["unavailable_units"], result["unavailable_reason"] = sellable.unavailable, sellable.reason
    result["suggested_order_units"] = bought
    result["suggested_transfer_units"] = given
    result["withheld_order_units"] = 0.0
    result["order_by_date"], result["expected_arrival_date"] = order_by, arrival
    result["projected_stockout_date"] = _date(day, out, settings.horizon_days)
    covers = np.divide(np.clip(held + supply.in_time + supply.late, 0, None), rate, out=np.full(len(rate), np.nan),
                       where=rate > 0)  # fmt: skip
    result["cover_days"], result["day_units"] = covers, rate
    overlapping = _before_empty(held, rate, receipts, spine, sources)
    result["excess_units"] = np.minimum(usable, excess_units(
        np.clip(held, 0, None), overlapping, level.order_up_to, rate, assigned["max_cover_days"].to_numpy(float),
    ))  # fmt: skip
    lead_units = np.minimum(inputs.demand.lead.mean, scope.up_to(np.ceil(lead_mean)) if inputs.network else np.inf)
    result["shortage_units"] = shortage_units(
        np.clip(held, 0, None) if sources.is_head.any() else usable,
        position["backorder_units"].to_numpy() * ~sources.is_head, units, level.safety_stock, lead_units,
    ) * ~is_discontinued  # fmt: skip
    result["holding_cost_year_value"] = holding
    result["holding_cost_year_status"] = np.where(np.isfinite(holding), "ok", "not_available: no unit cost")
    sells_now = own_rate > 0
    raised = {
        "no_forecast": ~table["has_forecast"].to_numpy(bool),
        "no_demand": rate <= 0,
        "no_cost_lot_by_cover": computed.is_lot_by_cover,
        "no_cost": ~np.isfinite(cost),
        "no_supplier": (sources.kind == "supplier") & _supplier(spine, table).isna().to_numpy(),
        "lead_time_assumed": table["lead_time_source"].isin(["default", "company", "transfer_default"]).to_numpy(),
        "lead_time_single_receipt": (table["lead_time_receipts"] == 1).to_numpy(),
        "negative_book_as_zero": position["is_negative_book"].to_numpy(),
        "unclassified": (assigned["policy_source"] == "unclassified").to_numpy(),
        "item_override": (assigned["policy_source"] == "item").to_numpy(),
        "service_level_capped": assigned["service_level_rate"].to_numpy(float) > settings.service_level_cap_rate,
        "supplier_closed": is_closed,
        "inactive": is_inactive,
        "new": stage == "new",
        "declining": stage == "declining",
        "discontinued": is_discontinued,
        "unsellable_stock": sellable.unavailable > 0,
        "late_supply": supply.late > 0,
        "short_at_source": sources.is_moved & (given < wanted - 1e-9),
        "cut_by_shelf_life": order.is_cut & ~order.is_refused & (sells <= room),
        "lot_exceeds_shelf_life": order.is_refused & (sells <= room),
        "cut_by_storage": order.is_cut & ~order.is_refused & (room < sells),
        "lot_exceeds_storage": order.is_refused & (room < sells),
        "delist_candidate": (policy == "none") & (stage != "new"),
        "stocked_out": (usable <= 0) & sells_now & ~is_discontinued & ~is_inactive,
        "excess": result["excess_units"].to_numpy() > 0,
        "shortage": result["shortage_units"].to_numpy() > 0,
    }
    bare = suggest(policy, level, held, computed.minimum, computed.multiple, most, settings.max_expected_waste_rate)
    result["stock_status"] = stock_status(
        usable, np.where(is_discontinued | is_inactive, 0.0, own_rate), out, own_lead, result["on_order_units"].to_numpy(),
        bare.units, result["excess_units"].to_numpy(),
    )  # fmt: skip
    result["flags"] = flag_texts(raised)
    result["reason"] = reasons(result, assigned, table, order)
    return TimedPlan(result, scene, standing, scope, sellable, sources)


def _demand(
    inputs: PlanInputs, spine: pd.DataFrame, sources: RowSources, day: pd.Timestamp, period: float,
    settings: PolicySettings, schedule: ScheduleSettings,
) -> tuple[Curves, Curves, float]:  # fmt: skip
    """Demand over the horizon of each row and of its echelon, and the days that it covers."""
    ahead = max(settings.horizon_days, schedule.horizon_weeks * 7)
    coming = daily_demand(spine, inputs.forecasts, period, ahead)
    if inputs.firm is not None:
        coming = with_firm_orders(coming, spine, inputs.firm, day, period)
    if inputs.requirements is not None:
        coming = with_requirements(coming, spine, inputs.requirements, day, period)
    own = curves(coming, period, schedule.horizon_weeks * 7)
    return own, echelon_curves(own, sources.above), coming.shape[1] * period


def _known_stockout(scene: Scene, sources: RowSources, held: np.ndarray, weeks: int) -> np.ndarray:
    """(n,) days until what is there and on its way is used up, NaN beyond the horizon; an echelon is taken as one."""
    alone = Scene(**{**scene.__dict__, "above": np.full(len(held), -1), "stock": held, "own": scene.scope})
    found = walked(alone, weeks, is_ordering=False).short_day
    return np.where(held < 0, 0.0, np.where(found < 0, np.nan, np.maximum(found - 1, 0).astype(float)))


def _before_empty(
    held: np.ndarray, rate: np.ndarray, receipts: pd.DataFrame, spine: pd.DataFrame, sources: RowSources
) -> np.ndarray:
    """(n,) units that arrive before the stock is used up: only they lie beside it."""
    lasts = np.divide(np.clip(held, 0, None), rate, out=np.full(len(rate), np.inf), where=rate > 0)
    at = row_codes(spine, receipts)
    use = at >= 0
    use[use] = receipts["day"].to_numpy(float)[use] <= lasts[at[use]]
    early = np.bincount(at[use], receipts["units"].to_numpy(float)[use], len(held))
    return np.where(sources.is_head, echelon_sum(early, sources.above), early)


def _supplier(spine: pd.DataFrame, table: pd.DataFrame) -> pd.Series:
    return (table["supplier_id"] if "supplier_id" in table else pd.Series(None, index=spine.index)).reset_index(
        drop=True
    )


def _date(day: pd.Timestamp, ahead: np.ndarray, horizon_days: float) -> pd.Series:
    """Dates so many days ahead; NaT where that is not known or beyond the horizon."""
    known = np.isfinite(ahead) & (ahead <= horizon_days)
    whole = np.where(known, np.floor(np.where(known, ahead, 0)), 0).astype("timedelta64[D]")
    return pd.Series(np.where(known, day.to_datetime64() + whole, np.datetime64("NaT", "ns")))


def as_decided(timed: TimedPlan, replenishment: pd.DataFrame) -> TimedPlan:
    """The plan whose orders of today are those that were decided: no more than cover limits and moves of excess leave.

    An order that is withheld (its replay did worse, or the budget does not carry it) stays in the plan: it is still lacking.
    So does what a supplier's feed brings in place of an order.

    Args:
        replenishment: the decided plan, rows in any order.
    """
    keys = pd.MultiIndex.from_frame(timed.table[KEYS])
    names = ("suggested_order", "withheld_order", "suggested_transfer", "transfer_in")
    rows = replenishment.set_index(KEYS).reindex(keys)
    decided = rows[[f"{name}_units" for name in names]].astype(float).fillna(0.0).sum(axis=1).to_numpy()
    is_fed = rows["flags"].fillna("").str.contains("supplied_by_feed").to_numpy(bool)
    first = np.where(is_fed, timed.scene.first_units, np.minimum(timed.scene.first_units, decided))
    return replace(timed, scene=replace(timed.scene, first_units=first))
