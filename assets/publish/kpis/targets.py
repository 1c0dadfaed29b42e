"""Targets of a company: what may be set, and what the catalogue says where nothing is set."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from pydantic import BaseModel, ConfigDict, model_validator

from assets.publish.kpis.catalogue import KpiCatalogue

Scope = Literal["company", "warehouse", "category", "supplier", "owner", "team", "abc_class", "abc_xyz_cell"]


class KpiTarget(BaseModel):
    """Target, limits and owner of one KPI; the scope says for whom. Scope `company` without a value: each company of the run."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    kpi: str
    scope: Scope = "company"
    scope_value: str = ""
    target_rate: float
    floor_rate: float | None = None
    ceiling_rate: float | None = None
    owner_name: str = ""

    @property
    def place(self) -> tuple[str, str, str]:
        """What the target is for: KPI, scope, value."""
        return self.kpi, self.scope, self.scope_value

    @model_validator(mode="after")
    def _sensible(self) -> KpiTarget:
        if self.scope != "company" and self.scope_value == "":
            raise ValueError("scope_value names the warehouse, category, supplier, owner, team or class")
        floor, ceiling = self.floor_rate, self.ceiling_rate
        if floor is not None and ceiling is not None and floor > ceiling:
            raise ValueError(f"floor_rate {floor} is above ceiling_rate {ceiling}; exchange them")
        if floor is not None and self.target_rate < floor:
            raise ValueError(
                f"target_rate {self.target_rate} is below floor_rate {floor}; a target inside its limits is needed"
            )
        if ceiling is not None and self.target_rate > ceiling:
            raise ValueError(
                f"target_rate {self.target_rate} is above ceiling_rate {ceiling}; a target inside its limits is needed"
            )
        return self


def targets_of(
    catalogue: KpiCatalogue, own: Sequence[KpiTarget], language: Literal["en", "zh"]
) -> tuple[KpiTarget, ...]:
    """The company's own targets; before them the catalogue's for each KPI that the company sets none for as a whole."""
    set_for = {target.kpi for target in own if target.scope == "company" and not target.scope_value}
    defaults = [
        KpiTarget(
            kpi=name, target_rate=kpi.target, floor_rate=kpi.floor, ceiling_rate=kpi.ceiling,
            owner_name=kpi.owner.zh if language == "zh" else kpi.owner.en,
        )
        for name, kpi in catalogue.kpis.items()
        if kpi.target is not None and name not in set_for
    ]  # fmt: skip
    return (*defaults, *own)
