"""Encodings, delimiters, workbooks and Parquet all end as the same text; names from outside stay data."""

from __future__ import annotations

import datetime as dt

import duckdb
import openpyxl
import pytest

MOVES = "类型,单号,行,日期,存货编码,仓库,数量,状态\n"
ITEMS = "存货编码,存货名称,单位\n001,茶杯𠮷,只\n"


def items(company):
    company.read("item")
    return company.query("select item_code, item_name, base_uom from landing.item order by all")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
@pytest.mark.parametrize("delimiter", [",", "\t", ";"])
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_text_of_any_encoding_and_delimiter(company, encoding, delimiter, newline):
    text = ITEMS.replace(",", delimiter).replace("\n", newline)
    company.write("items_20240101.csv", text.encode(encoding))
    assert items(company) == [("001", "茶杯𠮷", "只")]


def test_codes_are_half_width_and_trimmed_names_are_not_touched(company):
    company.write("items_20240101.csv", "存货编码,存货名称,单位\n\u3000ＡＢ－０１ ,（大）杯 ,只\n".encode())
    assert items(company) == [("AB-01", "（大）杯", "只")]


def test_headers_match_in_full_width_and_with_marks(company):
    company.write("items_20240101.csv", "*存货编码：,存货 名称,单位\n1,a,b\n")
    assert items(company) == [("1", "a", "b")]


def workbook(path, rows, epoch=None):
    book = openpyxl.Workbook()
    if epoch is not None:
        book.epoch = epoch
    sheet = book.active
    for row in rows:
        sheet.append(row)
    book.save(path)


def test_workbook_keeps_leading_zeros_and_reads_serial_dates(company):
    company.masters()
    workbook(
        company.folder / "moves_20240106.xlsx",
        [
            ["类型", "单号", "行", "日期", "存货编码", "仓库", "数量", "状态", "制单时间"],
            ["入库", "D1", 1, dt.datetime(2024, 1, 5), "001", "W1", 1.5, "已审", dt.datetime(2024, 1, 5, 8, 30)],
            [None] * 9,
            ["入库", "D2", 1, 45296, "001", "W1", "1,000", "已审", "2024-01-05 08:30"],
            ["入库", 1234567890123, 1, "2024年1月5日", "001", "W1", 2, "已审", None],
        ],
    )
    report = company.read("stock_movement")
    assert (report.rows_in, report.rows_loaded) == (3, 3), company.quarantine()
    rows = company.query(
        "select doc_no, source_line_id, business_date, item_code, quantity_units::double, source_row, "
        "entered_at::varchar "
        "from landing.stock_movement order by source_row"
    )
    day = dt.date(2024, 1, 5)
    assert rows == [
        ("D1", "1", day, "001", 1.5, 2, "2024-01-05 00:30:00+00"),
        ("D2", "1", day, "001", 1000.0, 4, "2024-01-05 00:30:00+00"),
        ("1234567890123", "1", day, "001", 2.0, 5, None),
    ]


def test_workbook_of_the_1904_calendar(company):
    company.masters()
    path = company.folder / "moves_20240106.xlsx"
    rows = [MOVES.strip().split(","), ["入库", "D1", 1, 45296 - 1462, "001", "W1", 1, "已审"]]
    workbook(path, rows, openpyxl.utils.datetime.MAC_EPOCH)
    company.read("stock_movement")
    assert company.query("select business_date from landing.stock_movement") == [(dt.date(2024, 1, 5),)]


def test_parquet(company):
    path = company.folder / "items_20240101.parquet"
    duckdb.sql("select '007' as 存货编码, '茶' as 存货名称, '只' as 单位").write_parquet(str(path))
    assert items(company) == [("007", "茶", "只")]


def test_local_time_becomes_utc_and_an_offset_is_honoured(company):
    company.masters()
    head = MOVES.strip() + ",制单时间\n"
    line = "入库,{},1,2024-01-05,001,W1,1,已审,{}\n"
    stamps = [
        "2024-01-05 08:00:00",
        "2024-01-05T08:00:00+02:00",
        "2024-01-05T08:00:00Z",
        "2024/1/5 8:05",
        "1900-01-01 00:00:00",
    ]
    company.write("moves_20240106.csv", head + "".join(line.format(f"D{n}", stamp) for n, stamp in enumerate(stamps)))
    company.read("stock_movement")
    assert company.query("select entered_at::varchar from landing.stock_movement order by doc_no") == [
        ("2024-01-05 "
            "00:00:00+00",), ("2024-01-05 "
                "06:00:00+00",), ("2024-01-05 08:00:00+00",), ("2024-01-05 00:05:00+00",), (None,),
    ]  # fmt: skip


@pytest.mark.parametrize(
    "name",
    [
        "moves_20240106'; drop table raw; --.csv",
        "moves_20240106[1]*.csv",
        'moves_20240106"x".csv',
        "moves_20240106$(id).csv",
    ],
)
def test_a_file_name_is_only_data(company, name):
    company.masters()
    company.write(name, MOVES + "入库,D1,1,2024-01-05,001,W1,1,已审\n入库,D2,1,x,001,W1,1,已审\n")
    assert company.read("stock_movement").rows_loaded == 1
    assert company.query("select source_file from landing.stock_movement") == [(name,)]
    assert company.quarantine()[0][0] == name


def test_headers_and_values_are_only_data(company):
    company.masters()
    evil = "x'); DROP TABLE staged; --"
    quoted = 'a"b\\c/~$.d'
    head = MOVES.strip() + f',{evil},"{quoted.replace(chr(34), chr(34) * 2)}"\n'
    company.write(
        "moves_20240106.csv",
        head + "入库,D1,1,2024-01-05,001,W1,1,已审,' OR 1=1 --,2\n入库,D2,1,2024-01-05,003,W1,1,已审,v,w\n",
    )
    company.read("stock_movement")
    import json

    assert json.loads(company.query("select ext from landing.stock_movement")[0][0]) == {
        evil: "' OR 1=1 --",
        quoted: "2",
    }
    # Released rows are rebuilt from JSON: a header of any spelling must come back.
    company.write("items_20240201.csv", "存货编码,存货名称,单位\n003,x,y\n")
    company.read("item")
    assert company.read("stock_movement").rows_released == 1
    extras = company.query("select ext from landing.stock_movement where doc_no = 'D2'")
    assert json.loads(extras[0][0]) == {evil: "v", quoted: "w"}


def test_a_link_out_of_the_source_folder_is_refused(company, tmp_path):
    secret = tmp_path / "secret.csv"
    secret.write_text("code,name\nW1,Main\n")
    (company.folder / "warehouses.csv").symlink_to(secret)
    assert "leaves the source folder" in company.read("warehouse").refusals[0]
