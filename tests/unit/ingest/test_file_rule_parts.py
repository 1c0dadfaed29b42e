"""The rules of files one by one, without a landing: signs, years, codes, spans, names; and what no input may break."""

from __future__ import annotations

import os
import re
from dataclasses import replace
from pathlib import Path

import duckdb
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from assets.ingest.contracts import load_contracts
from assets.ingest.describe.draft import draft_mapping
from assets.ingest.describe.kinds import detect_kind
from assets.ingest.describe.look import profile_files
from assets.ingest.describe.scores import table_fits
from assets.ingest.describe.vocabulary import plain_name
from assets.ingest.errors import IngestError, MappingError
from assets.ingest.mapping.loader import load_mapping, mapping_path, parse_mapping
from assets.ingest.mapping.yaml_lines import Located
from assets.ingest.reading.chinese import simplified
from assets.ingest.reading.header_match import dataset_headers
from assets.ingest.reading.markup import html_cells, spreadsheetml_cells
from assets.ingest.reading.quantity_signs import add_signs
from assets.ingest.reading.raw_table import RawFile, normal_header
from assets.ingest.reading.sheet_steps import apply_rules
from assets.ingest.reading.short_years import YEAR_FIRST, tell_short_years
from assets.ingest.reading.totals import settle_bare_total
from assets.ingest.reading.units import scale_units
from assets.ingest.typing.damaged_codes import restore_codes
from assets.ingest.typing.text_macros import install_macros


@pytest.fixture(scope="module")
def db() -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect()
    install_macros(connection)
    return connection


def raw_of(db: duckdb.DuckDBPyConnection, header: list[str], rows: list[tuple[str | None, ...]]) -> RawFile:
    """Table `raw` as a reader leaves it."""
    columns = ", ".join(f"c{number} VARCHAR" for number in range(len(header)))
    db.execute(f"CREATE OR REPLACE TEMP TABLE raw_store (source_row BIGINT, {columns})")
    for number, row in enumerate(rows, start=2):
        db.execute(f"INSERT INTO raw_store VALUES (?{', ?' * len(row)})", [number, *row])
    db.execute("CREATE OR REPLACE TEMP VIEW raw AS FROM raw_store")
    return RawFile(tuple(header), len(rows))


@pytest.mark.parametrize(
    ("quantities", "told", "expected"),
    [
        ((4, 5, 6, 7, -1), "auto", ["-1"] * 5),
        ((-4, -5, -6, -7, 1), "auto", ["1"] * 5),
        ((4,), "auto", ["-1"]),
        ((4, -1), "auto", None),
        ((-1,), "auto", None),
        ((4, -1), False, ["-1"] * 2),
        ((4, -1), "true", ["1"] * 2),
    ],
    ids=[
        "unsigned, a red one",
        "signed, a red one",
        "one issue",
        "half and half",
        "one red issue or signed",
        "told",
        "told",
    ],
)
def test_the_sign_of_a_quantity_is_told_by_the_file_or_its_source(db, quantities, told, expected):
    mapping = load_mapping("generic_excel")
    dataset = next(dataset for dataset in mapping.datasets if dataset.name == "movements")
    raw = raw_of(db, ["单据类型", "数量"], [("销售出库单", str(quantity)) for quantity in quantities])
    if expected is None:
        with pytest.raises(IngestError, match=r"Set `parameters: \{signed_quantities: true\}`"):
            add_signs(db, raw, dataset, mapping, {"signed_quantities": told}, "a.csv")
        return
    signed = add_signs(db, raw, dataset, mapping, {"signed_quantities": told}, "a.csv")
    assert signed.header[-1] == "_sign"
    assert [row[0] for row in db.execute("SELECT c2 FROM raw ORDER BY source_row").fetchall()] == expected


@pytest.mark.parametrize(
    ("days", "is_told"),
    [
        (("24-1-5", "24-1-28"), True),
        (("24-1-5",), False),
        (("05-1-24", "28-1-24"), False),
        (("24-13-5", "24-1-28"), False),
    ],
    ids=["the days spread", "one day tells nothing", "day first", "no month"],
)
def test_two_digit_years_are_read_where_the_file_shows_their_order(db, days, is_told):
    dataset = next(dataset for dataset in load_mapping("generic_excel").datasets if dataset.name == "movements")
    raw = raw_of(db, ["日期"], [(day,) for day in days])
    told = tell_short_years(db, raw, dataset, [(day,) for day in days])
    assert told.date_formats == (YEAR_FIRST if is_told else ())


