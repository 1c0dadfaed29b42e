"""The ledger's tables in the warehouse: what changed since the last run, and a day's delta put in place of the rows it voids.

SQL over an open connection; no arithmetic of stock, no decision which way to compute (that is `daily`).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

import duckdb
import pyarrow as pa

from assets.ledger.incremental import LedgerDelta
from assets.ledger.prepare import REQUIRED
from assets.ledger.tables import LedgerTables
from assets.workspace import write_table

MOVEMENTS = "intermediate.int_stock_movements"
SEEN = "ledger.seen_movements"
LINK = "ledger.state_link"
_COLUMNS = ", ".join(REQUIRED)
# The place in the order follows from the other columns and moves when a late document comes before it: no change of its own.
_HASH = f"hash({', '.join(f'now.{name}' for name in REQUIRED if name != 'movement_sequence')})"


@dataclass(frozen=True)
class Changes:
    """How the movements differ from those that the saved state has seen."""

    changed: pa.Table
    """New rows and rows that read otherwise than before."""
    removed: pa.Table
    """movement_key and item_id of rows that are gone."""
    touched_items: list[str]
    """Items whose row was altered in place, as they were: what the row did before must be undone."""


def all_movements(connection: duckdb.DuckDBPyConnection) -> pa.Table:
    """Every movement, in ledger order."""
    return connection.execute(f"select {_COLUMNS} from {MOVEMENTS} order by movement_sequence").to_arrow_table()


def movements_of(connection: duckdb.DuckDBPyConnection, items: list[str]) -> pa.Table:
    """Every movement of these items, in ledger order."""
    connection.register("_asked", pa.table({"item_id": pa.array(items, pa.string())}))
    try:
        return connection.execute(
            f"select {_COLUMNS} from {MOVEMENTS} where item_id in (select item_id from _asked) order by movement_sequence"
        ).to_arrow_table()
    finally:
        connection.unregister("_asked")


def changes(connection: duckdb.DuckDBPyConnection) -> Changes:
    """What is new, altered or gone since `remember` was called."""
    altered = f"from {MOVEMENTS} now left join {SEEN} seen using (movement_key)"
    columns = ", ".join(f"now.{name}" for name in REQUIRED)
    return Changes(
        connection.execute(
            f"select {columns} {altered} where seen.row_hash is null or seen.row_hash <> {_HASH} order by movement_sequence"
        ).to_arrow_table(),
        connection.execute(
            f"select movement_key, item_id from {SEEN} seen anti join {MOVEMENTS} now using (movement_key) order by all"
        ).to_arrow_table(),
        [
            str(row[0])
            for row in connection.execute(
                f"select distinct seen.item_id {altered} where seen.row_hash <> {_HASH} order by all"
            ).fetchall()
        ],
    )


def remember(connection: duckdb.DuckDBPyConnection, stamp: str, state_name: str) -> None:
    """Keep what the state of that name has seen, and tie the two together."""
    connection.execute(
        f"create or replace table {SEEN} as select movement_key, item_id, {_HASH} as row_hash from {MOVEMENTS} now"
    )
    connection.execute(f"create or replace table {LINK} as select ? as stamp, ? as state_name", [stamp, state_name])


def linked_state(connection: duckdb.DuckDBPyConnection) -> tuple[str, str] | None:
    """Stamp and state name that the tables of this warehouse belong to; None in a new warehouse."""
    try:
        row = connection.execute(f"select stamp, state_name from {LINK}").fetchone()
    except duckdb.CatalogException:
        return None
    return (str(row[0]), str(row[1])) if row else None


def write_whole(connection: duckdb.DuckDBPyConnection, tables: LedgerTables) -> None:
    """Replace every table of the ledger."""
    for name, table in tables.items():
        write_table(connection, f"ledger.{name}", table)


def write_delta(connection: duckdb.DuckDBPyConnection, delta: LedgerDelta) -> None:
    """Delete what the day voids, insert what it gives: the same rows as `merge.merge`."""
    is_month_end = (delta.since + timedelta(days=1)).day == 1 and delta.state.as_of > delta.since
    void_snapshot = None if is_month_end else delta.since
    connection.register("_void_items", pa.table({"item_id": delta.restated_items.cast(pa.string())}))
    connection.register("_gone", pa.table({"movement_key": delta.gone_keys.cast(pa.string())}))
    by_item = "item_id in (select item_id from _void_items)"
    tables = delta.tables
    try:
        for name in ("open_layers", "transit_layers"):
            _replace(connection, name, getattr(tables, name), by_item, void_snapshot)
        _replace(connection, "value_entries", tables.value_entries, by_item, None)
        fresh = "movement_key in (select movement_key from _gone union all select movement_key from _fresh)"
        _replace(connection, "movement_costs", tables.movement_costs, fresh, None)
        for name in ("conservation", "transit_conservation"):
            write_table(connection, f"ledger.{name}", getattr(tables, name))
    finally:
        connection.unregister("_void_items")
        connection.unregister("_gone")


def _replace(
    connection: duckdb.DuckDBPyConnection, name: str, rows: pa.Table, void: str, void_snapshot: date | None
) -> None:
    connection.register("_fresh", rows)
    try:
        condition = f"{void} or snapshot_date = date '{void_snapshot}'" if void_snapshot else void
        connection.execute(f"delete from ledger.{name} where {condition}")
        connection.execute(f"insert into ledger.{name} by name select * from _fresh")
    finally:
        connection.unregister("_fresh")
