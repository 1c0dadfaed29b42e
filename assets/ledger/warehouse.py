"""The ledger's tables in the warehouse: what changed since the last run, and rows put in place of those that a day voids.

SQL over an open connection; no arithmetic of stock, no decision which way to compute (that is `daily`).

What the saved state has seen is kept per item, not per movement: how many movements, and a fingerprint of them. A movement of a closed day
that is new, other or gone changes its item's fingerprint, and the item is computed again as a whole; so there is nothing to be known of
the movement itself, and a day costs one pass over the table instead of a join of it with its past.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, fields
from datetime import date
from typing import Protocol

import duckdb
import pyarrow as pa

from assets.ledger.calendar import Calendars, closes
from assets.ledger.kinds import BACK_TYPES, CONVERSION_TYPES
from assets.ledger.plan import DOCUMENT_COLUMNS
from assets.ledger.prepare import REQUIRED
from assets.ledger.tables import LedgerTables
from assets.workspace import write_table

MOVEMENTS = "intermediate.int_ledger_movements"
PERIODS = "intermediate.int_fiscal_periods"
STANDARDS = "staging.stg_item_costs"
SEEN = "ledger.seen_items"
LINK = "ledger.state_link"
# The place in the order follows from the other columns and moves when a late document comes before it: no change of its own.
EFFECTIVE = "_effective_movements"
PRINTED = tuple(name for name in REQUIRED if name != "movement_sequence")
_HASH = f"hash({', '.join(f'now.{name}' for name in PRINTED)})"
TABLES = tuple(table.name for table in fields(LedgerTables))
_CONVERTS = f"movement_type in {CONVERSION_TYPES} and transfer_group_id is not null"


class Movements(Protocol):
    """Where the movements up to a day are asked, as the relation `EFFECTIVE`: in the warehouse, or by Spark beside it."""

    def count_items(self, is_new: str) -> None:
        """Make the temporary table `_items_now` of the warehouse: movements per item, the old and the new, with their fingerprints."""

    def share(self, name: str) -> None:
        """Make a temporary table of the warehouse known to the queries."""

    def keep(self, name: str, query: str) -> bool:
        """Give the rows of a query a name for further queries. Whether there are any."""

    def rows(self, query: str) -> pa.Table:
        """The answer to a query."""


class InWarehouse:
    """`Movements` of the open warehouse itself."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, as_of: date) -> None:
        self._connection = connection
        connection.execute(
            f"create or replace temp view {EFFECTIVE} as select * from {MOVEMENTS} where business_date <= date '{as_of}'"
        )

    def count_items(self, is_new: str) -> None:
        # Fingerprints are sums by exclusive or, so what is old is what is all less what is new; the new is read alone, which is quick.
        self._connection.execute(
            f"""
            create or replace temp table _items_now as
            with whole as (select item_id, count(*) as n, bit_xor({_HASH}) as print from {EFFECTIVE} now group by item_id),
            new as (select item_id, count(*) as n, bit_xor({_HASH}) as print from {EFFECTIVE} now where {is_new} group by item_id)
            select item_id, whole.n - coalesce(new.n, 0) as old_count, coalesce(new.n, 0) as new_count,
                case when old_count = 0 then 0 else xor(whole.print, coalesce(new.print, 0)) end as old_print, whole.print as whole_print
            from whole left join new using (item_id)
            """
        )

    def share(self, name: str) -> None:
        """It is there."""

    def keep(self, name: str, query: str) -> bool:
        self._connection.execute(f"create or replace temp table {name} as {query}")
        return self._connection.execute(f"select 1 from {name} limit 1").fetchone() is not None

    def rows(self, query: str) -> pa.Table:
        return self._connection.execute(query).to_arrow_table()


@dataclass(frozen=True)
class Survey:
    """How the movements compare with those that the saved state has seen."""

    total: int
    """Movements up to the day."""
    moved_items: pa.Array
    """Items with movements after the state's day."""
    stale_items: list[str]
    """Items of which a closed day reads otherwise than before, or which are gone; and those that move while units of theirs, which left
    without a cost, wait for it or are under way: the rows of what took them change."""
    documents: pa.Table
    """What `plan.make_plan` asks for."""


def calendars(connection: duckdb.DuckDBPyConnection) -> dict[str, tuple[date, ...]]:
    """Last days of the periods of each company that states its own (intermediate.int_fiscal_periods), where they are no calendar months."""
    try:
        found = connection.execute(
            f"""select company_code, list(period_end_date order by period_end_date) from {PERIODS} group by company_code
                having bool_or(period_end_date <> last_day(period_end_date)) order by company_code"""
        ).fetchall()
    except duckdb.CatalogException:  # a warehouse of movements alone
        return {}
    return {code: tuple(ends) for code, ends in found}


