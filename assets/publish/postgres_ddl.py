"""The PostgreSQL statements of a publication, as text: types, tables, keys, indexes, comments, views.

Pure: nothing here connects. Every identifier is quoted, every text is a literal.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from assets.publish.values import status_names, unit_zh

MAX_IDENTIFIER_BYTES = 63  # PostgreSQL cuts a longer name silently, and two could then become one
_TYPES = {
    "VARCHAR": "text",
    "BOOLEAN": "boolean",
    "TINYINT": "smallint",
    "SMALLINT": "smallint",
    "INTEGER": "integer",
    "BIGINT": "bigint",
    "UTINYINT": "smallint",
    "USMALLINT": "integer",
    "UINTEGER": "bigint",
    "UBIGINT": "numeric(20,0)",
    "HUGEINT": "numeric(39,0)",
    "FLOAT": "real",
    "DOUBLE": "double precision",
    "DATE": "date",
    "TIME": "time",
    "TIMESTAMP": "timestamp",
    "TIMESTAMP WITH TIME ZONE": "timestamptz",
    "JSON": "jsonb",
}
_INDEXED = ("item_id", "warehouse_id", "supplier_id", "business_date", "month_start_date", "snapshot_date", "rule_id")


class UnknownTypeError(ValueError):
    """A mart has a column type that has no PostgreSQL type here."""


@dataclass(frozen=True)
class ColumnText:
    """A column of a mart with what the dictionary says about it."""

    name: str
    type: str
    comment: str = ""
    label_zh: str = ""
    comment_zh: str = ""
    values_zh: Mapping[str, str] = field(default_factory=dict)
    """Chinese names of its codes."""
    shown_as: Mapping[str, str] = field(default_factory=dict)
    """Of the column of a view: what its codes are shown as; a value that is not here is shown as it is."""


@dataclass(frozen=True)
class TableText:
    """A mart as PostgreSQL is to hold it; `key` are the columns of its grain (empty: not declared)."""

    name: str
    columns: tuple[ColumnText, ...]
    comment: str = ""
    label_zh: str = ""
    key: tuple[str, ...] = ()
    comment_zh: str = ""


def identifier(name: str) -> str:
    """A quoted identifier.

    Raises:
        ValueError: longer than PostgreSQL keeps.
    """
    if len(name.encode()) > MAX_IDENTIFIER_BYTES:
        raise ValueError(f"{name}: longer than {MAX_IDENTIFIER_BYTES} bytes, PostgreSQL would cut it")
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    """A text literal that means the same whatever `standard_conforming_strings` says."""
    escaped = text.replace("\\", "\\\\").replace("'", "''")
    return f"E'{escaped}'"


def postgres_type(duckdb_type: str) -> str:
    """The PostgreSQL type of a DuckDB type.

    Raises:
        UnknownTypeError: no such type here; a mart should not have it.
    """
    if match := re.fullmatch(r"DECIMAL\((\d+),\s*(\d+)\)", duckdb_type):
        return f"numeric({match[1]},{match[2]})"
    if duckdb_type not in _TYPES:
        raise UnknownTypeError(f"no PostgreSQL type for {duckdb_type}")
    return _TYPES[duckdb_type]


def release_schema(prefix: str, release_id: str) -> str:
    """`stockturn_20260630t213000_asof20260630_1a2b3c4d`: sorts by time like the release id."""
    return f"{prefix}_{re.sub(r'[^a-z0-9]+', '_', release_id.lower())}"


def create_table(schema: str, table: TableText) -> str:
    """CREATE TABLE without key: keys and indexes are cheaper after the load."""
    columns = ", ".join(f"{identifier(column.name)} {postgres_type(column.type)}" for column in table.columns)
    return f"create table {identifier(schema)}.{identifier(table.name)} ({columns})"


def keys_and_indexes(schema: str, table: TableText) -> Iterator[str]:
    """The primary key of the grain; an index on each id or date to filter by that the key does not lead with."""
    relation = f"{identifier(schema)}.{identifier(table.name)}"
    if table.key:
        yield f"alter table {relation} add primary key ({', '.join(identifier(name) for name in table.key)})"
    names = {column.name for column in table.columns}
    for name in _INDEXED:
        if name in names and table.key[:1] != (name,):
            yield f"create index on {relation} ({identifier(name)})"


def comments(schema: str, table: TableText, kind: str) -> Iterator[str]:
    """COMMENT ON for a table or view and each of its columns; `kind` is `table` or `view`."""
    relation = f"{identifier(schema)}.{identifier(table.name)}"
    yield f"comment on {kind} {relation} is {literal(table.comment)}"
    for column in table.columns:
        yield f"comment on column {relation}.{identifier(column.name)} is {literal(column.comment)}"


def _shown(source: ColumnText, view: ColumnText) -> str:
    """The column of a view: its codes by the names that the view has for them."""
    column = f"t.{identifier(source.name)}"
    if not view.shown_as:
        return column
    names = " ".join(f"when {literal(code)} then {literal(name)}" for code, name in view.shown_as.items())
    return f"case {column} {names} else {column} end"


def create_view(schema: str, view: TableText, source_schema: str, source: TableText, condition: str = "") -> str:
    """CREATE OR REPLACE VIEW: the columns of `source`, named as in `view` (same order), and of its rows (alias t) those of the
    condition. It is a security barrier: no function of a reader sees a row that the condition leaves out."""
    pairs = zip(source.columns, view.columns, strict=True)
    columns = ", ".join(f"{_shown(old, new)} as {identifier(new.name)}" for old, new in pairs)
    where = f" where {condition}" if condition else ""
    return (
        f"create or replace view {identifier(schema)}.{identifier(view.name)} with (security_barrier = true) as "
        f"select {columns} from {identifier(source_schema)}.{identifier(source.name)} as t{where}"
    )


def chinese(table: TableText) -> TableText:
    """The table under its Chinese labels, with Chinese comments and values; a label that is missing or taken keeps the
    English name beside it, a comment that is missing is the English one."""
    taken: set[str] = set()
    columns = []
    for column in table.columns:
        label = column.label_zh or column.name
        if label in taken:
            label = f"{label} ({column.name})"
        taken.add(label)
        comment = f"{column.name}: {column.comment_zh or column.comment}"
        columns.append(ColumnText(label, column.type, comment, shown_as=column.values_zh))
    return TableText(table.label_zh or table.name, tuple(columns), f"{table.name}: {table.comment_zh or table.comment}")


def table_texts(marts: Sequence[Mapping], dictionary: Mapping[str, Mapping]) -> list[TableText]:
    """The marts of a release manifest joined with the release's dictionary (by mart name; may be empty)."""
    result = []
    for mart in marts:
        known = dictionary.get(mart["name"], {})
        words = {column["name"]: column for column in (*known.get("columns", ()), *known.get("added_columns", ()))}
        columns = tuple(
            _column_text(column["name"], column["type"], words.get(column["name"], {})) for column in mart["columns"]
        )
        names = {column.name for column in columns}
        key = tuple(name for name in known.get("grain", ()) if name in names)
        texts = (known.get("description", ""), known.get("label_zh", ""))
        result.append(TableText(mart["name"], columns, *texts, key, known.get("description_zh", "")))
    return result


def _column_text(name: str, kind: str, words: Mapping) -> ColumnText:
    values = words.get("values", {})
    names = {code: text["zh"] for code, text in values.items()}
    if not values and name.endswith("_status") and words.get("unit") == "text":
        names = status_names()
    if kind != "VARCHAR":
        names = {}
    comment = _column_comment(words) + (f". One of: {', '.join(values)}" if values else "")
    return ColumnText(name, kind, comment, words.get("label_zh", ""), _comment_zh(words), names)


def _comment_zh(words: Mapping) -> str:
    if not words.get("description_zh"):
        return ""
    return (
        f"{words['description_zh']}单位：{unit_zh(words['unit'])}。" if words.get("unit") else words["description_zh"]
    )


def _column_comment(words: Mapping) -> str:
    parts = [words.get("description", "").rstrip(".")]
    if words.get("unit"):
        parts.append(f"Unit: {words['unit']}")
    if words.get("label_zh"):
        parts.append(words["label_zh"])
    return ". ".join(part for part in parts if part)
