"""`stockturn init`: a new project of a company, from a sample or from a folder of its extracts."""

from __future__ import annotations

import sys
from datetime import datetime
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo

import typer
from rich.markup import escape

from assets.documents import parse_keys, read_text
from assets.ingest.describe.drafting import Question
from orchestration.commands.common import console, one_sentence, read_settings


def init(
    folder: Annotated[Path, typer.Argument(help="The folder of the project; made by this command.")],
    name: Annotated[str, typer.Option("--name", help="Name of the company; that of the folder by default.")] = "",
    code: Annotated[str, typer.Option("--code", help="Namespace of item and warehouse codes.")] = "",
    currency: Annotated[str, typer.Option("--currency", help="ISO 4217 code.")] = "CNY",
    timezone: Annotated[str, typer.Option("--timezone", help="IANA time zone.")] = "Asia/Shanghai",
    lang: Annotated[str, typer.Option("--lang", help="Language of notices and pages: en or zh.")] = "zh",
    extracts: Annotated[
        str | None,
        typer.Option(
            "--from",
            help="A folder of extracts, a SQLite or DuckDB file, or the address of a database: sources and first mappings are "
            "drafted from it.",
        ),
    ] = None,
    answers: Annotated[
        Path | None,
        typer.Option(
            "--answers", help="YAML of answers to what the extracts cannot tell; asked on a terminal otherwise."
        ),
    ] = None,
    run: Annotated[bool, typer.Option("--run", help="Run the new project at once: extracts to release.")] = False,
) -> None:
    """Write a company's own project: configuration, mappings, rules, own models; ready for `stockturn run`.

    With --from, every file and table is looked at: what it seems to be, on what evidence, with a sample.
    """
    from assets.ingest.describe.project import draft_sources
    from orchestration.project.scaffold import Identity, write_project

    stem = folder.resolve().name
    with one_sentence(ValueError):
        identity = Identity(name or stem, code or stem.upper().replace(" ", "_"), currency, timezone, lang)
        given = _answers(answers) if answers is not None else {}
        ask = _ask if answers is None and sys.stdin.isatty() else None
        sources = draft_sources(extracts, identity.code, given, ask) if extracts is not None else ()
        files = write_project(folder, identity, sources)
    console.print(f"{len(files)} files in {escape(str(folder))}; next: cd {escape(str(folder))} && stockturn validate")
    for source in sources:
        for note in source.notes:
            console.print(f"[yellow]{escape(source.name)}: {escape(note)}[/yellow]", soft_wrap=True)
    if run:
        _run(folder)


def _answers(file: Path) -> dict[str, str]:
    """Answers by the keys of their questions."""
    data, _ = parse_keys(read_text(file), name=str(file))
    return {str(key): str(value) for key, value in data.items()}


def _ask(question: Question) -> str:
    return str(typer.prompt(f"{question.key}: {question.text}", default=question.default))


def _run(folder: Path) -> None:
    """The daily run of the new project, with the exit status of `stockturn run`."""
    from orchestration.as_of import resolve_as_of
    from orchestration.progress import StepDisplay
    from orchestration.run import run_daily
    from orchestration.summary import print_summary

    settings = read_settings(folder / "config" / "company.yml")
    day = resolve_as_of(settings, None, datetime.now(ZoneInfo(settings.company.timezone)).date())
    with StepDisplay(console) as display:
        outcome = run_daily(settings, day, on_step=display.on_step)
    print_summary(console, outcome)
    raise typer.Exit(outcome.exit_status)


def dbt_project() -> None:
    """Print where the product's dbt project is, for STOCKTURN_DBT_PROJECT of a dbt command of your own."""
    from orchestration.dbt_runner import SHIPPED

    print(SHIPPED.folder)  # noqa: T201 - plain, so that a shell can use it
