"""Transfers, disposal, capital budget, calendars, price breaks, feeds and orders under lost sales."""

from __future__ import annotations

import datetime as dt
import itertools

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from planning_cases import AS_OF, demand_of, spine

from assets.planning.policy.budget import (
    BudgetItems,
    allocation_at,
    best_for_budget,
    best_for_fill,
    evenly,
    exchange,
    exchange_curve,
)
from assets.planning.policy.calendar import on_calendar
from assets.planning.policy.feed import supplier_feed
from assets.planning.policy.price_breaks import lots_with_breaks
from assets.planning.policy.rounding import round_down, round_up
from assets.planning.policy.settings import PolicySettings
from assets.planning.policy.suppliers import ClosedPeriod, SupplierCalendar, SupplierFeed
from assets.planning.transfers.settings import Lane, TransferSettings
from assets.planning.transfers.suggest import buy_after_transfers, suggest_transfers
from benchmarks.lots_in_hindsight import lot_for_lot, wagner_whitin
from benchmarks.vn2_arrival import joint_uniforms, lost_sales_order, period_scenarios

KEYS = ["item_id", "warehouse_id"]
DAY = pd.Timestamp(AS_OF)


def _plan(*rows: dict[str, object]) -> pd.DataFrame:
    base = {"item_id": "c/a", "excess_units": 0.0, "shortage_units": 0.0, "suggested_order_units": 0.0,
            "cover_days": 100.0, "on_hand_units": 0.0, "on_order_units": 0.0, "position_units": 0.0,
            "projected_stockout_date": DAY + pd.Timedelta(days=2), "expected_arrival_date": DAY + pd.Timedelta(days=30),
            "safety_stock_units": 0.0, "reorder_point_units": 0.0, "order_up_to_units": 0.0, "reason": "r"}  # fmt: skip
    return pd.DataFrame([base | row for row in rows])


def _move(plan: pd.DataFrame, cost: float, options: TransferSettings | None = None, **master: object) -> tuple:
    rows = plan[KEYS].assign(unit_cost_latest=cost, **master)
    policies = PolicySettings()
    moves = suggest_transfers(plan, rows, as_of=AS_OF, settings=options or TransferSettings(), policies=policies)
    return moves, buy_after_transfers(plan, moves, rows, policies)


def test_excess_is_moved_before_anything_is_bought() -> None:
    plan = _plan(
        {"warehouse_id": "c/w1", "excess_units": 80.0, "cover_days": 900.0},
        {"warehouse_id": "c/w2", "shortage_units": 30.0, "suggested_order_units": 60.0},
    )
    moves, rest = _move(plan, 100.0)
    assert moves[["from_warehouse_id", "to_warehouse_id", "transfer_units"]].to_numpy().tolist() == [
        ["c/w1", "c/w2", 60]
    ]
    assert rest["suggested_order_units"].tolist() == [0, 0]
    assert rest["excess_units"].tolist() == [20, 0]
    assert moves["net_saving_value"].iloc[0] > 0


def test_a_move_that_does_not_pay_is_left_out() -> None:
    plan = _plan({"warehouse_id": "c/w1", "excess_units": 2.0}, {"warehouse_id": "c/w2", "suggested_order_units": 2.0})
    moves, rest = _move(plan, 0.5)
    assert moves.empty
    assert rest["suggested_order_units"].tolist() == [0, 2]


def test_the_rest_is_bought_in_whole_packs_and_never_more_than_planned() -> None:
    plan = _plan(
        {"warehouse_id": "c/w1", "excess_units": 10.0, "cover_days": 900.0},
        {"warehouse_id": "c/w2", "shortage_units": 40.0, "suggested_order_units": 48.0},
    )
    _, rest = _move(plan, 100.0, order_multiple_units=12.0, moq_units=24.0)
    assert rest["suggested_order_units"].tolist() == [0, 48]
    plan.loc[0, "excess_units"] = 30.0
    _, rest = _move(plan, 100.0, order_multiple_units=12.0, moq_units=24.0)
    assert rest["suggested_order_units"].tolist() == [0, 24]


def test_closed_lanes_are_not_used_and_no_stock_is_given_twice() -> None:
    plan = _plan(
        {"warehouse_id": "c/w1", "excess_units": 50.0, "cover_days": 900.0},
        {"warehouse_id": "c/w2", "shortage_units": 40.0, "suggested_order_units": 40.0},
        {"warehouse_id": "c/w3", "shortage_units": 40.0, "suggested_order_units": 40.0},
    )
    moves, _ = _move(plan, 100.0)
    assert moves["transfer_units"].sum() == 50
    closed = TransferSettings(lanes=(Lane(from_warehouse_id="c/w1", to_warehouse_id="c/w2", is_open=False),))
    moves, _ = _move(plan, 100.0, closed)
    assert moves[["to_warehouse_id", "transfer_units"]].to_numpy().tolist() == [["c/w3", 40]]


