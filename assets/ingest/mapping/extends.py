"""A mapping that builds on another one: what it says itself counts, the rest is taken over from the base.

Enums, parameters, capabilities, entities and tables are completed key by key, so that a site adds its own codes without a copy of the
whole. A dataset replaces the one of the same name; one that names no contract completes it instead (its columns and the synonyms of
its headers too, one by one). `without` leaves datasets of the base out.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from assets.ingest.errors import MappingError
from assets.ingest.mapping.yaml_lines import KeyPath, Located

_COMPLETED = ("parameters", "capabilities", "entities", "tables")
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
    for number, dataset in enumerate(own):
        if isinstance(dataset, dict) and "contract" not in dataset and dataset.get("name") in known:
            theirs = ("datasets", known.index(dataset["name"]))
            _complete(document, base, ("datasets", number), theirs)
            _complete(document, base, ("datasets", number, "columns"), (*theirs, "columns"))
            for names_of in ("synonyms", "otherwise"):
                _complete_lists(document, base, ("datasets", number, names_of), (*theirs, names_of))
    for number, dataset in enumerate(known):
        if dataset not in names and dataset not in without:
            document.take_over(base, ("datasets", number), ("datasets", len(own)))
    return document


def _complete(document: Located, base: Located, place: KeyPath, their_place: KeyPath | None = None) -> None:
    """Keys of a section that only the base has."""
    theirs, ours = _at(base.data, their_place or place), _at(document.data, place[:-1])
    if not isinstance(theirs, dict):
        return
    if isinstance(ours, dict):
        ours.setdefault(place[-1], {})
    section = _at(document.data, place)
    if not isinstance(section, dict):
        return
    for key in theirs:
        if key not in section:
            document.take_over(base, (*(their_place or place), key), (*place, key))


def _complete_lists(document: Located, base: Located, place: KeyPath, their_place: KeyPath) -> None:
    """Keys that only the base has, and of shared keys the entries that only the base has, after the site's own."""
    _complete(document, base, place, their_place)
    ours, theirs = _at(document.data, place), _at(base.data, their_place)
    if not isinstance(ours, dict) or not isinstance(theirs, dict):
        return
    for key in ours.keys() & theirs.keys():
        if isinstance(ours[key], list) and isinstance(theirs[key], list):
            ours[key] = list(dict.fromkeys((*ours[key], *theirs[key])))


def _at(data: Any, place: KeyPath) -> Any:
    """What is at a place, None where there is nothing."""
    for part in place:
        try:
            data = data[part]
        except (KeyError, IndexError, TypeError):
            return None
    return data
