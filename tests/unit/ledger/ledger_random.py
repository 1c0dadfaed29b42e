"""Seeded ledgers of any size, shaped like trade (receipts in one place, transfers out, sales everywhere), with late documents."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from fractions import Fraction
from typing import Any

import numpy as np
import pyarrow as pa
from ledger_cases import as_table, move, numbered

FIRST = date(2025, 1, 1)


def _corrections(rng: np.random.Generator, rows: list[dict[str, Any]], days: int) -> Iterator[dict[str, Any]]:
    """One receipt in thirty gets another cost later, or is taken back in part."""
    for row in rows:
        if row["movement_type"] != "purchase_receipt" or row["unit_cost"] is None or rng.random() > 1 / 30:
            continue
        day = row["business_date"] + timedelta(days=int(rng.integers(0, 60)))
        key = row["movement_key"]
        common = {name: row[name] for name in ("item_id", "warehouse_id", "lot_no")}
        common |= {"corrects_key": key, "movement_key": f"c{key}", "entered_date": max(day, row["entered_date"])}
        if day >= FIRST + timedelta(days=days):
            continue
        if rng.random() < 0.6:
            change = Fraction(int(row["quantity_units"] * row["unit_cost"] * int(rng.integers(-90, 90))), 100)
            yield move(day, "value_correction", 0, document_value=change, **common)
        else:
            yield move(day, "purchase_receipt", -(row["quantity_units"] // 3), row["unit_cost"], **common)


def random_rows(seed: int, count: int, items: int = 40, days: int = 300, *, entered: bool = False) -> pa.Table:
    """About `count` movements of `items` items. With `entered`, a column entered_date: 5 % of documents come 1 to 40 days late."""
    rng = np.random.default_rng(seed)
    rows: list[dict[str, Any]] = []
    for number in range(count):
        day = FIRST + timedelta(days=int(rng.integers(0, days)))
        item = f"C/I{int(rng.integers(0, items)):03d}"
        shop = f"C/S{int(rng.integers(0, 3))}"
        units = int(rng.integers(1, 30))
        late = int(rng.integers(1, 41)) if rng.random() < 0.05 else 0
        common = {"item_id": item, "entered_date": day + timedelta(days=late)}
        kind = rng.random()
        lot = f"L{int(rng.integers(0, 3))}" if item.endswith("7") else ""
        if kind < 0.25:
            cost = None if rng.random() < 0.02 else f"{rng.integers(100, 2000) / 100}"
            rows.append(move(day, "purchase_receipt", units * 3, cost, warehouse_id="C/DC", lot_no=lot, **common))
        elif kind < 0.40:
            common["transfer_group_id"] = f"T{number}"
            rows.append(move(day, "transfer_out", -units, warehouse_id="C/DC", lot_no=lot, **common))
            arrives = day + timedelta(days=int(rng.integers(0, 6)))
            got = units if rng.random() < 0.9 else units // 2
            if got:
                late_in = {**common, "entered_date": arrives + timedelta(days=late)}
                rows.append(move(arrives, "transfer_in", got, warehouse_id=shop, lot_no=lot, **late_in))
        elif kind < 0.42:
            other = f"C/I{int(rng.integers(0, items)):03d}"
            common["transfer_group_id"] = f"K{number}"
            rows.append(move(day, "conversion_out", -units, warehouse_id="C/DC", **common))
            rows.append(move(day, "conversion_in", 2 * units, warehouse_id="C/DC", **{**common, "item_id": other}))
        elif kind < 0.46:
            gain = rng.random() < 0.5
            rows.append(
                move(
                    day,
                    "count_gain" if gain else "count_loss",
                    units if gain else -units,
                    warehouse_id=shop,
                    lot_no=lot,
                    **common,
                )
            )
        elif kind < 0.50:
            order = f"SO{int(rng.integers(0, count // 8 + 1))}"
            rows.append(move(day, "sales_return", 1, warehouse_id=shop, ref_doc_no=order, lot_no=lot, **common))
        else:
            order = f"SO{int(rng.integers(0, count // 8 + 1))}"
            rows.append(move(day, "sales_issue", -units, warehouse_id=shop, ref_doc_no=order, lot_no=lot, **common))
    for at, row in enumerate(rows):
        row["movement_key"] = f"d{at:06d}"
    rows += list(_corrections(rng, rows, days))
    ordered = numbered(rows)
    table = as_table(ordered)
    if entered:
        table = table.append_column(
            "entered_date", pa.array([row["entered_date"] for row in ordered], type=pa.date32())
        )
    return table
