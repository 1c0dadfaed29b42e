"""Files as people make them: the rules that a sheet is read by, each with a file that would be misread without it."""

from __future__ import annotations

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assets.ingest.errors import IngestError
from assets.ingest.reading.headings import find_heading
from assets.ingest.reading.markup import html_cells, spreadsheetml_cells
from assets.ingest.reading.raw_table import normal_header
from assets.ingest.reading.text_cutting import record_end

HEAD = ["类型", "单号", "行", "日期", "存货编码", "仓库", "数量", "状态"]
ROWS = [
    ["入库", "D1", "1", "2024-01-05", "001", "W1", "1,000", "已审"],
    ["入库", "D2", "1", "2024年1月6日", "002", "W1", "２５", "已审"],
]
BOOKS = """
mapping: books
version: 1
source_system: excel
datasets:
  - name: books
    contract: stock_on_hand
    files: "books*.csv"
    extract_date: '_(\\d{8})'
    scope: period
    columns: {as_of_date: 日期, item_code: 存货, warehouse_code: 仓库, on_hand_units: 数量, stock_value: 库存金额, unit_cost: 单价}
"""


def book(path, rows, merge=(), hidden_rows=(), hidden_columns=()):
    made = openpyxl.Workbook()
    sheet = made.active
    for row in rows:
        sheet.append(row)
    for area in merge:
        sheet.merge_cells(area)
    for row in hidden_rows:
        sheet.row_dimensions[row].hidden = True
    for column in hidden_columns:
        sheet.column_dimensions[column].hidden = True
    made.save(path)


def read_moves(company):
    company.masters()
    report = company.read("stock_movement")
    landed = company.query("select doc_no, quantity_units::double, source_row from landing.stock_movement order by all")
    return report, landed


def csv_text(rows):
    return "".join(",".join(f'"{cell}"' if "," in cell else cell for cell in row) + "\n" for row in rows)


@pytest.mark.parametrize("kind", ["csv", "xlsx", "tsv.xls", "html.xls", "xml.xls"])
def test_title_rows_totals_and_false_xls_read_like_a_plain_file(company, kind):
    rows = [["出入库流水"], ["期间：2024-01"], HEAD, *ROWS, ["合计", "", "", "", "", "", "1,025", ""]]
    name = f"moves_20240131.{kind.partition('.')[2] or kind}"
    path = company.folder / name
    if kind == "csv":
        company.write(name, csv_text(rows).encode("gb18030"))
    elif kind == "xlsx":
        book(path, rows)
    elif kind == "tsv.xls":
        company.write(name, "".join("\t".join(row) + "\n" for row in rows).encode("gb18030"))
    elif kind == "html.xls":
        cells = ("<tr>" + "".join(f"<td>{cell}</td>" for cell in row) + "</tr>" for row in rows)
        company.write(name, f"<html><meta charset=utf-8><table>{''.join(cells)}</table></html>")
    else:
        data = ("".join(f"<Cell><Data>{cell}</Data></Cell>" for cell in row) for row in rows)
        body = "".join(f"<Row>{row}</Row>" for row in data)
        space = 'xmlns="urn:schemas-microsoft-com:office:spreadsheet"'
        prefixed = 'xmlns:ss="urn:schemas-microsoft-com:office:spreadsheet"'
        company.write(
            name,
            f'<?xml version="1.0"?><Workbook {space} {prefixed}><Worksheet ss:Name="a"><Table>{body}</Table>'
            "</Worksheet></Workbook>",
        )
    report, landed = read_moves(company)
    assert report.refusals == () and (report.rows_in, report.rows_loaded) == (2, 2), company.quarantine()
    assert landed == [("D1", 1000.0, 4), ("D2", 25.0, 5)]


def test_a_total_that_does_not_agree_refuses_the_file(company):
    rows = [HEAD, *ROWS, ["总计", "", "", "", "", "", "1,026", ""]]
    company.write("moves_20240131.csv", csv_text(rows))
    report, landed = read_moves(company)
    assert report.refusals[0].startswith(
        "moves_20240131.csv, row 4, column '数量': says 1,026, but the rows that it adds up give 1025."
    )
    assert landed == []


def test_subtotals_add_up_what_stands_since_the_last_one(company):
    part = ["W1小计", "", "", "", "", "", "1,000", ""]
    rest = ["本页小计", "", "", "", "", "", "25", ""]
    grand = ["合 计：", "", "", "", "", "", "1,025.0", ""]
    company.write("moves_20240131.csv", csv_text([HEAD, ROWS[0], part, ROWS[1], rest, grand]))
    report, landed = read_moves(company)
    assert report.refusals == () and [row[2] for row in landed] == [2, 4]
    assert report.batches[0].message == "3 rows of totals agree"


def test_a_header_over_two_rows_joins_group_and_title():
    top = ["存货编码", "期末", None, "期初", None]
    bottom = [None, "数量", "金额", "数量", "金额"]
    wanted = {"存货编码", "期末_数量", "期末_金额"}
    found = find_heading([["进销存汇总表"], top, bottom, ["001", "5", "10", "1", "2"]], wanted, 1)
    assert found is not None and (found.first_row, found.last_row) == (2, 3)
    assert found.titles == ("存货编码", "期末_数量", "期末_金额", "期初_数量", "期初_金额")


