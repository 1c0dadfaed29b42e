"""A wrong mapping is refused with file, line and key; an expression can do what the whitelist says and nothing else."""

from __future__ import annotations

import duckdb
import pytest

from assets.ingest.contracts import load_contracts
from assets.ingest.errors import MappingError
from assets.ingest.mapping.expression_sql import compile_expression
from assets.ingest.mapping.expressions import ExpressionError, Kind, headers_of, parse_expression
from assets.ingest.mapping.loader import MAPPINGS_FOLDER, load_mapping, parse_mapping
from assets.ingest.mapping.yaml_lines import Located

GOOD = """mapping: m
version: 1
source_system: s
enums:
  kinds: {a: trading, _default: fail}
datasets:
  - name: items
    contract: item
    files: "*.csv"
    scope: full
    columns:
      item_code: code
      item_name: name
      base_uom: {const: pc}
      item_type: {from: kind, enum: kinds}
"""


def check(text: str):
    return parse_mapping(Located("m.yml", text), load_contracts())


def test_the_good_one_passes():
    assert check(GOOD).datasets[0].columns["item_code"].from_ == "code"


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("version: 1", "versoin: 1", "m.yml:2: versoin: there is no such key in the mapping language"),
        ("version: 1", "version: 1\nversion: 2", "m.yml:3: version: the key appears twice"),
        ("scope: full", "scope: all", "m.yml:10: datasets.0.scope: Input should be 'key', 'period' or 'full'"),
        ("scope: full", "scope: period", "m.yml:10: datasets.0.scope: contract item has no scope date; use "
            "key or full"),
        ("contract: item", "contract: thing", "m.yml:8: datasets.0.contract: there is no contract 'thing'"),
        ('files: "*.csv"', 'files: "../*.csv"', "m.yml:9: datasets.0.files: files are looked for below the "
            "source folder"),
        ("      item_code: code\n", "", "m.yml:11: datasets.0.columns: required by contract item but not "
            "mapped: item_code"),
        ("item_name: name", "item_nam: name", "m.yml:13: datasets.0.columns.item_nam: contract item has no "
            "column 'item_nam'"),
        ("{const: pc}", "{const: pc, from: x}", "m.yml:14: datasets.0.columns.base_uom: give exactly one of"),
        ("{const: pc}", "{expr: 'read_csv(1)'}", "m.yml:14: datasets.0.columns.base_uom.expr: `READ_CSV(1)` "
            "is not allowed"),
        ("enum: kinds", "enum: sorts", "m.yml:15: datasets.0.columns.item_type.enum: there is no enum 'sorts'"),
        ("a: trading", "a: tradin", "m.yml:15: datasets.0.columns.item_type.enum: kinds: 'a' gives 'tradin'"),
        (", _default: fail", "", "m.yml:4: enums: kinds: `_default` must say what an unknown code means"),
        ("{from: kind, enum: kinds}", "{const: nothing}", "m.yml:15: datasets.0.columns.item_type: 'nothing' "
            "is not one of raw"),
        ("scope: full", "scope: full\n    extract_date: '(['", "m.yml:11: datasets.0.extract_date: is no "
            "regular expression"),
        ("scope: full", "scope: full\n    extract_date: 'x'", "m.yml:11: datasets.0.extract_date: the "
            "regular expression needs one group"),
        ("scope: full", "scope: full\n    date_formats: ['%d/%m/%Y', '%m/%d/%Y']", "m.yml:11: datasets.0.date_formats: "
            "'%d/%m/%Y' and '%m/%d/%Y' read the same text"),
        ("scope: full", "scope: full\n    date_formats: ['%Q']", "m.yml:11: datasets.0.date_formats: '%Q': only %Y"),
        ("mapping: m", "mapping: [", "not valid YAML"),
    ],
)  # fmt: skip
def test_a_mistake_is_named_with_file_line_and_key(old, new, message):
    assert old in GOOD
    with pytest.raises(MappingError) as caught:
        check(GOOD.replace(old, new, 1))
    assert message in str(caught.value)


def test_every_shipped_mapping_passes():
    names = [path.stem for path in sorted(MAPPINGS_FOLDER.glob("*.yml"))]
    assert "usaid_lmis" in names
    for name in names:
        assert load_mapping(name).mapping == name


def test_an_unknown_mapping_names_the_known_ones():
    with pytest.raises(MappingError, match="usaid_lmis"):
        load_mapping("sap_r2")
    with pytest.raises(MappingError, match="neither the name"):
        load_mapping("../../etc/passwd")


@pytest.mark.parametrize(
    "text",
    [
        "(select 1)", "read_csv('x')", "a; drop table "
            "x", "s.t.a", "a[1]", "current_date", "getenv('HOME')", "a like 'x%'",
        "if(a, 1, 2)", "cast(a as blob)", "a in (select 1)", "now()", "a -> 'b'", "*", "sum(a)", "row_number() over ()",
        "a + interval 1 day", "exists (select 1)", "{'a': 1}", "x -> x + 1", "pragma_version()", "a collate nocase", "",
        "strptime(a, b)", "a between 1", "regexp_matches(a, b)", "regexp_matches(a, '(')", "regexp_matches(a, 'x', 'i')",
        "regexp_extract(a, '(x)', b)", "a ->> b",
    ],
)  # fmt: skip
def test_what_is_not_whitelisted_is_refused(text):
    with pytest.raises(ExpressionError):
        parse_expression(text)


