"""`stockturn rules`: the rules that a business person writes."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from assets.publish.releases import list_releases
from expectations.rules import dry_run
from expectations.rules.render import history_table
from orchestration.commands.common import (
    DEFAULT_CONFIG,
    REFUSED,
    ConfigOption,
    built_warehouse,
    console,
    one_sentence,
    problems,
    read_settings,
)
from orchestration.rule_book import load_company_rules

app = typer.Typer(help="Rules over mart columns: checked, and tried out on the kept releases.")


@app.command()
def validate(config: ConfigOption = DEFAULT_CONFIG) -> None:
    """Check the rule book: people, owners, and every rule's columns, types and dates against the marts."""
    from orchestration.validate import check_rule_book

    settings = read_settings(config)
    with one_sentence(ValueError):
        found = check_rule_book(settings)
        if found.problems:
            raise ValueError("\n".join(found.problems))
    people = len(found.book.policy.people)
    console.print(f"{len(found.book.rules)} rules, {people} people; all valid against {found.against}")


@app.command()
def test(config: ConfigOption = DEFAULT_CONFIG) -> None:
    """How often each rule would have fired on the kept releases. Ends 2 where a rule cannot run on the newest of them."""
    settings = read_settings(config)
    with one_sentence(ValueError):
        book = load_company_rules(settings)
        releases = list_releases(settings.workspace().releases)
        if not releases:
            raise ValueError(f"{settings.company.name} has no release yet; run `stockturn run` first")
        histories = dry_run(book.rules, releases, book.policy)
    console.print(history_table(histories))
    # a rule that never looked at a row is broken; one that was blind in an old release is not
    broken = [history.firings[-1].message for history in histories if history.firings[-1].message]
    for message in broken:
        problems.print(f"[red]{escape(message)}[/red]", soft_wrap=True)
    if broken:
        raise typer.Exit(REFUSED)


@app.command()
def docs(
    config: ConfigOption = DEFAULT_CONFIG,
    out: Annotated[Path | None, typer.Option(help="Folder; quality/data_docs of the workspace by default.")] = None,
) -> None:
    """Write the Data Docs of Great Expectations: what each extract must keep, and whether it does."""
    from assets.ingest.contracts import load_contracts
    from expectations.data_docs import write_data_docs

    settings = read_settings(config)
    with one_sentence(ValueError):
        warehouse = built_warehouse(settings)
        folder = out or settings.workspace().incident_store.parent / "data_docs"
        console.print(str(write_data_docs(warehouse, load_contracts(), settings.sources, folder)))
