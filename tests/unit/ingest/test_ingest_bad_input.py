"""Every kind of bad input gives one clear sentence with file, row and column, and loses nothing."""

from __future__ import annotations

import datetime as dt
import zipfile
from pathlib import Path

import openpyxl
import pytest
from pydantic import ValidationError

from assets.ingest.errors import SourceUnreadable
from assets.ingest.reading import limits, own_process
from assets.ingest.settings import SourceSettings
from assets.ingest.stage import ingest_all

MOVES = "类型,单号,行,日期,存货编码,仓库,数量,状态\n"
GOOD = "入库,D1,1,2024-01-05,001,W1,10,已审\n"
WAREHOUSES = "code,name\nW1,Main\n"


def test_missing_folder_is_refused_and_named(make_company, tmp_path):
    report = make_company(path=tmp_path / "nowhere").read("item")
    assert report.refusals == (
        "nowhere: the folder of source 'shop' does not exist. "
        "Correct `path` in the configuration, or set `required: false`.",
    )
    assert make_company(path=tmp_path / "nowhere", required=False).read("item").batches == ()


def test_missing_required_file_is_refused_until_it_comes(make_company, company):
    mapping = (
        Path(company.source.mapping)
        .read_text(encoding="utf-8")
        .replace('files: "warehouses*.csv"', 'files: "warehouses*.csv"\n    required: true')
    )
    company = make_company(mapping)
    assert "no file matches, and dataset 'warehouses' is required" in company.read("warehouse").refusals[0]
    company.write("warehouses.csv", WAREHOUSES)
    assert company.read("warehouse").refusals == ()
    assert company.query("select status from quality.landing_batches") == [("loaded",)]


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("warehouses.csv", "", "warehouses.csv: the file is empty."),
        ("warehouses.csv", "code,name\n", "warehouses.csv: has a header and no rows."),
        (
            "warehouses.csv",
            "code,nam\nW1,Main\n",
            "warehouses.csv, row 1, column 'name': the header lacks name; it has code, nam.",
        ),
        ("warehouses.csv", b"PK\x03\x04rest", "warehouses.csv: is named .csv but holds a zip archive such as .xlsx."),
        (
            "warehouses.csv",
            "<html><table></table></html>",
            "warehouses.csv: is named .csv but holds an HTML or XML page.",
        ),
        ("warehouses.csv", b"code,name\n\xff\xff,\x81\x20\n", "warehouses.csv: the text is neither UTF-8 nor GB18030."),
        ("warehouses.csv", b"code,name\nW1,a\x00b\n", "warehouses.csv: holds zero bytes, so it is no text file."),
        (
            "warehouses.csv",
            "code,name,code\nW1,Main,W2\n",
            "warehouses.csv, row 1, column 'code': the header appears twice",
        ),
    ],
)
def test_a_file_that_cannot_be_understood_is_refused_whole(company, name, content, message):
    company.write(name, content)
    report = company.read("warehouse")
    assert len(report.refusals) == 1
    assert report.refusals[0].startswith(message)
    assert company.query("select count(*) from landing.warehouse") == [(0,)]
    assert company.query("select status, rows_in from quality.landing_batches") == [("refused", 0)]


def test_a_wrong_workbook_is_refused(company):
    company.write("items_20240101.xlsx", "not a workbook")
    assert "is named .xlsx but holds plain text" in company.read("item").refusals[0]
    company.write("items_20240101.xlsx", b"PK\x03\x04broken")
    assert "cannot be opened as a workbook" in company.read("item").refusals[0]


def test_unknown_column_fails_where_the_mapping_says_so(company):
    company.masters()
    company.write("books_20240101.csv", "date,item,wh,qty,colour\n2024-01-01,001,W1,5,red\n")
    assert (
        company.read("stock_on_hand")
        .refusals[0]
        .startswith("books_20240101.csv, row 1, column 'colour': the header has unknown columns colour.")
    )


def test_unknown_column_is_kept_in_ext_otherwise(company):
    company.masters()
    company.write("moves_20240106.csv", MOVES.strip() + ",备注\n" + GOOD.strip() + ",易碎\n")
    company.read("stock_movement")
    assert company.query("select ext from landing.stock_movement") == [('{"备注":"易碎"}',)]


def test_a_file_name_without_a_day_is_refused_and_the_others_go_on(company):
    company.masters()
    company.write("moves_latest.csv", MOVES + GOOD)
    company.write("moves_20240106.csv", MOVES + GOOD)
    report = company.read("stock_movement")
    assert "the file name holds no day" in report.refusals[0]
    assert company.query("select count(*) from landing.stock_movement") == [(1,)]


