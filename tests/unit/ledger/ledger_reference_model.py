"""The ledger again, plain and slow: lists, dicts and fractions. What the compiled kernel must agree with to the last digit.

Shares nothing with the product but the settings object. Values are rounded to 4 decimals half away from zero each time a value is computed;
quantities and unit costs never are, save where a conversion or an average makes them (6 and 8 decimals).
"""

from __future__ import annotations

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
    known: bool = True

    @property
    def base(self) -> Fraction:
        return self.quantity + self.deferred

    def rate(self) -> Fraction | None:
        if self.base > 0:
            return per_unit(self.value, self.base)
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
