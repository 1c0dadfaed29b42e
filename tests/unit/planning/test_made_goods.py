"""Bills of materials: explosion over time, kit completeness, substitutes, and what can be promised."""

from __future__ import annotations

import duckdb
import numpy as np
import pandas as pd
import pytest
from planning_cases import AS_OF

from assets.planning.bom.explode import explode, net_requirements
from assets.planning.bom.kits import completeness_by_date, kit_completeness, parts_of_orders
from assets.planning.bom.promise import available_to_promise, capable_to_promise
from assets.planning.bom.requirements import beyond_forecast, issue_places
from assets.planning.bom.structure import BomLoopError, default_versions, levels, lines_in_effect, without_phantoms
from assets.planning.making import made_goods

DAY = pd.Timestamp(AS_OF)
NO_RECEIPTS = pd.DataFrame({"item_id": pd.Series(dtype=str), "due_date": pd.Series(dtype="datetime64[ns]"),
                            "units": pd.Series(dtype=float)})  # fmt: skip


def on(days: float) -> pd.Timestamp:
    """So many days after the run."""
    return DAY + pd.Timedelta(days=days)


def bills(*lines: dict[str, object]) -> pd.DataFrame:
    """Bill lines: parent, component and units given, the rest as the contract's defaults."""
    base = {"item_id": "bike", "component_item_id": "x", "component_units": 1.0, "parent_units": 1.0, "scrap_rate": None,
            "valid_from_date": None, "valid_to_date": None, "substitute_group": None, "substitute_priority": None,
            "is_phantom": False, "issue_warehouse_id": None, "bom_version": "", "is_active": True, "is_default": True}  # fmt: skip
    return pd.DataFrame([base | line for line in lines])


BIKE = bills(
    {"component_item_id": "wheel", "component_units": 2.0},
    {"component_item_id": "frame"},
    {"item_id": "wheel", "component_item_id": "spoke", "component_units": 36.0, "scrap_rate": 0.05},
    {"item_id": "wheel", "component_item_id": "rim"},
)


def test_lines_count_in_their_time_with_scrap_and_base() -> None:
    found = lines_in_effect(
        bills(
            {"component_item_id": "a", "component_units": 3.0, "parent_units": 100.0, "scrap_rate": 0.1},
            {"component_item_id": "old", "valid_to_date": DAY - pd.Timedelta(days=1)},
            {"component_item_id": "new", "valid_from_date": on(1)},
            {"component_item_id": "off", "is_active": False},
            {"component_item_id": "today", "valid_from_date": DAY, "valid_to_date": DAY},
        ),
        AS_OF,
    ).set_index("component_item_id")
    assert sorted(found.index) == ["a", "today"]
    assert found.loc["a", "units_per"] == pytest.approx(0.033)


def test_low_level_codes_and_loops() -> None:
    assert levels(lines_in_effect(BIKE, AS_OF)) == {"bike": 0, "wheel": 1, "frame": 1, "spoke": 2, "rim": 2}
    with pytest.raises(BomLoopError, match="bike, wheel"):
        levels(lines_in_effect(pd.concat([BIKE, bills({"item_id": "wheel", "component_item_id": "bike"})]), AS_OF))


def test_a_phantom_is_replaced_by_its_parts() -> None:
    lines = bills(
        {"component_item_id": "set", "component_units": 2.0, "is_phantom": True},
        {"item_id": "set", "component_item_id": "bolt", "component_units": 4.0},
    )
    opened = without_phantoms(lines_in_effect(lines, AS_OF)).set_index(["item_id", "component_item_id"])["units_per"]
    assert opened[("bike", "bolt")] == 8.0
    assert ("bike", "set") not in opened.index


