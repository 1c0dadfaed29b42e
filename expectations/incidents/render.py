"""Incidents on a terminal: rich tables out of the data that `queries` gives. Decides nothing, prints nothing."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal

from rich import box
from rich.console import Group
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from expectations.incidents.model import State
from expectations.incidents.views import FailingRow, HistoryEntry, Incident, IncidentDetail

COLOURS = {"critical": "bold red", "warning": "yellow", "info": "dim"}


def incidents_table(incidents: Sequence[Incident], *, chinese: bool = False) -> Table:
    """A table of incidents that fits 80 columns: what and where under one another, codes and figures never broken."""
    gross = sum((i.variance_gross_value for i in incidents if i.variance_gross_value is not None), Decimal(0))
    table = Table(
        title=f"{len(incidents)} incidents, gross variance {gross:,.2f}", title_justify="left", box=box.SIMPLE
    )
    table.add_column("incident", no_wrap=True)
    table.add_column("what, where, state", ratio=1)
    table.add_column("owner", no_wrap=True)
    table.add_column("due", no_wrap=True)
    table.add_column("gross value", justify="right", no_wrap=True)
    for i in incidents:
        what = (i.title_zh if chinese else "") or i.title
        if i.cause not in ("", i.rule_id) and not i.item_id:
            what = f"{what}: {i.cause}"  # nothing else says which of several it is
        where = " ".join(p for p in (i.item_id, i.warehouse_id, i.doc_no, i.source_name) if p)
        state = "" if i.state == State.OPEN.value and not i.snoozed_until_date else f" [{state_text(i)}]"
        table.add_row(
            Text(i.incident_id, style=COLOURS[i.severity]),
            Text.assemble(
                (f"{i.severity}: ", COLOURS[i.severity]),
                what,
                (f"\n{where or 'everywhere'}, {i.rows_failed} {'row' if i.rows_failed == 1 else 'rows'}{state}", "dim"),
            ),
            Text(i.owner_name),
            Text(f"{i.due_date:%m-%d}{' late' if i.is_overdue else ''}", style="red" if i.is_overdue else ""),
            whole_money(i.variance_gross_value),
        )
    return table


def incident_view(detail: IncidentDetail) -> Group:
    """Everything about one incident: facts, offending rows with file and line, history, where to go on."""
    i = detail.incident
    facts = Table.grid(padding=(0, 2))
    for name, value in _facts(detail):
        if value:
            facts.add_row(Text(name, style="dim"), Text(value))
    title = f"{i.incident_id}  {i.title}" + (f" / {i.title_zh}" if i.title_zh else "")
    head = Panel(facts, title=title, title_align="left", border_style=COLOURS[i.severity])
    parts: list[Panel | Table] = [head]
    if detail.rows:
        parts.append(rows_table(detail.rows, detail.rows_total))
    parts.append(history_table(detail.history))
    return Group(*parts)


def rows_table(rows: Iterable[FailingRow], total: int) -> Table:
    """The offending rows, dearest first: where, why, and file:line under one another, so that 80 columns are enough."""
    shown = list(rows)
    more = f" ({total - len(shown)} more in failing_rows)" if total > len(shown) else ""
    title = f"{total} {'row' if total == 1 else 'rows'}{more}"
    table = Table(title=title, title_justify="left", box=box.SIMPLE)
    table.add_column("where, why, file:line", ratio=1, overflow="fold")
    for name in ("units", "value"):
        table.add_column(name, justify="right", no_wrap=True)
    for r in shown:
        line = "" if r.source_row is None else f":{r.source_row}"
        where = " ".join(p for p in (r.item_id, r.warehouse_id, r.doc_no, str(r.business_date or "")) if p)
        table.add_row(
            Text.assemble(
                where,
                ("\n" if where else "") + ": ".join(p for p in (r.cause, r.explanation) if p),
                (f"\n{r.source_file}{line}" if r.source_file else "\n-", "cyan"),
            ),
            "-" if r.variance_units is None else f"{r.variance_units:g}",
            money(r.variance_value),
        )
    return table


def history_table(history: Iterable[HistoryEntry]) -> Table:
    """Who did what, when."""
    table = Table(title="history", title_justify="left", box=box.SIMPLE)
    table.add_column("when (UTC)", no_wrap=True)
    table.add_column("who", no_wrap=True)
    table.add_column("what", ratio=1, overflow="fold")
    for h in history:
        change = f"{h.field}: {h.old_value or '-'} -> {h.new_value or '-'}" if h.field else ""
        told = ", ".join(p for p in (h.action, change, h.comment) if p)
        table.add_row(f"{h.at:%Y-%m-%d %H:%M}", Text(h.user_name), Text(told))
    return table


def state_text(incident: Incident) -> str:
    """The state with what qualifies it."""
    if incident.snoozed_until_date is not None:
        return f"{incident.state}, snoozed until {incident.snoozed_until_date}"
    if incident.accepted_until_date is not None:
        return f"{incident.state} until {incident.accepted_until_date}"
    return incident.state


def whole_money(value: Decimal | None) -> str:
    """12,346; a dash for what has no value."""
    return "-" if value is None else f"{value:,.0f}"


def money(value: Decimal | None) -> str:
    """12,345.60; a dash for what has no value."""
    return "-" if value is None else f"{value:,.2f}"


def _facts(detail: IncidentDetail) -> list[tuple[str, str]]:
    i = detail.incident
    touched = [f"{item or 'all items'} @ {place or 'all warehouses'}" for item, place in detail.subjects]
    return [
        ("state", state_text(i) + (f", reopened {i.reopened_count} times" if i.reopened_count else "")),
        ("owner", i.owner_name + (f", escalation {i.escalation_level}" if i.escalation_level else "")),
        ("due", f"{i.due_date}{' (overdue)' if i.is_overdue else ''}"),
        ("cause", ": ".join(p for p in (i.cause, i.explanation) if p)),
        ("first document", " ".join(p for p in (i.doc_no, str(i.first_business_date or "")) if p)),
        ("task", i.task + (f" (first of {i.rows_failed} rows)" if i.task and i.rows_failed > 1 else "")),
        ("variance", f"net {money(i.variance_net_value)}, gross {money(i.variance_gross_value)} ({i.value_status})"),
        ("stock touched", money(i.stock_value_touched)),
        ("not to be trusted", ", ".join(i.metrics)),
        ("marts touched", ", ".join(detail.marts)),
        ("items touched", "; ".join(touched[:20]) + (f"; {len(touched) - 20} more" if len(touched) > 20 else "")),
        ("first bad run", f"{detail.first_bad_run_id} ({detail.first_bad_as_of_date})"),
        ("last good run", detail.last_good_run_id or "none recorded"),
        ("reason", f"{i.reason} ({i.reason_by})" if i.reason_by else i.reason),
        ("same cause before", i.previous_incident_id),
        ("runbook", detail.runbook),
    ]
