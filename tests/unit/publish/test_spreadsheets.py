"""CSV for Excel users: complete, with a BOM, readable back to the same rows."""

from __future__ import annotations

import codecs
import json
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


def test_texts_are_no_formulas_and_shares_are_per_cent(tmp_path: Path) -> None:
    with duckdb.connect() as connection:
        connection.execute("create schema marts")
        connection.execute(
            """create table marts.fct_a as
               select * from (values ('=cmd()', 0.125, -1), ('-' || chr(10) || 'x', null, 2), ('-', 1, 3)) t(name, part, n)"""
        )
        columns = [{"name": "part", "unit": "share"}, {"name": "n", "unit": "units"}]
        words = {"dictionary.json": json.dumps({"marts": [{"name": "fct_a", "columns": columns}]})}
        release = build_release(connection, tmp_path, "r1", {"as_of_date": "2026-06-30"}, words)
        [path] = write_csv(release)
        back = connection.execute(f"select * from read_csv('{path}', all_varchar = true) order by n").fetchall()
    assert back == [("'=cmd()", "12.5%", "-1"), ("'-\nx", None, "2"), ("-", "100%", "3")]
