# ruff: noqa: E501 - a row of a table stays on one line
"""Extracts that are no CSV with a header: files without one, JSON, names of their own, ids of either case, stated balances."""

from __future__ import annotations

import datetime as dt
import json
from functools import cache
from pathlib import Path

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assets.ingest.contracts import load_contracts
from assets.ingest.errors import IngestError, MappingError
from assets.ingest.mapping.file_keys import Records
from assets.ingest.mapping.loader import parse_mapping
from assets.ingest.mapping.yaml_lines import Located
from assets.ingest.reading.json_records import read_json
from assets.ingest.reading.running_balance import change_sql
from assets.ingest.typing.text_macros import install_macros

HEADLESS = """mapping: h
version: 1
source_system: h
date_formats: ["%m/%d/%y"]
tables:
  stock: {file: "stock_*", delimiter: "\\t", header: [item, wh, qty, day]}
  house: {file: "HOUSES.txt", header: [id, code]}
datasets:
  - name: stock
    contract: stock_on_hand
    table: stock
    scope: full
    join: [{table: house, as: h, by: {id: wh}, ignore_case: true}]
    columns: {as_of_date: day, item_code: item, warehouse_code: h.code, on_hand_units: qty}
"""


def test_a_file_without_header_is_read_by_the_names_of_the_mapping(make_company):
    company = make_company(HEADLESS)
    company.write("stock_of_today.txt", b"\xef\xbb\xbf001\tab\t5\t1/31/24\n002\tAB\t7\t1/31/24\n003\tzz\t9\t1/31/24\n")
    company.write("houses.TXT", "Ab;W1\n")
    report = company.read("stock_on_hand")
    assert (report.rows_in, report.rows_loaded, report.rows_quarantined) == (3, 2, 1)
    assert company.query(
        "select item_code, warehouse_code, on_hand_units::int, as_of_date, source_row from landing.stock_on_hand order by 1"
    ) == [
        ("001", "W1", 5, dt.date(2024, 1, 31), 1),
        ("002", "W1", 7, dt.date(2024, 1, 31), 2),
    ]
    # The first line is a row, and it is counted as the first one.
    assert [row[1:4] for row in company.quarantine()] == [(3, "required", "warehouse_code")]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("item\twh\tqty\tday\n001\tab\t5\t1/31/24\n", "has a header, and the mapping says that it has none"),
        ("001\tab\t5\n", "has 3 columns, and the mapping names 4"),
    ],
)
def test_a_file_that_is_not_as_the_mapping_says_is_refused(make_company, text, message):
    company = make_company(HEADLESS)
    company.write("stock_1.txt", text)
    company.write("houses.txt", "ab;W1\n")
    (refusal,) = company.read("stock_on_hand").refusals
    assert message in refusal and "stock_1.txt" in refusal


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("[item, wh, qty, day]", "[item, wh, qty]", "t.yml:6: tables.stock.header: dataset stock reads 'day', which it does not name"),
        ("[id, code]", "[id]", "t.yml:7: tables.house.header: dataset stock reads 'code', which it does not name"),
        ("[id, code]", "[code, id, Code]", "t.yml:7: tables.house.header: 'Code': every column of a file without header gets a name of its own"),
        ("  house: {", "  hose: {file: x}\n  house: {", "t.yml:7: tables.hose: no dataset reads this table"),
        ('"HOUSES.txt"', '"../HOUSES.txt"', "t.yml:7: tables.house.file: `file` is the name of a file"),
        ("header: [id, code]}", "header: [id, code], records: {}}", "t.yml:7: tables.house: `records` have names of their own"),
        ("    table: stock\n", "    table: stock\n    header: [a]\n", "t.yml:9: datasets.0: how the extracts of a table look is in `tables`"),
        ('["%m/%d/%y"]', '["%m/%d/%y", "%d/%m/%y"]', "t.yml:4: date_formats: "),
    ],
)  # fmt: skip
def test_a_mistake_about_extracts_is_named_with_file_line_and_key(old, new, message):
    assert old in HEADLESS
    with pytest.raises(MappingError) as caught:
        parse_mapping(Located("t.yml", HEADLESS.replace(old, new, 1)), load_contracts())
    assert message in str(caught.value)


