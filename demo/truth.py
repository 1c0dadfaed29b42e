"""Writes what really happened, for tests only: wanted and ordered units by day, and the goods on the shelves."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from demo.vocabulary import WAREHOUSES
from demo.world import History

WAREHOUSE_CODES = np.array([warehouse[0] for warehouse in WAREHOUSES])


def write_truth(folder: Path, history: History, expected: list[dict[str, Any]]) -> None:
    """Write `demand`, `daily_stock`, `physical_stock`, `items` (Parquet) and `expected_findings.json` into `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    tables = {
        "demand": demand_table(history),
        "daily_stock": daily_stock_table(history),
        "physical_stock": physical_stock_table(history),
        "items": items_table(history),
    }
    for name, table in tables.items():
        pq.write_table(table, folder / f"{name}.parquet")
    text = json.dumps(expected, ensure_ascii=False, indent=1, sort_keys=False)
    (folder / "expected_findings.json").write_text(text + "\n", encoding="utf-8")


def demand_table(history: History) -> pa.Table:
    """One row a wanted line, by order date: `ordered_units` is 0 where the customer walked away unrecorded."""
    days = [row[0] for row in history.true_demand]
    items, warehouses, wanted, ordered = np.array([row[1:] for row in history.true_demand], dtype=np.int64).T
    return pa.table(
        {
            "date": pa.array(days, pa.date32()),
            "item_code": _item_codes(history)[items],
            "warehouse_code": WAREHOUSE_CODES[warehouses],
            "wanted_units": pa.array(wanted, pa.int64()),
            "ordered_units": pa.array(ordered, pa.int64()),
        }
    )


def daily_stock_table(history: History) -> pa.Table:
    """Physical units by day, item and warehouse at the end of each day, where the item is kept."""
    item, warehouse = np.nonzero(history.catalogue.is_stocked)
    units = np.stack([totals[item, warehouse] for totals in history.physical_totals])
    days = np.array(history.settings.dates, dtype="datetime64[D]")
    return pa.table(
        {
            "date": np.repeat(days, len(item)),
            "item_code": np.tile(_item_codes(history)[item], len(days)),
            "warehouse_code": np.tile(WAREHOUSE_CODES[warehouse], len(days)),
            "physical_units": units.reshape(-1),
        }
    )


def physical_stock_table(history: History) -> pa.Table:
    """Physical units by grain at the month ends and on every day of the daily window."""
    rows = [
        (day, grain, units)
        for day, goods in sorted(history.physical.items())
        for grain, units in sorted(goods.items())
        if units
    ]
    codes = _item_codes(history)
    return pa.table(
        {
            "date": pa.array([day for day, _, _ in rows], pa.date32()),
            "item_code": [codes[grain.item] for _, grain, _ in rows],
            "warehouse_code": [WAREHOUSES[grain.warehouse][0] for _, grain, _ in rows],
            "lot_no": [grain.lot_no for _, grain, _ in rows],
            "stock_status": [grain.status for _, grain, _ in rows],
            "physical_units": pa.array([units for _, _, units in rows], pa.int64()),
        }
    )


def items_table(history: History) -> pa.Table:
    """Demand pattern, season and pack of every item as it was drawn."""
    items = history.catalogue.items
    return pa.table(
        {
            "item_code": [item.code for item in items],
            "pattern": [item.pattern for item in items],
            "season": [item.season for item in items],
            "life_day": [item.life_day for item in items],
            "pack_units": [item.pack_units for item in items],
        }
    )


def _item_codes(history: History) -> np.ndarray:
    return np.array([item.code for item in history.catalogue.items])
