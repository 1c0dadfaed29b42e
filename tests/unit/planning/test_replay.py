"""The replay: the compiled kernel against a plain one, conservation, no look-ahead, and the verdict."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd
import pytest

from assets.planning.parameters.demand_sums import AnalyticSums
from assets.planning.parameters.settings import ParameterSettings
from assets.planning.policy.settings import CellPolicy, PolicySettings
from assets.planning.replay.actual import actual_figures, stock_on
from assets.planning.replay.compare import Yardstick, compare, judged_together
from assets.planning.replay.freed import capital_at_equal_fill
from assets.planning.replay.kernel import OUTPUTS
from assets.planning.replay.level_path import LevelPath, complete_periods
from assets.planning.replay.plot import plot_trade_off
from assets.planning.replay.ragged import Ragged, ragged
from assets.planning.replay.replay import ReplayInputs, replay
from assets.planning.replay.restore import restored_demand
from assets.planning.replay.run import Scene, run_policy
from assets.planning.replay.settings import ReplaySettings
from assets.planning.sentences import in_words

FIRST = pd.Timestamp(2025, 1, 1)
NONE = ragged(np.zeros(0, int), np.zeros(0, int), np.zeros(0), 1)


def _scene(units: list[float], *, opening: float, lead: int, life: int = 0, measured_from: int = 0) -> Scene:
    days = np.flatnonzero(units)
    demand = ragged(np.zeros(len(days), int), days, np.asarray(units, float)[days], 1)
    leads = Ragged(np.array([0, 1]), np.array([lead]), np.zeros(0))
    one = np.ones(1)
    return Scene(len(units), measured_from, demand, NONE, leads, np.array([opening]), 0 * one, one, life * one)


def _path(reorder: float, up_to: float, lot: float) -> LevelPath:
    each = [np.array([[value]], float) for value in (reorder, up_to, lot, 0.0)]
    return LevelPath(np.array([0]), *each)


def _plain(units: list[float], opening: float, lead: int, reorder: float, up_to: float, lot: float, policy: str,
           review: int) -> dict[str, float]:  # fmt: skip
    """The same rules, one statement a step, for one row with back orders."""
    stock, arriving = opening, {}
    total = dict.fromkeys(("demand_units", "filled_units", "stock_unit_days", "orders", "stockout_days"), 0.0)
    waiting = 0.0
    for day, wanted in enumerate(units):
        stock += arriving.pop(day, 0.0)
        late = min(stock, waiting)
        stock, waiting = stock - late, waiting - late
        filled = min(stock, wanted)
        stock, waiting = stock - filled, waiting + wanted - filled
        total["demand_units"] += wanted
        total["filled_units"] += filled
        total["stock_unit_days"] += stock
        total["stockout_days"] += stock <= 1e-9
        if day % review:
            continue
        position = stock + sum(arriving.values()) - waiting
        if position <= reorder:
            order = up_to - position
            if policy == "r_q":
                order = lot
                while position + order <= reorder:
                    order += lot
            if order > 0:
                order = float(np.ceil(order - 1e-9))
                arriving[day + 1 + lead] = arriving.get(day + 1 + lead, 0.0) + order
                total["orders"] += 1
    return total


@pytest.mark.parametrize("policy", ["s_s", "r_q", "r_s"])
@pytest.mark.parametrize("lead", [0, 3, 11])
def test_kernel_agrees_with_a_plain_loop(policy: str, lead: int) -> None:
    rng = np.random.default_rng(lead)
    units = [float(value) for value in rng.poisson(1.3, 400)]
    review = 7 if policy == "r_s" else 1
    reorder = 30.0 if policy == "r_s" else 12.0
    found = run_policy(_scene(units, opening=5, lead=lead), np.array([policy], object), np.array([review]),
                       _path(reorder, 30, 9), settings=ReplaySettings()).iloc[0]  # fmt: skip
    expected = _plain(units, 5, lead, reorder, 30, 9, policy, review)
    for name, value in expected.items():
        assert found[name] == pytest.approx(value, rel=1e-9), name


def test_units_are_conserved_and_lost_sales_are_not_served_later() -> None:
    units = [2.0] * 50
    backorder = run_policy(_scene(units, opening=0, lead=2), np.array(["s_s"], object), np.ones(1), _path(4, 8, 4),
                           settings=ReplaySettings()).iloc[0]  # fmt: skip
    lost = run_policy(_scene(units, opening=0, lead=2), np.array(["s_s"], object), np.ones(1), _path(4, 8, 4),
                      settings=ReplaySettings(is_backordered=False)).iloc[0]  # fmt: skip
    assert backorder["lost_units"] == 0
    assert lost["lost_units"] == lost["demand_units"] - lost["filled_units"] > 0
    assert backorder["filled_units"] <= backorder["demand_units"]


def test_what_customers_send_back_serves_who_waits_and_then_lies_on_the_shelf() -> None:
    scene = _scene([12.0, -5.0, 0.0, 2.0], opening=10.0, lead=9)
    found = run_policy(scene, np.array(["none"], object), np.ones(1), _path(0, 0, 0), settings=ReplaySettings()).iloc[0]
    # 10 of 12 are served, 2 wait for the return; 3 of it stay for two days, 1 is left after the last sale
    assert (found["demand_units"], found["filled_units"]) == (14, 12)
    assert (found["stock_unit_days"], found["closing_units"]) == (3 + 3 + 1, 1)


def test_stock_past_its_shelf_life_is_written_off() -> None:
    kept = run_policy(_scene([0.0] * 40, opening=10, lead=1), np.array(["none"], object), np.ones(1), _path(0, 0, 0),
                      settings=ReplaySettings()).iloc[0]  # fmt: skip
    expired = run_policy(_scene([0.0] * 40, opening=10, lead=1, life=20), np.array(["none"], object), np.ones(1),
                         _path(0, 0, 0), settings=ReplaySettings()).iloc[0]  # fmt: skip
    assert (kept["written_off_units"], kept["stock_unit_days"]) == (0, 400)
    assert (expired["written_off_units"], expired["stock_unit_days"]) == (10, 200)


def test_only_measured_days_count() -> None:
    found = run_policy(_scene([1.0] * 30, opening=100, lead=1, measured_from=10), np.array(["none"], object),
                       np.ones(1), _path(0, 0, 0), settings=ReplaySettings()).iloc[0]  # fmt: skip
    assert found["demand_units"] == 20
    assert set(OUTPUTS) == set(found.index)


def test_what_an_empty_shelf_hid_is_put_back() -> None:
    key = {"item_id": "c/a", "warehouse_id": "c/w"}
    daily = pd.DataFrame([{**key, "business_date": FIRST, "demand_units": 5.0, "shipped_units": 5.0}])
    history = pd.DataFrame(
        [
            {**key, "period_start_date": FIRST, "demand_units": 5.0, "demand_units_imputed": 5.0, "is_censored": False},
            {**key, "period_start_date": FIRST + pd.Timedelta(days=7), "demand_units": 1.0,
             "demand_units_imputed": 9.0, "is_censored": True},
        ]
    )  # fmt: skip
    found = restored_demand(daily, history)
    assert found["demand_units"].tolist() == [5.0, 8.0]
    assert found["shipped_units"].tolist() == [5.0, 0.0]


def test_what_happened_is_measured_on_the_same_days() -> None:
    keys = pd.DataFrame({"item_id": ["c/a"], "warehouse_id": ["c/w"]})
    demand = keys.loc[[0, 0]].assign(business_date=[FIRST, FIRST + pd.Timedelta(days=20)], demand_units=[4.0, 9.0],
                                     shipped_units=[3.0, 9.0])  # fmt: skip
    balances = keys.loc[[0, 0]].assign(
        valid_from_date=[FIRST - pd.Timedelta(days=5), FIRST + pd.Timedelta(days=4)],
        valid_to_date=[FIRST + pd.Timedelta(days=3), FIRST + pd.Timedelta(days=99)], available_units=[10.0, -2.0],
    )  # fmt: skip
    found = actual_figures(keys, demand, balances, pd.DataFrame(), first=FIRST, days=10).iloc[0]
    assert found.to_dict() == {
        "demand_units": 4.0, "filled_units": 3.0, "stock_unit_days": 40.0, "stockout_days": 6.0, "orders": 0.0,
        "written_off_units": 0.0,
    }  # fmt: skip
    expired = keys.loc[[0, 0]].assign(
        business_date=[FIRST - pd.Timedelta(days=1), FIRST + pd.Timedelta(days=9)], units=[7.0, 3.0]
    )
    counted = actual_figures(keys, demand, balances, pd.DataFrame(), expired, first=FIRST, days=10).iloc[0]
    assert counted["written_off_units"] == 3.0
    assert stock_on(keys, balances, FIRST).tolist() == [10.0]


def test_a_period_that_is_not_over_is_not_known() -> None:
    history = pd.DataFrame({"period_start_date": pd.to_datetime(["2024-12-02", "2024-12-09"])})
    assert len(complete_periods(history, pd.Timestamp("2024-12-15"), "W")) == 1
    assert len(complete_periods(history, pd.Timestamp("2024-12-16"), "W")) == 2
    months = pd.DataFrame({"period_start_date": pd.to_datetime(["2024-11-01", "2024-12-01"])})
    assert len(complete_periods(months, pd.Timestamp("2024-12-31"), "M")) == 1


def test_a_policy_that_costs_more_is_not_recommended() -> None:
    figures = {"demand_units": [100.0] * 3 + [0.0], "filled_units": [99.0, 80, 99, 0], "stockout_days": 0.0,
               "stock_unit_days": [3650.0, 3650, 36500, 0], "orders": 10.0, "cycles": 5, "served_cycles": 5,
               "written_off_units": 0.0}  # fmt: skip
    simulated = pd.DataFrame(figures)
    actual = pd.DataFrame({**figures, "filled_units": [90.0, 90, 90, 0], "stock_unit_days": [7300.0, 3650, 3650, 0]})
    yardstick = Yardstick(0.2, 1.0, 5.0, 0.005)
    with_cost = compare(simulated, actual, np.full(4, 100.0), 365, yardstick, np.full(4, 0.99))
    assert with_cost["verdict"].tolist() == ["recommended", "not_recommended", "not_recommended", "no_demand"]
    # what expired costs either side alike: 5 units of 100 in the past, none under the policy
    damaged = compare(
        simulated, actual.assign(written_off_units=5.0), np.full(4, 100.0), 365, yardstick, np.full(4, 0.99)
    )
    assert (damaged["actual_cost_value"] - with_cost["actual_cost_value"]).tolist() == [500.0] * 4
    assert (damaged["replay_cost_value"] == with_cost["replay_cost_value"]).all()
    bare = compare(simulated, actual, np.full(4, np.nan), 365, yardstick, np.full(4, 0.99))
    assert bare["verdict"].tolist() == with_cost["verdict"].tolist()
    assert bare["replay_average_stock_value"].isna().all()
    assert "serves less" in in_words(bare["verdict_reason"].iloc[1], "en")


def _company(rows: int, days: int) -> ReplayInputs:
    rng = np.random.default_rng(2)
    keys = pd.DataFrame({"item_id": [f"c/i{k}" for k in range(rows)], "warehouse_id": "c/w"})
    units = rng.poisson(3.0, (rows, days)).astype(float)
    row, day = np.nonzero(units)
    daily = keys.iloc[row].reset_index(drop=True).assign(
        business_date=FIRST + pd.to_timedelta(day, unit="D"), demand_units=units[row, day],
        shipped_units=units[row, day], returned_units=0.0,
    )  # fmt: skip
    weeks = days // 7
    history = keys.loc[keys.index.repeat(weeks)].reset_index(drop=True)
    weekly = units[:, : weeks * 7].reshape(rows, weeks, 7).sum(2).ravel()
    history = history.assign(
        period_start_date=np.tile(pd.date_range(FIRST, periods=weeks, freq="7D"), rows), demand_units=weekly,
        demand_units_imputed=weekly, is_censored=False,
    )  # fmt: skip
    balances = keys.assign(valid_from_date=FIRST, valid_to_date=FIRST + pd.Timedelta(days=days), available_units=400.0)
    return ReplayInputs(keys.assign(unit_cost_latest=10.0, lead_time_days_master=7.0), daily, balances, pd.DataFrame(),
                        history, keys.assign(abc_xyz_cell="BY"))  # fmt: skip


def _forecaster(history: pd.DataFrame) -> tuple[pd.DataFrame, AnalyticSums]:
    grouped = history.groupby(["item_id", "warehouse_id"])["demand_units"]
    mean = grouped.mean()
    repeat = lambda each: np.repeat(each.to_numpy()[:, None], 8, 1)  # noqa: E731
    return mean.reset_index()[["item_id", "warehouse_id"]], AnalyticSums(repeat(mean), repeat(grouped.std()))


def test_p13_a_plan_that_serves_nobody_is_not_recommended_because_it_is_cheap() -> None:
    nothing = {name: [0.0] for name in ("cycles", "served_cycles", "written_off_units", "stockout_days")}
    simulated = pd.DataFrame(
        {"demand_units": [100.0], "filled_units": [11.0], "stock_unit_days": [50.0], "orders": [1.0], **nothing}
    )
    actual = pd.DataFrame(
        {"demand_units": [100.0], "filled_units": [92.0], "stock_unit_days": [99e3], "orders": [9.0], **nothing}
    )
    yardstick = Yardstick(0.22, 0.5, 40.0, 0.005)
    found = compare(simulated, actual, np.array([10.0]), 365, yardstick, np.array([0.95])).iloc[0]
    assert found["replay_cost_value"] < found["actual_cost_value"]
    assert (
        found["verdict"] == "not_recommended"
        and in_words(found["verdict_reason"], "en") == "serves less than what was done"
    )


def _replay(inputs: ReplayInputs, **cell: object) -> tuple[pd.DataFrame, pd.DataFrame, dict[str, float | str]]:
    policies = PolicySettings(cells={"BY": CellPolicy(policy="s_s", lot_rule="cover", lot_cover_days=7, **cell)})  # type: ignore[arg-type]
    result = replay(
        inputs, _forecaster, as_of=(FIRST + pd.Timedelta(days=400)).date(), frequency="W",
        parameters=ParameterSettings(), policies=policies,
        settings=ReplaySettings(days=200, warm_up_days=60, safety_scales=(0.0, 1.0, 2.0)),
    )  # fmt: skip
    return result.table, result.curve, result.summary


def test_replay_of_a_company_that_holds_far_too_much() -> None:
    table, curve, summary = _replay(_company(8, 400))
    assert (table["verdict"] == "recommended").all()
    assert summary["replay_average_stock_value"] < 0.5 * summary["actual_average_stock_value"]
    assert summary["replay_fill_rate"] > 0.97
    assert curve["average_stock_value"].is_monotonic_increasing
    assert curve["fill_rate"].is_monotonic_increasing
    again, _, _ = _replay(_company(8, 400))
    pd.testing.assert_frame_equal(table, again)
    assert plot_trade_off(curve, summary, currency="CNY", title="t") == plot_trade_off(
        curve, summary, currency="CNY", title="t"
    )


def test_the_future_does_not_change_the_levels_of_the_past() -> None:
    """Demand after the window's first half is multiplied; what was decided before must stay as it was."""
    inputs = _company(4, 400)
    later = inputs.history["period_start_date"] >= FIRST + pd.Timedelta(days=300)
    changed = inputs.history.assign(
        demand_units=inputs.history["demand_units"].where(~later, 500.0),
        demand_units_imputed=inputs.history["demand_units_imputed"].where(~later, 500.0),
    )
    paths = []
    for history in (inputs.history, changed):
        moved = ReplayInputs(inputs.spine, inputs.daily, inputs.balances, inputs.receipts, history, inputs.classes)
        paths.append(
            replay(moved, _forecaster, as_of=(FIRST + pd.Timedelta(days=400)).date(), frequency="W",
                   parameters=ParameterSettings(), policies=PolicySettings(),
                   settings=ReplaySettings(days=200, safety_scales=(1.0,))).path
        )  # fmt: skip
    early = paths[0].day <= 300 - 140
    assert early.sum() >= 3
    assert (paths[0].reorder[:, early] == paths[1].reorder[:, early]).all()
    assert (paths[0].reorder[:, -1] != paths[1].reorder[:, -1]).all()