DUMP = """mapping: d
version: 1
source_system: d
tables:
  item: {file: "dump_*.json", records: {only: {model: part}}}
  unit: {file: "dump_*.json", records: {only: {model: unit}}}
datasets:
  - name: items
    contract: item
    table: item
    scope: full
    join: [{table: unit, as: u, by: {pk: fields_unit}}]
    columns: {item_code: pk, item_name: fields_name, base_uom: u.fields_name, standard_cost: fields_cost, is_active: fields_active}
"""
RECORDS = """[
  {"model": "unit", "pk": 7, "fields": {"name": "kg"}},
  {"model": "part", "pk": "0001", "fields": {"name": "Tee\\u00e9", "unit": 7, "cost": 1.50000001, "active": true, "tags": ["a", 1.50]}},
  {"model": "part", "pk": 2, "fields": {"name": "Kaffee", "unit": 9, "cost": null, "active": false}},
  "no object"
]"""


def test_records_of_a_dump_are_tables(make_company):
    company = make_company(DUMP)
    company.write("dump_2024-01-31.json", RECORDS)
    report = company.read("item")
    # The string is no row of any table, and nobody may overlook it: it is kept aside with its place.
    assert (report.rows_in, report.rows_loaded, report.rows_quarantined) == (3, 1, 2)
    assert company.query(
        "select item_code, item_name, base_uom, standard_cost::varchar, is_active, extract_date, source_row, ext->>'fields_tags' from landing.item"
    ) == [("0001", "Teeé", "kg", "1.50000001", True, dt.date(2024, 1, 31), 2, '["a", 1.50]')]
    assert [(row[1], row[2]) for row in company.quarantine()] == [(3, "required"), (4, "malformed_row")]


@pytest.mark.parametrize(
    ("text", "at", "message"),
    [
        ('[{"a": 1}, {"a": 2]', (), "is no JSON: "),
        ('[{"a": 1} {"a": 2}]', (), "a comma or the end of the list is expected (line 1, column 11)"),
        ('[{"a": 1},', (), "the list has no end"),
        ('[{"a": 1, "a": 2}]', (), "an object has the field 'a' twice"),
        ("[" * 100_000, (), "nested too deep"),
        ("[]", (), "holds no object"),
        ('{"data": {"rows": [{"a": 1}]}}', ("data", "list"), "has nothing at data.list: data holds rows"),
        ('{"data": 5}', ("data",), "holds no list at data"),
    ],
)  # fmt: skip
def test_what_is_no_list_of_objects_is_refused_with_the_place(tmp_path, text, at, message):
    path = tmp_path / "x.json"
    path.write_text(text, "utf-8")
    with pytest.raises(IngestError) as caught, duckdb.connect() as connection:
        read_json(connection, path, "x.json", Records(at=at))
    assert message in str(caught.value) and "x.json" in str(caught.value)


@cache
def duckdb_with_macros() -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect()
    install_macros(connection)
    return connection


def read(
    folder: Path, text: str, records: Records = Records()
) -> tuple[tuple[str, ...], list[tuple[object, ...]], int]:
    path = folder / "r.json"
    path.write_text(text, "utf-8")
    connection = duckdb_with_macros()
    raw = read_json(connection, path, "r.json", records)
    return raw.header, connection.execute("select * from raw order by source_row").fetchall(), len(raw.malformed)


def test_lines_of_objects_lists_below_a_path_and_nested_fields(tmp_path):
    assert read(tmp_path, '{"a": 1}\n\n{"b": {"c": "x"}}\n') == (("a", "b_c"), [(1, "1", None), (2, None, "x")], 0)
    below = '{"code": 0, "data": {"rows": [{"qty": 12345678901234567890.10}]}}'
    assert read(tmp_path, below, Records(at=("data", "rows"))) == (("qty",), [(1, "12345678901234567890.10")], 0)
    header, rows, malformed = read(tmp_path, '[{"a": "\\ud800"}, {"a": {"b": 1}, "a_b": 2}, {"a": NaN}]')
    assert (header, rows, malformed) == (("a",), [(3, "NaN")], 2)


