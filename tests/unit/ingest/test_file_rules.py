"""The rules of files as people make them, read through the mapping for any system: each with a file that would be misread
without it. Most are in one folder that is landed once."""

from __future__ import annotations

import datetime as dt
import io
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import openpyxl
import pytest
from openpyxl.styles import Font

from assets.ingest.batches.manifest import Manifest
from assets.ingest.batches.register import register_landing
from assets.ingest.landing.store import LandingStore
from assets.ingest.settings import SourceSettings
from assets.ingest.stage import ingest_all

LEDGER = "单据类型,单据编号,行号,日期,存货编码,仓库,数量\n"
STOCK = "料号,仓库,现存量,日期\n"
FILES: dict[str, str] = {
    "存货档案.csv": (
        "物料编码,物料描述,单位,保质期,停用,提前期(天)\n0001,水泥,吨,12个月,,7\n0002,沙,吨,,是,\n0012,砖,块,2年,否,\n"
        "690123456789,钉,盒,90,,\n1E5,板,张,,,\n"
    ),
    "仓库档案.csv": "仓库代码,仓库名称\nC1,一号仓\nC2,二号仓\n",
    # Rule 6 and the empty heads of lines, two-digit years, months, composite quantities, errors of a spreadsheet.
    "出入库_一月.csv": LEDGER
    + "采购入库单,R1,1,24-1-5,1,C1,10\n采购入库单,R2,1,24-1-28,690123456789.0,C1,3箱2个\n,,2,,12,C1,5\n"
    + "采购入库单,R3,1,2024-01,2,C1,1\n采购入库单,R4,1,24-1-9,6.90123456789E+11,C1,2\n"
    + "采购入库单,R5,1,24-1-9,6.9E+11,C1,2\n采购入库单,R6,1,24-1-10,1E5,C1,#N/A\n采购入库单,R7,1,05/01/2024,1,C1,2\n",
    # Traditional characters, a base quantity beside a composite one, codes that move no goods, a conversion by its sign.
    "出入库_繁體.csv": "單據類型,單據編號,行號,單據日期,存貨編碼,倉庫,數量,基本數量,審核狀態\n"
    "採購入庫單,T1,1,2024-01-05,0001,C1,3箱2个,10,已審核\n銷售出庫單,T2,1,2024-01-06,0001,C1,1箱,4,未審核\n"
    "形態轉換單,T3,1,2024-01-07,0001,C1,1,-2,已審核\n成本调整单,T4,1,2024-01-07,0001,C1,0,0,已審核\n",
    "出入库_汇总.csv": "存货编码,仓库,期初数量,本期收入,本期发出,期末数量\n0001,C1,1,1,1,1\n",
    "出入库_按月.csv": "存货编码,仓库,1月入库,1月出库,2月入库,2月出库,3月入库\n0001,C1,1,1,1,1,1\n",
    # Kinds given by headers; headers that mean one thing here and another there.
    "三月末.csv": "料号,仓库,实际库存,可用量,日期,单价,金额（万元）,保质期,状态\n"
    "0001,C1,5,4,202403,2000,1,2025-01-01,正品\n0002,C1,6,6,2024-03,1,2,2025.2.1,CC\n",
    "一月盘点结果.csv": "仓库：C1  盘点日期：2024-01-31\n盘点单号：PD7\n打印时间：2024-02-01 10:00:00\n"
    "行号,存货编码,账面库存,实际库存,复盘数量,单价\n1,0001,10,9,8,3\n2,0002,5,,,\n",
    "销售.csv": "单号,行号,日期,客户,存货编码,仓库,数量,单价,已发数量,要求交货日期\nX1,1,2024-02-01,甲,0001,C1,7,9,5,2024-02-03\n",
    "采购.csv": "订单编号,行号,日期,供应商,存货编码,仓库,数量,单价,到货数量\nY1,1,2024-02-01,乙,0001,C1,6,2,1\n",
    "1月收发存.csv": "期间：2024-01\n,,期初,,本期收入,,本期发出,,期末,\n存货编码,仓库,数量,金额,数量,金额,数量,金额,数量,金额\n"
    "0001,C2,5,50,1,10,2,20,4,40\n0002,C2,,,3,3,,,3,3\n",
    "库存盘点表.csv": "存货编码,仓库,账面库存,实盘数,日期\n0001,C1,1,1,2024-01-01\n",
    "不知.csv": "存货编码,数量,金额\n0001,2,3\n",
    "readme.txt": "left here by somebody\n",
    # Rule 12: the second list is of another warehouse, the third renews the first.
    "库存_甲.csv": STOCK + "0001,C1,5,2024-05-31\n0002,C1,7,2024-05-31\n",
    "库存_乙.csv": STOCK + "0001,C2,6,2024-05-31\n",
    # Who approved a document, where no column says its state; totals of groups and pages, a running balance beside them.
    "出入库_审核.csv": LEDGER.replace("数量", "数量,结存数量,审核人")
    + "采购入库单,A1,1,2024-02-01,0001,C1,4,4,王\n采购入库单,A2,1,2024-02-01,0001,C1,5,9,\nC1合计,,,,,,9,,\n"
    + "采购入库单,A3,1,2024-02-02,0001,C2,2,2,王\n,,,,C2 小 计,,2,,\n本页合计,,,,,,11,2,\n總計：,,,,,,11.0,,\n",
    "出入库_错.csv": LEDGER
    + "采购入库单,B1,1,2024-02-01,0001,C1,4\n采购入库单,B2,1,2024-02-01,0001,C1,5\nC1合计,,,,,,8\n",
    # Rules 4 and 9: a total without a name; a unit in the header that is not the unit of every item.
    "库存_吨.csv": "料号,仓库,库存数量（千克）,日期\n0001,C1,1500,2024-06-30\n0012,C1,2,2024-06-30\n0002,C1,8,2024-06-30\n,,1510,\n",
    "库存_甲_更正.csv": STOCK + "0001,C1,8,2024-05-31\n",
}


