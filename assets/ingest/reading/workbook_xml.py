"""What calamine does not tell of an .xlsx sheet: hidden rows and columns, formulas without a stored value, merged cells, and
positive numbers shown in red."""

from __future__ import annotations

import re
import zipfile
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

from assets.ingest.reading.workbook_red import red_positives, red_styles

_MOST_XML = 1 << 28
_CELL = re.compile(rb"<c\b([^>]*[^/])?>\s*<f\b[^>]*?(?:/>|>.*?</f>)\s*(?:<v\s*/>|<v>\s*</v>)?\s*</c>", re.DOTALL)
_PLACE = re.compile(rb'\br="([A-Z]+\d+)"')
_ERROR = re.compile(rb'<c\b([^>]*\bt="e"[^>]*)>(?:<f\b[^>]*?(?:/>|>[^<]*</f>))?<v>([^<]*)</v>')
_PARTS = re.compile(rb'\br="([A-Z]+)(\d+)"')
_HIDDEN_ROW = re.compile(rb'<row\b[^>]*\bhidden="(?:1|true)"')
_HIDDEN_COLUMN = re.compile(rb'<col\b[^>]*\bhidden="(?:1|true)"[^>]*')
_MERGED = re.compile(rb'<mergeCell\b[^>]*\bref="([A-Z]+)(\d+):([A-Z]+)(\d+)"')


@dataclass(frozen=True)
class SheetFacts:
    """Numbers of hidden rows and column ranges, places of formulas without a value, merged ranges of one column as
    (column from 0, first row, last row), places of positive numbers that a reader sees in red, and errors
    as (column from 0, row, text)."""

    hidden_rows: int
    hidden_columns: int
    uncached: tuple[str, ...]
    merged_down: tuple[tuple[int, int, int], ...]
    red: tuple[str, ...] = ()
    errors: tuple[tuple[int, int, str], ...] = ()


def sheet_facts(path: Path, sheet: str | None) -> SheetFacts | None:
    """Facts of one sheet of an .xlsx; None where its parts cannot be found."""
    try:
        with zipfile.ZipFile(path) as archive:
            part = _part_of(archive, sheet)
            if part is None or archive.getinfo(part).file_size > _MOST_XML:
                return None
            xml = archive.read(part)
            styles = archive.read("xl/styles.xml") if "xl/styles.xml" in archive.namelist() else b""
    except (zipfile.BadZipFile, KeyError, OSError, ElementTree.ParseError):
        return None
    places = [_PLACE.search(found[1] or b"") for found in _CELL.finditer(xml)] if b"<f" in xml else []
    return SheetFacts(
        len(_HIDDEN_ROW.findall(xml)),
        len(_HIDDEN_COLUMN.findall(xml)),
        tuple(place[1].decode() for place in places if place is not None),
        tuple(
            (_column(left), int(first), int(last))
            for left, first, right, last in _MERGED.findall(xml)
            if left == right and first != last
        ),
        red_positives(xml, red_styles(styles)),
        tuple(
            (_column(place[1]), int(place[2]), found[2].decode())
            for found in (_ERROR.finditer(xml) if b't="e"' in xml else ())
            if (place := _PARTS.search(found[1])) is not None
        ),
    )


def _part_of(archive: zipfile.ZipFile, sheet: str | None) -> str | None:
    """Name of the part that holds a sheet, the first one by default."""
    book = ElementTree.fromstring(archive.read("xl/workbook.xml"))
    links = ElementTree.fromstring(archive.read("xl/_rels/workbook.xml.rels"))
    targets = {link.get("Id"): link.get("Target", "") for link in links}
    for found in book.iter():
        if found.tag.endswith("}sheet") and (sheet is None or found.get("name") == sheet):
            key = next((value for name, value in found.attrib.items() if name.endswith("}id")), None)
            target = targets.get(key, "")
            return target.lstrip("/") if target.startswith("/") else f"xl/{target}"
    return None


def _column(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number - 1
