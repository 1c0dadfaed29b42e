"""The commands of the work queue: from the list to the rows in 80 columns, and no close of what still fails."""

from __future__ import annotations

from contextlib import closing
from datetime import date, timedelta
from pathlib import Path

import pytest
import yaml
from incident_desk import RULES, finding
from rich.cells import cell_len
from typer.testing import CliRunner, Result

from expectations.after_run import open_store
from expectations.incidents import CheckResult, RunRecord, record_run
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
    spoken = [] if "--lang" in arguments else ["--lang", "en"]
    return CliRunner().invoke(app, ["incidents", *arguments, *spoken, "-c", str(config)])


def test_the_company_is_answered_in_its_language(config: Path) -> None:
    answered = CliRunner().invoke(app, ["incidents", "list", "-c", str(config)])
    assert "出入库方向相反" in answered.output and "gross variance" not in answered.output
    assert "3 incidents, gross variance" in call(config, "list", "--lang", "en").output
    refused = call(config, "list", "--lang", "fr")
    assert refused.exit_code == 2 and "fr is not a language" in refused.output


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
    assert "is now fix reported" in call(config, "resolve", "INC-00001", "--fixed", "--reason", "posted again").output
    until = (date.today() + timedelta(days=5)).isoformat()
    accepted = call(config, "resolve", "INC-00002", "--accept-until", until, "--reason", "known")
    assert "is now risk accepted" in accepted.output
    both = call(config, "resolve", "INC-00003", "--fixed", "--accept-until", until, "--reason", "?")
    assert both.exit_code == 2


def test_refusals_and_answers_are_in_the_language(config: Path) -> None:
    """What the store refuses is a sentence of its catalogue; who reads Chinese got it in English."""
    for arguments, said in (
        (("resolve", "INC-00001", "--reason", "looks fine"), "仍未通过"),
        (("show", "INC-00099"), "没有事件 INC-00099"),
        (("ack", "nonsense"), "不是事件编号"),
        (("checks", "no.such"), "没有检查 no.such 的结果"),
        (("snooze", "INC-00001", "--until", "2020-01-01", "--reason", "x"), "可暂缓的日期为"),
        (("reopen", "INC-00001", "--reason", "x"), "状态，不能"),
    ):
        refused = call(config, *arguments, "--lang", "zh")
        assert refused.exit_code == 2 and said in refused.stderr.replace("\n", ""), arguments
        assert said not in call(config, *arguments).stderr
    assert "INC-00003 现为：已认领" in call(config, "ack", "INC-00003", "--lang", "zh").output


def test_checks_that_failed_are_told_in_the_language(config: Path) -> None:
    """Figures of what a check counts, the name of a rule of the company, the breach of a contract; a fault stays as it was raised."""
    settings = load_settings(config)
    rules = load_company_rules(settings)
    own = rules.rules[0]
    checks = [
        CheckResult("item.contract_enum", "gx", "contract_enum", "critical", False, rows_failed=3, rows_checked=1200,
                    message="item: 3 rows of 1200: hold a value that the contract does not list"),
        CheckResult("item.contract_columns", "gx", "contract_columns", "critical", False, message="item: the columns"),
        CheckResult("rule:x", "rules", own.id, "warning", False, rows_failed=2, rows_checked=9, message=f"{own.title}: 2 of 9 rows"),
        CheckResult("x:c2_the_legs_of_a_move_cancel_out", "python", "c2", "warning", False, message="2 legs"),
        CheckResult("dbt.broken", "dbt", "broken", "warning", False, message="Binder Error"),
    ]  # fmt: skip
    with closing(open_store(settings.workspace().incident_store, rules)) as store:
        record_run(store, RunRecord("r2", TODAY + timedelta(days=1), evaluated_rules=RULES), checks, [])
    for module in (common, incidents):
        module.console._width = 200
    chinese, english = (call(config, "checks", "--lang", language).output for language in ("zh", "en"))
    assert "5 项检查未通过" in chinese and "5 checks failed in the last run" in english
    assert "1200 行中 3 行：取值不在契约列表内" in chinese and "列与契约不符" in chinese
    assert "9 行中 2 行" in chinese and (own.title_zh or own.title) in chinese and "2 of 9 rows" in english
    assert "调拨两腿相抵" in chinese and "The legs of a move cancel out" in english
    assert "Binder Error" in chinese and "hold a value that the contract does not list" in english
    assert "hold a value" not in chinese