@dataclass
class Landed:
    workspace: Path
    connection: duckdb.DuckDBPyConnection

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        return self.connection.execute(sql).fetchall()

    def batch(self, file: str) -> Manifest:
        (found,) = [batch for batch in LandingStore(self.workspace).manifests() if batch.source_file == file]
        return found

    def moves(self, file: str) -> list[tuple[Any, ...]]:
        return self.rows(
            "select doc_no || '/' || source_line_id, item_code, quantity_units::double, movement_type from "
            f"landing.stock_movement where source_file = '{file}' order by source_row"
        )


def land(folder: Path, files: dict[str, Any]) -> Landed:
    """Write the files and read them through generic_excel."""
    inbox = folder / "inbox"
    inbox.mkdir(exist_ok=True)
    for name, text in files.items():
        (inbox / name).write_bytes(text if isinstance(text, bytes) else text.encode())
    source = SourceSettings(name="any", kind="file", mapping="generic_excel", path=inbox, instance="b")
    day = dt.date(2024, 12, 31)
    assert all(report.is_closed for report in ingest_all(folder / "workspace", [source], day).values())
    connection = duckdb.connect()
    register_landing(connection, folder / "workspace", day)
    return Landed(folder / "workspace", connection)


@pytest.fixture(scope="module")
def landed(tmp_path_factory: pytest.TempPathFactory) -> Landed:
    return land(tmp_path_factory.mktemp("any"), dict(FILES))


def test_a_code_that_a_spreadsheet_damaged_is_mended_where_the_master_leaves_no_doubt(landed):
    moves = landed.moves("出入库_一月.csv")
    assert moves == [
        ("R1/1", "0001", 10.0, "purchase_receipt"),
        ("R2/2", "0012", 5.0, "purchase_receipt"),
        ("R4/1", "690123456789", 2.0, "purchase_receipt"),
    ]
    note = landed.batch("出入库_一月.csv").message
    assert "warning: 3 codes fixed, zeros in front were lost: 1 is 0001, 12 is 0012, 2 is 0002" in note
    assert "6.90123456789E+11 is 690123456789, 690123456789.0 is 690123456789" in note


def test_a_code_that_lost_digits_is_kept_back(landed):
    reasons = landed.rows(
        "select source_row, reason from quality.quarantined_rows where rule_id = 'malformed_row' and source_file like '出入库%'"
    )
    assert reasons == [
        (7, "the spreadsheet has cut the code to 6.9E+11; format the column as text and export it again")
    ]


def test_a_line_without_a_document_belongs_to_the_document_above(landed):
    days = landed.rows(
        "select business_date::varchar from landing.stock_movement where doc_no = 'R2' and source_line_id = '2'"
    )
    assert days == [("2024-01-28",)]
    assert "1 lines without 单据编号 belong to the document above them" in landed.batch("出入库_一月.csv").message


