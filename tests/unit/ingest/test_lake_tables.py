"""Tables of a lake: read like extracts, whole or in pieces, with the same rows, reasons and counts."""

from __future__ import annotations

import json
from pathlib import Path
from urllib.parse import unquote

import duckdb
import pytest

from assets.ingest.describe.sample_files import copy_sample
from assets.ingest.errors import IngestError
from assets.ingest.reading import parquet_files
from assets.ingest.reading.table_folders import data_files, partition_values

MOVES = ("类型", "单号", "行", "日期", "存货编码", "仓库", "数量", "状态")
ROWS = [
    ("入库", f"D{number}", 1, f"2024-01-{5 + number % 3:02d}", "001", "W1", number, "已审") for number in range(1, 60)
]
ROWS[7] = ("入库", "D8", 1, "2024-01-06", "009", "W1", 8, "已审")  # an unknown item
ROWS[11] = ("入库", "D12", 1, "2024-01-07", "001", "W1", 12, "作废")  # excluded
ROWS[20] = ROWS[0]
ROWS[30] = ("入库", "D2", 1, "2024-01-07", "001", "W1", 99, "已审")  # the key of another row, with other content
VIEWS = (
    "select * exclude (batch_id, source_file, source_row) from landing.stock_movement order by all",
    "select * exclude (batch_id, source_file, source_row, reason, raw_row) from quality.quarantined_rows order by all",
    "select * exclude (batch_id, first_batch_id, source_file, source_row) from quality.duplicate_rows order by all",
    "select sum(rows_in), sum(rows_loaded), sum(rows_quarantined), sum(rows_duplicate), sum(rows_excluded), sum(contract_rows), "
    "sum(units_sum) from quality.landing_batches where contract = 'stock_movement'",
)


def hive(folder, rows=ROWS, by="日期"):
    """A table of Parquet files in partitions of Hive, written by DuckDB."""
    values = ", ".join("(" + ", ".join(f"'{value}'" for value in row) + ")" for row in rows)
    duckdb.execute(
        f"copy (select * from (values {values}) as t({', '.join(MOVES)})) to '{folder}' "
        f"(format parquet, partition_by ({by}), overwrite_or_ignore)"
    )


def landed(company):
    company.masters()
    company.read("stock_movement")
    return [company.query(sql) for sql in VIEWS]


@pytest.fixture
def make_lake(make_company):
    """The company whose movements are a table, of which each extract is a part (`key`) or the whole (`full`)."""

    def make(scope):
        mapping = Path(make_company().source.mapping).read_text(encoding="utf-8")
        files, table = (
            "files: \"moves*.*\"\n    extract_date: '_(\\d{8})'\n    scope: key",
            f"table: moves\n    scope: {scope}",
        )
        assert files in mapping
        return make_company(mapping.replace(files, table))

    return make


@pytest.fixture
def as_text(make_company, tmp_path):
    company = make_company()
    company.write("moves_20241231.csv", "".join(",".join(map(str, row)) + "\n" for row in [MOVES, *ROWS]))
    found = landed(company)
    for path in company.folder.glob("moves*"):
        path.unlink()
    assert [len(rows) for rows in found] == [55, 2, 1, 1]
    return found


@pytest.fixture
def small(monkeypatch):
    monkeypatch.setattr(parquet_files, "CUT_FROM_ROWS", 1)
    monkeypatch.setattr(parquet_files, "PIECE_ROWS", 7)