def test_amounts_in_ten_thousands_are_brought_to_the_unit_of_account(make_company):
    company = make_company(BOOKS)
    company.write(
        "books_20240131.csv", "日期,存货,仓库,数量,库存金额（万元）,单价(元)\n2024-01-31,001,W1,3,1.25,4166.6667\n"
    )
    assert company.read("stock_on_hand").refusals == ()
    row = company.query("select stock_value::double, unit_cost::double from landing.stock_on_hand")
    assert row == [(12500.0, 4166.6667)]


def test_hidden_rows_are_read_and_noted(company):
    book(company.folder / "moves_20240131.xlsx", [HEAD, *ROWS], hidden_rows=[3], hidden_columns=["H"])
    report, landed = read_moves(company)
    assert [row[0] for row in landed] == ["D1", "D2"]
    assert report.batches[0].message == (
        "1 hidden rows were read like the others; 1 hidden column ranges were read like the others"
    )


def test_merged_documents_are_carried_down_and_merged_quantities_are_not(company):
    rows = [HEAD, ROWS[0], ["入库", None, "2", "2024-01-05", "002", "W1", None, "已审"]]
    rows[1] = [*ROWS[0][:6], 7, "已审"]
    book(company.folder / "moves_20240131.xlsx", rows, merge=["B2:B3", "G2:G3"])
    _, landed = read_moves(company)
    assert landed == [("D1", 7.0, 2)]
    assert [(row[1], row[2], row[3]) for row in company.quarantine()] == [(3, "required", "quantity_units")]
    assert company.query("select doc_no from quality.quarantined_rows") == [("D1",)]


def test_a_formula_without_a_stored_value_refuses_the_file(company):
    rows = [HEAD, [*ROWS[0][:6], "=1+2", "已审"]]
    book(company.folder / "moves_20240131.xlsx", rows)
    report, landed = read_moves(company)
    assert "has formulas without a stored value in G2. Open the file in Excel" in report.refusals[0]
    assert landed == []


def test_a_quantity_in_two_units_is_not_guessed(company):
    rows = [HEAD, ROWS[0], [*ROWS[1][:6], "3箱5个", "已审"]]
    company.write("moves_20240131.csv", csv_text(rows))
    _, landed = read_moves(company)
    assert [row[0] for row in landed] == ["D1"]
    assert [(row[2], row[4]) for row in company.quarantine()] == [("unparseable_number", "3箱5个")]


def test_a_header_that_is_only_like_another_is_suggested_and_not_taken(company):
    head = [*HEAD[:6], "数 量数", "状态"]
    company.write("moves_20240131.csv", csv_text([head, *ROWS]))
    report, landed = read_moves(company)
    assert "the header lacks 数量" in report.refusals[0] and "Did the header change to '数 量数'?" in report.refusals[0]
    assert landed == []


@pytest.mark.parametrize("entity", ['<!DOCTYPE a [<!ENTITY b "c">]>', "<!ENTITY b>"])
def test_xml_with_entities_is_refused(entity):
    with pytest.raises(IngestError, match="declares XML entities"):
        spreadsheetml_cells(f"<?xml version='1.0'?>{entity}<a/>".encode(), "a.xls", None)


def test_a_web_page_without_a_table_is_refused():
    with pytest.raises(IngestError, match="web page without a table"):
        html_cells("<html><body>login expired</body></html>", "a.xls")


CELLS = st.lists(st.lists(st.none() | st.text(max_size=6), max_size=5), min_size=1, max_size=8)


@given(CELLS, st.sets(st.text(min_size=1, max_size=4), max_size=4), st.integers(1, 9))
@settings(deadline=None, max_examples=60)
def test_no_sheet_crashes_the_search_for_its_header(rows, wanted, declared):
    found = find_heading(rows, {normal_header(text) for text in wanted}, declared)
    assert (found is None) == (len(rows) < declared)
    if found is not None:
        assert 1 <= found.first_row <= found.last_row <= len(rows)


@given(
    st.lists(
        st.lists(st.text(alphabet="ab<>&\"' 仓1", min_size=1, max_size=5), min_size=1, max_size=4),
        min_size=1,
        max_size=5,
    )
)
@settings(deadline=None, max_examples=60)
def test_a_table_written_as_html_comes_back(rows):
    from html import escape

    page = "".join("<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>" for row in rows)
    expected = [[cell.strip() or None for cell in row] for row in rows]
    if any(any(row) for row in expected):
        assert html_cells(f"<table>{page}</table>", "a.xls") == expected


@given(st.text(alphabet="<>/tabledrh =\"'&;1", max_size=60))
@settings(deadline=None, max_examples=100)
def test_no_markup_crashes_the_reader(text):
    for read in (lambda: html_cells(text, "a"), lambda: spreadsheetml_cells(text.encode(), "a", None)):
        try:
            read()
        except IngestError:
            continue


@given(st.lists(st.lists(st.text(alphabet='a,"\n', max_size=4), min_size=1, max_size=3), min_size=1, max_size=8))
@settings(deadline=None, max_examples=100)
def test_a_file_is_cut_only_between_records(rows):
    import csv
    import io

    target = io.StringIO()
    writer = csv.writer(target, lineterminator="\n", quoting=csv.QUOTE_ALL)
    ends = {0}
    for row in rows:
        writer.writerow(row)
        ends.add(len(target.getvalue().encode()))
    data = target.getvalue().encode()
    for size in range(len(data) + 1):
        assert record_end(data[:size]) in ends
