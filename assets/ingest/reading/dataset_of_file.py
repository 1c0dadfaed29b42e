"""Files whose names say nothing: given to the dataset of their kind, which their headers tell (file rule 15).

Only a mapping whose datasets name a `kind` looks at such files. One whose kind cannot be determined is refused, once, by a
sentence; it is never dropped in silence.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from assets.ingest.describe.headers import SUFFIXES, header_of
from assets.ingest.describe.kinds import possible_kinds
from assets.ingest.describe.vocabulary import plain_name, synonyms
from assets.ingest.errors import IngestError
from assets.ingest.mapping.language import Dataset, Mapping
from assets.ingest.reading.table_files import dataset_files

_NOTES_KNOW = 2
"""A .txt with fewer known headers than this is a note that somebody left, no extract."""


def files_of(folder: Path, mapping: Mapping, dataset: Dataset) -> list[Path]:
    """Files of a dataset: those of its name or table, and those of its kind that no dataset claims by name."""
    named = dataset_files(folder, dataset)
    if dataset.kind is None:
        return named
    return sorted([*named, *(path for path in _unclaimed(folder, mapping) if _kinds_of(path) == [dataset.kind])])


def unknown_files(folder: Path, mapping: Mapping, dataset: Dataset) -> Iterator[tuple[Path, IngestError]]:
    """Files of a folder whose kind cannot be determined; given by the first dataset of the mapping that names a kind."""
    kinds = [other.kind for other in mapping.datasets if other.kind is not None]
    first = next((other.name for other in mapping.datasets if other.kind is not None), None)
    if dataset.name != first:
        return
    patterns = ", ".join(other.files for other in mapping.datasets if other.kind is not None and other.files)
    for path in _unclaimed(folder, mapping):
        try:
            found = [kind for kind in _kinds_of(path) if kind in kinds]
            header = header_of(path)
        except IngestError as problem:
            if path.suffix.lower() != ".txt":
                yield path, problem
            continue
        if len(found) == 1:
            continue
        known = {name for names in synonyms().values() for name in names}
        if path.suffix.lower() == ".txt" and sum(plain_name(title) in known for title in header) < _NOTES_KNOW:
            continue
        could = f" (it could be {' or '.join(found)})" if found else ""
        yield (
            path,
            IngestError(
                f"has headers that do not tell what kind of file it is{could}: {', '.join(header)}",
                file=path.relative_to(folder).as_posix(),
                fix=f"Give it a name of its kind: {patterns}.",
            ),
        )


def _unclaimed(folder: Path, mapping: Mapping) -> list[Path]:
    """Tables in a source folder that no dataset of the mapping asks for by name."""
    claimed = {path for dataset in mapping.datasets for path in dataset_files(folder, dataset)}
    return [
        path
        for path in sorted(folder.iterdir())
        if path.is_file()
        and path not in claimed
        and path.suffix.lower() in SUFFIXES
        and not path.name.startswith((".", "~$"))
        and path.resolve().is_relative_to(folder.resolve())
    ]


def _kinds_of(path: Path) -> list[str]:
    try:
        return [found.kind.name for found in possible_kinds(header_of(path))]
    except IngestError:
        return []
