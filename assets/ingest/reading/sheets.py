"""Several sheets of one workbook as one table: a month or a warehouse a sheet (`sheets` of the mapping language)."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import replace
from pathlib import Path

import duckdb

from assets.ingest.errors import IngestError
from assets.ingest.mapping.language import Dataset
from assets.ingest.mapping.row_keys import SHEET
from assets.ingest.reading.excel import SHEETS_LEFT, read_excel, sheet_names
from assets.ingest.reading.raw_table import RAW_TABLE, SOURCE_ROW, RawFile, normal_header
from assets.ingest.reading.sheet_steps import apply_rules
from assets.ingest.sqltext import literal

ROWS_A_SHEET = 10_000_000
"""Row 12 of the third sheet is row 30000012: a row number tells one row of the file. Excel has 1,048,576 rows a sheet."""


def read_sheets(
    connection: duckdb.DuckDBPyConnection,
    path: Path,
    name: str,
    dataset: Dataset,
    expected: Sequence[str],
    wanted: Collection[str],
) -> RawFile:
    """Load the sheets that `dataset.sheets` matches into `raw`, with their names under the header `_sheet`.

    Columns are matched by header, in whatever order a sheet has them; one that a sheet lacks is empty there.

    Args:
        connection: where `raw` is made.
        path: the workbook.
        name: the workbook as messages name it.
        dataset: whose `sheets` is a regular expression over whole sheet names.
        expected: headers that the mapping reads.
        wanted: their normalised forms, which tell the header row.

    Returns:
        The file; row numbers hold the place of the sheet in the workbook (ROWS_A_SHEET).

    Raises:
        IngestError: no sheet matches, or one of those that match has no header.
    """
    pattern = re.compile(dataset.sheets or "")
    names = sheet_names(path, name)
    chosen = [(place, sheet) for place, sheet in enumerate(names, start=1) if pattern.fullmatch(sheet.strip())]
    if not chosen:
        raise IngestError(
            f"has no sheet that `sheets` matches ({dataset.sheets}); it has {', '.join(names)}",
            file=name,
            fix="Correct `sheets` in the mapping, or the names of the sheets.",
        )
    files: list[RawFile] = []
    for place, sheet in chosen:
        try:
            raw = read_excel(
                connection,
                path,
                name,
                sheet=sheet,
                header_row=dataset.header_row,
                wanted=wanted,
                is_alone=False,
                given_header=dataset.header,
            )
            raw = apply_rules(connection, raw, name, dataset, expected, wanted, may_hold_totals=True)
        except IngestError as error:
            raise IngestError(f"sheet {sheet}: {error.problem}", file=name, row=error.row, fix=error.fix) from error
        connection.execute(f"CREATE OR REPLACE TEMP TABLE sheet_{place} AS SELECT * FROM {RAW_TABLE}")
        files.append(_moved(raw, place, sheet))
    header = {normal_header(title): title for raw in reversed(files) for title in reversed(raw.header)}
    titles = dict(sorted(header.items(), key=lambda one: _first_place(files, one[0])))
    parts = []
    for (place, sheet), raw in zip(chosen, files, strict=True):
        columns = {normal_header(title): column for title, column in zip(raw.header, raw.columns, strict=True)}
        cells = ", ".join(f"{columns.get(key, 'NULL')} AS c{number}" for number, key in enumerate(titles))
        parts.append(
            f"SELECT {SOURCE_ROW} + {place * ROWS_A_SHEET} AS {SOURCE_ROW}, {cells}, {literal(sheet.strip())} AS c{len(titles)} "
            f"FROM sheet_{place}"
        )
    connection.execute(f"CREATE OR REPLACE TEMP TABLE raw_sheets AS {' UNION ALL '.join(parts)} ORDER BY {SOURCE_ROW}")
    connection.execute(f"CREATE OR REPLACE TEMP VIEW {RAW_TABLE} AS SELECT * FROM raw_sheets")
    for place, _ in chosen:
        connection.execute(f"DROP TABLE sheet_{place}")
    left = [sheet for sheet in names if not pattern.fullmatch(sheet.strip())]
    notes = [f"{len(chosen)} sheets were read ({chosen[0][1]} ...); row 12 of sheet 3 is row {3 * ROWS_A_SHEET + 12}"]
    notes += [f"{SHEETS_LEFT}{', '.join(left)}"] if left else []
    return RawFile(
        header=(*titles.values(), SHEET),
        rows=sum(raw.rows for raw in files),
        malformed=tuple(row for raw in files for row in raw.malformed),
        date_formats=files[0].date_formats,
        notes=(*notes, *(note for raw in files for note in raw.notes)),
        above=files[0].above,
        units=tuple(dict.fromkeys(unit for raw in files for unit in raw.units)),
        added=tuple(dict.fromkeys([*(title for raw in files for title in raw.added), SHEET])),
    )


def _moved(raw: RawFile, place: int, sheet: str) -> RawFile:
    """Rows and notes of a sheet as they are those of the file."""
    return replace(
        raw,
        malformed=tuple(replace(row, source_row=row.source_row + place * ROWS_A_SHEET) for row in raw.malformed),
        notes=tuple(f"sheet {sheet}: {note}" for note in raw.notes),
    )


def _first_place(files: Sequence[RawFile], key: str) -> tuple[int, int]:
    """Where a column comes first: the order of the first sheet, then what later sheets add."""
    return next(
        (number, at)
        for number, raw in enumerate(files)
        for at, title in enumerate(raw.header)
        if normal_header(title) == key
    )
