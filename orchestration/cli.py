"""The `stockturn` command. Each command reads its arguments, calls one function and shows what came back."""

from __future__ import annotations

import os
from datetime import date, datetime
from typing import Annotated
from zoneinfo import ZoneInfo

import typer
from rich.markup import escape

from orchestration.commands.common import DEFAULT_CONFIG, ConfigOption, console, one_sentence, problems, read_settings
from orchestration.commands.lazy import LazyGroup
from orchestration.upkeep.environment import SecretFileError, read_secret_files

# one BLAS thread: the compiled kernels bring their own, and two cores are all that the product asks for
os.environ.setdefault("OMP_NUM_THREADS", "1")

app = typer.Typer(
    help="Inventory health from ERP, WMS and sales extracts.",
    cls=LazyGroup,
    no_args_is_help=True,
    pretty_exceptions_show_locals=False,
)


@app.callback()
def start() -> None:
    """Before every command: secrets that the environment names as files."""
    with one_sentence(SecretFileError):
        read_secret_files()


@app.command()
def run(
    config: ConfigOption = DEFAULT_CONFIG,
    as_of: Annotated[str, typer.Option("--as-of", help="Day of the run, YYYY-MM-DD.")] = "",
    select: Annotated[list[str] | None, typer.Option("--select", "-s", help="Only these assets.")] = None,
) -> None:
    """Run the daily job: extracts to release. Ends 0 good, 1 released with failing checks, 2 not released,
    3 crashed."""
    from assets.workspace import WorkspaceBusyError
    from orchestration.as_of import resolve_as_of
    from orchestration.progress import StepDisplay
    from orchestration.run import run_daily
    from orchestration.summary import print_summary

    settings = read_settings(config)
    today = datetime.now(ZoneInfo(settings.company.timezone)).date()
    with one_sentence(ValueError, WorkspaceBusyError):
        day = resolve_as_of(settings, _day(as_of), today)
        with StepDisplay(console) as display:
            outcome = run_daily(settings, day, select=select or (), on_step=display.on_step)
    print_summary(console, outcome)
    raise typer.Exit(outcome.exit_status)


@app.command()
def validate(config: ConfigOption = DEFAULT_CONFIG) -> None:
    """Check configuration, mappings, dbt project and asset graph without running anything."""
    from orchestration.validate import validate_all

    settings = read_settings(config)
    findings = validate_all(settings)
    for line in findings.problems:
        problems.print(f"[red]{escape(line)}[/red]", soft_wrap=True)
    if findings.problems:
        raise typer.Exit(2)
    console.print(findings.summary)


@app.command()
def status(
    config: ConfigOption = DEFAULT_CONFIG,
    assets: Annotated[bool, typer.Option("--assets", help="List the assets instead.")] = False,
) -> None:
    """What is published, how fresh the sources are, and which checks fail."""
    from orchestration.status import asset_table, status_tables

    settings = read_settings(config)
    for table in [asset_table(settings)] if assets else status_tables(settings):
        console.print(table)


def _day(text: str) -> date | None:
    if not text:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise ValueError(f"--as-of {text}: not a date; write it as YYYY-MM-DD") from error


if __name__ == "__main__":
    app()
