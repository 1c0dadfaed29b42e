"""The commands of the work queue: from the list to the rows in 80 columns, and no close of what still fails."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import pytest
import yaml
from incident_desk import RULES, finding
from rich.cells import cell_len
from typer.testing import CliRunner, Result

from expectations.after_run import open_store
from expectations.incidents import RunRecord, record_run
from orchestration.cli import app
from orchestration.commands import common, incidents
from orchestration.rule_book import load_company_rules
from orchestration.settings import load_settings

ROOT = Path(__file__).resolve().parents[3]
TODAY = date(2026, 1, 6)


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A company with three failing causes in its store."""
    data = yaml.safe_load((ROOT / "config" / "demo.yml").read_text(encoding="utf-8"))
    data |= {"data_dir": str(tmp_path / "data"), "rule_book": str(ROOT / "config" / "rules.yml")}
    path = tmp_path / "company.yml"
    path.write_text(yaml.safe_dump(data, allow_unicode=True), encoding="utf-8")
    settings = load_settings(path)
    store = open_store(settings.workspace().incident_store, load_company_rules(settings))
    rows = [
        finding("f1", item_id="DEMO/0400331", warehouse_id="DEMO/001", doc_no="XSCK2605230040"),
        finding("f2", "quantity_mismatch", item_id="DEMO/060024", warehouse_id="DEMO/002", doc_no="CGRK2605300004"),
        finding("f3", "shrink", item_id="DEMO/070007", warehouse_id="DEMO/003", doc_no="", owner_name="仓库主管"),
    ]
    record_run(store, RunRecord("r1", TODAY, evaluated_rules=RULES), [], rows)
    store.close()
    for module in (common, incidents):
        monkeypatch.setattr(module.console, "_width", 80)
    return path


def call(config: Path, *arguments: str) -> Result:
    """The company's language is Chinese; the tests read English unless they ask for the other."""
    spoken = [] if "--lang" in arguments or arguments[0] not in ("list", "show") else ["--lang", "en"]
    return CliRunner().invoke(app, ["incidents", *arguments, *spoken, "-c", str(config)])


def test_the_company_is_answered_in_its_language(config: Path) -> None:
    answered = CliRunner().invoke(app, ["incidents", "list", "-c", str(config)])
    assert "出入库方向相反" in answered.output and "gross variance" not in answered.output
    assert "3 incidents, gross variance" in call(config, "list", "--lang", "en").output
    refused = call(config, "list", "--lang", "fr")
    assert refused.exit_code == 2 and "fr is no language" in refused.output


def test_list_and_show_fit_a_terminal_and_break_no_code(config: Path) -> None:
    """A code that is broken over two lines cannot be copied."""
    listed = call(config, "list")
    assert listed.exit_code == 0, listed.output
    shown = call(config, "show", "INC-00001")
    assert max(cell_len(line) for line in (listed.output + shown.output).splitlines()) <= 80
    for code in ("INC-00002", "DEMO/0400331", "XSCK2605230040", "CGRK2605300004"):
        assert code in listed.output
    for part in ("moves_20260103.csv:17", "first bad run", "marts touched", "docs/runbooks/"):
        assert part in shown.output


def test_list_narrows_to_a_rule_an_item_and_what_is_late(config: Path) -> None:
    by_rule, by_item = call(config, "list", "--rule", "shrink"), call(config, "list", "--item", "DEMO/060024")
    assert "1 incidents" in by_rule.output and "DEMO/070007" in by_rule.output
    assert "1 incidents" in by_item.output and "CGRK2605300004" in by_item.output
    assert "0 incidents" in call(config, "list", "--overdue").output


def test_what_still_fails_is_not_closed(config: Path) -> None:
    """A close by hand would hide what still is in the figures."""
    refused = call(config, "resolve", "INC-00001", "--reason", "looks fine")
    assert refused.exit_code == 2
    assert "fix_reported" in call(config, "resolve", "INC-00001", "--fixed", "--reason", "posted again").output
    until = (date.today() + timedelta(days=5)).isoformat()
    accepted = call(config, "resolve", "INC-00002", "--accept-until", until, "--reason", "known")
    assert "risk_accepted" in accepted.output
    both = call(config, "resolve", "INC-00003", "--fixed", "--accept-until", until, "--reason", "?")
    assert both.exit_code == 2
