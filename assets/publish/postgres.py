"""A release published to PostgreSQL: loaded into a schema of its own, switched in one transaction.

Assumptions and stages (docs/adr/0008-postgres.md says why it is done this way):
1. *Load*, one transaction: new schema, COPY, keys, indexes, comments. Killed half-way, PostgreSQL rolls all of it back.
   COPY is FREEZE, so that a reader whose snapshot is older than the load sees the rows, not an empty table.
2. *Switch*, one transaction: lock every public view, point all of them at the new schema, grant. A transaction that
   has read one view keeps the switch out until it ends, so no transaction ever reads two releases.
3. *Prune*: drop the oldest schemas of this publication; one that is still being read stays until the next time.

Several companies may share a database, each with a `schema_name` of its own. Comments on the schemas record who owns
them, so that no company drops or replaces what another one shows; the publication lock is one per `schema_name`.

Drawback: a reader who keeps a transaction open for longer than `wait_seconds`, or readers who without any pause run
transactions over several views in opposite orders, make the switch fail; the old release stays.
"""

from __future__ import annotations

import hashlib
import itertools
import json
import os
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import psycopg

from assets.publish import postgres_ddl as ddl
from assets.publish import postgres_limits as limits
from assets.publish.content import quoted, sort_columns
from assets.publish.releases import Release, ReleaseError
from assets.publish.settings import URL_VARIABLE, PostgresSettings

INFO = ddl.TableText(
    "release_info",
    (
        ddl.ColumnText("release_id", "VARCHAR", "The release that every view of this schema shows now", "版本号"),
        ddl.ColumnText("as_of_date", "DATE", "Day of the figures", "数据日期"),
        ddl.ColumnText("built_at", "TIMESTAMP WITH TIME ZONE", "When the release was built, UTC", "生成时间"),
    ),
    "One row: which release this is.",
    "版本信息",
    ("release_id",),
)
# Comments of schemas. A release's schema: only schemas that carry it are ever dropped. A public schema: whose it is.
_MARK = "stockturn release "
_OWNER_MARK = "stockturn publication of company "
_CHUNK = 1 << 20
# Lock timeouts of the tries, in turn: short ones slip between many short transactions, long ones outlast a slow query;
# all are below PostgreSQL's deadlock_timeout of 1 s. Measured 2026-11-21 with four readers in a tight loop, two cores.
_PATIENCE_MS = (5, 5, 10, 10, 20, 40, 80, 160, 320, 640)


class PublicationError(ReleaseError):
    """PostgreSQL does not show the new release; what it showed before is untouched. Never contains the URL."""


@dataclass(frozen=True)
class Publication:
    """What a publication did."""

    release_id: str
    schema: str
    tables: int
    rows: int
    removed_schemas: tuple[str, ...]


def publish_postgres(release: Release, url: str, settings: PostgresSettings) -> Publication:
    """Show `release` to the readers of a PostgreSQL database (12 or later).

    Raises:
        PublicationError: not connected, not loaded, not switched within `settings.wait_seconds`, or the public schemas
            show another company.
    """
    marts = release.public_marts()
    tables = ddl.table_texts(marts, _dictionary(release))
    schema = ddl.release_schema(settings.schema_name, release.release_id)
    with _connect(url) as connection, _reported("publish"):
        _serialise(connection, settings)
        _check_owner(connection, release, settings)
        connection.execute("set statement_timeout = 0")
        if not _is_loaded(connection, schema, release, settings):
            _load(connection, schema, tables, release, settings)
        _switch(connection, schema, tables, release, settings)
        removed = _prune(connection, schema, settings)
        connection.execute("select pg_advisory_unlock_all()")  # a busy server frees a closed connection's lock late
    rows = sum(int(mart["rows"]) for mart in marts)
    return Publication(release.release_id, schema, len(tables), rows, removed)


@contextmanager
def _connect(url: str) -> Iterator[psycopg.Connection]:
    try:
        connection = psycopg.connect(_plain(url), autocommit=True, application_name="stockturn publish")
    except psycopg.Error as error:
        # the driver quotes a URL that it cannot read, password and all: only the kind of error may be passed on
        raise PublicationError(
            f"no connection to PostgreSQL ({type(error).__name__}); check {URL_VARIABLE}, the network and the role"
        ) from None
    with connection:
        yield connection


