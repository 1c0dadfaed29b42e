"""`init --from` looks at whatever is given: databases, JSON of any shape, files without a row of names. Nothing is passed over."""

from __future__ import annotations

import datetime as dt
import json
import sqlite3
import zipfile
from collections.abc import Sequence
from pathlib import Path

import duckdb
import openpyxl
import pytest
from vendors import kit, sap_b1

from assets.ingest.batches.register import register_landing
from assets.ingest.describe.project import DraftSource, draft_sources
from assets.ingest.settings import SourceSettings
from assets.ingest.stage import ingest_all

AS_OF = dt.date(2024, 6, 30)
SHOP = """
create table stock(item_code text, warehouse text, qty real, unit_cost real, primary key(item_code, warehouse));
insert into stock values ('001','W1',5,2.5),('002','W1',7,3.0);
create table sale_lines(id integer primary key, invoice_no text, sale_date text, sku text, qty real, amount real, customer text);
insert into sale_lines values (1,'S1','2024-06-01','001',2,9.0,'A'),(2,'S1','2024-06-01','001',1,4.5,'A');
insert into sale_lines values (3,'S2','2024-06-02','002',1,6.0,'B');
create table moves(posting_date text, doc_no text, item_code text, warehouse text, type text, qty real);
insert into moves values ('2024-01-01','Q1','001','W1','opening',8),('2024-06-01','S1','001','W1','sale',-3);
create table audit_log(moment text, who text);
insert into audit_log values ('2024-01-01','x');
create table drafts(item_code text, quantity real, warehouse text);
"""


