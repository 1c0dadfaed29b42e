"""The rule book that a configuration names. Without Dagster, whose import takes a command a second."""

from __future__ import annotations

from assets.documents import DocumentError
from expectations.rules.book import RuleBook, load_rule_book, read_rule_book
from orchestration.settings import Settings


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
