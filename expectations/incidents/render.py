"""Incidents on a terminal: rich tables out of the data that `queries` gives. Decides nothing, prints nothing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from rich import box
from rich.console import Group
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from expectations.incidents.model import State
from expectations.incidents.money import are_mixed, gross_sums, money_text, sums_text
from expectations.incidents.policy import Queue
from expectations.incidents.texts import Language, check_in_words, name_of, said, sentence, word
from expectations.incidents.views import FailingRow, HistoryEntry, Incident, IncidentDetail

COLOURS = {"critical": "bold red", "warning": "yellow", "info": "dim"}


def queues_view(incidents: Mapping[Queue, Sequence[Incident]], language: Language = "en") -> Group:
    """A table for each queue that has incidents; one empty table where none has."""
    tables = [incidents_table(found, language, f"table_{queue}") for queue, found in incidents.items() if found]
    return Group(*(tables or [incidents_table([], language)]))


def incidents_table(incidents: Sequence[Incident], language: Language = "en", titled: str = "table_incidents") -> Table:
    """A table of incidents that fits 80 columns: what and where under one another, codes and figures never broken."""
    title = word(titled, language, n=len(incidents), value=sums_text(gross_sums(incidents)))
    is_mixed = are_mixed(incidents)
    table = Table(title=title, title_justify="left", box=box.SIMPLE)
    table.add_column(word("incident", language), no_wrap=True)
    table.add_column(word("what_where", language), ratio=1)
    table.add_column(word("owner", language), no_wrap=True)
    table.add_column(word("due", language), no_wrap=True)
    table.add_column(word("gross_value", language), justify="right", no_wrap=True)
    for i in incidents:
        what = said(i, "title", language)
        if i.cause not in ("", i.rule_id) and not i.item_id:
            what = f"{what}: {i.cause}"  # nothing else says which of several it is
        where = " ".join(p for p in (i.item_id, i.warehouse_id, i.doc_no, i.source_name) if p)
        state = "" if i.state == State.OPEN.value and not i.snoozed_until_date else f" [{state_text(i, language)}]"
        late = f" {word('late', language)}" if i.is_overdue else ""
        below = f"\n{where or word('everywhere', language)}, {_rows(i.rows_failed, language)}{state}"
        table.add_row(
            Text(i.incident_id, style=COLOURS[i.severity]),
            Text.assemble(
                (f"{name_of('severity', i.severity, language)}: ", COLOURS[i.severity]), what, (below, "dim")
            ),
            Text(i.owner_name),
            Text(f"{i.due_date:%m-%d}{late}", style="red" if i.is_overdue else ""),
            money_text(i.variance_gross_value, i.currency_code if is_mixed else "", 0),
        )
    return table


def incident_view(detail: IncidentDetail, language: Language = "en") -> Group:
    """Everything about one incident: facts, offending rows with file and line, history, next steps."""
    i = detail.incident
    facts = Table.grid(padding=(0, 2))
    for name, value in _facts(detail, language):
        if value:
            facts.add_row(Text(word(f"fact_{name}", language), style="dim"), Text(value))
    head = Panel(
        facts,
        title=f"{i.incident_id}  {said(i, 'title', language)}",
        title_align="left",
        border_style=COLOURS[i.severity],
    )
    parts: list[Panel | Table] = [head]
    if detail.rows:
        parts.append(rows_table(detail.rows, detail.rows_total, language))
    parts.append(history_table(detail.history, language))
    return Group(*parts)


def rows_table(rows: Iterable[FailingRow], total: int, language: Language = "en") -> Table:
    """The offending rows, dearest first: where, why, and file:line under one another, so that 80 columns are enough."""
    shown = list(rows)
    more = word("rows_more", language, n=total - len(shown)) if total > len(shown) else ""
    table = Table(title=f"{_rows(total, language)}{more}", title_justify="left", box=box.SIMPLE)
    table.add_column(word("where_why", language), ratio=1, overflow="fold")
    for name in ("units", "value"):
        table.add_column(word(name, language), justify="right", no_wrap=True)
    for r in shown:
        line = "" if r.source_row is None else f":{r.source_row}"
        where = " ".join(p for p in (r.item_id, r.warehouse_id, r.doc_no, str(r.business_date or "")) if p)
        table.add_row(
            Text.assemble(
                where,
                ("\n" if where else "") + ": ".join(p for p in (r.cause, said(r, "explanation", language)) if p),
                (f"\n{r.source_file}{line}" if r.source_file else "\n-", "cyan"),
            ),
            "-" if r.variance_units is None else f"{r.variance_units:g}",
            money_text(r.variance_value),
        )
    return table


def history_table(history: Iterable[HistoryEntry], language: Language = "en") -> Table:
    """Who did what, when."""
    table = Table(title=word("history", language), title_justify="left", box=box.SIMPLE)
    table.add_column(word("when", language), no_wrap=True)
    table.add_column(word("who", language), no_wrap=True)
    table.add_column(word("what", language), ratio=1, overflow="fold")
    for h in history:
        parts = (name_of("done", h.action, language), change_text(h, language), said(h, "comment", language))
        table.add_row(f"{h.at:%Y-%m-%d %H:%M}", Text(h.user_name), Text(", ".join(p for p in parts if p)))
    return table


def check_history_table(
    results: Sequence[Mapping[str, Any]],
    check_id: str = "",
    language: Language = "en",
    titles: Mapping[str, Mapping[Language, str]] | None = None,
) -> Table:
    """Results of one check over its runs, or the checks that failed in one run: day, result, rows, message.

    `titles`: of the company's own rules, by rule_id and language.
    """
    title = check_id or word("table_checks", language, n=len(results))
    table = Table(title=title, title_justify="left", box=box.SIMPLE)
    table.add_column(word("day" if check_id else "check", language), no_wrap=bool(check_id))
    table.add_column(word("result", language), no_wrap=True)
    table.add_column(word("rows", language), justify="right", no_wrap=True)
    table.add_column(word("message", language), ratio=1, overflow="fold")
    for row in results:
        failed, checked = f"{row['rows_failed']:,}", row["rows_checked"]
        rows = word("rows_checked", language, n=failed, of=f"{checked:,}") if checked else failed
        passed = word("result_passed", language)
        result = passed if row["is_passed"] else name_of("severity", row["severity"], language)
        name, message = check_in_words(row, (titles or {}).get(row["rule_id"], {}), language)
        table.add_row(
            Text(str(row["as_of_date"]) if check_id else name),
            Text(result, style="" if row["is_passed"] else COLOURS.get(row["severity"], "")),
            rows,
            Text(message),
        )
    return table


def change_text(entry: HistoryEntry, language: Language) -> str:
    """The change of one field: what it was and what it is; empty for a remark."""
    if not entry.field:
        return ""
    shown = [
        name_of(entry.field, value, language) if entry.field in ("state", "severity") else sentence(value, language)
        for value in (entry.old_value, entry.new_value)
    ]
    before = f"{shown[0]} -> " if shown[0] else ""
    return f"{name_of('field', entry.field, language)}: {before}{shown[1] or '-'}"


def state_text(incident: Incident, language: Language = "en") -> str:
    """The state with what qualifies it."""
    state = name_of("state", incident.state, language)
    if incident.snoozed_until_date is not None:
        return word("snoozed_until", language, state=state, day=incident.snoozed_until_date)
    if incident.accepted_until_date is not None:
        return word("state_until", language, state=state, day=incident.accepted_until_date)
    return state


def _rows(count: int, language: Language) -> str:
    return word("rows_one", language) if count == 1 else word("rows_of", language, n=count)


def _facts(detail: IncidentDetail, language: Language) -> list[tuple[str, str]]:
    i = detail.incident
    everything = word("all_items", language), word("all_warehouses", language)
    touched = [f"{item or everything[0]} @ {place or everything[1]}" for item, place in detail.subjects]
    more = word("items_more", language, n=len(touched) - 20) if len(touched) > 20 else ""
    status = word("status_ok", language) if i.value_status == "ok" else said(i, "value_status", language)
    net, gross = (money_text(value, i.currency_code) for value in (i.variance_net_value, i.variance_gross_value))
    worth = word("net_gross", language, net=net, gross=gross, status=status)
    task, reason = said(i, "task", language), said(i, "reason", language)
    metrics = [name_of("metric", metric, language) for metric in i.metrics]
    again = word("reopened_times", language, n=i.reopened_count) if i.reopened_count else ""
    escalated = word("escalated_to", language, n=i.escalation_level) if i.escalation_level else ""
    return [
        ("state", state_text(i, language) + again),
        ("owner", i.owner_name + escalated),
        ("due", f"{i.due_date}{word('overdue', language) if i.is_overdue else ''}"),
        ("cause", ": ".join(p for p in (i.cause, said(i, "explanation", language)) if p)),
        ("document", " ".join(p for p in (i.doc_no, str(i.first_business_date or "")) if p)),
        ("task", task + (word("first_of", language, n=i.rows_failed) if task and i.rows_failed > 1 else "")),
        ("variance", worth),
        ("stock", money_text(i.stock_value_touched, i.currency_code)),
        ("metrics", ", ".join(metrics)),
        ("marts", ", ".join(detail.marts)),
        ("items", "; ".join(touched[:20]) + more),
        ("first_bad", f"{detail.first_bad_run_id} ({detail.first_bad_as_of_date})"),
        ("last_good", detail.last_good_run_id or word("none_recorded", language)),
        ("reason", f"{reason} ({i.reason_by})" if i.reason_by else reason),
        ("before", i.previous_incident_id),
        ("runbook", detail.runbook),
    ]
