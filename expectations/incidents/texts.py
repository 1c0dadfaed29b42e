"""What incidents say, in the language of who reads: words for codes, and which of two texts. Reads texts.yml."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from assets.messages import Language
from assets.publish.values import value_list
from expectations.incidents.sentences import Sentence, of_check, texts

__all__ = ["Language", "check_in_words", "name_of", "said", "sentence", "word", "words"]


@lru_cache(maxsize=1)
def words() -> Mapping[str, Mapping[str, str]]:
    """Key -> language -> text; the names of severities are those of the published values."""
    known: Mapping[str, Mapping[str, str]] = texts()["words"]
    return {**known, **{f"severity_{code}": names for code, names in value_list("severity").items()}}


def word(key: str, language: Language, **values: Any) -> str:
    """The text of a key. Raises KeyError where it does not exist."""
    return words()[key][language].format(**values)


def name_of(kind: str, code: str, language: Language) -> str:
    """A code (`state`, `severity`, `done`, `metric`, `field`) as a word, itself where it has none."""
    return words().get(f"{kind}_{code}", {}).get(language, code)


def said(record: object, name: str, language: Language) -> str:
    """A title, explanation, task, reason or comment of an incident or row, in the language.

    Who has it in Chinese says so in `<name>_zh`; what the store itself wrote knows its Chinese; English for the rest.
    """
    own = getattr(record, f"{name}_zh", "") if language == "zh" else ""
    return str(own or sentence(getattr(record, name), language))


def sentence(text: str, language: Language) -> str:
    """A sentence of the store (a comment, a refusal, a status) in the language; what people wrote stays as it is."""
    return text.zh if language == "zh" and isinstance(text, Sentence) else str(text)


def check_in_words(check: Mapping[str, Any], titles: Mapping[Language, str], language: Language) -> tuple[str, str]:
    """Name and message of a check of a run.

    Args:
        check: a row of the results table: check_id, rule_id, message, rows_failed, rows_checked.
        titles: of a rule of the company that it is; empty for the product's checks, which have the name that the catalogue
            gives them, else their id.
    """
    told = str(check["message"])
    if titles:
        title = titles.get(language) or titles["en"]
        told = told.removeprefix(f"{titles['en']}: ")
    else:
        title = name_of("check", check["check_id"].rpartition(":")[2], language)
        title = check["check_id"] if title == check["check_id"].rpartition(":")[2] else title
    if language == "en" or check["is_passed"]:
        return title, told
    breach = words().get(f"breach_{check['rule_id']}", {}).get("zh", "")
    counted = (check["rows_failed"] and check["rows_checked"]) or not breach
    figures = sentence(of_check(told, check["rows_failed"], check["rows_checked"]), language) if counted else ""
    return title, "：".join(part for part in (figures, breach) if part)
