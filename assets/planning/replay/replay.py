"""`replay`: a policy over the company's own history, beside what happened, with the curve of stock against service."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import numpy as np
import pandas as pd

from assets.planning.parameters.lead_times import lead_times
from assets.planning.parameters.settings import ParameterSettings
from assets.planning.policy.assign import assign_policies
from assets.planning.policy.rounding import clean_limits
from assets.planning.policy.row_levels import number
from assets.planning.policy.settings import PolicySettings
from assets.planning.replay.actual import actual_figures, stock_on
from assets.planning.replay.compare import Yardstick, compare, supplied_together
from assets.planning.replay.lead_draws import lead_time_draws
from assets.planning.replay.level_path import Forecaster, LevelPath, level_path
from assets.planning.replay.ragged import KEYS, days_from, ragged, row_codes
from assets.planning.replay.restore import restored_demand
from assets.planning.replay.run import Scene, run_policy
from assets.planning.replay.settings import ReplaySettings


@dataclass(frozen=True)
class ReplayInputs:
    """Frames of the warehouse (docs/interfaces.md).

    spine: int_item_warehouses. daily: int_demand_daily. balances: int_item_warehouse_balances. receipts:
    int_supplier_lead_times. history: planning.demand_history. classes: planning.item_classes (abc_xyz_cell).
    """

    spine: pd.DataFrame
    daily: pd.DataFrame
    balances: pd.DataFrame
    receipts: pd.DataFrame
    history: pd.DataFrame
    classes: pd.DataFrame


@dataclass(frozen=True)
class ReplayResult:
    """table: a row per item x warehouse (planning.policy_replay). curve: a row per safety scale, company total.

    summary: company figures of both sides. path: the levels as they were set over the run.
    """

    table: pd.DataFrame
    curve: pd.DataFrame
    summary: dict[str, float | str]
    path: LevelPath


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
    assigned = assign_policies(spine, inputs.classes, policies)
    demand = restored_demand(inputs.daily, inputs.history)
    path = level_path(
        spine, assigned, inputs.history, inputs.receipts, forecaster, first=first, days=days,
        refit_days=settings.refit_days, frequency=frequency, parameters=parameters, policies=policies,
    )  # fmt: skip
    scene = _scene(spine, demand, inputs, first, days, settings, parameters, policies)
    policy, review = assigned["policy"].to_numpy(object), assigned["review_period_days"].to_numpy(float)
    simulated = run_policy(scene, policy, review, path, settings=settings)
    actual = actual_figures(spine, demand, inputs.balances, inputs.receipts, first=measured, days=settings.days)
    cost = number(spine, "unit_cost_latest")
    yardstick = Yardstick(
        policies.holding_rate, policies.shortage_cost_rate, policies.order_cost_value, settings.tolerance_fill_rate
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
                supplied_together(spine, actual["orders"].to_numpy(float)),
            ),
        ],
        axis=1,
    )
    table.insert(2, "window_from_date", measured)
    table.insert(3, "window_to_date", pd.Timestamp(as_of) - pd.Timedelta(days=1))
    runs = []
    for scale in settings.safety_scales:
        figures = run_policy(scene, policy, review, path.scaled(scale), settings=settings)
        runs.append({"safety_scale_rate": scale, **_totals(figures, cost, settings.days)})
    summary: dict[str, float | str] = {f"actual_{k}": v for k, v in _totals(actual, cost, settings.days).items()}
    summary |= {f"replay_{k}": v for k, v in _totals(simulated, cost, settings.days).items()}
    summary["valued_by"] = "cost" if np.isfinite(cost).any() else "units"
    summary["recommended_rows"] = float((table["verdict"] == "recommended").sum())
    summary["not_recommended_rows"] = float((table["verdict"] == "not_recommended").sum())
    return ReplayResult(table, pd.DataFrame(runs), summary, path)


def _scene(
    spine: pd.DataFrame, demand: pd.DataFrame, inputs: ReplayInputs, first: pd.Timestamp, days: int,
    settings: ReplaySettings, parameters: ParameterSettings, policies: PolicySettings,
) -> Scene:  # fmt: skip
    rows = len(spine)
    day = days_from(demand["business_date"], first)
    asked = ragged(
        np.where(day < days, row_codes(spine, demand), -1), day, demand["demand_units"].to_numpy(float), rows
    )
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
    return Scene(
        days, settings.warm_up_days, asked, supply,
        lead_time_draws(receipts, measured, min_own=settings.min_own_lead_times),
        stock_on(spine, inputs.balances, first - pd.Timedelta(days=1)), minimum, multiple,
        np.nan_to_num(number(spine, "shelf_life_days")),
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
