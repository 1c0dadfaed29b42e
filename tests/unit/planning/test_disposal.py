"""Letting go against keeping: cases that once gave advice which loses money, with their right answers."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from planning_cases import AS_OF, planned, spine

from assets.planning.disposal.capacity import sells_with
from assets.planning.disposal.keep import Keeping
from assets.planning.disposal.rank import DisposalInputs, Ranked, rank_disposals
from assets.planning.disposal.recoveries import learnt_rates, recoveries
from assets.planning.disposal.settings import DisposalSettings
from assets.planning.policy.settings import PolicySettings
from assets.planning.transfers.lanes import lane_table
from assets.planning.transfers.settings import TransferSettings
from assets.planning.transfers.suggest import suggest_transfers

KEYS = ["item_id", "warehouse_id"]
DAY = pd.Timestamp(AS_OF)


def ago(days: float) -> pd.Timestamp:
    """A day before the run."""
    return DAY - pd.Timedelta(days=days)


def plan_row(**row: object) -> dict[str, object]:
    """A row of the plan that wants nothing."""
    base: dict[str, object] = {
        "item_id": "c/a", "warehouse_id": "c/w1", "excess_units": 0.0, "shortage_units": 0.0, "cover_days": np.nan,
        "suggested_order_units": 0.0, "on_hand_units": 0.0, "on_order_units": 0.0, "order_up_to_units": 0.0,
        "projected_stockout_date": pd.NaT, "expected_arrival_date": pd.NaT, "reason": "r",
    }  # fmt: skip
    return base | row


def master_row(**row: object) -> dict[str, object]:
    """A row of the spine: an item that cost 10, sold at 20, old and idle for 400 days."""
    base: dict[str, object] = {
        "item_id": "c/a", "warehouse_id": "c/w1", "unit_cost_latest": 10.0, "unit_price": 20.0, "is_active": True,
        "first_movement_date": ago(900), "last_demand_date": ago(400), "default_supplier_id": "c/s",
        "category_name": "x",
    }  # fmt: skip
    return base | row


def ranked(plan: list[dict[str, object]], master: list[dict[str, object]], **more: object) -> Ranked:
    """Disposals of a few rows; the cell lets 120 days of cover be."""
    rows, spine_rows = pd.DataFrame(plan), pd.DataFrame(master)
    rows["day_units"] = ((rows["on_hand_units"] + rows["on_order_units"]) / rows["cover_days"]).fillna(0.0)
    cover = pd.Series(120.0, pd.MultiIndex.from_frame(rows[KEYS]))
    lanes = lane_table(sorted(rows["warehouse_id"].unique()), TransferSettings())
    inputs = DisposalInputs(rows, spine_rows, cover, lanes, **more)  # type: ignore[arg-type]
    return rank_disposals(
        inputs, as_of=AS_OF, settings=DisposalSettings(), holding_rate=0.22, is_whole_units=True
    )  # fmt: skip


def test_slow_stock_that_brings_more_when_kept_is_kept() -> None:
    """Case P7: 0.81 a day at 125 (cost 75), 480 on hand: 342 were to be sold at a loss of 9,063."""
    plan = [plan_row(on_hand_units=480.0, excess_units=342.0, cover_days=480 / 0.81, order_up_to_units=120.0)]
    found = ranked(plan, [master_row(unit_cost_latest=75.0, unit_price=125.0, last_demand_date=ago(2))])
    assert found.disposals.empty
    kept = found.alternatives.set_index("alternative")
    assert kept.loc["keep", "chosen_units"] == 342
    assert kept.loc["keep", "net_present_per_unit_value"] > kept.loc["markdown", "net_present_per_unit_value"]


def test_an_open_order_goes_before_what_is_there() -> None:
    """Case P8: 10 on hand for one day, 14 on order, demand gone: the 14 are cancelled, nothing is sold at a loss."""
    plan = [plan_row(on_hand_units=10.0, on_order_units=14.0, excess_units=10.0)]
    found = ranked(plan, [master_row(first_movement_date=ago(1), last_demand_date=pd.NaT)]).disposals
    assert found[["way", "disposal_units", "way_rank"]].to_numpy().tolist() == [["cancel_order", 14.0, 1]]
    assert found["gain_value"].iloc[0] > 0


def test_an_order_that_is_needed_later_is_put_off_not_cancelled() -> None:
    plan = [
        plan_row(on_hand_units=70.0, on_order_units=80.0, excess_units=30.0, cover_days=150.0, order_up_to_units=70.0)
    ]
    found = ranked(plan, [master_row(last_demand_date=ago(1))]).disposals
    assert found["way"].tolist() == ["put_off_order"]
    # 120 days of cover are let be, of 150: 30 units are too much, and all of them are on order
    assert found["disposal_units"].tolist() == [30.0]
    assert found["done_by_date"].iloc[0] == DAY + pd.Timedelta(days=120)


def test_disposals_are_whole_units() -> None:
    """Case P12: pieces that cannot be divided; 114.911447 of them were to go."""
    found = ranked([plan_row(on_hand_units=120.0, excess_units=114.911447)], [master_row()]).disposals
    assert found["disposal_units"].sum() == 114
    assert (found["disposal_units"] % 1 == 0).all()


def test_nothing_is_sent_to_where_it_is_dead_or_discontinued() -> None:
    """Case P5: a discontinued item with stock in the centre, dead for 200 days in a branch; 32 were to be moved."""
    plan = [
        plan_row(on_hand_units=60.0, excess_units=32.0, cover_days=900.0),
        plan_row(warehouse_id="c/w2", shortage_units=32.0, suggested_order_units=32.0),
    ]
    for here, there in (
        (master_row(is_active=False), master_row(warehouse_id="c/w2", is_active=False, last_demand_date=ago(200))),
        (master_row(), master_row(warehouse_id="c/w2", last_demand_date=ago(200))),
        (master_row(), master_row(warehouse_id="c/w2", is_active=False, last_demand_date=ago(3))),
    ):
        master = pd.DataFrame([here, there])
        moves = suggest_transfers(
            pd.DataFrame(plan), master, as_of=AS_OF, settings=TransferSettings(), policies=PolicySettings()
        )
        assert moves.empty
        assert "transfer" not in set(ranked(plan, [here, there]).disposals["way"])
    lives = pd.DataFrame([master_row(), master_row(warehouse_id="c/w2", last_demand_date=ago(3))])
    moves = suggest_transfers(
        pd.DataFrame(plan), lives, as_of=AS_OF, settings=TransferSettings(), policies=PolicySettings()
    )
    assert moves["transfer_units"].tolist() == [32.0]


def test_a_transfer_names_where_it_goes_and_no_room_is_used_twice() -> None:
    plan = [
        plan_row(on_hand_units=50.0, excess_units=50.0),
        plan_row(warehouse_id="c/w2", on_hand_units=50.0, excess_units=50.0),
        plan_row(warehouse_id="c/w3", on_hand_units=10.0, cover_days=25.0),
    ]
    master = [master_row(), master_row(warehouse_id="c/w2"), master_row(warehouse_id="c/w3", last_demand_date=ago(1))]
    found = ranked(plan, master).disposals
    moved = found[found["way"] == "transfer"]
    assert set(moved["destination"]) == {"c/w3"}
    # 10 / 25 a day over 180 days, less the 10 that are there
    assert moved["disposal_units"].sum() == 180 * 10 / 25 - 10


def test_bundles_name_a_partner_that_sells_there() -> None:
    lines = pd.DataFrame({"order_no": list("112233445566"), "item_id": ["c/a", "c/p"] * 3 + ["c/a", "c/q"] * 3})
    paces = pd.DataFrame({"item_id": ["c/p", "c/q"], "warehouse_id": ["c/w2", "c/w1"], "day_units": [2.0, 1.0]})
    partners = sells_with(lines, paces)
    here = partners[(partners["item_id"] == "c/a") & (partners["warehouse_id"] == "c/w1")]
    assert here["partner_item_id"].tolist() == ["c/q"]
    found = ranked([plan_row(on_hand_units=50.0, excess_units=50.0)], [master_row()], partners=partners).disposals
    bundle = found[found["way"] == "bundle"]
    assert bundle["destination"].tolist() == ["c/q"]
    assert bundle["disposal_units"].tolist() == [36.0]  # 1 a day x 0.2 x 180 days


def test_only_what_came_lately_goes_back_to_the_supplier() -> None:
    receipts = pd.DataFrame({"item_id": ["c/a"], "warehouse_id": ["c/w1"], "window_units": [20.0]})
    found = ranked([plan_row(on_hand_units=50.0, excess_units=50.0)], [master_row()], last_receipts=receipts).disposals
    back = found[found["way"] == "return_to_supplier"]
    assert (back["destination"].tolist(), back["disposal_units"].tolist()) == (["c/s"], [20.0])


def test_every_disposal_beats_keeping_and_all_units_are_accounted_for() -> None:
    """300 random rows: a way is only taken where a unit let go brings more than a unit kept; the rest is kept."""
    rng = np.random.default_rng(3)
    plan, master = [], []
    for number in range(300):
        stock = float(rng.integers(1, 400))
        pace = float(rng.choice([0.0, 0.01, 0.2, 2.0]))
        coming = float(rng.choice([0, 30]))
        keys = {"item_id": f"c/{number // 3}", "warehouse_id": f"c/w{number % 3}"}
        plan.append(
            plan_row(**keys, on_hand_units=stock, on_order_units=coming, excess_units=float(rng.uniform(0, stock)),
                     cover_days=(stock + coming) / pace if pace else np.nan, order_up_to_units=float(rng.integers(0, 50)))
        )  # fmt: skip
        cost = float(rng.lognormal(2, 1))
        master.append(
            master_row(**keys, unit_cost_latest=cost, unit_price=cost * rng.uniform(0.5, 3), is_active=bool(rng.random() > 0.1),
                       last_demand_date=ago(float(rng.integers(0, 700))))
        )  # fmt: skip
    found = ranked(plan, master)
    ways, all_ways = found.disposals, found.alternatives
    assert len(ways) > 100
    assert (ways["gain_value"] > 0).all()
    assert (ways["recovery_per_unit_value"] > ways["keep_per_unit_value"]).all()
    placed = ways[~ways["way"].str.endswith("order")].groupby(KEYS)["disposal_units"].sum()
    chosen = all_ways[~all_ways["alternative"].str.endswith("order")].groupby(KEYS)["chosen_units"].sum()
    assert (placed <= chosen.reindex(placed.index) + 1e-9).all()
    kept = all_ways[all_ways["alternative"] == "keep"].set_index(KEYS)["chosen_units"]
    assert (kept >= 0).all() and (kept + placed.reindex(kept.index).fillna(0) - chosen).abs().max() < 1e-9
    assert not ways.duplicated([*KEYS, "way_rank"]).any()


def test_the_worth_of_keeping_is_the_mean_over_the_queue() -> None:
    keep = Keeping(
        np.array([125.0]), np.array([75.0]), np.array([0.81]), np.array([-0.75]), np.array([730.0]), 0.1, 0.1, 0.12
    )
    places = np.arange(0.5, 800)
    one_by_one = keep.take(np.zeros(800, int)).at(places / 0.81)
    for first, last in ((0, 100), (138, 480), (400, 800)):
        mean = keep.mean(np.array([float(first)]), np.array([float(last)]))[0]
        # the horizon cuts through one unit of 200
        assert mean == pytest.approx(one_by_one[first:last].mean(), abs=0.3)
    day = keep.days_worth(np.array([90.0]))[0]
    assert keep.at(np.array([day]))[0] == pytest.approx(90.0)
    assert np.isinf(keep.days_worth(keep.never - 1)[0])


def test_the_next_ranking_learns_from_what_idle_stock_brought() -> None:
    events = pd.DataFrame(
        [
            ("c/a", "c/w1", "sale", ago(500), 5.0, 100.0, 50.0, 20.0),
            ("c/a", "c/w1", "sale", ago(200), 1000.0, 6_000.0, 10_000.0, 20.0),  # 300 days idle, at 30 %
            ("c/a", "c/w1", "sale", ago(190), 10.0, 190.0, 100.0, 20.0),  # follows, at the usual price
            ("c/b", "c/w1", "sale", ago(100), 10.0, 60.0, 100.0, 20.0),  # cheap, but never idle
            ("c/b", "c/w1", "sale", ago(90), 10.0, 60.0, 100.0, 20.0),
            ("c/a", "c/w1", "return_to_supplier", ago(5), 10.0, 90.0, 100.0, np.nan),
        ],
        columns=["item_id", "warehouse_id", "kind", "business_date", "units", "brought_value", "cost_value", "usual_price"],
    )  # fmt: skip
    settings = DisposalSettings()
    record = recoveries(events, settings)
    assert record[["way", "idle_days"]].to_numpy().tolist() == [
        ["markdown", 300.0], ["usual_price", 10.0], ["return_to_supplier", 185.0],
    ]  # fmt: skip
    rates = learnt_rates(record, settings).set_index("way")
    assert rates.loc["markdown", "learnt_rate"] == pytest.approx((6_000 + 20_000 * 0.6) / (20_000 + 20_000))
    assert rates.loc["scrap", "learnt_rate"] == rates.loc["scrap", "starting_rate"]
    plan, master = (
        [plan_row(on_hand_units=900.0, excess_units=500.0, cover_days=1800.0)],
        [master_row(last_demand_date=ago(9))],
    )
    hoped, learnt = (
        ranked(plan, master, learnt=each).alternatives.set_index("alternative")["net_present_per_unit_value"]
        for each in (None, rates["learnt_rate"].to_dict())
    )
    assert learnt["markdown"] < hoped["markdown"]
    assert recoveries(events.iloc[:0], settings).empty


def test_a_plan_of_the_product_itself_has_no_advice_that_loses_money() -> None:
    """Prevents: columns of the real plan that the comparison reads under another name."""
    rows = spine(20, **{name: value for name, value in master_row().items() if name not in KEYS})
    weekly = np.linspace(0, 5, 20)
    plan = planned(rows, weekly, weekly / 2, on_hand=np.full(20, 500.0))
    cover = pd.Series(105.0, pd.MultiIndex.from_frame(rows[KEYS]))
    found = rank_disposals(
        DisposalInputs(plan, rows, cover, lane_table(["c/w"], TransferSettings())),
        as_of=AS_OF, settings=DisposalSettings(), holding_rate=0.22, is_whole_units=True,
    ).disposals  # fmt: skip
    assert len(found) > 5 and (found["gain_value"] > 0).all()
