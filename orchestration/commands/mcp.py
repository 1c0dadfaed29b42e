"""`stockturn mcp`: questions of an assistant about the current release, over standard input and output."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import typer

from assets.optional import MissingExtraError
from expectations.after_run import open_store
from expectations.incidents import Incident, IncidentFilter, list_incidents
from orchestration.commands.common import DEFAULT_CONFIG, ConfigOption, one_sentence, published, read_settings
from orchestration.rule_book import load_company_rules
from orchestration.settings import Settings


def mcp(
    config: ConfigOption = DEFAULT_CONFIG,
    owner: Annotated[
        list[str] | None, typer.Option("--owner", help="Only the stock of this responsible person; may be repeated.")
    ] = None,
    warehouse: Annotated[
        list[str] | None, typer.Option("--warehouse", help="Only this warehouse (company/code); may be repeated.")
    ] = None,
) -> None:
    """Serve the current release to an assistant (Model Context Protocol), read-only: KPIs, marts, explanations, incidents."""
    from orchestration.ask.published import Limits, Published
    from orchestration.ask.server import build_server

    settings = read_settings(config)
    release = published(settings)
    data = Published(release, Limits(tuple(owner) if owner else None, tuple(warehouse) if warehouse else None))
    with one_sentence(MissingExtraError):
        server = build_server(data, settings.company.name, settings.company.currency, lambda: _incidents(settings))
    server.run("stdio")


def _incidents(settings: Settings) -> Sequence[Incident]:
    path = settings.workspace().incident_store
    store = open_store(path, load_company_rules(settings))
    try:
        return list_incidents(store, IncidentFilter(limit=10_000))
    finally:
        store.close()
