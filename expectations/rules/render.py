"""Rules on a terminal: rich tables out of what `evaluate` and `dry_run` give. Prints nothing."""

from __future__ import annotations

from collections.abc import Sequence

from rich.table import Table
from rich.text import Text

from expectations.incidents.model import CheckResult
from expectations.rules.history import RuleHistory


def history_table(histories: Sequence[RuleHistory]) -> Table:
    """How often each rule would have fired over the kept releases."""
    table = Table(title="rules over the kept releases", title_justify="left")
    table.add_column("rule", overflow="fold")
    table.add_column("severity")
    for name in ("releases", "fired in", "most rows", "incidents", "notices at once"):
        table.add_column(name, justify="right")
    for name in ("first", "last", "could not judge"):
        table.add_column(name, overflow="fold")
    for h in histories:
        silent = [f.message for f in h.firings if f.message]
        table.add_row(
            Text(h.rule.id), h.rule.severity, str(h.releases), str(h.fired_in), str(h.rows_max),
            str(h.incidents_opened), str(h.notices_at_once), str(h.first_fired or "-"), str(h.last_fired or "-"),
            Text(f"{len(silent)}: {silent[-1]}" if silent else "-"),
        )  # fmt: skip
    return table


def results_table(results: Sequence[CheckResult]) -> Table:
    """What each rule said of one release."""
    table = Table(title=f"{len(results)} rules", title_justify="left")
    for name in ("rule", "result", "message"):
        table.add_column(name, overflow="fold")
    for r in results:
        table.add_row(Text(r.rule_id), "passed" if r.is_passed else r.severity, Text(r.message))
    return table
