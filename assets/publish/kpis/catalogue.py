"""The catalogue as typed objects, checked when it is read."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from assets.documents import load_document

CATALOGUE = Path(__file__).with_name("catalogue.yml")
SCOPES = ("company", "warehouse", "category", "supplier", "owner", "team", "abc_class", "abc_xyz_cell")
Kind = Literal["rate", "money", "turns", "days"]
Direction = Literal["higher", "lower"]
AttainmentState = Literal["target_met", "within_limits", "missed"]


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Words(_Section):
    """A text in both languages."""

    en: str
    zh: str


class Base(_Section):
    """The rows that KPIs add up: a published mart, the rows of it that count, and how the semantic layer sees it."""

    model: str
    what: Words
    where: str
    time: str
    entity: str
    dimensions: tuple[str, ...] = ()
    supplier: str = ""
    """The supplier of the row itself, where it has one; else that of its item."""


class Kpi(_Section):
    """One KPI. `numerator` and `denominator` (or `distinct` and `failed`) are SQL over one row of the base."""

    label: Words
    meaning: str
    kind: Kind
    direction: Direction
    window: str
    base: str
    known: str = "true"
    numerator: str = ""
    denominator: str = ""
    distinct: str = ""
    failed: str = ""
    missing: str
    empty: str = ""
    target: float | None = None
    floor: float | None = None
    ceiling: float | None = None
    owner: Words = Words(en="", zh="")
    tile: int | None = None

    @property
    def is_amount(self) -> bool:
        """A sum, without a denominator."""
        return not self.denominator and not self.distinct

    @property
    def is_money(self) -> bool:
        """Are its sums amounts of a currency? Columns of money end in `_value` or `_value_365` (docs/conventions.md)."""
        return "_value" in self.numerator

    @property
    def formula(self) -> str:
        """In one line, for people."""
        if self.distinct:
            return f"1 - count(distinct {self.distinct} where {self.failed}) / count(distinct {self.distinct})"
        sums = f"sum({self.numerator})"
        return sums if self.is_amount else f"{sums} / sum({self.denominator})"

    @model_validator(mode="after")
    def _one_way(self) -> Kpi:
        if bool(self.distinct) == bool(self.numerator) or bool(self.distinct) != bool(self.failed):
            raise ValueError("a KPI has a numerator, or distinct and failed")
        return self


class KpiCatalogue(_Section):
    """All of it."""

    bases: Mapping[str, Base]
    kpis: Mapping[str, Kpi] = Field(min_length=1)

    own: frozenset[str] = frozenset()
    """Those that the company declares."""

    @model_validator(mode="after")
    def _known_bases(self) -> KpiCatalogue:
        for name, kpi in self.kpis.items():
            if kpi.base not in self.bases:
                raise ValueError(f"{name}: there is no base {kpi.base}")
        return self

    def of_base(self, base: str) -> dict[str, Kpi]:
        """KPIs that add up the rows of one base, in the order of the file."""
        return {name: kpi for name, kpi in self.kpis.items() if kpi.base == base}

    def tiles(self) -> tuple[str, ...]:
        """KPIs that the dashboard shows at once, in their order."""
        placed = [(kpi.tile, name) for name, kpi in self.kpis.items() if kpi.tile is not None]
        return tuple(name for _, name in sorted(placed))


@lru_cache(maxsize=1)
def kpi_catalogue() -> KpiCatalogue:
    """The catalogue of the product.

    Raises:
        assets.documents.DocumentError: one sentence per mistake, with file, line and key.
    """
    return load_document(CATALOGUE, KpiCatalogue)


def catalogue_with(own: Mapping[str, Kpi]) -> KpiCatalogue:
    """The catalogue of the product with a company's own KPIs (own.py) after it."""
    shipped = kpi_catalogue()
    if not own:
        return shipped
    return shipped.model_copy(update={"kpis": {**shipped.kpis, **own}, "own": frozenset(own)})
