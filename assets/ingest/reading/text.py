"""Delimited text: encoding, delimiter, header; read by DuckDB without a line of Python per row.

What cannot be read in one way only is kept aside, row by row, with its row number; see text_records.py.
"""

from __future__ import annotations

import codecs
import csv
import io
import itertools
import re
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import duckdb

from assets.ingest.errors import IngestError
from assets.ingest.reading.headings import SEARCHED_ROWS, Heading, find_heading
from assets.ingest.reading.raw_table import RAW_TABLE, SOURCE_ROW, MalformedRow, RawFile, name_headers, normal_header
from assets.ingest.reading.text_cutting import CUT_FROM_BYTES, cut, is_large_utf8
from assets.ingest.reading.text_encoding import UTF_8, detect_encoding, is_utf8, transcode
from assets.ingest.reading.text_pieces import TextPieces, read_csv
from assets.ingest.reading.text_records import is_strict, write_strict

_HEAD = 1 << 18
_DELIMITERS = (",", "\t", ";", "|")
_LINE_END = re.compile("\r\n|\r|\n")


def read_text(
    connection: duckdb.DuckDBPyConnection,
    path: Path,
    name: str,
    *,
    work: Path,
    header_row: int,
    delimiter: str | None,
    expected: Sequence[str],
    in_pieces: bool = False,
    given_header: Sequence[str] = (),
) -> RawFile:
    """Load a delimited text file into `raw`. `expected` are the headers of the mapping; they settle the delimiter.
    With `given_header` the file has none: its first row is a row, whose columns bear these names.

    With `in_pieces`, a large file is cut instead and stays unread; see RawFile.
    """
    read_whole = partial(
        read_text,
        connection,
        path,
        name,
        work=work,
        header_row=header_row,
        delimiter=delimiter,
        expected=expected,
        given_header=given_header,
    )
    # Cutting looks at every byte anyway; where it finds another encoding or blank lines, all begins again.
    is_looked_at = in_pieces and is_large_utf8(path)
    encoding = UTF_8 if is_looked_at else detect_encoding(path, name)
    if encoding.name not in ("utf-8", "utf-8-sig"):
        path = transcode(path, encoding, work / "text.csv")
    head = _head_lines(path)
    above: tuple[tuple[int, tuple[str, ...]], ...] = ()
    if given_header:
        chosen = delimiter or _delimiter_of_width(head, len(given_header))
        _check_headless(head, chosen, given_header, name)
        cells, lines, header_row = list(given_header), 0, 0
    else:
        chosen = delimiter or _sniff_delimiter(head, header_row, expected)
        heading = _heading(head, header_row, chosen, expected)
        cells, lines = _header_cells(head, heading.last_row, chosen, name)
        if heading.first_row < heading.last_row:
            cells = [title or "" for title in heading.titles]
        header_row, above = heading.last_row, _above(head, heading.first_row, chosen)
    header = name_headers(cells)
    path = _safe_name(path, work / "source.csv")
    offset, first_row = _offset(path, head, lines), header_row + 1
    is_cut = in_pieces and len(header) > 1 and path.stat().st_size >= CUT_FROM_BYTES
    items = cut(connection, path, lines, first_row, len(header), chosen, work) if is_cut else ()
    malformed: list[MalformedRow] = []
    if not items and is_looked_at and not is_utf8(path):
        return read_whole()
    if not items and not (_is_even(head, lines) and is_strict(path, offset, len(header), chosen)):
        copy = work / "strict.csv"
        malformed = write_strict(path, offset, first_row, len(header), chosen, copy)
        path, lines = copy, 0
        items = cut(connection, path, 0, first_row, len(header), chosen, work) if is_cut else ()
    notes = (encoding.note,) if encoding.note else ()
    if items:
        pieces = TextPieces(
            items=items, columns=len(header), delimiter=chosen, read_whole=read_whole, malformed=tuple(malformed)
        )
        rows = sum(piece.rows for piece in items) - len(malformed)
        return RawFile(header, rows, pieces=pieces, above=above, notes=notes)
    rows = _load(connection, path, name, header, chosen, lines, first_row)
    return RawFile(header, rows, tuple(malformed), above=above, notes=notes)


def _offset(path: Path, head: str, lines: int) -> int:
    """Bytes of a UTF-8 file down to the end of its first lines."""
    with path.open("rb") as stream:
        mark = len(codecs.BOM_UTF8) if stream.read(len(codecs.BOM_UTF8)) == codecs.BOM_UTF8 else 0
    ends = [found.end() for found in itertools.islice(_LINE_END.finditer(head), lines)]
    return mark + (len(head[: ends[-1] if len(ends) == lines else None].encode()) if lines else 0)


def _is_even(head: str, lines: int) -> bool:
    """True where the lines of the header and the first one below it end in the same way, which DuckDB must know."""
    return len({found[0] for found in itertools.islice(_LINE_END.finditer(head), lines + 1)}) <= 1


