"""How many rows of a file became what, and the totals of what was landed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Counts:
    """Source rows by what became of them, and totals of what was landed."""

    rows_in: int
    loaded: int
    quarantined: int
    duplicate: int
    excluded: int
    contract_rows: int
    units_sum: object
    value_sum: object
    scope: tuple[object, object]


@dataclass(frozen=True)
class Summary:
    """Rows and totals of a query over what was read; `is_open`: something in it is still to be looked at."""

    source_rows: int
    contract_rows: int
    units_sum: object
    value_sum: object
    scope_from: object
    scope_to: object
    keys: int
    bad_rows: int
    is_open: bool


NOTHING = (0, None, None, None, None)
"""Totals of no rows: rows, units, value, first and last day."""


def both(combine: Callable[[Any, Any], object], one: object, other: object) -> object:
    """Combine two totals of which each may be missing."""
    return other if one is None else one if other is None else combine(one, other)
