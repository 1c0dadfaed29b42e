"""Where goods come from: found from receipts, overridden by what the company states, without circles."""

from __future__ import annotations

import pandas as pd

from assets.planning.network.lanes import along_lanes
from assets.planning.network.settings import NetworkSettings
from assets.planning.network.sources import supply_network
from assets.planning.parameters.settings import ParameterSettings
from assets.planning.transfers.settings import TransferSettings

FLOWS = ["item_id", "warehouse_id", "source_kind", "source_id", "receipt_days", "received_units"]
STATED = [
    "item_id", "warehouse_id", "source_kind", "supplier_id", "from_warehouse_id", "lead_time_days", "review_period_days",
    "source_basis",
]  # fmt: skip
LANES = ["from_warehouse_id", "warehouse_id", "moves", "move_days", "lead_time_days_mean", "lead_time_days_sd"]
LANES.append("interval_days")


def _spine(*keys: tuple[str, str]) -> pd.DataFrame:
    return pd.DataFrame(keys, columns=["item_id", "warehouse_id"]).assign(default_supplier_id="c/s1")


def _found(spine: pd.DataFrame, flows: list[tuple], stated: list[tuple] = ()) -> pd.DataFrame:
    table = supply_network(
        spine, pd.DataFrame(flows, columns=FLOWS), pd.DataFrame(stated, columns=STATED), settings=NetworkSettings()
    )
    return table.set_index(["item_id", "warehouse_id"])


BRANCH = [
    ("c/a", "c/0", "supplier", "c/s2", 9, 900.0),
    ("c/a", "c/1", "transfer", "c/0", 40, 380.0),
    ("c/a", "c/1", "supplier", "c/s2", 1, 20.0),
]


def test_a_branch_that_lives_on_transfers_is_fed_by_the_centre() -> None:
    """Prevents: P4, a purchase proposed for a branch that has never bought."""
    table = _found(_spine(("c/a", "c/0"), ("c/a", "c/1"), ("c/b", "c/0"), ("c/b", "c/1")), BRANCH)
    branch, centre = table.loc[("c/a", "c/1")], table.loc[("c/a", "c/0")]
    assert (branch.source_kind, branch.from_warehouse_id, branch.source_basis) == ("transfer", "c/0", "history")
    assert branch.source_share_rate == 0.95 and branch.supplier_id is None
    assert (branch.purchasing_warehouse_id, branch.stage_no) == ("c/0", 1)
    assert (centre.source_kind, centre.supplier_id, centre.stage_no) == ("supplier", "c/s2", 0)
    # an item without receipts goes the usual way of its warehouse, and buys from its own usual supplier
    assert table.loc[("c/b", "c/1")].source_basis == "warehouse_history"
    assert table.loc[("c/b", "c/1")].from_warehouse_id == "c/0" and table.loc[("c/b", "c/0")].supplier_id == "c/s1"


def test_what_the_company_states_goes_before_history_and_the_item_before_the_warehouse() -> None:
    stated = [
        (None, "c/1", "supplier", "c/s9", None, 5, None, "stated"),
        ("c/b", "c/1", "transfer", None, "c/0", None, 2, "stated"),
        (None, "c/2", "transfer", None, "c/0", None, None, "parent"),
    ]
    spine = _spine(("c/a", "c/0"), ("c/a", "c/1"), ("c/b", "c/0"), ("c/b", "c/1"), ("c/d", "c/2"))
    table = _found(spine, BRANCH, stated)
    assert tuple(table.loc[("c/a", "c/1")][["source_kind", "supplier_id", "source_basis"]]) == (
        "supplier",
        "c/s9",
        "stated",
    )
    assert table.loc[("c/b", "c/1")].source_kind == "transfer"
    # the warehouse above never had the item: nothing can come from there
    assert table.loc[("c/d", "c/2")].source_kind == "supplier"


def test_a_circle_is_cut_where_most_was_bought() -> None:
    """Prevents: two warehouses that swap stock waiting for each other for ever."""
    flows = [
        ("c/a", "c/0", "transfer", "c/1", 9, 90.0), ("c/a", "c/0", "supplier", "c/s1", 5, 80.0),
        ("c/a", "c/1", "transfer", "c/0", 9, 90.0), ("c/a", "c/1", "supplier", "c/s1", 1, 10.0),
    ]  # fmt: skip
    table = _found(_spine(("c/a", "c/0"), ("c/a", "c/1")), flows)
    assert table["source_kind"].tolist() == ["supplier", "transfer"] and table["stage_no"].tolist() == [0, 1]


def test_times_of_a_lane_are_measured_and_overridden() -> None:
    spine = _spine(("c/a", "c/0"), ("c/a", "c/1"), ("c/a", "c/2"))
    flows = [*BRANCH, ("c/a", "c/2", "transfer", "c/0", 3, 30.0)]
    stated = pd.DataFrame([(None, "c/2", "transfer", None, "c/0", 4, 14, "stated")], columns=STATED)
    table = supply_network(spine, pd.DataFrame(flows, columns=FLOWS), stated, settings=NetworkSettings())
    lanes = pd.DataFrame([("c/0", "c/1", 40, 40, 2.5, 0.7, 3.5), ("c/0", "c/2", 2, 2, 9.0, 1.0, 30.0)], columns=LANES)
    bought = spine[["item_id", "warehouse_id"]].assign(
        supplier_id="c/s1", lead_time_days_mean=14.0, lead_time_days_sd=3.0, lead_time_receipts=9,
        lead_time_source="receipts",
    )  # fmt: skip
    times = along_lanes(
        bought, table, lanes, stated, settings=NetworkSettings(), parameters=ParameterSettings(),
        transfers=TransferSettings(),
    )  # fmt: skip
    assert times["lead_time_days_mean"].tolist() == [14.0, 2.5, 4.0]
    assert times["lead_time_source"].tolist() == ["receipts", "lane", "stated"]
    assert times["lane_interval_days"].tolist() == [0.0, 3.5, 14.0] and times["lead_time_days_sd"].tolist()[1] == 0.7
