# ruff: noqa: E501 - a row of a table stays on one line
"""What the mapping language can say about tables: joins, unions, signs, units, sums, parameters, books, bases, owners."""

from __future__ import annotations

import pytest

from assets.ingest.contracts import load_contracts
from assets.ingest.errors import MappingError
from assets.ingest.mapping.extends import extend
from assets.ingest.mapping.loader import load_mapping, parse_mapping
from assets.ingest.mapping.yaml_lines import Located
from assets.ingest.settings import SourceSettings, with_owners

MAPPING = """mapping: t
version: 1
source_system: t
parameters: {language: {default: 1, meaning: Language}, region: {meaning: Region}}
enums:
  kinds: {in: purchase_receipt, out: sales_issue, _default: fail}
datasets:
  - name: moves
    contract: stock_movement
    table: line
    scope: key
    join:
      - {table: head, as: h, by: {id: head_id}}
      - {table: text, as: n, by: {item: item}, where: "lang = :language", optional: true}
    where: "coalesce(h.region, :region) = :region"
    optional_columns: [factor, price_unit, price, n.name]
    columns:
      source_doc_type: {const: T}
      doc_no: h.no
      source_doc_id: head_id
      source_line_id: id
      movement_type: {from: h.kind, enum: kinds}
      business_date: h.day
      item_code: item
      warehouse_code: wh
      quantity_units: {from: qty, factor: "coalesce(factor, 1)", sign: "case h.kind when 'in' then 1 when 'out' then -1 end"}
      unit_cost: {from: price, per: price_unit}
      reason_code: n.name
"""
HEAD = "id,no,day,kind,region\n1,D1,2024-01-05,in,E\n2,D2,2024-01-06,out,\n3,D3,2024-01-06,in,W\n"


def check(text: str):
    return parse_mapping(Located("t.yml", text), load_contracts())


def moves(company):
    return company.query(
        "select doc_no, quantity_units::double, unit_cost::double, reason_code from landing.stock_movement order by all"
    )


def test_joins_look_up_and_numbers_get_sign_factor_and_price_unit(make_company):
    company = make_company(MAPPING, parameters={"region": "E"})
    company.write("HEAD_20240131.csv", HEAD)
    company.write("text.csv", "item,lang,name\na,1,Apple\na,2,Apfel\n")
    company.write(
        "line_20240131.csv",
        "id,head_id,item,wh,qty,factor,price,price_unit\n1,1,a,W,2,12,50,10\n2,2,b,W,3,,4,\n3,3,a,W,9,,,\n4,2,a,W,1,,,\n",
    )
    report = company.read("stock_movement")
    assert (report.rows_in, report.rows_loaded, report.rows_quarantined) == (4, 2, 1)
    assert moves(company) == [("D1", 24.0, 5.0, "Apple"), ("D2", -1.0, None, "Apple")]
    # A price without its price unit is wrong, not another price.
    assert [row[2:4] for row in company.quarantine()] == [("expression_failed", "unit_cost")]


def test_a_changed_head_is_read_again_and_an_unchanged_one_is_not(make_company):
    company = make_company(MAPPING, parameters={"region": "E"})
    company.write("head.csv", HEAD)
    company.write("line.csv", "id,head_id,item,wh,qty\n1,1,a,W,2\n")
    assert company.read("stock_movement").rows_loaded == 1
    assert company.read("stock_movement").batches == ()
    company.write("head.csv", HEAD.replace("D1", "D1x"))
    company.read("stock_movement")
    assert [row[0] for row in moves(company)] == ["D1x"]


@pytest.mark.parametrize(
    ("head", "message"),
    [
        (HEAD + "1,D9,2024-01-05,in,E\n", "holds 2 rows for id=1, but a join needs one"),
        ("no,day,kind,region\nD1,2024-01-05,in,E\n", "has no column 'id', which a join needs"),
        (None, "joins table head, of which there is no extract"),
    ],
)
def test_a_join_that_cannot_be_followed_refuses_the_file(make_company, head, message):
    company = make_company(MAPPING, parameters={"region": "E"})
    if head is not None:
        company.write("head.csv", head)
    company.write("line.csv", "id,head_id,item,wh,qty\n1,1,a,W,2\n")
    (refusal,) = company.read("stock_movement").refusals
    assert message in refusal


