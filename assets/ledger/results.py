"""What a run of the ledger says, before it is put into tables. Data only."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, fields

import numpy as np
from numpy.typing import NDArray

from assets.ledger.prepare import Ints


@dataclass(frozen=True)
class CorrectionEntries:
    """What corrections of receipts change in the value of the stock beside their own entry, one row per place, day and kind."""

    place: Ints
    """Item x warehouse."""
    day: Ints
    kind: Ints
    value: Ints
    uncosted_stock: Ints
    """Change of the units in stock that have no cost."""
    row: Ints
    """The correction that it is shown with: the first of the day."""
    under_way: Ints
    """Change of the value under way, with the first row of each correction."""

    @staticmethod
    def none() -> CorrectionEntries:
        nothing = np.empty(0, dtype=np.int64)
        return CorrectionEntries(*([nothing] * 7))

    @staticmethod
    def joined(parts: Sequence[CorrectionEntries]) -> CorrectionEntries:
        """End to end."""
        names = tuple(field.name for field in fields(CorrectionEntries))
        return CorrectionEntries(*(np.concatenate([getattr(part, name) for part in parts]) for name in names))

    def chosen(self, mask: NDArray[np.bool_]) -> CorrectionEntries:
        """Some of the rows."""
        return CorrectionEntries(*(getattr(self, field.name)[mask] for field in fields(self)))


@dataclass(frozen=True)
class Result:
    """What a run says: per movement the signed value, settlement and whether it is known; open layers; the closing tables."""

    value: Ints
    settlement: Ints
    cogs_settlement: Ints
    """What of the settlement falls on units sold."""
    transit_settlement: Ints
    known: NDArray[np.bool_]
    uncosted: Ints
    """Units of the movement that have no cost."""
    uncosted_stock: Ints
    """What the movement changed in the units of its place that have no cost."""
    emitted: Ints
    """EMIT_FIELDS x layers, as emitted: by cluster, snapshot, pool, flow order."""
    costs: Ints
    items: Ints
    transit: Ints
    """Per item: units and value that went under way and came back."""
    corrections: CorrectionEntries = field(default_factory=lambda: CorrectionEntries.none())
