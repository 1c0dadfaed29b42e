"""What people call the columns of the contracts (synonyms.yml), as it is compared. Read once."""

from __future__ import annotations

import re
from functools import lru_cache
from pathlib import Path

from assets.documents import shipped_document
from assets.ingest.reading.raw_table import normal_header

_UNIT = re.compile(r"[(（][^)）]*[)）]")


def plain_name(text: object) -> str:
    """A name as it is compared: without unit in brackets, case, blanks and underscores."""
    return normal_header(_UNIT.sub("", str(text))).replace("_", "").replace("-", "")


@lru_cache(maxsize=1)
def written_names() -> dict[str, tuple[str, ...]]:
    """Names of every contract column as they are written."""
    document = shipped_document(Path(__file__).parent / "synonyms.yml")
    return {column: tuple(map(str, words)) for column, words in document.items()}


@lru_cache(maxsize=1)
def synonyms() -> dict[str, tuple[str, ...]]:
    """Names of every contract column, as they are compared."""
    names = written_names()
    return {column: tuple(dict.fromkeys(map(plain_name, (column, *words)))) for column, words in names.items()}