def test_a_unit_of_money_in_the_title_is_that_of_the_amounts(db):
    raw = raw_of(db, ["存货编码", "库存金额", "单价", "金额/千元"], [("01", "1.5", "3", "2"), ("02", "-", "4", "")])
    raw = scale_units(db, replace(raw, above=((1, ("单位：万元   打印人：王",)),)), {"库存金额", "单价", "金额"})
    assert raw.header == ("存货编码", "库存金额", "单价", "金额")
    assert db.execute("SELECT c1, c2, c3 FROM raw ORDER BY source_row").fetchall() == [
        ("15000", "3", "2000"),
        ("-", "4", ""),
    ]
    assert "warning: the title gives the unit of amounts; prices are read as they are" in raw.notes


@pytest.mark.parametrize(
    ("header", "rows", "left"),
    [
        (["货号", "仓库", "数量"], [("a", "W", "1"), ("b", "W", "2"), (None, None, "3")], 2),
        (["货号", "仓库", "数量"], [("a", "W", "1"), ("b", "W", "2"), (None, None, "4")], 3),
        (["id", "parent", "note"], [("1", None, None), ("2", "1", "x"), ("3", None, None)], 3),
        (["货号", "仓库", "数量"], [(None, "W", "1"), ("b", None, "2"), (None, None, "3")], 3),
    ],
    ids=["a total", "it does not add up", "numbers that are names", "no key that it lacks"],
)
def test_a_last_row_of_numbers_alone_is_a_total_where_it_adds_up(db, header, rows, left):
    assert settle_bare_total(db, raw_of(db, header, rows)).rows == left
    assert db.execute("SELECT count(*) FROM raw").fetchone() == (left,)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("kind: snapshot", "kind: snap", "there is no kind 'snap'; known are: count"),
        ("kind: snapshot", "kind: count", "a file of kind count fills stock_count_line, not stock_on_hand"),
        ("enum: types, parameter: signed_quantities", "enum: t, parameter: s", "parameter 's' is declared nowhere"),
        ("    scope: period\n    scope_by", "    scope: key\n    scope_by", "`scope_by` goes with `scope: period`"),
        ("formats: [period_end]", "formats: [period_end, period_start]", "read the same text as different days"),
    ],
)
def test_a_mistake_in_what_a_mapping_says_of_files_is_told_with_its_line(old, new, message):
    text = mapping_path("generic_excel").read_text(encoding="utf-8")
    assert old in text
    with pytest.raises(MappingError, match=rf"(?s)g\.yml:\d+: datasets\.\d.*{re.escape(message)}"):
        parse_mapping(Located("g.yml", text.replace(old, new)), load_contracts())


def test_codes_without_a_master_are_mended_only_as_a_whole_column(db):
    item, dataset = load_contracts()["item"], load_mapping("generic_excel").datasets[0]

    def restored(*codes: str) -> list[str]:
        restore_codes(db, raw_of(db, ["存货编码"], [(code,) for code in codes]), dataset, item, None)
        return [row[0] for row in db.execute("SELECT c0 FROM raw ORDER BY source_row").fetchall()]

    assert restored("12.0", "3.0") == ["12", "3"]
    assert restored("12.0", "1.5") == ["12.0", "1.5"]
    assert restored("1.234E+03", "A1") == ["1234", "A1"]
    assert restored("1.2E+12", "A1") == ["A1"]


@pytest.mark.parametrize(
    ("codes", "by_cell", "expected"),
    [
        (("1", "12"), False, ["0001", "0012"]),
        (("1", "0012"), False, ["1", "0012"]),
        (("1", "0012"), True, ["0001", "0012"]),
        (("00077", "5"), True, ["00077", "5"]),
        (("7", "A1"), True, ["7", "A1"]),
    ],
    ids=["all lost", "a text file that kept them", "cell by cell", "zeros too many, two that fit", "two codes fit"],
)
def test_zeros_that_were_lost_are_restored_where_one_code_fits(db, codes, by_cell, expected):
    dataset = next(found for found in load_mapping("generic_excel").datasets if found.name == "movements")
    known = "SELECT unnest(['0001', '0012', '77', '005', '0005', '07', '007', 'A1']) AS code"
    raw = raw_of(db, ["存货编码"], [(code,) for code in codes])
    restore_codes(db, raw, dataset, load_contracts()["stock_movement"], known, by_cell=by_cell)
    assert [row[0] for row in db.execute("SELECT c0 FROM raw ORDER BY source_row").fetchall()] == expected


