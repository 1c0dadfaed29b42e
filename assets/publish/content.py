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
    """Number of rows and SHA-256 over the names and types of the columns and the ordered row digests.

    A row's digest is DuckDB's own 64-bit hash over its values in table order, made on typed values without a text of the
    row: a twelfth of the time of a digest of text. A changed value, type, column name or duplicated row changes the
    result; the order of rows does not. Two versions of DuckDB may hash differently: then equal tables are compared row
    by row, which finds them equal (history.py).
    """
    described = connection.execute(f"describe select * from {relation}").fetchall()
    columns = ", ".join(f"{quoted(str(row[0]))} {row[1]}" for row in described)
    row = connection.execute(
        f"""with digests as (select hash(r) as digest from {relation} as r)
            select count(*), sha256($columns || coalesce(array_to_string(list(digest order by digest), ','), ''))
            from digests""",
        {"columns": columns},
    ).fetchone()
    assert row is not None
    return int(row[0]), str(row[1])
