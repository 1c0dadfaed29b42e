"""Decisions and what-ifs read from a real warehouse file's tables, on a company of a few rows."""

from __future__ import annotations

import duckdb
import numpy as np
import pandas as pd
import pytest
from planning_cases import AS_OF, demand_of, planned, spine

from assets.planning.decisions import Planned, decide
from assets.planning.policy.assign import assign_policies
from assets.planning.policy.settings import PolicySettings
from assets.planning.policy.suppliers import SupplierFeed
from assets.planning.replay.what_if import PolicyFile
from assets.planning.sentences import in_words
from assets.planning.settings import PlanningSettings
from assets.planning.what_if import replay_what_if

KEYS = ["item_id", "warehouse_id"]
TODAY = pd.Timestamp(AS_OF)
LINES = pd.DataFrame(
    {"source_instance": "s", "so_no": [f"o{k // 2}" for k in range(12)], "item_id": ["c/a", "c/b"] * 6,
     "warehouse_id": "c/w1", "order_date": TODAY - pd.Timedelta(days=9)}
)  # fmt: skip


def _rows() -> pd.DataFrame:
    """Two items in two warehouses: too much of a in the first, too little in the second; b sells well."""
    rows = spine(4, unit_cost_latest=20.0, unit_price=30.0, default_supplier_id="c/s", category_name="x",
                 last_demand_date=TODAY, lead_time_days_master=10.0)  # fmt: skip
    return rows.assign(item_id=["c/a", "c/a", "c/b", "c/b"], warehouse_id=["c/w1", "c/w2"] * 2)


def _history(rows: pd.DataFrame, weekly: np.ndarray, weeks: int) -> pd.DataFrame:
    start = pd.date_range(end=TODAY - pd.Timedelta(days=7), periods=weeks, freq="7D")
    rng = np.random.default_rng(1)
    units = rng.poisson(weekly[:, None], (len(rows), weeks)).astype(float).ravel()
    frame = rows[KEYS].loc[rows.index.repeat(weeks)].reset_index(drop=True)
    return frame.assign(
        period_start_date=np.tile(start, len(rows)), demand_units=units, demand_units_imputed=units,
        shipped_units=units, returned_units=0.0, is_censored=False, in_stock_rate=1.0, is_promotion=False,
    )  # fmt: skip


NO_TARGETS = pd.DataFrame(
    {"kpi": pd.Series(dtype=str), "scope": pd.Series(dtype=str), "target_rate": pd.Series(dtype=float)}
)


def _empty(text: str, numbers: str) -> pd.DataFrame:
    kinds = dict.fromkeys(text.split(), str) | dict.fromkeys(numbers.split(), float)
    return pd.DataFrame({name: pd.Series(dtype=kind) for name, kind in kinds.items()})


NO_NETWORK = {
    "int_supply_flows": _empty("item_id warehouse_id source_kind source_id", "receipt_days received_units"),
    "int_supply_lanes": _empty(
        "from_warehouse_id warehouse_id", "moves move_days lead_time_days_mean lead_time_days_sd interval_days"
    ),
    "int_supply_sources": _empty(
        "item_id warehouse_id source_kind supplier_id from_warehouse_id source_basis",
        "lead_time_days review_period_days",
    ),
    "int_stock_movements": pd.DataFrame(
        {
            "item_id": pd.Series(dtype=str),
            "warehouse_id": pd.Series(dtype=str),
            "movement_type": pd.Series(dtype=str),
            "quantity_units": pd.Series(dtype=float),
            "business_date": pd.Series(dtype="datetime64[ns]"),
            "lot_expiry_date": pd.Series(dtype="datetime64[ns]"),
        }
    ),
}


def _write(connection: duckdb.DuckDBPyConnection, **tables: pd.DataFrame) -> None:
    for schema in ("intermediate", "planning", "control"):
        connection.execute(f"create schema if not exists {schema}")
    for name, frame in tables.items():
        control = name in ("run_parameters", "kpi_targets")
        schema = "intermediate" if name.startswith("int_") else "control" if control else "planning"
        connection.register("frame", frame)
        connection.execute(f"create table {schema}.{name} as select * from frame")


def _balances(rows: pd.DataFrame, units: list[float], days: int) -> pd.DataFrame:
    return rows[KEYS].assign(valid_from_date=TODAY - pd.Timedelta(days=days), valid_to_date=TODAY, available_units=units,
                             on_hand_units=units)  # fmt: skip


RECEIPTS = pd.DataFrame({name: pd.Series(dtype=kind) for name, kind in {
    "item_id": str, "warehouse_id": str, "supplier_id": str, "po_no": str, "order_date": "datetime64[ns]",
    "receipt_date": "datetime64[ns]", "received_units": float, "lead_time_days": float}.items()})  # fmt: skip


def _without_sales(connection: duckdb.DuckDBPyConnection) -> None:
    """The tables that the record of recoveries is read from, empty."""
    row = "item_id varchar, warehouse_id varchar, "
    tables = {
        "staging.stg_sales_shipment_lines": row
        + "shipment_date date, shipped_units double, revenue_value double, doc_status varchar",
        "intermediate.int_stock_movements": row
        + "movement_key varchar, movement_type varchar, business_date date, quantity_units double, unit_cost double",
        "intermediate.int_item_warehouses": row + "unit_cost_latest double",
        "ledger.movement_costs": "movement_key varchar, cost_value double",
        "intermediate.int_open_supply": row + "due_date date, on_order_units double",
        "staging.stg_price_breaks": "supplier_id varchar, item_id varchar, from_units double, unit_price double, "
        "valid_from_date date, valid_to_date date, source_instance varchar",
        "staging.stg_supplier_terms": "supplier_id varchar, min_order_value double, min_order_units double, "
        "load_volume_m3 double, load_weight_kg double, min_load_rate double, source_instance varchar",
        "staging.stg_suppliers": "supplier_id varchar, payment_term_days int",
        "staging.stg_items": "item_id varchar, volume_m3 double, weight_kg double",
        "staging.stg_storage_limits": "item_id varchar, warehouse_id varchar, item_code varchar, max_units double, max_volume_m3 double",
        "staging.stg_supplier_plans": row + "supplier_id varchar, delivery_date date, planned_units double",
    }
    for table, columns in tables.items():
        connection.execute(f"create schema if not exists {table.split('.')[0]}")
        connection.execute(f"create table {table} ({columns})")


