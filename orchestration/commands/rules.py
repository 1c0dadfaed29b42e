"""`stockturn rules`: the rules that a business person writes."""

from __future__ import annotations

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
