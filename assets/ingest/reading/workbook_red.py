"""Numbers of an .xlsx sheet that are in red without a minus: some people write negatives that way. They are flagged, never
changed; a number that is negative as it is may be as red as it likes.
"""

from __future__ import annotations

import re
from xml.etree import ElementTree

_NAME = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
# Plain red of the fonts and of the old palette, and the dark red of the standard colours.
_RED_RGB = frozenset(("FFFF0000", "00FF0000", "FF0000", "FFC00000"))
_RED_INDEXED = frozenset(("2", "10"))
_RED_WORD = re.compile(r"\[(?:red|红色|color\s?3)\]", re.IGNORECASE)
_NUMBER_CELL = re.compile(rb"<c\b([^>]*)>(?:<f\b[^>]*?(?:/>|>[^<]*</f>))?<v>(\d[\d.eE+-]*)</v>")
_STYLE = re.compile(rb'\bs="(\d+)"')
_PLACE = re.compile(rb'\br="([A-Z]+\d+)"')
_KIND = re.compile(rb'\bt="(\w+)"')


def red_styles(styles: bytes) -> frozenset[int]:
    """Numbers of the cell styles in which a positive number is red: by their font, or by the first part of their format."""
    if not styles:
        return frozenset()
    try:
        root = ElementTree.fromstring(styles)
    except ElementTree.ParseError:
        return frozenset()
    fonts = [_is_red(font.find(f"{_NAME}color")) for font in root.iterfind(f"{_NAME}fonts/{_NAME}font")]
    formats = {
        found.get("numFmtId"): _RED_WORD.search(found.get("formatCode", "").split(";")[0]) is not None
        for found in root.iterfind(f"{_NAME}numFmts/{_NAME}numFmt")
    }
    red = set()
    for number, style in enumerate(root.iterfind(f"{_NAME}cellXfs/{_NAME}xf")):
        font = int(style.get("fontId", "0"))
        if (font < len(fonts) and fonts[font]) or formats.get(style.get("numFmtId"), False):
            red.add(number)
    return frozenset(red)


def _is_red(color: ElementTree.Element | None) -> bool:
    return color is not None and (color.get("rgb", "").upper() in _RED_RGB or color.get("indexed") in _RED_INDEXED)


def red_positives(sheet: bytes, styles: frozenset[int]) -> tuple[str, ...]:
    """Places of the positive numbers of a sheet in one of the styles."""
    if not styles:
        return ()
    found = []
    for cell in _NUMBER_CELL.finditer(sheet):
        style, place, kind = (pattern.search(cell[1]) for pattern in (_STYLE, _PLACE, _KIND))
        is_number = kind is None or kind[1] == b"n"
        if style is not None and place is not None and is_number and int(style[1]) in styles and float(cell[2]) > 0:
            found.append(place[1].decode())
    return tuple(found)
