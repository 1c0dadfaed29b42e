"""Small ledgers worked by hand: what a layer keeps on its way, and what is refused."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from functools import cache
from typing import Any

import numba as nb
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ledger_cases import as_table, move, numbered

from assets.ledger.scale import LedgerInputError, LedgerOverflowError
from assets.ledger.settings import LedgerSettings
from assets.ledger.stage import LedgerTables, compute
from assets.ledger.wide import OVERFLOW, muldiv


def run(rows: list[dict[str, Any]], as_of: str = "2024-06-30", mode: LedgerSettings | None = None) -> LedgerTables:
    return compute(
        as_table(numbered(rows)), as_of=date.fromisoformat(as_of), settings=mode or LedgerSettings(), snapshot_dates=[]
    )


def shown(table: pa.Table, *more: str) -> list[tuple[Any, ...]]:
    """warehouse, units, origin, value of each layer."""
    names = ("warehouse_id", "quantity_units", "origin_date", "layer_value", *more)
    return [
        tuple(float(v) if isinstance(v, Decimal) else str(v) for v in (row[n] for n in names))
        for row in table.to_pylist()
    ]


def test_a_transfer_in_two_steps_with_loss_on_the_way() -> None:
    """10 leave, 6 and 3 arrive on different days, 1 never does: dates and values travel, the lost one is still under way."""
    tables = run(
        [
            move("2024-01-05", "purchase_receipt", 4, 10),
            move("2024-02-05", "purchase_receipt", 6, 12),
            move("2024-03-01", "transfer_out", -10, transfer_group_id="T"),
            move("2024-03-04", "transfer_in", 6, transfer_group_id="T", warehouse_id="C/W2"),
            move("2024-03-09", "transfer_in", 3, transfer_group_id="T", warehouse_id="C/W2"),
        ]
    )
    assert shown(tables.open_layers, "arrived_date") == [
        ("C/W2", 4.0, "2024-01-05", 40.0, "2024-03-04"),
        ("C/W2", 2.0, "2024-02-05", 24.0, "2024-03-04"),
        ("C/W2", 3.0, "2024-02-05", 36.0, "2024-03-09"),
    ]
    assert shown(tables.transit_layers, "transfer_group_id") == [("C/W1", 1.0, "2024-02-05", 12.0, "T")]
    (proof,) = tables.transit_conservation.to_pylist()
    assert (proof["shipped_units"], proof["arrived_units"], proof["under_way_units"], proof["is_closed"]) == (
        10,
        9,
        1,
        True,
    )


def test_goods_that_pass_two_warehouses_in_a_day_keep_their_date() -> None:
    """Both out legs come before both in legs; the second must wait for the first to arrive instead of going negative."""
    tables = run(
        [
            move("2024-01-05", "purchase_receipt", 5, 10),
            move("2024-03-01", "transfer_out", -5, transfer_group_id="T2", warehouse_id="C/W2"),
            move("2024-03-01", "transfer_out", -5, transfer_group_id="T1"),
            move("2024-03-01", "transfer_in", 5, transfer_group_id="T2", warehouse_id="C/W3"),
            move("2024-03-01", "transfer_in", 5, transfer_group_id="T1", warehouse_id="C/W2"),
        ]
    )
    assert shown(tables.open_layers) == [("C/W3", 5.0, "2024-01-05", 50.0)]


def test_a_return_goes_back_to_the_layers_its_order_took() -> None:
    """Sold 3 of January and 1 of February; 2 come back: the February one and one of January, at their own cost."""
    tables = run(
        [
            move("2024-01-05", "purchase_receipt", 3, 10),
            move("2024-02-05", "purchase_receipt", 5, 12),
            move("2024-03-01", "sales_issue", -4, ref_doc_no="SO", ref_line_id="1"),
            move("2024-04-01", "sales_return", 2, ref_doc_no="SO", ref_line_id="1"),
        ]
    )
    assert shown(tables.open_layers) == [
        ("C/W1", 1.0, "2024-01-05", 10.0),
        ("C/W1", 4.0, "2024-02-05", 48.0),
        ("C/W1", 1.0, "2024-02-05", 12.0),
    ]
    assert [row["cogs_value"] for row in tables.movement_costs.to_pylist()] == [None, None, Decimal(42), Decimal(-22)]


def test_boxes_become_pieces_and_keep_date_and_value() -> None:
    """3 boxes of two dates become 18 pieces: 6 of the first date, 12 of the second; the odd cent stays."""
    tables = run(
        [
            move("2024-01-05", "purchase_receipt", 1, "10.0001", item_id="C/BOX"),
            move("2024-02-05", "purchase_receipt", 2, 20, item_id="C/BOX"),
            move("2024-03-01", "conversion_out", -3, item_id="C/BOX", transfer_group_id="K"),
            move("2024-03-01", "conversion_in", 18, item_id="C/PIECE", transfer_group_id="K"),
        ]
    )
    assert shown(tables.open_layers, "item_id") == [
        ("C/W1", 6.0, "2024-01-05", 10.0001, "C/PIECE"),
        ("C/W1", 12.0, "2024-02-05", 40.0, "C/PIECE"),
    ]


def test_parts_of_different_items_age_by_their_value() -> None:
    """A frame of January worth 100 and wheels of March worth 50 make a bicycle: two thirds of it is January."""
    tables = run(
        [
            move("2024-01-05", "purchase_receipt", 1, 100, item_id="C/FRAME"),
            move("2024-03-05", "purchase_receipt", 2, 25, item_id="C/WHEEL"),
            move("2024-04-01", "conversion_out", -1, item_id="C/FRAME", transfer_group_id="K"),
            move("2024-04-01", "conversion_out", -2, item_id="C/WHEEL", transfer_group_id="K"),
            move("2024-04-01", "conversion_in", 1, item_id="C/BIKE", transfer_group_id="K"),
        ]
    )
    assert shown(tables.open_layers) == [
        ("C/W1", 0.666667, "2024-01-05", 100.0),
        ("C/W1", 0.333333, "2024-03-05", 50.0),
    ]
    assert all(tables.transit_conservation["is_closed"].to_pylist())


def test_negative_stock_is_kept_flagged_and_settled() -> None:
    """Sold before it came: booked at the last cost, settled at the real one; the difference is an entry of its own."""
    rows = [
        move("2024-01-05", "purchase_receipt", 1, 10),
        move("2024-02-01", "sales_issue", -4),
        move("2024-03-01", "purchase_receipt", 5, 12),
    ]
    before = run(rows[:2])
    assert shown(before.open_layers, "is_negative") == [("C/W1", -3.0, "2024-02-01", -30.0, "True")]
    after = run(rows)
    assert shown(after.open_layers, "is_negative") == [("C/W1", 2.0, "2024-03-01", 24.0, "False")]
    settled = [row for row in after.value_entries.to_pylist() if row["entry_kind"] == "cogs_settlement"]
    assert [(row["business_date"].isoformat(), row["entry_value"]) for row in settled] == [("2024-03-01", Decimal(-6))]
    assert after.conservation["is_closed"].to_pylist() == [True]


def test_without_any_cost_values_are_null_and_units_close() -> None:
    """A source without costs must not get zeros."""
    tables = run([move("2024-01-05", "purchase_receipt", 5), move("2024-02-01", "sales_issue", -2)])
    assert tables.open_layers["layer_value"].to_pylist() == [None]
    assert tables.open_layers["is_cost_known"].to_pylist() == [False]
    assert tables.movement_costs["cost_value"].to_pylist() == [None, None]
    assert tables.value_entries["entry_value"].to_pylist() == [None, None]
    (proof,) = tables.conservation.to_pylist()
    assert (proof["layer_units"], proof["value_left"], proof["is_closed"]) == (3, None, True)


def test_the_supplier_s_goods_are_counted_but_not_valued_until_they_are_ours() -> None:
    """Consignment stock has no value; drawn into our own at the document's cost, it has."""
    theirs = {"owner_type": "supplier", "owner_code": "S1", "is_valued": False}
    tables = run(
        [
            move("2024-01-05", "purchase_receipt", 5, 9, **theirs),
            move("2024-02-01", "consignment_transfer_out", -2, transfer_group_id="V", **theirs),
            move("2024-02-01", "consignment_transfer_in", 2, 8, transfer_group_id="V"),
        ]
    )
    layers = {row["owner_type"]: (row["quantity_units"], row["layer_value"]) for row in tables.open_layers.to_pylist()}
    assert layers == {"own": (2, 16), "supplier": (3, None)}