@pytest.mark.parametrize(
    ("row", "sentence"),
    [
        (3, "数量: '3箱2个' is a quantity in two units; export the column of base quantities (基本数量) beside it"),
        (5, "日期: '2024-01' is a month and no day"),
        (8, "数量: '#N/A' is an error of the spreadsheet"),
        (9, "日期: '05/01/2024' has its year last, so day and month cannot be distinguished"),
    ],
)
def test_what_is_not_guessed_is_told_in_its_own_words(landed, row, sentence):
    found = landed.rows(
        f"select reason from quality.quarantined_rows where source_file = '出入库_一月.csv' and source_row = {row}"
    )
    assert len(found) == 1 and found[0][0].startswith(sentence)


def test_traditional_headers_and_codes_are_read_and_the_base_quantity_counts(landed):
    assert landed.moves("出入库_繁體.csv") == [
        ("T1/1", "0001", 10.0, "purchase_receipt"),
        ("T2/1", "0001", -4.0, "sales_issue"),
        ("T3/1", "0001", -2.0, "conversion_out"),
    ]
    assert landed.batch("出入库_繁體.csv").rows_excluded == 1
    assert landed.rows("select doc_status from landing.stock_movement where doc_no = 'T2'") == [("draft",)]


@pytest.mark.parametrize(
    ("file", "headers"), [("出入库_汇总.csv", "期初数量 + 本期收入"), ("出入库_按月.csv", "1月入库 + 2月入库")]
)
def test_a_period_summary_is_never_a_ledger(landed, file, headers):
    batch = landed.batch(file)
    assert batch.status == "refused" and headers in batch.message
    assert "export the movements themselves (出入库流水)" in batch.message


def test_a_period_summary_gives_its_opening_and_its_closing_balance(landed):
    assert landed.rows(
        "select as_of_date::varchar, item_code, on_hand_units::double, stock_value::double from landing.stock_on_hand "
        "where source_file = '1月收发存.csv' order by all"
    ) == [("2023-12-31", "0001", 5.0, 50.0), ("2024-01-31", "0001", 4.0, 40.0), ("2024-01-31", "0002", 3.0, 3.0)]


def test_a_snapshot_is_told_by_its_headers_and_gives_the_others_their_meaning(landed):
    assert landed.rows(
        "select as_of_date::varchar, item_code, on_hand_units::double, unit_cost::double, stock_value::double, "
        "expiry_date::varchar, stock_status from landing.stock_on_hand where source_file = '三月末.csv' order by all"
    ) == [
        ("2024-03-31", "0001", 5.0, 2000.0, 10000.0, "2025-01-01", "available"),
        ("2024-03-31", "0002", 6.0, 1.0, 20000.0, "2025-02-01", "defective"),
    ]


def test_a_count_is_told_by_its_headers_and_takes_from_its_title_what_no_column_says(landed):
    assert landed.rows(
        "select count_no, count_date::varchar, warehouse_code, item_code, count_round, book_units::double, "
        "counted_units::double, unit_cost::double from landing.stock_count_line order by all"
    ) == [
        ("PD7", "2024-01-31", "C1", "0001", 2, 10.0, 8.0, 3.0),
        ("PD7", "2024-01-31", "C1", "0002", None, 5.0, None, None),
    ]
    note = landed.batch("一月盘点结果.csv").message
    assert "row 3: 打印时间：2024-02-01 10:00:00" in note and "盘点单号 is PD7, as the title says" in note


def test_orders_are_told_by_their_headers(landed):
    assert landed.rows("select so_no, ordered_units::double, unit_price::double from landing.sales_order_line") == [
        ("X1", 7.0, 9.0)
    ]
    assert landed.rows("select po_no, received_units::double from landing.purchase_order_line") == [("Y1", 1.0)]


def test_a_file_that_its_name_belies_is_refused(landed):
    batch = landed.batch("库存盘点表.csv")
    assert batch.status == "refused"
    assert "is a stock count (盘点表): 账面库存 + 实盘数, which cannot be read as stock_on_hand" in batch.message


def test_a_file_whose_kind_cannot_be_told_is_refused_and_a_note_is_left_alone(landed):
    batch = landed.batch("不知.csv")
    assert batch.status == "refused" and "do not tell what kind of file it is: 存货编码, 数量, 金额" in batch.message
    assert not any(found.source_file == "readme.txt" for found in LandingStore(landed.workspace).manifests())


