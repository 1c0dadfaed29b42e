"""Order quantities within limits, draft orders, storage, and suppliers that keep our stock."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from planning_cases import AS_OF, planned, spine

from assets.planning.orders.drafts import DraftInputs, Drafts, draft_orders
from assets.planning.orders.plans import checked_plans
from assets.planning.orders.quantity import bounded_orders
from assets.planning.orders.settings import OrderSettings
from assets.planning.orders.storage import storage_forecast
from assets.planning.policy.assign import assign_policies
from assets.planning.policy.settings import CellPolicy, PolicySettings
from assets.planning.sentences import in_words

KEYS = ["item_id", "warehouse_id"]
DAY = pd.Timestamp(AS_OF)
POLICIES = PolicySettings(cells={"BY": CellPolicy(policy="r_q", max_cover_days=60)})
NO_BREAKS = pd.DataFrame({"supplier_id": pd.Series(dtype=str), "item_id": pd.Series(dtype=str),
                          "from_units": pd.Series(dtype=float), "unit_price": pd.Series(dtype=float)})  # fmt: skip
ASKS_NOTHING = {"min_order_value": np.nan, "min_order_units": np.nan, "load_volume_m3": np.nan, "load_weight_kg": np.nan,
                "min_load_rate": np.nan, "payment_term_days": np.nan}  # fmt: skip


def bounded(
    rows: pd.DataFrame, weekly: np.ndarray, on_hand: float = 0.0, fed: bool = False
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The plan of a few rows, and the same within the limits."""
    plan = planned(rows, weekly, weekly / 3, on_hand=np.full(len(rows), on_hand), policies=POLICIES).assign(
        transfer_in_units=0.0
    )
    assigned = assign_policies(rows, rows.assign(abc_xyz_cell="BY"), POLICIES)
    mark = np.full(len(rows), fed)
    return plan, bounded_orders(plan, rows, assigned, day_units_of(weekly), mark, is_whole_units=True)


def day_units_of(weekly: np.ndarray) -> np.ndarray:
    """Mean demand a day."""
    return weekly / 7


def test_no_order_makes_the_excess_that_the_plan_then_gets_rid_of() -> None:
    """90 of 260 orders left more than 180 days; the cell allows 60."""
    rows = spine(1, unit_cost_latest=0.05, lead_time_days_master=10.0)  # so cheap that the EOQ covers a year
    plan, held = bounded(rows, np.array([7.0]))
    assert plan["suggested_order_units"].iloc[0] > 180
    row = held.iloc[0]
    assert row["order_cover_days"] <= row["cover_limit_days"] + 1 and row["cover_limit_days"] == pytest.approx(60)
    assert row["cover_status"] == "ok"
    assert "cut_by_cover" in row["flags"].split(";") and "more would last beyond 60 days" in in_words(
        row["reason"], "en"
    )


def test_a_smallest_order_above_the_limit_stays_and_says_why() -> None:
    rows = spine(1, unit_cost_latest=5.0, lead_time_days_master=10.0, moq_units=500.0, order_multiple_units=50.0)
    _, held = bounded(rows, np.array([7.0]))
    row = held.iloc[0]
    assert row["suggested_order_units"] == 500
    assert row["cover_status"] == "above the limit: the supplier's smallest order"
    assert "cover_above_limit" in row["flags"].split(";")


def test_an_order_is_never_cut_below_what_the_reorder_point_asks() -> None:
    """A lead time of 200 days: the position must cover it, whatever the cell's limit."""
    rows = spine(1, unit_cost_latest=5.0, lead_time_days_master=200.0)
    _, held = bounded(rows, np.array([7.0]))
    row = held.iloc[0]
    assert row["position_units"] + row["suggested_order_units"] > row["reorder_point_units"]
    assert row["cover_limit_days"] > 200


def test_what_a_supplier_keeps_stocked_is_not_ordered() -> None:
    """Case P9: an item on a VMI or JIT feed was in the feed and in the purchase list."""
    plan, held = bounded(spine(1, unit_cost_latest=5.0), np.array([7.0]), fed=True)
    assert plan["suggested_order_units"].iloc[0] > 0
    assert held["suggested_order_units"].iloc[0] == 0
    assert "supplied_by_feed" in held["flags"].iloc[0] and "not ordered" in in_words(held["reason"].iloc[0], "en")