def land(sources: Sequence[DraftSource], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> duckdb.DuckDBPyConnection:
    settings = []
    for source in sources:
        mapping = tmp_path / f"{source.name}.yml"
        mapping.write_text(source.mapping, encoding="utf-8")
        for name, value in source.environment.items():
            monkeypatch.setenv(name, value)
        settings.append(
            SourceSettings.model_validate({"name": source.name, "mapping": str(mapping), **source.settings})
        )
    reports = ingest_all(tmp_path / "workspace", settings, AS_OF)
    assert [text for report in reports.values() for text in report.refusals] == []
    assert all(report.is_closed for report in reports.values())
    connection = duckdb.connect()
    register_landing(connection, tmp_path / "workspace", AS_OF)
    return connection


def shop(path: Path, kind: str) -> None:
    if kind == "sqlite":
        with sqlite3.connect(path) as connection:
            connection.executescript(SHOP)
        connection.close()
    else:
        with duckdb.connect(str(path)) as database:
            database.execute(SHOP)


@pytest.mark.parametrize("kind", ["sqlite", "duckdb"])
def test_the_tables_of_a_database_are_read_by_what_they_seem_to_be(tmp_path, monkeypatch, kind):
    folder = tmp_path / "inbox"
    folder.mkdir()
    shop(folder / "shop.db", kind)
    (source,) = draft_sources(folder / "shop.db" if kind == "duckdb" else folder, "ACME")
    notes = "\n".join(source.notes)
    assert "shop.db: stock: 2 rows, a stock list" in notes and "shop.db: sale_lines: 3 rows, sales lines" in notes
    assert "its key does (id)" in notes
    assert "it has no primary key: doc_no, item_code, warehouse tell its rows apart" in notes
    assert "shop.db: audit_log: NOT READ: its columns are of no kind that is known: moment, who" in notes
    assert "shop.db: drafts: NOT READ: it has no rows" in notes
    assert list(source.environment) == ["STOCKTURN_SOURCE_DATABASE_URL"] and "STOCKTURN_SOURCE_DATABASE_URL" in notes
    connection = land([source], tmp_path, monkeypatch)
    query = "select item_code, on_hand_units::double, unit_cost::double, as_of_date::text from landing.stock_on_hand order by 1"
    assert connection.execute(query).fetchall() == [("001", 5.0, 2.5, "2024-06-30"), ("002", 7.0, 3.0, "2024-06-30")]
    query = "select shipment_no, shipment_line_id, shipped_units::double, revenue_value::double from landing.sales_shipment_line"
    assert sorted(connection.execute(query).fetchall()) == [
        ("S1", "1", 2.0, 9.0),
        ("S1", "2", 1.0, 4.5),
        ("S2", "3", 1.0, 6.0),
    ]
    query = "select movement_type, quantity_units::double from landing.stock_movement order by 1"
    assert connection.execute(query).fetchall() == [("opening", 8.0), ("sales_issue", -3.0)]


def test_a_database_of_a_known_system_is_read_by_its_mapping(tmp_path):
    kit.make_database(tmp_path / "b1.db", sap_b1.TABLES)
    (source,) = draft_sources(f"sqlite:///{tmp_path / 'b1.db'}", "ACME")
    assert "extends: sap_b1" in source.mapping and source.settings["kind"] == "sql"
    assert any("(stock_movement)" in note and "of a sample" in note for note in source.notes)


def test_json_of_any_shape_is_read_where_its_rows_are(tmp_path, monkeypatch):
    folder = tmp_path / "inbox"
    folder.mkdir()
    stock = [
        {"sku": "001", "warehouse": "W1", "stock": {"qty": 5}},
        {"sku": "002", "warehouse": "W1", "stock": {"qty": 7}},
    ]
    rows = [{"item_code": "001", "warehouse": "W1", "qty": 5}, {"item_code": "002", "warehouse": "W1", "qty": 7}]
    reply = {"code": 0, "data": {"page": 1, "list": rows, "warnings": [{"text": "x"}]}}
    (folder / "stock_20240630.json").write_text(json.dumps(reply))
    (folder / "nested.json").write_text(json.dumps(stock))
    (folder / "broken.json").write_text('{"a": [')
    (folder / "binary.json").write_bytes(bytes(range(256)) * 20)
    (folder / "config.json").write_text('{"theme": "dark"}')
    (source,) = draft_sources(folder, "ACME")
    notes = "\n".join(source.notes)
    assert (
        "stock_20240630.json [data.list]: 2 rows, a stock list" in notes and "its rows are the list data.list" in notes
    )
    assert "stock_20240630.json [data.warnings]: NOT READ: its columns are of no kind that is known: text" in notes
    assert "broken.json: NOT READ: broken.json: is no JSON" in notes
    assert "binary.json: NOT READ: binary.json: " in notes
    assert "config.json: NOT READ: its columns are of no kind that is known: theme" in notes
    assert "nested.json: NOT READ: its columns are of no kind that is known: sku, warehouse, stock_qty" in notes
    connection = land([source], tmp_path, monkeypatch)
    query = "select item_code, on_hand_units::double, as_of_date::text from landing.stock_on_hand order by 1"
    assert connection.execute(query).fetchall() == [("001", 5.0, "2024-06-30"), ("002", 7.0, "2024-06-30")]


def test_a_file_without_a_row_of_names_is_read_by_the_names_that_are_given(tmp_path, monkeypatch):
    folder = tmp_path / "inbox"
    folder.mkdir()
    (folder / "kc 2024-06-30.csv").write_text("001,茶杯,W1,5\n002,茶壶,W1,7\n", encoding="gb18030")
    with pytest.raises(
        ValueError, match=r"it has no row of names: its first row \(001, 茶杯, W1, 5\) reads like the others"
    ):
        draft_sources(folder, "ACME")
    (source,) = draft_sources(folder, "ACME", {"kc 2024-06-30.csv: columns": "存货编码,存货名称,仓库,库存数量"})
    connection = land([source], tmp_path, monkeypatch)
    query = "select item_code, on_hand_units::double, source_row from landing.stock_on_hand order by 1"
    assert connection.execute(query).fetchall() == [("001", 5.0, 1), ("002", 7.0, 2)]


def test_json_lines_are_read_by_their_suffix(tmp_path, monkeypatch):
    folder = tmp_path / "inbox"
    folder.mkdir()
    rows = [{"item_code": f"00{number}", "warehouse": "W1", "qty": number} for number in (1, 2, 3)]
    for name in ("stock_20240630.jsonl", "stock_20240629.ndjson"):
        (folder / name).write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    (folder / "cut.jsonl").write_text(json.dumps(rows[0]) + '\n{"item_code": "0', encoding="utf-8")
    (source,) = draft_sources(folder, "ACME")
    notes = "\n".join(source.notes)
    assert "stock_20240630.jsonl: 3 rows, a stock list" in notes
    assert "cut.jsonl: NOT READ: cut.jsonl: is no JSON: Unterminated string" in notes
    connection = land([source], tmp_path, monkeypatch)
    query = (
        "select as_of_date::text, count(*), sum(on_hand_units)::double from landing.stock_on_hand group by 1 order by 1"
    )
    assert connection.execute(query).fetchall() == [("2024-06-29", 3, 6.0), ("2024-06-30", 3, 6.0)]


def test_a_workbook_without_a_row_of_names_is_read_by_the_names_that_are_given(tmp_path, monkeypatch):
    folder = tmp_path / "inbox"
    folder.mkdir()
    book = openpyxl.Workbook()
    for row in (("001", "茶杯", "W1", 5), ("002", "茶壶", "W1", 7.5), ("003", "茶盘", "W1", 2)):
        book.active.append(row)
    book.create_sheet("notes").append(["see the first sheet"])
    book.save(folder / "kc 2024-06-30.xlsx")
    with pytest.raises(
        ValueError, match=r"its first row \(001, 茶杯, W1, 5\) reads like the others; answer what its columns are"
    ):
        draft_sources(folder, "ACME")
    answer = "kc 2024-06-30.xlsx: columns"
    (source,) = draft_sources(folder, "ACME", {answer: "存货编码,存货名称,仓库,库存数量"})
    connection = land([source], tmp_path, monkeypatch)
    query = "select item_code, on_hand_units::double, source_row from landing.stock_on_hand order by 1"
    assert connection.execute(query).fetchall() == [("001", 5.0, 1), ("002", 7.5, 2), ("003", 2.0, 3)]
    with pytest.raises(ValueError, match=r"row 1: has a row with more cells than the 3 names of `header`"):
        draft_sources(folder, "ACME", {answer: "存货编码,仓库,库存数量"})


def test_everything_in_a_folder_is_looked_at_or_named_with_the_reason(tmp_path):
    folder = tmp_path / "inbox"
    folder.mkdir()
    (folder / "库存20240630.csv").write_text("存货编码,仓库,库存数量\n001,C1,5\n", encoding="utf-8")
    (folder / "合同.pdf").write_bytes(b"%PDF-1.4")
    (folder / "readme").write_text("x")
    with zipfile.ZipFile(folder / "old.zip", "w") as archive:
        archive.writestr("a.csv", "a")
    shop(folder / "shop.sqlite", "sqlite")
    (folder / "damaged.db").write_bytes((folder / "shop.sqlite").read_bytes()[:100] + b"x" * 5000)
    (folder / "damaged.duckdb").write_bytes(b"12345678DUCK" + b"x" * 5000)
    files, database = draft_sources(folder, "ACME")
    notes = "\n".join((*files.notes, *database.notes))
    assert "合同.pdf: NOT READ: files .pdf are not read" in notes
    assert "damaged.db: NOT READ: the database of source 'database" in notes
    assert "damaged.duckdb: NOT READ: the database of source 'database" in notes
    assert "readme: NOT READ: files without a suffix are not read" in notes
    assert "old.zip: NOT READ: files .zip are not read: unpack it" in notes
    for name in ("库存20240630.csv", "shop.sqlite: stock", "shop.sqlite: audit_log"):
        assert f"{name}: " in notes


def test_a_database_that_cannot_be_reached_says_so_without_its_password(tmp_path):
    with pytest.raises(ValueError, match="cannot be reached") as found:
        draft_sources("postgresql://reader:s3cret-word@127.0.0.1:1/erp", "ACME")
    assert "s3cret-word" not in str(found.value)


def test_lines_take_the_day_from_their_head_and_codes_from_the_masters(tmp_path, monkeypatch):
    with sqlite3.connect(tmp_path / "erp.db") as connection:
        connection.executescript("""
create table products(id integer primary key, sku text, name text, unit text);
insert into products values (1,'001','茶杯','只'),(2,'002','茶壶','把');
create table depots(id integer primary key, warehouse_code text, warehouse_name text);
insert into depots values (7,'W1','Main');
create table invoices(id integer primary key, invoice_no text, invoice_date date, customer_id integer, depot integer references depots(id));
insert into invoices values (11,'F1','2024-06-01',5,7),(12,'F2','2024-06-02',6,7);
create table invoice_lines(id integer primary key, invoice_id integer, product_id integer, quantity real, unit_price real);
insert into invoice_lines values (101,11,1,2,4.5),(102,11,2,1,6),(103,12,1,-1,4.5);
create table levels(product_id integer references products(id), depot_id integer references depots(id), on_hand real, unit_cost real);
insert into levels values (1,7,5,2.5),(2,7,8,3);
""")
    connection.close()
    (source,) = draft_sources(tmp_path / "erp.db", "ACME")
    notes = "\n".join(source.notes)
    assert "erp.db: invoice_lines: 3 rows, sales lines" in notes and "is invoices by invoice_id" in notes
    assert "erp.db: invoices: NOT READ: not by itself: invoice_lines is read with it" in notes
    landed = land([source], tmp_path, monkeypatch)
    query = (
        "select shipment_no, shipment_line_id, shipment_date::text, item_code, warehouse_code, shipped_units::double, "
        "revenue_value::double, line_kind from landing.sales_shipment_line order by 2"
    )
    assert landed.execute(query).fetchall() == [
        ("F1", "101", "2024-06-01", "001", "W1", 2.0, 9.0, "shipment"),
        ("F1", "102", "2024-06-01", "002", "W1", 1.0, 6.0, "shipment"),
        ("F2", "103", "2024-06-02", "001", "W1", -1.0, -4.5, "return"),
    ]
    query = "select item_code, warehouse_code, on_hand_units::double from landing.stock_on_hand order by 1"
    assert landed.execute(query).fetchall() == [("001", "W1", 5.0), ("002", "W1", 8.0)]
    assert landed.execute("select item_code, item_name, base_uom from landing.item order by 1").fetchall() == [
        ("001", "茶杯", "只"), ("002", "茶壶", "把")]  # fmt: skip
    assert landed.execute("select warehouse_code, warehouse_name from landing.warehouse").fetchall() == [("W1", "Main")]
