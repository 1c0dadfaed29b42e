"""The fast lane of large files: whatever way rows take to landing, the same rows, totals and reasons come out."""

from __future__ import annotations

import datetime as dt

import pytest

from assets.ingest.reading import text, text_cutting

HEAD = "类型,单号,行,日期,存货编码,仓库,数量,状态,备注\n"
NOTED = {
    3: '入库,D3,1,2024-01-05,001,W1,"1,000",已审,thousands\n',
    4: "入库,D4,1,2024-01-05,001,W1,x,已审,no number\n",
    5: "入库,D5,1,2024-01-05,001,W1,5,作废,excluded\n",
    6: "入库,D6,1,2024-01-05,009,W1,6,已审,unknown item\n",
    7: "入库,Ｄ７,1,2024/1/5,001,W1,7,已审,full width\n",
    8: ",,,,,,,,\n",
    20: "入库,D2,1,2024-01-05,001,W1,2,已审,\n",
    21: "入库,D1,1,2024-01-05,001,W1,99,已审,other content\n",
    30: '入库,"D\n30",1,2024-01-05,001,W1,30,已审,two lines\n',
}
VIEWS = (
    "select * exclude (batch_id) from landing.stock_movement order by source_file, source_row",
    "select * exclude (batch_id) from quality.quarantined_rows order by all",
    "select * exclude (batch_id, first_batch_id) from quality.duplicate_rows order by all",
    "select * exclude (batch_id) from quality.superseded_rows order by all",
    "select source_file, rows_in, rows_loaded, rows_quarantined, rows_duplicate, rows_excluded, contract_rows, units_sum "
    "from quality.landing_batches where contract = 'stock_movement' order by all",
)


def extract(first: int, last: int, special: dict[int, str] | None = None) -> str:
    given = special or {}
    plain = "入库,D{0},1,2024-01-05,001,W1,{0},已审,\n"
    return HEAD + "".join(given.get(number, plain.format(number)) for number in range(first, last))


@pytest.fixture
def small_pieces(monkeypatch):
    def use(piece: int):
        monkeypatch.setattr(text, "CUT_FROM_BYTES", 1)
        monkeypatch.setattr(text_cutting, "CUT_FROM_BYTES", 1)
        monkeypatch.setattr(text_cutting, "PIECE_BYTES", piece)

    return use


def run(company, files):
    company.masters()
    for name, content in files.items():
        company.write(name, content)
        company.read("stock_movement")
    found = [company.query(sql) for sql in VIEWS]
    parts = list(company.workspace.glob("landing/stock_movement/**/*.parquet"))
    assert not list(company.workspace.rglob("*.part"))
    return found, parts


def test_pieces_and_whole_files_land_the_same(make_company, tmp_path, small_pieces):
    files = {
        "moves_20240106.csv": extract(1, 40, NOTED),
        # A later extract: an edited row, unchanged rows, new rows.
        "moves_20240107.csv": extract(30, 60).replace("W1,35,", "W1,350,"),
    }
    company = make_company()
    whole, parts = run(company, files)
    assert len(parts) == 2
    small_pieces(400)
    company.workspace = tmp_path / "in pieces"
    cut, parts = run(company, files)
    assert len(parts) > 4
    assert cut == whole
    # The planted rows were met: both kinds of duplicates, all kinds of quarantine.
    assert {row[-1] for row in whole[2]} == {"within_batch", "already_landed"}
    assert {row[5] for row in whole[1]} == {"unparseable_number", "unknown_item", "duplicate_key"}


MISSHAPEN = {
    2: "入库,D2\n",
    9: "入库,D9,1\n",
    12: "入库,D12,1,2024-01-05,001,W1,12,已审,,,\n",  # a separator too many is one, whatever follows it
    13: "入库,D13,1,2024-01-05,001,W1,13,已审,,,,more\n",
    25: "no field at all\n",  # half of a row beside it, for all that can be known
}


def test_misshapen_rows_leave_their_piece_and_nothing_else_changes(make_company, tmp_path, small_pieces):
    """One broken line in ten million must not send the whole file the slow way."""
    company = make_company()
    files = {"moves_20240106.csv": extract(1, 40, MISSHAPEN)}
    whole, _ = run(company, files)
    small_pieces(300)
    company.workspace = tmp_path / "in pieces"
    cut, parts = run(company, files)
    assert len(parts) > 4
    assert cut == whole
    assert [(row[3], row[5]) for row in cut[1]] == [(row, "malformed_row") for row in (3, 10, 13, 14, 25, 26, 27)]


def test_a_misshapen_row_among_quotation_marks_leaves_its_piece_too(company, small_pieces):
    small_pieces(300)
    files = {"moves_20240106.csv": extract(1, 40, {9: '入库,"D9",1\n'})}
    found, parts = run(company, files)
    assert len(parts) > 4
    assert [row[:3] for row in found[4]] == [("moves_20240106.csv", 39, 38)]
    assert [(row[3], row[5]) for row in found[1]] == [(10, "malformed_row")]


def test_ten_days_and_a_full_reload_leave_the_same_rows(company, tmp_path):
    """Late, back-dated, edited and repeated documents: read day by day, or all at once into an empty workspace."""
    company.write("items_20240101.csv", "存货编码,存货名称,单位\n001,茶杯,只\n002,茶壶,把\n")
    company.write("warehouses.csv", "code,name\nW1,Main\n")
    company.read("item")
    company.read("warehouse", "2024-01-01")
    base = dt.date(2024, 1, 6)
    plain = "入库,D{0},1,{1},00{2},W1,{3},已审,\n"
    for day in range(10):
        rows = [plain.format(10 * day + n, base + dt.timedelta(day), 1 + n % 2, n + 1) for n in range(5)]
        # Every day repeats the last document of the day before, edits an older one, and brings a back-dated one.
        rows.append(plain.format(10 * max(day - 1, 0) + 4, base + dt.timedelta(max(day - 1, 0)), 1, 5))
        rows.append(plain.format(10 * (day // 2), base + dt.timedelta(day // 2), 1, 100 + day))
        rows.append(plain.format(900 + day, base - dt.timedelta(30), 2, 1))
        company.write(f"moves_{base + dt.timedelta(day):%Y%m%d}.csv", HEAD + "".join(dict.fromkeys(rows)))
        company.read("stock_movement", str(base + dt.timedelta(day)))
    daily = [company.query(sql) for sql in VIEWS]
    company.workspace = tmp_path / "reload"
    company.read("item")
    company.read("warehouse", "2024-01-01")
    company.read("stock_movement")
    assert [company.query(sql) for sql in VIEWS] == daily
    assert len(daily[0]) == 60 and daily[3]
