"""`stockturn validate` and `stockturn rules validate` know every mistake of a rule book before a run does."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml
from typer.testing import CliRunner, Result

from orchestration.cli import app
from orchestration.settings import load_settings
from orchestration.validate import check_rule_book

ROOT = Path(__file__).parents[3]
RULES = (ROOT / "config" / "rules.yml").read_text(encoding="utf-8")


def configure(folder: Path, rules: str, **more: str) -> Path:
    """The demo company's configuration with another rule book, and folders for its sources."""
    data = yaml.safe_load((ROOT / "config" / "demo.yml").read_text(encoding="utf-8"))
    (folder / "rules.yml").write_text(rules, encoding="utf-8")
    data |= {"data_dir": str(folder / "data"), "rule_book": str(folder / "rules.yml"), **more}
    for source in data["sources"]:
        source["path"] = str(folder / source["name"])
        Path(source["path"]).mkdir(exist_ok=True)
    path = folder / "company.yml"
    path.write_text(yaml.safe_dump(data, allow_unicode=True), encoding="utf-8")
    return path


def command(*arguments: str) -> tuple[Result, str]:
    result = CliRunner().invoke(app, list(arguments))
    return result, re.sub(r"\s+", " ", result.output)


@pytest.mark.parametrize("words", [("validate",), ("rules", "validate")])
def test_all_mistakes_of_a_rule_book_are_named_at_once(tmp_path: Path, words: tuple[str, ...]) -> None:
    wrong = RULES.replace("stock_value > 0 and dead_value", "stok_value > 0 and dead_value")
    wrong = wrong.replace("history: business_date", "history: movement_type").replace(
        "owner: 物流主管", "owner: 没有人"
    )
    result, text = command(*words, "--config", str(configure(tmp_path, wrong)))
    assert result.exit_code == 2, text
    for told in (
        "not listed under people: 没有人",
        "rule dead_stock_of_a_warehouse",
        "no column stok_value",
        "rule sales_of_an_item_fall",
        "movement_type is VARCHAR, not a date",
    ):
        assert told in text


def test_rules_of_own_marts_are_checked_by_what_their_project_says(tmp_path: Path) -> None:
    """Before the first run only the project says which columns its marts have; one that says nothing is not refused."""
    models = tmp_path / "dbt" / "models" / "marts"
    models.mkdir(parents=True)
    (models / "fct_shelves.sql").write_text("select 1 as shelf_units, 'a' as shelf_code")
    (models / "fct_plain.sql").write_text("select 1 as any_column")
    (models / "fct_shelves.yml").write_text(
        "version: 2\nmodels:\n  - name: fct_shelves\n    columns:\n"
        "      - {name: shelf_code, data_type: varchar}\n      - {name: shelf_units, data_type: bigint}\n"
    )
    own = """
  - {id: shelf, title: t, table: fct_shelves, key: [shelf_code], group_by: [shelf_code], when: shelf_units > 1, severity: info, task: x}
  - {id: plain, title: t, table: fct_plain, key: [any_column], group_by: [any_column], when: any_column > 1, severity: info, task: x}
"""
    settings = load_settings(configure(tmp_path, RULES + own, dbt_project=str(tmp_path / "dbt")))
    assert check_rule_book(settings).problems == ()
    settings = load_settings(
        configure(tmp_path, RULES + own.replace("shelf_units > 1", "shelf_unit > 1"), dbt_project=str(tmp_path / "dbt"))
    )
    (problem,) = check_rule_book(settings).problems
    assert "fct_shelves has no column shelf_unit; did you mean" in problem
