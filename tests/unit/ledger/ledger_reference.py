"""The ledger again, plain and slow: what each kind of movement does. What the compiled kernel must agree with to the last digit.

The words of the model are in `ledger_reference_model`, taking and putting in `ledger_reference_shelves`, closing a month and showing the
layers of a day in `ledger_reference_closing`.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from datetime import date
from fractions import Fraction
from typing import Any

from ledger_reference_closing import Closing
from ledger_reference_model import (
    CONVERSIONS,
    FINDS,
    LEGS,
    NEW,
    Answer,
    Book,
    Layer,
    Pool,
    clusters,
    grain_of,
    per_unit,
    rounded,
    worth,
)


class Reference(Closing):
    """One run: feed `run` the rows (dicts of int_stock_movements, quantities and costs as Fraction or None)."""

    def __init__(self, settings: Any, standards: dict[str, list[tuple[date, Fraction]]] | None = None) -> None:
        self.settings = settings
        self.resetting = settings.ageing == "resetting"
        self.by_layer = settings.cost in ("fifo", "specific")
        self.monthly = settings.cost == "monthly_average"
        self.standard = settings.cost == "standard"
        self.standards = standards or {}
        self.answers: dict[str, Answer] = {}
        self.snapshots: list[tuple[Any, ...]] = []

    # One cluster -----------------------------------------------------------------------------------------------------------------

    def run(self, rows: list[dict[str, Any]], snapshots: list[date]) -> None:
        for cluster in clusters(rows):
            self._run_cluster(sorted(cluster, key=lambda r: (r["business_date"], r["movement_sequence"])), snapshots)

    def _run_cluster(self, rows: list[dict[str, Any]], snapshots: list[date]) -> None:
        self.pools: dict[Any, Pool] = defaultdict(Pool)
        self.books: dict[Any, Book] = defaultdict(Book)
        self.items: dict[str, dict[str, Any]] = defaultdict(lambda: {"last": None, "left": None, "left_cost": None})
        self.records: dict[Any, list[Layer]] = defaultdict(list)
        self.comes_out: dict[str, Fraction] = defaultdict(Fraction)
        self.came_out: dict[str, Fraction] = defaultdict(Fraction)
        self.valued = {grain_of(row): row["is_valued"] for row in reversed(rows)}
        for row in rows:
            if row["movement_type"] in CONVERSIONS and row["quantity_units"] > 0:
                self.comes_out[row["transfer_group_id"]] += row["quantity_units"]
        rows = sorted(
            rows + self._changes_of_standard(rows), key=lambda r: (r["business_date"], r["movement_sequence"])
        )
        waiting = list(snapshots)
        month: list[dict[str, Any]] = []
        at = 0
        while at < len(rows):
            today = rows[at]["business_date"]
            if (
                month
                and self.monthly
                and (month[0]["business_date"].year, month[0]["business_date"].month) != (today.year, today.month)
            ):
                self._close(month)
                month = []
            while waiting and today > waiting[0]:
                self._snapshot(waiting.pop(0))
            stop = at
            while stop < len(rows) and self._is_leg(rows[stop]) and rows[stop]["business_date"] == today:
                stop += 1
            if rows[at]["quantity_units"] == 0:
                stop = at + 1
            if stop > at + 1:
                self._legs(rows[at:stop])
            else:
                stop = at + 1
                self._step(rows[at])
            month += rows[at:stop]
            at = stop
        if self.monthly:
            self._close(month)
        for day in waiting:
            self._snapshot(day)

    def _is_leg(self, row: dict[str, Any]) -> bool:
        return row["transfer_group_id"] is not None and row["movement_type"] in LEGS | CONVERSIONS

    def _changes_of_standard(self, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
        if not self.standard:
            return []
        result = []
        for book in {self._book_key(row) for row in rows}:
            mine = [row for row in rows if self._book_key(row) == book]
            if not self.valued[grain_of(mine[0])]:
                continue
            for day, _ in self.standards.get(book[0], []):
                if day > mine[0]["business_date"]:
                    extra = {
                        "movement_type": "revalue",
                        "business_date": day,
                        "movement_sequence": -1,
                        "quantity_units": Fraction(0),
                    }
                    result.append(
                        {**mine[0], **extra, "transfer_group_id": None, "movement_key": f"revalue {book} {day}"}
                    )
        return result

    # Documents -------------------------------------------------------------------------------------------------------------------

    def _step(self, row: dict[str, Any]) -> None:
        answer = self.answers[row["movement_key"]] = Answer()
        quantity, kind = row["quantity_units"], row["movement_type"]
        if kind == "revalue":
            book = self.books[self._book_key(row)]
            book.last = self._standard_cost(row)
            answer.value = worth(book.quantity, book.last) - book.value
            book.value += answer.value
            book.known = "whole"
        elif quantity == 0:
            return
        elif self._is_leg(row):
            if quantity < 0:
                self._ship(row, answer)
            elif kind in CONVERSIONS:
                self._turn_into(row, answer)
            else:
                self._accept(row, answer)
        elif quantity < 0:
            taken, value = self._remove(row, answer, self.monthly)
            answer.value = -value
            if kind not in NEW | FINDS:
                self.records[(row["item_id"], row["ref_doc_no"], row["ref_line_id"] or "")] += taken
        elif kind in FINDS:
            self._find(row, answer)
        elif kind in NEW or kind in LEGS or kind in CONVERSIONS:
            self._receive(row, answer)
        else:
            self._give_back(row, answer)

    def _receive(self, row: dict[str, Any], answer: Answer) -> None:
        quantity, cost, day = row["quantity_units"], self._document_cost(row), row["business_date"]
        value = self._document_value(row, quantity)
        if self.standard:
            cost = self._standard_cost(row)
            book = self.books[self._book_key(row)]
            value = worth(book.quantity + quantity, cost) - book.value
        layer = Layer(
            quantity,
            value,
            day,
            day,
            row["movement_key"],
            cost,
            row["lot_expiry_date"],
            grain_of(row),
            cost is not None,
        )
        answer.value += self._add(row, layer, answer)

    def _add_back(self, row: dict[str, Any], layer: Layer, answer: Answer) -> Fraction:
        if not self.monthly:
            return self._add(row, layer, answer)
        book = self.books[self._book_key(row)]
        book.quantity += layer.quantity
        book.deferred -= layer.quantity
        answer.deferred -= layer.quantity
        layer.value, layer.grain = Fraction(0), grain_of(row)
        answer.settlement += self._put(self._pool(row), layer, answer)
        return Fraction(0)

    def _find(self, row: dict[str, Any], answer: Answer) -> None:
        quantity, cost, day = row["quantity_units"], self._document_cost(row), row["business_date"]
        queue, left, book = self._pool(row).layers, self.items[row["item_id"]]["left"], self.books[self._book_key(row)]
        twin = queue[-1] if queue else None
        origin, source, expiry = day, row["movement_key"], row["lot_expiry_date"]
        like = twin or left
        if like and not self.resetting:
            origin, source = like.origin, like.source
        if twin and expiry is None:
            expiry = twin.expiry
        if cost is None or self.standard:
            cost = twin.cost if twin and self.by_layer and twin.known else self._estimate(row)
        own = cost is not None and cost == self._document_cost(row)
        value = self._document_value(row, quantity) if own else worth(quantity, cost)
        if self.standard:
            value = worth(book.quantity + quantity, self._standard_cost(row)) - book.value
        layer = Layer(quantity, value, origin, day, source, cost, expiry, grain_of(row), cost is not None)
        answer.value += (self._add if book.base <= 0 else self._add_back)(row, layer, answer)

    def _give_back(self, row: dict[str, Any], answer: Answer) -> None:
        quantity, day, item = row["quantity_units"], row["business_date"], self.items[row["item_id"]]
        records = (
            self.records[(row["item_id"], row["ref_doc_no"], row["ref_line_id"] or "")] if row["ref_doc_no"] else []
        )
        while quantity > 0 and records:
            record = records[-1]
            part = replace(record) if record.quantity <= quantity else record.cut(quantity)
            if record.quantity <= quantity:
                records.pop()
            quantity -= part.quantity
            if self.resetting:
                part.origin, part.source = day, row["movement_key"]
            part.arrived, part.expiry = day, row["lot_expiry_date"] or part.expiry
            if not part.known:
                part.cost = self._estimate(row)
                part.value, part.known = worth(part.quantity, part.cost), part.cost is not None
                part.undone = not part.known
            answer.value += self._add_back(row, part, answer)
        if quantity > 0:
            left = item["left"]
            origin, source, expiry = day, row["movement_key"], row["lot_expiry_date"]
            if left and not self.resetting:
                origin, source = left.origin, left.source
            if left and expiry is None:
                expiry = left.expiry
            cost, value = self._document_cost(row), self._document_value(row, quantity)
            if cost is None and self.valued[grain_of(row)]:
                cost = item["left_cost"] if item["left_cost"] is not None else self._estimate(row)
                value = worth(quantity, cost)
            layer = Layer(quantity, value, origin, day, source, cost, expiry, grain_of(row), cost is not None)
            answer.value += self._add_back(row, layer, answer)

    def _ship(self, row: dict[str, Any], answer: Answer) -> None:
        taken, value = self._remove(row, answer, False)
        answer.value = -value
        for layer in taken:
            answer.transit_settlement += self._put(self._under_way(row), layer, answer, in_arrival_order=True)

    def _unload(self, row: dict[str, Any], layer: Layer, answer: Answer) -> None:
        day, cost = row["business_date"], self._document_cost(row)
        if cost is not None and (not layer.known or not self.valued.get(layer.grain, True)):
            layer.value, layer.cost, layer.known = self._document_value(row, layer.quantity), cost, True
        if layer.grain[1] != row["warehouse_id"]:
            layer.arrived = day
            if self.resetting:
                layer.origin, layer.source = day, row["movement_key"]
        layer.expiry = row["lot_expiry_date"] or layer.expiry
        answer.value += self._add(row, layer, answer)

    def _accept(self, row: dict[str, Any], answer: Answer) -> None:
        quantity, pool, day = row["quantity_units"], self._under_way(row), row["business_date"]
        taken = self._take(pool, quantity, row["lot_no"] or "", False)
        taken += self._take(pool, quantity - sum((layer.quantity for layer in taken), Fraction(0)), None, False)
        short = quantity - sum((layer.quantity for layer in taken), Fraction(0))
        for layer in taken:
            self._unload(row, layer, answer)
        if short:
            cost, value = self._document_cost(row), self._document_value(row, short)
            if cost is None:
                cost = self._estimate(row)
                value = worth(short, cost)
            layer = Layer(
                short,
                value,
                day,
                day,
                row["movement_key"],
                cost,
                row["lot_expiry_date"],
                grain_of(row),
                cost is not None,
            )
            pool.negatives.append(replace(layer, quantity=-short, value=-layer.value))
            answer.value += self._add(row, layer, answer)

    def _turn_into(self, row: dict[str, Any], answer: Answer) -> None:
        pool, quantity, group = self._under_way(row), row["quantity_units"], row["transfer_group_id"]
        rest = self.comes_out[group] - self.came_out[group]
        self.came_out[group] += quantity
        one_item = len({layer.grain[0] for layer in pool.layers}) == 1
        by_value = not one_item and sum(layer.value for layer in pool.layers) > 0

        def weight(layer: Layer) -> Fraction:
            return layer.value if by_value else layer.quantity

        total = sum((weight(layer) for layer in pool.layers), Fraction(0))
        everything = quantity >= rest
        wanted = total if everything else rounded(total * quantity / rest, 4 if by_value else 6)
        left, taken = wanted, []
        while pool.layers and (left > 0 or everything):
            layer = pool.layers[0]
            if everything or weight(layer) <= left:
                pool.layers.pop(0)
                part = layer
            elif by_value:
                units = rounded(layer.quantity * left / layer.value, 6)
                part = replace(layer, quantity=units, value=left)
                layer.quantity -= units
                layer.value -= left
            else:
                part = layer.cut(left)
            left -= weight(part)
            taken.append(part)
        if not taken:
            self._receive(row, answer)
            return
        known = all(layer.known for layer in taken)
        covered, given, carried, step = Fraction(0), Fraction(0), Fraction(0), Fraction(1, 10**6)
        for number, layer in enumerate(taken):
            covered += weight(layer)
            is_last = number == len(taken) - 1
            upto = quantity if is_last else min(quantity - step, rounded(quantity * covered / wanted, 6))
            units = upto - given
            value = layer.value + carried
            if units <= 0 and not is_last:
                carried = value
                continue
            carried, given = Fraction(0), upto
            turned = replace(
                layer,
                quantity=units,
                value=value,
                known=known,
                cost=per_unit(value, units),
                expiry=row["lot_expiry_date"],
            )
            self._unload(row, turned, answer)

    def _legs(self, rows: list[dict[str, Any]]) -> None:
        pending = [row for row in rows if row["quantity_units"] != 0]
        for row in rows:
            if row["quantity_units"] == 0:
                self.answers[row["movement_key"]] = Answer()

        def must_wait(row: dict[str, Any]) -> bool:
            if row["quantity_units"] > 0:
                return any(o["quantity_units"] < 0 and self._under_way(o) is self._under_way(row) for o in pending)
            pool = self._pool(row)
            return pool.net < -row["quantity_units"] and any(
                other["quantity_units"] > 0 and self._pool(other) is pool for other in pending
            )

        force = False
        while pending:
            moved = False
            for row in list(pending):
                if force or not must_wait(row):
                    self._step(row)
                    pending.remove(row)
                    moved = True
                    if force:
                        break
            force = not moved