scalars = st.one_of(
    st.none(), st.booleans(), st.integers(), st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
)


@settings(max_examples=40, deadline=None)
@given(
    st.lists(
        st.dictionaries(st.text("abc", min_size=1, max_size=3), scalars, min_size=1, max_size=4), min_size=1, max_size=6
    )
)
def test_what_is_read_from_json_is_what_was_written(tmp_path_factory, objects):
    header, rows, malformed = read(
        tmp_path_factory.mktemp("json"), json.dumps(objects, ensure_ascii=len(objects) % 2 == 0)
    )
    assert malformed == 0 and set(header) == {key for item in objects for key in item}
    for item, row in zip(objects, rows, strict=True):
        for title, cell in zip(header, row[1:], strict=True):
            value = item.get(title)
            assert cell == (None if value is None else str(value).lower() if isinstance(value, bool) else str(value))


LEDGER = """mapping: b
version: 1
source_system: b
datasets:
  - name: moves
    contract: stock_movement
    files: "moves.csv"
    scope: key
    balance:
      by: [item]
      order: [day, doc]
      change: "case kind when 'in' then qty when 'out' then -qty end"
      stated: "case when kind = 'count' then qty end"
    where: "_change <> 0"
    columns:
      source_doc_type: {const: card}
      doc_no: doc
      source_doc_id: doc
      source_line_id: item
      movement_type: {expr: "case when kind = 'in' then 'purchase_receipt' when kind = 'out' then 'sales_issue' when _change > 0 then 'count_gain' else 'count_loss' end"}
      business_date: day
      item_code: item
      warehouse_code: {const: W}
      quantity_units: _change
"""


def test_a_line_that_states_the_balance_becomes_what_it_changed(make_company):
    company = make_company(LEDGER)
    company.write(
        "moves.csv",
        # Out of order; number 10 is behind 9; the count of 10 finds what the book says; b has a history of its own.
        "item,day,doc,kind,qty\na,2024-01-05,10,count,7\na,2024-01-05,9,out,3\na,2024-01-02,2,in,4\na,2024-01-01,1,count,6\nb,2024-01-01,1,count,5\nb,2024-01-03,3,count,2\nb,2024-01-04,4,lost,1\n",
    )
    report = company.read("stock_movement")
    assert (
        report.rows_in,
        report.rows_loaded,
        report.rows_quarantined,
        sum(b.rows_excluded for b in report.batches),
    ) == (7, 5, 1, 1)
    assert company.query(
        "select item_code, source_doc_id, quantity_units::int, movement_type from landing.stock_movement order by 1, business_date"
    ) == [
        ("a", "1", 6, "count_gain"),
        ("a", "2", 4, "purchase_receipt"),
        ("a", "9", -3, "sales_issue"),
        ("b", "1", 5, "count_gain"),
        ("b", "3", -3, "count_loss"),
    ]


rows_of_cards = st.lists(
    st.tuples(st.sampled_from("xy"), st.booleans(), st.one_of(st.none(), st.integers(-9, 9))), min_size=1, max_size=20
)


@settings(max_examples=50, deadline=None)
@given(rows_of_cards)
def test_changes_add_up_to_every_balance_that_is_stated(rows):
    """Against a plain loop: whatever is between, the running sum is the stated balance right after it."""
    expected, held = [], {"x": 0, "y": 0}
    for card, states, value in rows:
        change = None if value is None else value - held[card] if states else value
        held[card] += change or 0
        expected.append(change)
    connection = duckdb_with_macros()
    connection.execute(
        "create or replace table t (source_row int, card varchar, moment varchar, change int, stated int)"
    )
    lines = [
        (at, card, None if states else value, value if states else None)
        for at, (card, states, value) in enumerate(rows)
    ]
    connection.executemany("insert into t values (?, ?, '1', ?, ?)", lines)
    sql = change_sql(["card"], ["moment"], "change", "stated", "t")
    found = connection.execute(f"select change from ({sql}) order by source_row").fetchall()
    assert [None if change is None else int(change) for (change,) in found] == expected


