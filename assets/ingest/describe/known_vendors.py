"""Extracts of a system that a shipped mapping reads, recognised by the tables that are there and by trying the mapping on them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

from assets.ingest.describe.check import check_mapping
from assets.ingest.describe.database import database_kind
from assets.ingest.describe.drafting import Question
from assets.ingest.errors import IngestError
from assets.ingest.live.extract import Opening
from assets.ingest.live.opening import open_source
from assets.ingest.live.secrets import Secrets
from assets.ingest.live.sql_query import tables_of
from assets.ingest.live.sql_reader import SqlReader, open_sql
from assets.ingest.mapping.language import Mapping as VendorMapping
from assets.ingest.mapping.loader import MAPPINGS_FOLDER, load_mapping
from assets.ingest.reading.table_files import dataset_files, table_files
from assets.ingest.settings import SourceSettings

_TRIED = 3
_KEY = "parameter "
_LEAST_SHARE = 0.5
"""Of the tables of a mapping that must be there, modules left out: below, a few names in common are chance. On six public folders the
right mapping had all of them and no other half (2026-11)."""


@dataclass(frozen=True)
class KnownVendor:
    """Extracts or a database that a shipped mapping reads: the mapping, and per dataset rows of a sample read and kept back."""

    folder: Path | None
    """Where the extracts are; None for a database."""
    mapping: VendorMapping
    evidence: tuple[str, ...]
    unread: tuple[str, ...]
    questions: tuple[Question, ...]
    """Parameters of the mapping that only the company knows."""


def find_vendor(folder: Path, company_code: str, answers: Mapping[str, str]) -> KnownVendor | None:
    """The shipped mapping that reads a folder of extracts, or one of its sub-folders; None where no mapping does.

    Args:
        folder: extracts in folders of any depth.
        company_code: what the trial takes for the company.
        answers: values of parameters by the keys of their questions.

    Returns:
        The mapping with the largest share of its tables there, of those whose trial on a sample refuses no file.
    """
    ranked = sorted(_candidates(folder), key=lambda one: (-one[0], one[2].mapping, str(one[1])))
    for _, place, mapping in ranked[:_TRIED]:
        source = SourceSettings(
            name="trial",
            kind="file",
            mapping=mapping.mapping,
            path=place,
            instance=company_code,
            parameters=parameters_of(mapping, answers),
        )
        evidence = _tried(mapping, source, open_source)
        if evidence:
            return KnownVendor(place, mapping, evidence, tuple(_unread(folder, place, mapping)), _questions(mapping))
    return None


def find_database_vendor(
    secrets: Secrets, names: Sequence[str], company_code: str, answers: Mapping[str, str]
) -> KnownVendor | None:
    """The shipped mapping that reads a database with tables of these names; None where no mapping does."""
    there = {name.casefold() for name in names}
    shares = []
    for mapping in _systems():
        asked = {dataset.table.casefold() for dataset in mapping.datasets if dataset.table and not dataset.is_module}
        if asked and len(asked & there) >= _LEAST_SHARE * len(asked):
            shares.append((len(asked & there) / len(asked), mapping))
    for _, mapping in sorted(shares, key=lambda one: (-one[0], one[1].mapping))[:_TRIED]:
        parameters = parameters_of(mapping, answers)
        source = SourceSettings(
            name=secrets.source, kind="sql", mapping=mapping.mapping, instance=company_code, parameters=parameters
        )

        def opening(one: SourceSettings, other: VendorMapping) -> AbstractContextManager[SqlReader]:
            return open_sql(secrets, other.parameter_values(one.parameters, one.built_in_parameters))

        evidence = _tried(mapping, source, opening)
        if evidence:
            read = {table.casefold() for dataset in mapping.datasets for table in tables_of(dataset)}
            unread = tuple(name for name in names if name.casefold() not in read)
            return KnownVendor(None, mapping, evidence, unread, _questions(mapping))
    return None


def _tried(mapping: VendorMapping, source: SourceSettings, opening: Opening) -> tuple[str, ...]:
    """A line for each dataset of which a sample was read; nothing where a file is refused or most rows are kept back."""
    try:
        found = check_mapping(mapping.mapping, source, opening=opening)
    except (IngestError, ValueError):
        return ()
    tried = [one for one in found.datasets if one.sampled]
    kept_back = sum(one.quarantined for one in tried)
    if kept_back * 2 > sum(one.sampled for one in tried) or len(tried) < len(found.datasets) * _LEAST_SHARE:
        return ()
    return tuple(
        f"{one.dataset} ({one.contract}) from {one.place}: of {one.sampled} rows of a sample {one.loaded} are read, "
        f"{one.quarantined} kept back, {one.excluded} left out"
        for one in tried
    )


def _candidates(folder: Path) -> Iterator[tuple[float, Path, VendorMapping]]:
    """Share of the tables that are there, folder and mapping, where the share is large enough."""
    places = sorted({folder, *(path.parent for path in folder.rglob("*") if path.is_file())})
    for mapping in _systems():
        asked = [one for one in mapping.datasets if (one.files or one.table) and not one.is_module]
        for place in places if asked else ():
            there = [dataset for dataset in asked if dataset_files(place, dataset)]
            if there and len(there) >= _LEAST_SHARE * len(asked):
                yield len(there) / len(asked), place, mapping


def _systems() -> Iterator[VendorMapping]:
    """The shipped mappings of systems: those of files as people make them, and of our own demo, name none."""
    for name in sorted(path.stem for path in MAPPINGS_FOLDER.glob("*.yml")):
        mapping = load_mapping(name)
        if not name.startswith("demo_") and all(dataset.kind is None for dataset in mapping.datasets):
            yield mapping


def parameters_of(mapping: VendorMapping, answers: Mapping[str, str]) -> dict[str, str | int | float | bool]:
    """The parameters that a company must set, as answered; "1" where nobody did."""
    return {
        question.key.removeprefix(_KEY): answers.get(question.key, question.default) for question in _questions(mapping)
    }


def _questions(mapping: VendorMapping) -> tuple[Question, ...]:
    return tuple(
        Question(f"{_KEY}{name}", parameter.meaning, "1")
        for name, parameter in mapping.parameters.items()
        if parameter.default is None
    )


def _unread(folder: Path, place: Path, mapping: VendorMapping) -> Iterator[str]:
    """Files of the folder that the mapping does not ask for."""
    asked = {path for dataset in mapping.datasets for path in dataset_files(place, dataset)}
    for dataset in mapping.datasets:
        for join in dataset.join:
            asked |= {path for path, _ in table_files(place, join.table, dataset.file_of(join.table))}
    for path in sorted(folder.rglob("*")):
        if path.is_file() and not path.name.startswith(".") and path not in asked and not database_kind(path):
            yield path.relative_to(folder).as_posix()
