"""Writes extracts to disk, byte for byte the same for the same rows: CSV, and workbooks with fixed dates inside."""

from __future__ import annotations

import csv
import io
import re
import zipfile
from datetime import datetime
from pathlib import Path
from typing import Any

from openpyxl import Workbook

from demo.extracts import Extract
from demo.sheet import first_of_each_day_type, rows_xml

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
    layout = extract.layout
    rows: list[list[Any]] = [[layout.title]] if layout.title else []
    rows.append(list(layout.header))
    rows += [
        [None if cell == "" else cell for cell in extract.cells(position)] for position in range(len(extract.rows))
    ]
    book = Workbook(write_only=True)
    book.properties.created = datetime(*FIXED_MOMENT)  # noqa: DTZ001 - workbooks know no zone
    # one row that has every number format; the rows themselves take its place
    book.create_sheet(layout.sheet).append(first_of_each_day_type(rows))
    raw = io.BytesIO()
    book.save(raw)
    return _filled(raw.getvalue(), rows_xml(rows))


def _filled(workbook: bytes, rows: str) -> bytes:
    """The workbook with `rows` in its sheet, and every stamp of the present moment replaced by a fixed one."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(workbook)) as source, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as target:
        for name in sorted(source.namelist()):
            content = source.read(name)
            if name == "docProps/core.xml":
                content = re.sub(rb"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", FIXED_STAMP, content)
            elif name.startswith("xl/worksheets/"):
                before, _, rest = content.partition(b"<sheetData>")
                after = rest.partition(b"</sheetData>")[2]
                content = before + b"<sheetData>" + rows.encode() + b"</sheetData>" + after
            target.writestr(zipfile.ZipInfo(name, FIXED_MOMENT), content, zipfile.ZIP_DEFLATED)
    return out.getvalue()