def test_of_several_versions_the_default_is_planned_by() -> None:
    lines = bills(
        {"component_item_id": "a", "bom_version": "V1"}, {"component_item_id": "b", "bom_version": "V2"},
        {"component_item_id": "c", "bom_version": "V3", "is_default": False},
    )  # fmt: skip
    assert default_versions(lines_in_effect(lines, AS_OF), lines)["component_item_id"].tolist() == ["b"]


def test_explosion_nets_stock_at_every_level_and_moves_needs_forward_by_the_lead_time() -> None:
    lines = lines_in_effect(BIKE, AS_OF)
    needs = pd.DataFrame({"item_id": ["bike", "bike"], "need_date": [on(30), on(60)], "units": [10.0, 10.0]})
    stock = pd.Series({"bike": 4.0, "wheel": 5.0, "spoke": 100.0})
    due = pd.DataFrame({"item_id": ["wheel"], "due_date": [on(40)], "units": [6.0]})
    lead = pd.Series({"bike": 7.0, "wheel": 3.0})
    found = explode(lines, needs, stock, due, lead, DAY).set_index(["item_id", "need_date"])["dependent_units"]
    # 10 - 4 = 6 bikes to make, started on day 23; then 10 on day 53
    assert found[("frame", on(23))] == 6 and found[("frame", on(53))] == 10
    # 12 wheels on day 23, 5 there: 7 are made; 20 on day 53, 6 came in between: 14
    assert found[("wheel", on(23))] == 12
    assert found[("rim", on(20))] == 7 and found[("rim", on(50))] == 14
    assert found[("spoke", on(20))] == pytest.approx(7 * 36 * 1.05)


def test_net_requirements_against_a_day_by_day_count() -> None:
    rng = np.random.default_rng(2)
    for _ in range(30):
        needs = pd.DataFrame({"item_id": "a", "need_date": [on(int(day)) for day in rng.integers(0, 15, 8)],
                              "units": rng.integers(1, 9, 8).astype(float)})  # fmt: skip
        due = pd.DataFrame({"item_id": "a", "due_date": [on(int(day)) for day in rng.integers(0, 15, 5)],
                            "units": rng.integers(1, 9, 5).astype(float)})  # fmt: skip
        found = net_requirements(needs, pd.Series({"a": 7.0}), due).set_index("need_date")["units"]
        shelf = 7.0
        for day in (on(number) for number in range(15)):
            shelf += (
                due.loc[due["due_date"] == day, "units"].sum() - needs.loc[needs["need_date"] == day, "units"].sum()
            )
            lacking, shelf = max(-shelf, 0.0), max(shelf, 0.0)
            assert found.get(day, 0.0) == pytest.approx(lacking)


def test_a_need_in_the_past_is_a_need_of_today() -> None:
    needs = pd.DataFrame({"item_id": ["bike"], "need_date": [on(2)], "units": [1.0]})
    found = explode(
        lines_in_effect(BIKE, AS_OF), needs, pd.Series(dtype=float), NO_RECEIPTS, pd.Series({"bike": 30.0}), DAY
    )
    assert (found["need_date"] == DAY).all()


def orders(*rows: dict[str, object]) -> pd.DataFrame:
    """Production orders of the bike."""
    base = {"order_kind": "production", "order_no": "m1", "order_line_id": "1", "item_id": "bike", "warehouse_id": "w",
            "bom_version": None, "start_date": on(3), "due_date": on(9), "planned_units": 10.0, "open_units": 10.0}  # fmt: skip
    return pd.DataFrame([base | row for row in rows])


NOTHING_ISSUED = pd.DataFrame({"order_no": pd.Series(dtype=str), "component_item_id": pd.Series(dtype=str),
                               "units": pd.Series(dtype=float)})  # fmt: skip


def _lines(table: pd.DataFrame) -> pd.DataFrame:
    return lines_in_effect(table, AS_OF).assign(is_default=True)


