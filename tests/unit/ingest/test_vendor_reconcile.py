"""Each reconciliation test finds the fault that is planted for it, and names the document where it begins."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any

import duckdb
import pytest

from assets.ingest.batches.register import register_landing
from assets.ingest.contracts import load_contracts
from assets.ingest.reconcile.run import reconcile

DAY = dt.date(2024, 1, 31)
MOVE = {
    "source_doc_type": "M", "doc_no": "D1", "source_doc_id": "D1", "source_line_id": "1", "leg": 0, "movement_type": "purchase_receipt",
    "business_date": dt.date(2024, 1, 2), "doc_status": "posted", "item_code": "A", "warehouse_code": "W", "quantity_units": 10,
}  # fmt: skip
STOCK = {"as_of_date": DAY, "item_code": "A", "warehouse_code": "W", "on_hand_units": 10}


class Warehouse:
    """Landing tables that are filled row by row; columns that a contract has a default for take it."""

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self.connection = connection
        self.rows = 0

    def add(self, contract: str, row: dict[str, Any], **changes: Any) -> None:
        self.rows += 1
        columns = load_contracts()[contract].columns
        values = {name: column.default for name, column in columns.items() if column.default is not None}
        values |= {"source_instance": "B", "company_code": "C", "source_file": "f.csv", "source_row": self.rows}
        values |= row | changes
        names, marks = ", ".join(values), ", ".join("?" * len(values))
        self.connection.execute(f"insert into landing.{contract} ({names}) values ({marks})", list(values.values()))

    def outcome(self, check_id: str) -> Any:
        (outcome,) = reconcile(self.connection, only=[check_id])
        return outcome

    def first(self, check_id: str) -> tuple[str, str, str]:
        outcome = self.outcome(check_id)
        assert outcome.status == "failed", outcome
        return outcome.breaks[0].doc_no, outcome.breaks[0].expected, outcome.breaks[0].found


@pytest.fixture(scope="module")
def empty(tmp_path_factory) -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect()
    register_landing(connection, tmp_path_factory.mktemp("empty"), DAY)
    return connection


@pytest.fixture
def house(empty) -> Iterator[Warehouse]:
    empty.begin()
    yield Warehouse(empty)
    empty.rollback()


def test_without_inputs_nothing_is_claimed(house):
    outcomes = reconcile(house.connection)
    assert [outcome.check_id for outcome in outcomes] == [f"C{number}" for number in range(1, 10)]
    assert all(outcome.status.startswith("not_available: ") for outcome in outcomes)


def test_c1_blames_the_document_whose_quantity_is_the_gap(house):
    house.add("stock_movement", MOVE)
    house.add(
        "stock_movement", MOVE, doc_no="D2", source_doc_id="D2", quantity_units=4, business_date=dt.date(2024, 1, 5)
    )
    house.add(
        "stock_movement", MOVE, doc_no="D3", source_doc_id="D3", quantity_units=-3, business_date=dt.date(2024, 1, 9)
    )
    house.add("stock_on_hand", STOCK, as_of_date=dt.date(2024, 1, 3))
    house.add("stock_on_hand", STOCK, on_hand_units=14)
    assert house.first("C1") == ("D3", "11", "14")


def test_c1_sees_an_unapproved_document_that_the_book_counts(house):
    house.add("stock_movement", MOVE)
    house.add("stock_movement", MOVE, doc_no="D2", source_doc_id="D2", quantity_units=5, doc_status="draft")
    house.add("stock_on_hand", STOCK, on_hand_units=15)
    assert house.first("C1") == ("D2", "10", "15")


def test_c1_compares_without_lots_where_the_book_knows_none(house):
    house.add("stock_movement", MOVE, lot_no="L1", quantity_units=6)
    house.add("stock_movement", MOVE, lot_no="L2", quantity_units=4, source_line_id="2")
    house.add("stock_on_hand", STOCK)
    assert house.outcome("C1").status == "passed"


def test_c1_sees_stock_that_the_book_has_no_row_for(house):
    house.add("stock_movement", MOVE)
    house.add("stock_movement", MOVE, doc_no="D2", source_doc_id="D2", item_code="B", quantity_units=3)
    house.add("stock_on_hand", STOCK)
    assert house.first("C1") == ("D2", "3", "0")


def test_c2_lets_goods_be_on_the_road_but_not_for_ever(house):
    leg = {**MOVE, "movement_type": "transfer_out", "leg": 1, "quantity_units": -5, "transfer_group_id": "T1"}
    house.add("stock_movement", leg, business_date=dt.date(2024, 1, 30))
    assert house.outcome("C2").status == "passed"
    house.add(
        "stock_movement",
        leg,
        doc_no="D9",
        source_doc_id="D9",
        transfer_group_id="T0",
        business_date=dt.date(2023, 12, 1),
    )
    assert house.first("C2") == ("D9", "0", "-5")


def test_c2_refuses_goods_that_arrive_from_nowhere(house):
    house.add("stock_movement", MOVE, movement_type="transfer_in", leg=2, transfer_group_id="T1")
    assert house.first("C2") == ("D1", "0", "10")


@pytest.mark.parametrize(
    ("legs", "is_sound"), [((0,), True), ((1, 2), True), ((1, 2, 3), True), ((0, 1), False), ((1, 1), False)]
)
def test_c3_knows_which_legs_a_line_may_have(house, legs, is_sound):
    for leg in legs:
        house.add("stock_movement", MOVE, leg=leg)
    assert house.outcome("C3").status == ("passed" if is_sound else "failed")


def test_c4_blames_the_entry_that_is_missing_from_the_stock(house):
    entry = {"source_doc_type": "M", "source_doc_id": "1", "source_line_id": "1", "doc_no": "V1", "business_date": DAY, "item_code": "A",
             "quantity_units": 10, "entry_value": 50, "entry_kind": "receipt"}  # fmt: skip
    house.add("inventory_value_entry", entry)
    house.add("inventory_value_entry", entry, source_doc_id="2", doc_no="V2", quantity_units=0, entry_value=7)
    house.add("stock_on_hand", STOCK, stock_value=57)
    assert house.outcome("C4").status == "passed"
    house.add("inventory_value_entry", entry, source_doc_id="3", doc_no="V3", quantity_units=0, entry_value=3)
    assert house.first("C4") == ("V3", "60", "57")


def test_c5_tolerates_a_tenth_and_no_open_quantity_of_a_closed_order(house):
    order = {"po_no": "P1", "po_line_id": "1", "order_date": DAY, "supplier_code": "S", "item_code": "A", "warehouse_code": "W",
             "ordered_units": 100, "received_units": 110, "open_units": 0}  # fmt: skip
    house.add("purchase_order_line", order, is_closed=True)
    assert house.outcome("C5").status == "passed"
    house.add("purchase_order_line", order, po_no="P2", received_units=111)
    house.add("purchase_order_line", order, po_no="P3", received_units=90, open_units=10, is_closed=True)
    assert [found.doc_no for found in house.outcome("C5").breaks] == ["P2", "P3"]


def test_c6_names_the_code_that_was_meant(house):
    house.add("item", {"item_code": "0007", "item_name": "x", "base_uom": "pc"})
    house.add("stock_movement", MOVE, item_code="7")
    document, _, found = house.first("C6")
    assert (document, found) == ("D1", "not there; close to 0007")


def test_c7_reports_late_entries_and_refuses_those_of_a_closed_period(house):
    house.add("fiscal_period", {"period": "202401", "start_date": dt.date(2024, 1, 1), "end_date": DAY, "is_closed": True,
                                "closed_at": dt.datetime(2024, 2, 3, tzinfo=dt.UTC)})  # fmt: skip
    house.add("stock_movement", MOVE, entered_at=dt.datetime(2024, 1, 2, 9, tzinfo=dt.UTC))
    assert house.outcome("C7").message == "0 of 1 movements were entered more than a day after their date"
    house.add(
        "stock_movement", MOVE, doc_no="D2", source_doc_id="D2", entered_at=dt.datetime(2024, 2, 5, tzinfo=dt.UTC)
    )
    assert house.first("C7")[0] == "D2"
    assert house.outcome("C7").note == "1 of 2 movements were entered more than a day after their date"


def test_c8_wants_the_variance_in_the_ledger_before_the_next_count(house):
    count = {"count_no": "K1", "source_line_id": "1", "count_date": dt.date(2024, 1, 10), "warehouse_code": "W", "item_code": "A",
             "book_units": 10, "counted_units": 8}  # fmt: skip
    house.add("stock_movement", MOVE)
    loss = {**MOVE, "doc_no": "D2", "source_doc_id": "D2", "movement_type": "count_loss", "quantity_units": -2}
    house.add("stock_movement", loss, business_date=dt.date(2024, 1, 11))
    house.add("stock_count_line", count)
    assert house.outcome("C8").status == "passed"
    house.add("stock_count_line", count, count_no="K2", count_date=dt.date(2024, 1, 20), book_units=8, counted_units=9)
    assert house.first("C8") == ("K2", "1", "0")


def test_c9_sees_a_price_unit_that_was_not_divided_out(house):
    house.add("item_cost", {"item_code": "A", "effective_date": DAY, "unit_cost": 5})
    house.add("stock_movement", MOVE, cost_value=60)
    assert house.outcome("C9").status == "passed"
    house.add("stock_movement", MOVE, doc_no="D2", source_doc_id="D2", cost_value=5000)
    assert house.first("C9") == ("D2", "about 5.0000", "500")
