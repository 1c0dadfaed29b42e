"""C1 to C9 as checks of a run: what cannot be tested passes and says why, what fails names its document."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import duckdb

from assets.ingest.batches.register import register_landing
from assets.ingest.contracts import load_contracts
from assets.ingest.reconcile.run import TITLES
from expectations.agreement import CHECK_NAMES, SHOWN_ON, check_agreement


def test_every_test_is_a_check_of_a_contract() -> None:
    assert set(CHECK_NAMES) == set(SHOWN_ON) == set(TITLES)
    assert set(SHOWN_ON.values()) <= set(load_contracts())


def test_what_is_missing_is_said_and_what_parts_is_named(tmp_path: Path) -> None:
    with duckdb.connect() as connection:
        connection.execute("create schema landing")
        connection.execute("create schema quality")
        register_landing(connection, tmp_path, dt.date(2024, 1, 31))
        empty = check_agreement(connection)
        assert all(result.is_passed and result.message.startswith("not_available: ") for result in empty)
        connection.execute("insert into landing.item (company_code, item_code) values ('C', 'A1')")
        connection.execute(
            "insert into landing.sales_order_line (company_code, item_code, so_no, source_file, source_row)"
            " values ('C', 'a1', 'SO7', 'orders.csv', 4)"
        )
        [codes] = [result for result in check_agreement(connection) if result.check_id == "agreement:C6"]
    assert not codes.is_passed and not codes.is_blocking and codes.severity == "info"
    assert codes.rows_failed == 1
    assert "close to A1" in codes.message and "document SO7 (orders.csv row 4)" in codes.message
