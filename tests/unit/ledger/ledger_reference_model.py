"""The ledger again, plain and slow: lists, dicts and fractions. What the compiled kernel must agree with to the last digit.

Shares nothing with the product but the settings object. Values are rounded to 4 decimals half away from zero each time a value is computed;
quantities and unit costs never are, save where a conversion or an average makes them (6 and 8 decimals).
"""

from __future__ import annotations

import math
from collections import defaultdict
from dataclasses import dataclass, field, replace
from datetime import date
from fractions import Fraction
from typing import Any

LEGS = {
    "transfer_out", "transfer_in", "status_change_out", "status_change_in", "consignment_transfer_out", "consignment_transfer_in",
}  # fmt: skip
CONVERSIONS = {"conversion_out", "conversion_in"}
FINDS = {"count_gain", "adjustment_in"}
RETURNS = {"sales_return", "production_issue_return"}
NEW = {"opening", "purchase_receipt", "production_receipt", "subcontract_receipt", "other_in"}


def rounded(number: Fraction, decimals: int = 4) -> Fraction:
    """Half away from zero."""
    scale = 10**decimals
    whole = abs(number) * scale + Fraction(1, 2)
    result = Fraction(whole.numerator // whole.denominator, scale)
    return -result if number < 0 else result


def half_up(number: Fraction, decimals: int) -> Fraction:
    """Half towards plus infinity."""
    scale = 10**decimals
    return Fraction(math.floor(number * scale + Fraction(1, 2)), scale)


def beyond_rounding(quantity: Fraction, cost: Fraction | None, value: Fraction) -> Fraction:
    """What quantity x cost makes beyond the value that is its rounding; 0 where the value is another one."""
    rest = Fraction(0) if cost is None else quantity * cost - value
    return rest if abs(rest) <= Fraction(1, 20000) else Fraction(0)


def per_unit(value: Fraction, quantity: Fraction) -> Fraction | None:
    return rounded(value / quantity, 8) if quantity else None


def worth(quantity: Fraction, cost: Fraction | None) -> Fraction:
    return Fraction(0) if cost is None else rounded(quantity * cost)


@dataclass
class Layer:
    quantity: Fraction
    value: Fraction
    origin: date
    arrived: date
    source: str
    cost: Fraction | None
    expiry: date | None
    grain: tuple[str, ...]
    known: bool
    sold: bool = False
    """Of a negative: it was a sale that took it."""
    undone: bool = False
    """It comes back without a cost where it left without one."""

    def cut(self, quantity: Fraction) -> Layer:
        part = replace(self, quantity=quantity, value=rounded(self.value * quantity / self.quantity))
        self.quantity -= part.quantity
        self.value -= part.value
        return part


@dataclass
class Pool:
    layers: list[Layer] = field(default_factory=list)
    negatives: list[Layer] = field(default_factory=list)

    @property
    def net(self) -> Fraction:
        return sum((layer.quantity for layer in self.layers + self.negatives), Fraction(0))


@dataclass
class Book:
    """Value of one item in one warehouse under an average or the standard."""

    quantity: Fraction = Fraction(0)
    value: Fraction = Fraction(0)
    last: Fraction | None = None
    opening_rate: Fraction | None = None
    deferred: Fraction = Fraction(0)
    known: str = "whole"
    """tainted: goods without a cost are in it; short: only units that left without a cost lack one."""
    beyond: Fraction = Fraction(0)
    """Value beyond the booked one, to 14 decimals."""
    sold: Fraction = Fraction(0)
    """Units sold that were not there."""
    waiting: list[Answer] = field(default_factory=list)

    def average(self) -> Fraction:
        exact = (self.value + self.beyond) / self.base
        return half_up(exact, 8) if self.beyond else rounded(exact, 8)

    def draw(self, units: Fraction, held: Fraction) -> Fraction:
        """Take the share of `units` of `held` out."""
        out, exact = rounded(self.value * units / held), (self.value + self.beyond) * (held - units) / held
        self.value -= out
        self.beyond = half_up(exact - self.value, 14) if held > units else Fraction(0)
        return out

    def wait(self, answer: Answer, units: Fraction) -> None:
        if answer.waits == 0:
            self.waiting.append(answer)
        answer.waits += units

    def cost_found(self, units: Fraction) -> Fraction:
        """Of these units, those that no movement waited for."""
        for answer in reversed(self.waiting):
            found = min(units, answer.waits)
            answer.waits -= found
            units -= found
        while self.waiting and self.waiting[-1].waits == 0:
            self.waiting.pop()
        return units

    @property
    def base(self) -> Fraction:
        return self.quantity + self.deferred

    def rate(self) -> Fraction | None:
        if self.base > 0:
            return self.average()
        return self.opening_rate if self.opening_rate is not None else self.last

    def deferred_value(self, units: Fraction) -> Fraction:
        return rounded(self.value * units / self.base) if self.base > 0 else worth(units, self.rate())


@dataclass
class Answer:
    value: Fraction = Fraction(0)
    settlement: Fraction = Fraction(0)
    transit_settlement: Fraction = Fraction(0)
    known: bool = True
    deferred: Fraction = Fraction(0)
    cogs_settlement: Fraction = Fraction(0)
    """Effect on stock of settling what was sold."""
    waits: Fraction = Fraction(0)
    """Units that left without a cost and have not got one since."""


def grain_of(row: dict[str, Any]) -> tuple[str, ...]:
    return tuple(
        row[name] or "" for name in ("item_id", "warehouse_id", "lot_no", "stock_status", "owner_type", "owner_code")
    )


def clusters(rows: list[dict[str, Any]]) -> list[list[dict[str, Any]]]:
    """Rows of the items that conversions tie together, by the lowest item of each."""
    label = {row["item_id"]: row["item_id"] for row in rows}
    changed = True
    while changed:
        changed = False
        tied = defaultdict(set)
        for row in rows:
            if row["movement_type"] in CONVERSIONS and row["transfer_group_id"] is not None:
                tied[row["transfer_group_id"]].add(row["item_id"])
        for items in tied.values():
            lowest = min(label[item] for item in items)
            for item in items:
                if label[item] != lowest:
                    changed, label[item] = True, lowest
    result = defaultdict(list)
    for row in rows:
        result[label[row["item_id"]]].append(row)
    return [result[name] for name in sorted(result)]
