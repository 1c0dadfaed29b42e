"""What a later, late or repeated extract changes - and that nothing else changes."""

from __future__ import annotations

import datetime as dt
import hashlib
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from assets import whole_files
from assets.ingest.landing import store as store_module
from assets.ingest.stage import ingest, latest_extract_date

MOVES = "类型,单号,行,日期,存货编码,仓库,数量,状态\n"
ITEMS = "存货编码,存货名称,单位\n"
BOOKS = "date,item,wh,qty\n"


def move(doc: str, quantity: int) -> str:
    return f"入库,{doc},1,2024-01-05,001,W1,{quantity},已审\n"


def landed(company, as_of="2024-12-31"):
    return company.query("select doc_no, quantity_units::int from landing.stock_movement order by all", as_of)


def tree(company) -> dict[str, str]:
    return {
        path.relative_to(company.workspace).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(company.workspace.rglob("*"))
        if path.is_file()
    }


def test_reading_twice_changes_nothing(company):
    company.masters()
    company.write("moves_20240106.csv", MOVES + move("D1", 1) + "bad\n")
    company.read("stock_movement")
    before = tree(company)
    again = company.read("stock_movement")
    assert (again.unchanged_files, again.batches) == (1, ())
    assert tree(company) == before


def test_the_same_content_under_another_name_is_a_duplicate_file(company):
    company.masters()
    company.write("moves_20240106.csv", MOVES + move("D1", 1) + move("D2", 2))
    company.read("stock_movement")
    company.write("moves_20240107.csv", MOVES + move("D1", 1) + move("D2", 2))
    report = company.read("stock_movement")
    assert [(b.status, b.rows_in, b.rows_duplicate) for b in report.batches] == [("duplicate_file", 2, 2)]
    assert landed(company) == [("D1", 1), ("D2", 2)]
    assert company.query("select source_file, source_row, kind from quality.duplicate_rows order by all") == [
        ("moves_20240107.csv", 2, "same_file"),
        ("moves_20240107.csv", 3, "same_file"),
    ]


def test_key_scope_takes_new_and_changed_rows_and_counts_the_rest_as_duplicates(company):
    company.masters()
    company.write("moves_20240106.csv", MOVES + move("D1", 1) + move("D2", 2) + move("D2", 2))
    company.read("stock_movement")
    company.write("moves_20240107.csv", MOVES + move("D1", 1) + move("D2", 20) + move("D3", 3))
    report = company.read("stock_movement")
    assert (report.rows_in, report.rows_loaded, report.rows_duplicate) == (3, 2, 1)
    assert landed(company) == [("D1", 1), ("D2", 20), ("D3", 3)]
    assert landed(company, "2024-01-06") == [("D1", 1), ("D2", 2)]
    kinds = company.query("select kind, source_key from quality.duplicate_rows order by all")
    assert kinds == [("already_landed", "入库|D1|1|0"), ("within_batch", "入库|D2|1|0")]
    first = company.query("select distinct first_batch_id from quality.duplicate_rows where kind = 'already_landed'")
    assert first == company.query(
        "select batch_id from quality.landing_batches where source_file = 'moves_20240106.csv' and contract "
        "= 'stock_movement'"
    )


def test_a_late_file_does_not_overrule_what_later_ones_said(company):
    company.masters()
    company.write("moves_20240106.csv", MOVES + move("D1", 1))
    company.read("stock_movement")
    company.write("moves_20240110.csv", MOVES + move("D1", 1) + move("D9", 9))
    company.read("stock_movement")
    company.write("moves_20240108.csv", MOVES + move("D1", 5) + move("D8", 8))
    company.read("stock_movement")
    # The file of the 10th confirmed D1 = 1 after the 8th had said 5, although it came first.
    assert landed(company) == [("D1", 1), ("D8", 8), ("D9", 9)]
    assert landed(company, "2024-01-08") == [("D1", 5), ("D8", 8)]


