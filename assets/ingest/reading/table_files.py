"""Extracts of tables in a folder: a table `T` is a file `T.csv` (or .txt, .tsv, .xlsx, .parquet, .json) or, delivered day by
day, `T_YYYYMMDD.csv`, unless the mapping names its files otherwise; in a lake it is a folder `T` (table_folders.py). Letters compare
without case, as databases do.
"""

from __future__ import annotations

import datetime as dt
import fnmatch
import hashlib
import re
from collections.abc import Sequence
from pathlib import Path

from assets.ingest.errors import IngestError
from assets.ingest.mapping.language import Dataset
from assets.ingest.reading.table_folders import data_files, is_table_folder

_SUFFIXES = (".csv", ".txt", ".tsv", ".xlsx", ".parquet", ".json", ".jsonl", ".ndjson")
_DAY = r"(\d{4})-?(\d{2})-?(\d{2})"


def table_files(folder: Path, table: str, pattern: str | None = None) -> list[tuple[Path, dt.date | None]]:
    """Extracts of a table in a source folder with the day in their name, oldest first; `pattern` is that of their names
    where they do not bear the name of the table."""
    own_name = rf"{re.escape(table)}(?:_{_DAY})?(?:{'|'.join(map(re.escape, _SUFFIXES))})?"
    shape = re.compile(fnmatch.translate(pattern) if pattern is not None else own_name, re.IGNORECASE)
    named = [path for path in sorted(folder.iterdir()) if shape.fullmatch(path.name)]
    paths = [path for path in named if (path.is_file() and path.suffix) or is_table_folder(path)]
    found = [(path, table_day(path)) for path in paths]
    return sorted(found, key=lambda pair: (pair[1] or dt.date.min, pair[0].name))


def table_day(path: Path) -> dt.date | None:
    """The day that the name of an extract ends in, if any."""
    match = re.search(rf"_{_DAY}$", path.stem)
    try:
        return dt.date(*(int(part) for part in match.groups())) if match else None
    except ValueError:
        return None


def joined_files(folder: Path, dataset: Dataset, day: dt.date | None) -> list[Path | None]:
    """The extract of each joined table that belongs to a driving extract of `day`: that of the day, else the newest one
    before it, else the undated one; None where there is none."""
    chosen: list[Path | None] = []
    for join in dataset.join:
        files = table_files(folder, join.table, dataset.file_of(join.table))
        before = [path for path, of in files if day is None or of is None or of <= day]
        chosen.append(before[-1] if before else None)
    return chosen


def dataset_files(folder: Path, dataset: Dataset) -> list[Path]:
    """Files of a dataset below a source folder, by name: those of its pattern, or the extracts of its table."""
    if dataset.table is not None:
        paths = [path for path, _ in table_files(folder, dataset.table, dataset.file_of(dataset.table))]
        return [file for path in paths for file in _files_apart(path, dataset)]
    return [path for path in sorted(folder.glob(dataset.files or "")) if path.is_file()]


def _files_apart(path: Path, dataset: Dataset) -> list[Path]:
    """The files of a lake's table where rows are only ever added to it: each is landed once. Else the folder, as a whole."""
    if not path.is_dir() or dataset.scope != "key" or not dataset.is_one_table or dataset.is_whole:
        return [path]
    try:
        return [file.path for file in data_files(path, path.name)]
    except IngestError:
        return [path]  # reading it says why


def content_hash(driving: str, joined: Sequence[str]) -> str:
    """What a dataset was read from: it changes when any of its tables does."""
    return hashlib.sha256("\x1f".join((driving, *joined)).encode()).hexdigest() if joined else driving
