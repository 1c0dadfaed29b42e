"""One company of a release that holds several: the same tables, cut to its rows.

Each company has a currency of its own, so nothing that people read adds them up; pages and review packs are made for one at a time.
A row is a company's where its `company_code`, or the company in its item, warehouse and supplier, is that one. Rows that name none of
these (a file that was refused, the calendar) are everybody's.
"""

from __future__ import annotations

from dataclasses import dataclass

import duckdb

from assets.publish.content import quoted

_KEYS = ("item_id", "warehouse_id", "supplier_id")
_MARK = "company "


@dataclass(frozen=True)
class Company:
    """One company; `currency` is that of all its amounts, empty where it is not stated."""

    code: str
    name: str
    currency: str


def companies_of(connection: duckdb.DuckDBPyConnection) -> list[Company]:
    """The companies of an open release, the main one first; none where the release is older than their list."""
    try:
        found = connection.execute(
            "select company_code, company_name, currency_code from marts.dim_companies order by not is_main, company_code"
        ).fetchall()
    except duckdb.CatalogException:
        return []
    return [Company(code, name, currency or "") for code, name, currency in found]


def company_catalog(connection: duckdb.DuckDBPyConnection, code: str) -> str:
    """Make (once) a catalog in memory with a view of every table of the connection, cut to one company.

    Args:
        connection: an open release; nothing is written to its file.
        code: `company_code`.

    Returns:
        The name of the catalog; its schemas and tables are called as those of the release.
    """
    catalog = f"{_MARK}{code}"
    if connection.execute("select 1 from duckdb_databases() where database_name = ?", [catalog]).fetchone():
        return catalog
    columns = connection.execute(
        f"""select database_name, schema_name, table_name, list(column_name) from duckdb_columns()
            where not internal and not starts_with(database_name, '{_MARK}') group by all order by all"""
    ).fetchall()
    connection.execute(f"attach ':memory:' as {quoted(catalog)} (read_write)")
    for database, schema, table, names in columns:
        place = ".".join(quoted(part) for part in (catalog, schema, table))
        source = ".".join(quoted(part) for part in (database, schema, table))
        connection.execute(f"create schema if not exists {quoted(catalog)}.{quoted(schema)}")
        connection.execute(f"create view {place} as select * from {source} where {_condition(names, code)}")
    return catalog


def _condition(columns: list[str], code: str) -> str:
    company = "'" + code.replace("'", "''") + "'"
    if "company_code" in columns:
        return f"company_code = {company}"
    own = [
        f"(coalesce({key}, '') = '' or split_part({key}, '/', 1) = {company})"
        for key in _KEYS
        if key in columns
    ]  # fmt: skip
    return " and ".join(own) or "true"
