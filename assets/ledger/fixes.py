"""Which receipt a correction, or a red document, is about, and whether it can be: from the columns of the movements. No costing."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from assets.ledger.fields import E_CORRECTION, E_OPENING, E_RECEIPT, K_RECEIPT
from assets.ledger.scale import NULL_COST, VALUE_DIVISOR

Ints = NDArray[np.int64]


def find_fixes(
    table: pa.Table,
    kind: NDArray[np.int8],
    entry: NDArray[np.int8],
    grain: NDArray[np.int32],
    quantity: Ints,
    cost: Ints,
    amount: Ints,
) -> tuple[Ints, Ints, Ints]:
    """(rows that correct a receipt, its rows, corrections of value that cannot be).

    A correction of value names a costed receipt of an earlier day or the same, and leaves it worth something or nothing. A document that
    takes goods back names one of the same stock grain, and no more of it than is left; another is an issue like any other.
    """
    named = np.flatnonzero(np.asarray(pc.is_valid(table["corrects_key"])))
    corrections = np.flatnonzero(entry == E_CORRECTION)
    if not len(named):
        return named, named, corrections
    wanted = table["corrects_key"].take(pa.array(named)).cast(pa.string())
    keys = table["movement_key"].cast(pa.string()).combine_chunks()
    found = np.asarray(pc.fill_null(pc.index_in(wanted, value_set=keys), -1), dtype=np.int64)
    days = np.asarray(pc.cast(pc.cast(table["business_date"], pa.date32()), pa.int32()), dtype=np.int64)
    sequence = np.asarray(pc.cast(table["movement_sequence"], pa.int64()), dtype=np.int64)
    target = np.maximum(found, 0)
    is_value = (entry[named] == E_CORRECTION) & (quantity[named] == 0) & (amount[named] != NULL_COST)
    is_taken = (quantity[named] < 0) & (entry[named] == entry[target]) & (grain[named] == grain[target])
    fits = (found >= 0) & (kind[target] == K_RECEIPT) & (quantity[target] > 0) & (cost[target] != NULL_COST)
    fits &= np.isin(entry[target], (E_RECEIPT, E_OPENING)) & (days[target] <= days[named]) & (is_value | is_taken)
    rows, targets = [], []
    left: dict[int, tuple[int, int]] = {}
    for at in np.lexsort((sequence[named], days[named])):
        row, receipt = int(named[at]), int(target[at])
        if not fits[at]:
            continue
        units, worth = left.get(receipt) or (int(quantity[receipt]), _worth(quantity, cost, amount, receipt))
        taken = -int(quantity[row])
        if units == 0 or taken > units:
            continue
        change = int(amount[row]) if taken == 0 else -(worth * taken // units)
        if worth + change < 0:
            continue
        left[receipt] = units - taken, worth + change
        rows.append(row)
        targets.append(receipt)
    applied = np.array(rows, dtype=np.int64)
    return applied, np.array(targets, dtype=np.int64), np.setdiff1d(corrections, applied)


def _worth(quantity: Ints, cost: Ints, amount: Ints, row: int) -> int:
    if amount[row] != NULL_COST and amount[row] >= 0:
        return int(amount[row])
    return int(quantity[row]) * int(cost[row]) // VALUE_DIVISOR
