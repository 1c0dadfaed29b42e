"""`planning.replenishment`: the daily plan of every item x warehouse, put together from the modules beside it."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import numpy as np
import pandas as pd

from assets.planning.parameters.lead_time_demand import PERIOD_DAYS, LeadTimeDemandResult
from assets.planning.policy.calendar import on_calendar
from assets.planning.policy.economics import excess_units, holding_cost_year, shortage_units
from assets.planning.policy.flags import flag_texts, reasons
from assets.planning.policy.levels import STOCKLESS
from assets.planning.policy.position import stock_position
from assets.planning.policy.projection import daily_demand, days_until, supply_by_period
from assets.planning.policy.row_levels import number, row_levels, truth
from assets.planning.policy.settings import PolicySettings
from assets.planning.policy.status import stock_status
from assets.planning.policy.suggest import suggest

KEYS = ["item_id", "warehouse_id"]


@dataclass(frozen=True)
class PlanInputs:
    """Frames that a plan is made from; see docs/interfaces.md for their columns.

    spine: int_item_warehouses. assigned: result of `assign_policies` on the same spine. demand: result of
    `lead_time_demand`, rows in the order of the spine. forecasts: planning.forecasts. balances: on hand now.
    supply: int_open_supply. open_demand: reserved and back-ordered units, None where no system keeps them.
    price_breaks: item_id, from_units, unit_cost of the whole lot from that size on, None where there are none. A column
    max_stock_units of the spine is the storage limit.
    """

    spine: pd.DataFrame
    assigned: pd.DataFrame
    demand: LeadTimeDemandResult
    forecasts: pd.DataFrame
    balances: pd.DataFrame
    supply: pd.DataFrame
    open_demand: pd.DataFrame | None = None
    price_breaks: pd.DataFrame | None = None


def plan(inputs: PlanInputs, *, as_of: dt.date, frequency: str, settings: PolicySettings) -> pd.DataFrame:
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
    position = stock_position(spine, inputs.balances, inputs.supply, inputs.open_demand)
    coming = daily_demand(spine, inputs.forecasts, period, settings.horizon_days)
    due = supply_by_period(spine, inputs.supply, day, period, coming.shape[1])
    year_units = coming.sum(axis=1) * 365 / (coming.shape[1] * period)
    rate = year_units / 365
    computed = row_levels(spine, assigned, inputs.demand, year_units, settings, inputs.price_breaks)
    level, cost = computed.level, computed.unit_cost
    policy = assigned["policy"].to_numpy(object)
    life = number(spine, "shelf_life_days")
    sells = np.where(np.isfinite(life) & (life > 0), rate * life * settings.shelf_life_use_rate, np.inf)
    room = number(spine, "max_stock_units")
    room = np.where(np.isfinite(room) & (room > 0), room, np.inf)
    most = np.minimum(sells, room)
    units = position["position_units"].to_numpy()
    order = suggest(policy, level, units, computed.minimum, computed.multiple, most, settings.max_expected_waste_rate)
    is_closed = _supplier(spine, table).isin(settings.closed_suppliers).to_numpy()
    is_inactive = ~truth(spine, "is_active")
    suggested = np.where(is_closed | is_inactive, 0.0, order.units)

    on_hand = position["on_hand_units"].to_numpy()
    reach = days_until(units - level.reorder_point, coming, None, period)
    wait = np.where(order.is_due, 0.0, np.where(np.isin(policy, STOCKLESS), np.nan, reach))
    lead_mean = table["lead_time_days_mean"].to_numpy(float)
    out = days_until(on_hand - position["backorder_units"].to_numpy(), coming, due, period)
    holding = holding_cost_year(on_hand, level.safety_stock, level.quantity, year_units, cost, settings.holding_rate)
    result = spine[KEYS].copy()
    result["policy"] = policy
    result["service_level_rate"] = assigned["service_level_rate"].to_numpy(float)
    result["service_measure"] = assigned["service_measure"].to_numpy(object)
    result["safety_stock_units"] = level.safety_stock
    result["reorder_point_units"] = level.reorder_point
    result["order_up_to_units"] = level.order_up_to
    result["order_quantity_units"] = level.quantity
    result["position_units"] = units
    result["on_hand_units"] = on_hand
    result["on_order_units"] = position["on_order_units"].to_numpy()
    result["suggested_order_units"] = suggested
    result["order_by_date"], result["expected_arrival_date"] = on_calendar(
        _date(day, wait, settings.horizon_days), lead_mean, _supplier(spine, table), as_of, settings.supplier_calendars
    )
    result["projected_stockout_date"] = _date(day, np.floor(out), settings.horizon_days)
    result["cover_days"] = np.divide(np.clip(units, 0, None), rate, out=np.full(len(rate), np.nan), where=rate > 0)
    result["excess_units"] = excess_units(
        on_hand, result["on_order_units"].to_numpy(), level.order_up_to, rate,
        assigned["max_cover_days"].to_numpy(float),
    )  # fmt: skip
    result["shortage_units"] = shortage_units(
        on_hand, position["backorder_units"].to_numpy(), units, level.safety_stock, inputs.demand.lead.mean
    )
    result["holding_cost_year_value"] = holding
    result["holding_cost_year_status"] = np.where(np.isfinite(holding), "ok", "not_available: no unit cost")
    raised = {
        "no_forecast": ~table["has_forecast"].to_numpy(bool),
        "no_demand": rate <= 0,
        "no_cost_lot_by_cover": computed.is_lot_by_cover,
        "no_cost": ~np.isfinite(cost),
        "no_supplier": _supplier(spine, table).isna().to_numpy(),
        "lead_time_assumed": table["lead_time_source"].isin(["default", "company"]).to_numpy(),
        "lead_time_single_receipt": (table["lead_time_receipts"] == 1).to_numpy(),
        "negative_book_as_zero": position["is_negative_book"].to_numpy(),
        "unclassified": (assigned["policy_source"] == "unclassified").to_numpy(),
        "item_override": (assigned["policy_source"] == "item").to_numpy(),
        "service_level_capped": assigned["service_level_rate"].to_numpy(float) > settings.service_level_cap_rate,
        "supplier_closed": is_closed,
        "inactive": is_inactive,
        "cut_by_shelf_life": order.is_cut & ~order.is_refused & (sells <= room),
        "lot_exceeds_shelf_life": order.is_refused & (sells <= room),
        "cut_by_storage": order.is_cut & ~order.is_refused & (room < sells),
        "lot_exceeds_storage": order.is_refused & (room < sells),
        "delist_candidate": policy == "none",
        "stocked_out": (on_hand <= 0) & (rate > 0),
        "excess": result["excess_units"].to_numpy() > 0,
        "shortage": result["shortage_units"].to_numpy() > 0,
    }
    bare = suggest(
        policy, level, units - result["on_order_units"].to_numpy(), computed.minimum, computed.multiple, most,
        settings.max_expected_waste_rate,
    )  # fmt: skip
    result["stock_status"] = stock_status(
        on_hand, rate, out, lead_mean, result["on_order_units"].to_numpy(), bare.units,
        result["excess_units"].to_numpy(),
    )  # fmt: skip
    result["flags"] = flag_texts(raised)
    result["reason"] = reasons(result, assigned, table, order)
    return result


def _supplier(spine: pd.DataFrame, table: pd.DataFrame) -> pd.Series:
    return (table["supplier_id"] if "supplier_id" in table else pd.Series(None, index=spine.index)).reset_index(
        drop=True
    )


def _date(day: pd.Timestamp, ahead: np.ndarray, horizon_days: float) -> pd.Series:
    """Dates so many days ahead; NaT where that is not known or beyond the horizon."""
    known = np.isfinite(ahead) & (ahead <= horizon_days)
    whole = np.where(known, np.floor(np.where(known, ahead, 0)), 0).astype("timedelta64[D]")
    return pd.Series(np.where(known, day.to_datetime64() + whole, np.datetime64("NaT", "ns")))
