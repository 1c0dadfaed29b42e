"""One file, whatever its kind: checks that it is what its name says and hands it to the reader of that kind."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import duckdb
import pyarrow as pa

from assets.extensions import READERS, ExtensionError, call, names
from assets.ingest.errors import IngestError
from assets.ingest.mapping.file_keys import Records
from assets.ingest.mapping.language import Dataset
from assets.ingest.reading.excel import read_excel, read_markup
from assets.ingest.reading.json_records import read_json
from assets.ingest.reading.limits import check_document, check_workbook, is_risky
from assets.ingest.reading.own_process import read_apart
from assets.ingest.reading.parquet_files import read_parquet_files
from assets.ingest.reading.raw_table import RAW_TABLE, SOURCE_ROW, RawFile, normal_header
from assets.ingest.reading.reshaped_rows import reshape_rows
from assets.ingest.reading.sheet_steps import apply_rules
from assets.ingest.reading.sheets import read_sheets
from assets.ingest.reading.table_folders import DataFile, data_files, partition_values
from assets.ingest.reading.text import read_text
from assets.ingest.reading.text_encoding import read_decoded
from assets.ingest.reading.totals import may_hold_totals

TEXT_SUFFIXES = (".csv", ".txt", ".tsv")
JSON_SUFFIXES = (".json", ".jsonl", ".ndjson")
_MARKUP = "an HTML or XML page"
_MAGIC = (
    (b"PK\x03\x04", "a zip archive such as .xlsx"),
    (b"\xd0\xcf\x11\xe0", "an old Excel workbook (.xls)"),
    (b"PAR1", "a Parquet file"),
    (b"%PDF", "a PDF"),
    (b"\x1f\x8b", "a gzip archive"),
)


def read_file(
    connection: duckdb.DuckDBPyConnection,
    path: Path,
    name: str,
    dataset: Dataset,
    expected: Sequence[str],
    work: Path,
    in_pieces: bool = False,
) -> RawFile:
    """Load a file, or the folder of a table, into the table `raw`; raises IngestError where it cannot be understood as a whole.

    With `in_pieces`, a large text or Parquet file may be left to be read piece by piece; see RawFile. Workbooks, pages and documents
    that are not small are read by a process of their own (own_process.py).
    """
    if path.is_dir():
        raw = read_parquet_files(connection, data_files(path, name), name, work, in_pieces=in_pieces)
        return _reshaped(connection, raw, dataset, name, expected)
    if path.stat().st_size == 0:
        raise IngestError("the file is empty", file=name, fix="Export it again, or remove it.")
    kind = _check_kind(path, name, path.suffix.lower())
    if kind == "workbook":
        check_workbook(path, name)
    elif kind in ("markup", "json"):
        check_document(path, name)
    if kind in ("workbook", "markup", "json") and is_risky(path):
        return read_apart(connection, path, name, dataset, expected, work)
    return read_here(connection, path, name, dataset, expected, work, in_pieces)


def read_here(
    connection: duckdb.DuckDBPyConnection,
    path: Path,
    name: str,
    dataset: Dataset,
    expected: Sequence[str],
    work: Path,
    in_pieces: bool = False,
) -> RawFile:
    """`read_file` within this process, for a file whose size was checked."""
    suffix = path.suffix.lower()
    kind = _check_kind(path, name, suffix)
    if (dataset.header and kind not in ("text", "workbook")) or (dataset.records is not None and kind != "json"):
        key, wanted_kind = ("header", "text file or workbook") if dataset.header else ("records", "JSON file")
        raise IngestError(
            f"is no {wanted_kind}, and the mapping gives it `{key}`",
            file=name,
            fix=f"Export it as {'delimited text' if dataset.header else 'JSON'}, or leave `{key}` out of the mapping.",
        )
    spellings = list(dict.fromkeys(name for header in expected for name in dataset.spellings(header)))
    wanted = {normal_header(header) for header in spellings}
    if kind == "text":
        raw = read_text(
            connection,
            path,
            name,
            work=work,
            header_row=dataset.header_row,
            delimiter=dataset.delimiter,
            expected=spellings,
            in_pieces=in_pieces,
            given_header=dataset.header,
        )
    elif kind == "workbook":
        if dataset.sheets is not None:
            return _reshaped(
                connection, read_sheets(connection, path, name, dataset, expected, wanted), dataset, name, expected
            )
        raw = read_excel(
            connection,
            path,
            name,
            sheet=dataset.sheet,
            header_row=dataset.header_row,
            wanted=wanted,
            given_header=dataset.header,
        )
    elif kind == "markup":
        text = read_decoded(path, name)
        raw = read_markup(
            connection, path, name, text, sheet=dataset.sheet, header_row=dataset.header_row, wanted=wanted
        )
    elif kind == "json":
        raw = read_json(connection, path, name, dataset.records or Records())
    elif kind == "parquet":
        raw = read_parquet_files(connection, [DataFile(path, partition_values(name))], name, work, in_pieces=in_pieces)
    elif kind == "" and suffix.removeprefix(".") in names(READERS):
        raw = _read_by_extension(connection, path, name, suffix.removeprefix("."))
    else:
        own = tuple(f".{reader}" for reader in names(READERS))
        known = ", ".join((*TEXT_SUFFIXES, ".xlsx", ".xls", ".parquet", *JSON_SUFFIXES, *own))
        raise IngestError(f"files of kind {suffix or '(none)'} are not read", file=name, fix=f"Known kinds: {known}.")
    if raw.pieces is not None and kind == "text":
        # The rules see all rows at once: where the header or the first rows call for one, the file is read whole.
        sample = replace(raw.pieces.show_sample(connection), header=raw.header, above=raw.above)
        seen = apply_rules(connection, sample, name, dataset, expected, wanted, may_hold_totals=False)
        if may_hold_totals(path) or seen != replace(sample, header=seen.header):
            return read_here(connection, path, name, dataset, expected, work)
        raw = replace(raw, header=seen.header)
    elif kind in ("workbook", "markup", "text"):
        totals = kind != "text" or may_hold_totals(path)
        raw = apply_rules(connection, raw, name, dataset, expected, wanted, may_hold_totals=totals)
    return _reshaped(connection, raw, dataset, name, expected)


def _reshaped(
    connection: duckdb.DuckDBPyConnection, raw: RawFile, dataset: Dataset, name: str, expected: Sequence[str]
) -> RawFile:
    """The file with its rows as the mapping asks for them; raises IngestError for one without rows."""
    if dataset.is_reshaped:
        raw = reshape_rows(connection, raw, dataset, name, expected)
    if raw.rows_in == 0 and not dataset.allow_empty:
        raise IngestError(
            "has a header and no rows", file=name, fix="Export it again, or set `allow_empty: true` in the mapping."
        )
    return raw


def _check_kind(path: Path, name: str, suffix: str) -> str:
    """How a file is to be read: text, workbook, markup, parquet, or nothing; raises IngestError for a name that does not match its content.

    Only .xls says nothing: for years systems have given that name to workbooks, web pages and plain text alike.
    """
    with path.open("rb") as stream:
        head = stream.read(512)
    found = next((kind for magic, kind in _MAGIC if head.startswith(magic)), None)
    if found is None and head.lstrip(b"\xef\xbb\xbf \t\r\n").lower().startswith(
        (b"<html", b"<table", b"<?xml", b"<!doctype")
    ):
        found = _MARKUP
    expected = {".xlsx": "a zip archive such as .xlsx", ".parquet": "a Parquet file"}.get(suffix)
    if (suffix in (*TEXT_SUFFIXES, *JSON_SUFFIXES) or expected is not None) and found != expected:
        raise IngestError(
            f"is named {suffix} but holds {found or 'plain text'}",
            file=name,
            fix="Give it the name of its kind, or export it again.",
        )
    if suffix == ".xls":
        if found is None:
            return "text"
        if found == _MARKUP:
            return "markup"
        return "workbook" if head.startswith((b"PK\x03\x04", b"\xd0\xcf\x11\xe0")) else ""
    kinds = {".xlsx": "workbook", ".parquet": "parquet", **dict.fromkeys(JSON_SUFFIXES, "json")}
    return "text" if suffix in TEXT_SUFFIXES else kinds.get(suffix, "")


def _read_by_extension(connection: duckdb.DuckDBPyConnection, path: Path, name: str, reader: str) -> RawFile:
    """A file that an entry point `stockturn.readers` reads: it gets the path and gives a table of texts, header as names."""
    try:
        table = call(READERS, reader, path)
    except ExtensionError as error:
        raise IngestError(str(error), file=name, fix="Repair the package that reads such files.") from error
    if not isinstance(table, pa.Table) or not all(pa.types.is_string(field.type) for field in table.schema):
        raise IngestError(
            f"entry point {READERS}: {reader}: must give a pyarrow table whose columns are all texts",
            file=name,
            fix="Repair the package that reads such files.",
        )
    header = tuple(table.column_names)
    rows = table.rename_columns([f"c{number}" for number in range(len(header))])
    numbered = rows.add_column(0, SOURCE_ROW, pa.array(range(1, rows.num_rows + 1), pa.int64()))
    connection.register("_read", numbered)
    try:
        connection.execute("CREATE OR REPLACE TEMP TABLE raw_store AS SELECT * FROM _read")
        connection.execute(f"CREATE OR REPLACE TEMP VIEW {RAW_TABLE} AS SELECT * FROM raw_store")
    finally:
        connection.unregister("_read")
    return RawFile(header, rows.num_rows)
