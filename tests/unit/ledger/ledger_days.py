"""Days of a small company on which something of the past is corrected: late documents, one that vanishes, one whose quantity and one whose
item were wrong."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

import duckdb
import pyarrow as pa
import pyarrow.compute as pc
from ledger_cases import as_table, move, numbered
from ledger_random import random_rows

from assets.ledger import warehouse
from assets.ledger.buckets import bucket_of

BEGIN = date(2025, 7, 28)


def corrected_days() -> Iterator[tuple[date, pa.Table]]:
    """(day, all movements known on it) of seven days; on the third to the fifth something old reads otherwise than before."""
    table = random_rows(7, 900, items=60, entered=True)
    for step in range(7):
        day = BEGIN + timedelta(days=step)
        known = table.filter(pc.less_equal(table["entered_date"], pa.scalar(day, pa.date32())))
        sold = known.filter(pc.equal(known["movement_type"], "sales_issue"))["movement_key"]
        if step >= 2:
            known = known.filter(pc.not_equal(known["movement_key"], sold[3].as_py()))
        if step >= 3:
            wrong = pc.equal(known["movement_key"], sold[40].as_py())
            halved = pc.if_else(wrong, pa.scalar(-1).cast(known["quantity_units"].type), known["quantity_units"])
            known = known.set_column(known.column_names.index("quantity_units"), "quantity_units", halved)
        if step >= 4:
            wrong = pc.equal(known["movement_key"], sold[60].as_py())
            other = pc.if_else(wrong, "C/I000", known["item_id"].cast(pa.string()))
            known = known.set_column(known.column_names.index("item_id"), "item_id", other)
        yield day, known


def tied_days() -> Iterator[tuple[date, pa.Table]]:
    """(day, movements) of four days on which conversions tie items that are in different of four buckets; the third brings a late leg."""
    rows = [move("2025-07-01", "purchase_receipt", 10, 2 + at, item_id=f"C/I{at:03d}") for at in range(40)]
    here, other = (
        sorted(f"C/I{at:03d}" for at in range(40) if bucket_of(f"C/I{at:03d}", 4) == bucket) for bucket in (1, 2)
    )
    out = move("2025-07-29", "conversion_out", -4, item_id=here[0], transfer_group_id="K1")
    into = move("2025-07-29", "conversion_in", 8, item_id=other[0], transfer_group_id="K1")
    first = move("2025-07-29", "conversion_in", 6, item_id=here[1], transfer_group_id="K2")
    late = move("2025-07-28", "conversion_out", -3, item_id=other[1], transfer_group_id="K2")
    sold = move("2025-07-31", "sales_issue", -1, item_id=other[0])
    for day, more in ((28, []), (29, [out, into, first]), (30, [late]), (31, [sold])):
        rows += more
        yield date(2025, 7, day), as_table(numbered([{**row, "movement_key": f"k{at}"} for at, row in enumerate(rows)]))


def show(connection: duckdb.DuckDBPyConnection, movements: pa.Table) -> None:
    """Put movements where dbt would, numbered again as dbt would."""
    plain = movements.select(
        [name for name in movements.column_names if name not in ("movement_sequence", "entered_date")]
    )
    numbered = plain.append_column("movement_sequence", pa.array(range(1, len(plain) + 1), pa.int64()))
    connection.register("_movements", numbered)
    connection.execute(f"create or replace table {warehouse.MOVEMENTS} as select * from _movements")