CASES = [
    ("case when side = '出' then -qty else qty end", Kind.NUMBER, -12.5),
    ("qty * 2 + 1", Kind.NUMBER, 26.0),
    ("qty / 0", Kind.NUMBER, None),
    ("abs(-qty)", Kind.NUMBER, 12.5),
    ("round(qty)", Kind.NUMBER, 13.0),
    ("least(qty, 3)", Kind.NUMBER, 3.0),
    ("coalesce(blank, qty)", Kind.NUMBER, 12.5),
    ("coalesce(blank, '缺')", Kind.TEXT, "缺"),
    ("nullif(side, '出')", Kind.TEXT, None),
    ("code || '-' || 7", Kind.TEXT, "007-7"),
    ("concat(code, '/', side)", Kind.TEXT, "007/出"),
    ("substr(code, 2, 2)", Kind.TEXT, "07"),
    ("upper(replace(lower('A-B'), '-', '_'))", Kind.TEXT, "A_B"),
    ("cast(day as date) + 1", Kind.DATE, "2024-02-29"),
    ("last_day(day)", Kind.DATE, "2024-02-29"),
    ("make_date(year, month, 1) - 1", Kind.DATE, "2024-01-31"),
    ("make_date(year, 13, 1)", Kind.DATE, None),
    ("strptime('2024-02', '%Y-%m')", Kind.DATE, "2024-02-01"),
    ("qty > 12 and not (code in ('008', '009'))", Kind.BOOLEAN, True),
    ("qty between 1 and 12", Kind.BOOLEAN, False),
    ("blank is null", Kind.BOOLEAN, True),
    ("cast(year as integer) * 100 + month", Kind.TEXT, "202402"),
    ("case code when '007' then 'bond' else 'other' end", Kind.TEXT, "bond"),
    ("names ->> 'zh_CN'", Kind.TEXT, "书桌"),
    ("json_extract_string(names, 'en_US')", Kind.TEXT, "Desk"),
    ("names ->> '$.other[1]'", Kind.TEXT, "b"),
    ("coalesce(names ->> 'fr_FR', names ->> 'en_US', names)", Kind.TEXT, "Desk"),
    ("coalesce(side ->> 'en_US', side)", Kind.TEXT, "出"),
    ("coalesce(code ->> 'en_US', code)", Kind.TEXT, "007"),
    ("regexp_matches(code, '^0[0-9]+$') and not regexp_matches(side, '入')", Kind.BOOLEAN, True),
    ("regexp_extract(code, '^0+([1-9].*)', 1)", Kind.TEXT, "7"),
    ("regexp_extract(code, 'x+')", Kind.TEXT, None),
    ("regexp_extract(code, '[1-9]') + 1", Kind.NUMBER, 8.0),
]
VALUES = {
    "side": "'出'", "qty": "12.5::decimal(38,10)", "code": "'007'", "day": "date "
        "'2024-02-28'", "year": "2024::decimal(38,10)",
    "month": "2::decimal(38,10)", "blank": "null", "names": """'{"en_US": "Desk", "zh_CN": "书桌", "other": ["a", "b"]}'""",
}  # fmt: skip


@pytest.mark.parametrize(("text", "want", "expected"), CASES)
def test_expressions_mean_what_they_say(text, want, expected):
    tree = parse_expression(text)
    compiled = compile_expression(tree, want, lambda header, kind: f"{kind.value}_{header}")
    blank = {Kind.NUMBER: "cast(null as decimal(38,10))"}
    leaves = "".join(
        f", {blank.get(read.kind, 'cast(null as varchar)') if read.header == 'blank' else VALUES[read.header]}"
        f' as "{read.kind.value}_{read.header}"'
        for read in compiled.reads
    )
    connection = duckdb.connect()
    from assets.ingest.typing.text_macros import install_macros

    install_macros(connection)
    found = connection.execute(f"select {compiled.sql} from (select 1 as one{leaves})").fetchone()[0]
    if expected is None:
        assert found is None
    elif want is Kind.NUMBER:
        assert float(found) == expected
    elif want is Kind.DATE:
        assert str(found)[:10] == expected
    else:
        assert found == expected


def test_columns_are_read_as_their_place_asks():
    compiled = compile_expression(
        parse_expression("case when a > 1 then b else c end"), Kind.DATE, lambda header, kind: header
    )
    assert [(read.header, read.kind) for read in compiled.reads] == [
        ("a", Kind.NUMBER),
        ("b", Kind.DATE),
        ("c", Kind.DATE),
    ]
    assert headers_of(parse_expression('"a b" || 单号 || "a b"')) == ["a b", "单号"]
