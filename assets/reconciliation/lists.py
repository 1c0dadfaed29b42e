"""The lists of one system (ERP on-hand or WMS stock) of one company, as matrices: lists in rows, items in columns."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from assets.reconciliation.code_length import Mask, Units

COLUMNS = (
    "company_code", "item_id", "warehouse_id", "list_date", "listed_units", "expected_units", "is_reported",
    "source_file", "source_row",
)  # fmt: skip


@dataclass(frozen=True)
class PlaceLists:
    """Every list of one warehouse in date order; columns are the items of the company.

    `listed` and `expected` are base units, NaN where the comparison has no cell; `source_row` is the row of the item's line
    in its file, 0 where the list has none.
    """

    warehouse_id: str
    dates: npt.NDArray[np.datetime64]
    listed: Units
    expected: Units
    is_reported: Mask
    source_row: npt.NDArray[np.int64]
    files: tuple[str, ...]

    def at(self, day: np.datetime64) -> int | None:
        """Position of the list of a day, None where there is none."""
        place = int(np.searchsorted(self.dates, day))
        return place if place < len(self.dates) and self.dates[place] == day else None


@dataclass(frozen=True)
class SystemLists:
    """The lists of one system for one company; all places share the columns `item_ids`."""

    comparison: str
    company_code: str
    item_ids: tuple[str, ...]
    places: dict[str, PlaceLists]

    @property
    def days(self) -> list[np.datetime64]:
        """Every day on which some place has a list, ascending."""
        return sorted({day for place in self.places.values() for day in place.dates})


def arrange(comparison: str, cells: pd.DataFrame) -> list[SystemLists]:
    """Comparison rows as matrices, one `SystemLists` per company.

    Args:
        comparison: `ledger_book` or `book_wms`.
        cells: one row per item, warehouse and list date with the columns `COLUMNS`; units in base units.

    Returns:
        Companies in order of their code.
    """
    found = []
    for company, rows in cells.groupby("company_code", sort=True):
        item_ids = tuple(sorted(rows["item_id"].unique()))
        column_of = {item: position for position, item in enumerate(item_ids)}
        places = {
            str(place): _place(str(place), lines, column_of) for place, lines in rows.groupby("warehouse_id", sort=True)
        }
        found.append(SystemLists(comparison, str(company), item_ids, places))
    return found


def _place(warehouse_id: str, rows: pd.DataFrame, column_of: dict[str, int]) -> PlaceLists:
    days = rows["list_date"].to_numpy(dtype="datetime64[D]")
    dates, row = np.unique(days, return_inverse=True)
    column = rows["item_id"].map(column_of).to_numpy(dtype=np.int64)
    shape = (len(dates), len(column_of))
    listed, expected = np.full(shape, np.nan), np.full(shape, np.nan)
    is_reported, source_row = np.zeros(shape, dtype=bool), np.zeros(shape, dtype=np.int64)
    listed[row, column] = rows["listed_units"].to_numpy(dtype=np.float64)
    expected[row, column] = rows["expected_units"].to_numpy(dtype=np.float64)
    is_reported[row, column] = rows["is_reported"].to_numpy(dtype=bool)
    source_row[row, column] = rows["source_row"].fillna(0).to_numpy(dtype=np.int64)
    names = rows["source_file"].fillna("").astype(str).to_numpy()
    files = tuple(max((str(name) for name in names[row == place]), default="") for place in range(len(dates)))
    return PlaceLists(warehouse_id, dates, listed, expected, is_reported, source_row, files)
