"""The lists of objects in an unknown JSON document: which of them may be rows."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from assets.ingest.reading.limits import check_document
from assets.ingest.reading.text_encoding import read_decoded

_DEEPEST = 6
_LEAST_SHARE = 0.9
"""Of the entries of a list that must be objects for it to be rows; the others go to quarantine one by one."""


def lists_in(path: Path, name: str) -> list[tuple[str, ...]]:
    """Paths of keys to the lists of objects of a document, longest list first; the empty path for a document that is one itself.

    Raises IngestError for a file that is too large or no text. What is one object a line, or broken, is left to the reader of such files.
    """
    check_document(path, name)
    try:
        document = json.loads(read_decoded(path, name))
    except (ValueError, RecursionError):
        return [()]  # an object a line, or broken: reading it says where
    if isinstance(document, list):
        return [()]
    found = sorted(_lists(document, ()), key=lambda one: -one[1])
    return [at for at, _ in found] or [()]


def _lists(value: Any, at: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], int]]:
    if not isinstance(value, dict) or len(at) >= _DEEPEST:
        return
    for key, inner in value.items():
        if (
            isinstance(inner, list)
            and inner
            and sum(isinstance(one, dict) for one in inner) >= _LEAST_SHARE * len(inner)
        ):
            yield (*at, key), len(inner)
        else:
            yield from _lists(inner, (*at, key))