BAD_ROWS = [
    (
        "入库,D2,1,2024-01-05,001,W1,3箱,已审",
        "unparseable_number",
        "quantity_units",
        "3箱",
        "数量: '3箱' is a number with its unit; put the unit into the header",
    ),
    (
        "入库,D2,1,2024-13-05,001,W1,3,已审",
        "unparseable_date",
        "business_date",
        "2024-13-05",
        "日期: '2024-13-05' is not a date of a known format",
    ),
    (
        "入库,D2,1,2024-01-05,009,W1,3,已审",
        "unknown_item",
        "item_code",
        "009",
        "存货编码: '009' is in no item master that has been loaded for company book1",
    ),
    (
        "入库,D2,1,2024-01-05,001,W9,3,已审",
        "unknown_warehouse",
        "warehouse_code",
        "W9",
        "仓库: 'W9' is in no warehouse master that has been loaded for company book1",
    ),
    (
        "退库,D2,1,2024-01-05,001,W1,3,已审",
        "unknown_code",
        "movement_type",
        "退库",
        "类型: '退库' is a code that enum kinds of the mapping does not have",
    ),
    ("入库,,1,2024-01-05,001,W1,3,已审", "required", "doc_no", None, "单号 is empty, but every row must have it"),
    (
        "入库,D2,1,2024-01-05,001,W1,,已审",
        "required",
        "quantity_units",
        None,
        "quantity_units is empty, but every row must have it",
    ),
    ("入库,D2,1,2024-01-05,001,W1,3", "malformed_row", None, None, "the row has 7 fields where the header has 8"),
    (
        "入库,D2,1,2024-01-05,001,W1,3,已审,x",
        "malformed_row",
        None,
        None,
        "the row has 9 fields where the header has 8",
    ),
    (
        "入库,D1,1,2024-01-05,001,W1,99,已审",
        "duplicate_key",
        None,
        "入库|D1|1|0",
        "the key 入库|D1|1|0 is already in row 2 with other content; the first one was kept",
    ),
]


@pytest.mark.parametrize(("line", "rule", "column", "value", "reason"), BAD_ROWS)
def test_a_bad_row_goes_to_quarantine_with_its_reason(company, line, rule, column, value, reason):
    company.masters()
    company.write("moves_20240106.csv", MOVES + GOOD + line + "\n入库,D3,1,2024-01-05,001,W1,1,已审\n")
    report = company.read("stock_movement")
    assert (report.rows_in, report.rows_loaded, report.rows_quarantined) == (3, 2, 1)
    found = [row for row in company.quarantine() if row[2] == rule and (column is None or row[3] == column)]
    assert [(row[0], row[1], row[5]) for row in found] == [("moves_20240106.csv", 3, reason)]
    if rule != "malformed_row":
        assert found[0][4] == value
    assert company.query("select doc_no, source_row from landing.stock_movement order by all") == [("D1", 2), ("D3", 4)]


ENTERED = "entered_units: 件数\n      entered_uom: 单位"


@pytest.mark.parametrize("kept", [f"quantity_units: 数量\n      {ENTERED}", ENTERED], ids=["empty", "not mapped"])
def test_a_base_quantity_may_be_empty_where_it_was_entered_in_another_unit(make_company, company, kept):
    """Staging computes it from the master (dbt_project/macros/base_units.sql); a row that states neither is kept back."""
    mapping = Path(company.source.mapping).read_text(encoding="utf-8")
    stated = """quantity_units: {expr: "case when 类型 = '出库' then -数量 else 数量 end"}"""
    rows = "入库,D2,1,2024-01-05,001,W1,,已审,5,箱\n入库,D3,1,2024-01-05,001,W1,,已审,5,\n"
    company = make_company(mapping.replace(stated, kept))
    company.masters()
    company.write("moves_20240106.csv", MOVES.strip() + ",件数,单位\n" + rows)
    assert company.read("stock_movement").rows_quarantined == 1
    assert company.query("select doc_no, quantity_units, entered_units, entered_uom from landing.stock_movement") == [
        ("D2", None, 5, "箱")
    ]
    assert [row[2:4] for row in company.quarantine()] == [("required", "quantity_units")]


def test_a_quotation_mark_that_is_never_closed_keeps_back_its_row_and_no_other(company):
    company.write("warehouses.csv", 'code,name\nW1,"Main\nW2,B\n')
    assert company.read("warehouse").refusals == ()
    assert company.query("select warehouse_code from landing.warehouse") == [("W2",)]
    assert [row[1:3] + row[5:] for row in company.quarantine()] == [
        (2, "malformed_row", "a quotation mark is opened in it and never closed")
    ]


