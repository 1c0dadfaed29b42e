"""`stockturn rules`: the rules that a business person writes."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import duckdb
import typer
from rich.markup import escape

from assets.documents import shipped_document
from assets.publish.releases import current_release, list_releases
from expectations.rules import check_names, dry_run
from expectations.rules import validate as check_rules
from expectations.rules.evaluate import table_columns
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
from orchestration.dbt_runner import SHIPPED
from orchestration.resources import load_company_rules

app = typer.Typer(help="Rules over mart columns: checked, and tried out on the kept releases.")


@app.command()
def validate(config: ConfigOption = DEFAULT_CONFIG) -> None:
    """Check the rule book: people, owners, and every rule's columns, types and dates against the marts."""
    settings = read_settings(config)
    with one_sentence(ValueError):
        book = load_company_rules(settings)
        unknown = book.policy.unknown_owners()
        if unknown:
            raise ValueError(
                f"{settings.rule_book}: not listed under people: {', '.join(unknown)}; nobody would hear of them"
            )
        release = current_release(settings.workspace().releases)
        if release is None:
            check_names(book.rules, declared_columns(SHIPPED.folder))
            against = "the marts of the dbt project (no release yet)"
        else:
            with duckdb.connect(str(release.database), read_only=True) as connection:
                tables = {name: columns for name, (_, columns) in table_columns(connection).items()}
            check_rules(book.rules, tables)
            against = f"release {release.release_id}"
    console.print(f"{len(book.rules)} rules, {len(book.policy.people)} people; all valid against {against}")


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


def declared_columns(project: Path) -> dict[str, Mapping[str, str]]:
    """Table -> column -> type of every mart and reconciliation table that the dbt project describes; type empty where not stated."""
    found: dict[str, Mapping[str, str]] = {}
    for layer in ("marts", "reconciliation"):
        for path in sorted((project / "models" / layer).glob("*.yml")):
            for model in (shipped_document(path) or {}).get("models", []):
                columns = model.get("columns", [])
                found[model["name"]] = {column["name"]: str(column.get("data_type", "")).upper() for column in columns}
    return found


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
