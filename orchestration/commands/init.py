"""`stockturn init`: a new project of a company, from a sample or from a folder of its extracts."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from orchestration.commands.common import console, one_sentence


def init(
    folder: Annotated[Path, typer.Argument(help="The folder of the project; made by this command.")],
    name: Annotated[str, typer.Option("--name", help="Name of the company; that of the folder by default.")] = "",
    code: Annotated[str, typer.Option("--code", help="Namespace of item and warehouse codes.")] = "",
    currency: Annotated[str, typer.Option("--currency", help="ISO 4217 code.")] = "CNY",
    timezone: Annotated[str, typer.Option("--timezone", help="IANA time zone.")] = "Asia/Shanghai",
    lang: Annotated[str, typer.Option("--lang", help="Language of notices and pages: en or zh.")] = "zh",
    extracts: Annotated[
        Path | None,
        typer.Option("--from", help="A folder of extracts: sources and first mappings are drafted from it."),
    ] = None,
) -> None:
    """Write a company's own project: configuration, mappings, rules, own models; ready for `stockturn run`."""
    from assets.ingest.describe.project import draft_sources
    from orchestration.project.scaffold import Identity, write_project

    stem = folder.resolve().name
    with one_sentence(ValueError):
        identity = Identity(name or stem, code or stem.upper().replace(" ", "_"), currency, timezone, lang)
        sources = draft_sources(extracts, identity.code) if extracts is not None else ()
        files = write_project(folder, identity, sources)
    console.print(f"{len(files)} files in {escape(str(folder))}; next: cd {escape(str(folder))} && stockturn validate")
    for source in sources:
        for note in source.notes:
            console.print(f"[yellow]{escape(source.name)}: {escape(note)}[/yellow]", soft_wrap=True)


def dbt_project() -> None:
    """Print where the product's dbt project is, for STOCKTURN_DBT_PROJECT of a dbt command of your own."""
    from orchestration.dbt_runner import SHIPPED

    print(SHIPPED.folder)  # noqa: T201 - plain, so that a shell can use it
