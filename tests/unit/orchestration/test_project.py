"""`stockturn init`: what is written is valid, belongs to the company, and overwrites nothing."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from typer.testing import CliRunner

from assets.ingest.mapping.loader import load_mapping
from orchestration.cli import app
from orchestration.project.sample import sample_files
from orchestration.rule_book import load_company_rules
from orchestration.settings import load_settings


def init(*arguments: str) -> tuple[int, str]:
    result = CliRunner().invoke(app, ["init", *arguments])
    return result.exit_code, " ".join(result.output.split())


def test_a_new_project_is_valid(tmp_path: Path) -> None:
    """A name that YAML would read as something else, and a code of digits, stay texts."""
    folder = tmp_path / "shop"
    status, said = init(str(folder), "--name", "示例: 公司 #1", "--code", "007", "--lang", "zh")
    assert status == 0 and "stockturn validate" in said
    settings = load_settings(folder / "config" / "company.yml")
    assert (settings.company.name, settings.company.code) == ("示例: 公司 #1", "007")
    assert settings.data_dir == folder / "var" and settings.dbt_project == folder / "dbt"
    [source] = settings.sources
    assert source.mapping == str(folder / "mappings" / "erp.yml"), (
        "a mapping of the project, whatever the working folder"
    )
    assert {entity.contract for entity in load_mapping(source.mapping).datasets} == {
        "item", "warehouse", "stock_movement", "stock_on_hand",
    }  # fmt: skip
    assert load_company_rules(settings).rules
    project = yaml.safe_load((folder / "dbt" / "dbt_project.yml").read_text(encoding="utf-8"))
    assert project["name"] == "company_007" and project["models"] == {
        "company_007": {"marts": {"+schema": "marts", "+materialized": "table"}}
    }
    left = [
        path
        for path in folder.rglob("*")
        if path.is_file() and "__" in path.read_text(encoding="utf-8").replace("__pycache__", "")
    ]
    assert left == [], "a token of the template that nothing replaced"


def test_nothing_is_overwritten_and_nothing_half_written(tmp_path: Path) -> None:
    folder = tmp_path / "shop"
    assert init(str(folder))[0] == 0
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    status, said = init(str(folder))
    assert status == 2 and "not empty" in said
    assert {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()} == before
    (tmp_path / "file").write_text("x")
    assert init(str(tmp_path / "file"))[0] == 2 and init(str(tmp_path / "file" / "below"))[0] == 2
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file", "shop"]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--code", "A B"), "--code A B"),
        (("--currency", "yuan"), "--currency yuan"),
        (("--timezone", "Peking"), "--timezone Peking"),
        (("--lang", "fr"), "--lang fr"),
        (("--from", "/no/such/folder"), "no such folder of extracts"),
    ],
)
def test_what_cannot_be_is_one_sentence(tmp_path: Path, arguments: tuple[str, ...], words: str) -> None:
    status, said = init(str(tmp_path / "shop"), *arguments)
    assert status == 2 and words in said and not (tmp_path / "shop").exists()


def test_a_project_is_drafted_from_extracts(tmp_path: Path) -> None:
    """Sources and first mappings come from the files; the sample stays out."""
    inbox = tmp_path / "extracts"
    inbox.mkdir()
    for name, text in sample_files().items():
        (inbox / name).write_text(text, encoding="utf-8")
    status, said = init(str(tmp_path / "shop"), "--from", str(inbox), "--code", "SHOP")
    assert status == 0 and "mapping check" in said
    settings = load_settings(tmp_path / "shop" / "config" / "company.yml")
    assert all(source.path == inbox and Path(source.mapping).is_file() for source in settings.sources)
    assert not (tmp_path / "shop" / "inbox").exists() and not (tmp_path / "shop" / "mappings" / "erp.yml").exists()


def test_the_sample_is_the_same_every_time_and_adds_up() -> None:
    files = sample_files()
    assert files == sample_files()
    balance: dict[tuple[str, str], int] = {}
    for line in files["movements_20260630.csv"].splitlines()[1:]:
        _, _, _, _, item, place, quantity, _ = line.split(",")
        balance[item, place] = balance.get((item, place), 0) + int(quantity)
        assert balance[item, place] >= 0
    snapshot = [line.split(",") for line in files["on_hand_20260630.csv"].splitlines()[1:]]
    assert {(item, place): int(units) for _, item, place, units in snapshot} == balance
