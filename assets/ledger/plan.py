"""Which items a day's documents touch, and which way each of them is brought forward.

Together with the items that conversions tie to it, an item is
- *restated*, where a document of a day already closed came, changed or vanished, or a further leg of an old conversion: computed again
  from its first movement, and all its rows are given out again;
- *replayed*, where a return names an order whose issue may lie before the state, or a document corrects a receipt: computed again, but
  only new rows are given out, as the old ones cannot have changed;
- *continued* from the saved layers otherwise.
Decisions over small tables only; what the decisions cost is `incremental`'s.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

import pyarrow as pa
import pyarrow.compute as pc

from assets.ledger.carry import whole_clusters
from assets.ledger.kinds import BACK_TYPES, CONVERSION_TYPES
from assets.ledger.settings import LedgerSettings

DOCUMENT_COLUMNS = (
    "item_id",
    "business_date",
    "movement_type",
    "transfer_group_id",
    "quantity_units",
    "ref_doc_no",
    "corrects_key",
)


@dataclass(frozen=True)
class Plan:
    """Items by the way they go; no item goes two."""

    restated: pa.Array
    recomputed: pa.Array
    """Restated and replayed."""
    continued: pa.Array

    def among(self, items: pa.Array) -> Plan:
        """What of it concerns these items."""
        return Plan(
            *(part.filter(pc.is_in(part, value_set=items)) for part in (self.restated, self.recomputed, self.continued))
        )


def make_plan(
    documents: pa.Table,
    *,
    moved_items: pa.Array,
    touched_items: Iterable[str],
    ties: pa.Table,
    old_conversions: pa.Array,
    since: date,
    as_of: date,
    settings: LedgerSettings,
    standard_costs: pa.Table | None = None,
) -> Plan:
    """Plan the way from a state of `since` to `as_of`.

    `documents` (DOCUMENT_COLUMNS) holds at least every document that is new and of a day up to `since`, a leg of a conversion, a return
    that names an order, or a correction of a receipt; other new ones may be in it. `moved_items` have new documents; `touched_items`
    are to be computed again whatever happened to them. `ties` (item_id, cluster) are the items of the state, `old_conversions`
    the groups it has seen.
    """
    kind = documents["movement_type"].cast(pa.string())
    known_day = pa.scalar(since, pa.date32())
    late = pc.less_equal(documents["business_date"], known_day)
    group = documents["transfer_group_id"].cast(pa.string())
    is_conversion = pc.is_in(kind, value_set=pa.array(CONVERSION_TYPES))
    # Whoever shares a conversion with a late leg is touched by it, in whichever table its own leg is.
    late_groups = _flat(pc.unique(group.filter(pc.and_(is_conversion, late))))
    old_groups = pc.unique(pa.concat_arrays([late_groups, _flat(old_conversions)]))
    again = pc.and_(is_conversion, pc.and_kleene(pc.is_valid(group), pc.is_in(group, value_set=old_groups)))
    restated = [
        _items_where(documents, late),
        _items_where(documents, again),
        pa.array(list(touched_items), pa.string()),
    ]
    if not settings.can_continue:
        restated.append(moved_items)
        if standard_costs is not None:
            day = standard_costs["effective_date"].cast(pa.date32())
            new = pc.and_(pc.greater(day, known_day), pc.less_equal(day, pa.scalar(as_of, pa.date32())))
            known = pc.is_in(_flat(standard_costs["item_id"]), value_set=_flat(ties["item_id"]))
            restated.append(_items_where(standard_costs, pc.and_(new, pa.chunked_array([known]))))
    all_restated = whole_clusters(ties, pc.unique(pa.concat_arrays([_flat(part) for part in restated])))
    returns = pc.and_(
        pc.and_(
            pc.is_in(kind, value_set=pa.array(BACK_TYPES)),
            pc.greater(documents["quantity_units"].cast(pa.float64()), 0.0),
        ),
        pc.is_valid(documents["ref_doc_no"]),
    )
    # What a correction changes is given by the items' whole history.
    from_start = pc.or_(pc.fill_null(returns, False), pc.is_valid(documents["corrects_key"]))
    replayed = whole_clusters(ties, _flat(_items_where(documents, from_start)))
    recomputed = pc.unique(pa.concat_arrays([all_restated, replayed]))
    moved = _flat(moved_items)
    return Plan(all_restated, recomputed, moved.filter(pc.invert(pc.is_in(moved, value_set=recomputed))))


def _items_where(table: pa.Table, mask: pa.ChunkedArray | pa.Array) -> pa.Array:
    return pc.unique(table.filter(mask)["item_id"].cast(pa.string()))


def _flat(column: pa.Array | pa.ChunkedArray) -> pa.Array:
    text = column.cast(pa.string())
    return text.combine_chunks() if isinstance(text, pa.ChunkedArray) else text
