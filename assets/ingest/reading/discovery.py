"""Which files of a source are to be read for a contract, and of what day each is."""

from __future__ import annotations

import calendar
import datetime as dt
import hashlib
import re
from collections.abc import Iterator, Sequence
from collections.abc import Mapping as PlainMapping
from dataclasses import dataclass
from pathlib import Path

from assets.ingest.batches.validity import master_contracts, valid_on
from assets.ingest.errors import IngestError
from assets.ingest.live.folder import DatasetFolder
from assets.ingest.mapping.column_rules import ColumnRule
from assets.ingest.mapping.language import Dataset, Mapping
from assets.ingest.mapping.loader import load_mapping
from assets.ingest.mapping.source_keys import IS_REMOVED
from assets.ingest.reading.dataset_of_file import files_of, unknown_files
from assets.ingest.reading.table_files import content_hash, joined_files, table_day
from assets.ingest.reading.table_folders import PARQUET, DataFile, data_files, partition_values
from assets.ingest.settings import SourceSettings

_BLOCK = 1 << 22
Problems = PlainMapping[tuple[str, str], IngestError]


@dataclass(frozen=True)
class Candidate:
    """A file found for a dataset; `problem` where it cannot even be looked at."""

    source: SourceSettings
    mapping: Mapping
    dataset: Dataset
    name: str
    extract_date: dt.date
    path: Path | None = None
    sha256: str = ""
    problem: IngestError | None = None


def find_candidates(
    sources: Sequence[SourceSettings], contract: str, as_of: dt.date, problems: Problems | None = None
) -> list[Candidate]:
    """Files of every dataset that feeds the contract which the day may see, by extract date and name; problems among them.

    `problems` are those of live sources and remote folders that could not be read in this run, by names of source and dataset.
    """
    found: list[Candidate] = []
    for source in sources:
        mapping = load_mapping(source.mapping)
        for dataset in mapping.feeds(contract):
            problem = (problems or {}).get((source.name, dataset.name))
            if source.kind == "file":
                if problem is not None:
                    found.append(Candidate(source, mapping, dataset, dataset.place, as_of, problem=problem))
                found += _of_dataset(source, mapping, dataset, as_of)
                continue
            if dataset.balance is not None:
                problem = IngestError(
                    "a running balance needs every row at once, and a live source gives only what changed",
                    file=dataset.place,
                    fix=f"Read dataset {dataset.name!r} from files.",
                )
                found.append(Candidate(source, mapping, dataset, dataset.place, as_of, problem=problem))
                continue
            if problem is not None:
                found.append(Candidate(source, mapping, dataset, dataset.place, as_of, problem=problem))
            found += _of_live(source, mapping, dataset, as_of)
    found = valid_on(found, contract, as_of, lambda one: (one.source.name, one.dataset.name))
    return sorted(found, key=lambda candidate: (candidate.extract_date, candidate.name, candidate.source.name))


def _of_dataset(source: SourceSettings, mapping: Mapping, dataset: Dataset, as_of: dt.date) -> Iterator[Candidate]:
    if not source.path.is_dir():
        if source.required:
            problem = IngestError(
                f"the folder of source {source.name!r} does not exist",
                file=source.path.name,
                fix="Correct `path` in the configuration, or set `required: false`.",
            )
            yield Candidate(source, mapping, dataset, dataset.place, as_of, problem=problem)
        return
    root = source.path.resolve()
    paths = files_of(source.path, mapping, dataset)
    for path, problem in unknown_files(source.path, mapping, dataset):
        yield Candidate(source, mapping, dataset, path.relative_to(source.path).as_posix(), as_of, problem=problem)
    if not paths and dataset.required:
        problem = IngestError(
            f"no file matches, and dataset {dataset.name!r} is required",
            file=dataset.place,
            fix="Put the extract into the source folder, or correct `files` in the mapping.",
        )
        yield Candidate(source, mapping, dataset, dataset.place, as_of, problem=problem)
    for path in paths:
        name = path.relative_to(source.path).as_posix()
        try:
            if not path.resolve().is_relative_to(root):
                raise IngestError(
                    "is a link that leaves the source folder", file=name, fix="Copy the file itself there."
                )
            day = extract_date_of(dataset, path.name, as_of)
            content = _content(source, dataset, path) if day <= as_of or dataset.contract in master_contracts() else ""
        except IngestError as problem:
            yield Candidate(source, mapping, dataset, name, as_of, problem=problem)
            continue
        if content:
            yield Candidate(source, mapping, dataset, name, day, path, content)