def test_the_month_s_average_waits_for_the_month_s_last_receipt() -> None:
    """Issued on the 2nd, before the dear receipt of the 20th: both count, (10 x 10 + 10 x 20) / 20 = 15."""
    tables = run(
        [
            move("2024-01-01", "purchase_receipt", 10, 10),
            move("2024-01-02", "sales_issue", -4),
            move("2024-01-20", "purchase_receipt", 10, 20),
        ],
        mode=LedgerSettings(cost="monthly_average"),
    )
    assert tables.movement_costs["cogs_value"].to_pylist() == [None, Decimal(60), None]
    assert tables.conservation["value_left"].to_pylist() == [Decimal(240)]


def test_a_period_s_average_ends_where_the_company_closes() -> None:
    """Closed on Sunday 28 January: the receipt of the 29th is in the next period, so the issue of the 2nd costs 10, that of February 20."""
    rows = [
        move("2024-01-01", "purchase_receipt", 10, 10),
        move("2024-01-02", "sales_issue", -10),
        move("2024-01-29", "purchase_receipt", 10, 20),
        move("2024-02-20", "sales_issue", -4),
    ]
    ends = (date(2023, 12, 31), date(2024, 1, 28), date(2024, 2, 25))
    mode = LedgerSettings(cost="monthly_average", calendars={"C": ends})
    tables = compute(as_table(numbered(rows)), as_of=date(2024, 2, 27), settings=mode)
    assert tables.movement_costs["cogs_value"].to_pylist() == [None, Decimal(100), None, Decimal(80)]
    assert [str(row["snapshot_date"]) for row in tables.open_layers.to_pylist()] == ["2024-02-25", "2024-02-27"]
    other = compute(
        as_table(numbered(rows)), as_of=date(2024, 2, 27), settings=mode.model_copy(update={"calendars": {"D": ends}})
    )
    assert [str(row["snapshot_date"]) for row in other.open_layers.to_pylist()] == ["2024-01-31", "2024-02-27"]
    assert other.movement_costs["cogs_value"].to_pylist() == [None, Decimal(150), None, Decimal(60)]


