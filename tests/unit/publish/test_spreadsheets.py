"""CSV for Excel users: complete, with a BOM, readable back to the same rows."""

from __future__ import annotations

import codecs
from pathlib import Path

import duckdb

from assets.publish.releases import build_release
from assets.publish.spreadsheets import write_csv


def test_csv_holds_the_rows_and_excel_knows_the_encoding(tmp_path: Path) -> None:
    with duckdb.connect() as connection:
        connection.execute("create schema marts")
        connection.execute(
            """create table marts.fct_a as
               select * from (values ('00123', '茶"叶,' || chr(10), 1.5), ('x', null, null)) t(code, name, v)"""
        )
        release = build_release(connection, tmp_path, "r1", {"as_of_date": "2026-06-30"})
        [path] = write_csv(release)
        assert path.read_bytes().startswith(codecs.BOM_UTF8 + b"code,name,v")
        back = connection.execute(f"select * from read_csv('{path}', all_varchar = true) order by code").fetchall()
    assert back == [("00123", '茶"叶,\n', "1.5"), ("x", None, None)]
    assert write_csv(release, ["nothing"]) == [] and not [
        p for p in release.path.iterdir() if p.name.startswith(".csv")
    ]
