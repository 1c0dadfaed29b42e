"""Runs the reconciliation tests on an open warehouse with schema `landing`."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any

import duckdb

from assets.ingest.reconcile import queries
from assets.ingest.reconcile.outcome import Break, Limits, Outcome

TITLES = {
    "C1": "The ledger adds up to the book",
    "C2": "The legs of a move cancel out",
    "C3": "Keys and legs of the ledger are sound",
    "C4": "Value entries add up to the value of the stock",
    "C5": "Orders and what became of them agree",
    "C6": "Every code is in its master",
    "C7": "Nothing is entered into a closed period",
    "C8": "Counts and their postings agree",
    "C9": "Unit costs are of the right order",
}


def reconcile(
    connection: duckdb.DuckDBPyConnection, limits: Limits | None = None, only: Collection[str] = tuple(TITLES)
) -> list[Outcome]:
    """The tests C1 to C9, or those in `only`, on what has been landed.

    A test that lacks an input is `not_available` and says which.
    """
    tests = _Reconciliation(connection, limits or Limits()).tests()
    return [test() for check_id, test in tests.items() if check_id in only]


class _Reconciliation:
    def __init__(self, connection: duckdb.DuckDBPyConnection, limits: Limits) -> None:
        self.connection, self.limits = connection, limits
        self.rows: dict[str, int] = {}

    def tests(self) -> dict[str, Callable[[], Outcome]]:
        """The tests by name; each runs when it is called."""
        limits = self.limits
        return {
            "C1": lambda: self._test("C1", ("stock_movement", "stock_on_hand"), self._book_query),
            "C2": lambda: self._test("C2", ("stock_movement",), lambda: queries.c2_transfers(limits)),
            "C3": lambda: self._test("C3", ("stock_movement",), queries.c3_keys),
            "C4": lambda: self._test(
                "C4", ("inventory_value_entry", "stock_on_hand"), lambda: queries.c4_value(limits), "stock_value"
            ),
            "C5": self._orders,
            "C6": self._codes,
            "C7": self._periods,
            "C8": lambda: self._test("C8", ("stock_count_line", "stock_movement"), lambda: queries.c8_counts(limits)),
            "C9": lambda: self._test("C9", ("item_cost", "stock_movement"), lambda: queries.c9_costs(limits)),
        }

    def _count(self, contract: str) -> int:
        if contract not in self.rows:
            self.rows[contract] = int(self._one(f"SELECT count(*) FROM landing.{contract}")[0])
        return self.rows[contract]

    def _one(self, query: str) -> tuple[Any, ...]:
        return self.connection.execute(query).fetchone() or ()

    def _test(
        self, check_id: str, needs: tuple[str, ...], query: Callable[[], str], column: str | None = None
    ) -> Outcome:
        """One test; `needs` are contracts that must have rows, the last with a value in `column` if that is given."""
        missing = next((contract for contract in needs if not self._count(contract)), None)
        if missing is not None:
            return Outcome(check_id, TITLES[check_id], f"not_available: no rows of {missing}")
        if column is not None and not self._one(f"SELECT count({column}) FROM landing.{needs[-1]}")[0]:
            return Outcome(check_id, TITLES[check_id], f"not_available: {needs[-1]} has no {column}")
        return self._outcome(check_id, query(), self._count(needs[0]))

    def _outcome(self, check_id: str, query: str, checked: int, note: str = "") -> Outcome:
        breaks = tuple(
            Break(str(subject), _text(expected), _text(found), doc or "", file or "", row)
            for subject, expected, found, doc, file, row in self.connection.execute(query).fetchall()
        )
        return Outcome(check_id, TITLES[check_id], "failed" if breaks else "passed", checked, breaks, note)

    def _book_query(self) -> str:
        """C1 by lot, unless the stock that the source reports has no lots at all."""
        lots = self._one("SELECT count(*) FROM landing.stock_on_hand WHERE lot_no <> ''")[0]
        return queries.c1_ledger_and_book(self.limits, with_lots=bool(lots))

    def _orders(self) -> Outcome:
        orders = self._count("purchase_order_line") + self._count("sales_order_line")
        if not orders:
            return Outcome("C5", TITLES["C5"], "not_available: no rows of purchase_order_line and sales_order_line")
        return self._outcome("C5", queries.c5_orders(self.limits), orders)

    def _codes(self) -> Outcome:
        masters = {name for name in ("item", "warehouse", "supplier", "customer") if self._count(name)}
        facts = sum(
            self._count(contract) for contract, _, columns in queries.C6_FACTS if masters & set(columns.values())
        )
        if not masters or not facts:
            return Outcome("C6", TITLES["C6"], "not_available: no rows of masters or of what refers to them")
        return self._outcome("C6", queries.c6_codes(masters), facts)

    def _periods(self) -> Outcome:
        late, known = self._one(queries.c7_late_share()) if self._count("stock_movement") else (0, 0)
        if not known:
            return Outcome("C7", TITLES["C7"], "not_available: no movement says when it was entered")
        note = f"{late} of {known} movements were entered more than a day after their date"
        return self._outcome("C7", queries.c7_closed_periods(), int(known), note)


def _text(value: object) -> str:
    text = str(value)
    return text.rstrip("0").rstrip(".") if "." in text and text.replace(".", "").lstrip("-").isdigit() else text
