"""What the incident store writes by itself: the name of a sentence with its values, in words only where it is read.

The words are in texts.yml. People's own words and sentences of the store are in the same columns; a sentence is known by its mark.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from assets import messages
from assets.documents import shipped_document
from assets.publish.values import value_list

TEXTS = Path(__file__).with_name("texts.yml")
_MARK = "\x1f"


class Sentence(str):
    """English text that knows its Chinese."""

    zh: str

    def __new__(cls, english: str, zh: str = "") -> Sentence:
        """`zh`: the same in Chinese."""
        made = super().__new__(cls, english)
        made.zh = zh or english
        return made


def say(name: str, *values: object) -> str:
    """A sentence as the store keeps it; a value may be a sentence of the store again."""
    return _MARK + messages.say(name, *(str(value).removeprefix(_MARK) for value in values))


def read(kept: str) -> str:
    """What a column holds, for people: a sentence in both languages, or what somebody wrote, as it is."""
    if not kept.startswith(_MARK):
        return kept
    said = kept.removeprefix(_MARK)
    return Sentence(_catalogue().in_words(said, "en"), _catalogue().in_words(said, "zh"))


def of_check(message: str, rows_failed: int, rows_checked: int | None) -> str:
    """The message of a check; its Chinese gives the figures, where the check counts rows. Names and documents are in its findings."""
    if not rows_checked:
        return message
    return Sentence(message, _catalogue().in_words(messages.say("rows_of_rows", rows_failed, rows_checked), "zh"))


def sentences() -> Mapping[str, Mapping[str, str]]:
    """Name -> language -> text."""
    return _catalogue().sentences


def texts() -> Mapping[str, Any]:
    """The file of texts."""
    known: Mapping[str, Any] = shipped_document(TEXTS)
    return known


@lru_cache(maxsize=1)
def _catalogue() -> messages.Catalogue:
    found = texts()
    states = {key.removeprefix("state_"): text for key, text in found["words"].items() if key.startswith("state_")}
    return messages.Catalogue(found["sentences"], {**value_list("severity"), **states, **found["names"]})