def test_a_parameter_without_a_value_or_of_another_name_is_said(make_company):
    for parameters, message in (
        ({}, "needs a value for region"),
        ({"region": "E", "colour": "red"}, "has no parameter colour"),
    ):
        company = make_company(MAPPING, parameters=parameters)
        company.write("head.csv", HEAD)
        company.write("line.csv", "id,head_id,item,wh,qty\n1,1,a,W,2\n")
        with pytest.raises(MappingError, match=message):
            company.read("stock_movement")


STOCK = """mapping: s
version: 1
source_system: s
datasets:
  - name: stock
    contract: stock_on_hand
    scope: full
    combine: {by: [item, wh], sum: [qty]}
    where: ":is_last_instance"
    columns: {as_of_date: _extract_date, item_code: item, warehouse_code: wh, on_hand_units: qty}
    union:
      - {name: own, table: stock}
      - {name: other, table: stock_b}
"""


def test_rows_that_mean_one_are_added_up_and_each_is_counted(make_company):
    company = make_company(STOCK)
    company.write("stock_20240131.csv", "item,wh,qty\na,W,1\na,W,2.5\nb,W,4\n")
    company.write("stock_b_20240131.csv", "item,wh,qty\na,X,7\n")
    report = company.read("stock_on_hand")
    assert (report.rows_in, report.rows_loaded) == (4, 3)
    assert company.query(
        "select item_code, warehouse_code, on_hand_units::double, as_of_date::text from landing.stock_on_hand order by all"
    ) == [
        ("a", "W", 3.5, "2024-01-31"),
        ("a", "X", 7.0, "2024-01-31"),
        ("b", "W", 4.0, "2024-01-31"),
    ]


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("by: {id: head_id}", "by: {id: x.head}", "t.yml:13: datasets.0.join.0.by: x.head: no table is joined as 'x' before this one"),
        ("as: n,", "as: h,", "t.yml:14: datasets.0.join.1.as: 'h' names two joined tables"),
        ("h.region, :region", "h.region, :reigon", ":reigon is declared nowhere"),
        ("doc_no: h.no", "doc_no: z.no", "z.no: no table is joined as 'z'"),
        ("table: line\n", "table: line\n    files: '*.csv'\n", "give exactly one of `files`, `table` and `union`"),
        ("table: line\n", "table: '../line'\n", "is no name of a table"),
        ("item_code: item\n", "item_code: {from: item, factor: '2'}\n", "give a number, but item_code is a text"),
        ("movement_type: {from: h.kind, enum: kinds}", "movement_type: {from: h.kind, enum: kinds, sign: '1'}", "go with a number"),
        ("optional: true}", "optional: true, sum: [name], max: [name]}", "in one way only"),
    ],
)  # fmt: skip
def test_a_mistake_about_tables_is_named_with_file_line_and_key(old, new, message):
    assert old in MAPPING
    with pytest.raises(MappingError) as caught:
        check(MAPPING.replace(old, new, 1))
    assert message in str(caught.value)


def test_a_mistake_in_a_union_is_named_where_it_stands():
    with pytest.raises(MappingError) as caught:
        check(STOCK.replace("table: stock_b}", "table: stock_b, columns: {stock_status: {const: lost}}}"))
    assert "t.yml:13: datasets.0.union.1.columns.stock_status: 'lost' is not one of" in str(caught.value)