def drafted(
    rows: pd.DataFrame, plan: pd.DataFrame, weekly: np.ndarray, breaks: pd.DataFrame = NO_BREAKS, **asks: float
) -> Drafts:
    """Draft orders of a plan at one supplier with the terms given."""
    terms = pd.DataFrame([{"supplier_id": "c/s", **ASKS_NOTHING, **asks}])
    items = pd.DataFrame({"item_id": rows["item_id"].unique(), "volume_m3": 0.1, "weight_kg": 2.0})
    supplier = pd.Series("c/s", index=rows.index)
    return draft_orders(
        DraftInputs(plan, rows, supplier, day_units_of(weekly), breaks, terms, items),
        as_of=AS_OF, settings=OrderSettings(), holding_rate=0.2, is_whole_units=True,
    )  # fmt: skip


def two_rows() -> tuple[pd.DataFrame, pd.DataFrame, np.ndarray]:
    """The first is due, the second has just enough."""
    rows, weekly = spine(2, unit_cost_latest=10.0, lead_time_days_master=7.0), np.array([14.0, 14.0])
    plan = planned(rows, weekly, weekly / 3, on_hand=np.array([0.0, 70.0]), policies=POLICIES).assign(
        transfer_in_units=0.0
    )
    assigned = assign_policies(rows, rows.assign(abc_xyz_cell="BY"), POLICIES)
    held = bounded_orders(plan, rows, assigned, day_units_of(weekly), np.zeros(2, bool), is_whole_units=True)
    assert (held["suggested_order_units"] > 0).tolist() == [True, False]
    return rows, held, weekly


def test_one_draft_per_supplier_and_warehouse_with_what_approval_needs() -> None:
    rows, plan, weekly = two_rows()
    found = drafted(rows, plan, weekly, payment_term_days=60.0)
    assert found.orders[["draft_no", "lines_no", "order_status"]].to_numpy().tolist() == [
        ["D20260105-s-w", 1.0, "ready"]
    ]
    line, head = found.lines.iloc[0], found.orders.iloc[0]
    assert line["order_value"] == line["order_units"] * 10 == head["order_value"]
    lasts = line["order_units"] / 2
    assert line["holding_cost_year_value"] == pytest.approx(line["order_value"] * 0.2 * lasts / 365 / 2)
    paid = pd.Timestamp(line["expected_arrival_date"]) + pd.Timedelta(days=60)
    assert found.cash[["month_start_date", "cash_value"]].to_numpy().tolist() == [
        [paid.replace(day=1), line["order_value"]]
    ]
    assert "nothing: empty on" in in_words(line["alternatives"], "en") and line["reason"]


def test_two_companies_with_the_same_codes_have_drafts_of_their_own() -> None:
    """Supplier S1 and warehouse MAIN in both: one number for two orders stopped the release."""
    rows, plan, weekly = two_rows()
    both = [frame.assign(item_id=["c/i0", "d/i0"]) for frame in (rows, plan)]
    both[1] = both[1].assign(suggested_order_units=40.0)
    assert drafted(*both, weekly).orders["draft_no"].tolist() == ["D20260105-c-s-w", "D20260105-d-s-w"]


def test_an_order_is_filled_up_to_the_suppliers_minimum_within_cover() -> None:
    rows, plan, weekly = two_rows()
    bare = drafted(rows, plan, weekly).orders["order_value"].iloc[0]
    more = drafted(rows, plan, weekly, min_order_value=bare + 100)
    assert bare + 100 <= more.orders["order_value"].iloc[0] < bare + 120
    assert more.orders["order_status"].iloc[0] == "ready"
    assert more.lines["is_top_up"].any()
    for _, line in more.lines.iterrows():
        filled = "filled up" in in_words(line["reason"], "en")
        assert filled == bool(line["is_top_up"])
    position = plan["position_units"].to_numpy()
    after = (
        position + more.lines.set_index("item_id")["order_units"].reindex(rows["item_id"]).fillna(0).to_numpy()
    ) / 2
    assert (after <= plan["cover_limit_days"].to_numpy() + 1e-6).all()
    never = drafted(rows, plan, weekly, min_order_value=1e6).orders.iloc[0]
    assert never["order_status"] == "below_minimum" and "within its cover limit" in in_words(never["reason"], "en")


def test_a_truck_is_filled() -> None:
    rows, plan, weekly = two_rows()
    units = drafted(rows, plan, weekly).orders["order_units"].iloc[0]
    load = (units + 10) * 0.1
    found = drafted(rows, plan, weekly, load_volume_m3=load, min_load_rate=1.0).orders.iloc[0]
    assert (found["load_count_units"], found["last_load_rate"]) == (1, pytest.approx(1.0))
    assert found["order_units"] == units + 10