def test_a_table_in_partitions_lands_the_rows_of_an_extract(as_text, make_lake, tmp_path, small, request):
    """As a whole and in pieces, and the batch names the file of each row."""
    company = make_lake("full")
    hive(company.folder / "moves")
    company.workspace = tmp_path / "lake"
    assert landed(company) == as_text
    assert len(list(company.workspace.glob("landing/stock_movement/**/*.parquet"))) > 4
    [(file, message, rows)] = company.query(
        "select source_file, message, rows_in from quality.landing_batches where contract = 'stock_movement'"
    )
    assert (file, rows) == ("moves", len(ROWS))
    assert message == (
        "rows 1-17: 日期=2024-01-05/data_0.parquet; rows 18-38: 日期=2024-01-06/data_0.parquet; "
        "rows 39-59: 日期=2024-01-07/data_0.parquet"
    )
    request.getfixturevalue("monkeypatch").undo()
    company.workspace = tmp_path / "uncut"
    assert landed(company) == as_text


def test_files_of_a_table_that_grows_are_landed_once_each(make_lake, small):
    company = make_lake("key")
    hive(company.folder / "moves", ROWS[:20])
    company.masters()
    first = company.read("stock_movement", "2024-01-08")
    assert first.rows_in == 20 and first.unchanged_files == 0
    hive(company.folder / "moves", [("入库", "D100", 1, "2024-02-01", "001", "W1", 1, "已审")])
    second = company.read("stock_movement", "2024-02-01")
    assert (second.rows_in, second.unchanged_files) == (1, 3)
    [(name, row, day)] = company.query(
        "select source_file, source_row, business_date from landing.stock_movement where doc_no = 'D100'"
    )
    assert unquote(name) == "moves/日期=2024-02-01/data_0.parquet" and row == 1 and str(day) == "2024-02-01"


def test_equal_files_of_two_partitions_are_no_copies(make_lake):
    """What parts them is the name of their folder."""
    company = make_lake("key")
    row = ("入库", "D1", "1", "001", "W1", 5, "已审")
    for day, line in (("2024-01-05", "1"), ("2024-01-06", "1")):
        place = company.folder / "moves" / f"日期={day}"
        place.mkdir(parents=True)
        duckdb.execute(
            f"copy (select * from (values {(*row[:2], line, *row[3:])}) as t(类型, 单号, 行, 存货编码, 仓库, 数量, 状态)) "
            f"to '{place}/part-0.parquet' (format parquet)"
        )
    company.masters()
    report = company.read("stock_movement")
    assert (report.rows_in, report.rows_loaded, report.rows_duplicate) == (2, 2, 0)


def test_partitions_are_read_from_names():
    assert partition_values("moves/year=2024/code=a%2Fb/x=__HIVE_DEFAULT_PARTITION__/part-0.parquet") == {
        "year": "2024",
        "code": "a/b",
        "x": None,
    }


def test_a_table_without_its_reader_or_with_a_damaged_log_is_refused_in_one_sentence(make_lake):
    company = make_lake("key")
    log = company.folder / "moves" / "metadata" / "v1.metadata.json"
    log.parent.mkdir(parents=True)
    log.write_text(json.dumps({"format-version": 99}), encoding="utf-8")
    company.masters()
    [refusal] = company.read("stock_movement").refusals
    assert "moves" in refusal and ("stockturn[iceberg]" in refusal or "cannot be read as a table of Iceberg" in refusal)


def test_a_table_that_reads_outside_its_folder_is_refused(tmp_path):
    other = tmp_path / "other.parquet"
    duckdb.execute(f"copy (select 1 as a) to '{other}' (format parquet)")
    (tmp_path / "table").mkdir()
    (tmp_path / "table" / "part-0.parquet").symlink_to(other)
    with pytest.raises(IngestError, match="is not in its folder"):
        data_files(tmp_path / "table", "table")


def test_a_sample_of_a_table_keeps_its_partitions(tmp_path):
    hive(tmp_path / "moves")
    assert copy_sample(tmp_path / "moves", tmp_path / "sample", 25)
    copied = data_files(tmp_path / "sample", "moves")
    assert [file.values["日期"] for file in copied] == ["2024-01-05", "2024-01-06"]
    assert not copy_sample(tmp_path / "moves", tmp_path / "whole", 1000)
    assert len(data_files(tmp_path / "whole", "moves")) == 3
