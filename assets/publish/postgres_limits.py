"""Which rows of the public views a PostgreSQL role sees: all of them, or those of its owners and warehouses.

A role in the reader role sees everything. A role in the limited role sees the rows that the table `row_limits` of the schema
`<schema_name>_access` allows it, and none where it has no line there. Publications make that schema once and never change its lines:
they are the administrator's.

The limits are in the views themselves, as security barriers: the tables behind them may be read by nobody else, so a join, a
function or another view over them cannot go around the limits. A view asks `current_user`, so `set role` changes what is seen.
Pure: statements as text.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator

from assets.publish.postgres_ddl import identifier, literal
from assets.publish.public import PLACES, rows_within
from assets.publish.settings import PostgresSettings

_TABLE = "row_limits"


def access_schema(settings: PostgresSettings) -> str:
    """The schema that holds the limits of a publication."""
    return f"{settings.schema_name}_access"


def prepare(settings: PostgresSettings) -> Iterator[str]:
    """Statements that make the table of limits where it is missing."""
    schema = identifier(access_schema(settings))
    relation = f"{schema}.{_TABLE}"
    yield f"create schema if not exists {schema}"
    yield f"create table if not exists {relation} (role_name text not null, owner_name text, warehouse_id text)"
    about = "What a role of the limited kind sees; a line allows an owner, a warehouse, or (both given) an owner there. Several add up."
    yield f"comment on table {relation} is {literal(about)}"


def condition(
    mart: str,
    columns: Collection[str],
    source_schema: str,
    present: Collection[str],
    settings: PostgresSettings,
    publisher: str,
) -> str:
    """The condition on the rows of a mart (alias t) of a view; empty where every reader sees every row.

    Args:
        mart, columns: name and columns of the public mart.
        source_schema: schema of the release's tables.
        present: names of the marts in it.
        settings: schemas and roles.
        publisher: the role that publishes; it sees everything too.
    """
    limits = f"{identifier(access_schema(settings))}.{_TABLE}"
    mine = f"exists (select 1 from {limits} as l where l.role_name = current_user"

    def allowed(row: str) -> str:
        return (
            f"{mine} and (l.owner_name is null or l.owner_name = {row}.owner_name)"
            f" and (l.warehouse_id is null or l.warehouse_id = {row}.warehouse_id)"
            " and (l.owner_name is not null or l.warehouse_id is not null))"
        )

    def whole(scope: str, name: str) -> str:
        here, other = ("owner_name", "warehouse_id") if scope == "owner" else ("warehouse_id", "owner_name")
        return f"{mine} and l.{here} = {name} and l.{other} is null)"

    places = f"{identifier(source_schema)}.{identifier(PLACES)}" if PLACES in present else None
    within = rows_within(mart, columns, places, allowed, whole)
    if within == "true":
        return ""
    known = f"pg_has_role(current_user, {literal(settings.reader_role)}, 'member')"
    # a sub-select is asked once a query, not once a row
    return f"(select {known} or current_user = {literal(publisher)}) or {within}"
