"""What follows from the plan: verdicts that travel with it, curves, empty tables, and what-if policies."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from planning_cases import AS_OF, demand_of, planned, spine
from pydantic import ValidationError

from assets.documents import DocumentError, parse_document
from assets.planning.disposal.rank import ALTERNATIVE_COLUMNS, DisposalInputs, rank_disposals
from assets.planning.disposal.rank import COLUMNS as DISPOSALS
from assets.planning.disposal.settings import DisposalSettings
from assets.planning.policy.assign import assign_policies
from assets.planning.policy.capital_curve import capital_curve
from assets.planning.policy.settings import ItemOverride, PolicySettings
from assets.planning.replay.settings import ReplaySettings
from assets.planning.replay.verdict import COLUMNS as REPLAYED
from assets.planning.replay.verdict import not_replayed, with_verdict
from assets.planning.replay.what_if import PolicyFile, by_cell, changed_policies
from assets.planning.replay.window import BEFORE_DAYS, LEAST_DAYS, fitted_window
from assets.planning.shape import shaped
from assets.planning.transfers.lanes import lane_table
from assets.planning.transfers.settings import TransferSettings
from assets.planning.transfers.suggest import COLUMNS as TRANSFERS
from assets.planning.transfers.suggest import buy_after_transfers, suggest_transfers

KEYS = ["item_id", "warehouse_id"]


def test_a_policy_that_replays_worse_says_so_in_the_plan() -> None:
    """Prevents: a published parameter whose replay is in another table that nobody opens."""
    rows = spine(3, unit_cost_latest=2.0)
    plan = planned(rows, np.full(3, 10.0), np.full(3, 4.0))
    verdicts = (
        rows[KEYS]
        .iloc[:2]
        .assign(verdict=["not_recommended", "recommended"], verdict_reason=["costs more than what was done", "fine"])
    )
    found = with_verdict(plan, verdicts.iloc[::-1])
    assert found["replay_verdict"].tolist() == ["not_recommended", "recommended", "not_replayed"]
    assert found["flags"].iloc[0].split(";")[-1] == "not_recommended"
    assert "costs more than what was done" in found["reason"].iloc[0]
    assert found["flags"].tolist()[1:] == plan["flags"].tolist()[1:]


def test_too_short_a_history_is_said_and_not_replayed() -> None:
    def history(days: int) -> pd.DataFrame:
        return pd.DataFrame({"period_start_date": [pd.Timestamp(AS_OF) - pd.Timedelta(days=days)]})

    settings = ReplaySettings()
    assert fitted_window(settings, history(2000), AS_OF) == settings
    shorter = fitted_window(settings, history(BEFORE_DAYS + settings.warm_up_days + 100), AS_OF)
    assert shorter is not None and shorter.days == 100
    assert fitted_window(settings, history(BEFORE_DAYS + settings.warm_up_days + LEAST_DAYS - 1), AS_OF) is None
    assert fitted_window(settings, history(1).iloc[:0], AS_OF) is None
    rows = spine(2)
    table = not_replayed(assign_policies(rows, rows.assign(abc_xyz_cell="BY"), PolicySettings()), "too short")
    assert list(table.columns) == REPLAYED
    assert table["verdict"].tolist() == ["not_replayed"] * 2
    assert table["replay_fill_rate"].isna().all()


def test_a_table_without_rows_keeps_its_types() -> None:
    """Prevents: dbt failing on the first company that needs no transfer, because an empty column became an integer."""
    for columns in (TRANSFERS, DISPOSALS, ALTERNATIVE_COLUMNS, REPLAYED):
        table = shaped(pd.DataFrame(columns=columns), columns)
        assert list(table.columns) == columns
        for name, kind in table.dtypes.items():
            expected = "M" if str(name).endswith("_date") else "f" if str(name).endswith(("_units", "_value")) else "fO"
            assert kind.kind in expected, name


def test_the_best_allocation_is_never_beaten_by_one_level_for_all() -> None:
    rng = np.random.default_rng(4)
    rows = spine(60, unit_cost_latest=rng.lognormal(2, 1.5, 60))
    mean = rng.gamma(1, 20, 60)
    plan = planned(rows, mean, mean * rng.uniform(0.2, 1.5, 60))
    demand = demand_of(rows, mean, mean * rng.uniform(0.2, 1.5, 60))
    found = capital_curve(rows, demand, plan, None)
    table = found.table
    best, even = (table[table["curve"] == name] for name in ("best_allocation", "one_level_for_all"))
    reached = np.interp(even["invested_value"], best["invested_value"], best["fill_rate"])
    # half a point: the curve is read linearly between its 20 points, and levels are whole units
    assert (reached >= even["fill_rate"] - 0.005).all()
    assert (reached > even["fill_rate"] + 0.002).any()
    assert best["fill_rate"].is_monotonic_increasing
    assert (table["curve"] == "present_plan").sum() == 1
    point = table.set_index("curve")
    assert point.loc["budget", "invested_value"] <= point.loc["present_plan", "invested_value"]
    assert point.loc["budget", "fill_rate"] >= point.loc["present_plan", "fill_rate"]
    assert np.isfinite(found.budget_level).all()
    # a third less money than the plan invests: every reorder point that the budget gives is lower or the same
    less = capital_curve(rows, demand, plan, None, budget_value=point.loc["present_plan", "invested_value"] * 0.67)
    assert (less.budget_level <= found.budget_level).all() and (less.budget_level < found.budget_level).any()
    assert (
        less.table.set_index("curve").loc["budget", "invested_value"]
        <= point.loc["present_plan", "invested_value"] * 0.67
    )
    nothing = capital_curve(rows.assign(unit_cost_latest=np.nan), demand, plan, None)
    assert nothing.table.empty and np.isnan(nothing.budget_level).all()


def test_bad_rows_pass_through_transfers_and_disposals() -> None:
    """No cost, negative book, no demand, closed supplier, no class, all at once: figures stay finite or null with a status."""
    rows = spine(
        6, unit_cost_latest=[np.nan, 5.0, 5.0, 0.0, 5.0, np.nan], last_demand_date=pd.to_datetime(["2020-01-01", "2026-01-01"] * 3),
        default_supplier_id=["c/s1", None, "c/s1", "c/s2", "c/s2", None], lead_time_days_master=[np.nan] * 5 + [0.0],
        category_name=None, unit_price=np.nan,
    )  # fmt: skip
    rows["warehouse_id"] = ["c/w1", "c/w2"] * 3
    rows["item_id"] = ["c/a", "c/a", "c/b", "c/b", "c/d", "c/d"]
    policies = PolicySettings(closed_suppliers=("c/s1",))
    plan = planned(
        rows, np.array([0.0, 30, 5, 0, 0, 80]), np.array([0.0, 9, 60, 0, 0, 0]), cell=["AX", None, "BY", "CZ", "CX", "AX"],  # type: ignore[list-item]
        on_hand=np.array([900.0, -40, 4000, 70, 10, 0]), policies=policies,
    )  # fmt: skip
    moves = suggest_transfers(plan, rows, as_of=AS_OF, settings=TransferSettings(), policies=policies)
    bought = buy_after_transfers(plan, moves, rows, policies)
    inputs = DisposalInputs(
        bought, rows, pd.Series(120.0, pd.MultiIndex.from_frame(rows[KEYS])),
        lane_table(["c/w1", "c/w2"], TransferSettings()),
    )  # fmt: skip
    ways = rank_disposals(
        inputs, as_of=AS_OF, settings=DisposalSettings(), holding_rate=0.2, is_whole_units=True
    ).disposals
    assert len(moves) and len(ways)
    for name in ("suggested_order_units", "excess_units", "shortage_units", "transfer_in_units", "transfer_out_units"):
        assert np.isfinite(bought[name]).all() and (bought[name] >= 0).all(), name
    assert (bought["suggested_order_units"] <= plan["suggested_order_units"]).all()
    out = bought.set_index(KEYS)["transfer_out_units"]
    assert (out <= plan.set_index(KEYS)["excess_units"] + 1e-9).all()
    for table, units in ((moves, "transfer_units"), (ways, "disposal_units")):
        assert (table[units] > 0).all() and np.isfinite(table[units]).all()
        money = table.select_dtypes(float).filter(like="_value").to_numpy()
        assert not np.isinf(money).any()
        assert (
            table["value_status"].str.startswith("not_available") == table.filter(like="_value").isna().any(axis=1)
        ).all()
    left = bought.set_index(KEYS)["excess_units"]
    placed = ways.groupby(KEYS)["disposal_units"].sum()
    assert (placed <= left.reindex(placed.index) + 1e-9).all()


def test_a_what_if_changes_what_it_names_and_nothing_else() -> None:
    text = "name: n\nall_cells: {service_level_rate: 0.9}\ncells:\n  AZ: {policy: r_q}\nitems:\n  - {item_id: c/i0001, policy: none}\n"
    document = parse_document(text, PolicyFile, name="p.yml")
    present = PolicySettings(overrides=(ItemOverride(item_id="c/i0001", policy="s_s"),))
    changed = changed_policies(present, document)
    assert changed.cells["AZ"] == present.cells["AZ"].model_copy(update={"policy": "r_q", "service_level_rate": 0.9})
    assert changed.cells["BX"] == present.cells["BX"].model_copy(update={"service_level_rate": 0.9})
    assert changed.holding_rate == present.holding_rate
    rows = spine(2)
    assigned = assign_policies(rows, rows.assign(abc_xyz_cell="AX"), changed)
    assert assigned["policy"].tolist() == ["r_q", "none"]
    assert changed_policies(present, PolicyFile()) == present.model_copy(
        update={"cells": {name: present.cells[name] for name in sorted(present.cells)}}
    )


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("cells:\n  DX: {policy: r_q}\n", "line 2"),
        ("cells:\n  AX: {polcy: r_q}\n", "polcy"),
        ("cells:\n  AX: {service_level_rate: 1.2}\n", "less than or equal to 1"),
        ("items:\n  - {policy: r_q}\n", "item_id"),
    ],
)
def test_a_policy_file_with_a_mistake_is_one_sentence(text: str, message: str) -> None:
    with pytest.raises(DocumentError, match=message):
        parse_document(text, PolicyFile, name="p.yml")
    with pytest.raises(ValidationError):
        PolicyFile.model_validate({"cell": {}})


def test_the_table_by_cell_adds_up() -> None:
    rows = spine(3)
    base = not_replayed(rows.assign(abc_xyz_cell=["AX", "AX", None]), "x").assign(
        demand_units=[10.0, 30, 60], verdict=["recommended", "not_recommended", "recommended"]
    )
    for name in ("filled_units", "average_stock_value", "orders", "cost_value"):
        base[f"actual_{name}"], base[f"replay_{name}"] = [5.0, 15, 30], [10.0, 30, 30]
    table = by_cell(base, base.assign(replay_filled_units=[10.0, 30, 60])).set_index("abc_xyz_cell")
    assert table.loc["AX", "actual_fill_rate"] == 0.5
    assert table.loc["all", ["actual_fill_rate", "present_fill_rate", "what_if_fill_rate"]].tolist() == [0.5, 0.7, 1.0]
    assert table.loc["all", ["rows", "what_if_not_recommended", "present_cost_value"]].tolist() == [3, 1, 70]
    assert table.loc["no class", "rows"] == 1