def test_row_numbers_survive_malformed_and_blank_lines(company):
    company.masters()
    company.write(
        "moves_20240106.csv",
        MOVES
        + "\n"
        + GOOD
        + "too,short\n\n"
        + GOOD.replace("D1", "D2")
        + GOOD.replace("D1", '"D\n3"')
        + GOOD.replace("D1", "D4"),
    )
    company.read("stock_movement")
    landed = company.query("select doc_no, source_row from landing.stock_movement order by source_row")
    assert landed == [("D1", 3), ("D2", 6), ("D\n3", 7), ("D4", 8)]
    assert [row[1] for row in company.quarantine()] == [4]


def test_several_rules_of_one_row_are_all_told(company):
    company.masters()
    company.write("moves_20240106.csv", MOVES + "入库,D1,1,never,009,W9,many,已审\n")
    company.read("stock_movement")
    assert {row[2] for row in company.quarantine()} == {
        "unparseable_date", "unparseable_number", "unknown_item", "unknown_warehouse",
    }  # fmt: skip


def test_rows_left_out_by_the_mapping_are_counted(company):
    company.masters()
    company.write("moves_20240106.csv", MOVES + GOOD + GOOD.replace("D1", "D2").replace("已审", "作废"))
    report = company.read("stock_movement")
    assert (report.rows_in, report.rows_loaded, report.rows_excluded) == (2, 1, 1)


def test_a_configuration_key_that_does_not_exist_is_named(tmp_path):
    with pytest.raises(ValidationError, match="colour"):
        SourceSettings(name="a", kind="file", mapping="m", path=tmp_path, instance="i", colour="red")  # type: ignore[call-arg]
    with pytest.raises(ValidationError, match="time zone"):
        SourceSettings(name="a", kind="file", mapping="m", path=tmp_path, instance="i", timezone="Mars/Olympus")
    with pytest.raises(ValidationError, match="may hold only"):
        SourceSettings(name="a", kind="file", mapping="m", path=tmp_path, instance="../escape")


def test_a_refused_header_lists_what_the_file_has_and_nothing_that_the_mapping_would_like(make_company, company):
    mapping = Path(company.source.mapping).read_text(encoding="utf-8")
    mapping = mapping.replace(
        "columns: {warehouse_code: code, warehouse_name: name}",
        "optional_columns: [主管]\n    columns: {warehouse_code: code, warehouse_name: name, manager_name: 主管}",
    )
    company = make_company(mapping)
    company.write("warehouses.csv", "code,nam\nW1,Main\n")
    assert "the header lacks name; it has code, nam." in company.read("warehouse").refusals[0]


def test_a_date_format_may_name_the_time_of_day(make_company, company):
    mapping = Path(company.source.mapping).read_text(encoding="utf-8")
    company = make_company(mapping.replace('["%d/%m/%Y"]', '["%d/%m/%Y %H:%M:%S"]'))
    company.masters()
    company.write(
        "moves_20240106.csv",
        MOVES.replace("\n", ",制单时间\n") + "入库,D1,1,05/01/2024 10:00:00,001,W1,10,已审,06/01/2024 09:30:00\n",
    )
    company.read("stock_movement")
    assert company.query("select business_date::text, epoch(entered_at) from landing.stock_movement") == [
        ("2024-01-05", 1704504600.0)
    ]


def bomb(path: Path, sheet: bytes) -> None:
    """A workbook whose sheet is these bytes."""
    book = openpyxl.Workbook()
    book.active.append(["存货编码", "存货名称", "单位"])
    book.save(path)
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    parts["xl/worksheets/sheet1.xml"] = sheet
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in parts.items():
            archive.writestr(name, data)


@pytest.mark.parametrize("kind", ["stray cell", "zip bomb"])
def test_a_file_that_asks_for_too_much_is_refused_and_the_others_land(company, monkeypatch, kind):
    head = b'<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>'
    cell = '<row r="1"><c r="A1" t="inlineStr"><is><t>存货编码</t></is></c></row>'.encode()
    stray = b'<row r="1048576"><c r="XFD1048576"><v>1</v></c></row>'
    filler = b" " * (3 << 20) if kind == "zip bomb" else b""
    if kind == "zip bomb":
        monkeypatch.setattr(limits, "MOST_UNPACKED_BYTES", 1 << 20)
    bomb(
        company.folder / "items_20240102.xlsx",
        head + cell + (stray if kind == "stray cell" else filler) + b"</sheetData></worksheet>",
    )
    company.write("items_20240101.csv", "存货编码,存货名称,单位\n001,茶杯,只\n")
    report = company.read("item")
    assert company.query("select item_code from landing.item") == [("001",)]
    (refusal,) = report.refusals
    said = "reaches to cell XFD1048576" if kind == "stray cell" else "unpacks to more than 1,048,576 bytes"
    assert refusal.startswith("items_20240102.xlsx: ") and said in refusal


