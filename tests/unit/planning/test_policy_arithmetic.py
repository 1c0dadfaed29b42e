"""Parts of the plan by hand arithmetic: cover limits, breaks, demand ahead, policies after a replay, curves, two plans side by side."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from planning_cases import demand_of, planned, spine

from assets.planning.orders.quantity import bounded_orders
from assets.planning.policy.assign import as_replayed, assign_policies, with_stock
from assets.planning.policy.budget import BudgetItems, exchange, exchange_curve
from assets.planning.policy.projection import daily_demand, days_until
from assets.planning.policy.row_levels import row_levels
from assets.planning.policy.settings import CellPolicy, PolicySettings
from assets.planning.policy.side_by_side import FIGURES, side_by_side
from assets.planning.replay.choice import CELL, CONFIGURED, ITEM, Choice

KEYS = ["item_id", "warehouse_id"]
NO_LIMIT = "no limit: ordered for what is owed, without a forecast"


def _bounded(wanted: float, position: float, reorder: float, pace: float, **limits: float) -> pd.Series:
    """One order within 60 days of cover, reviewed every day."""
    rows = spine(1, moq_units=limits.get("moq", np.nan), order_multiple_units=limits.get("multiple", np.nan))
    plan = rows[KEYS].assign(
        suggested_order_units=wanted, position_units=position, reorder_point_units=reorder,
        transfer_in_units=limits.get("transfer_in", np.nan), flags="", reason="",
    )  # fmt: skip
    assigned = pd.DataFrame({"review_period_days": [1.0], "max_cover_days": [60.0]})
    return bounded_orders(plan, rows, assigned, np.array([pace]), np.array([False]), is_whole_units=True).iloc[0]


@pytest.mark.parametrize(
    ("wanted", "position", "reorder", "pace", "limits", "units", "limit_days", "status"),
    [
        (90.0, 10.0, 5.0, 1.0, {}, 50.0, 60.0, "ok"),  # 60 days of 1, of which 10 are there
        (90.0, 10.0, 5.0, 1.0, {"transfer_in": 20.0}, 30.0, 60.0, "ok"),
        (90.0, 10.0, 5.0, 1.0, {"multiple": 20.0}, 40.0, 60.0, "ok"),
        (90.0, 10.0, 80.0, 1.0, {}, 71.0, 81.0, "ok"),  # the reorder point and the next review go before the cell's 60 days
        (1.0, 9.5, 10.0, 0.1, {}, 1.0, 101.0, "above the limit: whole packs"),  # 10.1 allowed, 9.5 there: one unit is needed
        (2.0, 10.0, 10.0, 0.1, {"moq": 2.0}, 2.0, 101.0, "above the limit: the supplier's smallest order"),
        (2.0, 10.0, 10.0, 0.1, {}, 1.0, 101.0, "above the limit: whole packs"),  # due at its reorder point: 0.1 allowed
        (24.0, 10.0, 10.0, 0.1, {"multiple": 12.0}, 12.0, 101.0, "above the limit: whole packs"),
        (1.0, 0.0, 0.0, 0.0, {}, 1.0, np.nan, NO_LIMIT),
        (7.0, 0.0, 0.0, 0.0, {}, 7.0, np.nan, NO_LIMIT),
        (0.0, 0.0, 0.0, 0.0, {}, 0.0, np.nan, "ok"),
    ],
)  # fmt: skip
def test_an_order_within_its_cover(
    wanted: float, position: float, reorder: float, pace: float, limits: dict[str, float], units: float, limit_days: float,
    status: str,
) -> None:  # fmt: skip
    row = _bounded(wanted, position, reorder, pace, **limits)
    assert row["suggested_order_units"] == units and row["cover_status"] == status
    assert row["cover_limit_days"] == pytest.approx(limit_days, nan_ok=True)
    after = (position + limits.get("transfer_in", 0.0) + units) / pace if pace and units else np.nan
    assert row["order_cover_days"] == pytest.approx(after, nan_ok=True)
    marks = {"cut_by_cover": units < wanted, "cover_above_limit": status.startswith("above")}
    flags = {name for name, is_set in marks.items() if is_set}
    assert set(filter(None, row["flags"].split(";"))) == flags and bool(row["reason"]) == bool(flags)


@pytest.mark.parametrize(("from_units", "lot"), [(900.0, 900.0), (901.0, 70.0)])
def test_a_break_within_the_longest_cover_makes_the_lot(from_units: float, lot: float) -> None:
    """3650 a year, 90 days of it at most: 900. The EOQ is that of a day's order cost; the break is worth its holding cost."""
    rows = spine(1, unit_cost_latest=100.0)
    policies = PolicySettings(
        cells={"BY": CellPolicy(policy="r_q", lot_rule="eoq", review_period_days=7)}, order_cost_value=1.0,
        holding_rate=0.2, max_lot_cover_days=90,
    )  # fmt: skip
    assigned = assign_policies(rows, rows.assign(abc_xyz_cell="BY"), policies)
    demand = demand_of(rows, np.array([70.0]), np.array([20.0]))
    breaks = pd.DataFrame({"item_id": ["c/i0000"], "from_units": [from_units], "unit_cost": [50.0]})
    found = row_levels(rows, assigned, demand, np.array([3650.0]), policies, breaks)
    assert found.level.quantity.tolist() == [lot]
    without = row_levels(rows, assigned, demand, np.array([3650.0]), policies)
    assert without.level.quantity.tolist() == [70.0] and not without.is_lot_by_cover.any()


