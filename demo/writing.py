"""Writes extracts to disk, byte for byte the same for the same rows: CSV, and workbooks with fixed dates inside."""

from __future__ import annotations

import csv
import io
import re
import zipfile
from datetime import datetime
from pathlib import Path

from openpyxl import Workbook

from demo.extracts import Extract

FIXED_MOMENT = (2024, 1, 1, 0, 0, 0)
FIXED_STAMP = b"2024-01-01T00:00:00Z"


def write_extract(folder: Path, extract: Extract) -> Path:
    """Write one extract below `folder`/<system>/ and return its path."""
    path = folder / extract.layout.system / extract.name
    path.parent.mkdir(parents=True, exist_ok=True)
    if extract.layout.suffix == "xlsx":
        path.write_bytes(_workbook_bytes(extract))
    else:
        path.write_bytes(_csv_text(extract).encode(extract.layout.encoding))
    return path


def _csv_text(extract: Extract) -> str:
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\r\n")
    writer.writerow(extract.layout.header)
    if extract.spoiled:
        writer.writerows(extract.cells(position) for position in range(len(extract.rows)))
    else:
        writer.writerows(map(extract.layout.cells, extract.rows))
    return buffer.getvalue()


def _workbook_bytes(extract: Extract) -> bytes:
    book = Workbook(write_only=True)
    book.properties.created = datetime(*FIXED_MOMENT)  # noqa: DTZ001 - workbooks know no zone
    sheet = book.create_sheet(extract.layout.sheet)
    if extract.layout.title:
        sheet.append([extract.layout.title])
    sheet.append(list(extract.layout.header))
    for position in range(len(extract.rows)):
        sheet.append([None if cell == "" else cell for cell in extract.cells(position)])
    raw = io.BytesIO()
    book.save(raw)
    return _without_clock(raw.getvalue())


def _without_clock(workbook: bytes) -> bytes:
    """The same workbook with every stamp of the present moment replaced by a fixed one."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(workbook)) as source, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as target:
        for name in sorted(source.namelist()):
            content = source.read(name)
            if name == "docProps/core.xml":
                content = re.sub(rb"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", FIXED_STAMP, content)
            target.writestr(zipfile.ZipInfo(name, FIXED_MOMENT), content, zipfile.ZIP_DEFLATED)
    return out.getvalue()