def test_the_last_of_several_loads_says_how_full_it_is() -> None:
    rows, plan, weekly = two_rows()
    units = drafted(rows, plan, weekly).orders["order_units"].iloc[0]
    found = drafted(rows, plan, weekly, load_volume_m3=units * 0.1 / 2.5).orders.iloc[0]  # 0.1 m3 and 2 kg a unit
    assert (found["load_count_units"], found["last_load_rate"]) == (3, pytest.approx(0.5))
    by_weight = drafted(rows, plan, weekly, load_volume_m3=units, load_weight_kg=units * 2 / 1.25).orders.iloc[0]
    assert (by_weight["load_count_units"], by_weight["last_load_rate"]) == (2, pytest.approx(0.25))
    assert (found["volume_m3"], found["weight_kg"]) == (pytest.approx(units * 0.1), pytest.approx(units * 2))


def test_the_price_of_the_lot_is_that_of_its_break() -> None:
    rows, plan, weekly = two_rows()
    units = plan["suggested_order_units"].iloc[0]
    prices = {"from_units": [1.0, units, units + 50], "unit_price": [10.0, 9.0, 8.0]}
    breaks = pd.DataFrame({"supplier_id": "c/s", "item_id": "c/i0000", **prices})
    line = drafted(rows, plan, weekly, breaks).lines.iloc[0]
    assert (line["unit_price"], line["price_from_units"]) == (9.0, units)
    assert f"{units + 50:g} at 8 instead of 9" in in_words(line["alternatives"], "en")
    assert "the smallest lot" not in in_words(line["alternatives"], "en"), "any quantity may be ordered"


def test_the_day_on_which_a_warehouse_is_full() -> None:
    stock = pd.DataFrame(
        {"item_id": ["a", "b"], "warehouse_id": "w", "on_hand_units": [50.0, 30.0], "day_units": [1.0, 0.0]}
    )
    arrivals = pd.DataFrame(
        {"item_id": ["b"], "warehouse_id": ["w"], "due_date": [DAY + pd.Timedelta(days=10)], "units": [40.0]}
    )
    items = pd.DataFrame({"item_id": ["a", "b"], "volume_m3": [0.5, 2.0]})

    def at(units: float, volume: float = np.nan) -> pd.DataFrame:
        limits = pd.DataFrame({"warehouse_id": ["w"], "max_units": [units], "max_volume_m3": [volume]})
        return storage_forecast(stock, arrivals, limits, items, DAY, 60)

    row = at(100.0).iloc[0]  # 80 today, 70 on day 9, 110 on day 10
    assert (row["storage_status"], row["full_date"]) == ("will_be_full", DAY + pd.Timedelta(days=10))
    assert (row["peak_units"], row["largest_item_id"]) == (110, "b")
    assert at(70.0).iloc[0]["storage_status"] == "full"
    assert at(115.0).iloc[0]["storage_status"] == "nearly_full"
    assert at(1000.0).iloc[0]["storage_status"] == "ok"
    both = at(1000.0, 150.0).set_index("limit_kind")
    assert both.loc["volume_m3", "peak_units"] == pytest.approx(40 * 0.5 + 70 * 2)
    assert at(np.nan).empty


def test_a_suppliers_plan_is_checked_against_its_feed() -> None:
    feed = pd.DataFrame({"supplier_id": ["s"], "item_id": ["a"], "warehouse_id": ["w"], "on_hand_units": [20.0],
                         "minimum_units": [10.0], "maximum_units": [60.0]})  # fmt: skip
    pace = pd.DataFrame({"item_id": ["a"], "warehouse_id": ["w"], "day_units": [1.0]})
    plans = pd.DataFrame(
        [("s", "a", "w", DAY - pd.Timedelta(days=1), 5.0), ("s", "a", "w", DAY + pd.Timedelta(days=5), 20.0),
         ("s", "a", "w", DAY + pd.Timedelta(days=32), 15.0), ("s", "a", "w", DAY + pd.Timedelta(days=33), 90.0),
         ("s", "b", "w", DAY + pd.Timedelta(days=5), 9.0)],
        columns=["supplier_id", "item_id", "warehouse_id", "delivery_date", "planned_units"],
    )  # fmt: skip
    found = checked_plans(plans, feed, pace, DAY)
    assert found["plan_status"].tolist() == ["past", "ok", "late", "too_much", "not_on_feed"]
    assert found["is_counted"].tolist() == [False, True, True, True, True]
    assert found["projected_units"].tolist()[1] == 20 - 5 + 20