def test_merged_cells_of_markup_keep_their_columns():
    page = "<tr><td rowspan=2>D1<td rowspan=2>5<td>a</tr><tr><td>b</tr><tr><td colspan=2>c<td>d</tr>"
    assert html_cells(f"<table>{page}</table>", "a.xls") == [["D1", "5", "a"], ["D1", None, "b"], ["c", None, "d"]]
    space = "urn:schemas-microsoft-com:office:spreadsheet"
    sheet = (
        '<Row><Cell ss:MergeAcross="1"><Data>期初</Data></Cell><Cell><Data>期末</Data></Cell></Row>'
        '<Row><Cell ss:MergeDown="1"><Data>D1</Data></Cell><Cell><Data>1</Data></Cell></Row>'
        '<Row><Cell ss:Index="3"><Data>7</Data></Cell></Row>'
    )
    book = f'<?xml version="1.0"?><Workbook xmlns="{space}" xmlns:ss="{space}"><Worksheet><Table>{sheet}</Table></Worksheet></Workbook>'
    assert spreadsheetml_cells(book.encode(), "a.xls", None) == [["期初", None, "期末"], ["D1", "1"], ["D1", None, "7"]]


def test_every_code_that_exports_use_has_its_meaning():
    enums = load_mapping("generic_excel").enums
    movements = next(found for found in load_mapping("generic_excel").datasets if found.name == "movements")
    assert movements.where is not None
    valueless = {
        code
        for code in ["入库调整单", "出库调整单", "成本调整单", "红字回冲单", "蓝字回冲单"]
        if code in movements.where
    }
    assert len(valueless) == 5
    either_way = ["形态转换单", "组装单", "拆卸单", "调拨单", "直接调拨单"]
    assert all(f"{code}{way}" in enums["types"] for code in either_way for way in "入出")
    expected = {
        "types": {
            "采购入库单": "purchase_receipt",
            "采购退货单": "purchase_return",
            "采购退料单": "purchase_return",
            "产成品入库单": "production_receipt",
            "产品入库单": "production_receipt",
            "材料出库单": "production_issue",
            "生产领料单": "production_issue",
            "退料单": "production_issue_return",
            "销售出库单": "sales_issue",
            "销售退货单": "sales_return",
            "其他入库单": "other_in",
            "其他出库单": "other_out",
            "调拨入库": "transfer_in",
            "调拨出库": "transfer_out",
            "盘盈单": "count_gain",
            "盘盈入库": "count_gain",
            "盘亏单": "count_loss",
            "盘亏出库": "count_loss",
            "报损单": "scrap",
            "报废单": "scrap",
            "期初库存": "opening",
            "期初结存": "opening",
            "委外加工入库": "subcontract_receipt",
            "委外发料": "subcontract_issue",
            "领用出库": "internal_use",
            "赠品出库": "other_out",
            "样品出库": "internal_use",
        },
        "statuses": {
            **dict.fromkeys(["已审核", "审核", "已审", "Y"], "approved"),
            **dict.fromkeys(["未审核", "保存", "暂存", "草稿", "开立"], "draft"),
            "审核中": "submitted",
            **dict.fromkeys(["作废", "已作废", "取消"], "cancelled"),
            **dict.fromkeys(["已关闭", "关闭", "完成", "已完成"], "closed"),
        },
        "qualities": {
            **dict.fromkeys(["良品", "正品", "合格", "ZP"], "available"),
            **dict.fromkeys(["次品", "残次", "不良", "不合格", "CC"], "defective"),
            "待检": "qc",
            "冻结": "frozen",
            "在途": "in_transit",
            "ZT": "in_transit",
            "报废": "scrap",
        },
    }
    for name, codes in expected.items():
        assert {code: enums[name].get(code) for code in codes} == codes
        assert enums[name]["_default"] == "fail"