def test_a_mapping_builds_on_another_and_its_mistakes_keep_their_file():
    base = Located("base.yml", MAPPING)
    text = "mapping: site\nextends: t\nversion: 2\nenums:\n  kinds: {back: sales_return}\ndatasets:\n  - name: moves\n    where: \"h.kind <> 'x'\"\n"
    site = parse_mapping(extend(Located("site.yml", text), lambda name: base), load_contracts())
    assert (site.version, site.source_system) == (2, "t")
    assert site.enums["kinds"] == {
        "back": "sales_return",
        "in": "purchase_receipt",
        "out": "sales_issue",
        "_default": "fail",
    }
    assert site.datasets[0].table == "line" and site.datasets[0].where == "h.kind <> 'x'"
    wrong = Located("base.yml", MAPPING.replace("item_code: item", "item_cod: item"))
    with pytest.raises(
        MappingError, match=r"base.yml:\d+: datasets.0.columns.item_cod: contract stock_movement has no column"
    ):
        parse_mapping(extend(Located("site.yml", text), lambda name: wrong), load_contracts())
    with pytest.raises(MappingError, match=r"site.yml:\d: without: t has no dataset nothing"):
        extend(Located("site.yml", text + "without: [nothing]\n"), lambda name: base)


def test_synonyms_of_a_site_are_added_to_those_of_the_base():
    base = Located(
        "base.yml",
        MAPPING.replace("  - name: moves\n", "  - name: moves\n    synonyms: {item: [sku], day: [date]}\n", 1),
    )
    text = (
        "mapping: site\nextends: t\nversion: 2\ndatasets:\n  - name: moves\n    synonyms: {item: [料号], place: [仓]}\n"
    )
    site = extend(Located("site.yml", text), lambda name: base)
    assert site.data["datasets"][0]["synonyms"] == {"item": ["料号", "sku"], "place": ["仓"], "day": ["date"]}


def test_a_synonym_stands_for_the_header_but_two_of_them_are_not_guessed(make_company):
    text = STOCK.replace(
        "    union:\n      - {name: own, table: stock}\n      - {name: other, table: stock_b}\n",
        '    files: "s*.csv"\n',
    )
    text = text.replace("    combine: {by: [item, wh], sum: [qty]}\n", "    synonyms: {qty: [数量, 库存]}\n").replace(
        "_extract_date", "day"
    )
    company = make_company(text)
    company.write("s1.csv", "day,item,wh,库存\n2024-01-31,a,W,3\n")
    company.write("s2.csv", "day,item,wh,库存,数量\n2024-01-31,a,W,3,4\n")
    (refusal,) = company.read("stock_on_hand").refusals
    assert "has several columns that mean qty: 数量, 库存" in refusal
    assert company.query("select on_hand_units::double from landing.stock_on_hand") == [(3.0,)]


def test_a_movement_type_has_one_owner(tmp_path, make_company):
    company = make_company()
    mes_folder = tmp_path / "mes"
    mes_folder.mkdir()
    (mes_folder / "mes_1.csv").write_text(
        "report_id,work_order,kind,report_date,item,warehouse,quantity\n1,WO1,issue,2024-01-05,001,W1,4\n", "utf-8"
    )
    mes = SourceSettings(
        name="mes",
        kind="file",
        mapping="mes",
        path=mes_folder,
        instance="mes",
        company_code="book1",
        owns=("sales_issue",),
    )
    erp, owner = with_owners([company.source, mes])
    assert (erp.not_owned, owner.not_owned) == (("sales_issue",), ())
    company.source = erp
    company.masters()
    company.write(
        "moves_20240105.csv",
        "类型,单号,行,日期,存货编码,仓库,数量,状态\n入库,D1,1,05/01/2024,001,W1,9,审\n出库,D2,1,05/01/2024,001,W1,4,审\n",
    )
    report = company.read("stock_movement")
    assert (report.rows_loaded, sum(batch.rows_excluded for batch in report.batches)) == (1, 1)
    # Without a type of its own the MES is evidence only.
    for source, loaded in ((mes, 1), (mes.model_copy(update={"owns": ()}), 0)):
        company.source, company.workspace = source, tmp_path / f"mes_{loaded}"
        assert company.read("stock_movement").rows_loaded == loaded
    with pytest.raises(ValueError, match="owned by shop and by mes"):
        with_owners([company.source.model_copy(update={"name": "shop", "mapping": "x", "owns": ("sales_issue",)}), mes])


def test_every_base_is_there():
    assert load_mapping("guanjiapo").enums["types"]["采购入库单"] == "purchase_receipt"