def test_kit_completeness_today_and_by_date() -> None:
    """Two orders compete: the earlier one gets the wheels; the later one waits for the delivery and lacks frames."""
    made = orders({"order_no": "late", "start_date": on(8)}, {"order_no": "early"})
    stock = pd.Series({"wheel": 26.0, "frame": 12.0})
    due = pd.DataFrame({"item_id": ["wheel"], "due_date": [on(10)], "units": [50.0]})
    parts = parts_of_orders(made, _lines(BIKE), NOTHING_ISSUED, stock, due, DAY)
    got = parts.set_index(["order_no", "component_item_id"])
    assert got.loc[("early", "wheel"), "allocated_units"] == 20
    assert got.loc[("late", "wheel"), ["allocated_units", "incoming_units", "missing_units"]].tolist() == [6, 14, 0]
    assert got.loc[("late", "wheel"), "available_date"] == on(10)
    assert got.loc[("late", "frame"), "missing_units"] == 8
    kits = kit_completeness(made, parts, pd.Series({"wheel": 30.0, "frame": 100.0})).set_index("order_no")
    assert kits.loc["early", ["kit_rate", "is_complete", "is_complete_on_time"]].tolist() == [1.0, True, True]
    assert kits.loc["late", ["components_no", "complete_components_no", "kit_units"]].tolist() == [2, 0, 2]
    assert pd.isna(kits.loc["late", "complete_date"]) and not kits.loc["late", "is_complete_on_time"]
    assert kits.loc["late", "missing_value"] == 14 * 30 + 8 * 100
    more = pd.concat([due, pd.DataFrame({"item_id": ["frame"], "due_date": [on(12)], "units": [8.0]})])
    later = kit_completeness(
        made, parts_of_orders(made, _lines(BIKE), NOTHING_ISSUED, stock, more, DAY), pd.Series(dtype=float)
    )
    late = later.set_index("order_no").loc["late"]
    assert (late["complete_date"], late["late_days"]) == (on(12), 4)
    by_date = completeness_by_date(later, pd.DatetimeIndex([DAY, on(3), on(8), on(12)])).set_index("kit_date")
    assert by_date["due_orders"].tolist() == [0, 1, 2, 2]
    assert by_date["kit_rate"].tolist()[1:] == [1.0, 0.5, 1.0]


def test_two_companies_with_the_same_order_numbers_have_kits_of_their_own() -> None:
    """Order 1 of both: joined by the number alone each had the parts of both, twice, and the release was stopped."""
    lines = pd.concat(
        [_lines(BIKE[BIKE["item_id"] == "bike"].replace(r"^", f"{code}/", regex=True)) for code in ("c", "d")]
    )
    made = orders({"item_id": "c/bike"}, {"item_id": "d/bike"})
    stock = pd.Series({"c/wheel": 50.0, "c/frame": 50.0, "d/wheel": 0.0, "d/frame": 50.0})
    parts = parts_of_orders(made, lines, NOTHING_ISSUED, stock, NO_RECEIPTS, DAY)
    kits = kit_completeness(made, parts, pd.Series(1.0, index=stock.index)).set_index("item_id")
    assert kits["components_no"].tolist() == [2, 2] and kits["is_complete"].to_dict() == {
        "c/bike": True,
        "d/bike": False,
    }


def test_a_substitute_stands_in_by_priority_and_what_was_issued_is_not_needed_again() -> None:
    table = bills(
        {"component_item_id": "bolt", "component_units": 4.0, "substitute_group": "g", "substitute_priority": 1},
        {"component_item_id": "screw", "component_units": 8.0, "substitute_group": "g", "substitute_priority": 2},
    )
    made = orders({"planned_units": 10.0, "open_units": 6.0})
    issued = pd.DataFrame({"order_no": ["m1"], "component_item_id": ["bolt"], "units": [20.0]})
    parts = parts_of_orders(made, _lines(table), issued, pd.Series({"bolt": 10.0, "screw": 12.0}), NO_RECEIPTS, DAY)
    row = parts.iloc[0]
    assert len(parts) == 1
    # 6 open x 4 = 24; 20 were issued, 16 used by the 4 finished: 4 wait on the floor, 20 are wanted
    assert row[["required_units", "issued_units", "allocated_units"]].tolist() == [40, 20, 10]
    assert (row["substitute_item_id"], row["substitute_units"]) == ("screw", 6)  # 12 screws do for 6 bolts
    assert row["missing_units"] == 4


