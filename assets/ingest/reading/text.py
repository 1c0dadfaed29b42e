"""Delimited text: encoding, delimiter, header; read by DuckDB without a line of Python per row.

Encoding: byte order mark, else UTF-8 strictly, else GB18030 (never GBK, which loses rare characters). Anything but
clean UTF-8
is transcoded by blocks. Rows that have not the header's number of fields are kept aside whole, with their row number.
"""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import duckdb

from assets.ingest.errors import IngestError
from assets.ingest.reading.headings import SEARCHED_ROWS, Heading, find_heading
from assets.ingest.reading.raw_table import RAW_TABLE, SOURCE_ROW, MalformedRow, RawFile, name_headers, normal_header
from assets.ingest.reading.text_cutting import CUT_FROM_BYTES, cut, is_large_utf8
from assets.ingest.reading.text_pieces import Pieces, read_csv, shape

_BLOCK = 1 << 22
_HEAD = 1 << 18
_DELIMITERS = (",", "\t", ";", "|")
_BLANK_LINE = re.compile(rb"(?:^|\n)[ \t]*\r?\n(?=[^\r\n])")
_BOMS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))


def detect_encoding(path: Path, name: str) -> tuple[str, bool]:
    """Encoding of a text file, and whether a blank line stands between its rows. Raises IngestError for no text."""
    with path.open("rb") as stream:
        head = stream.read(4)
    for mark, encoding in _BOMS:
        if head.startswith(mark):
            return encoding, _decodes(path, name, encoding) or False
    for encoding in ("utf-8", "gb18030"):
        blank = _decodes(path, name, encoding)
        if blank is not None:
            return encoding, blank
    raise IngestError("the text is neither UTF-8 nor GB18030", file=name, fix="Export it again as UTF-8, or as Excel.")


def _decodes(path: Path, name: str, encoding: str) -> bool | None:
    """None where the bytes are not in the encoding; else whether a blank line stands between rows."""
    decoder = codecs.getincrementaldecoder(encoding)()
    blank, tail = False, b""
    with path.open("rb") as stream:
        while block := stream.read(_BLOCK):
            if b"\x00" in block and encoding != "utf-16":
                raise IngestError(
                    "holds zero bytes, so it is no text file", file=name, fix="Export it again as CSV or Excel."
                )
            try:
                decoder.decode(block)
            except UnicodeDecodeError:
                return None
            blank = blank or _has_blank_line(tail + block)
            tail = block[-8:]
    try:
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return None
    return blank


def _has_blank_line(block: bytes) -> bool:
    """The pattern costs a second for 100 MB; plain searches rule most files out first."""
    suspects = (b"\n\n", b"\n\r\n", b"\n ", b"\n\t")
    is_suspect = block[:1] in (b"\n", b"\r", b" ", b"\t") or any(suspect in block for suspect in suspects)
    return is_suspect and _BLANK_LINE.search(block) is not None


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
    # Cutting looks at every byte anyway; where it finds another encoding or blank lines, all begins anew.
    is_looked_at = in_pieces and is_large_utf8(path)
    encoding, has_blank_lines = ("utf-8", False) if is_looked_at else detect_encoding(path, name)
    if encoding not in ("utf-8", "utf-8-sig"):
        path = _transcode(path, encoding, work / "text.csv")
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
    if has_blank_lines:
        path, skipped = _without_blank_lines(path, work / "dense.csv", chosen, lines)
    else:
        path, skipped = _safe_name(path, work / "source.csv"), []
    header = name_headers(cells)

    if in_pieces and not has_blank_lines and len(header) > 1 and path.stat().st_size >= CUT_FROM_BYTES:
        items = cut(connection, path, lines, header_row + 1, len(header), chosen, work)
        if not items:
            return read_whole()
        pieces = Pieces(items, len(header), chosen, read_whole)
        return RawFile(header, sum(piece.rows for piece in items), pieces=pieces, above=above)
    malformed = _load(connection, path, name, header, chosen, lines, header_row, skipped)
    rows = connection.execute(f"SELECT count(*) FROM {RAW_TABLE}").fetchone()
    return RawFile(header, rows[0] if rows else 0, tuple(malformed), above=above)


def _above(head: str, first_row: int, delimiter: str) -> tuple[tuple[int, tuple[str, ...]], ...]:
    """Filled cells of the rows above the header, with their row numbers."""
    rows = zip(range(1, first_row), csv.reader(io.StringIO(head, newline=""), delimiter=delimiter), strict=False)
    found = ((row, tuple(cell.strip() for cell in cells if cell.strip())) for row, cells in rows)
    return tuple((row, cells) for row, cells in found if cells)


