"""JSON as systems dump it: a list of objects (or an object a line) becomes table `raw`, an object a row.

Fields of a nested object are named `outer_inner`; a list inside a row stays as its JSON text. Numbers keep their digits, as
they are taken as text. The row number is the object's place in its list, the first being 1.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from assets.ingest.errors import IngestError
from assets.ingest.mapping.file_keys import Records
from assets.ingest.reading.raw_table import RAW_TABLE, SOURCE_ROW, MalformedRow, RawFile, name_headers
from assets.ingest.reading.text_encoding import read_decoded

_BATCH = 20_000
_BLANK = " \t\r\n"
_FIX = "Export it again as JSON: a list of objects, or one object a line."


class _Number(str):
    """A number as the file writes it."""

    __slots__ = ()


def read_json(connection: duckdb.DuckDBPyConnection, path: Path, name: str, records: Records) -> RawFile:
    """Load the rows that `records` asks for into `raw`; raises IngestError for what is no JSON or has no such list."""
    text = read_decoded(path, name)
    malformed: list[MalformedRow] = []
    tables: list[pa.Table] = []
    batch: list[tuple[int, dict[str, str | None]]] = []
    header: dict[str, None] = {}
    for number, value in _objects(text, records.at, name):
        row = _row(value, number, malformed, records.only)
        if row is None:
            continue
        header.update(dict.fromkeys(row))
        batch.append((number, row))
        if len(batch) == _BATCH:
            tables.append(_table(batch))
            batch = []
    tables.append(_table(batch))
    if not header and not malformed:
        only = ", ".join(f"{field} = {value!r}" for field, value in records.only.items())
        raise IngestError(f"holds no object{' with ' + only if only else ''}", file=name, fix=_FIX)
    table = pa.concat_tables(tables, promote_options="default").select(["row", *(f"v_{title}" for title in header)])
    names = [SOURCE_ROW, *(f"c{at}" for at in range(len(header)))]
    connection.register("json_rows", table.rename_columns(names))
    connection.execute("CREATE OR REPLACE TEMP TABLE raw_store AS SELECT * FROM json_rows")
    connection.unregister("json_rows")
    connection.execute(f"CREATE OR REPLACE TEMP VIEW {RAW_TABLE} AS SELECT * FROM raw_store")
    return RawFile(name_headers(tuple(header)), table.num_rows, tuple(malformed))


def _table(batch: list[tuple[int, dict[str, str | None]]]) -> pa.Table:
    """Rows as columns; one that no row of this batch has comes with another batch."""
    titles = dict.fromkeys(title for _, row in batch for title in row)
    columns = {f"v_{title}": pa.array([row.get(title) for _, row in batch], pa.string()) for title in titles}
    return pa.table({"row": pa.array([number for number, _ in batch], pa.int64()), **columns})


def _objects(text: str, at: tuple[str, ...], file: str) -> Iterator[tuple[int, Any]]:
    """The objects of the list with their numbers, one after the other, so that only one is in memory beside the text."""
    decoder = json.JSONDecoder(
        parse_float=_Number, parse_int=_Number, parse_constant=_Number, object_pairs_hook=_each_key_once
    )
    try:
        if at:
            yield from enumerate(_below(decoder.decode(text), at, file), start=1)
            return
        place = _next(text, 0)
        is_list = text[place : place + 1] == "["
        place = _next(text, place + 1) if is_list else place
        number = 0
        while place < len(text) and not (is_list and text[place] == "]"):
            value, place = decoder.raw_decode(text, place)
            number += 1
            yield number, value
            place = _next(text, place)
            if is_list and text[place : place + 1] == ",":
                place = _next(text, place + 1)
            elif is_list and text[place : place + 1] != "]":
                raise json.JSONDecodeError("a comma or the end of the list is expected", text, place)
        if is_list and place >= len(text):
            raise json.JSONDecodeError("the list has no end", text, place)
    except json.JSONDecodeError as error:
        raise IngestError(
            f"is no JSON: {error.msg} (line {error.lineno}, column {error.colno})", file=file, fix=_FIX
        ) from error
    except (_KeyTwice, RecursionError) as error:
        reason = str(error) if isinstance(error, _KeyTwice) else "its objects are nested too deep"
        raise IngestError(f"cannot be read as rows: {reason}", file=file, fix=_FIX) from error


class _KeyTwice(ValueError):
    """An object that gives a field two values."""


def _each_key_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        keys = [key for key, _ in pairs]
        twice = next(key for key in keys if keys.count(key) > 1)
        raise _KeyTwice(f"an object has the field {twice!r} twice")
    return found


def _next(text: str, place: int) -> int:
    """Place of the next letter that is no blank."""
    while place < len(text) and text[place] in _BLANK:
        place += 1
    return place


def _below(document: Any, at: tuple[str, ...], file: str) -> list[Any]:
    """The list at a path of keys; raises IngestError that says how far the path leads."""
    value = document
    for depth, key in enumerate(at):
        if not isinstance(value, dict) or key not in value:
            there = ", ".join(value) if isinstance(value, dict) else "no object"
            place = ".".join(at[:depth]) or "the document"
            raise IngestError(
                f"has nothing at {'.'.join(at)}: {place} holds {there}",
                file=file,
                fix="Correct `at` of `records` in the mapping.",
            )
        value = value[key]
    if not isinstance(value, list):
        raise IngestError(
            f"holds no list at {'.'.join(at)}", file=file, fix="Correct `at` of `records` in the mapping."
        )
    return value


def _row(value: Any, number: int, malformed: list[MalformedRow], only: dict[str, str]) -> dict[str, str | None] | None:
    """Fields of an object as texts; None where it is none of ours, or none at all (then it is kept aside)."""
    if not isinstance(value, dict):
        malformed.append(MalformedRow(number, _json(value)[:1000], "is in the list and is no object"))
        return None
    if only and any(_text(value.get(field)) != wanted for field, wanted in only.items()):
        return None
    row: dict[str, str | None] = {}
    problem = _flatten(value, "", row)
    if problem is None and any(text is not None and not _is_encodable(text) for text in (*row, *row.values())):
        problem = "holds half of a character, which is no text"
    if problem is None:
        return row
    malformed.append(MalformedRow(number, json.dumps(value)[:1000], problem))
    return None


def _flatten(value: dict[str, Any], prefix: str, row: dict[str, str | None]) -> str | None:
    """Put fields into `row`; a nested object's under joined names. Returns what is wrong, if anything."""
    for key, inner in value.items():
        title = f"{prefix}{key}"
        if isinstance(inner, dict):
            problem = _flatten(inner, f"{title}_", row)
            if problem is not None:
                return problem
        elif title in row:
            return f"two of its fields come to the name {title!r}"
        else:
            row[title] = _text(inner)
    return None


def _text(value: Any) -> str | None:
    if value is None or isinstance(value, str):
        return value if value is None else str(value)
    return ("true" if value else "false") if isinstance(value, bool) else _json(value)


def _json(value: Any) -> str:
    """JSON text of a value, numbers as they were."""
    if isinstance(value, _Number):
        return str(value)
    if isinstance(value, list):
        return f"[{', '.join(map(_json, value))}]"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{json.dumps(key)}: {_json(inner)}" for key, inner in value.items()) + "}"
    return json.dumps(value, ensure_ascii=False)


def _is_encodable(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
