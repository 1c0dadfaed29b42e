"""A mapping that builds on another one: what it says itself counts, the rest is taken over from the base.

Enums, parameters, capabilities and entities are completed key by key, so that a site adds its own codes without a copy of the
whole; a dataset replaces the one of the same name; `without` leaves datasets of the base out.
"""

from __future__ import annotations

from collections.abc import Callable

from assets.ingest.errors import MappingError
from assets.ingest.yaml_lines import KeyPath, Located

_COMPLETED = ("parameters", "capabilities", "entities")
_OWN = ("mapping", "extends", "without", "datasets", "enums", *_COMPLETED)


def extend(document: Located, read_base: Callable[[str], Located]) -> Located:
    """The document with what it takes over from its base, if it names one. Raises MappingError for a base that is itself."""
    name = document.data.get("extends") if isinstance(document.data, dict) else None
    if name is None:
        return document
    if not isinstance(name, str) or name == document.data.get("mapping"):
        raise MappingError(f"{document.place(('extends',))}: give the name of another mapping")
    base = read_base(name)
    without = document.data.pop("without", None) or []
    del document.data["extends"]
    for key in base.data:
        if key not in _OWN and key not in document.data:
            document.take_over(base, (key,), (key,))
    for section in (*_COMPLETED, "enums"):
        _complete(document, base, (section,))
    for enum in base.data.get("enums", {}):
        _complete(document, base, ("enums", enum))
    own = document.data.setdefault("datasets", [])
    names = {dataset.get("name") for dataset in own if isinstance(dataset, dict)}
    known = [dataset.get("name") for dataset in base.data.get("datasets", []) if isinstance(dataset, dict)]
    missing = [dataset for dataset in without if dataset not in known]
    if missing:
        raise MappingError(f"{document.place(('without',))}: {name} has no dataset {', '.join(map(str, missing))}")
    for number, dataset in enumerate(known):
        if dataset not in names and dataset not in without:
            document.take_over(base, ("datasets", number), ("datasets", len(own)))
    return document


def _complete(document: Located, base: Located, place: KeyPath) -> None:
    """Keys of a section that only the base has."""
    ours, theirs = document.data, base.data
    for part in place:
        theirs = theirs.get(part) if isinstance(theirs, dict) else None
        if not isinstance(theirs, dict):
            return
        ours = ours.setdefault(part, {})
        if not isinstance(ours, dict):
            return
    for key in theirs:
        if key not in ours:
            document.take_over(base, (*place, key), (*place, key))
