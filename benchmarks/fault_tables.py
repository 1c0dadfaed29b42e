"""The files of the demo company as a drawing of faults sees them: tables to be changed and written back, and what a fault touched."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path

import numpy as np

ENCODINGS = {"purchase_orders": "gb18030", "item_master": "gb18030", "stock_movements": "utf-8-sig"}
PLACE = {"stock_on_hand": "仓库编码", "wms_stock": "wh", "stock_movements": "仓库编码", "shipments": "warehouse"}
ITEM = {"stock_on_hand": "存货编码", "wms_stock": "sku", "stock_movements": "存货编码", "shipments": "sku",
        "sales_orders": "sku", "purchase_orders": "存货编码", "purchase_receipts": "存货编码", "item_master": "存货编码"}  # fmt: skip
QUANTITY = {"stock_on_hand": "现存数量", "wms_stock": "qty_physical", "stock_movements": "数量", "shipments": "qty",
            "sales_orders": "qty_ordered", "purchase_orders": "数量", "purchase_receipts": "实收数量"}  # fmt: skip
MONEY = {"shipments": "revenue", "sales_orders": "unit_price", "purchase_orders": "无税单价", "purchase_receipts": "无税单价",
         "stock_movements": "成本单价"}  # fmt: skip
DAY = {"stock_movements": "单据日期", "shipments": "shipment_date", "sales_orders": "order_date",
       "purchase_orders": "计划到货日期", "wms_stock": "expiry"}  # fmt: skip
Rows = list[list[str]]


@dataclass
class Table:
    """One delivered file: its header and rows, to be changed and written back."""

    path: Path
    dataset: str
    header: list[str]
    rows: Rows

    @classmethod
    def read(cls, path: Path) -> Table:
        """The file as text cells."""
        dataset = path.stem.rsplit("_", 1)[0]
        text = path.read_bytes().decode(ENCODINGS.get(dataset, "utf-8"))
        lines = list(csv.reader(io.StringIO(text)))
        return cls(path, dataset, lines[0], lines[1:])

    def write(self) -> None:
        """Write it back as the demo does."""
        buffer = io.StringIO()
        csv.writer(buffer, lineterminator="\r\n").writerows([self.header, *self.rows])
        self.path.write_bytes(buffer.getvalue().encode(ENCODINGS.get(self.dataset, "utf-8")))

    def at(self, column: str) -> int:
        """Position of a column."""
        return self.header.index(column)

    def number(self, row: list[str], column: str) -> float:
        """A figure of a row, thousands separators left out; 0 where it is empty."""
        return float(row[self.at(column)].replace(",", "") or 0)


@dataclass(frozen=True)
class Fault:
    """One drawn fault: what was done where, which causes name it rightly, and what it touched."""

    operation: str
    what: str
    accepts: tuple[str, ...]
    file: str
    day: date
    items: frozenset[str] = frozenset()
    places: frozenset[str] = frozenset()


@dataclass
class Draw:
    """The state of a drawing: chance, the inbox, and the files that a fault of this world has already changed."""

    rng: np.random.Generator
    inbox: Path
    end: date
    taken: set[str] = field(default_factory=set)

    def table(self, dataset: str, least_rows: int = 6, days_back: int = 21) -> Table:
        """A file of the dataset of a working day of the last weeks that no other fault has changed."""
        for back in self.rng.permutation(np.arange(1, days_back)):
            day = self.end - timedelta(days=int(back))
            paths = [path for path in self.inbox.rglob(f"{dataset}_{day:%Y%m%d}.csv") if path.name not in self.taken]
            if paths and day.weekday() < 5:
                table = Table.read(paths[0])
                if len(table.rows) >= least_rows:
                    self.taken.add(paths[0].name)
                    return table
        raise LookupError(f"no file of {dataset} left")

    def some(self, table: Table, least: int, most: int) -> list[int]:
        """Positions of so many rows."""
        count = int(self.rng.integers(least, min(most, len(table.rows)) + 1))
        return sorted(self.rng.choice(len(table.rows), count, replace=False).tolist())

    def one_of(self, *choices: str) -> str:
        """One of these."""
        return str(self.rng.choice(choices))


def fault_in(table: Table, operation: str, what: str, accepts: tuple[str, ...], rows: Rows) -> Fault:
    """A fault of a file, with the items and places of the rows that it touched."""
    item, place = ITEM.get(table.dataset), PLACE.get(table.dataset)
    day = date(int(table.path.stem[-8:-4]), int(table.path.stem[-4:-2]), int(table.path.stem[-2:]))
    return Fault(
        operation, f"{table.path.name}: {what}", accepts, table.path.name, day,
        frozenset(row[table.at(item)] for row in rows) if item else frozenset(),
        frozenset(row[table.at(place)] for row in rows) if place else frozenset(),
    )  # fmt: skip
