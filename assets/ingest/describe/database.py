"""The tables of an unknown database, each looked at like a file: what it seems to be, on what evidence, and what reads it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import sqlalchemy as sa

from assets.ingest.describe.drafting import Drafter, FileProposal
from assets.ingest.describe.file_facts import columns_of, first_rows, gather_facts
from assets.ingest.describe.origin import Origin
from assets.ingest.describe.roles import Reading, read_role
from assets.ingest.describe.table_joins import WideTable, select_rows, used_joins, widen
from assets.ingest.describe.workbook_sheets import SheetGroup
from assets.ingest.live.reader import texts
from assets.ingest.live.secrets import Secrets
from assets.ingest.live.sql_connection import reported
from assets.ingest.live.sql_query import TableInfo
from assets.ingest.live.sql_reader import SqlReader, open_sql
from assets.ingest.reading.raw_table import RAW_TABLE, SOURCE_ROW, RawFile
from assets.ingest.typing.text_macros import install_macros

_ROWS = 20_000
"""Of a table that are looked at: codes that come later alone are kept back by the run, which says so."""
_HEADS = {"sqlite": (0, b"SQLite format 3\x00"), "duckdb": (8, b"DUCK")}
_NAMES_OF_ROWS = (("_no", "_id", "_code"), ("_date",))
"""How fields end that name a row: first what numbers it, then when it was."""


def database_kind(path: Path) -> str:
    """ "sqlite" or "duckdb" for the file of such a database, whatever its name; "" for any other."""
    with path.open("rb") as stream:
        head = stream.read(16)
    return next((kind for kind, (at, mark) in _HEADS.items() if head[at : at + len(mark)] == mark), "")


def database_files(folder: Path) -> list[Path]:
    """The databases among the files of a folder, by name."""
    return [path for path in sorted(folder.rglob("*")) if path.is_file() and database_kind(path)]


def database_address(path: Path) -> str:
    """The address of a database that is a file."""
    return sa.URL.create(database_kind(path), database=str(path.resolve())).render_as_string(hide_password=False)


def table_names(secrets: Secrets) -> list[str]:
    """Tables and views of a database; raises IngestError where it cannot be reached."""
    with open_sql(secrets, {}) as reader, reported(secrets, "could not be described", _FIX):
        return list(reader.names().values())


_FIX = "Give the account the right to see its tables."


def propose_tables(secrets: Secrets, title: str, answers: Mapping[str, str]) -> list[FileProposal]:
    """Look at every table and view of a database, by name.

    Args:
        secrets: its address, under the name of the source that it becomes.
        title: the database as questions and notes name it.
        answers: answers to questions by their keys.

    Raises:
        IngestError: the database cannot be reached or described.
    """
    with open_sql(secrets, {}) as reader, reported(secrets, "could not be described", _FIX):
        found = {name: _propose(reader, f"{title}: {name}", name, answers) for name in reader.names().values()}
    joined = {
        join["table"]: name for name, file in found.items() for one in file.datasets for join in one.get("join", ())
    }
    for name, file in found.items():
        if name in joined and not file.datasets:
            file.problem = f"not by itself: {joined[name]} is read with it"
    return list(found.values())


def _propose(reader: SqlReader, title: str, name: str, answers: Mapping[str, str]) -> FileProposal:
    info = reader.table(name)
    assert info is not None
    # Most tables of a system are no stock or sales: their names say so without a look at their rows.
    wide = widen(reader, info)
    if read_role(wide.columns) is None:
        return _not_read(title, 0, f"its columns are of no kind that is known: {', '.join(info.columns)}")
    clause = sa.table(name, *(sa.column(column, kind) for column, kind in info.columns.items()), schema=info.schema)
    rows = int(reader.connection.execute(sa.select(sa.func.count()).select_from(clause)).scalar_one())
    if rows == 0:
        return _not_read(title, 0, "it has no rows")
    sample = reader.connection.execute(select_rows(reader, info, wide).limit(_ROWS)).fetchall()
    with duckdb.connect(":memory:") as connection:
        install_macros(connection)
        raw = _load(connection, [column.name for column in wide.columns], sample)
        known = {column.name: column.called for column in wide.columns}
        reading = read_role([replace(column, called=known[column.name]) for column in columns_of(connection, raw)])
        if reading is None or reading.cells:
            said = (
                "a cross-tab is read from files only"
                if reading
                else "what is in its columns is of no kind that is known"
            )
            return _not_read(title, rows, said)
        key = info.primary_key or _found_key(reader, clause, reading, wide)
        if not key:
            return _not_read(title, rows, "it has no primary key, and no columns tell its rows apart")
        used = set(reading.columns.values())
        joins = used_joins(wide.joins, tuple(used))
        evidence = [*reading.evidence, *_of_the_key(info, key)]
        evidence += [f"{join['as']} is {join['table']} by {', '.join(join['by'].values())}" for join in joins]
        evidence += [f"its first {_ROWS:,} rows were looked at"] if rows > _ROWS else []
        proposal = FileProposal(
            title,
            rows,
            reading.role.title,
            reading.role.contract,
            tuple(evidence),
            first_rows(connection, raw),
            unused=tuple(column for column in raw.header if column not in used),
        )
        facts = gather_facts(connection, raw, reading)
    place: dict[str, Any] = {"table": name}
    if not info.primary_key:
        place["source"] = {"kind": "sql", "key": list(key)}
    if joins:
        place["join"] = [dict(join) for join in joins]
    origin = Origin(name, dt.datetime.now(tz=dt.UTC).date(), SheetGroup(title), place, key)
    # A name of a table says no day: rows are of the day on which they are read.
    Drafter(proposal, reading, replace(facts, notes=""), origin, answers).draft()
    return proposal


def _of_the_key(info: TableInfo, key: Sequence[str]) -> tuple[str, ...]:
    return () if info.primary_key else (f"it has no primary key: {', '.join(key)} tell its rows apart",)


def _not_read(title: str, rows: int, problem: str) -> FileProposal:
    return FileProposal(title, rows, "", "", (), (), problem=problem)


def _load(connection: duckdb.DuckDBPyConnection, header: list[str], rows: Sequence[sa.Row[Any]]) -> RawFile:
    """Table `raw` of rows of a database, as its extract will hold them."""
    columns: dict[str, pa.Array] = {SOURCE_ROW: pa.array(range(1, len(rows) + 1), pa.int64())}
    for number, values in enumerate(zip(*rows, strict=True)):
        columns[f"c{number}"] = pa.array(texts(values), pa.string())
    connection.register("table_rows", pa.table(columns))
    connection.execute(f"CREATE OR REPLACE TEMP TABLE {RAW_TABLE} AS SELECT * FROM table_rows")
    connection.unregister("table_rows")
    return RawFile(tuple(header), len(rows))


def _found_key(reader: SqlReader, clause: sa.TableClause, reading: Reading, wide: WideTable) -> tuple[str, ...]:
    """Columns that tell all rows apart: every number and code of the row, and its days where those are not enough; () where none do.

    Fewer may do today; rows that come tomorrow are distinguished by all of them.
    """

    def count(query: sa.Select[Any]) -> int:
        return int(reader.connection.execute(query).scalar_one())

    whole = sa.select(sa.func.count()).select_from(clause)
    rows = count(whole)
    chosen: list[str] = []
    for ends in _NAMES_OF_ROWS:
        named = [wide.own_column(column) for name, column in reading.columns.items() if name.endswith(ends)]
        new = [column for column in dict.fromkeys(named) if column not in chosen]
        chosen += [column for column in new if count(whole.where(clause.c[column].is_(None))) == 0]
        if chosen:
            different = sa.select(*(clause.c[column] for column in chosen)).distinct().subquery()
            if count(sa.select(sa.func.count()).select_from(different)) == rows:
                return tuple(chosen)
    return ()
