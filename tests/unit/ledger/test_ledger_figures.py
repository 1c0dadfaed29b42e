"""Values that a company books and a demo never shows: stock sold before it came, receipts without a cost, taken back, corrected later.

Each has the figure that a bookkeeper would come to, under every way of costing; what is left, what was sold and what came in add up.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest
from ledger_cases import as_table, move, numbered

from assets.ledger.settings import LedgerSettings
from assets.ledger.stage import LedgerTables, compute

COGS = ("cogs", "cogs_settlement", "cogs_correction")
WAYS = ["fifo", "moving_average", "monthly_average", "standard"]
Rows = Sequence[dict[str, Any]]


def run(rows: Rows, cost: str = "fifo", **settings: Any) -> LedgerTables:
    standards = pa.table({"item_id": ["C/A"], "effective_date": [date(2024, 1, 1)], "unit_cost": [10.0]})
    return compute(
        as_table(numbered(rows)), as_of=date(2024, 6, 30), settings=LedgerSettings(cost=cost, **settings),  # type: ignore[arg-type]
        snapshot_dates=[], standard_costs=standards if cost == "standard" else None,
    )  # fmt: skip


def receipt(day: str, units: Any, cost: Any = None, **more: Any) -> dict[str, Any]:
    return move(f"2024-{day}", "purchase_receipt", units, cost, **more)


def sale(day: str, units: Any, **more: Any) -> dict[str, Any]:
    return move(f"2024-{day}", "sales_issue", units, **more)


def correction(day: str, amount: Any, of: str, **more: Any) -> dict[str, Any]:
    return move(f"2024-{day}", "value_correction", 0, document_value=amount, corrects_key=of, **more)


def stock(tables: LedgerTables) -> tuple[float, float | None]:
    """Units and value of the open layers, which must be the sum of the entries."""
    layers = tables.open_layers.to_pylist()
    units = float(sum(row["quantity_units"] for row in layers))
    if not all(row["is_cost_known"] for row in layers):
        assert sum(row["uncosted_stock_units"] for row in tables.value_entries.to_pylist()) > 0
        return units, None
    value = sum((row["layer_value"] for row in layers), Decimal(0))
    entries = tables.value_entries.to_pylist()
    assert value == sum((row["entry_value"] or Decimal(0) for row in entries), Decimal(0))
    assert sum(row["uncosted_stock_units"] for row in entries) == 0
    assert all(tables.conservation["is_closed"].to_pylist()) and all(
        tables.transit_conservation["is_closed"].to_pylist()
    )
    return units, float(value)


def cogs(tables: LedgerTables) -> dict[str, float]:
    """Cost of sales by day; nothing of it may be unknown."""
    result: dict[str, float] = {}
    for row in tables.value_entries.to_pylist():
        if row["entry_kind"] in COGS:
            assert row["uncosted_units"] == 0
            day = f"{row['business_date']:%m-%d}"
            result[day] = result.get(day, 0.0) - float(row["entry_value"])
    return {day: value for day, value in result.items() if value}


@pytest.mark.parametrize(("cost", "first"), [("fifo", 200), ("moving_average", 200), ("monthly_average", 200)])
def test_what_was_sold_before_it_came_costs_what_it_cost(cost: str, first: float) -> None:
    """10 sold at 10, 10 sold that were not there at 10, and 15 each when they came: 250, the last 50 on the day of the settlement."""
    tables = run([receipt("01-02", 10, 10), sale("01-03", -10), sale("01-04", -10), receipt("02-05", 10, 15)], cost)
    assert sum(cogs(tables).values()) == 250 and cogs(tables)["02-05"] == 250 - first
    assert stock(tables) == (0, 0)


@pytest.mark.parametrize("cost", ["fifo", "specific", "moving_average"])
@pytest.mark.parametrize(
    ("rows", "left", "sold"),
    [
        ([sale("01-02", -2), receipt("01-20", 20, "3.3")], (18, 59.4), {"01-20": 6.6}),
        ([sale("01-02", -30), receipt("01-20", 100, 2), sale("01-21", -10)], (60, 120), {"01-20": 60, "01-21": 20}),
        ([sale("01-02", -1), receipt("01-20", 7, 3), sale("01-21", -2)], (4, 12), {"01-20": 3, "01-21": 6}),
        ([sale("01-02", -10), receipt("01-20", 5, 10)], (-5, -50), {"01-20": 100}),
        ([sale("01-02", -10), receipt("01-20", 5, 10), receipt("02-03", 6, 12)], (1, 12), {"01-20": 100, "02-03": 10}),
    ],
    ids=["settled whole", "sold on", "small", "still short: estimated", "estimate settled"],
)
def test_units_without_a_cost_get_it_when_it_is_known(cost: str, rows: Rows, left: Any, sold: Any) -> None:
    """What left without a cost books it on the day the goods come; layers, entries and cost of sales then agree."""
    tables = run(rows, cost)
    assert stock(tables) == left
    assert cogs(tables) == sold


@pytest.mark.parametrize("cost", ["fifo", "moving_average"])
def test_a_sale_without_a_cost_that_comes_back_leaves_no_trace(cost: str) -> None:
    """2 sold without a cost, 1 of them returned, then 20 came: 1 was sold, at 3."""
    order = {"ref_doc_no": "SO", "ref_line_id": "1"}
    back = move("2024-01-05", "sales_return", 1, **order)
    tables = run([sale("01-02", -2, **order), back, receipt("01-20", 20, 3)], cost)
    assert stock(tables) == (19, 57) and cogs(tables) == {"01-20": 3}


@pytest.mark.parametrize("lots", ["named", "any"])
def test_lots_and_the_supplier_s_goods_do_not_hide_a_value(lots: str) -> None:
    """A lot sold before it came, beside goods of the supplier that never have a value."""
    theirs = {"owner_type": "supplier", "owner_code": "S", "is_valued": False}
    tables = run([sale("01-02", -2, lot_no="L"), receipt("01-20", 20, "3.3", lot_no="L")], lots=lots)
    assert stock(tables) == (18, 59.4)
    mixed = run([sale("01-02", -1, **theirs), receipt("01-03", 5, **theirs), receipt("01-20", 3, 2)], lots=lots)
    assert float(sum(row["entry_value"] for row in mixed.value_entries.to_pylist())) == 6
    assert all(row["uncosted_stock_units"] == 0 for row in mixed.value_entries.to_pylist())


@pytest.mark.parametrize("cost", ["fifo", "moving_average"])
def test_an_uncosted_receipt_makes_a_value_unknown_only_while_it_lasts(cost: str) -> None:
    """5 without a cost among 10 at 2; when all are sold and 4 more have come, the stock is worth what came."""
    rows = [receipt("01-02", 10, 2), receipt("01-03", 5), sale("01-04", -12), sale("01-05", -3), receipt("01-20", 4, 3)]
    assert stock(run(rows[:3], cost))[1] is None
    assert stock(run(rows, cost)) == (4, 12)


@pytest.mark.parametrize("cost", WAYS[:3])
def test_a_red_receipt_takes_back_what_it_reverses(cost: str) -> None:
    """10 at 10, 5 at 99 by mistake, taken back: 100, whatever is older; also when 12 were sold meanwhile, at 120 in the end."""
    rows = [receipt("01-02", 10, 10), receipt("01-03", 5, 99, movement_key="wrong")]
    red = receipt("03-05", -5, 99, corrects_key="wrong")
    assert stock(run([*rows, red], cost)) == (10, 100)
    tables = run([*rows, sale("01-04", -12), red], cost)
    assert stock(tables) == (-2, -20) and round(sum(cogs(tables).values()), 4) == 120
    part = run([*rows, sale("01-04", -12), receipt("03-05", -3, 99, corrects_key="wrong")], cost)
    assert stock(part)[0] == 0 and round(sum(cogs(part).values()), 4) == 10 * 10 + 2 * 99


@pytest.mark.parametrize("cost", WAYS[:3])
def test_a_correction_falls_on_what_is_left_and_on_what_was_sold(cost: str) -> None:
    """15 received at 2,000, 10 sold, the price was 5: 25 is left, and the cost of sales is 50 after 19,950 on the day of the correction."""
    rows = [receipt("01-02", 15, 2000, movement_key="r"), sale("01-05", -10), correction("03-07", -29925, "r")]
    tables = run(rows, cost)
    assert stock(tables) == (5, 25)
    assert cogs(tables) == {"01-05": 20000, "03-07": -19950}
    assert all(row["unit_cost"] >= 0 for row in tables.open_layers.to_pylist())
    later = run([*rows, sale("04-02", -5), correction("05-02", 15, "r")], cost)
    assert stock(later) == (0, 0) and cogs(later) == {"01-05": 20000, "03-07": -19950, "04-02": 25, "05-02": 15}


def test_a_correction_under_a_standard_is_a_variance() -> None:
    """The stock stays at its standard; what the correction gives goes out as it came in."""
    tables = run(
        [receipt("01-02", 15, 12, movement_key="r"), sale("01-05", -10), correction("03-07", 30, "r")], "standard"
    )
    assert stock(tables) == (5, 50) and cogs(tables) == {"01-05": 100}


def test_a_correction_follows_the_goods_through_a_transfer_in_two_steps() -> None:
    """15 at 2,000: 8 shipped, 6 arrived, 3 of those sold; at 5 each, 7 + 3 are left, 2 are under way and 3 were sold."""
    tables = run(
        [
            receipt("01-02", 15, 2000, movement_key="r"),
            move("2024-01-03", "transfer_out", -8, transfer_group_id="T"),
            move("2024-01-04", "transfer_in", 6, transfer_group_id="T", warehouse_id="C/W2"),
            sale("01-05", -3, warehouse_id="C/W2"),
            correction("02-05", -29925, "r"),
        ]
    )
    assert stock(tables) == (10, 50) and cogs(tables) == {"01-05": 6000, "02-05": -5985}
    assert [float(row["layer_value"]) for row in tables.transit_layers.to_pylist()] == [10]


def test_what_cannot_be_corrected_is_not() -> None:
    """More than the receipt is worth, or no such receipt: in no figure, and marked."""
    rows = [
        receipt("01-02", 15, 2000, movement_key="r"),
        correction("02-05", -30001, "r"),
        correction("02-06", 5, "none"),
    ]
    tables = run(rows)
    assert stock(tables) == (15, 30000)
    assert [row["is_cost_known"] for row in tables.movement_costs.to_pylist()] == [True, False, False]


def test_nothing_costs_less_than_nothing() -> None:
    """A receipt at a negative cost is not costed: no negative value arises."""
    tables = run([receipt("01-02", 10, -5), sale("01-05", -4)])
    assert stock(tables) == (6, None)


@pytest.mark.parametrize("cost", WAYS[:3])
def test_a_receipt_given_by_its_amount_is_worth_it_to_the_cent(cost: str) -> None:
    """7,000,000 pieces for 100,000: the rounded unit cost would lose 3 cents."""
    rows = [receipt("01-02", 7_000_000, "0.01428571", document_value=100_000)]
    assert stock(run(rows, cost)) == (7_000_000, 100_000)
    assert stock(run([*rows, sale("02-03", -3_500_000)], cost)) == (3_500_000, 50_000)


@pytest.mark.parametrize("cost", ["moving_average", "monthly_average"])
def test_an_average_is_that_of_the_documents_not_of_their_rounding(cost: str) -> None:
    """0.001 at 3.3333 is worth 0.0033; its unit cost is 3.3333 all the same, and what is sold of more of it goes at that."""
    tables = run([receipt("01-02", "0.001", "3.3333")], cost)
    assert [row["unit_cost"] for row in tables.open_layers.to_pylist()] == [Decimal("3.3333")]
    many = run([receipt("01-02", "0.001", "3.3333") for _ in range(30)] + [sale("02-02", "-0.02")], cost)
    assert many.open_layers["unit_cost"][0].as_py() == Decimal("3.3333")


def test_lots_repacked_in_one_document_and_goods_moved_keep_their_dates() -> None:
    """50 of October and 50 of November repacked together stay what they are; 60 of January moved in August are of January."""
    lots = [
        receipt("01-10", 50, 1, lot_no="OCT"),
        receipt("02-10", 50, 2, lot_no="NOV"),
        *(move("2024-03-01", "conversion_out", -50, lot_no=lot, transfer_group_id="K") for lot in ("OCT", "NOV")),
        move("2024-03-01", "conversion_in", 100, lot_no="ALL", transfer_group_id="K"),
    ]
    layers = [
        (float(r["quantity_units"]), f"{r['origin_date']:%m-%d}", float(r["layer_value"]))
        for r in run(lots).open_layers.to_pylist()
    ]
    assert layers == [(50, "01-10", 50), (50, "02-10", 100)]
    moved = run(
        [
            receipt("01-10", 100, 1),
            move("2024-05-10", "transfer_out", -60, transfer_group_id="T"),
            move("2024-05-10", "transfer_in", 60, transfer_group_id="T", warehouse_id="C/W2"),
        ]
    )
    assert {f"{row['origin_date']:%m-%d}" for row in moved.open_layers.to_pylist()} == {"01-10"}


CASES: dict[str, tuple[Rows, tuple[float, float], float]] = {
    "settled": ([receipt("01-02", 10, 10), sale("01-03", -10), sale("01-04", -10), receipt("02-05", 10, 15)], (0, 0), 250),
    "without a cost": ([sale("01-02", -2), receipt("01-20", 20, "3.3")], (18, 59.4), 6.6),
    "still short": ([sale("01-02", -10), receipt("01-20", 5, 10)], (-5, -50), 100),
    "taken back": (
        [receipt("01-02", 10, 10), receipt("01-03", 5, 99, movement_key="r"), receipt("03-05", -5, 99, corrects_key="r")],
        (10, 100), 0,
    ),
    "corrected": ([receipt("01-02", 15, 2000, movement_key="r"), sale("01-05", -10), correction("03-07", -29925, "r")], (5, 25), 50),
    "by amount": ([receipt("01-02", 7_000_000, "0.01428571", document_value=100_000), sale("02-03", -3_500_000)],
                  (3_500_000, 50_000), 50_000),
}  # fmt: skip
"""Rows, what is left (units, value), and the cost of what was sold, under every costing but the standard."""


@pytest.mark.parametrize("cost", WAYS)
@pytest.mark.parametrize("case", list(CASES))
def test_a_case_is_worth_the_same_in_a_lot_beside_vmi_and_when_moved_on(case: str, cost: str) -> None:
    """Neither the lot, nor goods of the supplier on the same shelf, nor two steps to another warehouse change what it is worth."""
    rows, left, sold = CASES[case]
    plain = run(rows, cost)
    if cost != "standard":  # that has its own price for all of them
        assert stock(plain) == left and round(sum(cogs(plain).values()), 4) == sold
    theirs = {"owner_type": "supplier", "owner_code": "S", "is_valued": False}
    vmi = [receipt("01-01", 7, **theirs), sale("02-20", -4, **theirs)]
    variants = {"lot": [{**row, "lot_no": "L"} for row in rows], "vmi": [*rows, *vmi]}
    if left[0] > 0:
        way = {"transfer_group_id": "T"}
        out = move("2024-05-02", "transfer_out", -left[0], **way)
        variants["moved"] = [*rows, out, move("2024-05-09", "transfer_in", left[0], warehouse_id="C/W2", **way)]
        variants["under way"] = [*rows, out]
    for name, changed in variants.items():
        tables = run(changed, cost)
        own = sum((row["layer_value"] or Decimal(0) for row in tables.open_layers.to_pylist()), Decimal(0))
        own += sum((row["layer_value"] or Decimal(0) for row in tables.transit_layers.to_pylist()), Decimal(0))
        entries = plain.value_entries.to_pylist()
        assert round(own, 2) == round(sum((row["entry_value"] or Decimal(0) for row in entries), Decimal(0)), 2), name
        assert cogs(tables) == cogs(plain), name
        assert all(
            tables.conservation["is_closed"].to_pylist() + tables.transit_conservation["is_closed"].to_pylist()
        ), name


@pytest.mark.parametrize("cost", ["fifo", "moving_average", "monthly_average"])
def test_a_return_of_two_issues_without_a_cost_leaves_no_unit_without_one(cost: str) -> None:
    """2 and 3 left one order line unpriced and all 5 come back: none of them waits for a cost any more."""
    line = {"ref_doc_no": "SO1", "ref_line_id": "1"}
    back = move("2024-01-09", "sales_return", 5, **line)
    tables = run([sale("01-03", -2, **line), sale("01-04", -3, **line), back], cost)
    assert stock(tables)[0] == 0
    assert sum(row["uncosted_stock_units"] for row in tables.value_entries.to_pylist()) == 0


def test_goods_made_of_goods_without_a_cost_have_none() -> None:
    """A value of 0 for them would read as stock that is worth nothing."""
    out = move("2024-02-01", "conversion_out", -3, item_id="C/BOX", transfer_group_id="K")
    into = move("2024-02-01", "conversion_in", 18, item_id="C/PIECE", transfer_group_id="K")
    [left] = run([receipt("01-02", 3, None, item_id="C/BOX"), out, into]).open_layers.to_pylist()
    assert (left["item_id"], left["quantity_units"], left["is_cost_known"]) == ("C/PIECE", 18, False)


def test_value_of_goods_too_few_to_be_a_unit_goes_on_to_the_next() -> None:
    """Two layers of a millionth, worth 1 each, become one millionth of another item: it is worth 2."""
    rows = [receipt(day, "0.000001", 1_000_000, item_id="C/BOX") for day in ("01-02", "01-03")]
    out = move("2024-02-01", "conversion_out", "-0.000002", item_id="C/BOX", transfer_group_id="K")
    into = move("2024-02-01", "conversion_in", "0.000001", item_id="C/PIECE", transfer_group_id="K")
    [left] = run([*rows, out, into]).open_layers.to_pylist()
    assert (left["quantity_units"], left["layer_value"]) == (Decimal("0.000001"), 2)
