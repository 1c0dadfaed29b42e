"""The published model: which marts readers outside may build on, as a star of facts and dimensions (public.yml).

A public mart is a view in schema `main` of the release's DuckDB file, which is where a connection looks by default:
queries run as they are written. It has the mart's columns; a fact about an item at a warehouse also has `owner_name` and
`abc_xyz_cell` where the mart has not, so that every fact joins every dimension by a column of its own. PostgreSQL and the
Parquet files of a release are made from these views.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import duckdb

from assets.documents import shipped_document
from assets.publish.content import quoted

SCHEMA = "main"
DECLARATION = Path(__file__).with_name("public.yml")
PLACES = "dim_item_warehouses"
# Column of a fact -> the dimension and its key. Dates: `dates` of public.yml -> dim_dates.date_day.
KEYS = {
    "company_code": ("dim_companies", "company_code"),
    "item_id": ("dim_items", "item_id"),
    "warehouse_id": ("dim_warehouses", "warehouse_id"),
    "from_warehouse_id": ("dim_warehouses", "warehouse_id"),
    "to_warehouse_id": ("dim_warehouses", "warehouse_id"),
    "supplier_id": ("dim_suppliers", "supplier_id"),
    "default_supplier_id": ("dim_suppliers", "supplier_id"),
    "owner_name": ("dim_owners", "owner_name"),
    "abc_xyz_cell": ("fct_class_cells", "abc_xyz_cell"),
    "kpi": ("dim_kpis", "kpi"),
}
# Key that is added to a fact of item and warehouse -> the mart that has it.
_ADDED = {"owner_name": PLACES, "abc_xyz_cell": "dim_item_classes"}


@dataclass(frozen=True)
class PublicMart:
    """What public.yml says of a mart. `rows`: which rows a reader with limits sees."""

    name: str
    rows: str = "none"
    dates: tuple[str, ...] = ()


@dataclass(frozen=True)
class Model:
    """The declaration: public marts by name, and the names of the internal ones."""

    contract_version: int
    marts: Mapping[str, PublicMart]
    internal: frozenset[str]

    def is_public(self, mart: str) -> bool:
        """A mart that the product does not have is a company's own and is public."""
        return mart not in self.internal

    def of(self, mart: str) -> PublicMart:
        return self.marts.get(mart, PublicMart(mart))


@lru_cache(maxsize=1)
def public_model() -> Model:
    """The declaration in public.yml."""
    read = shipped_document(DECLARATION)
    marts = {
        name: PublicMart(name, one["rows"], tuple(one.get("dates", ()))) for name, one in sorted(read["public"].items())
    }
    return Model(int(read["contract_version"]), marts, frozenset(read["internal"]))


def references(mart: str, columns: Collection[str], present: Collection[str]) -> dict[str, str]:
    """The keys of a public mart: column -> `dimension.column`; `present` are the public marts of the release."""
    found = {column: KEYS[column] for column in columns if column in KEYS}
    found |= {column: ("dim_dates", "date_day") for column in public_model().of(mart).dates if column in columns}
    return {
        column: f"{dimension}.{key}"
        for column, (dimension, key) in sorted(found.items())
        if dimension != mart and dimension in present
    }


def rows_within(
    mart: str,
    columns: Collection[str],
    places: str | None,
    allowed: Callable[[str], str],
    whole: Callable[[str, str], str],
) -> str:
    """The SQL condition on the rows of a public mart (alias t) that a reader with limits sees.

    Args:
        mart, columns: the mart and its columns.
        places: the relation of `dim_item_warehouses`; None where there is none.
        allowed: alias of a row with `owner_name` and `warehouse_id` -> condition that it is within the limits.
        whole: `owner` or `warehouse`, SQL of its name -> condition that everything of that owner or warehouse is.

    Returns:
        `true` for a mart that says nothing about anybody's stock, `false` for one that covers the whole company.
    """
    declared = public_model().marts.get(mart)
    kind = declared.rows if declared else ("place" if {"item_id", "warehouse_id"} <= set(columns) else "none")
    if kind == "all":
        return "true"
    if kind == "scope":  # a sum is shown to those who may see all of its parts
        parts = [f"(t.scope = '{scope}' and {whole(scope, 't.scope_value')})" for scope in ("owner", "warehouse")]
        return " or ".join(parts)
    if kind == "none" or places is None:
        return "false"
    if mart == PLACES:
        return allowed("t")
    same = {
        "place": "p.item_id = t.item_id and p.warehouse_id = t.warehouse_id",
        "ends": "p.item_id = t.item_id and p.warehouse_id in (t.from_warehouse_id, t.to_warehouse_id)",
        "item": "p.item_id = t.item_id",
        "warehouse": "p.warehouse_id = t.warehouse_id",
        "owner": "p.owner_name = t.owner_name",
    }[kind]
    return f"exists (select 1 from {places} as p where {same} and {allowed('p')})"


def write_public(connection: duckdb.DuckDBPyConnection, marts: Sequence[tuple[str, str]]) -> dict[str, Any]:
    """Make the public views of a release's open DuckDB file.

    Args:
        connection: the release's file, open for writing, its marts complete.
        marts: schema and name of each mart in it.

    Returns:
        What the manifest says: `contract_version` and `marts`, each with `name`, `columns` (name and type) and `references`.
    """
    model = public_model()
    schemas = {name: schema for schema, name in marts}
    shown = [(schema, name) for schema, name in sorted(marts, key=lambda one: one[1]) if model.is_public(name)]
    present = {name for _, name in shown}
    entries = []
    for schema, name in shown:
        connection.execute(
            f"create or replace view {SCHEMA}.{quoted(name)} as {_select(connection, schema, name, schemas)}"
        )
        columns = [
            (str(row[0]), str(row[1])) for row in connection.execute(f"describe {SCHEMA}.{quoted(name)}").fetchall()
        ]
        entries.append(
            {
                "name": name,
                "columns": [{"name": column, "type": kind} for column, kind in columns],
                "references": references(name, [column for column, _ in columns], present),
            }
        )
    return {"contract_version": model.contract_version, "marts": entries}


def added_keys(mart: str, columns: Collection[str], marts: Collection[str]) -> Iterator[tuple[str, str]]:
    """The keys that the public view of a fact gets beside its own columns: column, and the mart that it is read from."""
    if mart.startswith("dim_") or not {"item_id", "warehouse_id"} <= set(columns):
        return
    for column, source in _ADDED.items():
        if column not in columns and source in marts and source != mart:
            yield column, source


def _select(connection: duckdb.DuckDBPyConnection, schema: str, name: str, schemas: Mapping[str, str]) -> str:
    relation = f"{quoted(schema)}.{quoted(name)}"
    columns = {str(row[0]) for row in connection.execute(f"describe {relation}").fetchall()}
    parts, joins = ["m.*"], []
    for number, (column, source) in enumerate(added_keys(name, columns, schemas)):
        parts.append(f"k{number}.{column}")
        joins.append(
            f"left join {quoted(schemas[source])}.{quoted(source)} as k{number} "
            f"on k{number}.item_id = m.item_id and k{number}.warehouse_id = m.warehouse_id"
        )
    return f"select {', '.join(parts)} from {relation} as m {' '.join(joins)}"