def test_every_header_of_the_trade_is_known_to_the_mapping_for_any_system():
    """The list of synonyms that the mapping was written from, where it is at hand: what is missing is missing by intent."""
    root = Path(__file__).resolve().parents[3]
    page = Path(os.environ.get("STOCKTURN_SHARED", root.parent / "shared")) / "vendors" / "excel_headers.md"
    if not page.is_file():
        pytest.skip("the list of headers is not at hand (STOCKTURN_SHARED)")
    known = {
        plain_name(name)
        for dataset in load_mapping("generic_excel").datasets
        for branch in dataset.branches
        for rule in branch.columns.values()
        for header in rule.headers
        for name in dataset.spellings(header)
    }
    read = (
        "item_name spec barcode variant location_code lot_no mfg_date on_hand_qty available_qty reserved_qty frozen_qty "
        "in_transit_qty stock_value unit_cost stock_status book_qty counted_qty reason doc_no line_no business_date "
        "entered_at supplier customer abc_class_source"
    )
    rows = [
        line.strip("|").split("|") for line in page.read_text(encoding="utf-8").splitlines() if line.startswith("| ")
    ]
    words = {row[0].strip(): re.sub(r"[(（][^)）]*[)）]|`[^`]*`|→\S+", "", row[1]).split() for row in rows}
    missing = {word for row in read.split() for word in words[row] if plain_name(word) not in known}
    assert missing == {"凭证号"}, "a voucher number is that of the general ledger, not of the stock document"


def test_describe_tells_the_kind_and_drafts_with_it(tmp_path):
    file = tmp_path / "stock.csv"
    file.write_text(
        "查询条件：全部\n料号,仓库,可用量,数量,日期,单价,金额（万元）,状态\n01,C1,4,5,2024-03-31,2,1,正品\n",
        encoding="utf-8",
    )
    (table,) = profile_files(file)
    assert str(table.kind) == "stock on hand (库存): 料号 + 可用量"
    assert table_fits(table, load_contracts())[0].contract == "stock_on_hand"
    draft = draft_mapping("any", [table], load_contracts())
    for line in ("on_hand_units: 数量", "as_of_date: 日期", "unit_cost: 单价", "stock_value: 金额", "正品: available"):
        assert line in draft
    assert "stock on hand (库存): 料号 + 可用量" in draft


def test_the_table_of_rules_names_tests_that_exist():
    folder = Path(__file__).parent
    page = (folder.parents[2] / "docs" / "files.md").read_text(encoding="utf-8")
    tests = "\n".join(path.read_text(encoding="utf-8") for path in sorted(folder.glob("test_*.py")))
    named = set(re.findall(r"`(test_\w+)`", page))
    assert len(named) > 30
    assert {name for name in named if f"def {name}(" not in tests} == set()


CELLS = (
    st.none()
    | st.text(alphabet="合小计仓1.-,箱年月/ ", max_size=6)
    | st.sampled_from(["24-1-5", "12个月", "1.0E+12", "数量：5"])
)


@given(st.lists(st.tuples(CELLS, CELLS, CELLS), min_size=1, max_size=6), st.lists(CELLS, max_size=3))
@settings(deadline=None, max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_sheet_crashes_the_rules_and_every_row_is_there_or_was_a_total(db, rows, titles):
    dataset = next(found for found in load_mapping("generic_excel").datasets if found.name == "on_hand")
    above = tuple((1, (text,)) for text in titles if text)
    raw = replace(raw_of(db, ["货号", "库存数量(吨)", "保质期"], rows), above=above)
    must, may = dataset_headers(dataset)
    expected = [*must, *may]
    wanted = {normal_header(name) for header in expected for name in dataset.spellings(header)}
    try:
        ruled = apply_rules(db, raw, "a.csv", dataset, expected, wanted, may_hold_totals=True)
        ruled = restore_codes(db, ruled, dataset, load_contracts()["stock_on_hand"], "SELECT '001' AS code")
    except IngestError:
        return
    left = db.execute("SELECT source_row FROM raw ORDER BY source_row").fetchall()
    assert ruled.rows_in == len(left) + len(ruled.malformed) <= len(rows)
    assert len(ruled.header) == len(ruled.columns) and db.execute(f"SELECT {', '.join(ruled.columns)} FROM raw LIMIT 0")


@given(st.lists(st.text(max_size=8), max_size=8))
@settings(deadline=None, max_examples=50)
def test_no_header_crashes_the_detection_of_kinds(header):
    found = detect_kind(header)
    assert found is None or set(found.headers) <= set(header)


@given(st.text(alphabet="存貨编碼帳庫後（）(必填):：*＊ＳＫＵskuÄ_ \u3000\u200b\ufeff万元", max_size=12))
@settings(deadline=None, max_examples=100)
def test_a_header_is_normal_once_it_is_normal(text):
    assert normal_header(normal_header(text)) == normal_header(text)
    assert simplified(simplified(text)) == simplified(text)