def test_demand_ahead_is_the_forecast_of_each_period_and_then_its_mean() -> None:
    keys = spine(3)
    forecasts = pd.DataFrame(
        {"item_id": ["c/i0000"] * 3 + ["c/i0001"], "warehouse_id": "c/w", "horizon_periods": [1, 2, 3, 2],
         "mean_units": [10.0, 20.0, 60.0, 8.0]}
    )  # fmt: skip
    found = daily_demand(keys, forecasts, 7.0, 30)
    assert found.tolist() == [[10, 20, 60, 30, 30], [8, 8, 8, 8, 8], [0, 0, 0, 0, 0]]
    assert daily_demand(keys, forecasts, 7.0, 14).tolist() == [[10, 20], [8, 8], [0, 0]]
    assert daily_demand(keys, forecasts.iloc[:0], 7.0, 8).tolist() == [[0, 0]] * 3
    rare = forecasts.iloc[[0]].assign(mean_units=0.0009)
    assert daily_demand(keys, rare, 7.0, 7).tolist() == [[0], [0], [0]]  # 0.047 a year is no demand
    assert daily_demand(keys, rare.assign(mean_units=0.001), 7.0, 7).tolist() == [[0.001], [0], [0]]


def test_days_until_the_stock_is_used_up() -> None:
    demand = np.array([[7.0, 14.0]] * 5)
    stock = np.array([3.5, 7.0, 14.0, 21.0, -1.0])
    assert days_until(stock, demand, None, 7.0)[[0, 1, 2, 4]].tolist() == [3.5, 7.0, 10.5, 0.0]
    assert np.isnan(days_until(stock, demand, None, 7.0)[3])
    supplied = days_until(stock, demand, np.array([[0.0, 7.0]] * 5), 7.0)
    assert supplied[[0, 1, 4]].tolist() == [3.5, 10.5, 0.0] and np.isnan(supplied[[2, 3]]).all()


def _assigned(*policies: str, source: list[str]) -> pd.DataFrame:
    return spine(len(policies), policy=list(policies), policy_source=source)


def test_rows_without_stock_run_to_a_level_where_they_are_fed() -> None:
    rows = _assigned("none", "order_on_demand", "r_q", "none", source=["cell"] * 4)
    assert with_stock(rows, np.array([False, True, True, True]))["policy"].tolist() == [
        "s_s", "base_stock", "r_q", "base_stock",
    ]  # fmt: skip
    assert with_stock(rows, None)["policy"].tolist() == ["s_s", "s_s", "r_q", "s_s"]
    assert rows["policy"].tolist() == ["none", "order_on_demand", "r_q", "none"], "the given frame stays as it is"


def test_a_replay_decides_where_nobody_else_has() -> None:
    rows = _assigned("none", "none", "none", "r_q", "none", source=["cell", "cell", "item", "cell", "cell"])
    choice = Choice(
        np.array([0.5, 0.6, 0.7, 0.8, 0.9]), np.array([True, False, True, True, True]),
        np.array([CELL, ITEM, CELL, CELL, CONFIGURED], object),
    )  # fmt: skip
    found = as_replayed(rows, choice, np.array([False, False, False, False, False]))
    assert found["policy"].tolist() == ["s_s", "none", "none", "r_q", "none"]
    assert found["safety_scale_rate"].tolist() == [0.5, 0.6, 1.0, 0.8, 1.0]
    assert found["policy_source"].tolist() == [CELL, ITEM, "item", CELL, "cell"]
    assert as_replayed(rows, choice, np.full(5, True))["policy"].tolist()[0] == "base_stock"
    unchanged = as_replayed(rows, None, np.full(5, False))
    assert (
        unchanged["safety_scale_rate"].tolist() == [1.0] * 5 and unchanged["policy"].tolist() == rows["policy"].tolist()
    )


