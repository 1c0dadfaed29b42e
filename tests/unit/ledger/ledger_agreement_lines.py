"""What other systems print for a ledger, and what this one says in the mode that matches theirs: one line per figure.

Each function takes the vectors' folder and returns lines. A line says `same`, or why the two differ on purpose; the tests hold it to that.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from ledger_cases import as_table, numbered

from assets.ledger.settings import LedgerSettings
from assets.ledger.stage import LedgerTables, compute

SAME = "same"
TRAVELLING, RESETTING = LedgerSettings(), LedgerSettings(ageing="resetting")


@dataclass(frozen=True)
class Line:
    case: str
    mode: str
    theirs: Any
    ours: Any
    verdict: str = SAME


def cents(number: Any) -> float:
    """A value as people print it."""
    return float(Decimal(str(number)).quantize(Decimal("0.01"), ROUND_HALF_UP))


def plain(number: Any) -> float | int:
    """A quantity without needless decimals."""
    return int(number) if number == int(number) else float(number)


def ledger(rows: list[dict[str, Any]], settings: LedgerSettings, as_of: str, **more: Any) -> LedgerTables:
    return compute(
        as_table(numbered(rows)), as_of=date.fromisoformat(as_of), settings=settings, snapshot_dates=[], **more
    )


def layers(tables: LedgerTables) -> list[dict[str, Any]]:
    return tables.open_layers.to_pylist()


def quantities(tables: LedgerTables) -> list[float | int]:
    return [plain(row["quantity_units"]) for row in layers(tables)]


def costs(tables: LedgerTables, kind: str = "out") -> list[float]:
    """Cost of each movement that leaves, positive."""
    return [-cents(row["cost_value"]) for row in tables.movement_costs.to_pylist() if row["quantity_units"] < 0]


def in_buckets(rows: list[dict[str, Any]], as_of: date, upper: list[int], field: str) -> list[float]:
    totals = [Decimal(0)] * (len(upper) + 1)
    for row in rows:
        age = (as_of - row["origin_date"]).days
        totals[next((at for at, bound in enumerate(upper) if age <= bound), len(upper))] += row[field]
    return [cents(total) for total in totals]
