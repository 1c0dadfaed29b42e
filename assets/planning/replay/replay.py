"""`replay`: a policy over the company's own history, beside what happened, with the curve of stock against service."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from assets.planning.network.network import Network
from assets.planning.network.staged import staged_policies
from assets.planning.parameters.lead_times import lead_times
from assets.planning.parameters.settings import ParameterSettings
from assets.planning.policy.assign import assign_policies, with_stock
from assets.planning.policy.rounding import clean_limits
from assets.planning.policy.row_levels import number
from assets.planning.policy.settings import PolicySettings
from assets.planning.replay.actual import actual_figures, stock_on
from assets.planning.replay.choice import Candidate, Choice, choose
from assets.planning.replay.compare import Yardstick, compare, judged_together
from assets.planning.replay.lead_draws import lead_time_draws
from assets.planning.replay.level_path import Forecaster, LevelPath, demand_path, level_path
from assets.planning.replay.ragged import KEYS, days_from, ragged, row_codes
from assets.planning.replay.restore import restored_demand
from assets.planning.replay.run import Scene, groups, run_policy
from assets.planning.replay.settings import ReplaySettings


@dataclass(frozen=True)
class ReplayInputs:
    """Frames of the warehouse (docs/interfaces.md).

    spine: int_item_warehouses. daily: int_demand_daily. balances: int_item_warehouse_balances. receipts:
    int_supplier_lead_times. history: planning.demand_history. classes: planning.item_classes (abc_xyz_cell). network: of
    the same spine; None: every row buys for itself. written_off: item_id, warehouse_id, business_date, units that expired.
    """

    spine: pd.DataFrame
    daily: pd.DataFrame
    balances: pd.DataFrame
    receipts: pd.DataFrame
    history: pd.DataFrame
    classes: pd.DataFrame
    network: Network | None = None
    written_off: pd.DataFrame | None = None


@dataclass(frozen=True)
class ReplayResult:
    """table: a row per item x warehouse (planning.policy_replay). curve: a row per safety scale, company total.

    summary: company figures of both sides. path: the levels as they were set over the run. choice: which policy each row
    runs best on, in the order of `table`; the table is of the chosen ones. is_stocked of the choice is of rows whose policy
    keeps no stock.
    """

    table: pd.DataFrame
    curve: pd.DataFrame
    summary: dict[str, float | str]
    path: LevelPath
    choice: Choice


def replay(
    inputs: ReplayInputs,
    forecaster: Forecaster,
    *,
    as_of: dt.date,
    frequency: str,
    parameters: ParameterSettings,
    policies: PolicySettings,
    settings: ReplaySettings,
) -> ReplayResult:
    """Replay the policies of `policies` over the last days before `as_of`.

    Raises:
        ValueError: no demand history lies before the window.
    """
    spine = inputs.spine.drop_duplicates(KEYS).sort_values(KEYS, ignore_index=True)
    days = settings.days + settings.warm_up_days
    first = pd.Timestamp(as_of) - pd.Timedelta(days=days)
    measured = first + pd.Timedelta(days=settings.warm_up_days)
    network = inputs.network
    moved = None if network is None else network.is_moved
    assigned = (
        assign_policies(spine, inputs.classes, policies)
        if network is None
        else staged_policies(spine, inputs.classes, network, policies)
    )
    demand = restored_demand(inputs.daily, inputs.history)
    known = demand_path(
        spine, assigned, inputs.history, inputs.receipts, forecaster, network, first=first, days=days,
        refit_days=settings.refit_days, frequency=frequency, parameters=parameters,
    )  # fmt: skip
    path = level_path(spine, assigned, known, policies, moved)
    scene = _scene(spine, demand, inputs, first, days, settings, parameters, policies)
    policy, review = assigned["policy"].to_numpy(object), assigned["review_period_days"].to_numpy(float)
    cost = number(spine, "unit_cost_latest")
    yardstick = Yardstick(
        policies.holding_rate, policies.shortage_cost_rate, policies.order_cost_value, settings.tolerance_fill_rate
    )
    stocked = with_stock(assigned, moved)
    stocked_path = level_path(spine, stocked, known, policies, moved)
    middle = settings.warm_up_days + settings.days // 2
    halves = (replace(scene, measured_to=middle), replace(scene, measured_from=middle))
    kept = stocked["policy"].to_numpy(object)

    def both(scale: float | np.ndarray, is_stocked: bool) -> Candidate:
        names, levels = (kept, stocked_path) if is_stocked else (policy, path)
        scaled = levels.scaled(scale)
        return Candidate(
            scale, is_stocked, *(run_policy(half, names, review, scaled, settings=settings) for half in halves)
        )

    scales = [1.0, *(scale for scale in settings.safety_scales if scale != 1.0)]
    even = [both(scale, False) for scale in scales]
    candidates = list(even)
    if settings.is_choosing:
        candidates += [both(scale, True) for scale in settings.stocked_scales]
        if moved is not None and moved.any():
            pairs = settings.staged_scales
            candidates += [both(np.where(moved, below, above), False) for above, below in pairs]
    choice = choose(
        candidates if settings.is_choosing else candidates[:1],
        assigned["abc_xyz_cell"].fillna("").to_numpy(object), spine["item_id"].to_numpy(object),
        assigned["service_level_rate"].to_numpy(float), cost, yardstick,
        min_item_events=settings.min_item_events, min_gain_rate=settings.min_gain_rate,
    )  # fmt: skip
    chosen = np.where(choice.is_stocked, kept, policy)
    mixed = path.mixed(stocked_path, choice.is_stocked).scaled(choice.scale)
    simulated = run_policy(scene, chosen, review, mixed, settings=settings)
    assigned = assigned.assign(policy=chosen)
    actual = actual_figures(
        spine, demand, inputs.balances, inputs.receipts, inputs.written_off, first=measured, days=settings.days
    )
    table = pd.concat(
        [
            spine[KEYS],
            assigned[["abc_xyz_cell", "policy", "service_measure", "service_level_rate"]],
            compare(
                simulated,
                actual,
                cost,
                settings.days,
                yardstick,
                assigned["service_level_rate"].to_numpy(float),
                judged_together(spine, actual["orders"].to_numpy(float), moved),
            ),
        ],
        axis=1,
    )
    table.insert(2, "window_from_date", measured)
    table.insert(3, "window_to_date", pd.Timestamp(as_of) - pd.Timedelta(days=1))
    runs = []
    for scale, each in sorted(zip(scales, even, strict=True), key=lambda pair: pair[0]):
        runs.append({"safety_scale_rate": scale, **_totals(each.first + each.second, cost, settings.days)})
    summary: dict[str, float | str] = {f"actual_{k}": v for k, v in _totals(actual, cost, settings.days).items()}
    summary |= {f"replay_{k}": v for k, v in _totals(simulated, cost, settings.days).items()}
    summary["valued_by"] = "cost" if np.isfinite(cost).any() else "units"
    summary["recommended_rows"] = float((table["verdict"] == "recommended").sum())
    summary["not_recommended_rows"] = float((table["verdict"] == "not_recommended").sum())
    return ReplayResult(table, pd.DataFrame(runs), summary, mixed, choice)


def _scene(
    spine: pd.DataFrame, demand: pd.DataFrame, inputs: ReplayInputs, first: pd.Timestamp, days: int,
    settings: ReplaySettings, parameters: ParameterSettings, policies: PolicySettings,
) -> Scene:  # fmt: skip
    rows = len(spine)
    back = inputs.daily.assign(demand_units=-inputs.daily["returned_units"].astype(float).fillna(0.0))
    back = back[back["demand_units"] < 0]
    # what customers send back is demand below zero: it comes whatever the policy
    both = pd.concat([demand[[*KEYS, "business_date", "demand_units"]], back[[*KEYS, "business_date", "demand_units"]]])
    day = days_from(both["business_date"], first)
    asked = ragged(np.where(day < days, row_codes(spine, both), -1), day, both["demand_units"].to_numpy(float), rows)
    receipts = inputs.receipts
    supply = ragged(np.zeros(0, int), np.zeros(0, int), np.zeros(0), rows)
    if not receipts.empty:
        placed = days_from(receipts["order_date"], first)
        arrives = days_from(receipts["receipt_date"], first)
        # on the way when the run begins: ordered before, received after; a missing order date is before everything
        open_then = (pd.to_datetime(receipts["order_date"]) < first).to_numpy() & (arrives >= 0) & (placed < 0)
        codes = np.where(open_then, row_codes(spine, receipts), -1)
        supply = ragged(codes, arrives, receipts["received_units"].to_numpy(float), rows)
        receipts = receipts[pd.to_datetime(receipts["receipt_date"]) < first + pd.Timedelta(days=days)]
    measured = lead_times(receipts, spine, as_of=(first + pd.Timedelta(days=days)).date(), settings=parameters)
    minimum, multiple = clean_limits(
        number(spine, "moq_units"), number(spine, "order_multiple_units"), policies.is_whole_units
    )
    network = inputs.network
    if network is not None:
        measured = network.at_times(measured).lead_times
        minimum = np.where(network.is_moved, 0.0, minimum)
        multiple = np.where(network.is_moved, float(policies.is_whole_units), multiple)
    return Scene(
        days, settings.warm_up_days, asked, supply,
        lead_time_draws(receipts, measured, min_own=settings.min_own_lead_times),
        stock_on(spine, inputs.balances, first - pd.Timedelta(days=1)), minimum, multiple,
        np.nan_to_num(number(spine, "shelf_life_days")),
        above=None if network is None else network.above, group=groups(spine["item_id"]) if network is not None else None,
    )  # fmt: skip


def _totals(figures: pd.DataFrame, cost: np.ndarray, days: int) -> dict[str, float]:
    """Company figures: fill rate weighted by value (units where no cost is known), mean stock value, orders."""
    weight = np.where(np.isfinite(cost), cost, 0.0) if np.isfinite(cost).any() else np.ones(len(figures))
    asked = float((figures["demand_units"].to_numpy(float) * weight).sum())
    filled = float((figures["filled_units"].to_numpy(float) * weight).sum())
    units = float(figures["demand_units"].sum())
    stock = float((figures["stock_unit_days"].to_numpy(float) * weight).sum()) / days
    return {
        "fill_rate_by_value": filled / asked if asked > 0 else 1.0,
        "fill_rate": float(figures["filled_units"].sum()) / units if units > 0 else 1.0,
        "average_stock_value": stock,
        "turnover_rate": filled * 365 / days / stock if stock > 0 else 0.0,
        "stockout_days": float(figures["stockout_days"].sum()),
        "orders": float(figures["orders"].sum()),
    }