def test_no_history_before_the_window_is_refused() -> None:
    with pytest.raises(ValueError, match="no demand history before"):
        replay(_company(2, 400), _forecaster, as_of=dt.date(2025, 3, 1), frequency="W", parameters=ParameterSettings(),
               policies=PolicySettings(), settings=ReplaySettings())  # fmt: skip


def test_capital_freed_is_read_off_the_curve_at_the_service_that_was_had() -> None:
    curve = pd.DataFrame({"fill_rate_by_value": [0.9, 0.98, 0.94], "average_stock_value": [100.0, 200.0, 140.0]})
    freed = capital_at_equal_fill(curve, {"actual_fill_rate_by_value": 0.96, "actual_average_stock_value": 250.0})
    assert freed["policy_stock_value"] == pytest.approx(170)
    assert (freed["freed_value"], freed["freed_rate"], freed["status"]) == (
        pytest.approx(80),
        pytest.approx(0.32),
        "ok",
    )
    above = capital_at_equal_fill(curve, {"actual_fill_rate_by_value": 0.995, "actual_average_stock_value": 250.0})
    assert above["status"] == "above_curve"


def test_warehouses_that_another_one_fed_are_judged_together() -> None:
    """The centre holds what its branches sell: a branch alone would always look worse than what was done."""
    keys = pd.DataFrame({"item_id": ["c/a", "c/a", "c/b", "c/b"], "warehouse_id": ["c/1", "c/2"] * 2})
    orders = np.array([5.0, 0, 3, 3])
    together = judged_together(keys, orders, None)
    assert together[0] == together[1] and len(set(together)) == 3
    nothing = dict.fromkeys(("cycles", "served_cycles", "written_off_units"), 0.0)
    stock = {"demand_units": 100.0, "filled_units": 100.0, "stockout_days": 0.0, "orders": orders}
    simulated = pd.DataFrame(stock | nothing | {"stock_unit_days": [200.0, 300, 200, 300]})
    actual = pd.DataFrame(stock | nothing | {"stock_unit_days": [600.0, 10, 600, 10]})
    yardstick = Yardstick(0.2, 0.5, 40.0, 0.005)
    joint = compare(simulated, actual, np.full(4, 9.0), 10, yardstick, np.full(4, 0.99), together)
    assert joint["verdict"].tolist() == ["recommended", "recommended", "recommended", "not_recommended"]
    assert "together" in joint["verdict_reason"].iloc[1] and "together" not in joint["verdict_reason"].iloc[3]
    bare = compare(simulated, actual, np.full(4, np.nan), 10, yardstick, np.full(4, 0.99), together)
    assert bare["verdict"].tolist() == joint["verdict"].tolist()
