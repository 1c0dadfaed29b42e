"""Sentences that the product itself makes, told in Chinese: a phrase with gaps, and what it is in the other language.

A phrase is English text in which {n} is a number and {t} any text; its Chinese names the gaps \\1, \\2 ... The same notation
as in the seed `finding_phrases`, which tells the findings. What people wrote themselves fits no phrase and stays as it is.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

_GAPS = {"{n}": r"([+-]?\d[\d,]*(?:\.\d+)?)", "{t}": r"(.*?)"}


class Phrasebook:
    """Phrases in the order in which they are tried."""

    def __init__(self, phrases: Mapping[str, str]) -> None:
        """English phrase -> Chinese template."""
        self._phrases = [(re.compile(_pattern(english), re.DOTALL), chinese) for english, chinese in phrases.items()]

    def chinese(self, text: str) -> str | None:
        """The sentence in Chinese; None where no phrase fits it whole."""
        for pattern, template in self._phrases:
            if found := pattern.fullmatch(text):
                return found.expand(template)
        return None

    def said(self, text: str, language: str) -> str:
        """The sentence in the language, as it is where no phrase fits."""
        return (self.chinese(text) if language == "zh" else None) or text


def _pattern(english: str) -> str:
    return "".join(_GAPS.get(part, re.escape(part)) for part in re.split(r"(\{n\}|\{t\})", english))
