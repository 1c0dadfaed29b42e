"""The plain reference at the end of a month and of a day: deferred issues at the month's rate, and the layers that a snapshot shows."""

from __future__ import annotations

from collections import defaultdict
from datetime import date
from fractions import Fraction
from typing import Any

from ledger_reference_model import Book, Layer, per_unit, rounded, worth
from ledger_reference_shelves import Shelves


class Closing(Shelves):
    """Closing a month of monthly average, and showing what is open on a day."""

    snapshots: list[tuple[Any, ...]]

    def _close(self, month: list[dict[str, Any]]) -> None:
        running: dict[Any, Fraction] = defaultdict(Fraction)
        keys = []
        for row in month:
            key = self._book_key(row)
            keys.append(key)
            answer, book = self.answers[row["movement_key"]], self.books[key]
            if answer.deferred:
                before = book.deferred_value(running[key])
                self._note_sold(book, running[key], answer.deferred, row["is_demand"] and row["quantity_units"] < 0)
                running[key] += answer.deferred
                answer.value += before - book.deferred_value(running[key])
                if book.known == "tainted":
                    answer.known = False
                elif book.rate() is None and answer.deferred > 0:
                    book.wait(answer, answer.deferred)
                elif book.rate() is None and book.cost_found(-answer.deferred) > 0:
                    answer.known = False
        for key in set(keys):
            book = self.books[key]
            rate = book.rate()
            if book.base > 0:
                book.draw(book.deferred, book.base)
            else:
                book.value -= worth(book.deferred, rate)
                book.beyond = Fraction(0)
            if rate is None and book.deferred:
                book.known = "short" if book.quantity < 0 else "tainted"
            book.deferred = Fraction(0)
            book.opening_rate = book.last = rate
            if book.quantity == 0:
                book.known = "whole"
            elif book.quantity < 0 and book.known == "tainted":
                book.known = "short"

    @staticmethod
    def _note_sold(book: Book, before: Fraction, deferred: Fraction, is_sale: bool) -> None:
        base, nothing = max(book.base, Fraction(0)), Fraction(0)
        short, shorter = max(before - base, nothing), max(before + deferred - base, nothing)
        if shorter > short:
            book.sold += shorter - short if is_sale else 0
        elif short > 0:
            book.sold = rounded(book.sold * shorter / short, 6)

    def _snapshot(self, day: date) -> None:
        covered: dict[Any, Fraction] = defaultdict(Fraction)
        given: dict[Any, Fraction] = defaultdict(Fraction)

        def shown(layer: Layer, where: str) -> tuple[Any, ...]:
            value, cost, known = layer.value, layer.cost, layer.known
            if where == "at" and not self.by_layer:
                key = (*layer.grain[:2], self.valued[layer.grain])
                book = self.books[key]
                total = book.value - (book.deferred_value(book.deferred) if book.deferred else 0)
                covered[key] += layer.quantity
                upto = (
                    rounded(total * covered[key] / book.quantity) if book.quantity else worth(covered[key], book.last)
                )
                value, given[key], known = upto - given[key], upto, book.known == "whole"
                cost = per_unit(value, layer.quantity)
                if self.standard:
                    cost = book.last
                elif book.base > 0:
                    cost = book.average()
            known = known and self.valued[layer.grain]
            return (
                day, where, *layer.grain, layer.origin, layer.arrived, layer.source, layer.quantity, cost if known else None,
                value if known else None, known, layer.expiry,
            )  # fmt: skip

        for key in sorted(self.pools):
            pool = self.pools[key]
            where = "at" if key[0] == "at" else "under way"
            self.snapshots += [shown(layer, where) for layer in pool.layers + pool.negatives]
