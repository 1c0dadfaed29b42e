"""Texts of the templates, by language (words.yml)."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from assets.documents import shipped_document
from assets.publish.bi.model import Language


@lru_cache(maxsize=1)
def _words() -> Mapping[str, Mapping[str, str]]:
    return dict(shipped_document(Path(__file__).with_name("words.yml")))


def word(language: Language, key: str, **values: Any) -> str:
    """A text. Raises KeyError where there is none."""
    return _words()[key][language].format(**values)