def _plain(url: str) -> str:
    """SQLAlchemy's spelling of the same URL is accepted."""
    scheme, separator, rest = url.partition("://")
    return f"postgresql://{rest}" if separator and scheme.startswith("postgres") else url


@contextmanager
def _reported(stage: str) -> Iterator[None]:
    try:
        yield
    except psycopg.Error as error:
        words = error.diag.message_primary or type(error).__name__
        raise PublicationError(f"PostgreSQL refused to {stage}: {words}") from error


def _dictionary(release: Release) -> dict[str, Any]:
    path = release.path / "dictionary.json"
    if not path.is_file():
        return {}
    return {mart["name"]: mart for mart in json.loads(path.read_text(encoding="utf-8"))["marts"]}


def _serialise(connection: psycopg.Connection, settings: PostgresSettings) -> None:
    """One publication at a time to a public schema; publications to other schemas of the database continue beside it."""
    digest = hashlib.sha256(f"stockturn publication to {settings.schema_name}".encode()).digest()
    number = int.from_bytes(digest[:8], "big", signed=True)  # names the lock among the advisory locks of the database
    row = connection.execute("select pg_try_advisory_lock(%s)", (number,)).fetchone()
    if row is None or not row[0]:
        raise PublicationError(f"another publication to schema {settings.schema_name} of this database is under way")


def _owner(release: Release) -> str:
    """The company whose release this is; empty for a release built before releases recorded it."""
    return str(release.manifest.get("company_code", ""))


def _check_owner(connection: psycopg.Connection, release: Release, settings: PostgresSettings) -> None:
    company = _owner(release)
    for schema in settings.public_schemas:
        comment = _schema_comment(connection, schema)
        if company and comment.startswith(_OWNER_MARK) and comment != f"{_OWNER_MARK}{company}":
            raise PublicationError(
                f"schema {schema} shows company {comment.removeprefix(_OWNER_MARK)}, not {company}; "
                "give each company of a database its own publish.postgres.schema_name"
            )


def _schema_comment(connection: psycopg.Connection, schema: str) -> str:
    found = connection.execute(
        "select obj_description(oid, 'pg_namespace') from pg_namespace where nspname = %s", (schema,)
    ).fetchone()
    return str(found[0] or "") if found else ""


def _mark(release_id: str, settings: PostgresSettings) -> str:
    return f"{_MARK}{release_id} for {settings.schema_name}"


def _is_loaded(connection: psycopg.Connection, schema: str, release: Release, settings: PostgresSettings) -> bool:
    found = connection.execute("select 1 from pg_namespace where nspname = %s", (schema,)).fetchone()
    if found is None:
        return False
    comment = _schema_comment(connection, schema)
    if comment not in (_mark(release.release_id, settings), f"{_MARK}{release.release_id}"):
        raise PublicationError(f"schema {schema} exists and is not release {release.release_id}; rename or drop it")
    return True


def _load(
    connection: psycopg.Connection,
    schema: str,
    tables: Sequence[ddl.TableText],
    release: Release,
    settings: PostgresSettings,
) -> None:
    with connection.transaction():
        connection.execute(_sql(f"create schema {ddl.identifier(schema)}"))
        mark = ddl.literal(_mark(release.release_id, settings))
        connection.execute(_sql(f"comment on schema {ddl.identifier(schema)} is {mark}"))
        schemas = {mart["name"]: mart["schema"] for mart in release.public_marts()}
        with duckdb.connect(str(release.database), read_only=True) as source:
            for table in tables:
                connection.execute(_sql(ddl.create_table(schema, table)))
                _copy(connection, source, f"{quoted(schemas[table.name])}.{quoted(table.name)}", schema, table)
        connection.execute(_sql(ddl.create_table(schema, INFO)))
        connection.execute(
            _sql(f"insert into {ddl.identifier(schema)}.release_info values (%s, %s, %s)"),
            (release.release_id, release.manifest["as_of_date"], release.manifest.get("built_at")),
        )
        for table in (*tables, INFO):
            for statement in (*ddl.keys_and_indexes(schema, table), *ddl.comments(schema, table, "table")):
                connection.execute(_sql(statement))
    connection.execute(_sql(f"vacuum (analyze, skip_locked) {', '.join(_relations(schema, tables))}"))