def standard_costs(connection: duckdb.DuckDBPyConnection, as_of: date) -> pa.Table:
    """Standard costs (item_id, effective_date, unit_cost) that the sources state for the company, up to a day.

    A cost by a method of the past (an average, say) is no standard; one without a method is. Of two sources the first by name holds.
    """
    return connection.execute(
        f"""
        select item_id, effective_date, unit_cost from {STANDARDS}
        where cost_scope = 'company' and lot_no = '' and coalesce(cost_method, 'standard') in ('standard', 'planned')
            and effective_date <= $as_of
        qualify row_number() over (partition by item_id, effective_date order by source_instance, variant_key) = 1
        order by item_id, effective_date
        """,
        {"as_of": as_of},
    ).to_arrow_table()


def take_stock(
    connection: duckdb.DuckDBPyConnection, movements: Movements, since: date | None, standards: pa.Table | None
) -> None:
    """Make the temporary table `_items_now`: movements per item up to `since` and after it, with their fingerprints."""
    is_new = "false" if since is None else f"business_date > date '{since}'"
    movements.count_items(is_new)
    if standards is None:
        standards = pa.table({"item_id": [], "effective_date": [], "unit_cost": []}).cast(
            pa.schema([("item_id", pa.string()), ("effective_date", pa.date32()), ("unit_cost", pa.decimal128(28, 8))])
        )
    with _named(connection, "_standards", standards):
        connection.execute(
            f"""
            create or replace temp table _standards_now as
            select item_id, coalesce(bit_xor(row_print) filter (not {is_new}), 0) as old_print, bit_xor(row_print) as whole_print
            from (select item_id, effective_date as business_date, hash(effective_date, unit_cost) as row_print from _standards)
            group by item_id
            """
        )


def item_counts(connection: duckdb.DuckDBPyConnection) -> pa.Table:
    """item_id and movements of every item, after `take_stock`."""
    return connection.execute(
        "select item_id, old_count + new_count as movements from _items_now order by item_id"
    ).to_arrow_table()


def survey(connection: duckdb.DuckDBPyConnection, movements: Movements, since: date) -> Survey:
    """What is new, altered or gone since `remember` was called, after `take_stock`."""
    total = connection.execute("select coalesce(sum(old_count + new_count), 0) from _items_now").fetchall()[0][0]
    connection.execute(
        f"""
        create or replace temp table _stale as
        select item_id from _items_now where new_count > 0 and item_id in (
            select item_id from ledger.open_layers
            where snapshot_date = date '{since}' and is_negative and not is_cost_known and owner_type = 'own'
            union all select item_id from ledger.transit_layers where snapshot_date = date '{since}' and not is_cost_known
        )
        union select item_id from _items_now now full join {SEEN} seen using (item_id) left join _standards_now cost using (item_id)
        where coalesce(now.old_count, 0) <> coalesce(seen.movements, 0)
            or coalesce(now.old_print, 0) <> coalesce(seen.fingerprint, 0)
            or (seen.item_id is not null and coalesce(cost.old_print, 0) <> seen.standards)
        """
    )
    moved = connection.execute("select item_id from _items_now where new_count > 0 order by item_id").to_arrow_table()
    stale = connection.execute("select item_id from _stale order by item_id").fetchall()
    movements.share("_stale")
    return Survey(int(total), _flat(moved["item_id"]), [str(row[0]) for row in stale], _documents(movements, since))


def _documents(movements: Movements, since: date) -> pa.Table:
    """Every leg of a conversion that a new or altered leg belongs to; new returns whose order was issued on a day already closed; new
    corrections of receipts."""
    columns = ", ".join(f"now.{name}" for name in DOCUMENT_COLUMNS)
    is_new = f"business_date > date '{since}'"
    has_groups = movements.keep(
        "_groups",
        f"""
        select distinct transfer_group_id from {EFFECTIVE}
        where {_CONVERTS} and ({is_new} or item_id in (select item_id from _stale))
        """,
    )
    has_returns = movements.keep(
        "_returns",
        f"""
        select {columns}, coalesce(ref_line_id, '') as line from {EFFECTIVE} now
        where {is_new} and movement_type in {BACK_TYPES} and quantity_units > 0 and ref_doc_no is not null
        """,
    )
    # Two passes over a few columns, and none where there is nothing to look for.
    legs = f"select {columns} from {EFFECTIVE} now where {_CONVERTS} and transfer_group_id in (select transfer_group_id from _groups)"
    returns = f"""
        select distinct {columns} from {EFFECTIVE} old join _returns now
            on old.item_id = now.item_id and old.ref_doc_no = now.ref_doc_no and coalesce(old.ref_line_id, '') = now.line
        where old.business_date <= date '{since}' and old.movement_type in {BACK_TYPES}
        """
    asked = [query for query, is_asked in ((legs, has_groups), (returns, has_returns)) if is_asked]
    asked.append(f"select {columns} from {EFFECTIVE} now where {is_new} and corrects_key is not null")
    return movements.rows(" union all ".join(asked))


