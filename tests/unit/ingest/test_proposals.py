"""Folders as clerks make them: a mapping is proposed for each, runs as it is, and lands what the files say."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import openpyxl
import pytest

from assets.ingest.batches.register import register_landing
from assets.ingest.describe.drafting import FileProposal, Question
from assets.ingest.describe.project import draft_sources
from assets.ingest.describe.proposal import mapping_text, propose_files
from assets.ingest.errors import IngestError
from assets.ingest.settings import SourceSettings
from assets.ingest.stage import ingest_all

AS_OF = dt.date(2024, 12, 31)


def book(path: Path, rows: list[list[Any]], merged: str = "") -> None:
    workbook = openpyxl.Workbook()
    for row in rows:
        workbook.active.append(row)
    if merged:
        workbook.active.merge_cells(merged)
    workbook.save(path)


def stock_with_its_day_in_the_title(folder: Path) -> None:
    book(folder / "库存.xlsx", [["库存明细表 截止日期：2024-06-30"], ["存货编码", "存货名称", "仓库", "库存数量", "库存金额（万元）"],
                              ["001", "茶杯", "一号仓", 70, 0.168], ["002", "茶壶", "一号仓", 803, 0.20075]])  # fmt: skip


def sales_without_line_numbers(folder: Path) -> None:
    rows = ["InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country"]
    rows += ["536365,85123A,HOLDER,6,2010-12-01 08:26:00,2.55,17850,United Kingdom"] * 2
    rows += ["536365,71053,LANTERN,6,2010-12-01 08:26:00,3.39,17850,United Kingdom",
             "C536379,D,Discount,-1,2010-12-01 09:41:00,27.5,14527,United Kingdom"]  # fmt: skip
    (folder / "online_retail.csv").write_text("\n".join(rows) + "\n")


def stock_with_a_status(folder: Path) -> None:
    book(folder / "库存20240630.xlsx", [["存货编码", "仓库", "库存数量", "库存状态"], ["001", "一号仓", 5, "良品"]])


def stock_by_warehouse(folder: Path) -> None:
    book(
        folder / "库存分布表20240630.xlsx",
        [["存货编码", "存货名称", "一号仓", "二号仓", "合计"], ["001", "茶杯", 5, None, 5], ["002", "茶壶", 7, 8, 15]],
    )


def running_balance(folder: Path) -> None:
    book(folder / "进销存流水账.xlsx", [["日期", "单据号", "摘要", "商品编码", "入库数量", "出库数量", "结存数量"],
                                  ["2024-01-02", "R1", "采购入库", "001", 10, None, 10], ["2024-01-05", "X1", "销售出库", "001", None, 4, 6]])  # fmt: skip  # noqa: E501


def sales_in_gb18030(folder: Path) -> None:
    text = "销售日期,单号,商品编码,商品名称,数量,单价,金额,客户名称\n2024/1/5,XS1,001,茶杯,3,10,30,甲公司\n2024/1/6,XS2,001,茶杯,2,10,20,乙公司\n"  # noqa: E501
    (folder / "销售明细.csv").write_bytes(text.encode("gb18030"))


def period_summary(folder: Path) -> None:
    book(folder / "1月收发存汇总表.xlsx", [["收发存汇总表", None], ["期间：2024-01"], ["存货编码", "仓库", "期初", "入库", "出库", "期末"],
                                     ["001", "一号仓", 5, 3, 2, 6], ["002", "一号仓", 1, 0, 1, 0], ["合计", None, 6, 3, 3, 6]])  # fmt: skip


def sales_by_month(folder: Path) -> None:
    book(
        folder / "各月销量.xlsx",
        [
            ["商品编码", "商品名称", "2024年1月", "2024年2月", "2024年3月"],
            ["001", "茶杯", 5, None, 7],
            ["002", "茶壶", 1, 2, 3],
        ],
    )


def two_tables_in_a_sheet(folder: Path) -> None:
    book(
        folder / "库存2024-03-31.xlsx",
        [
            ["存货编码", "仓库", "库存数量"],
            ["001", "一号仓", 5],
            [],
            ["供应商", "采购日期", "采购数量", "单号"],
            ["甲", "2024-01-01", 9, "P1"],
        ],
    )


def movements_with_types(folder: Path) -> None:
    text = "单据编号,单据日期,业务类型,物料编码,仓库,数量\nA1,2024-01-02,采购入库,001,C1,10\nA2,2024-01-03,销售出库,001,C1,4\nA3,2024-01-04,借用,001,C1,1\n"  # noqa: E501
    (folder / "流水.csv").write_text(text, encoding="utf-8")


def sheets(path: Path, tables: dict[str, list[list[Any]]]) -> None:
    workbook = openpyxl.Workbook()
    workbook.remove(workbook.active)
    for name, rows in tables.items():
        sheet = workbook.create_sheet(name)
        for row in rows:
            sheet.append(row)
    workbook.save(path)


def stock_by_month_a_sheet(folder: Path) -> None:
    head = ["存货编码", "仓库", "库存数量"]
    sheets(folder / "2024年库存.xlsx", {
        "说明": [["制表：李"]], "1月": [head, ["001", "一号仓", 5], ["002", "一号仓", 7]],
        "2月": [["2月库存"], ["仓库", "存货编码", "库存数量"], ["一号仓", "001", 4]],
    })  # fmt: skip


def stock_by_warehouse_a_sheet(folder: Path) -> None:
    head = ["存货编码", "存货名称", "库存数量"]
    sheets(
        folder / "库存20240630.xlsx",
        {"一号仓": [head, ["001", "茶杯", 5]], "二号仓": [head, ["001", "茶杯", 8], ["合计", None, 8]]},
    )


def summaries_by_month_a_sheet(folder: Path) -> None:
    head = ["存货编码", "仓库", "期初", "期初金额", "入库", "入库金额", "出库", "期末", "期末金额"]
    sheets(
        folder / "收发存.xlsx",
        {
            "2024-01": [head, ["001", "一号仓", 5, 50, 3, 36, 2, 6, 66]],
            "2024-02": [head, ["001", "一号仓", 6, 66, 0, None, 1, 5, 55]],
        },
    )


def sales_by_month_without_a_year(folder: Path) -> None:
    book(folder / "2024销量.xlsx", [["商品编码", "1月", "2月", "12月"], ["001", 5, None, 7]])


def sheets_of_two_kinds(folder: Path) -> None:
    sheets(folder / "进销存2024-03-31.xlsx", {
        "库存": [["存货编码", "仓库", "库存数量"], ["001", "一号仓", 5]],
        "销售": [["销售日期", "单号", "存货编码", "数量", "客户名称"], ["2024/1/5", "XS1", "001", 3, "甲"]],
    })  # fmt: skip


def orders_and_items(folder: Path) -> None:
    (folder / "采购订单.csv").write_text(
        "订单编号,订单日期,供应商,物料编码,采购数量,计划到货日期\nP1,2024-01-02,甲,001,10,2024-01-20\n",
        encoding="utf-8",
    )
    (folder / "商品档案.csv").write_text("物料编码,品名,单位\n001,茶杯,只\n", encoding="utf-8")


CASES: list[tuple[Callable[[Path], None], dict[str, str], str, list[tuple[Any, ...]]]] = [
    (stock_with_its_day_in_the_title, {}, "select item_code, as_of_date::text, on_hand_units::double, stock_value::double from landing.stock_on_hand",  # noqa: E501
     [("001", "2024-06-30", 70.0, 1680.0), ("002", "2024-06-30", 803.0, 2007.5)]),
    (sales_without_line_numbers, {}, "select shipment_no, shipment_line_id, shipped_units::double, revenue_value::double, line_kind from landing.sales_shipment_line",  # noqa: E501
     [("536365", "1", 6.0, 15.3, "shipment"), ("536365", "2", 6.0, 15.3, "shipment"), ("536365", "3", 6.0, 20.34, "shipment"),
      ("C536379", "1", -1.0, -27.5, "return")]),
    (stock_with_a_status, {}, "select item_code, on_hand_units::double from landing.stock_on_hand", [("001", 5.0)]),
    (stock_by_warehouse, {}, "select item_code, warehouse_code, on_hand_units::double, as_of_date::text from landing.stock_on_hand",
     [("001", "一号仓", 5.0, "2024-06-30"), ("002", "一号仓", 7.0, "2024-06-30"), ("002", "二号仓", 8.0, "2024-06-30")]),
    (running_balance, {"进销存流水账.xlsx: warehouse": "C1"}, "select doc_no, movement_type, quantity_units::double, warehouse_code from landing.stock_movement",  # noqa: E501
     [("R1", "purchase_receipt", 10.0, "C1"), ("X1", "sales_issue", -4.0, "C1")]),
    (sales_in_gb18030, {}, "select shipment_no, item_code, shipped_units::double, revenue_value::double, shipment_date::text from landing.sales_shipment_line",  # noqa: E501
     [("XS1", "001", 3.0, 30.0, "2024-01-05"), ("XS2", "001", 2.0, 20.0, "2024-01-06")]),
    (period_summary, {}, "select as_of_date::text, item_code, on_hand_units::double from landing.stock_on_hand union all "
     "select business_date::text, item_code, quantity_units::double from landing.stock_movement",
     [("2023-12-31", "001", 5.0), ("2023-12-31", "002", 1.0), ("2024-01-31", "001", -2.0), ("2024-01-31", "001", 3.0), ("2024-01-31", "001", 6.0),  # noqa: E501
      ("2024-01-31", "002", -1.0), ("2024-01-31", "002", 0.0)]),
    (sales_by_month, {}, "select shipment_date::text, item_code, shipped_units::double from landing.sales_shipment_line",
     [("2024-01-31", "001", 5.0), ("2024-01-31", "002", 1.0), ("2024-02-29", "002", 2.0), ("2024-03-31", "001", 7.0), ("2024-03-31", "002", 3.0)]),  # noqa: E501
    (two_tables_in_a_sheet, {}, "select item_code, on_hand_units::double from landing.stock_on_hand", [("001", 5.0)]),
    (movements_with_types, {"流水.csv: type 借用": "internal_use"}, "select doc_no, movement_type, quantity_units::double from landing.stock_movement",  # noqa: E501
     [("A1", "purchase_receipt", 10.0), ("A2", "sales_issue", -4.0), ("A3", "internal_use", -1.0)]),
    (stock_by_month_a_sheet, {}, "select as_of_date::text, item_code, on_hand_units::double from landing.stock_on_hand",
     [("2024-01-31", "001", 5.0), ("2024-01-31", "002", 7.0), ("2024-02-29", "001", 4.0)]),
    (stock_by_warehouse_a_sheet, {}, "select as_of_date::text, warehouse_code, on_hand_units::double from landing.stock_on_hand",
     [("2024-06-30", "一号仓", 5.0), ("2024-06-30", "二号仓", 8.0)]),
    # The opening has its own value, and what came in what it cost.
    (summaries_by_month_a_sheet, {}, "select as_of_date::text, on_hand_units::double, stock_value::double from landing.stock_on_hand union all "  # noqa: E501
     "select business_date::text, quantity_units::double, coalesce(cost_value, 0)::double from landing.stock_movement",
     [("2023-12-31", 5.0, 50.0), ("2024-01-31", -2.0, 0.0), ("2024-01-31", 3.0, 36.0), ("2024-01-31", 6.0, 66.0),
      ("2024-02-29", -1.0, 0.0), ("2024-02-29", 5.0, 55.0)]),
    (sales_by_month_without_a_year, {}, "select shipment_date::text, shipped_units::double from landing.sales_shipment_line",
     [("2024-01-31", 5.0), ("2024-12-31", 7.0)]),
    (sheets_of_two_kinds, {}, "select item_code, on_hand_units::double from landing.stock_on_hand union all "
     "select shipment_no, shipped_units::double from landing.sales_shipment_line", [("001", 5.0), ("XS1", 3.0)]),
    (orders_and_items, {}, "select po_no, po_line_id, ordered_units::double, due_date::text from landing.purchase_order_line", [("P1", "1", 10.0, "2024-01-20")]),  # noqa: E501
]  # fmt: skip


def land(folder: Path, workspace: Path, files: list[FileProposal]) -> duckdb.DuckDBPyConnection:
    mapping = workspace.parent / "mine.yml"
    mapping.write_text(mapping_text("mine", files), encoding="utf-8")
    source = SourceSettings(name="mine", kind="file", mapping=str(mapping), path=folder, instance="mine")
    reports = ingest_all(workspace, [source], AS_OF)
    assert [text for report in reports.values() for text in report.refusals] == []
    assert [name for name, report in reports.items() if not report.is_closed] == []
    connection = duckdb.connect()
    register_landing(connection, workspace, AS_OF)
    return connection


@pytest.mark.parametrize(("write", "answers", "query", "expected"), CASES, ids=[case[0].__name__ for case in CASES])
def test_a_folder_lands_by_the_mapping_that_is_proposed_for_it(tmp_path, write, answers, query, expected):
    folder = tmp_path / "inbox"
    folder.mkdir()
    write(folder)
    files = propose_files(folder, answers)
    asked = {question.key for file in files for question in file.questions}
    assert set(answers) <= asked
    assert all(file.evidence and file.sample for file in files)
    connection = land(folder, tmp_path / "workspace", files)
    assert sorted(connection.execute(query).fetchall()) == expected


def test_rows_of_a_second_table_are_kept_back_and_counted(tmp_path):
    folder = tmp_path / "inbox"
    folder.mkdir()
    two_tables_in_a_sheet(folder)
    connection = land(folder, tmp_path / "workspace", propose_files(folder))
    rules = connection.execute("SELECT source_row, rule_id FROM quality.quarantined_rows ORDER BY 1").fetchall()
    assert rules == [(4, "malformed_row"), (5, "malformed_row")]


def test_equal_lines_without_a_number_are_said_and_dropped_only_where_the_mapping_says_so(tmp_path):
    folder = tmp_path / "inbox"
    folder.mkdir()
    sales_without_line_numbers(folder)
    files = propose_files(folder)
    connection = land(folder, tmp_path / "workspace", files)
    assert connection.execute("SELECT count(*) FROM landing.sales_shipment_line").fetchone() == (4,)
    ((message,),) = connection.execute("SELECT message FROM quality.landing_batches").fetchall()
    assert "warning: 1 rows equal one above them (the first is row 3) and are kept" in message
    files[0].datasets[0]["repeated_rows"] = "drop"
    connection = land(folder, tmp_path / "second", files)
    assert connection.execute("SELECT count(*) FROM landing.sales_shipment_line").fetchone() == (3,)


def test_a_cell_of_a_cross_tab_is_kept_back_alone(tmp_path):
    folder = tmp_path / "inbox"
    folder.mkdir()
    book(folder / "stock 2024-06-30.xlsx", [["item code", "North", "South"], ["A", 1, "x"], ["B", 3, 4]])
    files = propose_files(folder)
    if not files[0].datasets:
        book(folder / "stock 2024-06-30.xlsx", [["item code", "North", "South"], ["A", 1, 2], ["B", 3, 4]])
        files = propose_files(folder)
        book(folder / "stock 2024-06-30.xlsx", [["item code", "North", "South"], ["A", 1, "x"], ["B", 3, 4]])
    connection = land(folder, tmp_path / "workspace", files)
    assert connection.execute("SELECT item_code, warehouse_code FROM landing.stock_on_hand ORDER BY ALL").fetchall() == [
        ("A", "North"), ("B", "North"), ("B", "South")]  # fmt: skip
    assert connection.execute("SELECT source_row, bad_value FROM quality.quarantined_rows").fetchall() == [(2003, "x")]


def test_a_folder_without_anything_known_says_so(tmp_path):
    (tmp_path / "notes.csv").write_text("a,b\n1,2\n")
    with pytest.raises(IngestError, match=r"can be read as anything: notes\.csv: its columns"):
        mapping_text("mine", propose_files(tmp_path))


def test_a_draft_of_sources_says_what_it_took_each_file_for_and_what_it_asked(tmp_path):
    folder = tmp_path / "inbox"
    folder.mkdir()
    movements_with_types(folder)
    (folder / "notes.csv").write_text("a,b\n1,2\n")
    (source,) = draft_sources(folder, "ACME")
    text = "\n".join(source.notes)
    assert "notes.csv: NOT READ" in text
    assert "流水.csv: 3 rows, stock movements (doc_no is 单据编号" in text
    assert "流水.csv: type 借用: what is '借用'?" in text and "-> other_out (taken for want of an answer)" in text
    asked: list[str] = []

    def ask(question: Question) -> str:
        asked.append(question.key)
        return "internal_use"

    (source,) = draft_sources(folder, "ACME", {}, ask)
    assert asked == ["流水.csv: type 借用"] and "借用: internal_use" in source.mapping
    with pytest.raises(ValueError, match=r"what is not asked: tea; the questions are: 流水\.csv: type 借用"):
        draft_sources(folder, "ACME", {"tea": "green"})