def test_order_of_arrival_does_not_matter(make_company, company, tmp_path):
    files = {
        "moves_20240106.csv": MOVES + move("D1", 1) + move("D2", 2),
        "moves_20240107.csv": MOVES + move("D1", 7) + move("D2", 2),
        "moves_20240108.csv": MOVES + move("D1", 1) + move("D2", 3),
    }
    results = []
    for number, order in enumerate((sorted(files), sorted(files, reverse=True))):
        company.workspace = tmp_path / f"ws{number}"
        for path in company.folder.iterdir():
            path.unlink()
        company.masters()
        for name in order:
            company.write(name, files[name])
            company.read("stock_movement")
        results.append([landed(company, day) for day in ("2024-01-06", "2024-01-07", "2024-01-08")])
    assert results[0] == results[1]
    assert results[0][2] == [("D1", 1), ("D2", 3)]


def test_a_file_that_was_overwritten_is_read_again(company):
    company.masters()
    company.write("moves_20240106.csv", MOVES + move("D1", 1) + move("D2", 2))
    company.read("stock_movement")
    company.write("moves_20240106.csv", MOVES + move("D1", 4) + move("D2", 2))
    assert company.read("stock_movement").rows_duplicate == 1
    assert landed(company) == [("D1", 4), ("D2", 2)]
    company.write("moves_20240106.csv", MOVES + move("D1", 1) + move("D2", 2))
    company.read("stock_movement")
    assert landed(company) == [("D1", 1), ("D2", 2)]


def test_full_scope_replaces_the_whole_table(company):
    company.write("items_20240101.csv", ITEMS + "001,茶杯,只\n002,茶壶,把\n")
    company.write("items_20240201.csv", ITEMS + "001,茶杯,只\n")
    company.read("item")
    assert company.query("select item_code from landing.item") == [("001",)]
    assert company.query("select item_code from landing.item order by 1", "2024-01-31") == [("001",), ("002",)]
    # The first state again, later: a duplicate file, which states its content again.
    company.write("items_20240301.csv", ITEMS + "001,茶杯,只\n002,茶壶,把\n")
    assert company.read("item").batches[0].status == "duplicate_file"
    assert company.query("select item_code from landing.item order by 1") == [("001",), ("002",)]


def test_period_scope_replaces_the_days_between_its_first_and_last(company):
    company.masters()
    company.write("books_20240110.csv", BOOKS + "2024-01-01,001,W1,1\n2024-01-02,001,W1,2\n2024-01-03,001,W1,3\n")
    company.write("books_20240111.csv", BOOKS + "2024-01-02,002,W1,9\n2024-01-04,001,W1,4\n")
    company.read("stock_on_hand")
    rows = company.query(
        "select day(as_of_date), item_code, on_hand_units::int from landing.stock_on_hand order by all"
    )
    assert rows == [(1, "001", 1), (2, "002", 9), (4, "001", 4)]


def test_quarantined_rows_are_released_when_the_master_arrives(company):
    company.masters()
    company.write(
        "moves_20240106.csv",
        MOVES
        + move("D1", 1)
        + move("D2", 2).replace("001", "003")
        + move("D3", 3).replace("001", "003").replace("W1", "W7"),
    )
    company.read("stock_movement")
    assert landed(company) == [("D1", 1)]
    company.write("items_20240201.csv", ITEMS + "003,茶盘,个\n")
    company.read("item")
    report = company.read("stock_movement")
    assert (report.rows_in, report.rows_released) == (0, 1)
    assert landed(company) == [("D1", 1), ("D2", 2)]
    assert {row[1] for row in company.quarantine()} == {4}
    totals = company.query(
        "select sum(rows_in), sum(rows_loaded), sum(rows_quarantined), "
        "bool_and(rows_in = rows_loaded + rows_quarantined + rows_duplicate + rows_excluded) "
        "from quality.landing_batches where contract = 'stock_movement'"
    )
    assert totals == [(3, 2, 1, True)]
    assert company.query("select source_row, source_file from landing.stock_movement where doc_no = 'D2'") == [
        (3, "moves_20240106.csv")
    ]
    assert company.read("stock_movement").batches == ()


