"""Opening a database for reading: the address from the environment, one read-only transaction with one view of the data,
and errors that say what to do without giving anything away."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import URL

from assets.ingest.errors import IngestError
from assets.ingest.live.secrets import Secrets, variable

DRIVERS = {
    "postgresql": ("psycopg", "psycopg"),
    "mysql": ("pymysql", "PyMySQL"),
    "mariadb": ("pymysql", "PyMySQL"),
    "mssql": ("pyodbc", "pyodbc"),
    "oracle": ("oracledb", "oracledb"),
    "hana": ("hdbcli", "sqlalchemy-hana"),
}
"""Driver of each kind of database where the address names none, and the package that brings it."""

ISOLATION = {
    "postgresql": "REPEATABLE READ",
    "mysql": "REPEATABLE READ",
    "mariadb": "REPEATABLE READ",
    "mssql": "SNAPSHOT",
    "hana": "REPEATABLE READ",
}
"""Isolation under which every statement of a transaction sees the data of one moment."""

OPENING = {
    "postgresql": ("SET TRANSACTION READ ONLY",),
    "mysql": ("START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY",),
    "mariadb": ("START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY",),
    "oracle": ("SET TRANSACTION READ ONLY",),
    "hana": ("SET TRANSACTION READ ONLY",),
    "sqlite": ("PRAGMA query_only = ON", "BEGIN"),
    "duckdb": (),
    "mssql": (),
}
"""What comes first in the transaction, so that nothing can be written by it. SQL Server has no such statement: there
the account must not be allowed to write. A DuckDB file is opened for reading, in a transaction of its own."""


def database_url(secrets: Secrets) -> URL:
    """The address of a source's database with the driver that is used for it; IngestError where it is none."""
    text = secrets.need("URL")
    try:
        url = sa.make_url(text)
        dialect = url.get_backend_name()
    except (sa.exc.ArgumentError, ValueError):
        raise IngestError(
            f"the address of source {secrets.source!r} cannot be read",
            fix=f"{variable(secrets.source, 'URL')} looks like postgresql://user:password@host/database; characters such "
            "as @ and / in a password are written %40 and %2F.",
        ) from None
    if dialect not in OPENING:
        raise IngestError(
            f"databases of kind {dialect!r} are not read",
            fix=f"Known kinds: {', '.join(sorted(OPENING))}.",
        )
    if dialect in DRIVERS and "+" not in url.drivername:
        url = url.set(drivername=f"{url.drivername}+{DRIVERS[dialect][0]}")
    if dialect == "sqlite" and url.database and url.database != ":memory:" and not url.database.startswith("file:"):
        # Opened for reading, so that a wrong path is an error and not a new, empty database.
        url = url.set(database=f"file:{url.database}", query={"mode": "ro", "uri": "true"})
    if dialect == "duckdb":
        url = url.set(query={**url.query, "access_mode": "read_only"})
    return url


@contextmanager
def open_database(secrets: Secrets) -> Iterator[sa.Connection]:
    """A connection inside one read-only transaction that sees one state of the data; rolled back at the end."""
    url = database_url(secrets)
    dialect = url.get_backend_name()
    options: dict[str, Any] = {"isolation_level": ISOLATION[dialect]} if dialect in ISOLATION else {}
    try:
        engine = sa.create_engine(url, poolclass=sa.NullPool, hide_parameters=True, **options)
    except ModuleNotFoundError as error:
        package = DRIVERS.get(dialect, (dialect, dialect))[1]
        raise IngestError(
            f"the driver for {dialect} databases is not installed ({error.name})", fix=f"Install the package {package}."
        ) from None
    except sa.exc.NoSuchModuleError:
        package = DRIVERS.get(dialect, (dialect, dialect))[1]
        raise IngestError(f"there is no dialect for {dialect} here", fix=f"Install the package {package}.") from None
    try:
        with reported(secrets, "cannot be reached", "Check that it runs, and the address, account and password in "
                      f"{variable(secrets.source, 'URL')}."):  # fmt: skip
            connection = engine.connect()
        try:
            with reported(secrets, "cannot be read as of one moment", "Allow the account read-only snapshots."):
                for statement in OPENING[dialect]:
                    connection.exec_driver_sql(statement)
            yield connection
        finally:
            connection.close()
    finally:
        engine.dispose()


@contextmanager
def reported(secrets: Secrets, problem: str, fix: str) -> Iterator[None]:
    """Errors of the database as one sentence without secrets."""
    try:
        yield
    except sa.exc.SQLAlchemyError as error:
        cause = getattr(error, "orig", None) or error
        reason = secrets.hide(" ".join(str(cause).split()))[:300]
        raise IngestError(f"the database of source {secrets.source!r} {problem} ({reason})", fix=fix) from None
