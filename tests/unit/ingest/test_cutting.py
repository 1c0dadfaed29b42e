"""Pieces of a large text file: cut between records, read as the whole, and never where one rule could be missed."""

from __future__ import annotations

import csv
import io

import duckdb
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assets.ingest.landing.key_runs import holds_any, read_run, repeated, shared, write_run
from assets.ingest.mapping.language import Dataset
from assets.ingest.reading import text, text_cutting
from assets.ingest.reading.any_file import read_file
from assets.ingest.reading.text_cutting import cut
from assets.ingest.reading.text_pieces import TextPieces
from assets.ingest.typing.text_macros import date_macros, install_macros


@pytest.fixture(scope="module")
def db():
    connection = duckdb.connect(config={"threads": 2})
    connection.execute("SET TimeZone = 'UTC'")
    install_macros(connection)
    connection.execute(";".join(date_macros("", [], "Asia/Shanghai")))
    return connection


@pytest.fixture
def small(monkeypatch):
    monkeypatch.setattr(text, "CUT_FROM_BYTES", 1)
    monkeypatch.setattr(text_cutting, "CUT_FROM_BYTES", 1)
    monkeypatch.setattr(text_cutting, "PIECE_BYTES", 60)


def written(rows: list[list[str]], line_end: str = "\n") -> bytes:
    target = io.StringIO()
    csv.writer(target, lineterminator=line_end).writerows(rows)
    return target.getvalue().encode()


def rows_of(db, items, columns):
    """The rows that all pieces give, and every row once more as it is taken out of its piece."""
    pieces = TextPieces(
        items=tuple(items), columns=columns, delimiter=",", read_whole=lambda: pytest.fail("read whole")
    )
    read, out = [], []
    for piece in items:
        pieces.show(db, piece)
        read += db.execute("SELECT * FROM raw ORDER BY source_row").fetchall()
        numbers = np.arange(piece.first_row, piece.first_row + piece.rows)
        path = pieces.take_out(db, piece, numbers, piece.path)
        out += db.execute(f"FROM {pieces.read_out([path])} ORDER BY source_row").fetchall()
    return read, out


@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
@pytest.mark.parametrize("field", ["plain", "two\nlines", 'a "mark"', "comma, comma", "中文"])
def test_pieces_hold_every_record_once_with_its_number(db, small, tmp_path, line_end, field):
    field = field.replace("\n", line_end)
    body = [[f"D{number}", field if number % 5 == 2 else "x", str(number)] for number in range(60)]
    path = tmp_path / "extract.csv"
    path.write_bytes(written([["a", "b", "c"], *body], line_end))
    items = cut(db, path, 1, 2, 3, ",", tmp_path)
    assert len(items) > 4
    expected = [(number, *row) for number, row in enumerate(body, start=2)]
    read, out = rows_of(db, items, 3)
    assert read == expected
    assert out == expected


@pytest.mark.parametrize(
    "change",
    [
        lambda data: data.replace(b"D30", "D30é".encode("latin-1")),  # no UTF-8
        lambda data: data.replace(b"D30", b"D\x0030"),  # no text
        lambda data: data.replace(b"\nD30", b"\n \nD30"),  # a blank line, which DuckDB does not count
        lambda data: data.replace(b"\nD30", b'\n"D30'),  # a mark that is never closed
    ],
)
def test_what_cannot_be_cut_safely_is_not_cut(db, small, tmp_path, change):
    path = tmp_path / "extract.csv"
    path.write_bytes(change(written([["a", "b"], *([f"D{number}", "x"] for number in range(60))])))
    assert cut(db, path, 1, 2, 2, ",", tmp_path) == ()


def dataset(**changes) -> Dataset:
    columns = {"item_code": "存货编码", "item_name": "存货名称", "base_uom": "单位"}
    return Dataset.model_validate(
        {"name": "items", "contract": "item", "files": "*", "scope": "full", "columns": columns} | changes
    )


@pytest.mark.parametrize(
    ("head", "row", "is_cut"),
    [
        ("存货编码,存货名称,单位", "A{0},茶,只", True),
        ("存货编码,存货名称,单位,金额(元)", "A{0},茶,只,5", True),
        ("存货编码,存货名称,单位,金额(万元)", "A{0},茶,只,5", False),
        ("存货编码,存货名称,单位", "A{0},合计,只", False),
    ],
)
def test_a_file_that_a_rule_of_sheets_concerns_is_read_whole(db, small, tmp_path, head, row, is_cut):
    path = tmp_path / "items.csv"
    path.write_text("\n".join([head, *(row.format(number) for number in range(40))]) + "\n", encoding="utf-8")
    header = head.replace("(元)", "").replace("(万元)", "").split(",")
    raw = read_file(db, path, path.name, dataset(), header, tmp_path, in_pieces=True)
    assert (raw.pieces is not None) is is_cut
    assert raw.header == tuple(header)
    assert raw.rows == 40


OUTLINE = "2024-01-05 10:11:12"
changed = st.lists(st.tuples(st.integers(0, 18), st.sampled_from("0123459 TZz:-+./x年５")), max_size=4)


@given(st.lists(changed, min_size=60, max_size=60))
@settings(deadline=None, max_examples=4)
def test_the_quick_reading_of_an_instant_never_differs_from_the_careful_one(db, changes):
    texts = [OUTLINE]
    for change in changes:
        letters = list(OUTLINE)
        for place, letter in change:
            letters[place] = letter
        texts.append("".join(letters))
    found = db.execute(
        "SELECT s, sk_quick_timestamp(s), sk_timestamp(s) FROM (SELECT unnest(CAST(? AS VARCHAR[])) AS s)", [texts]
    ).fetchall()
    assert found[0][1] is not None
    assert [row for row in found if row[1] is not None and row[1] != row[2]] == []


@given(st.lists(st.text(alphabet="aZ09-|~! \t\r\n\u00a0\u3000Ａ中é", max_size=6), min_size=40, max_size=80))
@settings(deadline=None, max_examples=4)
def test_a_word_that_is_kept_unread_is_what_reading_gives(db, texts):
    found = db.execute(
        "SELECT s, sk_is_ascii_word(s), sk_text(s), sk_code(s) FROM (SELECT unnest(CAST(? AS VARCHAR[])) AS s)", [texts]
    ).fetchall()
    assert [row for row in found if row[1] and not row[0] == row[2] == row[3]] == []


hashes = st.lists(st.integers(0, (1 << 64) - 1) | st.integers(0, 9), max_size=40)


@given(st.lists(hashes, min_size=1, max_size=4), hashes, st.integers(1, 50))
@settings(deadline=None, max_examples=25)
def test_keys_that_stand_twice_are_found_whatever_fits_into_memory(tmp_path_factory, lists, known, at_once):
    folder = tmp_path_factory.mktemp("runs")
    runs = [
        read_run(write_run(folder / str(number), np.array(values, np.uint64))) for number, values in enumerate(lists)
    ]
    every = [value for values in lists for value in values]
    twice = sorted({value for value in every if every.count(value) > 1})
    assert repeated(runs, at_once).tolist() == twice
    before = np.unique(np.array(known, np.uint64))
    assert shared(runs, before, at_once).tolist() == sorted(set(every) & set(known))
    for run, values in zip(runs, lists, strict=True):
        assert holds_any(run, before) is bool(set(values) & set(known))
