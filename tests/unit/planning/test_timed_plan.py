"""The plan over time, on the cases that the plan of an instant got wrong: each with its right answer."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from planning_cases import AS_OF, demand_of, spine

from assets.planning.network.network import Network
from assets.planning.network.settings import NetworkSettings
from assets.planning.network.sources import feeding_rows, supply_network
from assets.planning.network.stages import echelon_lead_times, heads, on_lanes, with_echelons
from assets.planning.parameters.demand_sums import AnalyticSums
from assets.planning.parameters.lead_time_demand import lead_time_demand
from assets.planning.parameters.lead_times import lead_times
from assets.planning.parameters.settings import ParameterSettings
from assets.planning.policy.assign import assign_policies
from assets.planning.policy.plan import PlanInputs, TimedPlan, as_decided, timed_plan
from assets.planning.policy.settings import PolicySettings
from assets.planning.policy.suppliers import ClosedPeriod, SupplierCalendar
from assets.planning.schedule.settings import ScheduleSettings
from assets.planning.schedule.tables import over_time
from assets.planning.sentences import in_words

TODAY = pd.Timestamp(AS_OF)
KEYS = ["item_id", "warehouse_id"]
LINE = {
    "source": "purchase_order", "order_no": "PO1", "order_line_id": "1", "supplier_id": "c/s", "from_warehouse_id": None,
    "order_date": TODAY - pd.Timedelta(days=30), "confirmed_date": pd.NaT, "unit_price": 10.0, "is_overdue": False,
    "overdue_days": 0,
}  # fmt: skip


def _lines(rows: pd.DataFrame, *orders: dict) -> pd.DataFrame:
    """Open order lines of the first row; `due`, `promised` in days from today."""
    lines = []
    for number, order in enumerate(orders):
        place = order.get("row", 0)
        line = {**LINE, **rows.iloc[place][KEYS].to_dict(), "open_units": order["units"], "order_no": f"PO{number + 1}"}
        line["due_date"] = TODAY + pd.Timedelta(days=order["due"])
        line["promised_date"] = TODAY + pd.Timedelta(days=order.get("promised", order["due"]))
        line["overdue_days"] = max(-order.get("promised", order["due"]), 0)
        lines.append(line)
    empty = [*KEYS, *LINE, "due_date", "promised_date", "open_units"]
    return pd.DataFrame(lines) if lines else pd.DataFrame(columns=empty)


def _network(rows: pd.DataFrame, times: pd.DataFrame, moved: dict[str, str]) -> Network:
    flows = pd.DataFrame(
        [(i, w, "transfer", moved[w], 9, 9.0) for i, w in rows[KEYS].to_numpy() if w in moved],
        columns=[*KEYS, "source_kind", "source_id", "receipt_days", "received_units"],
    )
    stated = pd.DataFrame(columns=[*KEYS, "source_kind", "supplier_id", "from_warehouse_id", "source_basis"])
    table = supply_network(rows, flows, stated, settings=NetworkSettings())
    above = feeding_rows(table)
    times = times.assign(lane_interval_days=np.where(above >= 0, 3.0, 0.0))
    times.loc[above >= 0, ["lead_time_days_mean", "lead_time_days_sd"]] = [2.0, 0.5]
    return Network(table, times, above)


def _planned(
    rows: pd.DataFrame, weekly: list[float], spread: list[float], *, on_hand: list[float], lines: pd.DataFrame | None = None,
    cell: str = "BY", moved: dict[str, str] | None = None, policies: PolicySettings | None = None, **inputs: object,
) -> tuple[TimedPlan, dict[str, pd.DataFrame]]:  # fmt: skip
    settings = policies or PolicySettings()
    keys, mean, sd = rows[KEYS], np.array(weekly, float), np.array(spread, float)
    times = lead_times(pd.DataFrame(), rows, as_of=AS_OF, settings=ParameterSettings())
    network = _network(rows, times, moved or {})
    assigned = assign_policies(rows, keys.assign(abc_xyz_cell=cell), settings)
    assigned = on_lanes(assigned, network.is_moved, network.lead_times["lane_interval_days"].to_numpy(float))
    review = assigned["review_period_days"].to_numpy(float)

    def over(times: pd.DataFrame, mean: np.ndarray, sd: np.ndarray):
        sums = AnalyticSums(np.repeat(mean[:, None], 13, 1), np.repeat(sd[:, None], 13, 1))
        return lead_time_demand(rows, sums, times, review, frequency="W", settings=ParameterSettings())

    demand = over(network.lead_times, mean, sd)
    if moved:
        whole = echelon_lead_times(network.lead_times, network.above, mean / 7)
        total = (
            np.where(heads(network.above), mean.sum(), mean),
            np.where(heads(network.above), np.sqrt((sd**2).sum()), sd),
        )
        demand = with_echelons(demand, over(whole, *total), heads(network.above))
    forecasts = keys.loc[keys.index.repeat(13)].assign(
        horizon_periods=np.tile(np.arange(1, 14), len(rows)), mean_units=np.repeat(mean, 13)
    )
    supply = _lines(rows) if lines is None else lines
    balances = keys.assign(on_hand_units=on_hand, available_units=on_hand)
    given = PlanInputs(rows, assigned, demand, forecasts, balances, supply, network=network, **inputs)  # type: ignore[arg-type]
    timed = timed_plan(given, as_of=AS_OF, frequency="W", settings=settings, schedule=ScheduleSettings())
    return timed, over_time(supply, timed, network, TODAY, ScheduleSettings())


def test_p1_an_order_in_four_months_does_not_cover_next_week() -> None:
    rows = spine(1, unit_cost_latest=10.0, default_supplier_id="c/s", lead_time_days_master=14.0)
    timed, tables = _planned(rows, [5.0], [2.0], on_hand=[5.0], lines=_lines(rows, {"units": 100.0, "due": 120}))
    row = timed.table.iloc[0]
    assert row["stock_status"] == "potential_stockout" and row["excess_units"] == 0 and row["late_supply_units"] == 100
    # 120 days need 86, and 5 are there: the gap, not a lot that ends beyond the arrival
    assert 10 <= row["suggested_order_units"] <= 5 * 120 / 7 + row["safety_stock_units"]
    assert row["order_by_date"] == TODAY
    assert row["projected_stockout_date"] <= TODAY + pd.Timedelta(days=7)
    [message] = tables["order_exceptions"].to_dict("records")
    assert message["message"] == "bring_forward" and message["shift_days"] < -110 and message["message_value"] > 0
    assert message["order_no"] == "PO1" and message["supplier_id"] == "c/s"


def test_p2_a_late_order_with_a_new_date_is_expedited_and_not_ordered_again() -> None:
    rows = spine(1, unit_cost_latest=10.0, default_supplier_id="c/s", lead_time_days_master=14.0)
    lines = _lines(rows, {"units": 40.0, "due": 7, "promised": -7})
    timed, tables = _planned(rows, [10.0], [2.0], on_hand=[0.0], lines=lines)
    row = timed.table.iloc[0]
    assert row["stock_status"] == "stocked_out" and row["projected_stockout_date"] == TODAY
    assert row["suggested_order_units"] == 0
    [message] = tables["order_exceptions"].to_dict("records")
    assert message["message"] == "expedite" and message["overdue_days"] == 7
    weeks = tables["supply_plan"].set_index("week_start_date")
    assert weeks["short_units"].iloc[0] == 0 and weeks["receipts_units"].iloc[0] == 40


def test_p3_rare_large_demand_holds_at_least_one_event() -> None:
    """One unit a day, or ten every ten days: the same mean; the second has the wider lead-time demand."""
    rows = spine(2, unit_cost_latest=10.0, default_supplier_id="c/s", lead_time_days_master=14.0)
    timed, _ = _planned(rows, [7.0, 7.0], [np.sqrt(7.0), np.sqrt(7 * 10.0)], on_hand=[50.0, 50.0])
    smooth, lumpy = timed.table["safety_stock_units"]
    assert lumpy >= 10 and lumpy > smooth


BRANCHES = {"c/1": "c/0", "c/2": "c/0"}


def _centre(units: int = 3) -> pd.DataFrame:
    rows = spine(units, unit_cost_latest=10.0, default_supplier_id="c/s", lead_time_days_master=14.0, moq_units=50.0)
    return rows.assign(item_id="c/a", warehouse_id=[f"c/{k}" for k in range(units)])


def test_p4_a_branch_is_fed_by_the_centre_and_the_centre_buys_for_both() -> None:
    timed, tables = _planned(_centre(), [7.0, 14.0, 14.0], [2.0, 4.0, 4.0], on_hand=[30.0, 1.0, 2.0], moved=BRANCHES)
    centre, first, second = (timed.table.iloc[k] for k in range(3))
    assert first["suggested_order_units"] == second["suggested_order_units"] == 0
    assert first["suggested_transfer_units"] > 5 and second["suggested_transfer_units"] > 5
    assert centre["stock_scope"] == "echelon" and centre["position_units"] == 33
    # five weeks of demand of all three lie between now and the arrival: 14 days, and the way to the branches
    assert centre["suggested_order_units"] >= 50 and centre["reorder_point_units"] > 70
    orders = tables["planned_orders"]
    today = orders[orders["is_due_now"]].set_index("warehouse_id")
    assert today.loc["c/1", "source_kind"] == "transfer" and today.loc["c/1", "from_warehouse_id"] == "c/0"
    assert set(orders[orders["source_kind"] == "supplier"]["warehouse_id"]) == {"c/0"}
    plan = tables["supply_plan"]
    for _, weeks in plan.groupby("warehouse_id"):
        flow = weeks["opening_units"] + weeks["receipts_units"] + weeks["planned_receipts_units"]
        left = weeks["closing_units"] - weeks["short_units"]
        inner = flow - weeks["demand_units"] - weeks["sent_units"]
        assert np.allclose(inner, left, atol=1e-6)
        assert np.allclose(weeks["opening_units"].iloc[1:], left.iloc[:-1], atol=1e-6)
    assert plan[plan["warehouse_id"] == "c/0"]["opening_units"].iloc[0] == 30, "before what is sent today"


def test_planned_orders_of_today_are_the_orders_that_were_decided() -> None:
    """What a cover limit cuts away is not in the plan of the weeks; what is withheld, or fed by the supplier, still is."""
    rows = spine(3, unit_cost_latest=10.0, default_supplier_id="c/s", lead_time_days_master=14.0)
    timed, _ = _planned(rows, [7.0] * 3, [2.0] * 3, on_hand=[0.0] * 3)
    wanted = timed.scene.first_units
    assert (wanted > 10).all()
    decided = timed.table.assign(
        suggested_order_units=[10.0, 0.0, 0.0], withheld_order_units=[0.0, wanted[1], 0.0], transfer_in_units=0.0,
        flags=["cut_by_cover", "", "supplied_by_feed"],
    )  # fmt: skip
    assert as_decided(timed, decided.iloc[::-1]).scene.first_units.tolist() == [10.0, wanted[1], wanted[2]]


def test_a_shortage_in_the_centre_is_shared_by_need_and_not_by_name() -> None:
    timed, _ = _planned(_centre(), [0.0, 14.0, 14.0], [0.1, 4.0, 4.0], on_hand=[10.0, 0.0, 8.0], moved=BRANCHES)
    _, first, second = timed.table["suggested_transfer_units"]
    assert first + second == 10 and first >= 8
    assert "short_at_source" in timed.table["flags"].iloc[1]


def test_p6_expired_and_short_dated_lots_leave_the_position() -> None:
    rows = spine(2, unit_cost_latest=10.0, default_supplier_id="c/s", lead_time_days_master=14.0, shelf_life_days=200.0)
    lots = pd.DataFrame(
        [("c/i0000", "old", -5, 61.0, "expired"), ("c/i0000", "new", 180, 205.0, None),
         ("c/i0001", "soon", 14, 50.0, None), ("c/i0001", "later", 100, 20.0, None), ("c/i0001", "bad", 400, 7.0, "defective")],
        columns=["item_id", "lot_no", "days", "on_hand_units", "unavailable_reason"],
    )  # fmt: skip
    lots["warehouse_id"], lots["expiry_date"] = "c/w", TODAY + pd.to_timedelta(lots["days"], unit="D")
    timed, _ = _planned(rows, [10.0, 10.0], [2.0, 2.0], on_hand=[266.0, 70.0], lots=lots)
    assert timed.table["position_units"].tolist() == [205.0, 40.0]
    said = [in_words(one, "en") for one in timed.table["unavailable_reason"]]
    assert said == ["61 expired", "30 short-dated; 7 defective"]
    assert timed.availability.lots["unsold_units"].tolist() == [pytest.approx(30)]


def test_goods_on_order_that_would_expire_are_no_supply() -> None:
    rows = spine(1, unit_cost_latest=10.0, default_supplier_id="c/s", lead_time_days_master=14.0, shelf_life_days=28.0)
    timed, _ = _planned(rows, [10.0], [2.0], on_hand=[0.0], lines=_lines(rows, {"units": 100.0, "due": 7}))
    assert timed.table["on_order_units"].tolist() == [pytest.approx(40, abs=2)]


def test_p8_demand_gone_cancels_the_order_first() -> None:
    rows = spine(1, unit_cost_latest=10.0, default_supplier_id="c/s", lead_time_days_master=14.0)
    _, tables = _planned(rows, [0.0], [0.0], on_hand=[10.0], lines=_lines(rows, {"units": 14.0, "due": 9}))
    [message] = tables["order_exceptions"].to_dict("records")
    assert (message["message"], message["message_units"], message["message_value"]) == ("cancel", 14.0, 140.0)


def test_an_order_that_is_early_is_put_off_and_one_too_large_reduced() -> None:
    rows = spine(2, unit_cost_latest=10.0, default_supplier_id="c/s", lead_time_days_master=14.0)
    lines = _lines(rows, {"units": 50.0, "due": 10}, {"row": 1, "units": 900.0, "due": 10})
    _, tables = _planned(rows, [10.0, 10.0], [2.0, 2.0], on_hand=[120.0, 20.0], lines=lines)
    found = tables["order_exceptions"].set_index("order_no")
    assert found.loc["PO1", "message"] == "put_off" and 40 < found.loc["PO1", "shift_days"] < 75
    assert found.loc["PO2", "message"] == "reduce" and found.loc["PO2", "message_units"] > 600


def test_discontinued_items_get_neither_orders_nor_moves_and_are_not_missed() -> None:
    stage = np.array(["discontinued"] * 3, object)
    timed, tables = _planned(
        _centre(), [7.0, 14.0, 14.0], [2.0, 4.0, 4.0], on_hand=[30.0, 0.0, 2.0], moved=BRANCHES, life_stage=stage,
        lines=_lines(_centre(), {"units": 500.0, "due": 9}),
    )  # fmt: skip
    table = timed.table
    assert not table[["suggested_order_units", "suggested_transfer_units", "shortage_units"]].to_numpy().any()
    assert "stocked_out" not in set(table["stock_status"]) and tables["planned_orders"].empty


def test_an_heir_sells_what_is_left_of_its_predecessor_first() -> None:
    rows = spine(2, unit_cost_latest=10.0, default_supplier_id="c/s", lead_time_days_master=14.0)
    links = pd.DataFrame(
        {
            "predecessor_item_id": ["c/i0000"],
            "successor_item_id": ["c/i0001"],
            "share_rate": [1.0],
            "valid_from_date": [TODAY],
        }
    )
    alone, _ = _planned(rows, [0.0, 10.0], [0.1, 2.0], on_hand=[80.0, 5.0])
    heir, _ = _planned(rows, [0.0, 10.0], [0.1, 2.0], on_hand=[80.0, 5.0], successors=links)
    assert alone.table["suggested_order_units"].iloc[1] > 0 == heir.table["suggested_order_units"].iloc[1]


def test_orders_go_out_before_the_supplier_closes() -> None:
    """Prevents: a plan that orders on a holiday, or runs dry over it."""
    rows = spine(1, unit_cost_latest=10.0, default_supplier_id="c/s", lead_time_days_master=7.0)
    shut = ClosedPeriod(from_date=AS_OF + pd.Timedelta(days=30), to_date=AS_OF + pd.Timedelta(days=50))
    closed = PolicySettings(supplier_calendars=(SupplierCalendar(supplier_id="c/s", closed=(shut,)),))
    _, tables = _planned(rows, [70.0], [5.0], on_hand=[150.0], policies=closed, cell="AX")
    orders = tables["planned_orders"]
    for name in ("release_date", "arrival_date"):
        days = (orders[name] - TODAY).dt.days
        assert not ((days >= 30) & (days <= 50)).any()
    assert tables["supply_plan"]["short_units"].max() < 1e-6


def test_firm_orders_beyond_the_forecast_are_planned() -> None:
    rows = spine(1, unit_cost_latest=10.0, default_supplier_id="c/s", lead_time_days_master=7.0)
    firm = rows[KEYS].assign(need_date=TODAY + pd.Timedelta(days=30), units=500.0)
    _, tables = _planned(rows, [10.0], [2.0], on_hand=[30.0], firm=firm)
    assert tables["supply_plan"]["demand_units"].max() == pytest.approx(500)
    assert tables["planned_orders"]["planned_units"].sum() > 500 and tables["supply_plan"]["short_units"].max() < 1e-6


def test_the_plain_demand_helper_agrees_with_the_one_of_this_file() -> None:
    """Both cases of one row must rest on the same levels."""
    rows = spine(1, unit_cost_latest=10.0, default_supplier_id="c/s", lead_time_days_master=14.0)
    timed, _ = _planned(rows, [5.0], [2.0], on_hand=[5.0])
    plain = demand_of(rows, np.array([5.0]), np.array([2.0]), review_days=1.0)
    assert timed.table["reorder_point_units"].iloc[0] >= plain.protection.mean[0]