def test_without_a_cost_only_shortages_are_moved_and_money_is_not_available() -> None:
    plan = _plan(
        {"warehouse_id": "c/w1", "excess_units": 50.0},
        {"warehouse_id": "c/w2", "shortage_units": 10.0, "suggested_order_units": 10.0},
        {"item_id": "c/b", "warehouse_id": "c/w1", "excess_units": 50.0},
        {"item_id": "c/b", "warehouse_id": "c/w2", "suggested_order_units": 10.0},
    )
    moves, _ = _move(plan, np.nan)
    assert moves["item_id"].tolist() == ["c/a"]
    assert moves["net_saving_value"].isna().all()
    assert moves["value_status"].iloc[0].startswith("not_available")


def _items(rows: int = 60) -> BudgetItems:
    rng = np.random.default_rng(4)
    mean = rng.gamma(1, 30, rows) + 1
    frame = spine(rows, lead_time_days_master=rng.uniform(5, 60, rows))
    demand = demand_of(frame, mean, mean * rng.uniform(0.3, 2, rows))
    cost = rng.lognormal(2, 1.5, rows)
    return BudgetItems(
        demand.protection.quantiles, demand.lead.quantiles, demand.protection.mean, mean * 4, mean * 4, mean * 52, cost,
        cost,
    )  # fmt: skip


def test_exchange_curve_rises_and_the_budget_buys_the_best_service() -> None:
    items = _items()
    found = exchange(items)
    curve = exchange_curve(found)
    assert curve["invested_value"].is_monotonic_increasing
    assert (curve["fill_rate"].diff().dropna() >= -1e-9).all()
    for service in (0.8, 0.9, 0.95, 0.98):
        usual = evenly(items, service)
        best = best_for_budget(found, usual.invested_value)
        assert best.invested_value <= usual.invested_value + 1e-6
        # 1e-4: a tenth of a basis point of fill, the step of the quantile grid's tail
        assert best.fill_rate >= usual.fill_rate - 1e-4
        # the steps' running sums are what the levels themselves invest and serve
        again = allocation_at(items, best.level)
        assert again.invested_value == pytest.approx(best.invested_value) and again.fill_rate == pytest.approx(
            best.fill_rate
        )
    asked = best_for_fill(found, 0.95)
    assert 0.95 <= asked.fill_rate < 0.952
    assert best_for_budget(found, 0.0).invested_value > 0


def test_no_choice_of_levels_beats_the_exchange_curve() -> None:
    """Against every combination of levels of three items: at no money is there one that serves more than a step off."""
    items = _items(3)
    found = exchange(items)
    tried = [np.unique(np.ceil(items.protection[k] - 1e-9)) for k in range(3)]
    for levels in itertools.product(*tried):
        other = allocation_at(items, np.array(levels))
        # between two steps of the greedy curve a combination may lie above the lower one, never above the line to the next
        at = np.interp(other.invested_value, found.invested, found.fill)
        assert other.fill_rate <= at + 1e-9


def test_suppliers_take_orders_and_deliver_on_their_days() -> None:
    wanted = pd.Series(pd.to_datetime(["2026-01-08", "2026-01-05", None, "2026-01-08"]))
    calendar = SupplierCalendar(
        supplier_id="s", order_weekdays=(2,), delivery_weekdays=(0,),
        closed=(ClosedPeriod(from_date=dt.date(2026, 1, 19), to_date=dt.date(2026, 1, 25)),),
    )  # fmt: skip
    supplier = pd.Series(["s", "s", "s", "other"])
    order, arrival = on_calendar(wanted, np.full(4, 7.0), supplier, AS_OF, (calendar,))
    # wanted Thursday: the Wednesday before; wanted Monday, today: the next Wednesday, for the last one is over
    assert order.astype(str).tolist()[:2] == ["2026-01-07", "2026-01-07"]
    assert arrival.astype(str).tolist()[0] == "2026-01-26"  # Monday 19th is closed
    assert pd.isna(order[2])
    assert (order.astype(str)[3], arrival.astype(str)[3]) == ("2026-01-08", "2026-01-15")


