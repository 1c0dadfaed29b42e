"""The content of a table as one hash: the same rows give the same hash, whatever the file or the order of insertion."""

from __future__ import annotations

import duckdb


def quoted(name: str) -> str:
    """A name as a SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


def sort_columns(connection: duckdb.DuckDBPyConnection, relation: str) -> str:
    """A total order over all columns, as the text of an ORDER BY."""
    columns = [row[0] for row in connection.execute(f"describe {relation}").fetchall()]
    return ", ".join(f"{quoted(column)} nulls first" for column in columns)


def content_hash(connection: duckdb.DuckDBPyConnection, relation: str) -> tuple[int, str]:
    """Number of rows and SHA-256 over the ordered row digests of a table or view.

    Each row is digested as JSON of all its columns in table order, so a changed value, type text, column name or
    duplicated row changes the result; the order of rows does not.
    """
    row = connection.execute(
        f"""with digests as (select md5(to_json(r)::varchar) as digest from {relation} as r)
            select count(*), sha256(coalesce(string_agg(digest, '' order by digest), '')) from digests"""
    ).fetchone()
    assert row is not None
    return int(row[0]), str(row[1])