def _relations(schema: str, tables: Sequence[ddl.TableText]) -> list[str]:
    return [f"{ddl.identifier(schema)}.{ddl.identifier(table.name)}" for table in (*tables, INFO)]


def _copy(
    connection: psycopg.Connection, source: duckdb.DuckDBPyConnection, relation: str, schema: str, table: ddl.TableText
) -> None:
    r"""Through a CSV file that DuckDB writes and PostgreSQL reads as it is: no row passes through Python.

    Null is \N, unquoted; an empty text is quoted and stays a text.
    """
    handle, name = tempfile.mkstemp(suffix=".csv")
    os.close(handle)
    try:
        order = sort_columns(source, relation)
        source.execute(
            f"copy (select * from {relation} order by {order}) to '{name}' (format csv, header false, nullstr '\\N')"
        )
        target = f"{ddl.identifier(schema)}.{ddl.identifier(table.name)}"
        statement = _sql(f"copy {target} from stdin (format csv, null '\\N', freeze)")
        with Path(name).open("rb") as lines, connection.cursor().copy(statement) as copy:
            while chunk := lines.read(_CHUNK):
                copy.write(chunk)
    finally:
        Path(name).unlink()


def _switch(
    connection: psycopg.Connection,
    schema: str,
    tables: Sequence[ddl.TableText],
    release: Release,
    settings: PostgresSettings,
) -> None:
    _prepare(connection, release, settings)
    deadline = time.monotonic() + settings.wait_seconds
    for patience in itertools.cycle(_PATIENCE_MS):
        try:
            with connection.transaction():
                connection.execute(_sql(f"set local lock_timeout = {patience}"))
                _lock_views(connection, settings)
                _point_views(connection, schema, tables, settings)
            return
        except psycopg.errors.LockNotAvailable:
            if time.monotonic() > deadline:
                raise PublicationError(
                    f"readers have kept a transaction open for {settings.wait_seconds} s; the old release stays. "
                    f"Look at pg_stat_activity for role {settings.reader_role}"
                ) from None
            time.sleep(0.005)


def _prepare(connection: psycopg.Connection, release: Release, settings: PostgresSettings) -> None:
    """The public schemas, the table of limits and the readers' roles, made where they are missing and may be made."""
    with connection.transaction():
        for schema in settings.public_schemas:
            connection.execute(_sql(f"create schema if not exists {ddl.identifier(schema)}"))
            if _owner(release):
                owner = ddl.literal(f"{_OWNER_MARK}{_owner(release)}")
                connection.execute(_sql(f"comment on schema {ddl.identifier(schema)} is {owner}"))
        for statement in limits.prepare(settings):
            connection.execute(_sql(statement))
        for role in (settings.reader_role, settings.limited_role):
            _prepare_role(connection, role)
            for schema in settings.public_schemas:
                connection.execute(_sql(f"grant usage on schema {ddl.identifier(schema)} to {ddl.identifier(role)}"))


def _prepare_role(connection: psycopg.Connection, role: str) -> None:
    if connection.execute("select 1 from pg_roles where rolname = %s", (role,)).fetchone() is not None:
        return
    try:
        with connection.transaction():
            connection.execute(_sql(f"create role {ddl.identifier(role)} nologin"))
    except (psycopg.errors.DuplicateObject, psycopg.errors.UniqueViolation):
        pass  # another company's publication made it at the same moment
    except psycopg.errors.InsufficientPrivilege:
        raise PublicationError(
            f"the role {role} is missing and may not be made by this user; "
            f"let an administrator run: create role {ddl.identifier(role)} nologin"
        ) from None


def _views(connection: psycopg.Connection, schema: str) -> dict[str, list[tuple[str, str]]]:
    """Views of a schema with their columns and types, in order."""
    rows = connection.execute(
        """select c.relname, a.attname, format_type(a.atttypid, a.atttypmod)
           from pg_class c join pg_namespace n on n.oid = c.relnamespace join pg_attribute a on a.attrelid = c.oid
           where n.nspname = %s and c.relkind = 'v' and a.attnum > 0 and not a.attisdropped
           order by c.relname, a.attnum""",
        (schema,),
    ).fetchall()
    result: dict[str, list[tuple[str, str]]] = {}
    for view, column, kind in rows:
        result.setdefault(view, []).append((column, kind))
    return result


