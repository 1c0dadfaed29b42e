"""What the assets are given: the workspace and each stage's section of the settings."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import dagster as dg

from assets.documents import DocumentError
from assets.workspace import Workspace
from expectations.rules.book import RuleBook, load_rule_book, read_rule_book
from orchestration.settings import Settings

RUN_WAITS_SECONDS = 1800.0  # a daily run takes minutes; a run that Dagster starts beside the command lets it end


def build_resources(settings: Settings) -> dict[str, Any]:
    """Resources by the names that the assets ask for."""
    return {
        "workspace": locked_workspace(settings),
        "settings": settings,
        "company_code": settings.company.code,
        "sources": settings.sources,
        "ledger_settings": settings.ledger,
        "planning_settings": settings.planning.at_frequency(settings.demand_frequency, settings.seed),
        "publish_settings": settings.publish,
        "rule_book": load_company_rules(settings),
        "dbt_manifest": settings.dbt().manifest,
    }


def locked_workspace(settings: Settings) -> dg.ResourceDefinition:
    """The workspace, held by the run from its first step to its last: no other run or command writes to it meanwhile."""

    @dg.resource(description="Folders and warehouse of the company, held for one run")
    def workspace(_: dg.InitResourceContext) -> Iterator[Workspace]:
        found = settings.workspace()
        with found.exclusive(RUN_WAITS_SECONDS):
            yield found

    return workspace


def load_company_rules(settings: Settings) -> RuleBook:
    """The company's rule book; without one, the product's own rules with nobody named.

    Raises:
        expectations.rules.book.RuleBookError: one sentence per mistake.
    """
    if settings.rule_book is None:
        return read_rule_book({"timezone": settings.company.timezone})
    if not settings.rule_book.is_file():
        raise DocumentError(f"{settings.rule_book}: no such rule book; fix `rule_book` in the configuration")
    return load_rule_book(settings.rule_book)
