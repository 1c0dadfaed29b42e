"""Goods on the way between two warehouses, movement by movement: what each leg of a move puts under way or takes off it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from assets.ledger.fields import K_MOVE
from assets.ledger.prepare import Ints, Movements
from assets.ledger.results import Result


@dataclass(frozen=True)
class UnderWay:
    """Per movement, the change of what is under way."""

    units: Ints
    value: Ints
    uncosted: Ints
    """Units under way without a known cost."""


def under_way(data: Movements, result: Result) -> UnderWay:
    """Change of the own, costed goods under way by each movement.

    Goods that have no value in the books when they leave (a supplier's, a customer's) are not capital under way; goods whose cost is not
    known when they leave are counted as uncosted until they arrive, and are worth nothing meanwhile.
    """
    nothing = np.zeros(len(data.quantity), dtype=np.int64)
    legs = np.flatnonzero((data.kind == K_MOVE) & (data.group >= 0) & (data.quantity != 0))
    if not len(legs):
        return UnderWay(nothing, nothing, nothing)
    group, leaves = data.group[legs], data.quantity[legs] < 0
    valued = data.grains.valued[data.grain[legs]]
    is_foreign, is_uncosted = (np.zeros(len(data.group_item), dtype=np.bool_) for _ in range(2))
    is_foreign[group[~valued]] = True
    is_uncosted[group[leaves & valued & ~result.known[legs]]] = True
    units = np.where(is_foreign[group], 0, -data.quantity[legs])
    value = np.where(is_foreign[group] | is_uncosted[group], 0, result.transit_settlement[legs] - result.value[legs])
    changes = [nothing.copy() for _ in range(3)]
    changes[0][legs], changes[1][legs] = units, value
    changes[2][legs] = np.where(is_uncosted[group], units, 0)
    np.add.at(changes[1], result.corrections.row, result.corrections.under_way)
    return UnderWay(*changes)
