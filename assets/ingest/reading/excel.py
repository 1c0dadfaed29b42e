"""Sheets: Excel workbooks through calamine, and what only has the name of one (HTML, XML).

Every cell becomes the text that keeps its meaning: a number that is whole loses its `.0`, a date cell becomes ISO text,
a text cell is taken as it is (leading zeros kept). Hidden rows and columns are read like the others, and noted.
"""

from __future__ import annotations

import datetime as dt
import re
import zipfile
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb
import pyarrow as pa

from assets.ingest.errors import IngestError
from assets.ingest.reading.headings import Heading, find_heading
from assets.ingest.reading.markup import html_cells, spreadsheetml_cells
from assets.ingest.reading.raw_table import RAW_TABLE, SOURCE_ROW, RawFile, name_headers, normal_header
from assets.ingest.reading.workbook_xml import SheetFacts, sheet_facts
from assets.ingest.typing.text_macros import EXCEL_SERIAL, EXCEL_SERIAL_1904

if TYPE_CHECKING:
    from python_calamine import CalamineWorkbook

SHEETS_LEFT = "sheets that were not read: "
"""How the note on sheets that no dataset reads begins."""
_SHOWN_CELLS = 5


def read_excel(
    connection: duckdb.DuckDBPyConnection,
    path: Path,
    name: str,
    *,
    sheet: str | None,
    header_row: int,
    wanted: Collection[str] = (),
    is_alone: bool = True,
    given_header: Sequence[str] = (),
) -> RawFile:
    """Load one sheet of a workbook into `raw`; `wanted` are the normalised headers that tell the header row, and with
    `is_alone` the names of sheets that are not read are noted. With `given_header` the sheet has none: its columns bear these names.

    Raises IngestError for a missing sheet or header, a broken workbook, or formulas whose values were not stored.
    """
    cells, others = _cells(path, name, sheet)
    facts = sheet_facts(path, sheet)
    rows = [[_text(cell) for cell in row] for row in cells]
    heading = _given(rows, given_header, name) if given_header else _heading(rows, wanted, header_row, name)
    notes = [f"{SHEETS_LEFT}{', '.join(others)}"] if is_alone and others else []
    if facts is not None:
        if facts.uncached:
            shown = ", ".join(facts.uncached[:_SHOWN_CELLS]) + (" ..." if len(facts.uncached) > _SHOWN_CELLS else "")
            raise IngestError(
                f"has formulas without a stored value in {shown}",
                file=name,
                fix="Open the file in Excel, let it calculate, and save it; or export values.",
            )
        # calamine gives nothing for `#N/A`; an error is no missing value.
        for column, row, text in facts.errors:
            if row <= len(rows) and column < len(rows[row - 1]):
                rows[row - 1][column] = text
        _fill_merged(rows, cells, heading.last_row, facts)
        hidden = ((facts.hidden_rows, "rows"), (facts.hidden_columns, "column ranges"))
        notes += [f"{count} hidden {what} were read like the others" for count, what in hidden if count]
        if facts.red:
            shown = ", ".join(facts.red[:_SHOWN_CELLS]) + (" ..." if len(facts.red) > _SHOWN_CELLS else "")
            notes.append(
                f"warning: {len(facts.red)} positive numbers are in red ({shown}); if red means minus, their sign is missing"
            )
    # A date typed into a cell that is not formatted as one arrives as its serial number.
    formats = (EXCEL_SERIAL_1904 if _is_1904(path) else EXCEL_SERIAL,)
    return _load(connection, rows, heading, formats, tuple(notes))


def read_markup(
    connection: duckdb.DuckDBPyConnection,
    path: Path,
    name: str,
    text: str,
    *,
    sheet: str | None,
    header_row: int,
    wanted: Collection[str] = (),
) -> RawFile:
    """Load a table of a page, or a sheet of an XML spreadsheet, into `raw`."""
    if text.lstrip("\ufeff \t\r\n").startswith("<?xml") and "urn:schemas-microsoft-com:office:spreadsheet" in text:
        rows = spreadsheetml_cells(path.read_bytes(), name, sheet)
    else:
        rows = html_cells(text, name)
    return _load(connection, rows, _heading(rows, wanted, header_row, name), (EXCEL_SERIAL,), ())


def _heading(rows: Sequence[list[str | None]], wanted: Collection[str], header_row: int, name: str) -> Heading:
    heading = find_heading(rows, wanted, header_row)
    if heading is None or not any(heading.titles):
        raise IngestError("has no header there", file=name, row=header_row, fix="Set `header_row` in the mapping.")
    return heading


