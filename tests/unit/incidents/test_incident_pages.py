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

from expectations.incidents import accept_risk, comment, get_incident, list_incidents, load_policy
from expectations.incidents.policy import PRODUCT_RULES
from expectations.incidents.render import incident_view, incidents_table

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
        "INC-00002", "A movement with the wrong sign / 出入库方向", "moves_20260103.csv:17", "C/[A]", "r2 (2026-01-06)",
        "fct_turnover_monthly", "C/[A] @ C/W1", "see [bold]D1[/bold]", "net -10.50, gross 10.50 (ok)",
        "risk_accepted until", "docs/runbooks/sign_flip.md", "r1",
    ):  # fmt: skip
        assert expected in text, expected
    table = shown(incidents_table(list_incidents(desk.store)))
    assert "2 incidents, gross variance 21.00" in table and "moves_#.csv" in table
    assert "出入库方向" in shown(incidents_table(list_incidents(desk.store), chinese=True))


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
    for part in ("What it means", "How to look", "How to mend", "When it is no fault", "When it closes"):
        assert re.search(rf"^## {part}\n\n\S", page, re.MULTILINE), part
    models = {p.stem for p in (ROOT / "dbt_project" / "models").rglob("*.sql")}
    (sql,) = re.findall(r"```sql\n(.*?)```", page, re.DOTALL)
    for statement in sqlglot.parse(sql, read="duckdb"):
        if statement is not None:
            named = {t.name for t in statement.find_all(sqlglot.exp.Table) if t.db in ("marts", "reconciliation")}
            assert named <= models, named - models


def test_severities_of_the_policy_metrics_name_existing_marts() -> None:
    models = {p.stem for p in (ROOT / "dbt_project" / "models").rglob("*.sql")}
    named = {mart for marts in load_policy().metrics.values() for mart in marts}
    assert named <= models, named - models
