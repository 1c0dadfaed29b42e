"""Money of companies with books in several currencies is never one sum: not in an incident, nor in a list, a digest or a notice."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from incident_desk import Desk, check, finding
from rich.console import Console

from dashboard.texts import Words
from dashboard.views.incidents import money_of
from expectations.incidents import IncidentFilter, StockContext, list_incidents, load_policy
from expectations.incidents.grouping import group_findings
from expectations.incidents.model import Finding
from expectations.incidents.money import gross_sums
from expectations.incidents.render import incidents_table
from expectations.notify.render import render
from expectations.notify.topics import Topic

CONTEXT = StockContext(currency="CNY")


def _rows(*amounts: tuple[str, str], rule_id: str = "missing_movement_day") -> list[dict]:
    """One finding each, of the company that keeps its books in the currency; without item, so that one source is one cause."""
    return [
        finding(f"{rule_id}{n}", rule_id, item_id="", warehouse_id="", doc_no="", source_file="m.csv", variance_value=value,
                currency_code=currency)
        for n, (currency, value) in enumerate(amounts)
    ]  # fmt: skip


def test_a_cause_over_two_currencies_is_an_incident_each(desk: Desk) -> None:
    outcome = desk.run(*_rows(("CNY", "-100"), ("USD", "-7"), ("CNY", "5"), ("USD", "2")), context=CONTEXT)
    found = list_incidents(desk.store)
    assert len(outcome.opened) == 2
    assert sorted((one.currency_code, one.variance_net_value, one.variance_gross_value) for one in found) == [
        ("CNY", Decimal("-95"), Decimal("105")), ("USD", Decimal("-5"), Decimal("9"))
    ]  # fmt: skip
    # what is fixed in one currency passes; the other stays the incident that it was
    again = desk.run(*_rows(("CNY", "-100"))[:1], context=CONTEXT)
    assert again.opened == () and len(again.passed) == 1
    [left] = list_incidents(desk.store, IncidentFilter(states=("open",)))
    assert left.currency_code == "CNY" and left.incident_id in outcome.opened


def test_too_many_causes_are_gathered_in_each_currency_apart() -> None:
    policy = load_policy()
    rows = [
        Finding.from_row(finding(f"{code}{n}", "shrink", item_id=f"C/{n}", currency_code=code))
        for n in range(policy.max_new_per_rule + 1) for code in ("CNY", "USD")
    ]  # fmt: skip
    causes = group_findings(rows, policy, (), "CNY")
    assert [{row.currency_code for row in one.findings} for one in causes] == [{"CNY"}, {"USD"}]
    assert group_findings(rows[:2], policy, {one.key for one in causes}, "CNY")[0].key == causes[0].key


def test_a_check_with_rows_in_two_currencies_passes_in_each(desk: Desk) -> None:
    failing = [check("dbt.unique", False, variance_value="-3")]
    rows = _rows(("CNY", "-1"), ("USD", "-2"), rule_id="dbt.unique")
    assert len(desk.run(*rows, checks=failing, context=CONTEXT).opened) == 2
    assert len(desk.run(rows[1], checks=failing, context=CONTEXT).passed) == 1
    [left] = list_incidents(desk.store, IncidentFilter(states=("open",)))
    assert (left.currency_code, left.variance_gross_value) == ("USD", Decimal(2))
    assert len(desk.run(checks=[check("dbt.unique", True)], context=CONTEXT).passed) == 1


def test_lists_and_digests_sum_each_currency_apart(desk: Desk) -> None:
    desk.run(*_rows(("CNY", "-1234.5"), ("USD", "-7")), context=CONTEXT)
    found = list_incidents(desk.store)
    assert gross_sums(found) == {"CNY": Decimal("1234.5"), "USD": Decimal(7)}
    console = Console(width=80, record=True, file=open("/dev/null", "w"))  # noqa: SIM115, PTH123
    console.print(incidents_table(found))
    text = console.export_text()
    assert "gross variance CNY 1,234.50, USD 7.00" in text and "CNY 1,234" in text and "USD 7" in text
    topics = [Topic("digest", "somebody", str(n), incident=one) for n, one in enumerate(found)]
    _, body = render("digest", "zh", topics, date(2026, 1, 6), load_policy())
    assert "差异金额合计（绝对值）CNY 1,234.50, USD 7.00" in body and "1,241.50" not in body
    assert money_of(Words("en"), found) == "1.23K CNY, 7 USD" and money_of(Words("zh"), found[:1]) == "1,234"
