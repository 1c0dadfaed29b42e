"""Sentences of the incident store in a language: a phrase with gaps, and what it is in the other words.

A phrase is English text in which {n} is a number and {t} any text; its translation names the gaps \\1, \\2 ... What people
wrote themselves fits no phrase and stays as it is. Findings have message ids instead (dbt_project/seeds/finding_messages.csv), and
so have the planner's reasons (assets/planning/sentences.yml).
"""

from __future__ import annotations

import re
from collections.abc import Mapping

_GAPS = {"{n}": r"([+-]?\d[\d,]*(?:\.\d+)?(?:e[+-]?\d+)?)", "{t}": r"(.*?)"}


class Phrasebook:
    """Phrases in the order in which they are tried."""

    def __init__(self, phrases: Mapping[str, str]) -> None:
        """Phrase -> translation."""
        self._phrases = [(re.compile(_pattern(phrase), re.DOTALL), told) for phrase, told in phrases.items()]

    def find(self, text: str) -> str | None:
        """The sentence in the language of the book; None where no phrase fits it whole. A gap may hold a sentence again."""
        for pattern, told in self._phrases:
            if found := pattern.fullmatch(text):
                parts = [self.find(part) or part for part in found.groups()]
                return _filled(told, parts)
        return None

    def said(self, text: str) -> str:
        """The sentence in the language of the book, as it is where no phrase fits."""
        return self.find(text) or text


def _filled(told: str, parts: list[str]) -> str:
    """The translation with its numbered gaps filled."""
    return re.sub(r"\\(\d)", lambda gap: parts[int(gap[1]) - 1], told)


def _pattern(phrase: str) -> str:
    return "".join(_GAPS.get(part, re.escape(part)) for part in re.split(r"(\{n\}|\{t\})", phrase))
