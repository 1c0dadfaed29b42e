"""The answer sheet: what a correct pipeline must find, tied to the rows of the delivered files. Never read by
the pipeline.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from demo.catalogue import Catalogue
from demo.extracts import BinRow, Extract, OnHandRow
from demo.records import Grain
from demo.vocabulary import WAREHOUSES

SEVERITY = {
    "duplicate_file": "warning",
    "duplicate_row": "info",
    "quarantined_row": "warning",
    "reused_code": "critical",
    "missing_movement_day": "critical",
    "unit_of_measure_mix": "critical",
    "sign_flip": "critical",
    "unposted_receipt": "critical",
    "wrong_warehouse": "critical",
    "duplicate_posting": "critical",
    "negative_stock": "warning",
    "late_document": "warning",
    "shrink": "critical",
    "ledger_book_mismatch": "critical",
    "expired_stock": "warning",
    "short_file": "warning",
    "missing_file": "warning",
    "date_shift": "warning",
    "stale_snapshot": "warning",
    "refused_file": "critical",
    "surplus": "warning",
    "quantity_mismatch": "critical",
    "wrong_item": "critical",
    "unposted_shipment": "critical",
    "unposted_transfer": "critical",
    "wrong_lot": "warning",
    "wrong_status": "warning",
    "cost_jump": "critical",
    "quantity_outlier": "critical",
    "future_document": "critical",
    "changed_document": "warning",
}


@dataclass(frozen=True)
class SnapshotRef:
    """Points at the row of a grain in a snapshot of a day: dataset `wms_stock` or `stock_on_hand`."""

    dataset: str
    day: date
    grain: Grain


@dataclass(frozen=True)
class FileRef:
    """Points at a file, or at a row position in it."""

    extract: Extract
    position: int | None = None


@dataclass
class Expected:
    """One thing to be found. A defect is found when one of its entries is; entries that are not required may be
    found.
    """

    rule_id: str
    item: int | None = None
    warehouse: int | None = None
    doc_no: str = ""
    business_date: date | None = None
    variance_units: int | None = None
    also_acceptable: tuple[str, ...] = ()
    is_required: bool = True
    where: Any = None
    defect_id: str = ""
    note: str = ""


@dataclass
class AnswerSheet:
    """Expected findings in the order in which they were planted."""

    entries: list[Expected] = field(default_factory=list)

    def add(self, defect_id: str, *entries: Expected) -> None:
        """Note the entries of one defect."""
        for entry in entries:
            entry.defect_id = defect_id
            self.entries.append(entry)

    def next_id(self, rule_id: str) -> str:
        """Identifier of the next defect of a rule."""
        used = {entry.defect_id for entry in self.entries if entry.defect_id.startswith(f"{rule_id}-")}
        return f"{rule_id}-{len(used) + 1}"

    def resolve(self, catalogue: Catalogue, extracts: Iterable[Extract]) -> list[dict[str, Any]]:
        """Entries as plain records with codes, file and spreadsheet row."""
        places = _places(extracts, [entry.where for entry in self.entries])
        return [self._record(catalogue, entry, places) for entry in self.entries]

    @staticmethod
    def _record(catalogue: Catalogue, entry: Expected, places: dict[Any, tuple[Extract, int]]) -> dict[str, Any]:
        extract, row = None, None
        if isinstance(entry.where, FileRef):
            extract = entry.where.extract
            row = None if entry.where.position is None else extract.row_no(entry.where.position)
        elif entry.where is not None:
            extract, row = places[_key(entry.where)]
        return {
            "defect_id": entry.defect_id,
            "rule_id": entry.rule_id,
            "severity": SEVERITY[entry.rule_id],
            "item_code": None if entry.item is None else catalogue.items[entry.item].code,
            "warehouse_code": None if entry.warehouse is None else WAREHOUSES[entry.warehouse][0],
            "doc_no": entry.doc_no or None,
            "business_date": entry.business_date.isoformat() if entry.business_date else None,
            "source_system": extract.layout.system if extract else None,
            "source_file": extract.name if extract else None,
            "source_row": row,
            "variance_units": entry.variance_units,
            "also_acceptable_rules": list(entry.also_acceptable),
            "is_required": entry.is_required,
            "note": entry.note,
        }


def _key(where: Any) -> Any:
    return where if isinstance(where, SnapshotRef) else id(where)


def _places(extracts: Iterable[Extract], wanted: list[Any]) -> dict[Any, tuple[Extract, int]]:
    """File and spreadsheet row of every wanted row object or snapshot row (the first that holds it)."""
    keys = {_key(where) for where in wanted if where is not None and not isinstance(where, FileRef)}
    places: dict[Any, tuple[Extract, int]] = {}
    for extract in extracts:
        for position, row in enumerate(extract.rows):
            key = (
                SnapshotRef(extract.layout.dataset, row.day, row.grain)
                if isinstance(row, BinRow | OnHandRow)
                else id(row)
            )
            if key in keys and key not in places:
                places[key] = extract, extract.row_no(position)
    return places