def test_the_plan_follows_forecast_or_explosion_whichever_asked_for_more() -> None:
    spine = pd.DataFrame({"item_id": ["rim", "rim"], "warehouse_id": ["w1", "w2"]})
    issues = pd.DataFrame({"item_id": ["rim"], "warehouse_id": ["w2"], "units": [50.0]})
    stock = spine.assign(available_units=[900.0, 0.0])
    places = issue_places(lines_in_effect(BIKE, AS_OF), spine, issues, stock)
    assert places.to_dict() == {"rim": "w2"}
    dependent = pd.DataFrame(
        {"item_id": "rim", "need_date": [on(0), on(8), on(20)], "dependent_units": [5.0, 30.0, 5.0]}
    )
    forecasts = pd.DataFrame(
        {"item_id": "rim", "warehouse_id": "w2", "period_start_date": [on(0), on(7), on(14)], "mean_units": 10.0}
    )
    added = beyond_forecast(dependent, places, forecasts, DAY, 7)
    # asked so far 5, 35, 40; forecast so far 10, 20, 30: 15 more in the second week, nothing in the third
    assert added["added_units"].tolist() == [0, 15, 0]
    assert added["need_date"].tolist()[1] == on(8)


def test_what_is_promised_later_is_not_sold_now() -> None:
    due = pd.DataFrame({"item_id": ["a"], "due_date": [on(10)], "units": [20.0]})
    committed = pd.DataFrame({"item_id": ["a", "a"], "need_date": [on(-3), on(15)], "units": [2.0, 25.0]})
    found = available_to_promise(pd.Series({"a": 10.0}), due, committed, DAY)
    assert found["from_date"].tolist() == [DAY, on(10), on(15)]
    # 10 - 2 are there, but 25 are promised for day 15 when 28 will have come: 3 are free, today as later
    assert found["promise_units"].tolist() == [3, 3, 3]


def test_capable_to_promise_counts_parts_and_time() -> None:
    main = lines_in_effect(BIKE, AS_OF)
    free = available_to_promise(
        pd.Series({"bike": 1.0, "wheel": 4.0, "frame": 9.0, "spoke": 400.0, "rim": 3.0}), NO_RECEIPTS,
        pd.DataFrame({"item_id": [], "need_date": [], "units": []}), DAY,
    )  # fmt: skip
    found = capable_to_promise(free, main, pd.Series({"bike": 7.0, "wheel": 3.0}), DAY).set_index("item_id")
    # 4 wheels and 3 more from 3 rims: 3 bikes, after the wheels' 3 days and the bike's 7
    assert found.loc["bike", ["promise_units", "capable_units"]].tolist() == [1, 3]
    assert found.loc["bike", "capable_date"] == on(10)
    assert found.loc["frame", "capable_units"] == 0 and pd.isna(found.loc["frame", "capable_date"])