@pytest.mark.parametrize(("rule", "ext"), [("ext", '{"colour":"red"}'), ("drop", None)])
def test_columns_that_nobody_asked_for_are_kept_or_left_out(make_company, rule, ext):
    text = f"mapping: u\nversion: 1\nsource_system: u\ndatasets:\n  - name: s\n    contract: supplier\n    files: s.csv\n    scope: full\n    unknown_columns: {rule}\n    columns: {{supplier_code: code, supplier_name: code}}\n"
    company = make_company(text)
    company.write("s.csv", "code,colour\nV1,red\n")
    company.read("supplier")
    assert company.query("select supplier_code, ext from landing.supplier") == [("V1", ext)]


def test_rows_that_do_not_count_are_kept_out_of_a_sum(make_company):
    text = 'mapping: s\nversion: 1\nsource_system: s\ndatasets:\n  - name: stock\n    contract: stock_on_hand\n    table: stock\n    scope: full\n    combine: {by: [item], sum: [qty], where: "cast(day as date) <= cast(_extract_date as date) and flag < 3"}\n    columns: {as_of_date: _extract_date, item_code: item, warehouse_code: {const: W}, on_hand_units: qty}\n'
    company = make_company(text)
    company.write(
        "stock_20240131.csv",
        "item,qty,day,flag\na,1,2024-02-01,0\na,2,2024-01-01,0\na,4,2024-01-02,3\na,8,2024-01-31,1\nb,5,2024-02-09,0\n",
    )
    report = company.read("stock_on_hand")
    assert (report.rows_in, report.rows_loaded, report.rows_quarantined) == (5, 1, 0)
    assert company.query("select item_code, on_hand_units::int, source_row from landing.stock_on_hand") == [
        ("a", 10, 3)
    ]


def test_lists_that_users_export_from_sap_are_read_by_their_headings(make_company):
    company = make_company()
    company.source = company.source.model_copy(update={"mapping": "sap_lists"})
    company.write(
        "MB52_20240331.txt",
        "Stock overview\t\t\t\t\t\t\t\nMaterial\tMaterial Description\tPlant\tStorage Location\tBase Unit of Measure\tUnrestricted\tIn Quality Insp.\tBlocked\n"
        "100\tPump\t1000\t0001\tPC\t1,250.000\t4\t0\n100\tPump\t1000\t\tPC\t9\t0\t0\n200\tResin\t1000\t0002\tKG\t3\t0\t2\n",
    )
    company.write(
        "MB51_1.csv",
        "物料,工厂,库存地点,移动类型,特殊库存,物料凭证,物料凭证项目,过账日期,数量\n"
        '100,1000,0001,101,,5000000001,1,2024.01.05,"1,260.000"\n100,1000,0001,601,,4900000001,1,2024.01.06,10-\n'
        "100,1000,0001,101,K,5000000002,1,2024.01.07,5\n100,1000,0001,Z01,,4900000002,1,2024.01.08,1-\n100,1000,,103,,5000000003,1,2024.01.08,7\n",
    )
    for master in ("item", "warehouse"):
        assert company.read(master).refusals == ()
    stock = company.read("stock_on_hand")
    assert (stock.refusals, stock.rows_in, stock.rows_loaded) == ((), 3, 2)
    assert company.query(
        "select item_code, warehouse_code, stock_status, on_hand_units::int from landing.stock_on_hand order by all"
    ) == [
        ("100", "1000/0001", "available", 1250),
        ("100", "1000/0001", "qc", 4),
        ("200", "1000/0002", "available", 3),
        ("200", "1000/0002", "frozen", 2),
    ]
    moves = company.read("stock_movement")
    assert (moves.refusals, moves.rows_in, moves.rows_loaded, moves.rows_quarantined) == ((), 5, 3, 1)
    assert company.query(
        "select source_doc_id, movement_type, owner_type, quantity_units::int from landing.stock_movement order by business_date"
    ) == [
        ("5000000001/2024", "purchase_receipt", "own", 1260),
        ("4900000001/2024", "sales_issue", "own", -10),
        ("5000000002/2024", "purchase_receipt", "supplier", 5),
    ]
