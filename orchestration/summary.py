"""The short account at the end of a run."""

from __future__ import annotations

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from orchestration.faults import CRASHED, GOOD, NOT_RELEASED
from orchestration.run import RunOutcome

VERDICTS = {GOOD: "[green]released, every check passes[/green]", NOT_RELEASED: "[red]not released[/red]"}


def print_summary(console: Console, outcome: RunOutcome) -> None:
    """Rows in and out, checks, findings, release path, verdict."""
    console.print(f"\nas of {outcome.as_of}, {outcome.seconds:.1f} s, run {outcome.run_id[:8]}")
    if outcome.release:
        rows = outcome.release.manifest["accounting"]
        console.print(
            f"rows in {rows['rows_in']:,} = loaded {rows['rows_loaded']:,} + quarantined {rows['rows_quarantined']:,}"
            f" + duplicates {rows['rows_duplicate']:,} + excluded by the mapping {rows['rows_excluded']:,}"
            f" ({rows['batches']:,} files)"
        )
    passed = sum(check.is_passed for check in outcome.checks)
    console.print(f"checks: {passed} passed, {len(outcome.failing)} failed")
    if outcome.failing:
        console.print(_failing(outcome))
    for refusal in outcome.refusals:
        console.print(f"[yellow]refused: {escape(refusal)}[/yellow]", soft_wrap=True)
    for error in outcome.errors:
        console.print(f"[red]{escape(error)}[/red]", soft_wrap=True)
    if outcome.release:
        console.print(f"release: {outcome.release.path}", soft_wrap=True)
    verdict = VERDICTS.get(outcome.exit_status, "[yellow]released, with failing checks[/yellow]")
    if outcome.exit_status == CRASHED:
        live = "released; what comes after the release failed" if outcome.release else "crashed, not released"
        verdict = f"[red]{live}; `stockturn status` says what to do[/red]"
    console.print(f"[bold]{verdict}[/bold] (exit status {outcome.exit_status})")


def _short(details: str) -> str:
    """What was found and what it is worth; how to fix it is in the runbook and in the check itself."""
    return details.split(", fix: ")[0]


def _failing(outcome: RunOutcome) -> Table:
    table = Table("check", "on", "severity", "details", box=None, pad_edge=False)
    for check in sorted(outcome.failing, key=lambda check: (check.severity != "ERROR", check.name)):
        table.add_row(check.name, check.asset, check.severity.lower(), escape(_short(check.details)))
    return table
