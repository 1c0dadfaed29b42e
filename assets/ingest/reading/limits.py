"""What one file may ask of the machine: a file beyond it is refused by one sentence, before it is opened, and the others continue."""

from __future__ import annotations

import os
import re
import zipfile
from contextlib import suppress
from functools import lru_cache
from pathlib import Path

from assets.ingest.errors import IngestError

MOST_CELLS = 20_000_000
"""Of the box around all cells of a sheet, which the workbook reader allocates: 1.1 GB at 10 million text cells (2026-11)."""
MOST_UNPACKED_BYTES = 1 << 30
"""Of one part of a workbook: a sheet with all of Excel's 1,048,576 rows and 16 columns is about 900 MB of XML."""
MOST_DOCUMENT_BYTES = 1 << 30
"""Of a JSON, HTML or XML file, which is held in memory as a whole, about five times over."""
MOST_WORKBOOK_BYTES = 1 << 32
"""Of all parts of a workbook: a year of monthly sheets of 300 MB each."""
MOST_PARQUET_CELLS = 2_000_000_000
"""Ten million rows with 200 columns; a few kilobytes of runs of one value can claim any number."""
SMALL_BYTES = 1 << 18
"""Of a file, unpacked: below, not even cells that repeat one text can take more than 800 MB, and no process of its own is needed."""
MOST_SECONDS = 900
"""For one file in a process of its own: a few times what the largest workbook within the limits takes on a busy machine (2026-11)."""
MOST_MEMORY_SHARE = 0.5
"""Of the machine's memory, for one file: the run that reads it keeps the other half."""
_CGROUP = Path("/sys/fs/cgroup/memory.max")
_OLD_WORKBOOK = b"\xd0\xcf\x11\xe0"
_CHUNK = 1 << 22
# Neither `<` nor `>` before the place: each byte is looked at once, whatever a file holds.
_CELL = re.compile(rb'<c\b[^<>]*?\br="([A-Z]{1,3})([0-9]{1,7})"')
_OVERLAP = 256


def seconds_limit() -> int:
    """Seconds that one file may take in a process of its own."""
    return MOST_SECONDS


@lru_cache(maxsize=1)
def memory_limit() -> int:
    """Bytes that one file may take in a process of its own: a share of the machine's memory, or of its container's."""
    whole = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    with suppress(OSError, ValueError):  # no container, or one without a limit
        whole = min(whole, int(_CGROUP.read_text(encoding="ascii")))
    return int(whole * MOST_MEMORY_SHARE)


def is_risky(path: Path) -> bool:
    """True for a workbook, page or document that is to be read in a process of its own.

    Every old .xls is: one changed byte can abort the library that reads it. The others are by what they unpack to.
    """
    with path.open("rb") as stream:
        if stream.read(4) == _OLD_WORKBOOK:
            return True
    try:
        with zipfile.ZipFile(path) as archive:
            # `check_workbook` has read every part to its end: what the directory says of sizes is so.
            return sum(part.file_size for part in archive.infolist()) > SMALL_BYTES
    except (zipfile.BadZipFile, OSError):
        return path.stat().st_size > SMALL_BYTES


def check_document(path: Path, name: str) -> None:
    """Refuse a file that is read as a whole and is too large for that."""
    if path.stat().st_size > MOST_DOCUMENT_BYTES:
        raise IngestError(
            f"has {path.stat().st_size:,} bytes; a file of its kind is read up to {MOST_DOCUMENT_BYTES:,}",
            file=name,
            fix="Export it in parts, or as CSV or Parquet.",
        )


def check_workbook(path: Path, name: str) -> None:
    """Refuse a workbook that unpacks to too much, or with a cell so far out that the box around all cells is too large.

    Reads the parts as streams, so that what it refuses costs no memory.
    """
    if not zipfile.is_zipfile(path):
        return  # an old .xls has 65,536 rows and 256 columns at most
    with zipfile.ZipFile(path) as archive:
        if sum(part.file_size for part in archive.infolist()) > MOST_WORKBOOK_BYTES:
            raise _too_large("all parts", name, MOST_WORKBOOK_BYTES)
        for part in archive.infolist():
            if not part.filename.lower().startswith("xl/") or not part.filename.lower().endswith((".xml", ".bin")):
                continue
            is_sheet = "/worksheets/" in part.filename.lower()
            size, rows, columns, place = 0, 0, 0, ""
            if part.file_size > MOST_UNPACKED_BYTES:
                raise _too_large(part.filename, name)
            rest = b""
            try:
                with archive.open(part) as stream:
                    while block := stream.read(_CHUNK):
                        size += len(block)
                        if size > MOST_UNPACKED_BYTES:
                            raise _too_large(part.filename, name)  # the archive understates it
                        if not is_sheet:
                            continue
                        data = rest + block
                        rest = data[-_OVERLAP:]
                        for letters, number in _CELL.findall(data):
                            row, column = int(number), _number(letters)
                            if row > rows or column > columns:
                                rows, columns = max(rows, row), max(columns, column)
                                place = f"{letters.decode()}{row}"
            except (zipfile.BadZipFile, OSError, EOFError, NotImplementedError, RuntimeError) as error:
                raise IngestError(f"cannot be unpacked ({error})", file=name, fix="Save it again as .xlsx.") from error
            if rows * columns > MOST_CELLS:
                raise IngestError(
                    f"reaches to cell {place}: {rows:,} rows by {columns:,} columns are more than {MOST_CELLS:,} cells",
                    file=name,
                    fix="Delete what is far from the table (Ctrl+End shows the last cell) and save it, or export it as CSV.",
                )


def _too_large(part: str, name: str, most: int | None = None) -> IngestError:
    return IngestError(
        f"unpacks to more than {most or MOST_UNPACKED_BYTES:,} bytes ({part})",
        file=name,
        fix="Save it again in Excel, or export it as CSV.",
    )


def _number(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number
