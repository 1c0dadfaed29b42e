"""What differs in a master record from the extract before, and what a new record brings."""

from __future__ import annotations

import datetime as dt

import duckdb

from assets.ingest.batches.master_changes import register_master_changes

HEADER = "存货编码,存货名称,单位,提前期\n"


def test_changes_new_records_and_records_that_are_gone(make_company) -> None:
    company = make_company(
        """mapping: shop
version: 1
source_system: erp
datasets:
  - name: items
    contract: item
    files: "items*.csv"
    extract_date: '_(\\d{8})'
    scope: full
    columns: {item_code: 存货编码, item_name: 存货名称, base_uom: 单位, lead_time_days: 提前期}
"""
    )
    company.write("items_20240101.csv", HEADER + "001,茶杯,只,7\n002,茶壶,把,9\n003,托盘,只,\n")
    company.write("items_20240201.csv", HEADER + "001,茶杯,只,21\n003,托盘,只,5\n004,茶盘,只,300\n005,茶匙,只,\n")
    company.read("item")
    with duckdb.connect() as connection:
        register_master_changes(connection, company.workspace, dt.date(2024, 12, 31))
        found = connection.execute(
            "select source_key, column_name, old_value, new_value, source_file, source_row"
            " from quality.master_changes order by all"
        ).fetchall()
    assert found == [
        ("001", "lead_time_days", "7", "21", "items_20240201.csv", 2),
        ("002", "record", "茶壶", None, "items_20240201.csv", None),
        # 003 had none before and is no new record; 005 is one and has none.
        ("004", "lead_time_days", None, "300", "items_20240201.csv", 4),
    ]
