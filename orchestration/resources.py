"""What the assets are given: the workspace and each stage's section of the settings."""

from __future__ import annotations

from typing import Any

from assets.documents import DocumentError
from expectations.rules.book import RuleBook, load_rule_book, read_rule_book
from orchestration.dbt_runner import MANIFEST
from orchestration.settings import Settings


def build_resources(settings: Settings) -> dict[str, Any]:
    """Resources by the names that the assets ask for."""
    return {
        "workspace": settings.workspace(),
        "settings": settings,
        "company_code": settings.company.code,
        "sources": settings.sources,
        "ledger_settings": settings.ledger,
        "planning_settings": settings.planning.at_frequency(settings.demand_frequency, settings.seed),
        "publish_settings": settings.publish,
        "rule_book": load_company_rules(settings),
        "dbt_manifest": MANIFEST,
    }


def load_company_rules(settings: Settings) -> RuleBook:
    """The company's rule book; without one, the product's own rules with nobody named.

    Raises:
        expectations.rules.book.RuleBookError: one sentence per mistake.
    """
    if settings.rule_book is None:
        return read_rule_book({"timezone": settings.company.timezone})
    if not settings.rule_book.is_file():
        raise DocumentError(f"{settings.rule_book}: no such rule book; mend `rule_book` in the configuration")
    return load_rule_book(settings.rule_book)
