"""The first rows of a file as a file of its own: what is tried on them costs the same at any size."""

from __future__ import annotations

import shutil
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from assets.ingest.reading.table_folders import data_files

_TEXT = (".csv", ".txt", ".tsv")
_TITLE_LINES = 50
"""Lines above the rows: titles, headers, blank lines."""
_WIDE = (b"\xff\xfe", b"\xfe\xff")


def copy_sample(file: Path, target: Path, rows: int) -> bool:
    """Copy a file, or of a text or Parquet file, or of a table of a lake, its first rows.

    Args:
        file: what is copied; of a table of a lake the folder.
        target: the copy; its folder is there.
        rows: about how many rows are copied; a text file ends with a whole line outside of quotation marks.

    Returns:
        True where rows were left out. Workbooks, pages and JSON are copied whole: they cannot be read in part.

    Raises:
        IngestError: a table of a lake that cannot be read.
    """
    if file.is_dir():
        return _copy_table(file, target, rows)
    suffix = file.suffix.lower()
    if suffix == ".parquet":
        return _copy_parquet(file, target, rows)
    with file.open("rb") as source:
        head = source.read(4)
        if suffix not in _TEXT or head.startswith((*_WIDE, b"PK\x03\x04", b"\xd0\xcf\x11\xe0")):
            shutil.copyfile(file, target)
            return False
        source.seek(0)
        quotes = 0
        with target.open("wb") as copy:
            for number, line in enumerate(source):
                if number >= rows + _TITLE_LINES and quotes % 2 == 0:
                    return True
                copy.write(line)
                quotes += line.count(b'"')
    return False


def _copy_table(folder: Path, target: Path, rows: int) -> bool:
    """Copy the first files of a table, in the folders that say their partition."""
    left = rows
    for data in data_files(folder, folder.name):
        if left <= 0:
            return True
        copy = target / data.path.relative_to(folder)
        copy.parent.mkdir(parents=True, exist_ok=True)
        if _copy_parquet(data.path, copy, left):
            return True
        left -= pq.read_metadata(copy).num_rows
    return False


def _copy_parquet(file: Path, target: Path, rows: int) -> bool:
    try:
        source = pq.ParquetFile(file)
        is_short = source.metadata.num_rows <= rows
        first = None if is_short else next(source.iter_batches(batch_size=rows), None)
    except (pa.ArrowInvalid, OSError):
        shutil.copyfile(file, target)  # reading it says what is wrong
        return False
    if first is None:
        shutil.copyfile(file, target)
        return False
    pq.write_table(pa.Table.from_batches([first]), target)
    return True
