"""What people read about an incident is complete: terminal views, runbooks whose SQL can be read, two tongues."""

from __future__ import annotations

import io
import re
from datetime import timedelta
from pathlib import Path

import pytest
import sqlglot
from incident_desk import Desk, check, finding
from rich.console import Console, RenderableType

from expectations.incidents import IncidentError, accept_risk, comment, get_incident, list_incidents, load_policy
from expectations.incidents.policy import PRODUCT_RULES
from expectations.incidents.render import incident_view, incidents_table
from expectations.incidents.sentences import read, say, sentences
from expectations.incidents.texts import sentence, words

ROOT = Path(__file__).parents[3]
RUNBOOKS = ROOT / "docs" / "runbooks"
SEEDED = [line.split(",")[0] for line in (ROOT / "dbt_project/seeds/rules.csv").read_text("utf-8").splitlines()[1:]]


def shown(view: RenderableType) -> str:
    console = Console(width=260, file=io.StringIO(), record=True)
    console.print(view)
    return console.export_text()


def test_one_view_leads_to_rows_file_line_first_bad_run_and_marts(desk: Desk) -> None:
    desk.run()
    desk.run(
        finding("f1", item_id="C/[A]"), finding("f2", "duplicate_file", severity="warning", item_id="", warehouse_id="")
    )
    comment(desk.store, 2, "wang", "see [bold]D1[/bold]")
    accept_risk(desk.store, 2, "wang", "known", desk.clock.at.date() + timedelta(days=9))
    text = shown(incident_view(get_incident(desk.store, 2)))
    for expected in (
        "INC-00002", "A movement with the wrong sign", "moves_20260103.csv:17", "C/[A]", "r2 (2026-01-06)",
        "fct_turnover_monthly", "C/[A] @ C/W1", "see [bold]D1[/bold]", "net -10.50, gross 10.50 (ok)",
        "risk accepted until", "docs/runbooks/sign_flip.md", "r1",
    ):  # fmt: skip
        assert expected in text, expected
    table = shown(incidents_table(list_incidents(desk.store)))
    assert "2 incidents, gross variance 21.00" in table and "moves_#.csv" in table


def test_an_incident_is_told_in_chinese_from_its_rows_to_its_history(desk: Desk) -> None:
    """Findings bring their Chinese along; what the store writes by itself is in both languages."""
    told = {
        "explanation_zh": "CG01：数量 -2 与业务类型 purchase_receipt 的方向相反",
        "fix": "Correct the sign",
        "fix_zh": "更正方向",
    }
    desk.run(finding("f1", **told), finding("f2", item_id="C/B", **told))
    desk.run(finding("f1", **told))
    listed = shown(incidents_table(list_incidents(desk.store), "zh"))
    assert (
        "2 个事件，差异金额（绝对值）21.00" in listed and "严重: 出入库方向相反" in listed and "已通过待关闭" in listed
    )
    text = shown(incident_view(get_incident(desk.store, 2), "zh"))
    for expected in (
        "与业务类型",
        "更正方向",
        "运行 r1 发现 1 行",
        "运行 r2 已通过；填写原因后关闭",
        "状态: 待处理 -> 已通过待关闭",
    ):
        assert expected in text, expected
    english = shown(incident_view(get_incident(desk.store, 2)))
    assert not re.search("[\u4e00-\u9fff]", english) and "an issue booked as a receipt" in english


def test_a_row_of_an_older_store_is_told_in_chinese_once_it_is_seen_again(desk: Desk) -> None:
    desk.run(finding("f1"))
    desk.run(finding("f1", explanation_zh="出库记成了入库"))
    (row,) = get_incident(desk.store, 1).rows
    assert (row.explanation_zh, row.first_run_id) == ("出库记成了入库", "r1")


@pytest.mark.parametrize(
    ("kept", "english", "chinese"),
    [
        (say("still_fails_with_value", "INC-00003", 2, "1,021.50"), "INC-00003 still fails (2 rows, 1,021.50 gross); it closes when",
         "INC-00003 仍未通过（2 行，差异金额 1,021.50）"),
        (say("accepted_risk_grew", "10.50", "20.00", "warning"), "accepted at 10.50, now 20.00, severity warning",
         "接受时为 10.50，现为 20.00，严重程度 警告"),
        (say("not_in_this_state", "INC-00003", "open", "act_closed"), "INC-00003 is open; it cannot be closed",
         "INC-00003 处于“待处理”状态，不能关闭"),
        (say("fix_did_not_hold", "wang", say("run_passed", "r2")), "the fix that wang reported did not hold: run r2 passed",
         "wang 报告的修复未生效：运行 r2 已通过"),
        ("2 rows in run r1", "2 rows in run r1", "2 rows in run r1"),
    ],
)  # fmt: skip
def test_sentences_of_the_store_are_in_both_languages(kept: str, english: str, chinese: str) -> None:
    """What somebody wrote stays as it is, even where it looks like a sentence of the store."""
    text = read(kept)
    assert text.startswith(english) and sentence(text, "en") == text
    assert sentence(text, "zh").startswith(chinese)


