"""Records of delimited text by the strict rules (RFC 4180): what can be read in one way only, and what has to be kept back.

A reader that makes the best of a broken row loads wrong values without a word: an empty field too many after an unquoted
`1,200` shifts a row, a stray quotation mark joins two fields. So every byte is looked at once, in blocks. A file without
anything broken is read by DuckDB as it is; of any other a copy is written in which the broken rows are empty, and those are
kept back with the reason.
"""

from __future__ import annotations

import csv
import re
from collections import deque
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from assets.ingest.reading.raw_table import MalformedRow
from assets.ingest.reading.text_pieces import shape

UNREADABLE = "\uffff"
"""Begins a line whose bytes are in no encoding that is read; no text has this letter."""
_BLOCK = 16 << 20
_QUOTE, _LF, _CR = 34, 10, 13
_MARK = "\ufeff"
# An inch mark after a number (`3/4"`): the one quotation mark in an unquoted field that means itself.
_INCH = re.compile(r'(?<![A-Za-z0-9])(?:\d+(?:[./-]\d+)*)"')
# How spreadsheets keep the zeros of a code: `="00123"`.
_PROTECTED = re.compile(r'="([^"]*)"')
Places = NDArray[np.int64]
Record = tuple[str, list[str], str | None]
_QUOTED = re.compile(' *"')
_CLOSED = re.compile('((?:[^"]|"")*)" *(?!")')
_OTHERS = (",", "\t", ";", "|")
_FEWEST_TO_DOUBT = 3
_OPEN = "a quotation mark is opened in it and never closed"
_MOST_LINES = 200
"""Lines that one field may hold: a note with more is not known, and a mark that is never closed would take the whole file."""


def is_strict(path: Path, offset: int, columns: int, delimiter: str) -> bool:
    """True where every record after byte `offset` is well-formed, has `columns` fields, and all end in the same way."""
    rest, kinds = b"", frozenset[bool]()
    with path.open("rb") as stream:
        stream.seek(offset)
        while True:
            block = stream.read(_BLOCK)
            data = rest + block
            if block:
                cut = record_end(data)
                if cut == 0 and len(data) > 4 * _BLOCK:
                    return False
                data, rest = data[:cut], data[cut:]
            else:
                data = data.rstrip(b"\r\n")
            found = strict_line_ends(data, columns, delimiter)
            if found is None or len(kinds | found) > 1:
                return False
            kinds |= found
            if not block:
                return True


def record_end(block: bytes) -> int:
    """Position after the last line end that is outside quotation marks; 0 where there is none."""
    end = block.rfind(b"\n") + 1
    is_open = block.count(b'"', 0, end) % 2
    while end and is_open:
        before = block.rfind(b"\n", 0, end - 1) + 1
        is_open ^= block.count(b'"', before, end) % 2
        end = before
    return end


def strict_line_ends(data: bytes, columns: int, delimiter: str) -> frozenset[bool] | None:
    """How the records of a block end (True: by return and line feed); None where two readers could read it in two ways."""
    mark = delimiter.encode()
    if len(mark) > 1 or any(bad in data for bad in (_MARK.encode(), UNREADABLE.encode(), b"\x00")):
        return None
    if not data:
        return frozenset()
    view = np.frombuffer(data, np.uint8)
    ends, marks = np.flatnonzero(view == _LF), np.flatnonzero(view == ord(mark))
    returns = np.flatnonzero(view == _CR) if b"\r" in data else np.empty(0, np.int64)
    if b'"' in data:
        quotes = np.flatnonzero(view == _QUOTE)
        if (
            len(quotes) % 2
            or not _is_well_quoted(view, quotes, ord(mark))
            or _swallows_rows(ends, marks, quotes, columns)
        ):
            return None
        ends, marks, returns = (found[np.searchsorted(quotes, found) % 2 == 0] for found in (ends, marks, returns))
    with_return = np.zeros(len(ends), np.bool_)
    with_return[ends > 0] = view[ends[ends > 0] - 1] == _CR
    # A return alone ends a record for some readers and is a blank for others.
    if len(returns) != with_return.sum() or len(set(with_return.tolist())) > 1:
        return None
    kinds = frozenset(with_return[:1].tolist())
    if not data.endswith(b"\n"):
        ends = np.append(ends, len(data))
    # A line without anything is dropped by DuckDB unseen, and the numbers of all that follow would be wrong.
    if (np.diff(ends, prepend=-1) <= (2 if True in kinds else 1)).any():
        return None
    fields = np.diff(np.searchsorted(marks, ends), prepend=0) + 1
    is_plain = (fields == columns).all() and not _has_other_delimiter(data, view, ends, columns, delimiter)
    return kinds if is_plain else None


