"""Every kind of pollution that a delimited file can have, at every row and column: loaded right, kept back or refused, and
never silently wrong (the kinds follow Vitagliano et al., Pollock, VLDB 2023; the files are our own)."""

from __future__ import annotations

import codecs
import datetime as dt
import itertools
import re

import duckdb
import pytest

from assets.ingest.batches.register import register_landing
from assets.ingest.errors import IngestError
from assets.ingest.mapping.language import Dataset
from assets.ingest.reading.any_file import read_file
from assets.ingest.reading.raw_table import normal_header
from assets.ingest.settings import SourceSettings
from assets.ingest.stage import ingest
from assets.ingest.typing.text_macros import date_macros, install_macros

TITLES = ("单号", "日期", "存货编码", "存货名称", "数量", "金额", "备注")
ROWS = [
    ("D1", "2024-01-05", "A01", "茶杯", "1200", "6600.50", ""),
    ("D2", "2024-01-06", "A02", "茶壶, 大", "3", "7.25", "急"),
    ("D3", "2024-01-07", "A03", '管 "A"', "4", "8", ""),
    ("D4", "2024-01-08", "A04", "两行\n名称", "5", "9", "x"),
    ("D5", "2024-01-09", "A05", "盘", "6", "10", ""),
]
NUMBER, DATE = re.compile(r"-?\d+(\.\d+)?"), re.compile(r"\d{4}-\d\d-\d\d")
COLUMNS = {
    "source_doc_type": {"const": "入库"}, "doc_no": "单号", "source_doc_id": "单号", "source_line_id": {"const": "1"},
    "movement_type": {"const": "other_in"}, "business_date": "日期", "item_code": "存货编码", "quantity_units": "数量",
    "warehouse_code": {"const": "W1"}, "cost_value": "金额",
}  # fmt: skip
DATASET = Dataset.model_validate(
    {"name": "moves", "contract": "stock_movement", "files": "*", "scope": "key", "columns": COLUMNS}
)


@pytest.fixture(scope="module")
def db():
    connection = duckdb.connect(config={"threads": 1})
    install_macros(connection)
    connection.execute(";".join(date_macros("", [], "Asia/Shanghai")))
    return connection


def field(text: str, *, always: bool = False) -> str:
    return '"' + text.replace('"', '""') + '"' if always or re.search(r'[",\n\r]', text) else text


def lines(*, always: bool = False) -> list[str]:
    return [",".join(TITLES), *(",".join(field(cell, always=always) for cell in row) for row in ROWS)]


def with_delimiter(row: tuple[str, ...], mark: str, always: bool) -> str:
    """A row in another dialect; what holds its delimiter is in quotation marks."""
    return mark.join(field(cell, always=always or mark in cell) for cell in row)


def is_silently_wrong(db, tmp_path, data: bytes, expected: list[tuple[str, ...]] = ROWS) -> list[tuple]:
    """Rows that a run would land with other values than were meant; numbers and days are checked as typing does."""
    path = tmp_path / "moves.csv"
    path.write_bytes(data)
    try:
        raw = read_file(db, path, path.name, DATASET, list(TITLES), tmp_path)
    except IngestError as refusal:
        assert len(str(refusal).splitlines()) == 1
        return []
    found = [normal_header(title) for title in raw.header]
    wanted = [found.index(title) if title in found else -1 for title in TITLES]
    if -1 in (wanted[0], wanted[1], wanted[2], wanted[4], wanted[5]):
        return []  # the header does not match, so the file is refused by name
    meant = {tuple(cell or None if at >= 0 else None for cell, at in zip(row, wanted, strict=True)) for row in expected}
    wrong = []
    for _, *cells in db.execute(f"SELECT source_row, {', '.join(raw.columns)} FROM raw ORDER BY 1").fetchall():
        row = tuple(cells[at] if at >= 0 else None for at in wanted)
        same = tuple(cell.replace("\r\n", "\n") if cell else cell for cell in row)
        is_typed = NUMBER.fullmatch(row[4] or "") and (row[5] is None or NUMBER.fullmatch(row[5]))
        if same not in meant and is_typed and all(row[:3]) and DATE.fullmatch(row[1]):
            wrong.append(row)
    return wrong


