"""`stockturn mapping check` tries a mapping on its source; `stockturn describe` looks at an unknown one and drafts one."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape
from rich.table import Column, Table

from assets.ingest.settings import SourceSettings
from orchestration.commands.common import (
    DEFAULT_CONFIG,
    REFUSED,
    ConfigOption,
    console,
    one_sentence,
    problems,
    read_settings,
)

app = typer.Typer(help="Mappings: from what a system exports to what the contracts ask for.")
_COLOURS = {"error": "red", "warning": "yellow", "info": "dim"}
NO_CONFIG = Path()


@app.command()
def check(
    file: Annotated[str, typer.Argument(help="A mapping file, or the name of a mapping that ships with the product.")],
    config: ConfigOption = NO_CONFIG,
    source: Annotated[str, typer.Option("--source", "-s", help="Source of the configuration to try it on.")] = "",
    path: Annotated[Path | None, typer.Option("--path", help="A folder of extracts to try it on instead.")] = None,
    rows: Annotated[int, typer.Option("--rows", min=1, help="Rows of each dataset that are tried.")] = 1000,
) -> None:
    """Try a mapping on its source: tables, columns, types, codes, row counts, a sample. Ends 2 where a run would fail."""
    from assets.ingest.describe.check import check_mapping
    from assets.ingest.errors import ContractError, IngestError, MappingError

    with one_sentence(MappingError, ContractError, IngestError, ValueError):
        found = check_mapping(file, _source_of(file, config, source, path), rows=rows)
    table = Table("dataset", "contract", "where", *map(_right, ("rows", "tried", "loaded", "quarantined", "excluded")))
    for one in found.datasets:
        counts = (one.sampled, one.loaded, one.quarantined, one.excluded)
        table.add_row(
            one.dataset, one.contract, one.place, "" if one.rows is None else str(one.rows), *map(str, counts)
        )
    console.print(table)
    for finding in found.findings:
        where = f"{finding.dataset}: " if finding.dataset else ""
        text = f"[{_COLOURS[finding.level]}]{finding.level}[/] {escape(where + finding.message)}"
        (problems if finding.level == "error" else console).print(text, soft_wrap=True)
    if not found.is_good:
        raise typer.Exit(REFUSED)
    console.print(f"mapping {found.mapping}: nothing prevents a run")


def resync(
    source: Annotated[str, typer.Argument(help="A database or web service of the configuration.")],
    config: ConfigOption = DEFAULT_CONFIG,
    dataset: Annotated[str, typer.Option("--dataset", "-d", help="Only this dataset of its mapping.")] = "",
) -> None:
    """Let the next run read a source whole, whatever its watermarks say: what changed unseen there is found and stated."""
    from assets.ingest.errors import IngestError
    from assets.ingest.stage import resync as forget
    from assets.workspace import WorkspaceBusyError

    settings = read_settings(config)
    workspace = settings.workspace()
    with one_sentence(IngestError, WorkspaceBusyError), workspace.exclusive():
        done = forget(workspace.root, settings.sources, source, dataset)
    if not done:
        console.print(f"source {escape(source)} has not been read yet: the next run reads it whole anyway")
        return
    console.print(f"the next run reads whole: {escape(', '.join(done))}", soft_wrap=True)


def describe(
    source: Annotated[
        str,
        typer.Argument(
            help="A file, a folder, or a database: the name of a source, whose address the "
            "environment holds (STOCKTURN_SOURCE_<NAME>_URL)."
        ),
    ],
    draft: Annotated[Path | None, typer.Option("--draft", help="Write a first mapping to this file.")] = None,
    table: Annotated[str, typer.Option("--table", "-t", help="Only this table.")] = "",
    rows: Annotated[int, typer.Option("--rows", min=1, help="Rows of each table that are looked at.")] = 500,
) -> None:
    """Look at an unknown database or file: tables, captions, row counts, samples, and what they could be."""
    from assets.ingest.contracts import load_contracts
    from assets.ingest.describe.draft import draft_mapping
    from assets.ingest.describe.look import profile_database, profile_files
    from assets.ingest.describe.scores import table_fits
    from assets.ingest.errors import IngestError
    from assets.ingest.live.secrets import Secrets

    contracts = load_contracts()
    with one_sentence(IngestError):
        path = Path(source)
        tables = (
            profile_files(path, rows=rows)
            if path.exists()
            else profile_database(Secrets(source), only=table or None, rows=rows)
        )
    for profile in tables:
        fits = [fit for fit in table_fits(profile, contracts)[:3] if fit.score > 0]
        caption = f" {profile.caption}" if profile.caption else ""
        console.print(f"[bold]{escape(profile.name)}[/]{escape(caption)}: {profile.rows} rows; could be "
                      + (", ".join(f"{fit.contract} {fit.score:.2f}" for fit in fits) or "nothing we know"))  # fmt: skip
        if profile.kind is not None:
            console.print(f"its headers tell {escape(str(profile.kind))}")
        best = {found.source_column: found for found in (fits[0].candidates if fits else ())}
        view = Table("column", "caption", "type", _right("filled"), _right("distinct"), "samples", "candidate")
        for column in profile.columns:
            found = best.get(column.name)
            view.add_row(
                escape(column.name) + (" *" if column.is_key else ""),
                escape(column.caption),
                column.type,
                f"{column.filled_rate:.0%}",
                str(column.distinct),
                escape(", ".join(column.samples[:3])),
                f"{found.contract_column} {found.score:.2f}" if found else "",
            )
        console.print(view)
    if draft is not None:
        with one_sentence(OSError):
            draft.write_text(draft_mapping(draft.stem, tables, contracts), encoding="utf-8")
        console.print(f"first draft of a mapping: {draft}")


def _right(title: str) -> Column:
    return Column(title, justify="right")


def _source_of(file: str, config: Path, name: str, path: Path | None) -> SourceSettings | None:
    """The source that a mapping is tried on: a folder, the named source of the configuration, or the one that uses it."""
    if path is not None:
        return SourceSettings(name="trial", kind="file", mapping=file, path=path, instance="trial")
    if config == NO_CONFIG:
        return None
    sources = read_settings(config).sources
    wanted = Path(file).stem
    for source in sources:
        if source.name == name or (not name and (source.mapping == file or Path(source.mapping).stem == wanted)):
            return source.model_copy(update={"mapping": file})
    names = ", ".join(source.name for source in sources)
    raise ValueError(
        f"no source of {config} {'is called ' + name if name else 'uses mapping ' + file}; there are: {names}"
    )