def _is_well_quoted(view: NDArray[np.uint8], quotes: Places, mark: int) -> bool:
    """Every quotation mark opens a field, closes one, or is doubled."""
    opening, closing = quotes[::2], quotes[1::2]
    before = view[np.maximum(opening - 1, 0)]
    starts = (opening == 0) | np.isin(before, (mark, _LF, _CR, _QUOTE))
    after = view[np.minimum(closing + 1, len(view) - 1)]
    stops = (closing == len(view) - 1) | np.isin(after, (mark, _LF, _CR, _QUOTE))
    # A quotation mark before an opening one must be the closing one that it doubles.
    doubled = opening[(before == _QUOTE) & (opening > 0)]
    if not np.isin(doubled - 1, closing).all():
        return False
    return bool(starts.all() and stops.all())


def _swallows_rows(ends: Places, marks: Places, quotes: Places, columns: int) -> bool:
    """True where quotation marks hold a line end and, on the next line, as many delimiters as a whole row has."""
    is_inside = np.searchsorted(quotes, ends) % 2 == 1
    if columns < _FEWEST_TO_DOUBT or not is_inside.any():
        return False
    closed = np.append(quotes, np.iinfo(np.int64).max)[np.searchsorted(quotes, ends)]
    until = np.searchsorted(marks, np.minimum(np.append(ends[1:], np.iinfo(np.int64).max), closed))
    return bool((until - np.searchsorted(marks, ends) >= columns - 1)[is_inside].any())


def _has_other_delimiter(data: bytes, view: NDArray[np.uint8], ends: Places, columns: int, delimiter: str) -> bool:
    """True where a line could as well be one of another delimiter."""
    if columns < _FEWEST_TO_DOUBT:
        return False
    for other in _OTHERS:
        if other != delimiter and other.encode() in data:
            marks = np.flatnonzero(view == ord(other))
            if (np.diff(np.searchsorted(marks, ends), prepend=0) == columns - 1).any():
                return True
    return False


def write_strict(
    path: Path, offset: int, first_row: int, columns: int, delimiter: str, target: Path
) -> list[MalformedRow]:
    """Copy the records after byte `offset`; a record that is kept back leaves a row without any value in its place.

    Args:
        path: UTF-8 text.
        offset: bytes above the first record.
        first_row: row number of the first record, as a spreadsheet shows it; blank lines count.
        columns: number of fields that a record must have.
        delimiter: one letter.
        target: gets the records, one for each of the source, each ending in a line feed.

    Returns:
        The records kept back, with row number and reason, in the order of the file.
    """
    malformed: list[MalformedRow] = []
    nothing = delimiter * (columns - 1) + "\n" if columns > 1 else '""\n'
    with path.open("rb") as source, target.open("w", encoding="utf-8", newline="") as sink:
        source.seek(offset)
        writer = csv.writer(sink, delimiter=delimiter, lineterminator="\n")
        records = _with_broken_ones(_records(_lines(source), columns, delimiter), columns)
        for row, (text, fields, reason) in enumerate(records, start=first_row):
            if reason is None and any(fields):
                writer.writerow(fields)
                continue
            sink.write(nothing)
            if reason is not None and text.strip(f"\r\n \t{delimiter}"):
                malformed.append(MalformedRow(row, text.strip(f"\r\n{UNREADABLE}"), reason))
    return malformed


def _lines(source: Iterator[bytes]) -> Iterator[str]:
    """Lines with their ends, whichever of the three kinds those are."""
    for line in source:
        text = line.decode("utf-8")
        if "\r" not in text or text.find("\r") == len(text) - 2:
            yield text
            continue
        start = 0
        for found in re.finditer(r"\r\n|\r|\n", text):
            yield text[start : found.end()]
            start = found.end()
        if start < len(text):
            yield text[start:]


