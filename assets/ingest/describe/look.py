"""Profiles the tables of a database or the files of a folder, looking at a few rows of each."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import duckdb
import sqlalchemy as sa

from assets.ingest.describe.headers import SUFFIXES, read_unknown
from assets.ingest.describe.kinds import detect_kind
from assets.ingest.describe.profile import TableProfile, profile_column
from assets.ingest.errors import IngestError
from assets.ingest.live.reader import texts
from assets.ingest.live.secrets import Secrets
from assets.ingest.live.sql_connection import reported
from assets.ingest.live.sql_reader import SqlReader, open_sql
from assets.ingest.reading.raw_table import RAW_TABLE
from assets.ingest.typing.text_macros import install_macros

LOOK_AT_ROWS = 500


def profile_database(secrets: Secrets, *, only: str | None = None, rows: int = LOOK_AT_ROWS) -> list[TableProfile]:
    """Tables and views of a database, largest first; `only` names one of them."""
    fix = "Give the account the right to see its tables."
    with open_sql(secrets, {}) as reader, reported(secrets, "could not be described", fix):
        names = [name for name in reader.names().values() if only is None or name.casefold() == only.casefold()]
        found = [_profile_table(reader, name, rows) for name in names]
    return sorted(found, key=lambda table: (-table.rows, table.name))


def _profile_table(reader: SqlReader, name: str, rows: int) -> TableProfile:
    connection = reader.connection
    inspector = sa.inspect(connection)
    described = inspector.get_columns(name)
    key = set(inspector.get_pk_constraint(name).get("constrained_columns") or [])
    clause = sa.table(name, *(sa.column(column["name"]) for column in described))
    count = connection.execute(sa.select(sa.func.count()).select_from(clause)).scalar_one()
    sample = connection.execute(sa.select(clause).limit(rows)).fetchall()
    values = [texts(column) for column in zip(*sample, strict=True)] or [[] for _ in described]
    return TableProfile(
        name,
        tuple(
            profile_column(
                column["name"],
                str(column["type"]),
                column_values,
                caption=column.get("comment") or "",
                is_key=column["name"] in key,
            )
            for column, column_values in zip(described, values, strict=True)
        ),
        int(count),
        len(sample),
        _comment(inspector, name),
    )


def _comment(inspector: sa.Inspector, name: str) -> str:
    try:
        return inspector.get_table_comment(name).get("text") or ""
    except NotImplementedError:
        return ""


def profile_files(path: Path, *, rows: int = LOOK_AT_ROWS) -> list[TableProfile]:
    """A file, or every file below a folder, by name; one that cannot be read is left out unless it was asked for."""
    paths = [path] if path.is_file() else list(_files_below(path))
    if not paths:
        raise IngestError("there is no file that could be read", file=path.name, fix=f"Known: {', '.join(SUFFIXES)}.")
    found = []
    for file in paths:
        try:
            found.append(_profile_file(file, file.name if path.is_file() else file.relative_to(path).as_posix(), rows))
        except IngestError:
            if path.is_file():
                raise
    return found


def _files_below(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.rglob("*")):
        if path.is_file() and path.suffix.lower() in SUFFIXES and not path.name.startswith("."):
            yield path


def _profile_file(path: Path, name: str, rows: int) -> TableProfile:
    with tempfile.TemporaryDirectory() as work, duckdb.connect(":memory:") as connection:
        install_macros(connection)
        raw = read_unknown(connection, path, name, Path(work))
        wanted = ", ".join(raw.columns) or "1"
        sample = connection.execute(f"SELECT {wanted} FROM {RAW_TABLE} ORDER BY source_row LIMIT {rows}").fetchall()
    values = [list(column) for column in zip(*sample, strict=True)] or [[] for _ in raw.header]
    columns = tuple(profile_column(header, "text", column) for header, column in zip(raw.header, values, strict=True))
    return TableProfile(name, columns, raw.rows, len(sample), is_file=True, kind=detect_kind(raw.header))