def _of_live(source: SourceSettings, mapping: Mapping, dataset: Dataset, as_of: dt.date) -> Iterator[Candidate]:
    """Extracts of a live source that count; a baseline replaces everything that was read before it."""
    read = as_read(source, dataset)
    for path in DatasetFolder(source.path, dataset.name).files():
        day = extract_date_of(read, path.name, as_of)
        if day <= as_of:
            scope = "full" if "_0baseline_" in path.name else dataset.scope
            extract = read.model_copy(update={"scope": scope})
            name = path.relative_to(source.path).as_posix()
            yield Candidate(source, mapping, extract, name, day, path, file_hash(path))


def as_read(source: SourceSettings, dataset: Dataset) -> Dataset:
    """A dataset as its extracts are read: those of a live source are joined already and say which rows are gone."""
    if source.kind == "file":
        return dataset
    removed = ColumnRule.model_validate({"from": IS_REMOVED, "optional": True})
    return dataset.model_copy(
        update={
            "table": None,
            "join": (),
            "optional_columns": (),
            "header": (),
            "records": None,
            "extract_date": r"^(\d{8})_",
            "unknown_columns": "ext",
            "columns": {"is_deleted": removed, **dataset.columns},
        }
    )


def _content(source: SourceSettings, dataset: Dataset, path: Path) -> str:
    """Hash of all that a dataset is read from: the file, the tables that it is joined to, the parameters."""
    joined = joined_files(source.path, dataset, table_day(path)) if dataset.join else []
    others = [_hash(other, other.name) if other is not None else "" for other in joined]
    return content_hash(_hash(path, path.relative_to(source.path).as_posix()), others)


def _hash(path: Path, name: str) -> str:
    """Hash of a file and of what its folders say of its rows; of a table of a lake, that of all its files."""
    if path.is_dir():
        files = data_files(path, name)
    elif path.suffix.lower() == PARQUET and (values := partition_values(name)):
        files = [DataFile(path, values)]
    else:
        return file_hash(path)
    return content_hash("", [f"{sorted(file.values.items())} {file_hash(file.path)}" for file in files])


def file_hash(path: Path) -> str:
    """SHA-256 of a file's content."""
    digest = hashlib.sha256()
    with path.open("rb") as stream:
        while block := stream.read(_BLOCK):
            digest.update(block)
    return digest.hexdigest()


def extract_date_of(dataset: Dataset, file_name: str, as_of: dt.date) -> dt.date:
    """Day of an extract: the mapping's fixed day, the day in the file name, else `as_of`.

    A name with year and month only represents the last day of that month. Raises IngestError for a name without a day.
    """
    rule = dataset.extract_date
    if rule is None and dataset.table is not None:
        return table_day(Path(file_name)) or as_of
    if rule is None:
        return as_of
    if isinstance(rule, dt.date):
        return rule
    match = re.search(rule, file_name)
    digits = re.sub(r"\D", "", match[1]) if match else ""
    try:
        if len(digits) == 6:
            year, month = int(digits[:4]), int(digits[4:])
            return dt.date(year, month, calendar.monthrange(year, month)[1])
        return dt.datetime.strptime(digits, "%Y%m%d").date()  # noqa: DTZ007 - a day, not an instant
    except (ValueError, calendar.IllegalMonthError) as error:
        raise IngestError(
            "the file name holds no day",
            file=file_name,
            fix=f"Dataset {dataset.name!r} expects one that matches {rule}; rename the file or correct `extract_date`.",
        ) from error