def test_price_breaks_agree_with_the_textbook() -> None:
    breaks = pd.DataFrame({"item_id": "c/i0000", "from_units": [0.0, 400, 800], "unit_cost": [0.75, 0.72, 0.68]})
    lot, cost = lots_with_breaks(
        spine(2), np.array([304.0, 50.0]), np.array([1300.0, 10.0]), np.array([0.75, 1.0]), breaks, order_cost_value=8,
        holding_rate=0.3, max_lot_units=np.array([np.inf, np.inf]),
    )  # fmt: skip
    # Snyder and Shen, 2nd ed., example 3.8: the last break
    assert (lot[0], cost[0]) == (800.0, 0.68)
    assert (lot[1], cost[1]) == (50.0, 1.0)
    held, _ = lots_with_breaks(
        spine(1), np.array([304.0]), np.array([1300.0]), np.array([0.75]), breaks, order_cost_value=8,
        holding_rate=0.3, max_lot_units=np.array([500.0]),
    )  # fmt: skip
    assert held[0] <= 500


def test_feeds_for_suppliers() -> None:
    plan = _plan({"warehouse_id": "c/w1", "position_units": 20.0, "on_hand_units": 20.0, "cover_days": 4.0,
                  "safety_stock_units": 5.0, "reorder_point_units": 15.0, "order_up_to_units": 60.0})  # fmt: skip
    suppliers = plan[KEYS].assign(supplier_id="s")
    vmi = supplier_feed(SupplierFeed(supplier_id="s", kind="vmi"), plan, suppliers, np.array([5.0]), AS_OF)
    assert vmi[["minimum_units", "maximum_units", "forecast_units", "call_off_units"]].to_numpy().tolist() == [
        [15, 60, 70, 0]
    ]
    jit = supplier_feed(
        SupplierFeed(supplier_id="s", kind="jit", days=10, delivery_every_days=2),
        plan,
        suppliers,
        np.array([5.0]),
        AS_OF,
    )
    assert len(jit) == 5
    assert jit["call_off_units"].sum() == 5 * 10 + 5 - 20
    assert supplier_feed(SupplierFeed(supplier_id="x", kind="vmi"), plan, suppliers, np.array([5.0]), AS_OF).empty


@settings(max_examples=200, deadline=None)
@given(st.one_of(st.just(0.0), st.floats(1e-6, 1e6)), st.floats(0, 1e4), st.floats(0, 500))
def test_rounding_respects_pack_and_moq(wanted: float, minimum: float, multiple: float) -> None:
    multiple = 0.0 if multiple < 1e-3 else multiple
    up = float(round_up(np.array([wanted]), np.array([minimum]), np.array([multiple]))[0])
    if wanted == 0:
        assert up == 0
        return
    assert up >= max(wanted, minimum) * (1 - 1e-9)
    if multiple:
        assert up / multiple == pytest.approx(round(up / multiple), abs=1e-6)
        assert up - max(wanted, minimum) <= multiple * (1 + 1e-9)
        assert round_down(np.array([wanted]), np.array([multiple]))[0] <= wanted * (1 + 1e-9)


@settings(max_examples=50, deadline=None)
@given(st.lists(st.integers(0, 50), min_size=1, max_size=8), st.floats(0, 200), st.floats(0.01, 5))
def test_wagner_whitin_is_never_dearer_than_lot_for_lot(demand: list[int], fixed: float, holding: float) -> None:
    plan = wagner_whitin(demand, fixed, holding)
    assert plan.order_quantities.sum() == sum(demand)
    assert (np.cumsum(plan.order_quantities) >= np.cumsum(demand) - 1e-9).all()
    assert plan.cost <= fixed * np.count_nonzero(lot_for_lot(demand)) + 1e-6


def test_orders_under_lost_sales_cover_the_week_they_arrive_in() -> None:
    """Known demand of 5 a week, lead 2 weeks: the third week's 5 are ordered, whatever the weeks before lost."""
    levels = np.array([0.1, 0.5, 0.9])
    demand = period_scenarios(np.full((2, 3, 3), 5.0), levels, joint_uniforms(64, 3, 0.2, 1))
    order = lost_sales_order(demand, np.array([0.0, 30.0]), np.zeros((2, 2)), 0.83)
    assert order.tolist() == [5, 0]
    uncertain = period_scenarios(np.tile(np.array([0.0, 5, 12]), (1, 3, 1)), levels, joint_uniforms(256, 3, 0.0, 1))
    orders = [lost_sales_order(uncertain, np.zeros(1), np.zeros((1, 2)), fractile)[0] for fractile in (0.5, 0.8, 0.95)]
    assert orders == sorted(orders)
    assert orders[0] == pytest.approx(5, abs=1)