def _given(rows: Sequence[list[str | None]], header: Sequence[str], name: str) -> Heading:
    """The header of a sheet without one; raises IngestError for a row with more cells than names, and for one that has a header."""
    first = next((row for row in rows if any(row)), [])
    if [normal_header(cell or "") for cell in first[: len(header)]] == [normal_header(title) for title in header]:
        raise IngestError(
            "has a header, and the mapping says that it has none",
            file=name,
            row=1,
            fix="Leave `header` out of the mapping, or export the file without one.",
        )
    for number, row in enumerate(rows, start=1):
        if any(cell is not None for cell in row[len(header) :]):
            raise IngestError(
                f"has a row with more cells than the {len(header)} names of `header`",
                file=name,
                row=number,
                fix="Name every column in `header` of the mapping.",
            )
    return Heading(tuple(header), 1, 0)


def _load(
    connection: duckdb.DuckDBPyConnection,
    rows: Sequence[list[str | None]],
    heading: Heading,
    formats: tuple[str, ...],
    notes: tuple[str, ...],
) -> RawFile:
    width = max(len(heading.titles), max((len(row) for row in rows), default=0))
    titles = [*heading.titles, *[None] * (width - len(heading.titles))]
    body = [
        (number, [*row, *[None] * (width - len(row))])
        for number, row in enumerate(rows[heading.last_row :], start=heading.last_row + 1)
        if any(value is not None for value in row)
    ]
    used = [
        position
        for position, title in enumerate(titles)
        if title is not None or any(row[position] is not None for _, row in body)
    ]
    header = name_headers([titles[position] for position in used])
    columns = {SOURCE_ROW: pa.array([number for number, _ in body], pa.int64())}
    for target, position in enumerate(used):
        columns[f"c{target}"] = pa.array([row[position] for _, row in body], pa.string())
    connection.register("excel_sheet", pa.table(columns))
    connection.execute("CREATE OR REPLACE TEMP TABLE raw_store AS SELECT * FROM excel_sheet")
    connection.execute(f"CREATE OR REPLACE TEMP VIEW {RAW_TABLE} AS SELECT * FROM raw_store")
    connection.unregister("excel_sheet")
    titled = ((row + 1, tuple(cell for cell in rows[row] if cell)) for row in range(heading.first_row - 1))
    above = tuple((row, texts) for row, texts in titled if texts)
    return RawFile(header, len(body), date_formats=formats, notes=notes, above=above)


def _fill_merged(rows: list[list[str | None]], cells: Sequence[list[Any]], below: int, facts: SheetFacts) -> None:
    """Carry a text or a day down over the cells that are merged with it; a number is never carried."""
    for column, first, last in facts.merged_down:
        if below < first <= len(rows) and column < len(rows[first - 1]):
            value = rows[first - 1][column]
            if value is None or isinstance(cells[first - 1][column], (int, float)):
                continue
            for row in rows[first : min(last, len(rows))]:
                if column < len(row):
                    row[column] = value


def sheet_names(path: Path, name: str) -> list[str]:
    """Names of the sheets of a workbook, in its order; raises IngestError where it cannot be opened."""
    return list(_open(path, name).sheet_names)


def _open(path: Path, name: str) -> CalamineWorkbook:
    from python_calamine import CalamineWorkbook

    try:
        return CalamineWorkbook.from_path(str(path))
    except Exception as error:  # calamine raises its own, untyped errors for broken workbooks
        raise IngestError(
            f"cannot be opened as a workbook ({error})", file=name, fix="Save it again as .xlsx."
        ) from error


def _cells(path: Path, name: str, sheet: str | None) -> tuple[list[list[Any]], list[str]]:
    """Cells of a sheet, and the names of the others."""
    workbook = _open(path, name)
    names = workbook.sheet_names
    try:
        if sheet is not None and sheet not in names:
            raise IngestError(
                f"has no sheet {sheet!r}; it has {', '.join(names)}", file=name, fix="Correct `sheet` in the mapping."
            )
        chosen = workbook.get_sheet_by_name(sheet) if sheet is not None else workbook.get_sheet_by_index(0)
        return chosen.to_python(skip_empty_area=False), [other for other in names if other != chosen.name]
    except IngestError:
        raise
    except Exception as error:  # calamine raises its own, untyped errors for broken workbooks
        raise IngestError(
            f"cannot be opened as a workbook ({error})", file=name, fix="Save it again as .xlsx."
        ) from error


def _text(cell: Any) -> str | None:
    """The text of a cell; None for an empty one."""
    if cell is None or cell == "":
        return None
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() and abs(cell) < 1e15 else repr(cell)
    if isinstance(cell, dt.datetime):
        return cell.date().isoformat() if cell.time() == dt.time() else cell.isoformat(sep=" ", timespec="seconds")
    if isinstance(cell, (dt.date, dt.time)):
        return cell.isoformat()
    return str(cell).strip() or None


def _is_1904(path: Path) -> bool:
    """True where the workbook counts days from 1904 (old Macintosh files)."""
    try:
        with zipfile.ZipFile(path) as archive:
            return re.search(rb'date1904="(?:1|true)"', archive.read("xl/workbook.xml")) is not None
    except (zipfile.BadZipFile, KeyError):
        return False