@pytest.mark.parametrize("unit", [2.0**-14, 2.0**7])
def test_the_currency_of_the_books_does_not_change_the_exchange_curve(unit: float) -> None:
    """The same stock in another currency: the same fill rates for the same share of the money."""
    weekly = np.array([70.0, 7.0, 20.0])
    demand = demand_of(spine(3), weekly, weekly / 2)
    items = BudgetItems(
        demand.protection.quantiles, demand.lead.quantiles, demand.protection.mean, weekly * 2, weekly * 2, weekly * 52,
        np.array([1.0, 20.0, 3.0]), np.array([1.0, 20.0, 3.0]),
    )  # fmt: skip
    one = exchange_curve(exchange(items))
    other = exchange_curve(exchange(replace(items, unit_cost=items.unit_cost * unit, weight=items.weight * unit)))
    assert len(one) == len(other) > 20
    assert other["fill_rate"].to_numpy() == pytest.approx(one["fill_rate"].to_numpy(), abs=1e-9)
    assert other["invested_value"].to_numpy() == pytest.approx(one["invested_value"].to_numpy() * unit, rel=1e-9)


def test_a_limit_of_storage_that_binds_nothing_is_no_flag() -> None:
    args = (np.array([70.0]), np.array([10.0]))
    flags = {"cut_by_storage", "lot_exceeds_storage", "cut_by_shelf_life", "lot_exceeds_shelf_life"}
    for limits in (
        {"max_stock_units": 1e6},
        {"shelf_life_days": 5000.0},
        {"max_stock_units": 1e6, "shelf_life_days": 5000.0},
    ):
        assert not flags & set(planned(spine(1, **limits), *args)["flags"].iloc[0].split(";"))
    for lot in ({"moq_units": 500.0}, {"order_multiple_units": 500.0}):
        refused = planned(spine(1, max_stock_units=10.0, shelf_life_days=5000.0, **lot), *args)["flags"].iloc[0]
        assert flags & set(refused.split(";")) == {"lot_exceeds_storage"}


def _side(orders: list[float], safety: list[float], week_units: list[float]) -> dict[str, pd.DataFrame]:
    """Tables of a plan of three rows at 2, 5 and 1: the first two bought of s, the last fed by the first."""
    rows = spine(3)
    plan = rows.assign(
        source_kind=["supplier", "supplier", "transfer"], suggested_order_units=orders, withheld_order_units=[3.0, 0.0, 0.0],
        suggested_transfer_units=[0.0, 0.0, 4.0], safety_stock_units=safety, excess_units=[1.0, 1.0, 1.0],
        reorder_point_units=10.0, order_up_to_units=20.0, order_by_date=pd.NaT, projected_stockout_date=pd.NaT,
        stock_status="ok", flags=["cut_by_budget;no_cost", "", "no_demand"],
    )  # fmt: skip
    days = pd.to_datetime(["2026-01-05", "2026-01-12"])
    weeks = pd.concat([rows.assign(week_start_date=day) for day in days], ignore_index=True)
    weeks = weeks.assign(closing_units=[10.0, 0, 0, 6, 2, 0], short_units=[0.0, 3, 0, 0, 1, 0])
    bought = rows.assign(
        source_kind=["supplier", "supplier", "transfer"], supplier_id=["s", "s", None], planned_units=week_units
    )
    curve = pd.DataFrame({"curve": ["best", "present_plan"], "invested_value": [1.0, 77.0], "fill_rate": [0.5, 0.93]})
    network = rows.assign(supplier_id=["s", "s", None])
    return {"replenishment": plan, "supply_plan": weeks, "planned_orders": bought, "capital_curve": curve,
            "supply_network": network}  # fmt: skip


def test_two_plans_side_by_side() -> None:
    rows = spine(3, unit_cost_latest=[2.0, 5.0, 1.0])
    found = side_by_side(rows, _side([10, 0, 0], [4, 2, 8], [30, 10, 9]), _side([10, 6, 9], [4, 2, 8], [30, 12, 9]))
    company = found.company.set_index("figure")
    assert tuple(company.index) == FIGURES
    assert company["present"].to_dict() == {
        "order_lines": 1, "order_value": 20, "withheld_value": 6, "transfer_value": 4, "safety_stock_value": 18,
        "excess_value": 8, "planned_purchase_value": 110, "mean_stock_value": (20 + 12 + 10) / 2, "closing_stock_value": 22,
        "short_item_warehouses": 1, "short_value": 20, "cut_by_budget_rows": 1, "invested_value": 77, "fill_rate": 0.93,
    }  # fmt: skip
    changed = company["change"][company["change"] != 0].to_dict()
    assert changed == {"order_lines": 2, "order_value": 39, "planned_purchase_value": 10}
    assert found.suppliers.to_dict("records") == [
        {"supplier_id": "s", "present_order_value": 20, "present_planned_purchase_value": 110,
         "what_if_order_value": 50, "what_if_planned_purchase_value": 120}
    ]  # fmt: skip
    # by the value of the change: 30 before 9; the first row is the same on both sides
    assert found.rows["item_id"].tolist() == ["c/i0001", "c/i0002"] and found.rows.index.tolist() == [0, 1]
    assert found.rows["order_change_value"].tolist() == [30, 9]
    assert list(found.rows.columns[:4]) == [*KEYS, "present_reorder_point_units", "what_if_reorder_point_units"]