def test_a_required_source_that_cannot_be_read_stops_the_release(make_company, tmp_path, monkeypatch):
    gone = make_company(path=tmp_path / "nowhere").source
    day = dt.date(2024, 12, 31)
    with pytest.raises(SourceUnreadable, match="the folder of source 'shop' does not exist"):
        ingest_all(tmp_path / "workspace", [gone], day, must_read=True)
    ingest_all(tmp_path / "workspace", [gone.model_copy(update={"required": False})], day, must_read=True)
    monkeypatch.setenv("STOCKTURN_SOURCE_SHOP_URL", "postgresql+psycopg://reader:s3cret-word@127.0.0.1:1/erp")
    mapping = tmp_path / "db.yml"
    mapping.write_text(
        "mapping: db\nversion: 1\nsource_system: erp\ndatasets:\n  - name: warehouses\n    contract: warehouse\n    table: wh\n"
        "    source: {kind: sql, key: [code]}\n    scope: full\n    columns: {warehouse_code: code, warehouse_name: name}\n"
    )
    database = SourceSettings(name="shop", kind="sql", mapping=str(mapping), instance="b")
    with pytest.raises(SourceUnreadable) as found:
        ingest_all(tmp_path / "workspace", [database], day, must_read=True)
    assert "source 'shop' cannot be read" in str(found.value) and "s3cret-word" not in str(found.value)


@pytest.fixture
def small_reader(monkeypatch):
    """A reading process of this test alone, with little memory and time; the next test starts its own."""
    own_process.stop_reading()
    monkeypatch.setattr(own_process, "memory_limit", lambda: 300 << 20)
    yield
    own_process.stop_reading()


def repeated_text(path: Path) -> None:
    """A workbook of a few kilobytes, within every limit of rows, cells and bytes, whose cells take 20 GB."""
    head = b'<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>'
    rows = b"".join(b'<row r="%d"><c r="A%d" t="s"><v>0</v></c></row>' % (row, row) for row in range(1, 20_000))
    bomb(path, head + rows + b"</sheetData></worksheet>")
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    text = b"x" * (1 << 20)
    parts["xl/sharedStrings.xml"] = (
        b'<sst xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><si><t>' + text + b"</t></si></sst>"
    )
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in parts.items():
            archive.writestr(name, data)


def test_a_file_that_takes_its_process_down_is_refused_alone(company, small_reader):
    repeated_text(company.folder / "items_20240102.xlsx")
    assert (company.folder / "items_20240102.xlsx").stat().st_size < 200_000
    company.write("items_20240101.csv", "存货编码,存货名称,单位\n001,茶杯,只\n")
    book = openpyxl.Workbook()
    for row in (["存货编码", "存货名称", "单位"], *([f"{n:05d}", f"茶杯{n}", "只"] for n in range(2500))):
        book.active.append(row)
    book.save(company.folder / "items_20240103.xlsx")  # large enough for a process too: the next one reads it
    report = company.read("item")
    (refusal,) = report.refusals
    assert (
        refusal.startswith("items_20240102.xlsx: ")
        and "takes more than 300 MB of memory" in refusal
        and "\n" not in refusal
    )
    assert company.query("select count(*) from landing.item") == [(2500,)]
    assert own_process._PROCESS._running is None, "none is left when the run ends"


def test_a_file_that_takes_too_long_is_refused_alone(company, small_reader, monkeypatch):
    monkeypatch.setattr(own_process, "seconds_limit", lambda: 1)
    head = b'<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>'
    row = b'<row r="%d">' + b"".join(b'<c r="%c%%d"><v>1.5</v></c>' % letter for letter in b"ABCDEFGHIJKL") + b"</row>"
    rows = b"".join(row % ((number,) * 13) for number in range(1, 40_000))
    bomb(company.folder / "items_20240102.xlsx", head + rows + b"</sheetData></worksheet>")
    company.write("items_20240101.csv", "存货编码,存货名称,单位\n001,茶杯,只\n")
    (refusal,) = company.read("item").refusals
    assert refusal.startswith("items_20240102.xlsx: was not read within 1 seconds.") and "Export it in parts" in refusal
    assert company.query("select item_code from landing.item") == [("001",)]
