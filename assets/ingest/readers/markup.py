"""Sheets that are written as markup: HTML tables and SpreadsheetML, which systems like to name .xls."""

from __future__ import annotations

from html.parser import HTMLParser
from typing import Any
from xml.etree import ElementTree

from assets.ingest.errors import IngestError

_SHEET = "{urn:schemas-microsoft-com:office:spreadsheet}"
_MOST_SPAN = 1000
"""A wider span than any sheet has columns: a page that asks for more is damaged."""


class _Tables(HTMLParser):
    """Collects the rows of every outermost table; a spanned cell stands in its first place, the others are empty."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.tables: list[list[list[str | None]]] = []
        self._depth = 0
        self._cell: list[str] | None = None
        self._span = 1

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "table":
            self._depth += 1
            if self._depth == 1:
                self.tables.append([])
        elif self._depth == 1 and tag == "tr":
            self._close()
            self.tables[-1].append([])
        elif self._depth == 1 and tag in ("td", "th"):
            self._close()
            if not self.tables[-1]:
                self.tables[-1].append([])
            given = dict(attrs).get("colspan") or "1"
            self._span = min(int(given), _MOST_SPAN) if given.isascii() and given.isdigit() else 1
            self._cell = []
        elif tag == "br" and self._cell is not None:
            self._cell.append(" ")

    def handle_endtag(self, tag: str) -> None:
        if tag in ("td", "th", "tr") and self._depth == 1:
            self._close()
        if tag == "table" and self._depth:
            self._close()
            self._depth -= 1

    def handle_data(self, data: str) -> None:
        if self._cell is not None:
            self._cell.append(data)

    def _close(self) -> None:
        if self._cell is not None:
            text = "".join(self._cell).strip()
            self.tables[-1][-1] += [text or None, *[None] * (self._span - 1)]
            self._cell = None


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
    for row in (by_name[sheet] if sheet is not None else sheets[0]).iter(f"{_SHEET}Row"):
        _fill(rows, row.get(f"{_SHEET}Index"), [])
        cells: list[str | None] = []
        for cell in row.findall(f"{_SHEET}Cell"):
            _fill(cells, cell.get(f"{_SHEET}Index"), None)
            value = cell.find(f"{_SHEET}Data")
            text = "".join(value.itertext()).strip() if value is not None else ""
            is_day = value is not None and value.get(f"{_SHEET}Type") == "DateTime"
            cells.append((text.removesuffix("T00:00:00.000") if is_day else text) or None)
        rows.append(cells)
    return rows


def _fill(items: list[Any], index: str | None, empty: Any) -> None:
    """Put in what an index (from 1) skips."""
    if index is not None and index.isascii() and index.isdigit():
        items.extend([empty] * min(int(index) - 1 - len(items), 1 << 20))