def test_a_list_of_one_warehouse_replaces_the_rows_of_that_warehouse_only(landed):
    assert landed.rows(
        "select item_code, warehouse_code, on_hand_units::double from landing.stock_on_hand "
        "where as_of_date = date '2024-05-31' order by all"
    ) == [("0001", "C1", 8.0), ("0001", "C2", 6.0)]


def test_a_unit_in_the_header_is_brought_to_that_of_the_item_and_a_bare_total_is_left_out(landed):
    file = "库存_吨.csv"
    assert landed.rows(
        f"select item_code, on_hand_units::double from landing.stock_on_hand where source_file = '{file}' order by all"
    ) == [("0001", 1.5), ("0002", 0.008)]
    assert landed.rows(f"select source_row, reason from quality.quarantined_rows where source_file = '{file}'") == [
        (3, "库存数量 is in 千克, but item 0012 is kept in 块; export its base quantity")
    ]
    assert landed.batch(file).rows_in == 3 and "the last row adds up the others" in landed.batch(file).message


def test_a_document_that_nobody_approved_is_a_draft(landed):
    assert landed.rows(
        "select doc_no, doc_status from landing.stock_movement where source_file = '出入库_审核.csv' order by all"
    ) == [("A1", "approved"), ("A2", "draft"), ("A3", "approved")]


def test_totals_of_groups_and_of_pages_agree_or_refuse_the_file(landed):
    assert "4 rows of totals agree" in landed.batch("出入库_审核.csv").message
    wrong = landed.batch("出入库_错.csv")
    assert wrong.status == "refused" and "says 8, but the rows that it adds up give 9" in wrong.message


def test_shelf_life_is_brought_to_days_and_other_columns_of_a_master_are_read(landed):
    found = landed.rows("select item_code, shelf_life_days, is_active, lead_time_days from landing.item order by all")
    assert found[:3] == [("0001", 365, True, 7), ("0002", None, False, None), ("0012", 730, True, None)]


def workbook(path: Path, letter: str, first_day: int) -> bytes:
    """A ledger as a workbook: red by font, by formats of positive and of negative numbers; an error; days as numbers."""
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(LEDGER.strip().split(","))
    for number, quantity in enumerate((5, -7, 3, -2, "#N/A"), start=1):
        sheet.append(["采购入库单", f"{letter}{number}", 1, first_day + number, "0001", "C1", quantity])
    for cell in ("G2", "G3"):
        sheet[cell].font = Font(color="FFFF0000")
    sheet["G4"].number_format = "[红色]0;0"
    sheet["G5"].number_format = "0;[Red]0"
    book.save(path)
    return path.read_bytes()


def counted_from_1904(book: bytes) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(book)) as source, zipfile.ZipFile(target, "w") as sink:
        for name in source.namelist():
            data = source.read(name)
            is_book = name == "xl/workbook.xml"
            sink.writestr(name, data.replace(b"<workbookPr ", b'<workbookPr date1904="true" ') if is_book else data)
    return target.getvalue()


@pytest.fixture(scope="module")
def workbooks(tmp_path_factory: pytest.TempPathFactory) -> Landed:
    folder = tmp_path_factory.mktemp("books")
    plain = workbook(folder / "a.xlsx", "A", 45295)
    later = counted_from_1904(workbook(folder / "b.xlsx", "B", 45295 - 1462))
    masters = {"存货档案.csv": "料号,品名,单位\n0001,水泥,吨\n", "仓库档案.csv": "仓库代码,仓库名称\nC1,一号仓\n"}
    return land(folder, {**masters, "出入库_a.xlsx": plain, "出入库_b.xlsx": later})


def test_red_numbers_without_a_minus_are_flagged_and_not_changed(workbooks):
    assert [row[2] for row in workbooks.moves("出入库_a.xlsx")] == [5.0, -7.0, 3.0, -2.0]
    assert "warning: 2 positive numbers are in red (G2, G4)" in workbooks.batch("出入库_a.xlsx").message


def test_an_error_of_the_spreadsheet_is_no_missing_value(workbooks):
    found = workbooks.rows("select distinct source_row, bad_value, reason from quality.quarantined_rows")
    assert found == [(6, "#N/A", "数量: '#N/A' is an error of the spreadsheet; correct its formula")]


@pytest.mark.parametrize("file", ["出入库_a.xlsx", "出入库_b.xlsx"])
def test_day_numbers_count_from_1900_or_from_1904(workbooks, file):
    days = workbooks.rows(
        f"select min(business_date)::varchar from landing.stock_movement where source_file = '{file}'"
    )
    assert days == [("2024-01-05",)]