def _transcode(path: Path, encoding: str, target: Path) -> Path:
    with path.open(encoding=encoding, newline="") as source, target.open("w", encoding="utf-8", newline="") as sink:
        while block := source.read(_BLOCK):
            sink.write(block)
    return target


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


def _without_blank_lines(path: Path, target: Path, delimiter: str, lines: int) -> tuple[Path, list[int]]:
    """Copy without blank lines; returns how many data records stand before each blank one left out.

    Row by row, because DuckDB drops blank lines unseen and the row numbers of all that follows would be wrong.
    """
    before: list[int] = []
    with path.open(encoding="utf-8-sig", newline="") as source, target.open("w", encoding="utf-8", newline="") as sink:
        for _ in range(lines):
            sink.write(source.readline())
        writer = csv.writer(sink, delimiter=delimiter, lineterminator="\n")
        written = 0
        for record in csv.reader(source, delimiter=delimiter):
            if record:
                writer.writerow(record)
                written += 1
            else:
                before.append(written)
    return target, before


def _load(
    connection: duckdb.DuckDBPyConnection,
    path: Path,
    name: str,
    header: tuple[str, ...],
    delimiter: str,
    lines: int,
    header_row: int,
    blanks: list[int],
) -> list[MalformedRow]:
    for table in ("reject_scans", "reject_errors"):
        connection.execute(f"DROP TABLE IF EXISTS {table}")
    connection.execute(
        "CREATE OR REPLACE TEMP TABLE raw_store AS SELECT * FROM "
        + read_csv(path, len(header), delimiter, f", skip = {lines}, store_rejects = true, rejects_limit = 0")
    )
    rejects = connection.execute(
        "SELECT line, any_value(csv_line), any_value(error_message) FROM reject_errors GROUP BY line ORDER BY line"
    ).fetchall()
    # Row numbers as a spreadsheet shows them: rows kept aside and blank lines count.
    first = header_row + 1
    records = [line - lines - 1 for line, _, _ in rejects]
    malformed: list[MalformedRow] = []
    for record, (_, text, message) in zip(records, rejects, strict=True):
        row = first + record + sum(1 for before in blanks if before <= record)
        if "unterminated" in message:
            raise IngestError(
                "opens a quotation mark that is never closed",
                file=name,
                row=row,
                fix="Close or double the mark in that row.",
            )
        malformed.append(MalformedRow(row, text.strip("\r\n"), _shape(message, text, delimiter)))
    _number_rows(connection, header, first, records, blanks)
    return malformed


def _shape(message: str, text: str, delimiter: str) -> str:
    found = re.search(r"Expected Number of Columns: (\d+) Found: (\d+)", message)
    if found:
        # DuckDB stops counting where it finds the first field too many.
        fields = len(next(csv.reader([text.strip("\r\n")], delimiter=delimiter), []))
        return shape(fields if fields != int(found[1]) else int(found[2]), int(found[1]))
    return "the row cannot be split into fields: " + message.splitlines()[0].rstrip(".")


def _number_rows(
    connection: duckdb.DuckDBPyConnection, header: tuple[str, ...], first: int, rejected: list[int], blanks: list[int]
) -> None:
    """View `raw` over the rows kept, numbered as in the file. Rows without any value are no rows."""
    names = ", ".join(f"c{number}" for number in range(len(header)))
    # Each row left out shifts the number of the kept rows after it; its place is the number of kept rows before it.
    places = [record - index for index, record in enumerate(rejected)]
    places += [before - sum(1 for record in rejected if record < before) for before in blanks]
    if not places:
        numbered = f"SELECT rowid + {first} AS {SOURCE_ROW}, {names} FROM raw_store"
    else:
        connection.execute("CREATE OR REPLACE TEMP TABLE raw_gaps (place BIGINT, passed BIGINT)")
        connection.execute(
            "INSERT INTO raw_gaps SELECT unnest($places), generate_subscripts($places, 1)", {"places": sorted(places)}
        )
        connection.execute(
            f"CREATE OR REPLACE TEMP TABLE raw_numbered AS SELECT s.n + {first} + COALESCE(g.passed, 0) AS "
            f"{SOURCE_ROW}, "
            f"{names} FROM (SELECT rowid AS n, * FROM raw_store) AS s ASOF LEFT JOIN "
            "(SELECT place, max(passed) AS passed FROM raw_gaps GROUP BY place) AS g ON s.n >= g.place ORDER BY s.n"
        )
        numbered = f"SELECT {SOURCE_ROW}, {names} FROM raw_numbered"
    connection.execute(
        f"CREATE OR REPLACE TEMP VIEW {RAW_TABLE} AS {numbered} WHERE COALESCE({names}, NULL) IS NOT NULL"
    )
