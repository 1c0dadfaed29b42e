"""A review as a workbook: a sheet a table, real numbers and dates, frozen headings. Texts stay texts."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from openpyxl import Workbook
from openpyxl.cell import Cell
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter

from assets.publish.review.tables import Amount, Table
from assets.publish.spreadsheets import plain_text

_FORMATS = {"money": "#,##0", "number": "#,##0", "rate": "0.0%", "date": "yyyy-mm-dd", "ratio": "#,##0.00"}
_WIDEST = 60  # characters; wider columns push the figures off the screen


def workbook(tables: Sequence[Table]) -> Workbook:
    """The workbook, not yet saved."""
    book = Workbook()
    for sheet in list(book.worksheets):
        book.remove(sheet)
    for table in tables:
        sheet = book.create_sheet(table.title[:31])
        sheet.append(list(table.headings))
        for cell in sheet[1]:
            cell.font = Font(bold=True)
            cell.fill = PatternFill("solid", fgColor="E9EDF1")
            cell.alignment = Alignment(vertical="top")
        for number, row in enumerate(table.rows, start=2):
            for place, (value, kind) in enumerate(zip(row, table.kinds, strict=True), start=1):
                cell = sheet.cell(number, place)
                if isinstance(cell, Cell):
                    _fill(cell, value, kind)
        for place, heading in enumerate(table.headings, start=1):
            texts = [
                str(heading),
                *[str(row[place - 1]) for row in table.rows if isinstance(row[place - 1], str)],
                "0" * 9,
            ]
            sheet.column_dimensions[get_column_letter(place)].width = min(_WIDEST, max(map(_width, texts)) + 2)
        sheet.freeze_panes = "A2"
        if table.rows:
            sheet.auto_filter.ref = sheet.dimensions
    return book


def _fill(cell: Cell, value: Any, kind: str) -> None:
    if isinstance(value, Amount):
        value, kind = value.value, value.kind
    cell.value = float(value) if isinstance(value, Decimal) else value
    if isinstance(value, str):
        cell.data_type = "s"  # a text that begins with = would become a formula
        cell.quotePrefix = plain_text(value) != value  # and stays a text when somebody edits the cell
    elif kind in _FORMATS:
        cell.number_format = _FORMATS[kind]


def _width(text: str) -> int:
    """Chinese characters are two wide."""
    return sum(2 if ord(letter) > 0x2E80 else 1 for letter in text)