def test_nothing_is_visible_after_a_crash_between_write_and_manifest(company, monkeypatch):
    company.masters()
    company.write("moves_20240106.csv", MOVES + move("D1", 1))

    def crash(self, manifest):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(store_module.LandingStore, "write_manifest", crash)
        with pytest.raises(KeyboardInterrupt):
            company.read("stock_movement")
    assert list(company.workspace.glob("landing/stock_movement/**/*.parquet"))
    assert landed(company) == []
    report = company.read("stock_movement")
    assert report.removed_leftovers and landed(company) == [("D1", 1)]


def test_a_draft_that_is_approved_is_no_changed_document(make_company, company):
    """The first version of D1 was in no figure; that of D2 was, and came again with another quantity."""
    text = Path(company.source.mapping).read_text(encoding="utf-8")
    mapping = text.replace("datasets:", "  states: {草稿: draft, 已审: posted, _default: fail}\ndatasets:", 1)
    company = make_company(
        mapping.replace("      entered_at:", "      doc_status: {from: 状态, enum: states}\n      entered_at:")
    )
    company.masters()
    company.write("moves_20240106.csv", MOVES + move("D1", 1).replace("已审", "草稿") + move("D2", 2))
    company.read("stock_movement")
    company.write("moves_20240107.csv", MOVES + move("D1", 1) + move("D2", 20))
    company.read("stock_movement")
    reasons = company.query("select source_key, reason from quality.superseded_rows order by all")
    assert reasons == [("入库|D1|1|0", "older_draft"), ("入库|D2|1|0", "older_version")]
    assert landed(company) == [("D1", 1), ("D2", 20)]


def test_nothing_is_visible_after_a_crash_before_the_rename(company, monkeypatch):
    company.masters()
    company.write("moves_20240106.csv", MOVES + move("D1", 1))
    with monkeypatch.context() as patch:
        patch.setattr(whole_files, "sync", lambda path: (_ for _ in ()).throw(OSError("disk full")))
        with pytest.raises(OSError, match="disk full"):
            company.read("stock_movement")
    assert not list(company.workspace.glob("landing/stock_movement/**/*.parquet"))
    assert company.read("stock_movement").rows_loaded == 1
    assert not list(company.workspace.rglob("*.part"))


def test_files_after_the_as_of_date_wait(company):
    company.masters()
    company.write("moves_20240106.csv", MOVES + move("D1", 1))
    company.write("moves_20240109.csv", MOVES + move("D2", 2))
    assert company.read("stock_movement", "2024-01-08").rows_in == 1
    assert latest_extract_date(company.workspace, [company.source]) == dt.date(2024, 12, 31)
    assert company.read("stock_movement", "2024-01-09").rows_in == 1


def test_a_new_version_of_the_mapping_reads_the_files_again(make_company, company):
    company.masters()
    company.write("moves_20240106.csv", MOVES + move("D1", 1))
    company.read("stock_movement")
    text = Path(company.source.mapping).read_text(encoding="utf-8")
    changed = make_company(text.replace("version: 1", "version: 2").replace("else 数量 end", "else 数量 * 10 end"))
    report = ingest(changed.workspace, [changed.source], "stock_movement", dt.date(2024, 12, 31))
    assert report.rows_loaded == 1
    assert landed(changed) == [("D1", 10)]
    assert changed.query("select mapping_version from quality.landing_batches where contract = 'stock_movement'") == [
        (2,)
    ]


def test_batches_of_a_version_without_a_column_are_read_with_later_ones(company):
    """A contract that gained a column: what was landed before is never rewritten, and has nothing in it."""
    company.masters()
    company.write("moves_20240106.csv", MOVES + move("D1", 1) + move("D2", 2))
    company.read("stock_movement")
    for contract in ("stock_movement", "item"):
        for path in (company.workspace / "landing" / contract).rglob("*.parquet"):
            table = pq.read_table(path)
            pq.write_table(
                table.drop_columns([name for name in ("currency_code", "entered_at") if name in table.schema.names]),
                path,
            )
    company.write("moves_20240107.csv", MOVES + move("D1", 1) + move("D2", 20) + move("D3", 3))
    report = company.read("stock_movement")
    assert (report.rows_in, report.rows_loaded, report.rows_duplicate) == (3, 2, 1)
    assert landed(company) == [("D1", 1), ("D2", 20), ("D3", 3)]
    assert company.query("select count(*), count(currency_code) from landing.item") == [(2, 0)]