def test_too_large_is_refused_with_the_item() -> None:
    """An overflow must never wrap to a plausible number."""
    with pytest.raises(LedgerOverflowError, match="C/A"):
        run([move("2024-01-05", "purchase_receipt", 9_000_000_000, 9_000_000)])
    with pytest.raises(LedgerOverflowError, match="quantity_units"):
        run([move("2024-01-05", "purchase_receipt", 10**15, 1)])


def test_what_is_missing_or_unknown_is_named() -> None:
    """One clear sentence for each mistake of the input."""
    table = as_table(numbered([move("2024-01-05", "purchase_receipt", 1, 1)]))
    with pytest.raises(LedgerInputError, match="lot_no, unit_cost"):
        compute(table.drop_columns(["lot_no", "unit_cost"]), as_of=date(2024, 1, 31), settings=LedgerSettings())
    with pytest.raises(LedgerInputError, match="'teleport'"):
        run([move("2024-01-05", "teleport", 1, 1)])
    with pytest.raises(LedgerInputError, match="standard_costs"):
        run([move("2024-01-05", "purchase_receipt", 1, 1)], mode=LedgerSettings(cost="standard"))
    with pytest.raises(ValueError, match="contradicts flow 'lifo'"):
        LedgerSettings(flow="lifo", cost="fifo")


def test_an_empty_ledger_is_a_ledger() -> None:
    """The first day of a company."""
    tables = run([])
    assert [len(table) for _, table in tables.items()] == [0] * 6
    assert tables.open_layers.schema.names == run([move("2024-01-05", "opening", 1, 1)]).open_layers.schema.names


@cache
def compiled_muldiv() -> Any:
    """`muldiv` has no entry from Python: a compiled function calls it."""
    return nb.njit(lambda a, b, d: muldiv(a, b, d))


@settings(deadline=None, derandomize=True)
@given(st.integers(-(2**62), 2**62), st.integers(-(2**62), 2**62), st.integers(1, 2**62))
def test_muldiv_is_exact(a: int, b: int, d: int) -> None:
    """Against integers without bounds: rounded half away from zero, or OVERFLOW."""
    whole = (2 * abs(a) * abs(b) + d) // (2 * d)
    exact = -whole if (a < 0) != (b < 0) else whole
    assert compiled_muldiv()(a, b, d) == (exact if whole < 2**63 else OVERFLOW)