def test_a_refusal_knows_its_chinese(desk: Desk) -> None:
    desk.run(finding("f1"))
    with pytest.raises(IncidentError, match=r"^a comment is required$") as refused:
        comment(desk.store, 1, "wang", " ")
    assert sentence(refused.value.sentence, "zh") == "请填写说明"
    assert sentence(IncidentError("the disk is full").sentence, "zh") == "the disk is full"


def test_names_of_sentences_are_those_of_the_code() -> None:
    """A name that the catalogue lacks would fail when it is read, long after the incident."""
    files = [
        *sorted((ROOT / "expectations" / "incidents").rglob("*.py")),
        ROOT / "orchestration" / "commands" / "incidents.py",
    ]
    code = "".join(path.read_text("utf-8") for path in files)
    written = set(re.findall(r"\"([a-z_]+)\"", code))
    known = set(sentences())
    assert known - written == {"run_passed_reason_needed", "nothing_new_reason_needed"}
    assert set(re.findall(r"\bsay\(\s*\"([a-z_]+)\"", code)) <= known
    for name, texts in sentences().items():
        places = [sorted(set(re.findall(r"\{(\d)", texts[language]))) for language in ("en", "zh")]
        assert places[0] == places[1], name


def test_every_word_is_there_in_both_languages() -> None:
    assert [key for key, text in words().items() if set(text) != {"en", "zh"} or not all(text.values())] == []


def test_every_incident_leads_to_a_runbook_that_exists(desk: Desk) -> None:
    rows = [
        finding(f"f{n}", rule, item_id=f"C/{n}", severity="critical") for n, rule in enumerate(sorted(PRODUCT_RULES))
    ]
    checks = [check("gx.x", False), check("rule:mine", False, engine="rule", rule_id="mine")]
    desk.run(*rows, finding("own", "mine", item_id="C/own"), checks=checks)
    incidents = list_incidents(desk.store)
    pages = {i.rule_id: get_incident(desk.store, i.incident_id).runbook for i in incidents}
    assert set(pages) >= PRODUCT_RULES | {"mine", "gx.x"}
    assert all((ROOT / page).is_file() for page in pages.values()), pages
    assert pages["mine"] == "docs/runbooks/own_rules.md" and pages["gx.x"] == "docs/runbooks/other_checks.md"


def test_policy_runbooks_and_seed_know_the_same_rules() -> None:
    pages = {p.stem for p in RUNBOOKS.glob("*.md")} - {"README", "other_checks", "own_rules"}
    assert pages == PRODUCT_RULES == set(SEEDED)
    policy = load_policy()
    assert all(policy.rule(r).title and policy.rule(r).title_zh for r in PRODUCT_RULES)
    index = (RUNBOOKS / "README.md").read_text("utf-8")
    assert set(re.findall(r"\]\((\w+)\.md\)", index)) >= pages


@pytest.mark.parametrize("rule_id", sorted(PRODUCT_RULES))
def test_a_runbook_has_its_parts_and_sql_that_reads_existing_models(rule_id: str) -> None:
    page = (RUNBOOKS / f"{rule_id}.md").read_text("utf-8")
    for part in ("What it means", "How to look", "How to fix", "When it is no fault", "When it closes"):
        assert re.search(rf"^## {part}\n\n\S", page, re.MULTILINE), part
    models = {p.stem for p in (ROOT / "dbt_project" / "models").rglob("*") if p.suffix in (".sql", ".py")}
    (sql,) = re.findall(r"```sql\n(.*?)```", page, re.DOTALL)
    for statement in sqlglot.parse(sql, read="duckdb"):
        if statement is not None:
            named = {t.name for t in statement.find_all(sqlglot.exp.Table) if t.db in ("marts", "reconciliation")}
            assert named <= models, named - models


def test_severities_of_the_policy_metrics_name_existing_marts() -> None:
    models = {p.stem for p in (ROOT / "dbt_project" / "models").rglob("*") if p.suffix in (".sql", ".py")}
    named = {mart for marts in load_policy().metrics.values() for mart in marts}
    assert named <= models, named - models