def places(line: str, mark: str) -> list[int]:
    return [at for at, letter in enumerate(line) if letter == mark and (mark == '"' or line.count('"', 0, at) % 2 == 0)]


def polluted():
    """(name, bytes) of every file: each kind at each place."""
    for always in (False, True):
        clean = lines(always=always)
        kind = "quoted" if always else "plain"
        for row in range(len(clean)):

            def with_row(text, row=row, clean=clean):
                return "\n".join([*clean[:row], text, *clean[row + 1 :]]).encode() + b"\n"

            line = clean[row]
            for at in range(len(line) + 1):
                if line.count('"', 0, at) % 2:
                    continue  # between quotation marks it is content
                yield f"{kind}: a separator too many, row {row} at {at}", with_row(line[:at] + "," + line[at:])
                yield f"{kind}: a quotation mark too many, row {row} at {at}", with_row(line[:at] + '"' + line[at:])
                for mark in ("\r", "\n", "\r\n", "\x00", "\ufeff"):
                    yield f"{kind}: {mark!r} in row {row} at {at}", with_row(line[:at] + mark + line[at:])
            for mark, at in itertools.chain(
                ((",", at) for at in places(line, ",")), (('"', at) for at in places(line, '"'))
            ):
                yield f"{kind}: {mark} missing, row {row} at {at}", with_row(line[:at] + line[at + 1 :])
                for other in (";", "\t", "|", " "):
                    yield (
                        f"{kind}: {other!r} for {mark} in row {row} at {at}",
                        with_row(line[:at] + other + line[at + 1 :]),
                    )
            for other in (";", "\t", "|"):
                yield f"{kind}: delimiter {other!r} in row {row}", with_row(line.replace(",", other))
            if '""' not in line:
                yield f"{kind}: single quotes in row {row}", with_row(line.replace('"', "'"))
            yield f"{kind}: backslash escapes in row {row}", with_row(line.replace('""', '\\"'))
            yield f"{kind}: row {row} cut short", "\n".join([*clean[:row], line[: len(line) // 2]]).encode()
            yield f"{kind}: row {row} twice on one line", with_row(line + "," + line)
            yield f"{kind}: header again after row {row}", with_row(line + "\n" + clean[0])
            second = "仓库,日期,单号,存货编码,数量,金额,备注\nW1,2024-02-01,E1,B1,9,9,\nW2,2024-02-02,E2,B2,8,8,"
            yield f"{kind}: another table after row {row}", with_row(line + "\n\n" + second)
            for end in ("\r\n", "\r"):
                text = "\n".join(clean[: row + 1]) + "\n" + end.join(clean[row + 1 :])
                yield f"{kind}: line end {end!r} from row {row}", text.encode()
            for encoding in ("gb18030", "utf-8-sig", "utf-16"):
                data = [text.encode(encoding if number == row else "utf-8") for number, text in enumerate(clean)]
                yield f"{kind}: row {row} in {encoding}", b"\n".join(data) + b"\n"
            data = [text.encode("utf-8" if number == row else "gb18030") for number, text in enumerate(clean)]
            yield f"{kind}: row {row} in UTF-8 among GB18030", b"\n".join(data) + b"\n"
        whole = "\n".join(clean) + "\n"
        # The whole file in another dialect, and files that are hardly one.
        for other in (";", "\t", "|", " ", ", ", "::"):
            yield (
                f"{kind}: delimiter {other!r} everywhere",
                "\n".join(with_delimiter(row, other, always) for row in (TITLES, *ROWS)).encode(),
            )
        for end in ("\r", "\r\n", "\n\r", "\n\n"):
            yield f"{kind}: line end {end!r} everywhere", (end.join(clean) + end).encode()
        if always:  # elsewhere a field with marks inside is its own text by RFC 4180, whatever was meant
            yield f"{kind}: single quotes everywhere", whole.replace('"', "'").encode()
        yield f"{kind}: backslash escapes everywhere", whole.replace('""', '\\"').encode()
        yield f"{kind}: quotes without escapes", re.sub(r'(?<=[^,\n])""(?=[^,\n])', '"', whole).encode()
        yield f"{kind}: no last line end", whole.rstrip("\n").encode()
        yield f"{kind}: two last line ends", (whole + "\n").encode()
        yield f"{kind}: nothing", b""
        yield f"{kind}: line ends alone", b"\n\n\n"
        yield f"{kind}: header alone", (clean[0] + "\n").encode()
        yield f"{kind}: one row", "\n".join(clean[:2]).encode()
        for above in (["单据,,货,,数,,"], ["甲,,,,,,", "单据,,货,,数,,"]):
            yield f"{kind}: header over {len(above) + 1} rows", "\n".join([*above, *clean]).encode()
            halves = [
                ",".join(title[: len(title) // 2] for title in TITLES),
                ",".join(title[len(title) // 2 :] for title in TITLES),
            ]
            yield (
                f"{kind}: titles cut over {len(above) + 1} rows",
                "\n".join([*above[1:], *halves, *clean[1:]]).encode(),
            )
        yield f"{kind}: table without a blank line after another", ("a,b,c\n1,2,3\n" + whole).encode()
        yield (
            f"{kind}: table of the same width after another",
            (whole + "a,b,c,d,e,f,g\n1,2024-01-09,3,4,5,6,7\n").encode(),
        )
        yield f"{kind}: title rows", ("出入库明细\n\n" + whole).encode()
        yield f"{kind}: metadata at the end", (whole + "制表人：张三\n打印时间 2024-02-01\n").encode()
        yield f"{kind}: no header", whole.partition("\n")[2].encode()
        yield f"{kind}: blank lines", "\n\n".join(clean).encode()
        yield f"{kind}: two files in one", codecs.BOM_UTF8 + whole.encode() + codecs.BOM_UTF8 + whole.encode()


@pytest.mark.parametrize(
    "share", [pytest.param(share, marks=pytest.mark.slow if share > 5 else ()) for share in range(97)]
)
def test_no_pollution_lands_wrong_without_a_word(db, tmp_path, share):
    files = list(polluted())[share::97]
    assert len(files) > 25
    wrong = {name: found for name, data in files if (found := is_silently_wrong(db, tmp_path, data))}
    assert wrong == {}


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("XS001,1,2024-01-05,采购入库单,A01,一号仓,1,200,5.5,6600,", "the row has 11 fields where the header has 10"),
        ("XS001,1,2024-01-05,采购入库单,A01,一号仓,1200 5.5,6600,", "the row has 9 fields where the header has 10"),
        ('XS001,1,2024-01-05,采购入库单,A"01,一号仓,1200,5.5,6600,', "in the middle of a field"),
        ("XS001,1,2024-01-05,采购入库单,=\"001\",3/4\" 仓,1200,5.5,6600,", ""),
    ],
)  # fmt: skip
def test_a_row_that_is_shifted_is_kept_back_with_its_reason(tmp_path, line, reason):
    folder = tmp_path / "inbox"
    folder.mkdir()
    head = "单据编号,行号,日期,单据类型,存货编码,仓库,数量,单价,金额,备注"
    (folder / "出入库明细.csv").write_text(f"{head}\n{line}\n", encoding="utf-8")
    source = SourceSettings(name="any", kind="file", mapping="generic_excel", path=folder, instance="b")
    report = ingest(tmp_path / "workspace", [source], "stock_movement", dt.date(2024, 12, 31))
    connection = duckdb.connect()
    register_landing(connection, tmp_path / "workspace", dt.date(2024, 12, 31))
    found = connection.execute("SELECT rule_id, reason FROM quality.quarantined_rows").fetchall()
    assert report.is_closed
    if reason:
        ((rule, said),) = found
        assert rule == "malformed_row" and reason in said
    else:
        # Read as it is written; what is missing are the masters.
        assert [said.split(" is in no ")[0] for _, said in sorted(found)] == ["存货编码: '001'", "仓库: '3/4\" 仓'"]
