"""Worksheets are written without openpyxl's cells, and must be what openpyxl would have written."""

from __future__ import annotations

import io
import zipfile
from datetime import date, datetime

from openpyxl import Workbook

from demo.sheet import rows_xml

ROWS = [
    ["数量", None, " padded ", "a<&>\"'", "two\nlines"],
    [1, 2.5, datetime(2026, 6, 30, 12, 34, 56), 0.1, -3, 3.0, 1e-7],
    [date(2026, 6, 30), None, datetime(2026, 6, 30)],
    [None, None],
]


def test_rows_are_what_openpyxl_writes() -> None:
    book = Workbook(write_only=True)
    sheet = book.create_sheet("a")
    for row in ROWS:
        sheet.append(row)
    raw = io.BytesIO()
    book.save(raw)
    with zipfile.ZipFile(raw) as archive:
        content = archive.read("xl/worksheets/sheet1.xml").decode()
    assert f"<sheetData>{rows_xml(ROWS)}</sheetData>" in content
