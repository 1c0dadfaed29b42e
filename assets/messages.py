"""Sentences by name: code says which sentence and its values, a catalogue has the words in both languages.

What the planner writes (assets/planning/sentences.yml) and what the incident store writes (expectations/incidents/texts.yml) are such
sentences. Until it is read, a sentence is text that holds its name and values apart.
"""

from __future__ import annotations

import string
from collections.abc import Mapping
from typing import Any, Literal

Language = Literal["en", "zh"]
_CLAUSE, _VALUE, _VALUE_WITHIN = "\x1e", "\x1f", "\x1d"
_BETWEEN: Mapping[Language, str] = {"en": "; ", "zh": "；"}


def say(name: str, *values: object) -> str:
    """One sentence: its name in the catalogue and its values; numbers as `g` writes them, all else as text.

    A value may be a sentence again, of values that are none.
    """
    texts = [f"{value:g}" if isinstance(value, float) else str(value) for value in values]
    return _VALUE.join([name, *(text.replace(_VALUE, _VALUE_WITHIN) for text in texts)])


def joined(*said: str) -> str:
    """Several sentences as the clauses of one text; empty ones are left out."""
    return _CLAUSE.join(one for one in said if one)


class Catalogue:
    """The sentences of one part of the product."""

    def __init__(self, sentences: Mapping[str, Mapping[str, str]], names: Mapping[str, Mapping[str, str]]) -> None:
        """
        Args:
            sentences: name -> language -> text with places {0}, {1}; {0:word} is a code that is written by its name.
            names: code -> language -> name.
        """
        self.sentences = sentences
        self._names: dict[Language, _Names] = {
            language: _Names({code: texts[language] for code, texts in names.items()}) for language in _BETWEEN
        }

    def in_words(self, said: str, language: Language) -> str:
        """Text in a language.

        Args:
            said: what `say` and `joined` made, or empty text.

        Raises:
            KeyError: there is no sentence of this name.
        """
        return _BETWEEN[language].join(self._filled(one, language) for one in said.split(_CLAUSE)) if said else ""

    def _filled(self, said: str, language: Language) -> str:
        name, *values = said.split(_VALUE)
        inner = [
            self._filled(value.replace(_VALUE_WITHIN, _VALUE), language) if _VALUE_WITHIN in value else value
            for value in values
        ]
        return self._names[language].vformat(self.sentences[name][language], inner, {})


class _Names(string.Formatter):
    """Places of a sentence; {0:word} is a code by its name."""

    def __init__(self, names: Mapping[str, str]) -> None:
        self._names = names

    def format_field(self, value: Any, format_spec: str) -> str:
        return self._names.get(value, value) if format_spec == "word" else str(value)
