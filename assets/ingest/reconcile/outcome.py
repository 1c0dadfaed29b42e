"""What a reconciliation test says: passed, failed with the first diverging document, or not available and why. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Limits:
    """Tolerances. Basis of each beside it; set 2026-11 from the rules of the vendors' documentation."""

    units: float = 1e-6
    """Quantities have six decimals: less than one of the last is rounding."""
    value: float = 0.01
    """A cent for each item: sources round every entry to cents and keep the sum."""
    over_delivery_rate: float = 0.10
    """Ten per cent is the usual tolerance of an order line; more is another order or another unit."""
    transit_days: int = 30
    """Goods on the road longer than a month are lost or not booked."""
    posting_days: int = 31
    """A count is posted before the period after it closes."""
    cost_ratio: float = 5.0
    """Price units and packs start at 6 to 10 times; honest prices of one item differ by less than 3 times."""


@dataclass(frozen=True)
class Break:
    """One disagreement: what it is about, both figures, and the document where it begins (empty where none is known)."""

    subject: str
    expected: str
    found: str
    doc_no: str = ""
    source_file: str = ""
    source_row: int | None = None

    def __str__(self) -> str:
        place = f", first diverging document {self.doc_no}" if self.doc_no else ""
        row = f" ({self.source_file} row {self.source_row})" if self.source_file else ""
        return f"{self.subject}: expected {self.expected}, found {self.found}{place}{row}"


@dataclass(frozen=True)
class Outcome:
    """Result of one test: `status` is `passed`, `failed` or `not_available: <reason>`."""

    check_id: str
    title: str
    status: str
    checked: int = 0
    breaks: tuple[Break, ...] = field(default=())
    note: str = ""

    @property
    def message(self) -> str:
        """One sentence: how many disagree, and the first of them."""
        if self.status != "failed":
            return self.note or self.status
        return f"{len(self.breaks)} of {self.checked}: {self.breaks[0]}"
