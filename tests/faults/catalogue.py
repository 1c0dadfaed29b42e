"""What a kind of fault is, and the list of all kinds. How each is injected is in the `*_faults` modules."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from demo.defects.plan import Plan
from demo.extracts import Extract


@dataclass(frozen=True)
class Entry:
    """One injected fault: what kind it is and where it must be found. Empty fields are left open."""

    kind: str
    rules: tuple[str, ...]
    item_code: str = ""
    warehouse_code: str = ""
    doc_no: str = ""
    day: str = ""
    file: str = ""

    def is_seen(self, finding: dict[str, Any]) -> bool:
        """The finding is about this fault, whatever it says."""
        if self.item_code:
            places = [(finding["item_id"], self.item_code)]
            if self.warehouse_code and finding["warehouse_id"]:
                places.append((finding["warehouse_id"], self.warehouse_code))
            at_place = all(found and found.split("/")[1] == wanted for found, wanted in places)
            return at_place or (
                bool(self.file) and _name(finding["source_file"]) == self.file and not finding["item_id"]
            )
        if self.file and finding["source_file"]:
            return _name(finding["source_file"]) == self.file
        return bool(self.day) and str(finding["business_date"]) == self.day

    def is_named(self, finding: dict[str, Any]) -> bool:
        """The finding is about this fault and names its cause."""
        return finding["rule_id"] in self.rules and self.is_seen(finding)


@dataclass(frozen=True)
class Kind:
    """A kind of fault. `moves` is None where it is measured on the item's figures, else stated for the file as a whole."""

    name: str
    what: str
    moves: bool | None = None
    in_history: Callable[[Plan], None] | None = None
    in_delivery: Callable[[Plan, list[Extract]], list[Extract]] | None = None
    in_files: Callable[[Path], list[Entry]] | None = None
    rules: tuple[str, ...] = ()


@dataclass
class Catalogue:
    """Kinds by name, in the order in which they are injected."""

    kinds: dict[str, Kind] = field(default_factory=dict)

    def add(self, kind: Kind) -> None:
        assert kind.name not in self.kinds, kind.name
        self.kinds[kind.name] = kind


def _name(path: str | None) -> str:
    return Path(path).name if path else ""