def conversion_legs(movements: Movements) -> pa.Table:
    """item_id, transfer_group_id of every conversion, once."""
    return movements.rows(
        f"select distinct item_id, transfer_group_id from {EFFECTIVE} where {_CONVERTS} order by item_id, transfer_group_id"
    )


def work(connection: duckdb.DuckDBPyConnection, recomputed: pa.Array) -> int:
    """Movements that a run computes which takes these items from the start and the others on, after `take_stock`."""
    with _named(connection, "_whole", pa.table({"item_id": recomputed})):
        return int(
            connection.execute(
                """
                select coalesce(sum(new_count + case when item_id in (select item_id from _whole) then old_count else 0 end), 0)
                from _items_now
                """
            ).fetchall()[0][0]
        )


def remember(connection: duckdb.DuckDBPyConnection, stamp: str, state_name: str) -> None:
    """Keep what the state of that name has seen, and tie the two together; after `take_stock`."""
    connection.execute(
        f"""
        create or replace table {SEEN} as
        select item_id, now.old_count + now.new_count as movements, now.whole_print as fingerprint,
            coalesce(cost.whole_print, 0) as standards
        from _items_now now left join _standards_now cost using (item_id) order by item_id
        """
    )
    connection.execute(f"create or replace table {LINK} as select ? as stamp, ? as state_name", [stamp, state_name])


def linked_state(connection: duckdb.DuckDBPyConnection) -> tuple[str, str] | None:
    """Stamp and state name that the tables of this warehouse belong to; None in a new warehouse."""
    try:
        row = connection.execute(f"select stamp, state_name from {LINK}").fetchone()
    except duckdb.CatalogException:
        return None
    return (str(row[0]), str(row[1])) if row else None


def drop_views(connection: duckdb.DuckDBPyConnection) -> None:
    """Take away the views that the engine Spark has in place of the ledger's tables: no table can be written over one."""
    views = connection.execute("select view_name from duckdb_views() where schema_name = 'ledger'").fetchall()
    for (name,) in views:
        connection.execute(f'drop view ledger."{name}"')


def write(connection: duckdb.DuckDBPyConnection, parts: Sequence[LedgerTables], *, replace: bool) -> None:
    """Add these rows to every table of the ledger; with `replace` they are its first."""
    for name in TABLES:
        table = pa.concat_tables([as_stored(getattr(part, name)) for part in parts])
        if replace:
            write_table(connection, f"ledger.{name}", table)
        elif len(table):
            # A registered table would stay in memory until the transaction ends: 2.5 GiB of 10 M movements (2026-11).
            columns = connection.table(f"ledger.{name}").columns
            connection.from_arrow(table).select(*columns).insert_into(f"ledger.{name}")


def void(
    connection: duckdb.DuckDBPyConnection, restated: pa.Array, since: date, as_of: date, calendars: Calendars
) -> None:
    """Delete what the way from `since` to `as_of` gives out again: the same rows that `merge.merge` drops."""
    kept = [code for code in calendars if closes(calendars, code, since) and as_of > since]
    by_month = closes({}, "", since) and as_of > since
    others = f"split_part(item_id, '/', 1) {'in' if by_month else 'not in'} (select unnest(?::varchar[]))"
    named = [code for code in calendars if code not in kept] if by_month else kept
    for name in ("open_layers", "transit_layers"):
        connection.execute(f"delete from ledger.{name} where snapshot_date = ? and {others}", [since, named])
    if len(restated):
        with _named(connection, "_void_items", pa.table({"item_id": restated})):
            for name in ("open_layers", "transit_layers", "value_entries", "movement_costs"):
                connection.execute(f"delete from ledger.{name} where item_id in (select item_id from _void_items)")
    for name in ("conservation", "transit_conservation"):
        connection.execute(f"truncate ledger.{name}")


def as_stored(table: pa.Table) -> pa.Table:
    """Plain text in pieces of a row group: what DuckDB takes in at half the cost of one long dictionary-coded piece (measured 2026-11)."""
    text = [(f.name, pa.string() if pa.types.is_dictionary(f.type) else f.type) for f in table.schema]
    return pa.Table.from_batches(table.cast(pa.schema(text)).to_batches(max_chunksize=122_880), pa.schema(text))


@contextmanager
def _named(connection: duckdb.DuckDBPyConnection, name: str, table: pa.Table) -> Iterator[None]:
    connection.register(name, table)
    try:
        yield
    finally:
        connection.unregister(name)


def _flat(column: pa.ChunkedArray) -> pa.Array:
    return column.cast(pa.string()).combine_chunks()
