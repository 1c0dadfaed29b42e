"""Pieces of SQL that several marts' recipes share. They say what the dbt macros say (dbt_project/macros), in types as well."""

from __future__ import annotations

NO_COST = "'not_available: no cost in any source'"
NOT_VALUED = "'not_available: stock without value in the books'"


# the same as functions of the scratch database, for recipes that are data (marts.yml)
MACROS = (
    "create macro ratio(n, d) as round(cast(n as double) / nullif(cast(d as double), 0), 6)",
    "create macro units(x) as cast(x as decimal(28, 6))",
    "create macro money(x) as cast(round(x, 4) as decimal(24, 4))",
)


def ratio(numerator: str, denominator: str) -> str:
    """Numerator / denominator, rounded once; null where the denominator is 0 or either is null."""
    return f"round(cast({numerator} as double) / nullif(cast({denominator} as double), 0), 6)"


def units(expression: str) -> str:
    """A quantity as marts hold it."""
    return f"cast({expression} as decimal(28, 6))"


def money(expression: str) -> str:
    """An amount as marts hold it, rounded once."""
    return f"cast(round({expression}, 4) as decimal(24, 4))"


def overlap(start: str, end: str, from_date: str = "valid_from_date", to_date: str = "valid_to_date") -> str:
    """Days that an interval (a balance's, if not said) shares with a period, both inclusive."""
    return f"greatest(0, date_diff('day', greatest({from_date}, {start}), least({to_date}, {end})) + 1)"