def _with_broken_ones(records: Iterator[Record], columns: int) -> Iterator[Record]:
    """Keeps back both halves of a record that a line end has broken in two: together they have the fields of one.

    A single field after a whole record is a half as well, where whole records follow; at the foot of a file it is a note.
    """
    held: list[Record] = []
    for record in records:
        _, fields, reason = record
        if not any(fields) and reason is None:
            held.append(record)
            continue
        filled = [other for other in held if any(other[1])]
        first = len(filled[0][1]) if filled else 0
        if filled and any(fields) and first + len(fields) == columns + 1:
            if len(fields) > 1 or first < columns:
                yield from (_broken(other) if other is filled[0] else other for other in held)
                held = [_broken(record)]
            else:
                held.append(record)
            continue
        if len(filled) > 1 and len(filled[-1][1]) == 1 and first == len(fields) == columns:
            # Whose half the single field is cannot be known: of the row above or of this one.
            held, record = [_broken(other) if any(other[1]) else other for other in held], _broken(record)
        yield from held
        held = [record]
    yield from held


def _broken(record: Record) -> Record:
    return record[0], record[1], "a line end has broken the row in two, here or beside it"


def _records(lines: Iterator[str], columns: int, delimiter: str) -> Iterator[Record]:
    """Text, fields, and why it must be kept back, of each record. A broken record ends with its first line."""
    waiting: deque[str] = deque()

    def following() -> str | None:
        return waiting.popleft() if waiting else next(lines, None)

    while (line := following()) is not None:
        line = line.removeprefix(_MARK)  # files that were put one after the other
        fields, problem = _split(line, delimiter)
        more: list[str] = []
        while problem == _OPEN and len(more) < _MOST_LINES and (extra := following()) is not None:
            more.append(extra)
            if columns >= _FEWEST_TO_DOUBT and extra.partition('"')[0].count(delimiter) >= columns - 1:
                break  # a whole row inside of quotation marks
            fields, problem = _split(line + "".join(more), delimiter)
        if problem is not None and (more or problem == _OPEN):
            waiting.extendleft(reversed(more))
            yield line, [], problem
            continue
        text = line + "".join(more)
        yield text, fields, problem or _doubt(text, fields, columns, delimiter)


def _doubt(text: str, fields: list[str], columns: int, delimiter: str) -> str | None:
    """Why a record that can be split cannot be trusted; None where it can."""
    if text.startswith(UNREADABLE):
        return "the bytes of the row are neither UTF-8 nor GB18030"
    if not text.strip(" \t\r\n"):
        return None
    if len(fields) != columns:
        return shape(len(fields), columns)
    if columns >= _FEWEST_TO_DOUBT:
        for other in _OTHERS:
            if other != delimiter and text.count(other) == columns - 1:
                return f"the row can be split by {other!r} as well as by {delimiter!r}"
    if _MARK in text:
        return "the row holds a byte order mark, as where two files were joined in mid-row"
    return None


def _split(text: str, delimiter: str) -> tuple[list[str], str | None]:
    """Fields of a record, and None or what is wrong with it."""
    body = text.rstrip("\r\n")
    if '"' not in body:
        return body.split(delimiter), None
    fields: list[str] = []
    place, end = 0, len(body)
    while True:
        start = _QUOTED.match(body, place) if delimiter != " " else None
        if start is not None:
            close = _CLOSED.match(body, start.end())
            if close is None:
                return fields, _OPEN
            fields.append(close[1].replace('""', '"'))
            place = close.end()
            if place < end and not body.startswith(delimiter, place):
                return fields, "text follows a closing quotation mark, so its fields cannot be distinguished"
        else:
            stop = body.find(delimiter, place)
            field = body[place : stop if stop >= 0 else end]
            protected = _PROTECTED.fullmatch(field)
            if protected is None and '"' in _INCH.sub("", field):
                return fields, "a quotation mark is in the middle of a field, so its fields cannot be distinguished"
            fields.append(field if protected is None else protected[1])
            place = stop if stop >= 0 else end
        if place >= end:
            return fields, None
        place += len(delimiter)
