"""The plain reference's shelves: finding the pool of a movement, taking layers from it and putting them back. No movement types here."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from fractions import Fraction
from typing import Any

from ledger_reference_model import CONVERSIONS, Answer, Book, Layer, Pool, grain_of, per_unit, rounded, worth


class Shelves:
    """What a cluster holds while it runs."""

    settings: Any
    resetting: bool
    by_layer: bool
    monthly: bool
    standard: bool
    standards: dict[str, list[tuple[date, Fraction]]]
    answers: dict[str, Answer]
    pools: dict[Any, Pool]
    books: dict[Any, Book]
    items: dict[str, dict[str, Any]]
    records: dict[Any, list[Layer]]
    valued: dict[Any, bool]

    # Lookups ---------------------------------------------------------------------------------------------------------------------

    def _pool(self, row: dict[str, Any]) -> Pool:
        item, warehouse, lot, *rest = grain_of(row)
        if self.settings.lots != "named" or lot in self.settings.shared_lots:
            lot = ""
        return self.pools[("at", item, warehouse, lot, *rest)]

    def _book_key(self, row: dict[str, Any]) -> tuple[Any, ...]:
        grain = grain_of(row)
        return (*grain[:2], self.valued[grain])

    def _under_way(self, row: dict[str, Any]) -> Pool:
        if row["movement_type"] in CONVERSIONS:
            return self.pools[("converting", row["transfer_group_id"])]
        return self.pools[("moving", row["item_id"], row["transfer_group_id"])]

    def _standard_cost(self, row: dict[str, Any]) -> Fraction | None:
        if not self.standard or not self.valued[grain_of(row)]:
            return None
        held = [cost for day, cost in self.standards.get(row["item_id"], []) if day <= row["business_date"]]
        return held[-1] if held else None

    def _document_cost(self, row: dict[str, Any]) -> Fraction | None:
        return row["unit_cost"] if self.valued[grain_of(row)] else None

    def _estimate(self, row: dict[str, Any]) -> Fraction | None:
        if not self.valued[grain_of(row)]:
            return None
        candidates = [
            self._standard_cost(row),
            self.books[self._book_key(row)].last,
            self.items[row["item_id"]]["last"],
            self._document_cost(row),
        ]
        return next((cost for cost in candidates if cost is not None), None)

    # Taking and putting ----------------------------------------------------------------------------------------------------------

    def _take(self, pool: Pool, quantity: Fraction, lot: str | None, newest_first: bool) -> list[Layer]:
        taken = []
        for layer in list(reversed(pool.layers)) if newest_first else list(pool.layers):
            if quantity == 0:
                break
            if lot is not None and layer.grain[2] != lot:
                continue
            if layer.quantity <= quantity:
                _drop(pool.layers, layer)
                part = layer
            else:
                part = layer.cut(quantity)
            quantity -= part.quantity
            taken.append(part)
        return taken

    def _put(self, pool: Pool, layer: Layer, *, in_arrival_order: bool = False, match_lot: bool = False) -> Fraction:
        """Settle, then queue. Returns the effect of settling on stock value."""
        effect = Fraction(0)
        for negative in list(pool.negatives):
            if layer.quantity == 0:
                break
            if match_lot and negative.grain[2] not in ("", layer.grain[2]):
                continue
            units = min(layer.quantity, -negative.quantity)
            incoming = rounded(layer.value * units / layer.quantity)
            booked = rounded(negative.value * units / -negative.quantity)
            effect -= incoming + booked
            layer.quantity -= units
            layer.value -= incoming
            negative.quantity += units
            negative.value -= booked
            if negative.quantity == 0:
                _drop(pool.negatives, negative)
        if layer.quantity > 0:
            key = self._order(in_arrival_order)
            at = len(pool.layers)
            while at > 0 and key(pool.layers[at - 1]) > key(layer):
                at -= 1
            pool.layers.insert(at, layer)
        return effect

    def _order(self, in_arrival_order: bool) -> Any:
        if in_arrival_order or self.settings.flow == "lifo":
            return lambda layer: 0
        expiry_first = self.settings.flow == "fefo"
        return lambda layer: (
            (layer.expiry or date.max) if expiry_first else date.min,
            date.min if self.resetting else layer.origin,
        )

    def _add(self, row: dict[str, Any], layer: Layer, answer: Answer) -> Fraction:
        value, book = layer.value, self.books[self._book_key(row)]
        layer.grain = grain_of(row)
        if self.by_layer:
            if layer.known:
                book.last = layer.cost
        else:
            answer.settlement += self._arrive(row, book, layer)
            layer.value = Fraction(0)
        if layer.known:
            self.items[row["item_id"]]["last"] = layer.cost
        else:
            answer.known = False
        answer.settlement += self._put(self._pool(row), layer, match_lot=self.settings.lots == "named_else_any")
        return value

    def _arrive(self, row: dict[str, Any], book: Book, layer: Layer) -> Fraction:
        effect, known = Fraction(0), layer.known
        if self.standard:
            standard = self._standard_cost(row)
            effect = worth(book.quantity + layer.quantity, standard) - book.value - layer.value
            known = standard is not None
        elif book.base < 0:
            units = min(layer.quantity, -book.base)
            effect = -(rounded(layer.value * units / layer.quantity) + rounded(book.value * units / -book.base))
        book.known = book.known and known
        book.quantity += layer.quantity
        book.value += layer.value + effect
        if book.base > 0 and book.known:
            book.last = per_unit(book.value, book.base)
        return effect

    def _leave(
        self, row: dict[str, Any], book: Book, quantity: Fraction, cost: Fraction | None, answer: Answer
    ) -> Fraction:
        if self.standard:
            standard = self._standard_cost(row)
            value = book.value - worth(book.quantity - quantity, standard)
            book.known = book.known and standard is not None
        elif self.monthly:
            rate = book.opening_rate
            if rate is None:
                rate = per_unit(book.value, book.base) if book.base > 0 else cost
            value = book.value if quantity == book.base and book.base > 0 else worth(quantity, rate)
        elif book.quantity >= quantity:
            value = rounded(book.value * quantity / book.quantity)
        elif book.quantity > 0:
            value = book.value + worth(quantity - book.quantity, cost)
        else:
            value = worth(quantity, cost)
        if self.settings.cost == "moving_average" and book.quantity < quantity and cost is None:
            book.known = False
        answer.known = answer.known and book.known
        book.quantity -= quantity
        book.value -= value
        if self.settings.cost == "moving_average" and book.quantity == 0:
            book.known = True
        return value

    def _remove(self, row: dict[str, Any], answer: Answer, defer: bool) -> tuple[list[Layer], Fraction]:
        quantity, pool, item = -row["quantity_units"], self._pool(row), self.items[row["item_id"]]
        lot = row["lot_no"] if self.settings.lots == "named_else_any" and row["lot_no"] else None
        taken = self._take(pool, quantity, lot, self.settings.flow == "lifo")
        cost = self._estimate(row)
        if taken:
            item["left"] = replace(taken[-1])
            item["left_cost"] = taken[-1].cost if self.by_layer and taken[-1].known else cost
        short = quantity - sum((layer.quantity for layer in taken), Fraction(0))
        if short:
            day = row["business_date"]
            piece = Layer(
                short,
                worth(short, cost),
                day,
                day,
                row["movement_key"],
                cost,
                row["lot_expiry_date"],
                grain_of(row),
                cost is not None,
            )
            taken.append(piece)
            pool.negatives.append(replace(piece, quantity=-short, value=-piece.value if self.by_layer else Fraction(0)))
        if self.by_layer:
            answer.known = answer.known and all(layer.known for layer in taken)
            return taken, sum((layer.value for layer in taken), Fraction(0))
        book = self.books[self._book_key(row)]
        if defer:
            book.quantity -= quantity
            book.deferred += quantity
            answer.deferred += quantity
            return taken, Fraction(0)
        value = self._leave(row, book, quantity, cost, answer)
        passed, given = Fraction(0), Fraction(0)
        for layer in taken:
            passed += layer.quantity
            layer.value, given = rounded(value * passed / quantity) - given, rounded(value * passed / quantity)
            layer.known, layer.cost = answer.known, per_unit(layer.value, layer.quantity)
        return taken, value


def _drop(layers: list[Layer], layer: Layer) -> None:
    """Take this very layer out: another may be equal to it in every field, and stays."""
    layers[:] = [one for one in layers if one is not layer]
