"""Excel sheets through calamine: every cell as the text that keeps its meaning.

A number that is whole loses its `.0`, a date cell becomes ISO text, a text cell is taken as it stands (leading
zeros kept).
"""

from __future__ import annotations

import datetime as dt
import zipfile
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from assets.ingest.casting import EXCEL_SERIAL, EXCEL_SERIAL_1904
from assets.ingest.errors import IngestError
from assets.ingest.readers.raw import RAW_TABLE, SOURCE_ROW, RawFile, name_headers


def read_excel(
    connection: duckdb.DuckDBPyConnection, path: Path, name: str, *, sheet: str | None, header_row: int
) -> RawFile:
    """Load one sheet into `raw`; raises IngestError for a missing sheet, header or a broken workbook."""
    cells = _cells(path, name, sheet)
    if len(cells) < header_row or not any(_text(cell) for cell in cells[header_row - 1]):
        raise IngestError("has no header there", file=name, row=header_row, fix="Set `header_row` in the mapping.")
    titles = [_text(cell) for cell in cells[header_row - 1]]
    body = [
        (number, [_text(cell) for cell in row]) for number, row in enumerate(cells[header_row:], start=header_row + 1)
    ]
    body = [(number, row) for number, row in body if any(value is not None for value in row)]
    used = [
        position
        for position, title in enumerate(titles)
        if title is not None or any(row[position] is not None for _, row in body)
    ]
    header = name_headers([titles[position] for position in used])
    columns = {SOURCE_ROW: pa.array([number for number, _ in body], pa.int64())}
    for target, position in enumerate(used):
        columns[f"c{target}"] = pa.array([row[position] for _, row in body], pa.string())
    table = pa.table(columns)
    connection.register("excel_sheet", table)
    connection.execute("CREATE OR REPLACE TEMP TABLE raw_store AS SELECT * FROM excel_sheet")
    connection.execute(f"CREATE OR REPLACE TEMP VIEW {RAW_TABLE} AS SELECT * FROM raw_store")
    connection.unregister("excel_sheet")
    # A date typed into a cell that is not formatted as one arrives as its serial number.
    return RawFile(header, len(body), date_formats=(EXCEL_SERIAL_1904 if _is_1904(path) else EXCEL_SERIAL,))


def _cells(path: Path, name: str, sheet: str | None) -> list[list[Any]]:
    from python_calamine import CalamineWorkbook

    try:
        workbook = CalamineWorkbook.from_path(str(path))
        names = workbook.sheet_names
        if sheet is not None and sheet not in names:
            raise IngestError(
                f"has no sheet {sheet!r}; it has {', '.join(names)}", file=name, fix="Correct `sheet` in the mapping."
            )
        chosen = workbook.get_sheet_by_name(sheet) if sheet is not None else workbook.get_sheet_by_index(0)
        return chosen.to_python(skip_empty_area=False)
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
            return b'date1904="1"' in archive.read("xl/workbook.xml")
    except (zipfile.BadZipFile, KeyError):
        return False
