"""The header of a file of which nothing is known yet: found by every name in the vocabulary."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

import duckdb

from assets.ingest.describe.kinds import known_headers
from assets.ingest.describe.vocabulary import written_names
from assets.ingest.mapping.language import Dataset
from assets.ingest.reading.any_file import read_file
from assets.ingest.reading.raw_table import RawFile
from assets.ingest.typing.text_macros import install_macros

SUFFIXES = (".csv", ".txt", ".tsv", ".xls", ".xlsx", ".parquet")
_LOOK_KEYS = {"name": "look", "contract": "item", "files": "*", "scope": "full", "allow_empty": True}
_LOOK = Dataset.model_validate(_LOOK_KEYS)


@lru_cache(maxsize=1)
def expected_names() -> tuple[str, ...]:
    """Names that tell a header row from a title or a row of data."""
    words = (word for names in written_names().values() for word in names)
    return tuple(dict.fromkeys((*words, *known_headers())))


def read_unknown(
    connection: duckdb.DuckDBPyConnection, path: Path, name: str, work: Path, keys: Mapping[str, Any] | None = None
) -> RawFile:
    """Load a file into `raw` without a mapping, with what `keys` of a dataset say of it (`sheet`, `sheets`, `records`, `header`).

    Raises IngestError where it cannot be read.
    """
    look = Dataset.model_validate({**_LOOK_KEYS, **keys}) if keys else _LOOK
    return read_file(connection, path, name, look, expected_names(), work)


def header_of(path: Path) -> tuple[str, ...]:
    """Headers of a file; raises IngestError where it cannot be read. Remembered until the file changes."""
    stat = path.stat()
    return _header_of(path, stat.st_mtime_ns, stat.st_size)


@lru_cache(maxsize=256)
def _header_of(path: Path, _changed: int, _size: int) -> tuple[str, ...]:
    with tempfile.TemporaryDirectory() as work, duckdb.connect(":memory:") as connection:
        install_macros(connection)
        return read_unknown(connection, path, path.name, Path(work)).header
