"""A release of the hard world beside the references: reads marts, compares, and remembers what has been compared."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any

import duckdb
from hard_orders_reference import Documents
from hard_world_reference import HardWorld

from demo.hard_world import LAST_DAY

INSTANCES = {"EAST": "BOOK1", "WEST": "BOOK2"}
CENT, MILLIONTH = Fraction(1, 200), Fraction(1, 2_000_000)
Row = dict[str, Any]


def code(item: str) -> str:
    return item.split("/")[0]


class Book:
    """The release beside the references: compares, and remembers what it has compared."""

    def __init__(self, database: Path, inbox: Path) -> None:
        self.connection = duckdb.connect(str(database), read_only=True)
        self.world = HardWorld(inbox, INSTANCES, LAST_DAY)
        self.documents = Documents(inbox, INSTANCES, self.world)
        self.seen: set[tuple[str, str]] = set()
        self.named: set[str] = set()
        """Marts without a figure whose rows are compared."""
        self.mart = ""
        self._kept: dict[str, list[Row]] = {}

    def rows(self, mart: str, where: str = "true") -> list[Row]:
        """Rows of a mart that are compared next."""
        self.mart = mart
        found = self.connection.execute(f"select * from marts.{mart} where {where}")
        names = [column[0] for column in found.description or ()]
        return [dict(zip(names, values, strict=True)) for values in found.fetchall()]

    def given(self, mart: str) -> list[Row]:
        """Rows of a mart that another is computed from; not what is compared."""
        before = self.mart
        if mart not in self._kept:
            self._kept[mart] = self.rows(mart)
        self.mart = before
        return self._kept[mart]

    def by_place(self, mart: str) -> dict[tuple[str, str], Row]:
        """The same by item and warehouse."""
        return {(row["item_id"], row["warehouse_id"]): row for row in self.given(mart)}

    def same(self, row: Row, column: str, right: Any, within: Fraction = CENT) -> None:
        """Equal within half a cent (or what is given), or both missing."""
        self.seen.add((self.mart, column))
        published = row[column]
        texts = {name: value for name, value in row.items() if isinstance(value, str)}
        what = (self.mart, column, published, right and float(right), texts)
        assert (published is None) == (right is None), what
        if right is not None:
            assert abs(Fraction(published) - Fraction(right)) <= within, what

    def rate(self, row: Row, column: str, right: Any) -> None:
        """The same of a ratio, which is published to the millionth."""
        self.same(row, column, right, MILLIONTH if right is None else MILLIONTH + abs(Fraction(right)) / 10**9)

    def all(self, row: Row, right: Row) -> None:
        for column, value in right.items():
            within = MILLIONTH if column.endswith("_units") else CENT
            is_ratio = value is not None and column.startswith(("inventory_turnover", "days_inventory"))
            self.same(row, column, value, abs(value) * Fraction(1, 10**5) + MILLIONTH if is_ratio else within)

    def exact(self, row: Row, **right: Any) -> None:
        """Counts, days and whole numbers."""
        for column, value in right.items():
            self.same(row, column, value, MILLIONTH)
