"""What incidents say, in the language of who reads: words for codes, and sentences told in Chinese. Reads texts.yml."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

from assets.documents import shipped_document
from assets.publish.values import value_list
from expectations.phrases import Phrasebook

Language = Literal["en", "zh"]
TEXTS = Path(__file__).with_name("texts.yml")


@lru_cache(maxsize=1)
def words() -> Mapping[str, Mapping[str, str]]:
    """Key -> language -> text; the names of severities are those of the published values."""
    known: Mapping[str, Mapping[str, str]] = _read()["words"]
    return {**known, **{f"severity_{code}": names for code, names in value_list("severity").items()}}


@lru_cache(maxsize=1)
def phrases() -> Phrasebook:
    """The sentences that runs, sweeps and refusals make."""
    return Phrasebook(_read()["phrases"])


def word(key: str, language: Language, **values: Any) -> str:
    """The text of a key. Raises KeyError where it does not exist."""
    return words()[key][language].format(**values)


def name_of(kind: str, code: str, language: Language) -> str:
    """A code (`state`, `severity`, `done`, `metric`, `field`) as a word, itself where it has none."""
    return words().get(f"{kind}_{code}", {}).get(language, code)


def said(record: object, name: str, language: Language) -> str:
    """A title, explanation, task, reason or comment of an incident or row, in the language.

    Who has it in Chinese says so in `<name>_zh`; what the store itself wrote is given by its phrases; English for the rest.
    """
    own = getattr(record, f"{name}_zh", "") if language == "zh" else ""
    return str(own or sentence(str(getattr(record, name)), language))


def sentence(text: str, language: Language) -> str:
    """A sentence of the store (a comment, a refusal, a status) in the language; what people wrote stays as it is."""
    return phrases().said(text) if language == "zh" else text


def _read() -> Mapping[str, Any]:
    known: Mapping[str, Any] = shipped_document(TEXTS)
    return known