TABLES = {
    "staging.stg_bills_of_materials": """select 'erp' as source_instance, '' as line_id, 'C/bike' as item_id, * from (values
        ('C/wheel', 2.0, 1.0, null, false), ('C/frame', 1.0, 1.0, 'C/parts', false))
        as t (component_item_id, component_units, parent_units, issue_warehouse_id, is_phantom)
        cross join (select null::double as scrap_rate, null::date as valid_from_date, null::date as valid_to_date,
        null::varchar as substitute_group, null::int as substitute_priority, '' as bom_version, true as is_active,
        true as is_default)""",
    "staging.stg_production_orders": """select 'm1' as order_no, '1' as order_line_id, 'C/bike' as item_id,
        'C/shop' as warehouse_id, null::varchar as bom_version, date '2026-01-08' as start_date,
        date '2026-01-12' as due_date, 10.0 as planned_units, 4.0 as finished_units, date '2026-01-02' as order_date,
        false as is_closed, 'approved' as doc_status""",
    "intermediate.int_item_warehouse_balances": """select *, available_units as on_hand_units, date '2026-01-01' as valid_from_date,
        date '2026-01-05' as valid_to_date from (values ('C/wheel', 'C/parts', 8.0), ('C/frame', 'C/parts', 20.0),
        ('C/bike', 'C/shop', 2.0)) as t (item_id, warehouse_id, available_units)""",
    "intermediate.int_open_supply": "select 'C/wheel' as item_id, date '2026-01-09' as due_date, 5.0 as on_order_units",
    "intermediate.int_order_lines": """select 's1' as so_no, '1' as so_line_id, 'C/bike' as item_id,
        'C/shop' as warehouse_id, date '2026-01-20' as requested_date, 3.0 as open_units""",
    "intermediate.int_stock_movements": """select 'C/wheel' as item_id, 'C/parts' as warehouse_id, 'm1' as ref_doc_no,
        'production_issue' as movement_type, date '2026-01-03' as business_date, -8.0 as quantity_units""",
}


def test_the_tables_of_a_company() -> None:
    """Bills, an order that is partly done, stock and supply in a warehouse file: every table is filled from them."""
    spine = pd.DataFrame({"item_id": ["C/bike", "C/frame", "C/wheel"], "warehouse_id": ["C/shop", "C/parts", "C/parts"],
                          "unit_cost_latest": [500.0, 100.0, 30.0], "lead_time_days_master": np.nan,
                          "first_movement_date": DAY})  # fmt: skip
    weeks = [on(0), on(7), on(14)]
    forecasts = (
        spine[["item_id", "warehouse_id"]].loc[[0] * 3].assign(period_start_date=weeks, mean_units=[6.0, 0.0, 4.0])
    )
    with duckdb.connect() as connection:
        for name, query in TABLES.items():
            connection.execute(f"create schema if not exists {name.split('.')[0]}; create table {name} as {query}")
        found = made_goods(connection, spine, forecasts, AS_OF, 7.0)
    kit = found.tables["kit_completeness"].iloc[0]
    # 6 bikes open: 12 wheels, none of the 8 issued is left (4 bikes used them), 8 are there, 4 come on the 9th
    assert (kit["open_units"], kit["kit_units"], kit["complete_components_no"]) == (6, 4, 1)
    assert kit["complete_date"] == pd.Timestamp("2026-01-09") and kit["late_days"] == 1
    parts = found.tables["kit_parts"].set_index("component_item_id")
    assert parts.loc["C/wheel", ["issued_units", "allocated_units", "incoming_units", "missing_units"]].tolist() == [
        8,
        8,
        4,
        0,
    ]
    # 10 bikes forecast, 2 there, 6 being made (due on the 12th): 4 of this week's need cannot wait for them
    needs = found.tables["dependent_demand"].groupby("item_id")["dependent_units"].sum()
    assert needs["C/frame"] == 6 + 4 and needs["C/wheel"] == 12 + 8
    assert found.requirements.groupby(["item_id", "warehouse_id"])["units"].sum().to_dict() == {
        ("C/frame", "C/parts"): 10, ("C/wheel", "C/parts"): 20,
    }  # fmt: skip
    promise = found.tables["promise"].set_index(["item_id", "from_date"])
    assert promise.loc[("C/bike", DAY), "promise_units"] == 2  # 3 are promised for the 20th, when 8 will be there
    assert found.tables["kit_forecast"]["due_orders"].tolist()[:2] == [0, 1]
