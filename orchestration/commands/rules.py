"""`stockturn rules`: the rules that a business person writes."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from expectations.rules import dry_run
from expectations.rules.render import history_table
from orchestration.commands.common import DEFAULT_CONFIG, ConfigOption, console, one_sentence, read_settings
from orchestration.resources import load_company_rules

app = typer.Typer(help="Rules over mart columns: checked, and tried out on the kept releases.")


@app.command()
def validate(config: ConfigOption = DEFAULT_CONFIG) -> None:
    """Check the rule book."""
    settings = read_settings(config)
    with one_sentence(ValueError):
        book = load_company_rules(settings)
    console.print(f"{len(book.rules)} rules, {len(book.policy.people)} people; all valid")


@app.command()
def test(config: ConfigOption = DEFAULT_CONFIG) -> None:
    """How often each rule would have fired on the kept releases."""
    from assets.publish.releases import list_releases

    settings = read_settings(config)
    with one_sentence(ValueError):
        book = load_company_rules(settings)
        console.print(history_table(dry_run(book.rules, list_releases(settings.workspace().releases), book.policy)))


@app.command()
def docs(
    config: ConfigOption = DEFAULT_CONFIG,
    out: Annotated[Path | None, typer.Option(help="Folder; quality/data_docs of the workspace by default.")] = None,
) -> None:
    """Write the Data Docs of Great Expectations: what each extract must keep, and whether it does."""
    from assets.ingest.contracts import load_contracts
    from expectations.data_docs import write_data_docs

    settings = read_settings(config)
    workspace = settings.workspace()
    with one_sentence(ValueError):
        if not workspace.warehouse.is_file():
            raise ValueError(f"{settings.company.name} has no warehouse yet; run `stockturn run` first")
        folder = out or workspace.incident_store.parent / "data_docs"
        console.print(str(write_data_docs(workspace.warehouse, load_contracts(), settings.sources, folder)))
