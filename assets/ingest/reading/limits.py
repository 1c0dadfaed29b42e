"""What one file may ask of the machine: a file beyond it is refused by one sentence, before it is opened, and the others go on."""

from __future__ import annotations

import re
import zipfile
from pathlib import Path

from assets.ingest.errors import IngestError

MOST_CELLS = 20_000_000
"""Of the box around all cells of a sheet, which the workbook reader allocates: 1.1 GB at 10 million text cells (2026-11)."""
MOST_UNPACKED_BYTES = 1 << 30
"""Of one part of a workbook: a sheet with all of Excel's 1,048,576 rows and 16 columns is about 900 MB of XML."""
MOST_DOCUMENT_BYTES = 1 << 30
"""Of a JSON, HTML or XML file, which is held in memory as a whole, about five times over."""
_CHUNK = 1 << 22
_CELL = re.compile(rb'<c\b[^>]*?\br="([A-Z]{1,3})([0-9]{1,7})"')
_OVERLAP = 256


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


def _too_large(part: str, name: str) -> IngestError:
    return IngestError(
        f"unpacks to more than {MOST_UNPACKED_BYTES:,} bytes ({part})",
        file=name,
        fix="Save it again in Excel, or export it as CSV.",
    )


def _number(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number