def _lock_views(connection: psycopg.Connection, settings: PostgresSettings) -> None:
    """All or none. Readers that come now queue behind us, so a busy server is switched as well as an idle one.

    A reader may hold one view and queue for another that we hold. The lock timeout breaks that on our side, well before
    PostgreSQL's deadlock detector (1 s by default) would end the reader's statement.
    """
    names = [
        f"{ddl.identifier(schema)}.{ddl.identifier(view)}"
        for schema in settings.public_schemas
        for view in _views(connection, schema)
    ]
    if names:
        connection.execute(_sql(f"lock table {', '.join(names)} in access exclusive mode"))


def _point_views(
    connection: psycopg.Connection, schema: str, tables: Sequence[ddl.TableText], settings: PostgresSettings
) -> None:
    present = {table.name for table in tables}
    publisher = str(connection.execute("select current_user").fetchone()[0])  # type: ignore[index]  # one row, always
    where = {
        table.name: limits.condition(
            table.name, [column.name for column in table.columns], schema, present, settings, publisher
        )
        for table in tables
    }
    for public, translate in zip(settings.public_schemas, (False, True), strict=True):
        old = _views(connection, public)
        wanted = [(ddl.chinese(table) if translate else table, table) for table in (*tables, INFO)]
        for view, table in wanted:
            _drop_incompatible(connection, public, view, old.pop(view.name, None))
            connection.execute(_sql(ddl.create_view(public, view, schema, table, where.get(table.name, ""))))
            for statement in ddl.comments(public, view, "view"):
                connection.execute(_sql(statement))
        for gone in old:
            connection.execute(_sql(f"drop view {ddl.identifier(public)}.{ddl.identifier(gone)}"))
        for role in (settings.reader_role, settings.limited_role):
            connection.execute(
                _sql(f"grant select on all tables in schema {ddl.identifier(public)} to {ddl.identifier(role)}")
            )


def _drop_incompatible(
    connection: psycopg.Connection, schema: str, view: ddl.TableText, old: list[tuple[str, str]] | None
) -> None:
    """REPLACE keeps what others built on a view, but only appends columns; any other change needs a new view."""
    new = [(column.name, _canonical(ddl.postgres_type(column.type))) for column in view.columns]
    if old is not None and new[: len(old)] != old:
        connection.execute(_sql(f"drop view {ddl.identifier(schema)}.{ddl.identifier(view.name)}"))


def _canonical(kind: str) -> str:
    """The spelling of PostgreSQL's own `format_type`."""
    return {
        "timestamptz": "timestamp with time zone",
        "timestamp": "timestamp without time zone",
        "time": "time without time zone",
    }.get(kind, kind)


def _prune(connection: psycopg.Connection, current: str, settings: PostgresSettings) -> tuple[str, ...]:
    rows = connection.execute(
        """select nspname, obj_description(oid, 'pg_namespace') from pg_namespace
           where starts_with(obj_description(oid, 'pg_namespace'), %s) and nspname <> %s order by nspname""",
        (_MARK, current),
    ).fetchall()
    release_schemas = [str(name) for name, comment in rows if _is_ours(str(name), str(comment), settings)]
    kept = max(0, settings.keep_releases - 1)
    doomed = release_schemas[: max(0, len(release_schemas) - kept)]
    return tuple(name for name in doomed if _dropped(connection, name))


def _is_ours(schema: str, comment: str, settings: PostgresSettings) -> bool:
    """Whether a release's schema belongs to this publication: a common beginning of the names does not say so.

    A schema loaded before comments named the publication is ours where its name is made of our prefix and its release.
    """
    release_id, separator, publication = comment.removeprefix(_MARK).partition(" for ")
    if separator:
        return publication == settings.schema_name
    return ddl.release_schema(settings.schema_name, release_id) == schema


def _dropped(connection: psycopg.Connection, schema: str) -> bool:
    """False where somebody still reads it; it goes next time."""
    try:
        with connection.transaction():
            connection.execute("set local lock_timeout = '2s'")
            connection.execute(_sql(f"drop schema {ddl.identifier(schema)} cascade"))
    except psycopg.errors.LockNotAvailable:
        return False
    return True


def _sql(text: str) -> bytes:
    """Statements are put together from quoted names and literals only (postgres_ddl)."""
    return text.encode()
