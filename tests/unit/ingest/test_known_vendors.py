"""A folder of a known system's tables is read by the mapping of that system, whatever else is in it."""

from __future__ import annotations

import datetime as dt
import importlib
from pathlib import Path

import pytest
import yaml
from vendors import kit

from assets.ingest.describe.project import draft_sources
from assets.ingest.describe.sample_files import copy_sample
from assets.ingest.mapping.loader import load_mapping
from assets.ingest.settings import SourceSettings
from assets.ingest.stage import latest_extract_date

ODOO = importlib.import_module("vendors.odoo")


def test_a_folder_of_tables_is_read_by_the_mapping_of_its_system(tmp_path: Path) -> None:
    folder = tmp_path / "exports"
    kit.write_tables(folder / "db", ODOO.TABLES, ODOO.ENCODING)
    (folder / "readme.csv").write_text("a,b\n1,2\n")
    (source,) = draft_sources(folder, "ACME")
    assert source.settings["path"] == str((folder / "db").resolve())
    file = tmp_path / "extracts.yml"
    file.write_text(source.mapping, encoding="utf-8")
    assert len(load_mapping(str(file)).datasets) == len(load_mapping("odoo").datasets)
    assert any("movements (stock_movement)" in note for note in source.notes)
    assert "readme.csv: NOT READ: no dataset of odoo asks for it" in source.notes


def test_what_only_the_company_knows_is_asked(tmp_path: Path) -> None:
    module = importlib.import_module("vendors.erpnext")
    kit.write_tables(tmp_path / "x", module.TABLES, getattr(module, "ENCODING", "gb18030"))
    key = next(f"parameter {name}" for name, one in load_mapping("erpnext").parameters.items() if one.default is None)
    (source,) = draft_sources(tmp_path / "x", "ACME", {key: "Acme"})
    assert list(source.settings["parameters"].values()) == ["Acme"]
    with pytest.raises(ValueError, match="answers for what is not asked: shoe size"):
        draft_sources(tmp_path / "x", "ACME", {"shoe size": "43"})


def test_files_of_nobody_are_looked_at_one_by_one(tmp_path: Path) -> None:
    (tmp_path / "库存20240630.csv").write_text("存货编码,仓库,库存数量\n001,C1,5\n", encoding="utf-8")
    (source,) = draft_sources(tmp_path, "ACME")
    assert yaml.safe_load(source.mapping)["datasets"][0]["extract_date"] is not None


@pytest.mark.parametrize("quoted", ["", '"two\nlines"'])
def test_a_sample_ends_with_a_whole_row(tmp_path: Path, quoted: str) -> None:
    file, target = tmp_path / "a.csv", tmp_path / "b.csv"
    file.write_text("code,name\n" + "".join(f"{number},{quoted}\n" for number in range(5000)))
    assert copy_sample(file, target, 100)
    rows = target.read_text()
    assert rows.endswith("\n") and rows.count('"') % 2 == 0
    assert 50 <= sum(line.split(",")[0].isdigit() for line in rows.splitlines()) < 200
    assert not copy_sample(file, tmp_path / "c.csv", 10_000)
    assert (tmp_path / "c.csv").read_bytes() == file.read_bytes()


def test_tables_without_a_day_in_their_names_say_nothing_about_the_newest_day(tmp_path: Path) -> None:
    kit.write_tables(tmp_path / "db", ODOO.TABLES, ODOO.ENCODING)
    source = SourceSettings(name="erp", kind="file", mapping="odoo", path=tmp_path / "db", instance="X")
    assert latest_extract_date(tmp_path / "workspace", [source]) is None
    kit.write_tables(tmp_path / "db", {"stock_quant_20240331.csv": ODOO.TABLES["stock_quant"]}, ODOO.ENCODING)
    assert latest_extract_date(tmp_path / "workspace", [source]) == dt.date(2024, 3, 31)
