"""The plain reference's shelves: finding the pool of a movement, taking layers from it and putting them back. No movement types here."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from fractions import Fraction
from typing import Any

from ledger_reference_model import (
    CONVERSIONS,
    Answer,
    Book,
    Layer,
    Pool,
    beyond_rounding,
    grain_of,
    per_unit,
    rounded,
    worth,
)


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

    def _document_value(self, row: dict[str, Any], quantity: Fraction) -> Fraction:
        """What these units of the document are worth: their share of its amount where it has one."""
        cost = self._document_cost(row)
        if row["document_value"] is not None and cost is not None and row["quantity_units"] > 0:
            return rounded(row["document_value"] * quantity / row["quantity_units"])
        return worth(quantity, cost)

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

    def _put(self, pool: Pool, layer: Layer, answer: Answer, *, in_arrival_order: bool = False) -> Fraction:
        """Settle, then queue. Returns the effect of settling on stock value; notes in the answer what of it falls on sales."""
        effect, match_lot = Fraction(0), self.settings.lots == "named_else_any" and not in_arrival_order
        for negative in list(pool.negatives):
            if layer.quantity == 0:
                break
            if match_lot and negative.grain[2] not in ("", layer.grain[2]):
                continue
            units = min(layer.quantity, -negative.quantity)
            incoming = rounded(layer.value * units / layer.quantity)
            booked = rounded(negative.value * units / -negative.quantity)
            effect -= incoming + booked
            if layer.known and negative.sold and not in_arrival_order:
                answer.cogs_settlement -= incoming + booked
            if self.by_layer and not negative.known and (layer.known or layer.undone):
                self._cost_found(negative.source, units)
            layer.quantity -= units
            layer.value -= incoming
            negative.quantity += units
            negative.value -= booked
            if negative.quantity == 0:
                _drop(pool.negatives, negative)
        if self.by_layer and layer.known:
            for negative in pool.negatives:
                if not negative.known:
                    change = worth(negative.quantity, layer.cost) - negative.value
                    effect += change
                    if negative.sold and not in_arrival_order:
                        answer.cogs_settlement += change
                    self._cost_found(negative.source, -negative.quantity)
                    negative.value += change
                    negative.cost, negative.known = layer.cost, True
        layer.undone = False
        if layer.quantity > 0:
            key = self._order(in_arrival_order)
            at = len(pool.layers)
            while at > 0 and key(pool.layers[at - 1]) > key(layer):
                at -= 1
            pool.layers.insert(at, layer)
        return effect

    def _cost_found(self, source: str, units: Fraction) -> None:
        if source in self.answers and self.answers[source].waits >= units:
            self.answers[source].waits -= units

    def _order(self, in_arrival_order: bool) -> Any:
        if in_arrival_order or self.settings.flow == "lifo":
            return lambda layer: 0
        expiry_first = self.settings.flow == "fefo"
        return lambda layer: (
            (layer.expiry or date.max) if expiry_first else date.min,
            date.min if self.resetting else layer.origin,
        )

    def _add(self, row: dict[str, Any], layer: Layer, answer: Answer) -> Fraction:
        value, book, known, undone = layer.value, self.books[self._book_key(row)], layer.known, layer.undone
        layer.grain = grain_of(row)
        joins = layer.quantity + min(book.base, Fraction(0))
        if self.by_layer:
            if known:
                book.last = layer.cost
        else:
            answer.settlement += self._arrive(row, book, layer, answer)
            layer.value = Fraction(0)
        if known:
            self.items[row["item_id"]]["last"] = layer.cost
        answer.settlement += self._put(self._pool(row), layer, answer)
        if not known and not (undone and (layer.quantity if self.by_layer else joins) <= 0):
            answer.known = False
        return value

    def _arrive(self, row: dict[str, Any], book: Book, layer: Layer, answer: Answer) -> Fraction:
        effect, held = Fraction(0), book.base
        if self.standard:
            standard = self._standard_cost(row)
            effect = worth(book.quantity + layer.quantity, standard) - book.value - layer.value
            book.quantity += layer.quantity
            book.value += layer.value + effect
            book.known, book.last = "whole" if standard is not None else "tainted", standard
            return effect
        beyond = beyond_rounding(layer.quantity, layer.cost, layer.value)
        if held < 0:
            units = min(layer.quantity, -held)
            left = -held - units
            incoming = rounded(layer.value * units / layer.quantity)
            if book.known == "short" and layer.known:
                effect = -incoming - worth(left, layer.cost) - book.value
                book.cost_found(-held)
                book.known = "whole"
            else:
                effect = -(incoming + rounded(book.value * units / -held))
                if book.known == "short" and layer.undone:
                    book.cost_found(units)
            if layer.known:
                answer.cogs_settlement += rounded(effect * book.sold / -held)
            book.sold = rounded(book.sold * left / -held, 6)
            beyond = Fraction(0) if left else rounded(beyond * (layer.quantity - units) / layer.quantity, 14)
            if left == 0:
                book.known = "whole"
            if not layer.known and layer.quantity > units:
                book.known = "tainted"
        elif not layer.known:
            book.known = "tainted"
        book.quantity += layer.quantity
        book.value += layer.value + effect
        book.beyond += beyond
        if book.base > 0 and book.known == "whole":
            book.last = book.average()
        return effect

    def _leave(
        self, row: dict[str, Any], book: Book, quantity: Fraction, cost: Fraction | None, answer: Answer
    ) -> Fraction:
        if self.standard:
            standard = self._standard_cost(row)
            value = book.value - worth(book.quantity - quantity, standard)
            book.known = "whole" if standard is not None else "tainted"
            answer.known = answer.known and book.known == "whole"
        elif self.monthly:
            rate = book.opening_rate
            if rate is None:
                rate = book.average() if book.base > 0 else cost
            if quantity == book.base and book.base > 0:
                value, book.beyond = book.value, Fraction(0)
            else:
                value = worth(quantity, rate)
                book.beyond -= beyond_rounding(quantity, rate, value)
            if rate is None:
                book.known = "tainted"
            answer.known = answer.known and book.known == "whole"
        else:
            return self._leave_at_the_average(row, book, quantity, cost, answer)
        book.quantity -= quantity
        book.value -= value
        return value

    def _leave_at_the_average(
        self, row: dict[str, Any], book: Book, quantity: Fraction, cost: Fraction | None, answer: Answer
    ) -> Fraction:
        answer.known = answer.known and book.known != "tainted"
        if book.quantity >= quantity:
            value = book.draw(quantity, book.quantity)
            book.quantity -= quantity
            if book.quantity == 0:
                book.known = "whole"
            return value
        if book.quantity < 0 and book.known == "short" and cost is not None:
            change = worth(book.quantity, cost) - book.value
            answer.settlement += change
            answer.cogs_settlement += rounded(change * book.sold / -book.quantity)
            book.value += change
            book.cost_found(-book.quantity)
            book.known = "whole"
        if book.quantity >= 0:
            book.known, book.beyond, book.sold = "whole", Fraction(0), Fraction(0)
        there = max(book.quantity, Fraction(0))
        value = worth(quantity - there, cost) + (book.value if there else 0)
        if cost is None:
            book.known = "short"
            book.wait(answer, quantity - there)
        if row["is_demand"]:
            book.sold += quantity - there
        book.quantity -= quantity
        book.value -= value
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
        if self.by_layer:
            answer.known = answer.known and all(layer.known for layer in taken)
        if short:
            if self.by_layer and cost is None:
                answer.waits += short
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
            pool.negatives.append(
                replace(
                    piece, quantity=-short, value=-piece.value if self.by_layer else Fraction(0), sold=row["is_demand"]
                )
            )
        if self.by_layer:
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
            layer.known, layer.cost = answer.known and book.known != "short", per_unit(layer.value, layer.quantity)
        return taken, value


def _drop(layers: list[Layer], layer: Layer) -> None:
    """Take this very layer out: another may be equal to it in every field, and stays."""
    layers[:] = [one for one in layers if one is not layer]
