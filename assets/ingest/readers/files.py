"""One file, whatever its kind: checks that it is what its name says and hands it to the reader of that kind."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import duckdb

from assets.ingest.errors import IngestError
from assets.ingest.mapping import Dataset
from assets.ingest.readers.excel import read_excel
from assets.ingest.readers.raw import RAW_TABLE, SOURCE_ROW, RawFile
from assets.ingest.readers.text import read_text
from assets.ingest.sqltext import ident, literal

TEXT_SUFFIXES = (".csv", ".txt", ".tsv")
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
    """Load a file into the table `raw`; raises IngestError where it cannot be understood as a whole.

    With `in_pieces`, a large text file may be left to be read piece by piece; see RawFile.
    """
    if path.stat().st_size == 0:
        raise IngestError("the file is empty", file=name, fix="Export it again, or remove it.")
    suffix = path.suffix.lower()
    _check_kind(path, name, suffix)
    if suffix in TEXT_SUFFIXES:
        raw = read_text(
            connection,
            path,
            name,
            work=work,
            header_row=dataset.header_row,
            delimiter=dataset.delimiter,
            expected=expected,
            in_pieces=in_pieces,
        )
    elif suffix == ".xlsx":
        raw = read_excel(connection, path, name, sheet=dataset.sheet, header_row=dataset.header_row)
    elif suffix == ".parquet":
        raw = _read_parquet(connection, path, name, work)
    else:
        known = ", ".join((*TEXT_SUFFIXES, ".xlsx", ".parquet"))
        raise IngestError(f"files of kind {suffix or '(none)'} are not read", file=name, fix=f"Known kinds: {known}.")
    if raw.rows_in == 0 and not dataset.allow_empty:
        raise IngestError(
            "has a header and no rows", file=name, fix="Export it again, or set `allow_empty: true` in the mapping."
        )
    return raw


def _check_kind(path: Path, name: str, suffix: str) -> None:
    with path.open("rb") as stream:
        head = stream.read(512)
    found = next((kind for magic, kind in _MAGIC if head.startswith(magic)), None)
    if found is None and head.lstrip(b"\xef\xbb\xbf \t\r\n").lower().startswith(
        (b"<html", b"<table", b"<?xml", b"<!doctype")
    ):
        found = "an HTML or XML page"
    expected = {".xlsx": "a zip archive such as .xlsx", ".parquet": "a Parquet file"}.get(suffix)
    if (suffix in TEXT_SUFFIXES or expected is not None) and found != expected:
        raise IngestError(
            f"is named {suffix} but holds {found or 'plain text'}",
            file=name,
            fix="Give it the name of its kind, or export it again.",
        )


def _read_parquet(connection: duckdb.DuckDBPyConnection, path: Path, name: str, work: Path) -> RawFile:
    link = work / "source.parquet"
    link.unlink(missing_ok=True)
    link.symlink_to(path.resolve())
    source = f"read_parquet({literal(str(link))}, file_row_number = true, hive_partitioning = false)"
    try:
        described = connection.execute(f"DESCRIBE SELECT * EXCLUDE (file_row_number) FROM {source}").fetchall()
        header = tuple(row[0] for row in described)
        columns = ", ".join(f"CAST({ident(column)} AS VARCHAR) AS c{number}" for number, column in enumerate(header))
        connection.execute(
            f"CREATE OR REPLACE TEMP TABLE raw_store AS SELECT file_row_number + 1 AS {SOURCE_ROW}, "
            f"{columns} FROM {source}"
        )
        connection.execute(f"CREATE OR REPLACE TEMP VIEW {RAW_TABLE} AS SELECT * FROM raw_store")
    except duckdb.Error as error:
        raise IngestError(f"cannot be read as Parquet ({error})", file=name, fix="Export it again.") from error
    rows = connection.execute(f"SELECT count(*) FROM {RAW_TABLE}").fetchone()
    return RawFile(header, rows[0] if rows else 0)
