"""Sheets that are written as markup: HTML tables and SpreadsheetML, which systems like to name .xls."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from typing import Any
from xml.etree import ElementTree

from assets.ingest.errors import IngestError

_SHEET = "{urn:schemas-microsoft-com:office:spreadsheet}"
_MOST_SPAN = 1000
"""A wider span than any sheet has columns: a page that asks for more is damaged."""


class _Tables(HTMLParser):
    """Collects the rows of every outermost table; a spanned cell is in its first place, the others are empty.

    Down the rows of a span its text is carried, a number never: what is merged is the head of a document.
    """

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.tables: list[list[list[str | None]]] = []
        self._depth = 0
        self._cell: list[str] | None = None
        self._span = (1, 1)
        self._below: dict[int, tuple[int, str | None]] = {}

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "table":
            self._depth += 1
            if self._depth == 1:
                self.tables.append([])
                self._below = {}
        elif self._depth == 1 and tag == "tr":
            self._end_row()
            self.tables[-1].append([])
        elif self._depth == 1 and tag in ("td", "th"):
            self._close()
            if not self.tables[-1]:
                self.tables[-1].append([])
            given = dict(attrs)
            self._span = (_span_of(given.get("colspan")), _span_of(given.get("rowspan")))
            self._cell = []
        elif tag == "br" and self._cell is not None:
            self._cell.append(" ")

    def handle_endtag(self, tag: str) -> None:
        if tag in ("td", "th", "tr") and self._depth == 1:
            self._close()
        if tag == "table" and self._depth:
            if self._depth == 1:
                self._end_row()
            self._depth -= 1

    def handle_data(self, data: str) -> None:
        if self._cell is not None:
            self._cell.append(data)

    def _end_row(self) -> None:
        self._close()
        if self.tables[-1]:
            self._fill(self.tables[-1][-1])

    def _close(self) -> None:
        if self._cell is not None:
            text = "".join(self._cell).strip() or None
            wide, deep = self._span
            row = self.tables[-1][-1]
            self._fill(row)
            for column in range(len(row), len(row) + wide):
                if deep > 1:
                    carried = text if column == len(row) and not _is_number(text) else None
                    self._below[column] = (len(self.tables[-1]) + deep - 1, carried)
            row += [text, *[None] * (wide - 1)]
            self._cell = None

    def _fill(self, row: list[str | None]) -> None:
        """Put in what spans reach into the row from above."""
        number = len(self.tables[-1])
        while (found := self._below.get(len(row))) is not None and found[0] >= number:
            row.append(found[1])


def _span_of(given: str | None) -> int:
    return min(max(int(given), 1), _MOST_SPAN) if given and given.isascii() and given.isdigit() else 1


def _is_number(text: str | None) -> bool:
    return text is not None and re.fullmatch(r"[-+(]?[\d,.]+\)?%?", text) is not None


def html_cells(text: str, name: str) -> list[list[str | None]]:
    """Cells of the table with most rows; raises IngestError for a page without one, such as an error message."""
    parser = _Tables()
    parser.feed(text)
    parser.close()
    cells = max(parser.tables, key=len, default=[])
    if not any(any(row) for row in cells):
        raise IngestError(
            "is a web page without a table", file=name, fix="Look at it in a browser and export it again."
        )
    return cells


def spreadsheetml_cells(data: bytes, name: str, sheet: str | None) -> list[list[str | None]]:
    """Cells of a sheet of an XML spreadsheet of 2003; raises IngestError for broken XML or a missing sheet."""
    # Entities can blow up or reach outside; no spreadsheet needs them.
    if b"<!DOCTYPE" in data or b"<!ENTITY" in data:
        raise IngestError("declares XML entities, which no export needs", file=name, fix="Save it again as .xlsx.")
    try:
        sheets = ElementTree.fromstring(data).findall(f"{_SHEET}Worksheet")
    except ElementTree.ParseError as error:
        raise IngestError(f"is broken XML ({error})", file=name, fix="Save it again as .xlsx.") from error
    by_name = {found.get(f"{_SHEET}Name", ""): found for found in sheets}
    if not sheets or (sheet is not None and sheet not in by_name):
        raise IngestError(
            f"has no sheet {sheet or ''!r}; it has {', '.join(by_name) or 'none'}",
            file=name,
            fix="Correct `sheet` in the mapping, or save the file again as .xlsx.",
        )
    rows: list[list[str | None]] = []
    # Columns that a merged cell reaches down into: the row it ends before, and the text that it carries.
    below: dict[int, tuple[int, str | None]] = {}
    for row in (by_name[sheet] if sheet is not None else sheets[0]).iter(f"{_SHEET}Row"):
        _fill(rows, row.get(f"{_SHEET}Index"), [])
        cells: list[str | None] = []
        for cell in row.findall(f"{_SHEET}Cell"):
            place = cell.get(f"{_SHEET}Index")
            _reach_down(cells, below, len(rows), _more(place) - 1 if place is not None else 0)
            value = cell.find(f"{_SHEET}Data")
            text = "".join(value.itertext()).strip() if value is not None else ""
            is_day = value is not None and value.get(f"{_SHEET}Type") == "DateTime"
            value_text = (text.removesuffix("T00:00:00.000") if is_day else text) or None
            wide, deep = (_more(cell.get(f"{_SHEET}{merge}")) for merge in ("MergeAcross", "MergeDown"))
            for column in range(len(cells), len(cells) + wide + 1) if deep else ():
                carried = value_text if column == len(cells) and not _is_number(value_text) else None
                below[column] = (len(rows) + deep + 1, carried)
            cells += [value_text, *[None] * wide]
        _reach_down(cells, below, len(rows), 0)
        rows.append(cells)
    return rows


def _reach_down(cells: list[str | None], below: dict[int, tuple[int, str | None]], row: int, least: int) -> None:
    """Continue to column `least` or further, past the cells that reach into the row from above, with what they carry."""
    while True:
        end, carried = below.get(len(cells), (0, None))
        if end <= row and len(cells) >= least:
            return
        cells.append(carried if end > row else None)


def _more(given: str | None) -> int:
    """How many further cells a merged one covers."""
    return min(int(given), _MOST_SPAN) if given and given.isascii() and given.isdigit() else 0


def _fill(items: list[Any], index: str | None, empty: Any) -> None:
    """Put in what an index (from 1) skips."""
    if index is not None and index.isascii() and index.isdigit():
        items.extend([empty] * min(int(index) - 1 - len(items), 1 << 20))