def _above(head: str, first_row: int, delimiter: str) -> tuple[tuple[int, tuple[str, ...]], ...]:
    """Filled cells of the rows above the header, with their row numbers."""
    rows = zip(range(1, first_row), csv.reader(io.StringIO(head, newline=""), delimiter=delimiter), strict=False)
    found = ((row, tuple(cell.strip() for cell in cells if cell.strip())) for row, cells in rows)
    return tuple((row, cells) for row, cells in found if cells)


def _head_lines(path: Path) -> str:
    with path.open("rb") as stream:
        return stream.read(_HEAD).decode("utf-8-sig", errors="ignore")


def _sniff_delimiter(head: str, header_row: int, expected: Sequence[str]) -> str:
    """The delimiter that finds most of the expected headers; then the one that gives most columns."""
    wanted = {normal_header(header) for header in expected}

    def score(delimiter: str) -> tuple[int, int]:
        titles = _heading(head, header_row, delimiter, expected).titles
        return len(wanted & {normal_header(title) for title in titles if title}), len(titles)

    return max(_DELIMITERS, key=score)


def _first_cells(head: str, delimiter: str) -> list[str]:
    try:
        return next((cells for cells in csv.reader(io.StringIO(head, newline=""), delimiter=delimiter) if cells), [])
    except csv.Error:
        return []


def _delimiter_of_width(head: str, columns: int) -> str:
    """The delimiter that gives the first row as many cells as there are names."""
    return min(_DELIMITERS, key=lambda delimiter: abs(len(_first_cells(head, delimiter)) - columns))


def _check_headless(head: str, delimiter: str, names: Sequence[str], file: str) -> None:
    """Refuse a file that does have a header, or another number of columns than there are names for."""
    cells = _first_cells(head, delimiter)
    if len(cells) != len(names):
        raise IngestError(
            f"has {len(cells)} columns, and the mapping names {len(names)}",
            file=file,
            row=1,
            fix="Correct `header` in the mapping: one name for each column of the file, in their order.",
        )
    if [normal_header(cell) for cell in cells] == [normal_header(title) for title in names]:
        raise IngestError(
            "has a header, and the mapping says that it has none",
            file=file,
            row=1,
            fix="Leave `header` out of the mapping, or export the file without one.",
        )


def _heading(head: str, header_row: int, delimiter: str, expected: Sequence[str]) -> Heading:
    reader = csv.reader(io.StringIO(head, newline=""), delimiter=delimiter)
    try:
        rows = [cells for _, cells in zip(range(max(SEARCHED_ROWS, header_row) + 1), reader, strict=False)]
    except csv.Error:
        rows = []
    found = find_heading(rows, {normal_header(header) for header in expected}, header_row)
    return found or Heading((), header_row, header_row)


def _header_cells(head: str, header_row: int, delimiter: str, name: str) -> tuple[list[str], int]:
    """Cells of the header row and the number of lines down to its end."""
    reader = csv.reader(io.StringIO(head, newline=""), delimiter=delimiter)
    for number, cells in enumerate(reader, start=1):
        if number == header_row:
            return cells, reader.line_num
    if not name:
        return [], 0
    raise IngestError(f"ends before its header in row {header_row}", file=name, fix="Set `header_row` in the mapping.")


def _safe_name(path: Path, link: Path) -> Path:
    """A link under a name of ours: DuckDB would take `*` or `[` in a file name for a pattern."""
    link.unlink(missing_ok=True)
    link.symlink_to(path.resolve())
    return link


def _load(
    connection: duckdb.DuckDBPyConnection,
    path: Path,
    name: str,
    header: tuple[str, ...],
    delimiter: str,
    lines: int,
    first_row: int,
) -> int:
    """View `raw` over the records after the first lines, numbered as in the file; returns how many there are."""
    names = ", ".join(f"c{number}" for number in range(len(header)))
    try:
        connection.execute(
            f"CREATE OR REPLACE TEMP TABLE raw_store AS SELECT * FROM {read_csv(path, len(header), delimiter, f', skip = {lines}')}"
        )
    except duckdb.Error as error:
        raise IngestError(
            f"cannot be split into rows ({str(error).splitlines()[0]})",
            file=name,
            fix="Export it again as CSV or Excel.",
        ) from error
    # A row without any value is none.
    connection.execute(
        f"CREATE OR REPLACE TEMP VIEW {RAW_TABLE} AS SELECT rowid + {first_row} AS {SOURCE_ROW}, {names} FROM raw_store "
        f"WHERE COALESCE({names}, NULL) IS NOT NULL"
    )
    rows = connection.execute(f"SELECT count(*) FROM {RAW_TABLE}").fetchone()
    return rows[0] if rows else 0
