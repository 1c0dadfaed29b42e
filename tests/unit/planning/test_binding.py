"""P10: a budget that the plan exceeds changes orders, and says which; a plan that replayed worse is not ordered from."""

from __future__ import annotations

import numpy as np
import pandas as pd
from planning_cases import demand_of, planned, spine

from assets.planning.policy.binding import allowed_capital, withheld
from assets.planning.policy.capital_curve import capital_curve
from assets.planning.policy.settings import PolicySettings


def _company() -> tuple[pd.DataFrame, np.ndarray, pd.DataFrame]:
    rows = spine(30, unit_cost_latest=np.linspace(1.0, 90.0, 30), default_supplier_id="c/s", lead_time_days_master=14.0)
    weekly = np.linspace(30.0, 4.0, 30)
    plan = planned(rows, weekly, weekly * 0.8, on_hand=5.0)
    return rows, weekly, plan.assign(replay_verdict="recommended")


def test_p10_a_budget_cuts_orders_and_lists_them() -> None:
    rows, weekly, plan = _company()
    demand = demand_of(rows, weekly, weekly * 0.8)
    free = capital_curve(rows, demand, plan, None)
    invested = float(free.table.loc[free.table["curve"] == "present_plan", "invested_value"].iloc[0])
    bound = capital_curve(rows, demand, plan, None, budget_value=0.8 * invested)
    assert bound.is_bound and not capital_curve(rows, demand, plan, None, budget_value=1.2 * invested).is_bound
    point = bound.table[bound.table["curve"] == "budget"].iloc[0]
    assert point["invested_value"] <= 0.8 * invested
    cut = withheld(plan, bound.budget_level, rows, PolicySettings())
    is_cut = cut["withheld_order_units"] > 0
    assert is_cut.any()
    assert (cut["suggested_order_units"] + cut["withheld_order_units"]).tolist() == plan[
        "suggested_order_units"
    ].tolist()
    assert (cut["flags"].str.contains("cut_by_budget") == is_cut).all() and cut.loc[is_cut, "reason"].str.contains(
        "budget"
    ).all()


def test_a_plan_that_replays_worse_is_not_ordered_from() -> None:
    rows, _, plan = _company()
    plan.loc[0, "replay_verdict"] = "not_recommended"
    held = withheld(plan, None, rows, PolicySettings())
    assert held["suggested_order_units"].iloc[0] == 0 < held["withheld_order_units"].iloc[0]
    assert held["withheld_order_units"].iloc[1:].sum() == 0
    loose = withheld(plan, None, rows, PolicySettings(is_replay_binding=False))
    assert loose["withheld_order_units"].sum() == 0


def test_a_turnover_target_bounds_the_stock_like_a_budget() -> None:
    rows, weekly, _ = _company()
    demand = demand_of(rows, weekly, weekly * 0.8)
    year = float((weekly * 365 / 7 * rows["unit_cost_latest"]).sum())
    allowed = allowed_capital(PolicySettings(), demand, rows, 8.0)
    assert allowed is not None and abs(allowed / (year / 8) - 1) < 0.01
    assert allowed_capital(PolicySettings(capital_budget_value=700.0), demand, rows, 8.0) == 700.0
    assert allowed_capital(PolicySettings(), demand, rows, None) is None
