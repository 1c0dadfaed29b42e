"""Extracts of tables in a folder: a table `T` is a file `T.csv` (or .txt, .tsv, .xlsx, .parquet) or, delivered day by day,
`T_YYYYMMDD.csv`. Letters compare without case, as databases do.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import re
from collections.abc import Sequence
from pathlib import Path

from assets.ingest.mapping import Dataset

_SUFFIXES = (".csv", ".txt", ".tsv", ".xlsx", ".parquet")


def table_files(folder: Path, table: str) -> list[tuple[Path, dt.date | None]]:
    """Extracts of a table in a source folder with the day in their name, oldest first."""
    shape = re.compile(rf"{re.escape(table)}(?:_(\d{{8}}))?(?:{'|'.join(map(re.escape, _SUFFIXES))})", re.IGNORECASE)
    found: list[tuple[Path, dt.date | None]] = []
    for path in sorted(folder.iterdir()):
        match = shape.fullmatch(path.name)
        if match is not None and path.is_file():
            found.append((path, _day(match[1])))
    return sorted(found, key=lambda pair: (pair[1] or dt.date.min, pair[0].name))


def table_day(path: Path) -> dt.date | None:
    """The day that the name of an extract ends in, if any."""
    match = re.search(r"_(\d{8})$", path.stem)
    return _day(match[1]) if match else None


def _day(digits: str | None) -> dt.date | None:
    try:
        return dt.datetime.strptime(digits, "%Y%m%d").date() if digits else None  # noqa: DTZ007 - a day, not an instant
    except ValueError:
        return None


def joined_files(folder: Path, dataset: Dataset, day: dt.date | None) -> list[Path | None]:
    """The extract of each joined table that belongs to a driving extract of `day`: that of the day, else the newest one
    before it, else the undated one; None where there is none."""
    chosen: list[Path | None] = []
    for join in dataset.join:
        files = table_files(folder, join.table)
        before = [path for path, of in files if day is None or of is None or of <= day]
        chosen.append(before[-1] if before else None)
    return chosen


def content_hash(driving: str, joined: Sequence[str]) -> str:
    """What a dataset was read from: it changes when any of its tables does."""
    return hashlib.sha256("\x1f".join((driving, *joined)).encode()).hexdigest() if joined else driving
