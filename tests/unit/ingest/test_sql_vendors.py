"""The mappings of vendors on a live database: the same tables, read by query, become the same canonical ledger."""

from __future__ import annotations

import datetime as dt
import importlib
import sqlite3
from pathlib import Path

import duckdb
import pytest
from vendors import kit

from assets.ingest.batches.register import register_landing
from assets.ingest.contracts import ingest_order, load_contracts
from assets.ingest.live.secrets import variable
from assets.ingest.mapping.loader import load_mapping
from assets.ingest.settings import SourceSettings
from assets.ingest.stage import ingest_all

FAST = ("sap_b1",)
REST = ("odoo", "yonyou_u8", "kingdee_k3cloud", "yonyou_tplus", "kingdee_k3wise", "sap_ecc", "sap_s4", "erpnext")


@pytest.mark.parametrize("vendor", [*FAST, *(pytest.param(name, marks=pytest.mark.slow) for name in REST)])
def test_a_vendor_database_becomes_the_same_ledger(
    vendor: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    module = importlib.import_module(f"vendors.{vendor}")
    books: dict[str, dict[str, str]] = getattr(module, "BOOKS", {})
    for instance, tables in (books or {"": module.TABLES}).items():
        file = tmp_path / f"{instance or 'book'}.db"
        kit.make_database(file, tables)
        name = f"{vendor}.{instance}" if instance else vendor
        monkeypatch.setenv(variable(name, "URL"), f"sqlite:///{file}")
    source = SourceSettings(
        name=vendor,
        kind="sql",
        mapping=vendor,
        path=tmp_path / "extracts",
        instance=getattr(module, "INSTANCE", "BOOK1"),
        instances=tuple(books),
        parameters=getattr(module, "PARAMETERS", {}),
    )
    fed = {dataset.contract for dataset in load_mapping(vendor).datasets}
    names = [name for name in ingest_order(load_contracts()) if name in fed]
    reports = ingest_all(tmp_path / "workspace", source.each, module.AS_OF, names)
    told = [text for report in reports.values() for text in report.refusals]
    missing = [text for text in told if "has no table" not in text and "gave no row at all" not in text]
    assert missing == [], missing
    connection = duckdb.connect()
    register_landing(connection, tmp_path / "workspace", module.AS_OF)
    found = kit.Landed(module, reports, connection, source.each)
    assert sorted(found.texts(f"select {kit.LEDGER_COLUMNS} from landing.stock_movement")) == kit.lines(module.LEDGER)
    assert sorted(found.texts(f"select {kit.STOCK_COLUMNS} from landing.stock_on_hand")) == kit.lines(module.ON_HAND)
    assert found.gaps() == []


CHANGES = {
    # A document of the day before is cancelled, one line is new; the cancelled pair leaves, which only the keys show.
    "erpnext": (
        ("tabStock Ledger Entry", "modified"),
        'insert into "tabStock Ledger Entry" (name, item_code, warehouse, posting_date, voucher_type, voucher_no, voucher_detail_no, '
        "actual_qty, valuation_rate, company, is_cancelled, modified) values ('s99', 'W1', 'Stores - A', '2024-03-30', "
        "'Purchase Receipt', 'PR-9', 'd99', 7, 5, 'Acme', 0, '2024-04-01 08:00:00')",
    ),
    "odoo": (
        ("stock_move_line", "write_date"),
        "update stock_move_line set quantity = '3', write_date = '2024-04-01 08:00:00' where id = '2'",
    ),
}


@pytest.mark.parametrize("vendor", sorted(CHANGES))
def test_the_second_day_reads_what_changed(vendor: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Watermarks of the shipped mappings: what is landed equals a full reload."""
    module = importlib.import_module(f"vendors.{vendor}")
    (table, column), change = CHANGES[vendor]
    file = tmp_path / "book.db"
    kit.make_database(file, module.TABLES)
    connection = sqlite3.connect(file)
    if column not in {row[1] for row in connection.execute(f'pragma table_info("{table}")')}:
        connection.execute(f'alter table "{table}" add column {column} text')
    connection.execute(f"update \"{table}\" set {column} = '2024-03-01 08:00:00'")
    connection.commit()
    monkeypatch.setenv(variable(vendor, "URL"), f"sqlite:///{file}")
    names = ["item", "warehouse", "stock_movement"]

    def landed(workspace: Path, *days: dt.date) -> tuple[int, list[tuple[object, ...]]]:
        parameters = getattr(module, "PARAMETERS", {})
        source = SourceSettings(
            name=vendor, kind="sql", mapping=vendor, path=workspace / "x", instance="B", parameters=parameters
        )
        for day in days:
            reports = ingest_all(workspace, [source], day, names)
            assert [text for report in reports.values() for text in report.refusals if "has no table" not in text] == []
        read = duckdb.connect()
        register_landing(read, workspace, days[-1])
        rows = read.execute(
            "select doc_no, source_line_id, item_code, warehouse_code, lot_no, quantity_units from landing.stock_movement order by all"
        )
        return reports["stock_movement"].rows_in, rows.fetchall()

    day = module.AS_OF
    first, before = landed(tmp_path / "daily", day)
    connection.execute(change)
    connection.commit()
    second, after = landed(tmp_path / "daily", day + dt.timedelta(days=1))
    assert 0 < second < first, "only what changed is read"
    assert after != before
    assert after == landed(tmp_path / "reload", day + dt.timedelta(days=1))[1]
