"""Old outputs and a day's delta made one, in the order of each table's grain; and a hash of the content. For checks and small ledgers; a
warehouse does the same with one delete and one insert per table."""

from __future__ import annotations

import hashlib

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv

from assets.ledger.calendar import is_close
from assets.ledger.incremental import LedgerDelta
from assets.ledger.state import is_in
from assets.ledger.tables import LedgerTables

ORDER = {
    "open_layers": (
        "snapshot_date", "item_id", "warehouse_id", "lot_no", "stock_status", "owner_type", "owner_code", "layer_no",
    ),
    "movement_costs": ("movement_key",),
    "value_entries": ("item_id", "warehouse_id", "business_date", "entry_kind"),
    "conservation": ("item_id", "warehouse_id"),
    "transit_layers": (
        "snapshot_date", "item_id", "warehouse_id", "lot_no", "stock_status", "owner_type", "owner_code", "layer_no",
    ),
    "transit_conservation": ("item_id",),
}  # fmt: skip


def in_order(name: str, table: pa.Table) -> pa.Table:
    """A table in the order of its grain, text instead of codes."""
    plain = table.cast(
        pa.schema([(f.name, pa.string() if pa.types.is_dictionary(f.type) else f.type) for f in table.schema])
    )
    return plain.sort_by([(column, "ascending") for column in ORDER[name]])


def content_hash(tables: LedgerTables) -> dict[str, str]:
    """SHA-256 of the ordered content of every table."""
    result = {}
    for name, table in tables.items():
        sink = pa.BufferOutputStream()
        # Nulls are empty and texts quoted, so that the two cannot be taken for one another.
        csv.write_csv(in_order(name, table), sink)
        result[name] = hashlib.sha256(sink.getvalue()).hexdigest()
    return result


def merge(before: LedgerTables, delta: LedgerDelta) -> LedgerTables:
    """The outputs after the day."""
    return LedgerTables(
        _merged("open_layers", before.open_layers, delta),
        _merged("movement_costs", before.movement_costs, delta),
        _merged("value_entries", before.value_entries, delta),
        delta.tables.conservation,
        _merged("transit_layers", before.transit_layers, delta),
        delta.tables.transit_conservation,
    )


def _merged(name: str, before: pa.Table, delta: LedgerDelta) -> pa.Table:
    new = getattr(delta.tables, name)
    void = is_in(before["item_id"], delta.restated_items)
    if "snapshot_date" in before.column_names:
        is_old = np.asarray(pc.equal(before["snapshot_date"], pa.scalar(delta.since, pa.date32())), dtype=np.bool_)
        is_kept = is_close(delta.calendars, before) & (delta.state.as_of > delta.since)
        void = void | (is_old & ~is_kept)
    kept = before.filter(pa.array(~void))
    return in_order(name, pa.concat_tables([in_order(name, kept), in_order(name, new)]))
