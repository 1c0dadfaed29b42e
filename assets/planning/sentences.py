"""What the planner says beside its figures: the name of a sentence with its values, in words only where it is written.

The sentences of both languages are in sentences.yml. Within the plan a reason is text that holds names and values apart
(`say`, `joined`); `with_words` gives a table its English column and the Chinese one beside it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import lru_cache
from itertools import repeat
from pathlib import Path

import pandas as pd

from assets.documents import shipped_document
from assets.messages import Catalogue, Language, joined, say
from assets.publish.values import value_list

__all__ = ["COLUMNS", "in_words", "joined", "say", "sentences", "with_clause", "with_words"]
CATALOGUE = Path(__file__).with_name("sentences.yml")
COLUMNS: Mapping[str, tuple[str, ...]] = {
    "forecast_accuracy": ("reason",),
    "item_classes": ("class_reason",),
    "class_history": ("class_reason",),
    "order_exceptions": ("reason",),
    "replenishment": ("reason", "unavailable_reason"),
    "transfers": ("reason",),
    "disposals": ("reason",),
    "order_drafts": ("reason",),
    "order_draft_lines": ("reason", "alternatives"),
    "storage_forecast": ("reason",),
    "supplier_plan_checks": ("reason",),
    "policy_replay": ("verdict_reason",),
}
"""The columns of the planning tables that hold sentences."""
_CODES = (
    "policy", "service_measure", "lead_time_source", "demand_pattern", "cover_status", "stock_status",
)  # fmt: skip
"""Lists of values.yml whose codes may be in a sentence."""


def with_clause(reasons: Iterable[str], holds: Iterable[bool], clauses: str | Iterable[str]) -> list[str]:
    """The reasons of some rows, with a further clause where it holds.

    Args:
        reasons: one a row. holds: which rows get the clause. clauses: the same for all, or one a row.
    """
    said = list(reasons)
    each = repeat(clauses, len(said)) if isinstance(clauses, str) else clauses
    return [joined(reason, clause) if held else reason for reason, held, clause in zip(said, holds, each, strict=True)]


def in_words(said: str, language: Language) -> str:
    """A reason in a language.

    Args:
        said: what `say` and `joined` made, or empty text.

    Raises:
        KeyError: the catalogue has no sentence of this name.
    """
    return _catalogue().in_words(said, language)


def with_words(table: str, frame: pd.DataFrame) -> pd.DataFrame:
    """The frame of a planning table with each column of sentences in English, and `<column>_zh` at the end."""
    named = COLUMNS.get(table, ())
    texts: dict[str, list[str]] = {}
    for column in named:
        said = frame[column].fillna("").tolist()
        for name, language in ((column, "en"), (f"{column}_zh", "zh")):
            known = {one: in_words(one, language) for one in set(said)}  # type: ignore[arg-type]
            texts[name] = [known[one] for one in said]
    return frame.assign(**{name: pd.Series(column, frame.index, dtype=object) for name, column in texts.items()})


def sentences() -> Mapping[str, Mapping[str, str]]:
    """Name -> language -> text."""
    return _catalogue().sentences


@lru_cache(maxsize=1)
def _catalogue() -> Catalogue:
    found = shipped_document(CATALOGUE)
    codes = {code: names for name in reversed(_CODES) for code, names in value_list(name).items()}
    return Catalogue(found["sentences"], {**codes, **found["words"]})