def test_moves_disposals_feeds_and_verdicts_of_a_young_company() -> None:
    """A company of ten weeks: nothing can be replayed, everything else is decided, and every table keeps its columns."""
    rows, weekly = _rows(), np.array([1.0, 40, 30, 30])
    policies = PolicySettings(supplier_feeds=(SupplierFeed(supplier_id="c/s", kind="vmi"),))
    plan = planned(rows, weekly, weekly / 3, on_hand=np.array([900.0, 0, 100, 100]), policies=policies)
    classes = rows[KEYS].assign(
        abc_xyz_cell="BY", abc_class="B", annual_consumption_units=weekly * 52, annual_consumption_value=weekly * 1040
    )
    assigned = assign_policies(rows, classes, policies)
    done = Planned(
        rows, _history(rows, weekly, 10), pd.DataFrame(), RECEIPTS, classes, assigned,
        demand_of(rows, weekly, weekly / 3), plan,
    )  # fmt: skip
    with duckdb.connect() as connection:
        _write(connection, int_item_warehouse_balances=_balances(rows, [900.0, 0, 100, 100], 60), int_order_lines=LINES,
               kpi_targets=NO_TARGETS)  # fmt: skip
        _without_sales(connection)
        tables = decide(connection, done, AS_OF, PlanningSettings(policy=policies))
    moved = tables["transfers"]
    assert moved[["item_id", "from_warehouse_id", "to_warehouse_id"]].to_numpy().tolist() == [["c/a", "c/w1", "c/w2"]]
    after = tables["replenishment"].set_index(KEYS)
    assert after.loc[("c/a", "c/w2"), "transfer_in_units"] == moved["transfer_units"].iloc[0]
    assert after["suggested_order_units"].sum() < plan["suggested_order_units"].sum()
    assert set(after["replay_verdict"]) == {"not_replayed"}
    assert (
        tables["policy_replay"]["verdict_reason"]
        .map(lambda one: in_words(one, "en"))
        .str.startswith("not_available")
        .all()
    )
    ways = tables["disposals"]
    assert set(ways["item_id"]) == {"c/a"}
    # what sells with it is known from the order lines, whether or not it is the better way
    assert "bundle" in set(tables["disposal_alternatives"]["alternative"])
    kept = tables["disposal_alternatives"].set_index(["item_id", "alternative"]).loc[("c/a", "keep"), "chosen_units"]
    assert (ways["gain_value"] > 0).all()
    assert ways["disposal_units"].sum() + float(kept.sum()) == pytest.approx(after.loc[("c/a", "c/w1"), "excess_units"])
    assert len(tables["supplier_feed"]) == 4
    # the only supplier keeps all of it stocked: it gets a feed, and no draft order
    assert after["suggested_order_units"].sum() == 0 and tables["order_drafts"].empty
    assert set(tables["capital_curve"]["curve"]) == {"best_allocation", "budget", "one_level_for_all", "present_plan"}
    assert tables["class_cells"].set_index("abc_xyz_cell").loc["BY", "item_warehouses"] == 4


def test_a_what_if_is_read_replayed_and_compared() -> None:
    rows, weekly = _rows(), np.array([14.0, 40, 30, 30])
    history = _history(rows, weekly, 80)
    daily = history.rename(columns={"period_start_date": "business_date"})
    classes = rows[KEYS].assign(abc_xyz_cell=["AX", "AX", "BY", "BY"])
    with duckdb.connect() as connection:
        with pytest.raises(ValueError, match="stockturn run"):
            replay_what_if(connection, PolicyFile(), PlanningSettings(), refit_days=120)
        _write(connection, int_item_warehouses=rows, int_demand_daily=daily, int_supplier_lead_times=RECEIPTS,
               int_item_warehouse_balances=_balances(rows, [400.0] * 4, 560), demand_history=history,
               item_classes=classes, run_parameters=pd.DataFrame({"as_of_date": [AS_OF]}), **NO_NETWORK)  # fmt: skip
        nobody = PolicyFile.model_validate({"items": [{"item_id": "c/x"}]})
        with pytest.raises(ValueError, match="no c/x"):
            replay_what_if(connection, nobody, PlanningSettings(), refit_days=120)
        stockless = PolicyFile.model_validate({"cells": {"BY": {"policy": "order_on_demand"}}})
        found = replay_what_if(connection, stockless, PlanningSettings(), refit_days=160)
    cells = found.cells.set_index("abc_xyz_cell")
    assert cells.loc["BY", "what_if_fill_rate"] < 0.3 < 0.9 < cells.loc["BY", "present_fill_rate"]
    assert cells.loc["AX", "what_if_fill_rate"] == cells.loc["AX", "present_fill_rate"]
    assert (found.changed.table["verdict"] == "not_recommended").tolist() == [False, False, True, True]
    # 400 units of four items lay there all the time: whatever the policy, the same service needs less
    assert float(found.freed["freed_rate"]) != 0 and found.freed["status"] in ("ok", "above_curve")
