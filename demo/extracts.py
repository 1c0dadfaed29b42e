"""The shape of an extract file, and which rows of a history go into which file. Formatting is in the
`layouts_*` modules.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any, NamedTuple

from demo.records import Grain, ShelfRow
from demo.world import History

Cell = Any


@dataclass
class Layout:
    """How one kind of file looks: header, cells of a row, encoding; `title` puts a line above the header (xlsx)."""

    system: str
    dataset: str
    header: tuple[str, ...]
    cells: Callable[[Any], list[Cell]]
    encoding: str = "utf-8"
    suffix: str = "csv"
    sheet: str = "Sheet1"
    title: str = ""


@dataclass
class Extract:
    """One file: rows in order, and cells that a planted defect spoils (row position -> header -> text)."""

    layout: Layout
    extract_date: date
    rows: list[Any]
    spoiled: dict[int, dict[str, str]] = field(default_factory=dict)
    name_tail: str = ""

    @property
    def name(self) -> str:
        """File name inside its system's folder."""
        return f"{self.layout.dataset}_{self.extract_date:%Y%m%d}{self.name_tail}.{self.layout.suffix}"

    @property
    def first_row_no(self) -> int:
        """Spreadsheet row number of the first data row."""
        return 3 if self.layout.title else 2

    def row_no(self, position: int) -> int:
        """Spreadsheet row number of a row position."""
        return position + self.first_row_no

    def cells(self, position: int) -> list[Cell]:
        """Cells of a row as they are written, spoiled ones included."""
        cells = self.layout.cells(self.rows[position])
        for header, text in self.spoiled.get(position, {}).items():
            cells[self.layout.header.index(header)] = text
        return cells


class OnHandRow(NamedTuple):
    """A row of the ERP's on-hand list."""

    day: date
    grain: Grain
    units: int


class BinRow(NamedTuple):
    """A row of the WMS's stock list: the part of a grain that is in one bin."""

    day: date
    grain: Grain
    bin_no: int
    shelf: ShelfRow


class CostRow(NamedTuple):
    """Cost of an item from a date."""

    item: int
    effective_date: date
    unit_cost: float


def windowed(
    layout: Layout, windows: list[date], rows: Iterable[Any], entered_on: Callable[[Any], date]
) -> list[Extract]:
    """Files of the windows that have rows; a row belongs to the window in which it was entered. Order is kept."""
    buckets: dict[date, list[Any]] = {window: [] for window in windows}
    for row in rows:
        buckets[windows[bisect_left(windows, entered_on(row))]].append(row)
    return [Extract(layout, window, bucket) for window, bucket in buckets.items() if bucket]


def versions(layout: Layout, exports: dict[date, list[Any]]) -> list[Extract]:
    """Files of rows exported with their state at the end of each window."""
    return [Extract(layout, window, rows) for window, rows in exports.items() if rows]


def on_hand_rows(history: History, day: date) -> list[OnHandRow]:
    """The ERP's list of a day: non-zero balances in code order."""
    balance = history.erp_snapshots[day]
    return [OnHandRow(day, grain, balance[grain]) for grain in sorted(balance) if balance[grain]]


BIN_CAPACITY = 240


def bin_rows(history: History, day: date) -> list[BinRow]:
    """The WMS's list of a day; a large stock is in two bins, the first of which carries the timing bridge."""
    rows = []
    for grain, shelf in sorted(history.wms_snapshots[day].items()):
        if not (shelf.physical_units or shelf.received_not_posted_units or shelf.picked_not_shipped_units):
            continue
        spill = max(shelf.physical_units - BIN_CAPACITY, 0)
        first = ShelfRow(shelf.physical_units - spill, shelf.received_not_posted_units, shelf.picked_not_shipped_units)
        rows.append(BinRow(day, grain, 0, first))
        if spill:
            rows.append(BinRow(day, grain, 1, ShelfRow(spill)))
    return rows


def quarter_starts(start: date, end: date) -> list[date]:
    """`start` and every first day of a calendar quarter after it, up to `end`."""
    days = [start + timedelta(days=n) for n in range((end - start).days + 1)]
    return [day for day in days if day == start or (day.day == 1 and day.month in (1, 4, 7, 10))]
